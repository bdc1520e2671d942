/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* steer's maps, as the kernel half and the service's user half see them. */
#ifndef RINGSIDE_STEER_MAPS_H
#define RINGSIDE_STEER_MAPS_H

#include "steer.h"
#include "steer_order.h"

/* Queues of an interface that are told apart; as many as it can have (INTERFACE_QUEUES). */
#define STEER_QUEUES 64
#define STEER_FLOWS (SERVICE_SLOTS * STEER_QUEUES * STEER_TARGETS)
/* A power of two for each queue's slots. */
#define STEER_LANE_SLOTS (2 * STEER_SLOTS)
/* Slots that move at once, for every queue that meets them. */
#define STEER_LANES 65536
/* What the program on the far CPU has seen, the stack has not had yet: frames are handed on in batches, at
 * the latest behind 64 (NAPI_POLL_WEIGHT in kernel/bpf/cpumap.c, Linux 6.15; 8 before) and those of the batch
 * at hand. A frame has been executed when so many of its flow were executed behind it… */
#define STEER_BATCH 128
/* …or when none has come for so long, and the CPU's queue is empty: had its thread not had its turn, what it
 * waits to take would be there. */
#define STEER_IDLE_NS 100000000ull
/* Without tags nobody knows: a lane without a frame for so long is taken to have none on its way. */
#define STEER_QUIET_NS 1000000000ull

/* A slot's target, read and written at once. */
union steer_head {
	struct {
		__u8 target; /* of frames from now on */
		__u8 old; /* moving: of frames until then */
		__u8 moving;
		__u8 pad[5];
	};
	__u64 word;
};

struct steer_entry {
	union steer_head head;
	__u64 packets; /* that had a key of this slot */
	/* by the numbers of each key's packets */
	__u64 missing, reordered, duplicates, restarts;
};

_Static_assert(sizeof(struct steer_entry) == 48, "layout");

/* Keys of an interface whose packets' numbers are looked at: the newest ones. */
#define STEER_ORDERS 16384

struct steer_order_key {
	__u64 key;
	__u64 slot; /* the service's */
};

/* One service's slots, and which CPU each target is. */
struct steer_table {
	struct steer_entry entry[STEER_ENTRIES];
	__u32 cpu[STEER_TARGETS];
	__u32 tags; /* metadata survives on the way: frames carry a tag */
	__u32 pad;
};

#define STEER_TABLES_BYTES (SERVICE_SLOTS * sizeof(struct steer_table))

/* What one queue has sent to one target. Written by the queue's CPU; a cache line each. */
struct steer_sent {
	__u64 sequence; /* of the newest frame that carries a tag, from 1 */
	__u64 untagged; /* frames that do not */
	__u64 taken; /* moving slots that the queue has brought to the target */
	__u64 past; /* written by user space: all up to this one were executed, or are lost for sure */
	__u64 pad[4];
};

/* What has come of it. Written by the target's CPU. */
struct steer_seen {
	__u64 sequence; /* of the newest frame that was executed */
	__u64 packets;
	__u64 lost; /* frames missing before it */
	__u64 moving_ns; /* when the newest one of a moving slot was */
	__u64 pad[4];
};

/* A moving slot's way from one queue. */
struct steer_lane {
	__u32 target;
	__u32 pad;
	__u64 last; /* the sequence, in the flow to the target, of the lane's newest frame */
	__u64 lost; /* frames missing in the flow, as far as was known then */
	__u64 last_ns; /* when that was */
};

struct steer_tag {
	__u32 magic; /* STEER_TAG; STEER_TAG_MOVING: of a slot that moves; STEER_TAG_PROBE */
	__u32 flow;
	__u64 sequence;
};

#define STEER_TAG 0x53544731u
#define STEER_TAG_MOVING 0x53544732u
#define STEER_TAG_PROBE 0x53544733u

/* A frame of our own, sent to a CPU to learn that it has executed all that was queued before. */
struct steer_probe {
	__u32 cpu;
	__u32 index; /* in steer_probes: steer_probe_index() */
	__u64 number;
	__u8 pad[48];
};

_Static_assert(sizeof(struct steer_probe) == 64, "an Ethernet frame");
#define STEER_PROBES (SERVICE_SLOTS * STEER_TARGETS)

static __always_inline __u32 steer_probe_index(__u32 slot, __u32 target)
{
	return slot * STEER_TARGETS + target;
}

_Static_assert(sizeof(struct steer_sent) == 64 && sizeof(struct steer_seen) == 64, "layout");
_Static_assert(sizeof(struct steer_tag) == 16, "XDP metadata is a multiple of 4 bytes");

static __always_inline __u32 steer_flow(__u32 slot, __u32 queue, __u32 target)
{
	return (slot * STEER_QUEUES + (queue & (STEER_QUEUES - 1))) * STEER_TARGETS + target;
}

static __always_inline __u32 steer_lane_key(__u32 slot, __u32 queue, __u32 n)
{
	return (slot * STEER_QUEUES + (queue & (STEER_QUEUES - 1))) * STEER_LANE_SLOTS + n;
}

#endif
