/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single-writer counters: a relaxed load, an add and a relaxed store, which need no lock prefix
 * (atomic_fetch_add has one even when relaxed). Readers may be one batch behind, never torn.
 */
#ifndef RINGSIDE_COUNTER_H
#define RINGSIDE_COUNTER_H

#include <linux/types.h>

static inline void counter_add(__u64 *counter, __u64 n)
{
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

static inline void counter_set(__u64 *counter, __u64 value)
{
	__atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

static inline __u64 counter_get(const __u64 *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

#endif
