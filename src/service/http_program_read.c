// SPDX-License-Identifier: BSD-2-Clause
/* What the kernel half of http has counted. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/http_cookie.h"
#include "service/http_program_own.h"

#define FLOWS_BATCH 4096

void http_program_read_counts(struct http_program *program, struct http_counts *counts)
{
	const __u32 zero = 0;

	memset(counts, 0, sizeof(*counts));
	if (bpf_map_lookup_elem(
		    bpf_map__fd(program->skeleton->maps.counts), &zero, program->counts))
		return;
	for (unsigned cpu = 0; cpu < program->cpus; cpu++)
		for (unsigned i = 0; i < sizeof(*counts) / sizeof(__u64); i++)
			((__u64 *)counts)[i] += ((const __u64 *)&program->counts[cpu])[i];
}

void http_program_add_books(
	struct http_program *program, unsigned index, uint32_t queue, struct hook_books *books)
{
	__u32 place = index * HTTP_QUEUES + (queue < HTTP_QUEUES ? queue : HTTP_QUEUES - 1);

	if (bpf_map_lookup_elem(bpf_map__fd(program->skeleton->maps.books), &place, program->books))
		return;
	for (unsigned cpu = 0; cpu < program->cpus; cpu++)
		for (unsigned i = 0; i < sizeof(*books) / sizeof(__u64); i++)
			((__u64 *)books)[i] += ((const __u64 *)&program->books[cpu])[i];
}

void http_program_clear_books(struct http_program *program, unsigned index)
{
	memset(program->books, 0, program->cpus * sizeof(*program->books));
	for (__u32 queue = 0; queue < HTTP_QUEUES; queue++) {
		__u32 place = index * HTTP_QUEUES + queue;

		bpf_map_update_elem(bpf_map__fd(program->skeleton->maps.books), &place,
			program->books, BPF_ANY);
	}
}

/* The least value of a bucket. */
static uint64_t bucket_value(unsigned bucket)
{
	return bucket < 64 ? bucket : (64ull + bucket % 64) << (bucket / 64 - 1);
}

static uint64_t percentile(
	const struct times *times, unsigned cpus, uint64_t count, unsigned percent)
{
	uint64_t seen = 0;

	for (unsigned i = 0; count && i < HISTOGRAM_BUCKETS; i++) {
		for (unsigned cpu = 0; cpu < cpus; cpu++)
			seen += times[cpu].bucket[i];
		if (seen * 100 >= count * percent && seen)
			return bucket_value(i);
	}
	return UINT64_MAX;
}

void http_program_read_times(
	struct http_program *program, unsigned latency, struct http_times *times)
{
	const __u32 key = latency;
	uint64_t count = 0;

	*times = (struct http_times){ UINT64_MAX, UINT64_MAX };
	if (bpf_map_lookup_elem(
		    bpf_map__fd(program->skeleton->maps.latencies), &key, program->times))
		return;
	for (unsigned cpu = 0; cpu < program->cpus; cpu++)
		for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
			count += program->times[cpu].bucket[i];
	times->p50 = percentile(program->times, program->cpus, count, 50);
	times->p99 = percentile(program->times, program->cpus, count, 99);
}

uint64_t http_program_flows(struct http_program *program)
{
	int fd = bpf_map__fd(program->skeleton->maps.flows);
	size_t key = bpf_map__key_size(program->skeleton->maps.flows);
	size_t value = bpf_map__value_size(program->skeleton->maps.flows);
	char *room = malloc(FLOWS_BATCH * (key + value));
	uint64_t count = 0;
	__u32 batch, got;
	int ret = 0;

	for (void *from = NULL; room && !ret; from = &batch) {
		got = FLOWS_BATCH;
		ret = bpf_map_lookup_batch(
			fd, from, &batch, room, room + FLOWS_BATCH * key, &got, NULL);
		for (__u32 i = 0; i < got && (!ret || ret == -ENOENT); i++)
			count += !((const struct http_flow *)(room + FLOWS_BATCH * key))[i].is_past;
	}
	free(room);
	return count;
}

void http_program_read_hits(struct http_program *program, uint64_t *hits, uint32_t count)
{
	int fd = bpf_map__fd(program->skeleton->maps.entry_hits);
	__u32 batch = 0, keys[HTTP_READ_BATCH], first = 0;

	memset(hits, 0, count * sizeof(*hits));
	for (void *from = NULL; first < count; from = &batch) {
		__u32 got = HTTP_READ_BATCH;
		int ret = bpf_map_lookup_batch(fd, from, &batch, keys, program->hits, &got, NULL);

		for (__u32 i = 0; i < got && keys[i] < count; i++)
			for (unsigned cpu = 0; cpu < program->cpus; cpu++)
				hits[keys[i]] += program->hits[i * program->cpus + cpu];
		first += got;
		if (ret || !got)
			break;
	}
}
