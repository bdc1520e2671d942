// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/if_link.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cpu.h"
#include "io/dispatcher.h"
#include "io/price_program.h"
#include "io/tap_program.h"
#include "io/xdp_program.h"

#include "entry.skel.h"

/* What a failing load leaves of the verifier's log. */
#define LOG_TAIL_LINES 4
#define LOG_BYTES (1u << 20)

struct xdp_program {
	struct entry *entry;
	int link_fd; /* -1: not attached by a link */
	struct dispatcher *dispatcher; /* NULL: to be attached by a link */
	unsigned cpus;
	struct cells *cells; /* [cpus], room for one read */
	struct latency_histogram *histograms; /* [cpus] */
	struct access_rule access_rule;
	struct access_counts access;
};

/* The layout that bpf/latency.bpf.h gives a slot's histogram. */
struct latency_histogram {
	__u64 bucket[HISTOGRAM_BUCKETS];
	__u64 sum, max;
};

/* libbpf's messages go through one callback; the last line of this thread is what a caller wants. */
static _Thread_local char libbpf_line[512];

static int libbpf_keep(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN)
		vsnprintf(libbpf_line, sizeof(libbpf_line), format, args);
	return 0;
}

/* The last lines of the verifier's log that say what was wrong, its statistics left out, as one line of
 * at most size - 1 characters, of which the last ones count. */
static void log_tail(const char *log, char *tail, size_t size)
{
	const char *stats = strstr(log, "\nprocessed "), *end = stats ? stats : log + strlen(log);
	const char *start = end;

	for (int lines = 0; start > log && lines < LOG_TAIL_LINES; start--)
		lines += start[-1] == '\n';
	if (end - start >= (ptrdiff_t)size)
		start = end - size + 1;
	snprintf(tail, size, "%.*s", (int)(end - start), start);
	for (char *c = tail; *c; c++)
		if (*c == '\n')
			*c = '|';
}

/* Names those of the needed capabilities that the process has not. */
static void name_missing_capabilities(int ret, struct err *err)
{
	static const struct {
		int number;
		const char *name;
	} needed[] = {
		{ CAP_NET_ADMIN, "CAP_NET_ADMIN" },
		{ CAP_BPF, "CAP_BPF" },
		/* the verifier lets no program without it add a register to a packet pointer */
		{ CAP_PERFMON, "CAP_PERFMON" },
	};
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { { 0 } };
	const char *between = " (needs ";

	if (syscall(SYS_capget, &header, sets))
		return;
	for (unsigned i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (!(sets[needed[i].number / 32].effective & 1u << needed[i].number % 32)) {
			err_add(err, ret, "%s%s", between, needed[i].name);
			between = " and ";
		}
	if (between[1] == 'a')
		err_add(err, ret, ")");
}

static int load_failed(int ret, const char *log, struct err *err)
{
	char tail[512];
	size_t length;

	if (ret == -E2BIG)
		return err_say(err, ret,
			"the rules are too much for the kernel's verifier: fewer services, or "
			"fewer "
			"distinct signature offsets, on this interface");
	err_set(err, ret, "load the XDP program");
	length = strlen(err->text);
	if (ret == -EPERM || ret == -EACCES)
		name_missing_capabilities(ret, err);
	if (err->text[length])
		return ret;
	log_tail(log, tail, sizeof(tail));
	if (tail[0])
		return err_add(err, ret, ": the verifier says: %s", tail);
	libbpf_line[strcspn(libbpf_line, "\n")] = '\0';
	return *libbpf_line ? err_add(err, ret, ": %s", libbpf_line) : ret;
}

/* What is called NAME_WORD belongs to the service NAME; without one of that name that is finished here, it is left
 * out. */
static bool is_wanted(const char *word, const struct service_rule *services)
{
	static const char *const names[] = {
#define SERVICE_WORD(name) [SERVICE_##name] = #name "_",
		SERVICES(SERVICE_WORD)
#undef SERVICE_WORD
	};

	for (unsigned kind = 1; kind < sizeof(names) / sizeof(*names); kind++) {
		if (strncmp(word, names[kind], strlen(names[kind])))
			continue;
		for (unsigned i = 0; i < SERVICE_SLOTS; i++)
			if (services[i].kind == kind && services[i].half == HALF_KERNEL &&
				service_wants_map(&services[i], word))
				return true;
		return false;
	}
	return true;
}

static void leave_out(struct bpf_object *object, const struct service_rule *services,
	const struct access_program *access)
{
	struct bpf_program *program;
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		bpf_map__set_autocreate(
			map, is_wanted(bpf_map__name(map), services) &&
				     !access_maps_is_idle(access, bpf_map__name(map)));
		access_maps_set_size(access, map);
		tap_program_set_size(map);
		if (bpf_map__type(map) == BPF_MAP_TYPE_CPUMAP)
			bpf_map__set_max_entries(map, cpu_possible());
	}
	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, is_wanted(bpf_program__name(program), services));
}

