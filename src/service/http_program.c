// SPDX-License-Identifier: BSD-2-Clause
#include "service/http_program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cpu.h"
#include "bpf/http_cookie.h"

#include "http.skel.h"

/* Since Linux 6.6; Debian 12's <linux/bpf.h> is that of 6.1. */
#define BPF_TCX_INGRESS_HOOK 46
/* Entries of a table that are read by one system call. */
#define READ_BATCH 512
#define FLOWS_BATCH 4096

struct mapped {
	void *memory;
	size_t bytes;
};

struct http_program {
	struct http *skeleton;
	int links[HTTP_INTERFACES]; /* -1: not attached */
	unsigned cpus;
	unsigned addresses_slot; /* of the list that is in force, 0 or 1 */
	struct mapped entries, objects, segments;
	struct http_counts *counts; /* [cpus], room for one read */
	struct hook_books *books; /* [cpus] */
	uint64_t *hits; /* [READ_BATCH * cpus] */
	struct times *times; /* [cpus] */
};

/* The layout of struct latency_histogram in bpf/latency.bpf.h. */
struct times {
	uint64_t bucket[HISTOGRAM_BUCKETS];
	uint64_t sum, max;
};

/* libbpf's messages go through one callback; the last one of this thread is what a caller wants. */
static _Thread_local char libbpf_line[512];

static int libbpf_keep(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[sizeof(libbpf_line)];

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), format, args);
	/* of several, the one that names what is missing */
	if (!strstr(libbpf_line, "bpf_sk_assign_tcp_reqsk"))
		memcpy(libbpf_line, line, sizeof(libbpf_line));
	libbpf_line[strcspn(libbpf_line, "\n")] = '\0';
	return 0;
}

static int load_failed(int ret, struct err *err)
{
	if (strstr(libbpf_line, "bpf_sk_assign_tcp_reqsk"))
		return err_say(err, -EOPNOTSUPP,
			"this kernel can't take connections over from the kernel half "
			"(bpf_sk_assign_tcp_reqsk, since Linux 6.9)");
	err_set(err, ret, "load the TC program");
	if (ret == -EPERM)
		return err_add(err, ret, " (needs CAP_NET_ADMIN, CAP_BPF and CAP_PERFMON)");
	return err_add(err, ret, ": %s", libbpf_line);
}

static int map(struct mapped *mapped, const struct bpf_map *map, size_t value, bool writable,
	struct err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	mapped->bytes = (value * bpf_map__max_entries(map) + page - 1) / page * page;
	mapped->memory = mmap(NULL, mapped->bytes, PROT_READ | (writable ? PROT_WRITE : 0),
		MAP_SHARED, bpf_map__fd(map), 0);
	if (mapped->memory != MAP_FAILED)
		return 0;
	mapped->memory = NULL;
	return err_set(err, -errno, "map the table %s", bpf_map__name(map));
}

static void set_sizes(struct http *skeleton, const struct http_program_settings *settings)
{
	bpf_map__set_max_entries(skeleton->maps.short_paths, 2 * settings->files_max);
	bpf_map__set_max_entries(skeleton->maps.long_paths, 2 * settings->files_max);
	bpf_map__set_max_entries(skeleton->maps.entries, settings->files_max);
	bpf_map__set_max_entries(skeleton->maps.entry_hits, settings->files_max);
	bpf_map__set_max_entries(skeleton->maps.objects, settings->objects_max);
	bpf_map__set_max_entries(skeleton->maps.segments, settings->segments_max);
	bpf_map__set_max_entries(skeleton->maps.flows, settings->flows_max);
}

void http_program_set_port(struct http_program *program, uint16_t port)
{
	__atomic_store_n(&program->skeleton->data_rule->rule.port, port, __ATOMIC_RELAXED);
}

/* Two lists are there for a moment, each with a bit of its own, and one store puts one in the other's place. */
int http_program_set_addresses(
	struct http_program *program, const struct address_list *list, struct err *err)
{
	struct address *table = program->skeleton->data_addresses->addresses;
	unsigned before = program->addresses_slot, slot = !before;
	__u32 wanted;
	int ret = address_compile(list, slot, table, &wanted, err);

	if (ret) {
		address_forget(table, slot);
		return ret;
	}
	__atomic_store_n(&program->skeleton->data_rule->rule.addresses, wanted, __ATOMIC_RELEASE);
	address_forget(table, before);
	program->addresses_slot = slot;
	return 0;
}

int http_program_open(struct http_program **program, const struct http_program_settings *settings,
	struct err *err)
{
	struct http_program *p = calloc(1, sizeof(*p));
	int ret = -ENOMEM;

