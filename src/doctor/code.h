/* SPDX-License-Identifier: BSD-2-Clause */
/* What probes load: programs of a few instructions, written in the kernel's own code. */
#ifndef RINGSIDE_DOCTOR_CODE_H
#define RINGSIDE_DOCTOR_CODE_H

#include <linux/bpf.h>

#define LOAD_MAP(reg, fd)                                                                          \
	{ .code = BPF_LD | BPF_DW | BPF_IMM,                                                       \
		.dst_reg = reg,                                                                    \
		.src_reg = BPF_PSEUDO_MAP_FD,                                                      \
		.imm = fd },                                                                       \
	{                                                                                          \
	}
#define LOAD(reg, value)                                                                           \
	{                                                                                          \
		.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = reg, .imm = value                  \
	}
#define CALL(function)                                                                             \
	{                                                                                          \
		.code = BPF_JMP | BPF_CALL, .imm = function                                        \
	}
#define EXIT                                                                                       \
	{                                                                                          \
		.code = BPF_JMP | BPF_EXIT                                                         \
	}

#endif
