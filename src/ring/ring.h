/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rings of packets that Ringside's service `deliver` fills, as another process reads them: the layout
 * of the shared memory, and the consumer library libringside. C11 and C++17; needs nothing else.
 *
 *	struct ringside *ring;
 *	struct ringside_packet packets[64];
 *	int n = ringside_open(&ring, NULL, "shreds", NULL);
 *
 *	while (n >= 0 && (n = ringside_wait(ring, -1)) >= 0)
 *		while ((n = ringside_receive(ring, packets, 64)) > 0)
 *			...
 *	ringside_close(ring);
 *
 * Each receive queue of the daemon has a ring of its own, with one writer that never waits: a consumer
 * that is slower than its packets loses the oldest ones, is told exactly how many, and disturbs nobody.
 * The library merges an application's rings; packets of one queue come in the order of their arrival.
 *
 * A packet may be overwritten while it is read. The library therefore copies it out, looks at its
 * sequence again, and gives it to the caller only when it was whole; nothing else is ever seen.
 *
 * One thread a struct ringside; any number of them, in any number of processes.
 */
#ifndef RINGSIDE_RING_H
#define RINGSIDE_RING_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define RINGSIDE_ASSERT(what) static_assert(what, #what)
#else
#define RINGSIDE_ASSERT(what) _Static_assert(what, #what)
#endif

/* ---- The consumer library. Functions return 0 or a negative errno unless they say otherwise. ---- */

struct ringside;

struct ringside_options {
	uint32_t snap; /* copy at most so many bytes of a packet; 0: all */
	uint32_t
		look_on; /* 1: only see what others get: packets that nobody reads stay the stack's */
};

struct ringside_packet {
	const uint8_t
		*data; /* the frame from its Ethernet header on; until the next receive or close */
	uint32_t captured; /* bytes at data: length, or the options' snap when that is less */
	uint32_t length; /* of the frame, without FCS */
	uint32_t header; /* where the UDP payload begins in the frame */
	uint32_t hash; /* of addresses and ports: equal for the packets of one flow */
	uint16_t destination_port, source_port;
	uint32_t ring; /* index below ringside_rings() */
	uint64_t sequence; /* counts the packets of the ring */
	uint64_t time_ns; /* CLOCK_MONOTONIC of its arrival: see at_hook */
	uint32_t at_hook; /* 1: the time is the kernel hook's; 0: when the daemon took its batch */
	uint32_t reserved;
};

/* Of one ring, since the consumer has opened it. received + lost_polling + lost_reading is what was
 * published between the opening and the last receive. */
struct ringside_counts {
	uint64_t received;
	uint64_t lost_polling; /* overwritten before the consumer looked at them, or about to be */
	uint64_t lost_reading; /* overwritten while it was copying them */
	uint64_t waiting; /* published and not yet looked at */
};

/* Opens an application's rings. instance: the daemon's name, NULL for "ringside", or the path of its
 * control socket, with a '/'. options: NULL for the defaults. What is published from here on will be
 * received. -ENOENT: no such ring; -EACCES: not for this user; -ECONNREFUSED: no such daemon;
 * -EPROTO: not the same version. */
int ringside_open(struct ringside **ring, const char *instance, const char *name,
	const struct ringside_options *options);

/* Takes at most max packets. Whoever calls it, or ringside_wait(), is done with those of the call before: a
 * partition key may then go on at another consumer (service `steer`). Returns how many, 0 when there are none now, or -ESTALE once all has been
 * received and the daemon has ended, or has made its rings anew: open again. */
int ringside_receive(struct ringside *ring, struct ringside_packet *packets, unsigned max);

/* Sleeps until there are packets, for timeout_ms at most (-1: without end). Returns 1, 0 after the time,
 * -EINTR after a signal, or -ESTALE. A daemon that was killed is noticed within 100 ms. */
int ringside_wait(struct ringside *ring, int timeout_ms);

/* How many rings there are, what a ring has had, and whose it is: the names stay until the close. */
unsigned ringside_rings(const struct ringside *ring);
int ringside_counts(const struct ringside *ring, unsigned index, struct ringside_counts *counts);
const char *ringside_interface(const struct ringside *ring, unsigned index, uint32_t *queue);

/* Changes with every start of the daemon. */
uint64_t ringside_boot_id(const struct ringside *ring);

/* How many others read the ring, not counting those that look on, when it was opened. */
unsigned ringside_readers(const struct ringside *ring);

/* NULL is allowed. */
void ringside_close(struct ringside *ring);

/* ---- The layout of the shared memory, for who does without the library. ---- */

