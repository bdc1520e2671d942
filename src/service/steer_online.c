// SPDX-License-Identifier: BSD-2-Clause
/*
 * steer: CPUs that go offline, and come back, while it runs; and those that shall have a longer queue.
 *
 * The kernel lets the thread of a CPUMAP entry whose CPU goes offline run elsewhere, so nothing is lost that is on
 * its way there, and slots move by the same rule as always. When the CPU is back the thread does not return to it:
 * its entry is made anew, once nothing is on the way to the old one.
 *
 * A longer queue is another entry, too, whose packets would overtake those in the old one. So a CPU that shall
 * have one goes away for a moment in the same manner, one CPU after the other.
 */
#include <bpf/bpf.h>
#include <string.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "service/steer.h"

#define LOOK_NS NSEC_PER_SEC

static bool is_one_of(const uint32_t *cpus, unsigned count, uint32_t cpu)
{
	while (count && cpus[count - 1] != cpu)
		count--;
	return count;
}

static unsigned slots_of(const struct steer *s, unsigned target)
{
	unsigned count = 0;

	for (unsigned n = 0; n < STEER_SLOTS; n++)
		count += s->now.target[n] == target;
	return count;
}

static void send_away(struct steer *s, unsigned target)
{
	s->now.is_away[target] = true;
	s->away_ns[target] = clock_now_ns();
	log_write(s->log, s->renews[target] ? LOG_INFO : LOG_WARNING,
		"service %s: CPU %u %s: %u slots move to other CPUs", s->name, s->now.cpu[target],
		s->renews[target] ? "gets a longer queue" : "is offline", slots_of(s, target));
}

static bool has_short_queue(const struct steer *s, unsigned target)
{
	const uint32_t cpu = s->now.cpu[target];

	for (const struct steer_interface *i = s->interfaces; i; i = i->next) {
		int fd = i->place->map_fd(i->place, "steer_cpus");
		struct bpf_cpumap_val value = { 0 };

		if (!bpf_map_lookup_elem(fd, &cpu, &value) && value.qsize &&
			value.qsize < s->settings->cpumap_size)
			return true;
	}
	return false;
}

static unsigned count_away(const struct steer *s)
{
	unsigned count = 0;

	for (unsigned t = 0; t < s->now.targets; t++)
		count += s->now.is_away[t];
	return count;
}

/* Sends the next one away that shall have a longer queue; false: there is none, or nobody to take its slots. */
static bool renew_one(struct steer *s)
{
	unsigned target = 0;

	while (target < s->now.targets && !has_short_queue(s, target))
		target++;
	s->has_short_queues = target < s->now.targets;
	if (!s->has_short_queues)
		return false;
	s->now.is_away[target] = true;
	s->renews[target] = s->has_short_queues = steer_has_shares(&s->now);
	s->now.is_away[target] = false;
	if (s->renews[target])
		send_away(s, target);
	else
		log_write(s->log, LOG_WARNING,
			"service %s: CPU %u has a longer queue only after a restart: no other one "
			"can take its packets meanwhile",
			s->name, s->now.cpu[target]);
	return s->renews[target];
}

/* Nothing of before is on the way to the CPU any more. */
static bool is_clear(const struct steer *s, unsigned target)
{
	for (const struct steer_interface *i = s->interfaces; i; i = i->next)
		if (!steer_is_blind(i, target) && !steer_is_clear(i, target, s->away_ns[target]))
			return false;
	return !steer_moving(s);
}

static bool take_back(struct steer *s, unsigned target)
{
	const uint32_t cpu = s->now.cpu[target];

	if (!is_clear(s, target))
		return false;
	for (struct steer_interface *i = s->interfaces; i; i = i->next) {
		int ret = steer_open_cpu(i, cpu, s->settings->cpumap_size);

		if (!ret)
			continue;
		log_write(s->log, LOG_WARNING, "service %s: %s: open a queue to CPU %u: %s",
			s->name, i->place->name, cpu, strerror(-ret));
		return false;
	}
	s->now.is_away[target] = false;
	/* of a reload meanwhile, which had no place for it */
	if (!s->settings->cpus.count && !s->now.weight[target])
		s->now.weight[target] = 1;
	log_write(s->log, LOG_INFO, "service %s: CPU %u %s and takes its share of the slots",
		s->name, cpu, s->renews[target] ? "has a longer queue" : "is back");
	s->renews[target] = false;
	return true;
}

void steer_watch_cpus(struct steer *s)
{
	uint64_t now_ns = clock_now_ns();
	uint32_t online[STEER_CPUS];
	bool has_changed = false;
	unsigned count;

	if (now_ns - s->online_ns < LOOK_NS)
		return;
	s->online_ns = now_ns;
	count = cpu_online(online, STEER_CPUS);
	for (unsigned t = 0; count && t < s->now.targets; t++) {
		const bool is_online = is_one_of(online, count, s->now.cpu[t]);

		if (is_online && s->now.is_away[t]) {
			has_changed |= take_back(s, t);
		} else if (!is_online && !s->now.is_away[t]) {
			send_away(s, t);
			has_changed = true;
		}
	}
	if (s->has_short_queues && !count_away(s))
		has_changed |= renew_one(s);
	/* with nobody left all stay where they are: the kernel has their packets executed somewhere */
	if (!has_changed || !steer_has_shares(&s->now))
		return;
	steer_assign(&s->now);
	steer_apply(s);
}
