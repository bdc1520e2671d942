// SPDX-License-Identifier: BSD-2-Clause
#include "stats/snapshot_check.h"

#include <string.h>

#include "stats/metric.h"

/* FNV-1a, 64 bits. */
static void mix(uint64_t *hash, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < size; i++)
		*hash = (*hash ^ at[i]) * 0x100000001b3ull;
}

static void mix_number(uint64_t *hash, uint64_t number)
{
	mix(hash, &number, sizeof(number));
}

uint64_t snapshot_layout(void)
{
	static const size_t sizes[] = { sizeof(struct snapshot), sizeof(struct snapshot_interface),
		sizeof(struct snapshot_queue), sizeof(struct snapshot_service),
		sizeof(struct snapshot_totals), sizeof(struct snapshot_latency),
		sizeof(struct snapshot_figure), sizeof(struct snapshot_table),
		sizeof(struct figure_row), sizeof(struct log_line), HISTOGRAM_BUCKETS, DROPS,
		QUEUE_STATES };
	uint64_t hash = 0xcbf29ce484222325ull;

	mix(&hash, sizes, sizeof(sizes));
	for (unsigned i = 0; i < DROPS; i++)
		mix(&hash, drop_names[i], strlen(drop_names[i]) + 1);
	for (unsigned i = 0; i < metrics_count; i++) {
		const struct metric *metric = &metrics[i];

		mix(&hash, metric->name, strlen(metric->name) + 1);
		mix_number(&hash, metric->scope);
		mix_number(&hash, metric->kind);
		mix_number(&hash, metric->level);
		mix_number(&hash, metric->offset);
		mix_number(&hash, metric->bins);
	}
	return hash;
}

#define ENDS(text) (memchr((text), '\0', sizeof(text)) != NULL)

static bool is_sane_interface(const struct snapshot_interface *interface)
{
	return ENDS(interface->name) && ENDS(interface->driver) && ENDS(interface->state) &&
	       ENDS(interface->io) && ENDS(interface->xdp) && ENDS(interface->poll) &&
	       ENDS(interface->why);
}

static bool is_sane_service(const struct snapshot *snapshot, const struct snapshot_service *service)
{
	if (!ENDS(service->name) || !ENDS(service->type) || !ENDS(service->state) ||
		!ENDS(service->latency.what) || service->paths_count > SNAPSHOT_INTERFACES)
		return false;
	for (unsigned i = 0; i < service->paths_count; i++)
		if (service->paths[i].interface >= snapshot->interfaces_count ||
			!ENDS(service->paths[i].path) || !ENDS(service->paths[i].why))
			return false;
	return true;
}

static bool is_sane_text(const struct figure_text *text, uint32_t neighbours)
{
	return ENDS(text->name) && ENDS(text->unit) && ENDS(text->help) &&
	       (text->kind != FIGURE_RATE || text->of < neighbours);
}

/* A figure's neighbours are those of the same service, which `of` counts from the first one. */
static bool is_sane_figure(const struct snapshot *snapshot, uint32_t index)
{
	uint32_t service = snapshot->figures[index].service, neighbours = 0;

	for (uint32_t i = 0; i < snapshot->figures_count; i++)
		neighbours += snapshot->figures[i].service == service;
	return service < snapshot->services_count &&
	       is_sane_text(&snapshot->figures[index].text, neighbours);
}

static bool is_sane_table(const struct snapshot *snapshot, const struct snapshot_table *table)
{
	if (table->service >= snapshot->services_count || table->columns_count > FIGURE_COLUMNS ||
		!ENDS(table->name) || !ENDS(table->row) || !ENDS(table->help) ||
		!ENDS(table->set) || !ENDS(table->set_to))
		return false;
	for (uint32_t i = 0; i < table->columns_count; i++)
		if (!is_sane_text(&table->columns[i], table->columns_count))
			return false;
	return true;
}

static bool are_sane_figures(const struct snapshot *snapshot)
{
	if (snapshot->figures_count > SNAPSHOT_FIGURES ||
		snapshot->tables_count > SNAPSHOT_TABLES || snapshot->rows_count > SNAPSHOT_ROWS)
		return false;
	for (uint32_t i = 0; i < snapshot->figures_count; i++)
		if (!is_sane_figure(snapshot, i))
			return false;
	for (uint32_t i = 0; i < snapshot->tables_count; i++)
		if (!is_sane_table(snapshot, &snapshot->tables[i]))
			return false;
	for (uint32_t i = 0; i < snapshot->rows_count; i++)
		if (snapshot->rows[i].table >= snapshot->tables_count ||
			!ENDS(snapshot->rows[i].label))
			return false;
	return true;
}

bool snapshot_is_sane(const struct snapshot *snapshot)
{
	bool sane = ENDS(snapshot->name) && ENDS(snapshot->version) &&
		    snapshot->level <= LEVEL_DEBUG &&
		    snapshot->interfaces_count <= SNAPSHOT_INTERFACES &&
		    snapshot->queues_count <= SNAPSHOT_QUEUES &&
		    snapshot->services_count <= SERVICE_SLOTS &&
		    snapshot->events_count <= SNAPSHOT_EVENTS;

	for (unsigned i = 0; sane && i < snapshot->interfaces_count; i++)
		sane = is_sane_interface(&snapshot->interfaces[i]);
	for (unsigned i = 0; sane && i < snapshot->queues_count; i++)
		sane = snapshot->queues[i].interface < snapshot->interfaces_count &&
		       snapshot->queues[i].state < QUEUE_STATES &&
		       ENDS(snapshot->queues[i].latency.what);
	for (unsigned i = 0; sane && i < snapshot->services_count; i++)
		sane = is_sane_service(snapshot, &snapshot->services[i]);
	for (unsigned i = 0; sane && i < snapshot->events_count; i++)
		sane = ENDS(snapshot->events[i].text) && snapshot->events[i].level < LOG_LEVELS;
	return sane && are_sane_figures(snapshot);
}
