/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/tap_output.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "bpf/tap.h"
#include "cmd/tap_line.h"
#include "export/pcapng.h"
#include "stats/snapshot.h"

int tap_output_init(struct tap_output *out, struct err *err)
{
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, UINT16_MAX);
	int ret = 0;

	if (!dead)
		return err_set(err, -ENOMEM, "compile the filter");
	if (*out->filter && pcap_compile(dead, &out->program, out->filter, 1, PCAP_NETMASK_UNKNOWN))
		ret = err_say(err, -EINVAL, "filter '%s': %s", out->filter, pcap_geterr(dead));
	pcap_close(dead);
	return ret;
}

static int write_failed(const struct tap_output *out, int ret, struct err *err)
{
	return ret ? err_set(err, ret, "write %s", out->write) : 0;
}

int tap_output_open(struct tap_output *out, struct err *err)
{
	out->realtime_ns = (int64_t)(clock_read_ns(CLOCK_REALTIME) - clock_now_ns());
	if (!out->write)
		return 0;
	out->file = strcmp(out->write, "-") ? fopen(out->write, "we") : stdout;
	if (!out->file)
		return err_set(err, -errno, "open %s", out->write);
	return write_failed(out, pcapng_write_section(out->file, "ringside " PACKAGE_VERSION), err);
}

/* What the kernel half finishes comes in one ring for all queues. */
static void name_ring(const struct tap_output *out, unsigned index, char *name, size_t size)
{
	uint32_t queue;
	const char *interface = ringside_interface(out->rings, index, &queue);

	if (queue == TAP_ALL_QUEUES)
		snprintf(name, size, "%s", interface);
	else
		snprintf(name, size, "%s/%u", interface, queue);
}

int tap_output_begin(
	struct tap_output *out, struct ringside *rings, const char *socket, struct err *err)
{
	int ret = 0;

	out->rings = rings;
	if (out->is_tap)
		tap_behind_begin(&out->behind, socket);
	memset(out->ring, 0, sizeof(out->ring));
	for (unsigned i = 0; i < ringside_rings(rings) && !ret; i++) {
		char name[40];

		name_ring(out, i, name, sizeof(name));
		out->ring[i].interface = out->interfaces++;
		if (out->file)
			ret = pcapng_write_interface(out->file, name, out->filter);
	}
	return write_failed(out, ret, err);
}

/* Those that the kernel dropped on their way to the ring's worker; what a kernel half finishes has no such way. */
static uint64_t count_kernel_lost(const struct tap_output *out, unsigned i)
{
	uint32_t queue;
	const char *interface = ringside_interface(out->rings, i, &queue);
	uint64_t full, dropped;

	if (!out->is_tap || queue == TAP_ALL_QUEUES)
		return PCAPNG_UNKNOWN;
	full = tap_behind_count(&out->behind, interface, queue, DROP_rx_ring_full);
	dropped = tap_behind_count(&out->behind, interface, queue, DROP_rx_dropped);
	return full == SNAPSHOT_UNKNOWN ? PCAPNG_UNKNOWN : full + dropped;
}

static void count_behind(struct tap_output *out)
{
	for (unsigned i = 0; i < TAP_BEHIND_REASONS; i++) {
		uint64_t count =
			tap_behind_count(&out->behind, NULL, SNAPSHOT_NONE, tap_behind_reasons[i]);

		out->unseen.is_unknown |= count == SNAPSHOT_UNKNOWN;
		out->unseen.dropped[i] += count;
	}
}

static void count_ring(const struct tap_output *out, unsigned i, struct pcapng_statistics *end)
{
	const struct tap_output_ring *ring = &out->ring[i];
	struct ringside_counts counts;

	*end = (struct pcapng_statistics){
		.interface = ring->interface,
		.time_ns = clock_now_ns() + (uint64_t)out->realtime_ns,
		.lost = ring->lost,
		.received = ring->seen,
		.accepted = ring->accepted,
		.kernel_lost = count_kernel_lost(out, i),
	};
	if (out->is_tap)
		return;
	ringside_counts(out->rings, i, &counts);
	end->lost = counts.lost_polling + counts.lost_reading;
	end->received = counts.received;
}

int tap_output_end(struct tap_output *out, struct err *err)
{
	int ret = 0;

	if (out->rings && out->is_tap) {
		tap_behind_end(&out->behind);
		count_behind(out);
	}
	for (unsigned i = 0; out->rings && i < ringside_rings(out->rings); i++) {
		struct pcapng_statistics end;

		count_ring(out, i, &end);
		out->received += end.received;
		out->lost += end.lost;
		end.received += end.lost; /* in the file, what there was */
		if (out->file && !ret)
			ret = pcapng_write_statistics(out->file, &end);
	}
	ringside_close(out->rings);
	out->rings = NULL;
	tap_behind_close(&out->behind);
	return write_failed(out, ret, err);
}

