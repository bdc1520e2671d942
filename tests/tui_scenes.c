/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui_scenes.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define START_NS (1795000000ll * (int64_t)NSEC_PER_SEC)

const char *const scene_names[] = { "silent", "healthy", "basic", "debug", "dropping", "stalled",
	"absent", "many", "rich", "blind", "empty", NULL };

/* Packets after so many seconds of a rate that swings by a fifth every 20 s. */
static uint64_t packets(double pps, double seconds)
{
	const double turn = 2 * M_PI / 20;

	return (uint64_t)(pps * (seconds + 0.2 * (1 - cos(turn * seconds)) / turn));
}

static void fill_interface(
	struct snapshot_interface *interface, const char *name, const char *driver, const char *why)
{
	snprintf(interface->name, sizeof(interface->name), "%s", name);
	snprintf(interface->driver, sizeof(interface->driver), "%s", driver);
	strcpy(interface->state, "up");
	strcpy(interface->io, "af_xdp");
	strcpy(interface->xdp, "native");
	strcpy(interface->poll, "interrupt");
	interface->zero_copy = !*why;
	interface->mtu = 1500;
	interface->nic_rx_pps = NAN;
	snprintf(interface->why, sizeof(interface->why), "%s", why);
}

static void fill_histogram(struct histogram *histogram, uint64_t samples)
{
	static const struct {
		uint64_t ns;
		unsigned per_million;
	} shape[] = { { 700, 4000 }, { 1300, 300000 }, { 1900, 260000 }, { 2600, 400000 },
		{ 4200, 30000 }, { 11000, 5000 }, { 24000, 900 }, { 38000, 100 } };

	for (unsigned i = 0; i < sizeof(shape) / sizeof(shape[0]); i++) {
		uint64_t count = samples * shape[i].per_million / 1000000;

		histogram->bucket[histogram_index(shape[i].ns)] += count;
		histogram->sum += count * shape[i].ns;
		if (count)
			histogram->max = shape[i].ns;
	}
}

static void fill_service(
	struct snapshot *snapshot, const char *name, uint64_t rx, uint64_t tx, const char *path)
{
	struct snapshot_service *service = &snapshot->services[snapshot->services_count++];
	bool is_measured = snapshot->level >= LEVEL_DETAILED;

	snprintf(service->name, sizeof(service->name), "%s", name);
	strcpy(service->type, "reflect");
	strcpy(service->state, "running");
	service->paths_count = 1;
	snprintf(service->paths[0].path, sizeof(service->paths[0].path), "%s", path);
	strcpy(service->paths[0].why, "native XDP without zero copy");
	service->flow.rx_packets = rx;
	service->flow.rx_bytes = rx * 60;
	service->flow.tx_packets = tx;
	service->flow.tx_bytes = tx * 60;
	if (is_measured)
		fill_histogram(&service->histogram, rx / 64);
	snapshot_set_latency(&service->latency, &service->histogram, "hook to transmit",
		!is_measured			 ? 0
		: snapshot->level == LEVEL_DEBUG ? 1
						 : 64);
}

static void fill_levels(struct snapshot_queue *queue, uint32_t level, uint64_t rx, double seconds)
{
	static const unsigned shares[SNAPSHOT_BATCH_BINS] = { 2, 1, 2, 4, 15, 58, 18, 0 };
	struct histogram histogram = { .max = 0 };

	fill_histogram(&histogram, rx / 64);
	snapshot_set_latency(
		&queue->latency, &histogram, "hook to transmit", level >= LEVEL_DETAILED ? 64 : 0);
	for (unsigned i = 0; i < SNAPSHOT_BATCH_BINS; i++)
		queue->batches[i] =
			level >= LEVEL_DETAILED ? rx * shares[i] / 3200 : SNAPSHOT_UNKNOWN;
	queue->busy_ns = level < LEVEL_DETAILED ? SNAPSHOT_UNKNOWN
			 : rx			? (uint64_t)(seconds * 0.71e9)
						: 0;
	queue->rx_ring = 246;
	queue->tx_ring = 82;
	queue->fill_ring = 1802;
	queue->completion_ring = 31;
	queue->ring_size = 2048;
	queue->wakeups = rx / 41;
	queue->empty_polls = rx / 90;
	queue->sizes[0] = rx - rx / 1000;
	queue->sizes[5] = rx / 1000;
}

