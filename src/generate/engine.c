// SPDX-License-Identifier: BSD-2-Clause
#include "generate/engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/counter.h"

void engine_show_tags(const struct generate_settings *settings, struct link_vlan_offload *was)
{
	struct err err = { "" };
	int code = link_vlan_offload_off(settings->interface, was, &err);

	if (code > 0)
		log_write(settings->log, LOG_INFO,
			"%s: receive VLAN offload off, which hides tags; restored at the end",
			settings->interface);
	else if (code < 0 && settings->tags)
		log_write(settings->log, LOG_WARNING, "%s: tags of answers may not be seen: %s",
			settings->interface, err.text);
}

void engine_start(struct generate_pace *pace, const struct generate_trial *trial)
{
	*pace = (struct generate_pace){
		.duration_ns = trial->duration_ns,
		.packets = trial->packets,
	};
	if (trial->rate_pps)
		pace->interval = (NSEC_PER_SEC << GENERATE_FRACTION) / trial->rate_pps;
	counter_set(&pace->start_ns, clock_now_ns());
}

/* What was due by the end of a run that ended by its duration: the first packet at once, then one an
 * interval. */
static uint64_t due_in(const struct generate_pace *pace)
{
	uint64_t duration = pace->duration_ns << GENERATE_FRACTION;

	return (duration + pace->interval - 1) / pace->interval;
}

void engine_sum_up(struct figures *f, const struct generate_pace *pace, uint64_t next,
	uint64_t lost, uint64_t failed)
{
	uint64_t start = counter_get(&pace->start_ns), end = counter_get(&pace->end_ns);
	uint64_t answered = figures_answered(f);

	if (failed > lost)
		failed = lost; /* those that failed have no answer: not all of them are known yet */
	if (failed > next)
		failed = next;
	f->sent = next - failed;
	f->lost = lost - failed;
	f->in_flight = f->sent > answered + f->lost ? f->sent - answered - f->lost : 0;
	f->unsent = failed + counter_get(&pace->skipped);
	if (start)
		f->elapsed_ns = (end ? end : clock_now_ns()) - start;
	if (end && pace->interval && pace->duration_ns && end - start >= pace->duration_ns) {
		uint64_t due = due_in(pace);

		f->elapsed_ns = pace->duration_ns;
		f->unsent = due > f->sent ? due - f->sent : 0;
	}
}

uint64_t engine_last_answered(const __u64 *order, uint32_t flows)
{
	uint64_t behind = 0;

	for (uint32_t i = 0; i < flows; i++)
		if (counter_get(&order[i]) > behind)
			behind = order[i];
	return behind - 1;
}

void engine_why(char *why, const char *format, ...)
{
	size_t used = strlen(why);
	va_list args;

	if (used)
		used += (size_t)snprintf(why + used, FIGURES_WHY - used, "; ");
	if (used >= FIGURES_WHY)
		return;
	va_start(args, format);
	vsnprintf(why + used, FIGURES_WHY - used, format, args);
	va_end(args);
}