/* What became of it, as lines and comments have it. */
static void say_outcome(char *text, size_t size, uint32_t outcome, unsigned packets)
{
	static const char *const words[OUTCOME_DROP] = { "passed", "answered", "handed over",
		"delivered" };

	if (outcome < OUTCOME_DROP)
		snprintf(text, size, "%s", words[outcome]);
	else if (outcome < OUTCOME_SPARE)
		snprintf(text, size, "dropped: %s", drop_names[outcome - OUTCOME_DROP]);
	else if (outcome < OUTCOME_SPARE + DROPS_OF_SERVICE)
		snprintf(text, size, "passed, monitored: %s", drop_names[outcome - OUTCOME_SPARE]);
	else
		snprintf(text, size, "outcome %u", outcome);
	if (packets > 1)
		snprintf(text + strlen(text), size - strlen(text), ", %u packets in one", packets);
}

static void print(const struct tap_output *out, const struct ringside_packet *packet,
	const struct pcapng_packet *block)
{
	const time_t seconds = (time_t)(block->time_ns / NSEC_PER_SEC);
	char clock[16], text[256];
	struct tm local;

	localtime_r(&seconds, &local);
	strftime(clock, sizeof(clock), "%H:%M:%S", &local);
	tap_line(text, sizeof(text), packet->data, packet->captured, packet->length);
	printf("%s.%09u %s/%u %s%s%s\n", clock, (unsigned)(block->time_ns % NSEC_PER_SEC),
		ringside_interface(out->rings, packet->ring, NULL), block->queue, text,
		block->comment ? ", " : "", block->comment ? block->comment : "");
}

static bool wants(const struct tap_output *out, const struct ringside_packet *packet)
{
	const struct pcap_pkthdr head = { .caplen = packet->captured, .len = packet->length };

	return !out->program.bf_len || pcap_offline_filter(&out->program, &head, packet->data);
}

/* Counts what was lost before the packet; false: it only tells that. */
static bool count_lost(const struct tap_output *out, struct tap_output_ring *ring,
	const struct ringside_packet *packet)
{
	const uint32_t serial = out->is_tap ? packet->hash : (uint32_t)packet->sequence;
	const bool is_packet = !out->is_tap || packet->length;
	uint64_t lost = 0;

	if (ring->has_serial) {
		lost = (uint32_t)(serial - ring->serial - is_packet);
	} else if (is_packet) {
		struct ringside_counts counts;

		ringside_counts(out->rings, packet->ring, &counts);
		lost = out->is_tap ? counts.lost_polling + counts.lost_reading : 0;
	}
	ring->serial = serial;
	ring->has_serial = true;
	ring->seen += is_packet;
	ring->lost += lost;
	ring->pending += lost;
	return is_packet;
}

int tap_output_show(struct tap_output *out, const struct ringside_packet *packet, struct err *err)
{
	struct tap_output_ring *ring = &out->ring[packet->ring];
	struct pcapng_packet block = {
		.interface = ring->interface,
		.time_ns = packet->time_ns + (uint64_t)out->realtime_ns,
		.data = packet->data,
		.captured = packet->captured,
		.length = packet->length,
		.id = packet->sequence,
	};
	uint32_t word = (uint32_t)packet->destination_port << 16 | packet->source_port;
	char comment[64];

	if (!count_lost(out, ring, packet))
		return 0;
	if (out->is_tap && packet->header > 1) {
		out->joined++;
		out->joined_from += packet->header;
	}
	block.lost = ring->pending;
	ring->pending = 0;
	if (!wants(out, packet))
		return 0;
	out->taken++;
	ring->accepted++;
	ringside_interface(out->rings, packet->ring, &block.queue);
	if (out->is_tap) {
		say_outcome(comment, sizeof(comment), tap_word_outcome(word), packet->header);
		block.comment = comment;
		block.queue = tap_word_queue(word);
		block.id = packet->hash;
	}
	if (out->print)
		print(out, packet, &block);
	return out->file ? write_failed(out, pcapng_write_packet(out->file, &block), err) : 0;
}

int tap_output_flush(struct tap_output *out, struct err *err)
{
	if ((out->file && fflush(out->file)) || fflush(stdout))
		return err_set(err, -errno, "write %s", out->file ? out->write : "the lines");
	return 0;
}

int tap_output_close(struct tap_output *out, struct err *err)
{
	int ret = 0;

	if (out->file && fflush(out->file))
		ret = err_set(err, -errno, "write %s", out->write);
	if (out->file && out->file != stdout)
		fclose(out->file);
	pcap_freecode(&out->program);
	tap_behind_close(&out->behind);
	return ret;
}