#define RINGSIDE_MAGIC 0x45444953474e4952ull /* "RINGSIDE" in a little-endian dump */
#define RINGSIDE_VERSION 2u

enum ringside_mode {
	RINGSIDE_COPY, /* the packets' bytes are in the ring's own memory */
	RINGSIDE_SHARE /* they are in the queue's packet memory, which is a mapping of its own */
};

#define RINGSIDE_NAME_BYTES 32 /* with its end */

/* At the start of a ring's memory. The first part never changes. */
struct ringside_head {
	uint64_t magic;
	uint32_t version;
	uint32_t head_bytes; /* where the slots begin */
	uint32_t slot_bytes;
	uint32_t depth; /* slots, a power of two */
	uint64_t boot_id;
	uint64_t
		data_offset; /* where the data area begins: in this memory (copy), or in the other */
	uint64_t data_bytes;
	uint32_t packet_bytes; /* no packet is longer */
	uint32_t mode; /* enum ringside_mode */
	uint32_t queue;
	uint32_t pad;
	char interface[16];
	char name[RINGSIDE_NAME_BYTES];
	uint8_t pad_to_line[16];
	/* written while packets flow, by the one writer, once a batch */
	uint64_t published; /* the sequence that the next packet will have */
	uint32_t closed; /* 1: there will be no next packet */
	uint32_t pad_after;
	uint8_t pad_to_slots[112];
};

/*
 * Packet n is in slot n & (depth - 1) while the slot's sequence is n. To read it: load the sequence
 * (acquire); when it is n, load the rest and the packet's bytes, checking that they lie in the data
 * area; then, after an acquire fence, load the sequence again: only if it is still n was any of it
 * true. A sequence that is less, as a signed difference, means "not yet", one that is more
 * "overwritten".
 */
struct ringside_slot {
	uint64_t sequence;
	uint64_t time_ns;
	uint32_t offset; /* of the frame in the data area */
	uint16_t length;
	uint16_t header; /* RINGSIDE_HEADER: where the payload begins; and the bits below */
	uint32_t hash;
	uint32_t signature; /* UDP destination port << 16 | source port */
};

#define RINGSIDE_HEADER 0x0fffu
#define RINGSIDE_AT_HOOK 0x8000u /* in header: the time is the kernel hook's */

RINGSIDE_ASSERT(offsetof(struct ringside_head, published) == 128);
RINGSIDE_ASSERT(sizeof(struct ringside_head) == 256);
RINGSIDE_ASSERT(sizeof(struct ringside_slot) == 32);

#define RINGSIDE_RINGS 128 /* of one application, over all interfaces and queues */

/* Memory of a consumer's own that the daemon writes: the futex on which the consumer sleeps. */
struct ringside_wake {
	uint32_t word; /* one more with each wake-up */
	uint32_t pad[15];
};

/* Memory of a consumer's own that the consumer writes: what it wants the daemon to know. The daemon
 * shows it and believes nothing. */
struct ringside_report_ring {
	uint64_t position; /* the sequence that it wants next */
	uint64_t received, lost_polling, lost_reading;
	uint64_t done; /* it has come for more, and so is done with all before this one */
};

struct ringside_report {
	uint32_t
		sleep; /* odd: asleep since so many turns; set before the rings are looked at again */
	uint32_t pad[15];
	struct ringside_report_ring ring[RINGSIDE_RINGS];
};

RINGSIDE_ASSERT(sizeof(struct ringside_wake) == 64);
RINGSIDE_ASSERT(sizeof(struct ringside_report) == 64 + 40 * RINGSIDE_RINGS);

/*
 * What the daemon sends on the control socket once it has agreed (HTTP "101 Switching Protocols"): a
 * greeting, with the descriptors of the wake and the report memory (SCM_RIGHTS), then an offer for
 * each ring, with its descriptor and, in mode share, that of the packet memory. After that nothing
 * more; the consumer is attached until one of the two closes the connection.
 */
struct ringside_greeting {
	uint64_t magic;
	uint32_t version;
	uint32_t rings;
	uint64_t boot_id;
	uint32_t readers; /* who is there already and does not only look on */
	uint32_t pad;
};

struct ringside_offer {
	uint64_t magic;
	uint32_t index; /* of the ring in the report */
	uint32_t descriptors; /* 1 or 2 */
};

RINGSIDE_ASSERT(sizeof(struct ringside_greeting) == 32);
RINGSIDE_ASSERT(sizeof(struct ringside_offer) == 16);

#ifdef __cplusplus
}
#endif

#endif