/* Lets the object use the maps of the previous one, but for those that hold its rules. */
static int share_maps(struct bpf_object *object, const struct bpf_object *previous, struct err *err)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		int fd = bpf_object__find_map_fd_by_name(previous, bpf_map__name(map)), ret;

		if (fd < 0 || bpf_map__is_internal(map) || !bpf_map__autocreate(map) ||
			access_maps_is_rules(bpf_map__name(map)))
			continue;
		ret = bpf_map__reuse_fd(map, fd);
		if (ret)
			return err_set(err, ret, "go on with the map %s", bpf_map__name(map));
	}
	return 0;
}

/* An extension of the dispatcher calls nobody: kernels differ on whether its calls return. */
static bool has_hooks(const struct xdp_program_settings *settings)
{
	return settings->hooks && !settings->dispatcher &&
	       !(settings->previous && settings->previous->dispatcher);
}

static void set_up(struct entry *entry, const struct xdp_program_settings *settings)
{
	bpf_map__set_max_entries(entry->maps.books, settings->queues);
	bpf_map__set_max_entries(entry->maps.buckets, settings->queues);
	bpf_map__set_max_entries(entry->maps.sockets, settings->queues);
	leave_out(entry->obj, settings->services, &settings->access);
	if (settings->access.rule) {
		entry->rodata_access->access_rule = *settings->access.rule;
		entry->rodata_access->access_rule.fine_clock =
			access_maps_lacks_clock(&settings->access);
	}
	entry->rodata->tap_wanted = settings->tapped;
	bpf_map__set_autocreate(entry->maps.own_hooks, has_hooks(settings));
	entry->rodata->has_hooks = has_hooks(settings);
	memcpy(entry->rodata->services, settings->services, sizeof(entry->rodata->services));
	entry->data_tables->tables = *settings->tables;
	entry->data_state->state = *settings->state;
}

/* As entry__open(), but for the file in the skeleton. */
static struct entry *entry_open_other(void (*put)(struct bpf_object_skeleton *skeleton))
{
	struct entry *entry = calloc(1, sizeof(*entry));
	int ret;

	if (!entry)
		return NULL;
	ret = entry__create_skeleton(entry);
	if (!ret) {
		put(entry->skeleton);
		ret = bpf_object__open_skeleton(entry->skeleton, NULL);
	}
	if (!ret)
		return entry;
	entry__destroy(entry);
	errno = -ret;
	return NULL;
}

/* As a program of its own, or as an extension for the dispatcher; that without anything in front of the frames
 * (time stamps, steer's tags) when the kernel lets it change none. */
static int entry_open(struct xdp_program *p, const struct xdp_program_settings *settings,
	bool extends, bool changes, char *log, struct err *err)
{
	int ret = 0;

	p->entry = settings->tapped   ? entry_open_other(tap_program_put)
		   : settings->priced ? entry_open_other(price_program_put)
				      : entry__open();
	if (!p->entry)
		return err_set(err, -errno, "open the XDP program");
	set_up(p->entry, settings);
	if (settings->previous)
		ret = share_maps(p->entry->obj, settings->previous->entry->obj, err);
	if (!ret && extends)
		ret = dispatcher_extend(&p->dispatcher, p->entry->progs.ringside, changes, err);
	if (ret)
		return ret;
	bpf_program__set_log_buf(p->entry->progs.ringside, log, LOG_BYTES);
	ret = entry__load(p->entry);
	if (!ret)
		return extends ? dispatcher_check(xdp_program_fd(p), err) : 0;
	load_failed(ret, log, err);
	if (extends && ret == -EPERM && !strstr(err->text, "(needs "))
		ret = dispatcher_refused(ret, "load one", err);
	return ret;
}