	libbpf_set_print(libbpf_keep);
	libbpf_line[0] = '\0';
	if (!p)
		return err_set(err, ret, "make room for the TC program");
	for (unsigned i = 0; i < HTTP_INTERFACES; i++)
		p->links[i] = -1;
	p->cpus = cpu_possible();
	p->counts = calloc(p->cpus, sizeof(*p->counts));
	p->books = calloc(p->cpus, sizeof(*p->books));
	p->hits = calloc((size_t)READ_BATCH * p->cpus, sizeof(*p->hits));
	p->times = calloc(p->cpus, sizeof(*p->times));
	p->skeleton = http__open();
	if (!p->counts || !p->books || !p->hits || !p->times || !p->skeleton) {
		err_set(err, ret, "make room for the TC program");
		goto out;
	}
	set_sizes(p->skeleton, settings);
	ret = http__load(p->skeleton);
	if (ret) {
		ret = load_failed(ret, err);
		goto out;
	}
	ret = map(&p->entries, p->skeleton->maps.entries, sizeof(struct http_entry), true, err);
	if (!ret)
		ret = map(&p->objects, p->skeleton->maps.objects, sizeof(struct http_object), true,
			err);
	if (!ret)
		ret = map(&p->segments, p->skeleton->maps.segments, sizeof(struct http_segment),
			true, err);
	if (!ret)
		ret = http_program_set_addresses(p, settings->addresses, err);
	if (ret)
		goto out;
	http_program_set_port(p, settings->port);
	*program = p;
	return 0;
out:
	http_program_close(p);
	return ret;
}

static void unmap(struct mapped *mapped)
{
	if (mapped->memory)
		munmap(mapped->memory, mapped->bytes);
}

void http_program_close(struct http_program *program)
{
	if (!program)
		return;
	for (unsigned i = 0; i < HTTP_INTERFACES; i++)
		http_program_detach(program, i);
	unmap(&program->entries);
	unmap(&program->objects);
	unmap(&program->segments);
	http__destroy(program->skeleton);
	free(program->counts);
	free(program->books);
	free(program->hits);
	free(program->times);
	free(program);
}

int http_program_attach(
	struct http_program *program, unsigned index, uint32_t ifindex, struct err *err)
{
	int fd = bpf_link_create(bpf_program__fd(program->skeleton->progs.ringside_http),
		(int)ifindex, (enum bpf_attach_type)BPF_TCX_INGRESS_HOOK, NULL);

	if (fd == -EINVAL)
		return err_say(
			err, -EOPNOTSUPP, "this kernel has no TC links (tcx, since Linux 6.6)");
	if (fd < 0)
		return err_set(err, fd, "attach the TC program");
	program->links[index] = fd;
	return 0;
}

void http_program_detach(struct http_program *program, unsigned index)
{
	if (program->links[index] < 0)
		return;
	/* at once, even if a forked child holds the descriptor, too */
	bpf_link_detach(program->links[index]);
	close(program->links[index]);
	program->links[index] = -1;
}

void http_program_set_interface(
	struct http_program *program, unsigned index, const struct http_interface *interface)
{
	struct http_interface *to = &http_program_state(program)->interface[index];

	/* the index last: it is what the program looks for */
	__atomic_store_n(&to->index, 0, __ATOMIC_RELEASE);
	if (!interface)
		return;
	to->mss = interface->mss;
	to->timestamps = interface->timestamps;
	to->sack = interface->sack;
	to->window_scaling = interface->window_scaling;
	to->counts_all = interface->counts_all;
	to->in_xdp = interface->in_xdp;
	to->redirects = interface->redirects;
	memcpy(to->mac, interface->mac, sizeof(to->mac));
	__atomic_store_n(&to->index, interface->index, __ATOMIC_RELEASE);
}

int http_program_map_fd(const struct http_program *program, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(program->skeleton->obj, name);

	return fd < 0 ? -ENOENT : fd;
}

int http_program_fd(const struct http_program *program)
{
	return bpf_program__fd(program->skeleton->progs.ringside_http);
}

struct http_entry *http_program_entries(struct http_program *program)
{
	return program->entries.memory;
}

struct http_object *http_program_objects(struct http_program *program)
{
	return program->objects.memory;
}

struct http_segment *http_program_segments(struct http_program *program)
{
	return program->segments.memory;
}

struct http_state *http_program_state(struct http_program *program)
{
	return &program->skeleton->data_state->state;
}

int http_program_add_path(
	struct http_program *program, const char *path, uint32_t entry, struct err *err)
{
	const struct bpf_map *paths = strlen(path) <= HTTP_PATH_SHORT
					      ? program->skeleton->maps.short_paths
					      : program->skeleton->maps.long_paths;
	char key[HTTP_PATH_BYTES + 1] = "";

	snprintf(key, sizeof(key), "%s", path);
	if (!bpf_map_update_elem(bpf_map__fd(paths), key, &entry, BPF_ANY))
		return 0;
	return err_set(err, -errno, "add the path %s", path);
}

void http_program_set_local(
	struct http_program *program, const struct address *list, unsigned count)
{
	/* what finds no room is left to the ordinary server */
	address_set_local(program->skeleton->data_addresses->addresses, list, count);
}

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
	__u32 batch = 0, keys[READ_BATCH], first = 0;

	memset(hits, 0, count * sizeof(*hits));
	for (void *from = NULL; first < count; from = &batch) {
		__u32 got = READ_BATCH;
		int ret = bpf_map_lookup_batch(fd, from, &batch, keys, program->hits, &got, NULL);

		for (__u32 i = 0; i < got && keys[i] < count; i++)
			for (unsigned cpu = 0; cpu < program->cpus; cpu++)
				hits[keys[i]] += program->hits[i * program->cpus + cpu];
		first += got;
		if (ret || !got)
			break;
	}
}
