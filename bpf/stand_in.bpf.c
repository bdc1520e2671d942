// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an extension of libxdp's dispatcher is loaded for before it meets the dispatcher itself: a program with
 * one function of the kind that the dispatcher's slots are. It is never attached to anything.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* Not inline, and its result not to be foreseen, so that a function is left that can be replaced. */
__attribute__((noinline)) int slot(struct xdp_md *ctx)
{
	volatile int action = XDP_PASS;

	return ctx ? action : XDP_ABORTED;
}

SEC("xdp")
int stand_in(struct xdp_md *ctx)
{
	return slot(ctx);
}

char LICENSE[] SEC("license") = "GPL";
