/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel half knows of the frame at hand beyond its headers. */
#ifndef RINGSIDE_HOOK_BPF_H
#define RINGSIDE_HOOK_BPF_H

#include "services.h"

struct hook {
	struct cells *cells; /* the queue's, of this CPU */
	const struct rule_tables *tables;
	__u32 bytes;
	__u32 queue;
	__u64 time_ns; /* 0: not a sampled frame */
};

#endif