static void entry_close(struct xdp_program *p)
{
	dispatcher_close(p->dispatcher);
	p->dispatcher = NULL;
	entry__destroy(p->entry);
	p->entry = NULL;
}

int xdp_program_open(
	struct xdp_program **program, const struct xdp_program_settings *settings, struct err *err)
{
	bool extends =
		settings->dispatcher || (settings->previous && settings->previous->dispatcher);
	struct xdp_program *p = calloc(1, sizeof(*p));
	char *log = calloc(1, LOG_BYTES);
	int ret = -ENOMEM;

	libbpf_set_print(libbpf_keep);
	libbpf_line[0] = '\0';
	if (!p || !log)
		goto out_free;
	p->link_fd = -1;
	p->cpus = cpu_possible();
	p->cells = calloc(p->cpus, sizeof(*p->cells));
	p->histograms = calloc(p->cpus, sizeof(*p->histograms));
	if (!p->cells || !p->histograms)
		goto out_free;
	ret = entry_open(p, settings, extends, true, log, err);
	if (ret == -EINVAL && extends && strstr(log, "changes packet data")) {
		entry_close(p);
		err->text[0] = log[0] = '\0';
		ret = entry_open(p, settings, extends, false, log, err);
	}
	if (!ret && settings->access.rule)
		p->access_rule = *settings->access.rule;
	if (!ret)
		ret = access_maps_open(&p->access, &settings->access, p->entry->obj, err);
	if (ret)
		goto out_close;
	free(log);
	*program = p;
	return 0;

out_free:
	err_set(err, ret, "make room for the XDP program");
out_close:
	free(log);
	xdp_program_close(p);
	return ret;
}

/* A link's failure comes without the kernel's words; a netlink attachment, which fails alike, has them. */
static void ask_why(struct xdp_program *program, uint32_t ifindex, uint32_t flags, struct err *err)
{
	const char *words;
	int ret;

	libbpf_line[0] = '\0';
	flags |= XDP_FLAGS_UPDATE_IF_NOEXIST;
	ret = bpf_xdp_attach(
		(int)ifindex, bpf_program__fd(program->entry->progs.ringside), flags, NULL);
	if (!ret) {
		bpf_xdp_detach((int)ifindex, flags & XDP_FLAGS_MODES, NULL);
		return;
	}
	words = strstr(libbpf_line, "Kernel error message: ");
	if (words) {
		libbpf_line[strcspn(libbpf_line, "\n")] = '\0';
		err_add(err, 0, ": %s", words + strlen("Kernel error message: "));
	}
}

static int attach_failed(
	struct xdp_program *program, int ret, uint32_t ifindex, uint32_t flags, struct err *err)
{
	const char *mode = flags & XDP_FLAGS_SKB_MODE ? "generic" : "native";
	uint32_t id = 0;

	bpf_xdp_query_id((int)ifindex, 0, &id);
	if (ret == -EBUSY || id) {
		struct bpf_prog_info about = { 0 };
		__u32 size = sizeof(about);
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd >= 0) {
			bpf_obj_get_info_by_fd(fd, &about, &size);
			close(fd);
		}
		return err_say(err, -EBUSY,
			"another XDP program is attached (id %u%s%s); it is left alone: take it "
			"off "
			"first, or choose io = af_packet",
			id, about.name[0] ? ", name " : "", about.name);
	}
	err_set(err, ret, "attach the XDP program in %s mode", mode);
	if (ret == -EPERM)
		return err_add(err, ret, " (needs CAP_NET_ADMIN)");
	ask_why(program, ifindex, flags, err);
	return ret;
}

