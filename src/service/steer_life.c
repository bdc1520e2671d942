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
#include "service/steer.h"

static bool is_one_of(const uint32_t *cpus, unsigned count, uint32_t cpu)
{
	while (count && cpus[count - 1] != cpu)
		count--;
	return count;
}

/* Targets are the CPUs of the settings; those that are known already keep their places. */
static int take_cpus(const struct steer *s, const struct steer_settings *settings,
	struct steer_assignment *to, struct err *err)
{
	uint32_t online[STEER_TARGETS];
	unsigned count = cpu_online(online, STEER_TARGETS);

	*to = s->now;
	memset(to->weight, 0, sizeof(to->weight));
	for (unsigned i = 0; i < (settings->cpus.count ? settings->cpus.count : count); i++) {
		struct steer_weight want = { online[i], 1 };

		if (settings->cpus.count)
			want = settings->cpus.list[i];
		if (!is_one_of(online, count, want.cpu))
			return err_say(err, -EINVAL, "cpus: CPU %u is not online", want.cpu);
		if (steer_want(to, want.cpu, want.weight))
			return err_say(err, -E2BIG, "cpus: more than %d, those of before counted",
				STEER_TARGETS);
	}
	return 0;
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
	ret = take_cpus(s, start->settings, &s->now, err);
	if (ret) {
		free(s);
		return ret;
	}
	steer_assign(&s->now);
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
}

/* Opens the way to every target's CPU. Another service of the interface may have done so before: the
 * longer queue stays. */
static int open_cpus(struct steer_interface *i, const struct steer_assignment *to,
	const struct steer_settings *settings, struct err *err)
{
	int fd = i->place->map_fd(i->place, "steer_cpus");

	for (unsigned t = 0; t < to->targets; t++) {
		struct bpf_cpumap_val value = { 0 };
		uint32_t cpu = to->cpu[t];

		if (!to->weight[t])
			continue;

		if (!bpf_map_lookup_elem(fd, &cpu, &value) && value.qsize >= settings->cpumap_size)
			continue;
		value.qsize = settings->cpumap_size;
		value.bpf_prog.fd = i->place->map_fd(i->place, "steer_arrive");
		if (bpf_map_update_elem(fd, &cpu, &value, BPF_ANY))
			return err_set(err, -errno, "open a queue to CPU %u", cpu);
	}
	return 0;
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
	ret = map_all(i, place, err);
	if (!ret)
		ret = open_cpus(i, &s->now, s->settings, err);
	if (ret) {
		unmap_all(i);
		free(i);
		return ret;
	}
	i->next = s->interfaces;
	s->interfaces = i;
	steer_fill(s, i);
	*part = i;
	return 0;
}

void steer_close_interface(void *part)
{
	struct steer_interface *i = part, **link = &i->steer->interfaces;
	struct steer *s = i->steer;

	for (unsigned t = 0; t < s->now.targets; t++) {
		steer_count(i, t, &s->past[t]);
		/* the program is off and the CPUs had their time: what has not come, will not */
		s->past[t].lost += s->past[t].in_flight;
		s->past[t].in_flight = 0;
	}
	for (unsigned n = 0; n < STEER_SLOTS; n++)
		s->past_packets[n] += counter_get(&i->tables[s->slot].entry[n].packets);
	while (*link != i)
		link = &(*link)->next;
	*link = i->next;
	unmap_all(i);
	free(i);
}

int steer_reload(void *instance, const void *settings, struct err *err)
{
	struct steer_assignment to;
	struct steer *s = instance;
	int ret = take_cpus(s, settings, &to, err);

	if (ret)
		return ret;
	for (struct steer_interface *i = s->interfaces; i; i = i->next) {
		ret = open_cpus(i, &to, settings, err);
		if (ret)
			return err_where(err, ret, "%s", i->place->name);
	}
	s->settings = settings;
	s->now = to;
	steer_assign(&s->now);
	steer_apply(s);
	return 0;
}

void steer_close(void *instance)
{
	free(instance);
}

static int move_slots(struct steer *s, const char *range, const char *value, struct err *err)
{
	uint32_t first, last, cpu, end;
	unsigned target = 0;

	if (option_range(range, 0, STEER_SLOTS - 1, &first, &last, err) ||
		option_range(value, 0, UINT32_MAX, &cpu, &end, err))
		return -EINVAL;
	while (target < s->now.targets && (s->now.cpu[target] != cpu || !s->now.weight[target]))
		target++;
	if (cpu != end || target == s->now.targets)
		return err_say(err, -EINVAL, "%s is none of its CPUs", value);
	for (uint32_t n = first; n <= last; n++)
		s->now.target[n] = (uint8_t)target;
	steer_apply(s);
	return 0;
}

static int weigh_cpu(struct steer *s, const char *number, const char *value, struct err *err)
{
	struct steer_assignment to = s->now;
	uint32_t online[STEER_TARGETS], cpu, weight, last, end;
	uint64_t total = 0;
	unsigned count = cpu_online(online, STEER_TARGETS);
	int ret = 0;

	if (option_range(number, 0, UINT32_MAX, &cpu, &last, err) ||
		option_range(value, 0, STEER_WEIGHT_MAX, &weight, &end, err))
		return -EINVAL;
	if (cpu != last || !is_one_of(online, count, cpu))
		return err_say(err, -EINVAL, "CPU %s is not online", number);
	if (weight != end || steer_want(&to, cpu, weight))
		return err_say(err, -EINVAL, "%s is no weight, or there are too many CPUs", value);
	for (unsigned t = 0; t < to.targets; t++)
		total += to.weight[t];
	if (!total)
		return err_say(err, -EINVAL, "no CPU would have a weight");
	for (struct steer_interface *i = s->interfaces; !ret && i; i = i->next)
		ret = open_cpus(i, &to, s->settings, err);
	if (ret)
		return ret;
	s->now = to;
	steer_assign(&s->now);
	steer_apply(s);
	return 0;
}

int steer_set(void *instance, const char *key, const char *value, struct err *err)
{
	if (!strncmp(key, "slots/", 6))
		return move_slots(instance, key + 6, value, err);
	if (!strncmp(key, "cpus/", 5))
		return weigh_cpu(instance, key + 5, value, err);
	return -ENOENT;
}
