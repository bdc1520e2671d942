/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The services that have a part which only the kernel half can do, with BPF helpers and maps of its
 * own, in bpf/NAME.bpf.h:
 *
 *    int NAME_finish(struct xdp_md *ctx, const struct frame *frame, const struct hook *hook,
 *                    const struct service_rule *rule, __u32 *outcome)
 *
 * finishes a frame with the verdict VERDICT_HANDLE: it returns the XDP action and sets *outcome, an enum
 * outcome, by which the frame is then counted once; or -1: the queue's worker shall finish it.
 *
 * Maps are called NAME_WORD. They are made only when a service of that name is on the interface, for the
 * verifier has then found the code that uses them unreachable. A reload keeps them and what is in them
 * while there is such a service, so what belongs to one of several is keyed by rule->slot.
 */
#ifndef RINGSIDE_SERVICES_BPF_H
#define RINGSIDE_SERVICES_BPF_H

#include "hook.bpf.h"

#ifndef KERNEL_SERVICES /* tests add one of their own */
#include "steer.bpf.h"
#define KERNEL_SERVICES(X) X(steer)
#endif

/* Finishes a frame that its rule wants handled, as said above. */
static __always_inline int service_finish(struct xdp_md *ctx, const struct frame *frame,
	const struct hook *hook, const struct service_rule *rule, __u32 *outcome)
{
#define SERVICE_FINISH(name)                                                                       \
	if (rule->kind == SERVICE_##name)                                                          \
		return name##_finish(ctx, frame, hook, rule, outcome);
	KERNEL_SERVICES(SERVICE_FINISH)
#undef SERVICE_FINISH
	return -1;
}

#endif
