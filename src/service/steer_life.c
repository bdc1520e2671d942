// SPDX-License-Identifier: BSD-2-Clause
/* steer: its CPUs, and the maps of its interfaces' kernel halves. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/counter.h"
#include "base/cpu.h"
#include "service/steer_ring.h"

static bool is_one_of(const uint32_t *cpus, unsigned count, uint32_t cpu)
{
	while (count && cpus[count - 1] != cpu)
		count--;
	return count;
}

/* The CPUs of keys that have their own are targets as well, if only for them. */
static int take_keys(const struct steer_settings *settings, struct steer_assignment *to,
	const uint32_t *online, unsigned count, struct err *err)
{
	for (unsigned i = 0; i < settings->keys.count; i++) {
		const uint32_t cpu = settings->keys.list[i].cpu;

		if (!is_one_of(online, count, cpu))
			return err_say(err, -EINVAL, "keys: CPU %u is not online", cpu);
		if (!is_one_of(to->cpu, to->targets, cpu) && steer_want(to, cpu, 0))
			return err_say(err, -E2BIG,
				"keys: more than %d CPUs, those of before counted", STEER_TARGETS);
	}
	return 0;
}

/* Targets are the CPUs of the settings; those that are known already keep their places. */
static int take_targets(const struct steer *s, const struct steer_settings *settings,
	struct steer_assignment *to, struct err *err)
{
	uint32_t online[STEER_CPUS];
	unsigned count = cpu_online(online, STEER_CPUS), all = count;

	*to = s->now;
	memset(to->weight, 0, sizeof(to->weight));
	if (settings->target == STEER_WORKER) {
		steer_take_workers(settings, to);
		return 0;
	}
	if (all > STEER_TARGETS)
		all = STEER_TARGETS;
	for (unsigned i = 0; i < (settings->cpus.count ? settings->cpus.count : all); i++) {
		struct steer_weight want = { online[i], 1 };

		if (settings->cpus.count)
			want = settings->cpus.list[i];
		if (!is_one_of(online, count, want.cpu))
			return err_say(err, -EINVAL, "cpus: CPU %u is not online", want.cpu);
		if (steer_want(to, want.cpu, want.weight))
			return err_say(err, -E2BIG, "cpus: more than %d, those of before counted",
				STEER_TARGETS);
	}
	return take_keys(settings, to, online, count, err);
}

static unsigned target_of_cpu(const struct steer_assignment *a, uint32_t cpu)
{
	unsigned t = 0;

	while (t < a->targets && a->cpu[t] != cpu)
		t++;
	return t;
}

static void assign(struct steer *s, const struct steer_settings *settings)
{
	steer_assign(&s->now);
	for (unsigned i = 0; i < settings->keys.count; i++)
		s->own_target[i] = (uint8_t)target_of_cpu(&s->now, settings->keys.list[i].cpu);
}

int steer_open(const struct service_start *start, void **instance, struct err *err)
{
	struct steer *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return err_set(err, -ENOMEM, "make room for the service");
	snprintf(s->name, sizeof(s->name), "%s", start->name);
	s->slot = start->slot;
	s->log = start->log;
	s->settings = start->settings;
	memset(s->now.target, STEER_NOBODY, sizeof(s->now.target));
	ret = take_targets(s, start->settings, &s->now, err);
	if (!ret)
		ret = steer_make_readers(s, start->settings, err);
	if (ret) {
		steer_close(s);
		return ret;
	}
	assign(s, start->settings);
	*instance = s;
	return 0;
}

static int map_memory(const struct service_interface *place, const char *name, size_t bytes,
	void **memory, struct err *err)
{
	int fd = place->map_fd(place, name);

	if (fd < 0)
		return err_set(err, fd, "find the map %s", name);
	*memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*memory == MAP_FAILED) {
		*memory = NULL;
		return err_set(err, -errno, "map the map %s", name);
	}
	return 0;
}

static int map_all(
	struct steer_interface *i, const struct service_interface *place, struct err *err)
{
	int ret = map_memory(place, "steer_tables", STEER_TABLES_BYTES, (void **)&i->tables, err);

	if (!ret)
		ret = map_memory(place, "steer_sent", STEER_FLOWS * sizeof(*i->sent),
			(void **)&i->sent, err);
	if (!ret)
		ret = map_memory(place, "steer_seen", STEER_FLOWS * sizeof(*i->seen),
			(void **)&i->seen, err);
	if (!ret)
		ret = map_memory(place, "steer_probes", STEER_PROBES * sizeof(*i->probes),
			(void **)&i->probes, err);
	return ret;
}

static void unmap_all(struct steer_interface *i)
{
	if (i->tables)
		munmap(i->tables, STEER_TABLES_BYTES);
	if (i->sent)
		munmap(i->sent, STEER_FLOWS * sizeof(*i->sent));
	if (i->seen)
		munmap(i->seen, STEER_FLOWS * sizeof(*i->seen));
	if (i->probes)
		munmap(i->probes, STEER_PROBES * sizeof(*i->probes));
}

static bool has_keys(const struct steer_settings *settings, uint32_t cpu)
{
	for (unsigned i = 0; i < settings->keys.count; i++)
		if (settings->keys.list[i].cpu == cpu)
			return true;
	return false;
}