static struct snapshot_queue *add_queue(
	struct snapshot *snapshot, uint32_t interface, uint32_t number, double pps, double seconds)
{
	struct snapshot_queue *queue = &snapshot->queues[snapshot->queues_count++];
	uint64_t rx = packets(pps, seconds);

	queue->interface = interface;
	queue->queue = number;
	queue->cpu = 2 + number;
	queue->state = QUEUE_RUNNING;
	queue->flow.rx_packets = rx;
	queue->flow.rx_bytes = rx * 60;
	queue->pass_packets = rx / 20000;
	queue->in_flight_packets = rx ? 32 : 0;
	queue->flow.tx_packets = rx - queue->pass_packets - queue->in_flight_packets;
	queue->flow.tx_bytes = queue->flow.tx_packets * 60;
	queue->drop[DROP_tx_failed] = SNAPSHOT_UNKNOWN;
	fill_levels(queue, snapshot->level, rx, seconds);
	return queue;
}

/* Takes packets from what was sent, so that the books go on balancing. */
static void drop(struct snapshot_queue *queue, enum drop reason, uint64_t count)
{
	queue->drop[reason] += count;
	queue->flow.tx_packets -= count;
	queue->flow.tx_bytes -= 60 * count;
}

static void add_event(
	struct snapshot *snapshot, enum log_level level, int seconds, const char *text)
{
	struct log_line *event = &snapshot->events[snapshot->events_count++];

	event->time_ns = START_NS + seconds * (int64_t)NSEC_PER_SEC;
	event->level = level;
	event->number = 100 + (uint64_t)seconds;
	snprintf(event->text, sizeof(event->text), "%s", text);
}

static void fill_kernel(struct snapshot *snapshot)
{
	for (unsigned i = 0; i < snapshot->interfaces_count; i++) {
		struct snapshot_interface *interface = &snapshot->interfaces[i];

		interface->kernel_tx_errors = SNAPSHOT_UNKNOWN;
		for (unsigned j = 0; j < snapshot->queues_count; j++) {
			const struct snapshot_queue *queue = &snapshot->queues[j];

			if (queue->interface != i)
				continue;
			interface->kernel_rx_packets += queue->flow.rx_packets;
			interface->kernel_tx += queue->flow.tx_packets;
			interface->kernel_pass += queue->pass_packets;
		}
	}
}

static void fill_many(struct snapshot *snapshot, double seconds)
{
	fill_interface(&snapshot->interfaces[0], "enp65s0f0", "ice", "");
	fill_interface(&snapshot->interfaces[1], "enp65s0f1", "ena",
		"zero copy: Operation not supported; native copy is in use");
	snapshot->interfaces_count = 2;
	for (unsigned i = 0; i < 64; i++) {
		struct snapshot_queue *queue =
			add_queue(snapshot, i / 32, i % 32, 4e5 + 1e3 * i, seconds);

		if (i == 40)
			drop(queue, DROP_tx_ring_full, packets(900, seconds));
	}
}

