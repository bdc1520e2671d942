// SPDX-License-Identifier: BSD-2-Clause
#include "service/http_program_own.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cpu.h"

#include "http_access.skel.h"
#include "http_tap.skel.h"

/* Since Linux 6.6; Debian 12's <linux/bpf.h> is that of 6.1. */
#define BPF_TCX_INGRESS_HOOK 46

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

/* As http__open(), but for the file in the skeleton: of the program that judges sources, or that has taps, too. */
static struct http *open_other(bool is_tapped)
{
	struct http *skeleton = calloc(1, sizeof(*skeleton));

	if (!skeleton || http__create_skeleton(skeleton)) {
		free(skeleton);
		return NULL;
	}
	skeleton->skeleton->data =
		(void *)(is_tapped ? http_tap__elf_bytes(&skeleton->skeleton->data_sz)
				   : http_access__elf_bytes(&skeleton->skeleton->data_sz));
	if (!bpf_object__open_skeleton(skeleton->skeleton, NULL))
		return skeleton;
	http__destroy(skeleton);
	return NULL;
}

static void set_rule(struct http *skeleton, const char *map, const void *rule, size_t bytes)
{
	bpf_map__set_initial_value(bpf_object__find_map_by_name(skeleton->obj, map), rule, bytes);
}

static struct http *open_skeleton(const struct access_program *access,
	const struct access_loader *loader, const struct http_tap_rule *tap)
{
	bool judges = loader && access->rule && (access->rule->on || tap);
	struct http *skeleton = judges ? open_other(tap) : http__open();

	if (skeleton && judges) {
		loader->set_up(access, skeleton->obj);
		set_rule(skeleton, HTTP_ACCESS_RULE, access->rule, sizeof(*access->rule));
	}
	if (skeleton && judges && tap) {
		bpf_map__set_max_entries(bpf_object__find_map_by_name(skeleton->obj, "tap_lost"),
			cpu_possible() * HTTP_INTERFACES);
		set_rule(skeleton, HTTP_TAP_RULE, tap, sizeof(*tap));
	}
	return skeleton;
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
	p->hits = calloc((size_t)HTTP_READ_BATCH * p->cpus, sizeof(*p->hits));
	p->times = calloc(p->cpus, sizeof(*p->times));
	p->skeleton = open_skeleton(&settings->access, settings->loader, NULL);
	if (!p->counts || !p->books || !p->hits || !p->times || !p->skeleton) {
		err_set(err, ret, "make room for the TC program");
		goto out;
	}
	p->now = p->skeleton;
	p->loader = settings->loader;
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
	http_program_state(p)->source_every = 1;
	if (getrandom(&http_program_state(p)->mark, sizeof(uint64_t), 0) != sizeof(uint64_t)) {
		ret = err_set(err, -EIO, "get random bytes");
		goto out;
	}
	*program = p;
	return 0;
out:
	http_program_close(p);
	return ret;
}

/* All but what it shows, and, unless they are the same, what it judges sources by; what the other one had no use for
 * is made anew. */
static int share_tables(struct http_program *program, bool same_sources, struct err *err)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, program->next->obj)
	{
		const char *name = bpf_map__name(map);
		int fd = bpf_object__find_map_fd_by_name(program->now->obj, name), ret;

		if (fd < 0 || !bpf_map__autocreate(map) || !strcmp(name, HTTP_TAP_RULE) ||
			(!same_sources && program->loader->is_rules(name)))
			continue;
		ret = bpf_map__reuse_fd(map, fd);
		if (ret)
			return err_set(err, ret, "share the table %s", name);
	}
	return 0;
}

int http_program_prepare(struct http_program *program, const struct access_program *access,
	bool same_sources, const struct http_tap_rule *tap, struct err *err)
{
	int ret;

	libbpf_line[0] = '\0';
	program->next = open_skeleton(access, program->loader, tap);
	if (!program->next)
		return err_set(err, -ENOMEM, "make room for the TC program");
	ret = share_tables(program, same_sources, err);
	if (!ret && (ret = http__load(program->next)))
		load_failed(ret, err);
	if (ret)
		http_program_drop(program);
	return ret;
}

void http_program_exchange(struct http_program *program)
{
	struct http *before = program->now;
	int fd = bpf_program__fd(program->next->progs.ringside_http);

	for (unsigned i = 0; i < HTTP_INTERFACES; i++)
		if (program->links[i] >= 0 && bpf_link_update(program->links[i], fd, NULL))
			http_program_detach(program, i);
	program->now = program->next;
	program->next = before;
}

void http_program_drop(struct http_program *program)
{
	if (program->next != program->skeleton)
		http__destroy(program->next);
	program->next = NULL;
}

const struct bpf_object *http_program_object(const struct http_program *program)
{
	return program->next ? program->next->obj : program->now->obj;
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
	if (program->now != program->skeleton)
		http__destroy(program->now);
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
	int fd = bpf_link_create(http_program_fd(program), (int)ifindex,
		(enum bpf_attach_type)BPF_TCX_INGRESS_HOOK, NULL);

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
	int fd = bpf_object__find_map_fd_by_name(http_program_object(program), name);

	return fd < 0 ? -ENOENT : fd;
}

int http_program_fd(const struct http_program *program)
{
	return bpf_program__fd(program->now->progs.ringside_http);
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
