// SPDX-License-Identifier: BSD-2-Clause
/*
 * /healthz, for who announces this node's routes: 200 while everything that is configured is served,
 * 503 and the reason when an interface is away, a worker doesn't move, or a service has been paused.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "control/server.h"
#include "export/writer.h"

/* The sampler makes ten snapshots a second; its thread may be kept from its CPU for a while. */
#define STALE_NS (3 * NSEC_PER_SEC)

static void find_queue(const struct snapshot *snapshot, char *why, size_t size)
{
	for (unsigned i = 0; i < snapshot->queues_count && !*why; i++) {
		const struct snapshot_queue *queue = &snapshot->queues[i];

		if (queue->state == QUEUE_RUNNING || queue->state == QUEUE_STARTING ||
			snapshot_is_unused(&snapshot->interfaces[queue->interface]))
			continue;
		snprintf(why, size, "%s queue %u: %s", snapshot->interfaces[queue->interface].name,
			queue->queue,
			queue->state < QUEUE_STATES ? queue_state_names[queue->state] : "?");
	}
}

/* Why the instance should get no traffic; empty when it should. */
static void find_illness(const struct snapshot *snapshot, char *why, size_t size)
{
	uint64_t age_ns = clock_now_ns() - snapshot->monotonic_ns;

	*why = '\0';
	if (age_ns > STALE_NS)
		snprintf(why, size, "the newest snapshot is %u s old",
			(unsigned)(age_ns / NSEC_PER_SEC));
	for (unsigned i = 0; i < snapshot->interfaces_count && !*why; i++)
		if (strcmp(snapshot->interfaces[i].state, "up") != 0 &&
			!snapshot_is_unused(&snapshot->interfaces[i]))
			snprintf(why, size, "%s: %s", snapshot->interfaces[i].name,
				snapshot->interfaces[i].state);
	find_queue(snapshot, why, size);
	for (unsigned i = 0; i < snapshot->services_count && !*why; i++)
		if (strcmp(snapshot->services[i].state, "running") != 0)
			snprintf(why, size, "service %s: %s", snapshot->services[i].name,
				snapshot->services[i].state);
}

enum MHD_Result health_answer(struct request *request)
{
	const struct snapshot *snapshot =
		samples_newest(&request->control->samples, &request->control->ops);
	char why[128], json[512];
	struct writer writer;

	find_illness(snapshot, why, sizeof(why));
	if (*why)
		return reply_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "%s", why);
	writer_init(&writer, json, sizeof(json));
	writer_text(&writer, "{\"status\": \"ok\", \"name\": ");
	writer_quoted(&writer, snapshot->name);
	writer_text(&writer, "}\n");
	return reply_bytes(request, MHD_HTTP_OK, "application/json", json, writer.length);
}
