/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/feed.h"

#include <string.h>

void feed_init(struct feed *feed)
{
	memset(feed, 0, sizeof(*feed));
	history_init(&feed->live.history);
}

void feed_add(struct feed *feed)
{
	history_add(&feed->live.history, &feed->newest);
	events_add(&feed->live.events, &feed->newest);
}

/* A service of another name or a histogram that shrank is from another run: it has no zero. */
static bool has_zero(const struct feed *feed, unsigned index)
{
	const struct snapshot_service *service = &feed->newest.services[index];

	return feed->is_zeroed && service->latency.sampled &&
	       !strcmp(service->name, feed->zero_name[index]) &&
	       histogram_count(&service->histogram) >= histogram_count(&feed->zero[index]);
}

static void fill_latencies(struct feed *feed)
{
	for (unsigned i = 0; i < feed->newest.services_count; i++) {
		const struct snapshot_service *newest = &feed->newest.services[i];
		struct snapshot_service *shown = &feed->live.now.services[i];

		if (!has_zero(feed, i))
			continue;
		histogram_subtract(&shown->histogram, &newest->histogram, &feed->zero[i]);
		snapshot_set_latency(&shown->latency, &shown->histogram, newest->latency.what,
			newest->latency.sampled);
	}
}

void feed_show(struct feed *feed)
{
	struct feed_frame *live = &feed->live;

	if (feed->newest.sequence == live->now.sequence)
		return;
	live->has_before = live->now.sequence && live->now.sequence < feed->newest.sequence;
	if (live->has_before)
		live->before = live->now;
	live->now = feed->newest;
	if (live->has_before)
		snapshot_set_rates(&live->now, &live->before);
	fill_latencies(feed);
}

void feed_freeze(struct feed *feed)
{
	feed->frozen = feed->live;
}

void feed_zero(struct feed *feed)
{
	history_zero(&feed->live.history);
	feed->is_zeroed = true;
	feed->live.zero_time_ns = feed->newest.time_ns;
	for (unsigned i = 0; i < feed->newest.services_count; i++) {
		feed->zero[i] = feed->newest.services[i].histogram;
		memcpy(feed->zero_name[i], feed->newest.services[i].name,
			sizeof(feed->zero_name[i]));
	}
	fill_latencies(feed);
}