/* What a service may have of its own: scalars, and a table. */
static void fill_figures(struct snapshot *snapshot, double seconds)
{
	static const struct figure_type scalars[] = {
		{ "copied_packets", "packets", "Copied into rings.", FIGURE_COUNTER, LEVEL_BASIC, NULL },
		{ "oldest_ns", "ns", "Age of the oldest.", FIGURE_GAUGE, LEVEL_BASIC, NULL },
		{ "deep_looks", "", "Only at level debug.", FIGURE_COUNTER, LEVEL_DEBUG, NULL },
		{ "slots", "slots", "Just now, not in all.", FIGURE_GAUGE, LEVEL_BASIC, NULL },
	};
	static const struct figure_type columns[] = {
		{ "read_packets", "packets", "Read.", FIGURE_COUNTER, LEVEL_BASIC, NULL },
		{ "lost_packets", "packets", "Lost.", FIGURE_COUNTER, LEVEL_BASIC, NULL },
	};
	struct snapshot_table *table = &snapshot->tables[0];

	snapshot->figures_count = 4;
	for (unsigned i = 0; i < 4; i++) {
		snapshot->figures[i].service = 1;
		figure_describe(&snapshot->figures[i].text, scalars, i);
	}
	snapshot->figures[0].value.count = packets(2e5, seconds);
	snapshot->figures[1].value.count = 12345;
	snapshot->figures[2].value.count = SNAPSHOT_UNKNOWN;
	snapshot->figures[3].value.count = 4096;
	snapshot->tables_count = 3;
	*table = (struct snapshot_table){ .service = 1, .columns_count = 2, .name = "consumers",
		.row = "consumer", .help = "Who reads." };
	for (unsigned i = 0; i < 2; i++)
		figure_describe(&table->columns[i], columns, i);
	table[1] = (struct snapshot_table){ .service = 1, .columns_count = 1, .name = "slots",
		.row = "slots", .help = "Where keys go.", .set = "slots", .set_to = "CPU" };
	figure_describe(&table[1].columns[0], columns, 0);
	table[2] = (struct snapshot_table){ .service = 1, .columns_count = 1, .name = "own_keys",
		.row = "key", .help = "Keys with a target of their own: none." };
	figure_describe(&table[2].columns[0], columns, 0);
	snapshot->rows_count = 4;
	for (unsigned i = 0; i < 2; i++) {
		snprintf(snapshot->rows[i].label, sizeof(snapshot->rows[i].label), "pid %u",
			4711 + i);
		snapshot->rows[i].value[0].count = packets(1e5 * (1 + i), seconds);
		snapshot->rows[i].value[1].count = i ? SNAPSHOT_UNKNOWN : 7;
		snprintf(snapshot->rows[2 + i].label, sizeof(snapshot->rows[i].label), "%u-%u",
			2048 * i, 2048 * i + 2047);
		snapshot->rows[2 + i].table = 1;
		snapshot->rows[2 + i].value[0].count = packets(9e4 + 2e4 * i, seconds);
	}
}

/* All three parts of every table are there: several services, drops that were intended. */
static void fill_rich(struct snapshot *snapshot, double seconds)
{
	drop(&snapshot->queues[0], DROP_rate_limited, packets(1200, seconds));
	drop(&snapshot->queues[1], DROP_ttl_exceeded, packets(3, seconds));
	fill_service(
		snapshot, "second", packets(2e5, seconds), packets(2e5 - 1200, seconds), "user");
	snapshot->services[1].drop[DROP_rate_limited] = packets(1200, seconds);
	fill_service(snapshot, "h\xc3\xa4lt-an\x1b[2J", 0, 0, "kernel");
	strcpy(snapshot->services[2].state, "stopped");
	snapshot_set_latency(
		&snapshot->services[2].latency, NULL, "packets go on to a CPU unanswered", 0);
	fill_figures(snapshot, seconds);
	add_event(snapshot, LOG_WARNING, 61, "service second: more than max_pps arrives");
}

static void fill_trouble(struct snapshot *snapshot, const char *name, double seconds)
{
	struct snapshot_queue *queue = &snapshot->queues[2];

	if (!strcmp(name, "dropping") && seconds > 40) {
		drop(queue, DROP_rx_ring_full, packets(1.21e6, seconds - 40));
	} else if (!strcmp(name, "stalled") && seconds > 40) {
		queue = &snapshot->queues[1];
		*queue = (struct snapshot_queue){ 0 };
		snapshot->queues_count = 1;
		queue = add_queue(snapshot, 0, 1, 5.57e6, 40);
		snapshot->queues_count = 4;
		queue->state = QUEUE_STALLED;
		queue->flow.rx_packets += packets(1e6, seconds - 40);
		queue->drop[DROP_rx_ring_full] = packets(1e6, seconds - 40);
	} else if (!strcmp(name, "absent")) {
		strcpy(snapshot->interfaces[0].state, "absent");
		for (unsigned i = 0; i < snapshot->queues_count; i++)
			snapshot->queues[i].state = QUEUE_ABSENT;
		add_event(snapshot, LOG_ERROR, 40, "eth0: the interface is gone, waiting for it");
	}
}