int steer_open_cpu(struct steer_interface *i, uint32_t cpu, uint32_t size)
{
	const struct bpf_cpumap_val value = { .qsize = size,
		.bpf_prog.fd = i->place->map_fd(i->place, "steer_arrive") };

	return bpf_map_update_elem(i->place->map_fd(i->place, "steer_cpus"), &cpu, &value, BPF_ANY)
		       ? -errno
		       : 0;
}

int steer_open_cpus(struct steer_interface *i, const struct steer_assignment *to,
	const struct steer_settings *settings, struct err *err)
{
	int fd = i->place->map_fd(i->place, "steer_cpus");

	for (unsigned t = 0; t < to->targets; t++) {
		struct bpf_cpumap_val value = { 0 };
		uint32_t cpu = to->cpu[t];
		int ret;

		if (!to->weight[t] && !has_keys(settings, cpu))
			continue;
		if (!bpf_map_lookup_elem(fd, &cpu, &value)) {
			i->steer->has_short_queues |= value.qsize < settings->cpumap_size;
			continue;
		}
		ret = steer_open_cpu(i, cpu, settings->cpumap_size);
		if (ret)
			return err_set(err, ret, "open a queue to CPU %u", cpu);
	}
	return 0;
}

static int open_way(struct steer_interface *i, struct err *err)
{
	int ret = map_all(i, i->place, err);

	return ret ? ret : steer_open_cpus(i, &i->steer->now, i->steer->settings, err);
}

int steer_open_interface(
	void *instance, const struct service_interface *place, void **part, struct err *err)
{
	struct steer_interface *i = calloc(1, sizeof(*i));
	struct steer *s = instance;
	int ret;

	if (!i)
		return err_set(err, -ENOMEM, "make room for the service");
	*i = (struct steer_interface){ .steer = s, .place = place };
	ret = s->readers ? 0 : open_way(i, err);
	if (ret) {
		unmap_all(i);
		free(i);
		return ret;
	}
	i->next = s->interfaces;
	s->interfaces = i;
	if (!s->readers)
		steer_fill(s, i);
	*part = i;
	return 0;
}

/* Of CPUs: what workers have got stays in the records of their queues. */
static void keep_counts(struct steer *s, const struct steer_interface *i)
{
	for (unsigned t = 0; t < s->now.targets; t++) {
		steer_count(i, t, &s->past[t]);
		/* the program is off and the CPUs had their time: what has not come, will not */
		s->past[t].lost += s->past[t].in_flight;
		s->past[t].in_flight = 0;
	}
	for (unsigned n = 0; n < steer_entries(s); n++)
		steer_add_load(i, n, &s->past_load[n]);
}

void steer_close_interface(void *part)
{
	struct steer_interface *i = part, **link = &i->steer->interfaces;

	if (!i->steer->readers)
		keep_counts(i->steer, i);
	while (*link != i)
		link = &(*link)->next;
	*link = i->next;
	unmap_all(i);
	free(i);
}

/* A key that gets a slot of its own, or loses it, would have packets on two ways at once. */
static bool has_other_keys(const struct steer_keys *a, const struct steer_keys *b)
{
	for (unsigned i = 0; i < a->count && i < b->count; i++)
		if (a->list[i].key != b->list[i].key)
			return true;
	return a->count != b->count;
}

int steer_reload(void *instance, const void *with, struct err *err)
{
	const struct steer_settings *settings = with;
	struct steer_assignment to;
	struct steer *s = instance;
	int ret;

	if (has_other_keys(&settings->keys, &s->settings->keys))
		return err_say(err, -EBUSY, "keys: other ones need a restart (their CPUs do not)");
	if (settings->target != s->settings->target)
		return err_say(err, -EBUSY, "target: another one needs a restart");
	if (s->readers && settings->sequence.bytes && !s->numbers)
		return err_say(err, -EBUSY, "sequence: with target = worker it needs a restart");
	ret = take_targets(s, settings, &to, err);
	if (!ret)
		ret = steer_name_rings(s, settings, err);
	if (!ret && s->readers)
		ret = steer_open_rings(s, to.targets, err);
	if (ret)
		return ret;
	for (struct steer_interface *i = s->interfaces; i && !s->readers; i = i->next) {
		ret = steer_open_cpus(i, &to, settings, err);
		if (ret)
			return err_where(err, ret, "%s", i->place->name);
	}
	s->settings = settings;
	s->now = to;
	assign(s, settings);
	steer_apply(s);
	return 0;
}

/* The memory of rings is made for it: consumers find the old ones ended, and open the new ones. */
bool steer_reopens(const void *before, const void *with)
{
	const struct steer_settings *a = before, *b = with;

	return b->target == STEER_WORKER && a->depth != b->depth;
}

void steer_close(void *instance)
{
	struct steer *s = instance;

	for (struct steer_queue *q = s->queues, *next; q; q = next) {
		next = q->next;
		free(q);
	}
	for (unsigned w = 0; s->readers && w < STEER_TARGETS; w++)
		readers_fini(&s->readers[w]);
	free(s->readers);
	steer_numbers_free(s->numbers);
	free(s);
}