int xdp_program_attach(struct xdp_program *program, uint32_t ifindex, bool generic, struct err *err)
{
	uint32_t flags = generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	int fd;

	if (program->dispatcher) {
		fd = dispatcher_attach(
			program->dispatcher, xdp_program_fd(program), ifindex, generic, err);
		return fd == -EBUSY ? attach_failed(program, fd, ifindex, flags, err) : fd;
	}
	fd = bpf_link_create(
		bpf_program__fd(program->entry->progs.ringside), (int)ifindex, BPF_XDP, &opts);
	if (fd < 0)
		return attach_failed(program, fd, ifindex, flags, err);
	program->link_fd = fd;
	return 0;
}

int xdp_program_replace(struct xdp_program *program, struct xdp_program *previous, struct err *err)
{
	int ret;

	if (program->dispatcher) {
		ret = dispatcher_exchange(
			program->dispatcher, xdp_program_fd(program), previous->dispatcher, err);
	} else {
		ret = bpf_link_update(previous->link_fd, xdp_program_fd(program), NULL);
		if (ret)
			return err_set(err, ret, "exchange the XDP program");
		program->link_fd = previous->link_fd;
		previous->link_fd = -1;
	}
	if (!ret)
		cpu_wait_for_programs();
	return ret;
}

void xdp_program_detach(struct xdp_program *program)
{
	if (program->dispatcher)
		dispatcher_detach(program->dispatcher);
	if (program->link_fd < 0)
		return;
	/* at once, even if a forked child holds the descriptor, too */
	bpf_link_detach(program->link_fd);
	close(program->link_fd);
	program->link_fd = -1;
}

void xdp_program_close(struct xdp_program *program)
{
	if (!program)
		return;
	xdp_program_detach(program);
	access_maps_close(&program->access, &program->access_rule);
	entry_close(program);
	free(program->cells);
	free(program->histograms);
	free(program);
}

struct rule_tables *xdp_program_tables(struct xdp_program *program)
{
	return &program->entry->data_tables->tables;
}

struct rule_state *xdp_program_state(struct xdp_program *program)
{
	return &program->entry->data_state->state;
}

int xdp_program_map_fd(const struct xdp_program *program, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(program->entry->obj, name);
	const struct bpf_program *other =
		fd < 0 ? bpf_object__find_program_by_name(program->entry->obj, name) : NULL;

	if (other)
		fd = bpf_program__fd(other);
	return fd < 0 ? -ENOENT : fd;
}

const struct access_counts *xdp_program_access(const struct xdp_program *program)
{
	return &program->access;
}

int xdp_program_fd(const struct xdp_program *program)
{
	return bpf_program__fd(program->entry->progs.ringside);
}

int xdp_program_set_socket(struct xdp_program *program, uint32_t queue, int fd, struct err *err)
{
	if (!bpf_map_update_elem(bpf_map__fd(program->entry->maps.sockets), &queue, &fd, BPF_ANY))
		return 0;
	return err_set(err, -errno, "register the socket of queue %u", queue);
}

int xdp_program_add_cells(struct xdp_program *program, uint32_t queue, struct cells *sum)
{
	const unsigned words = sizeof(*sum) / sizeof(__u64);

	if (bpf_map_lookup_elem(bpf_map__fd(program->entry->maps.books), &queue, program->cells))
		return -errno;
	for (unsigned cpu = 0; cpu < program->cpus; cpu++)
		for (unsigned i = 0; i < words; i++)
			((__u64 *)sum)[i] += ((const __u64 *)&program->cells[cpu])[i];
	return 0;
}

int xdp_program_forget_latency(struct xdp_program *program, uint32_t slot)
{
	memset(program->histograms, 0, program->cpus * sizeof(*program->histograms));
	return bpf_map_update_elem(bpf_map__fd(program->entry->maps.latencies), &slot,
		       program->histograms, BPF_ANY)
		       ? -errno
		       : 0;
}

int xdp_program_add_latency(
	struct xdp_program *program, uint32_t slot, __u64 *buckets, __u64 *sum, __u64 *max)
{
	if (bpf_map_lookup_elem(
		    bpf_map__fd(program->entry->maps.latencies), &slot, program->histograms))
		return -errno;
	for (unsigned cpu = 0; cpu < program->cpus; cpu++) {
		const struct latency_histogram *one = &program->histograms[cpu];

		for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
			buckets[i] += one->bucket[i];
		*sum += one->sum;
		if (one->max > *max)
			*max = one->max;
	}
	return 0;
}
