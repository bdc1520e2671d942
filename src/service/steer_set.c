// SPDX-License-Identifier: BSD-2-Clause
/* steer: what can be changed while it runs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "service/steer.h"

static bool is_online(uint32_t cpu)
{
	uint32_t online[STEER_CPUS];
	unsigned count = cpu_online(online, STEER_CPUS);

	while (count && online[count - 1] != cpu)
		count--;
	return count;
}

/* The target that a CPU is, of those that have slots. */
static int find_target(const struct steer *s, const char *text, unsigned *target, struct err *err)
{
	uint32_t cpu, end;
	unsigned t = 0;

	if (option_range(text, 0, UINT32_MAX, &cpu, &end, err))
		return -EINVAL;
	while (t < s->now.targets && (s->now.cpu[t] != cpu || !s->now.weight[t]))
		t++;
	if (cpu != end || t == s->now.targets)
		return err_say(err, -EINVAL, "%s is none of its %s", text,
			s->readers ? "workers" : "CPUs");
	if (s->now.is_away[t])
		return err_say(err, -EINVAL,
			s->renews[t] ? "CPU %s gets a longer queue just now" : "CPU %s is offline",
			text);
	*target = t;
	return 0;
}

static int move_slots(struct steer *s, const char *range, const char *value, struct err *err)
{
	uint32_t first, last;
	unsigned target;

	if (option_range(range, 0, STEER_SLOTS - 1, &first, &last, err) ||
		find_target(s, value, &target, err))
		return -EINVAL;
	for (uint32_t n = first; n <= last; n++)
		s->now.target[n] = (uint8_t)target;
	steer_apply(s);
	return 0;
}

/* Whether it can be a target. */
static bool can_have_weight(const struct steer *s, uint32_t number)
{
	return s->readers ? number < s->settings->workers : is_online(number);
}

static int weigh(struct steer *s, const char *number, const char *value, struct err *err)
{
	struct steer_assignment to = s->now;
	uint32_t cpu, weight, last, end;
	uint64_t total = 0;
	int ret = 0;

	if (option_range(number, 0, UINT32_MAX, &cpu, &last, err) ||
		option_range(value, 0, STEER_WEIGHT_MAX, &weight, &end, err))
		return -EINVAL;
	if (cpu != last || !can_have_weight(s, cpu))
		return err_say(err, -EINVAL,
			s->readers ? "there is no worker %s" : "CPU %s is not online", number);
	if (weight != end || steer_want(&to, cpu, weight))
		return err_say(err, -EINVAL, "%s is no weight, or there are too many CPUs", value);
	for (unsigned t = 0; t < to.targets; t++)
		total += to.weight[t];
	if (!total)
		return err_say(err, -EINVAL, "nobody would have a weight");
	for (struct steer_interface *i = s->interfaces; !s->readers && !ret && i; i = i->next)
		ret = steer_open_cpus(i, &to, s->settings, err);
	if (ret)
		return ret;
	s->now = to;
	steer_assign(&s->now);
	steer_apply(s);
	return 0;
}

static int move_key(struct steer *s, const char *text, const char *value, struct err *err)
{
	const struct steer_keys *keys = &s->settings->keys;
	unsigned target, i = 0;
	uint64_t key;
	char *end;

	key = strtoull(text, &end, 0);
	while (i < keys->count && keys->list[i].key != key)
		i++;
	if (!*text || *end || i == keys->count)
		return err_say(err, -EINVAL, "%s is none of its keys", text);
	if (find_target(s, value, &target, err))
		return -EINVAL;
	s->own_target[i] = (uint8_t)target;
	steer_apply(s);
	return 0;
}

int steer_set(void *instance, const char *key, const char *value, struct err *err)
{
	const bool is_of_workers = ((const struct steer *)instance)->readers != NULL;

	if (!strncmp(key, "slots/", 6))
		return move_slots(instance, key + 6, value, err);
	if (!strncmp(key, "keys/", 5))
		return move_key(instance, key + 5, value, err);
	if (!strncmp(key, is_of_workers ? "workers/" : "cpus/", is_of_workers ? 8 : 5))
		return weigh(instance, key + (is_of_workers ? 8 : 5), value, err);
	return -ENOENT;
}
