/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of the numbers of each key's packets, where workers judge them: the newest keys, in sets of
 * eight, of which the one that has been away longest makes room. All queues of a service share it, as those of a
 * kernel half do: two that have packets of the same key at once may both miscount.
 */
#ifndef RINGSIDE_SERVICE_STEER_NUMBERS_H
#define RINGSIDE_SERVICE_STEER_NUMBERS_H

#include "bpf/steer_maps.h"

struct steer_numbers;

/* NULL: no memory. */
struct steer_numbers *steer_numbers_new(void);
void steer_numbers_free(struct steer_numbers *numbers);

/* Takes down a packet's number; *missing: how many are, before it. now_ns: not 0. */
enum steer_place steer_numbers_judge(
	struct steer_numbers *numbers, __u64 key, __u64 number, __u64 now_ns, __u64 *missing);

#endif