/* As where nothing but the counters of our own may be read: the kernel's and the driver's are unknown. */
static void fill_blind(struct snapshot *snapshot)
{
	for (unsigned i = 0; i < snapshot->queues_count; i++) {
		struct snapshot_queue *queue = &snapshot->queues[i];

		queue->drop[DROP_rx_ring_full] = queue->drop[DROP_rx_dropped] = SNAPSHOT_UNKNOWN;
		queue->in_flight_packets = SNAPSHOT_UNKNOWN;
		queue->unaccounted_packets = SNAPSHOT_BALANCE_UNKNOWN;
		queue->rx_ring = queue->tx_ring = queue->fill_ring = SNAPSHOT_UNKNOWN;
		queue->completion_ring = queue->ring_size = SNAPSHOT_UNKNOWN;
		queue->wakeups = queue->empty_polls = queue->fill_ring_empty = SNAPSHOT_UNKNOWN;
	}
	for (unsigned i = 0; i <= LEVEL_DEBUG; i++)
		snapshot->level_price_ns[i] = snapshot->kernel_price_ns[i] =
			snapshot->kernel_price_error_ns[i] = NAN;
}

/* Without a service everything is the stack's. */
static void pass_everything(struct snapshot *snapshot)
{
	for (unsigned i = 0; i < snapshot->queues_count; i++) {
		struct snapshot_queue *queue = &snapshot->queues[i];

		queue->pass_packets += queue->flow.tx_packets;
		queue->flow.tx_packets = queue->flow.tx_bytes = 0;
	}
}

static bool is_known(const char *name)
{
	for (unsigned i = 0; scene_names[i]; i++)
		if (!strcmp(scene_names[i], name))
			return true;
	return false;
}

bool scene_fill(struct snapshot *snapshot, const char *name, uint64_t elapsed_ns)
{
	double seconds = (double)elapsed_ns / 1e9, pps = strcmp(name, "silent") ? 5.58e6 : 0;

	memset(snapshot, 0, sizeof(*snapshot));
	if (!is_known(name))
		return false;
	if (!strcmp(name, "absent")) /* its counters stand still since then */
		seconds = seconds > 40 ? 40 : seconds;
	strcpy(snapshot->name, "ringside");
	strcpy(snapshot->version, "0.1.0");
	snapshot->time_ns = START_NS + (int64_t)elapsed_ns;
	snapshot->monotonic_ns = 1000 * NSEC_PER_SEC + elapsed_ns;
	snapshot->uptime_ns = elapsed_ns;
	snapshot->sequence = 1 + elapsed_ns / (100 * NSEC_PER_MSEC);
	snapshot->level = !strcmp(name, "basic")   ? LEVEL_BASIC
			  : !strcmp(name, "debug") ? LEVEL_DEBUG
						   : LEVEL_DETAILED;
	snapshot->debug_left_s = snapshot->level == LEVEL_DEBUG ? 42 : 0;
	for (unsigned i = 0; i <= LEVEL_DEBUG; i++) {
		snapshot->level_price_ns[i] = (const double[]){ 0.2, 1.1, 10.5 }[i];
		snapshot->kernel_price_ns[i] = (const double[]){ 1.3, 4.4, 68.0 }[i];
		snapshot->kernel_price_error_ns[i] = (const double[]){ 1.4, 0.64, 7.2 }[i];
	}
	if (!strcmp(name, "many")) {
		fill_many(snapshot, seconds);
	} else {
		fill_interface(&snapshot->interfaces[0], "eth0", "veth",
			"zero copy: Operation not supported");
		snapshot->interfaces_count = 1;
		for (unsigned i = 0; i < 4; i++)
			add_queue(snapshot, 0, i, pps * (1 + 0.003 * i), seconds);
	}
	fill_trouble(snapshot, name, seconds);
	if (!strcmp(name, "blind"))
		fill_blind(snapshot);
	snapshot_add_up(snapshot);
	if (strcmp(name, "empty") != 0)
		fill_service(snapshot, "reflect", snapshot->totals.flow.rx_packets,
		snapshot->totals.flow.tx_packets, "kernel");
	if (!strcmp(name, "rich"))
		fill_rich(snapshot, seconds);
	if (!strcmp(name, "empty"))
		pass_everything(snapshot);
	snapshot_add_up(snapshot);
	fill_kernel(snapshot);
	if (strcmp(name, "blind") && strcmp(name, "many") && strcmp(name, "absent"))
		snapshot->interfaces[0].nic_rx_pps =
			4.018 * pps * (1 + 0.2 * sin(2 * M_PI / 20 * seconds));
	add_event(snapshot, LOG_INFO, 1, "eth0: native XDP, copy mode, 4 queues");
	add_event(snapshot, LOG_INFO, 0, "reflect answers UDP port 3842 in the kernel half");
	return true;
}
