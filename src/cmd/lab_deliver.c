/* SPDX-License-Identifier: BSD-2-Clause */
/* deliver's lab: numbered datagrams leave ordinary sockets at one end, and a consumer of the ring says what became
 * of each. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/runtime.h"
#include "cmd/lab_packets.h"
#include "cmd/lab_tester.h"
#include "export/writer.h"
#include "ring/ring.h"
#include "stats/histogram.h"
#include "stats/units.h"

#define BATCH 64
#define PAYLOAD_MAX 1500
#define FLOWS_MAX 512 /* as many as the default is with the most queues */
#define WAIT_MS 1
#define KNOCK_NS (10 * NSEC_PER_MSEC)
/* Silence for so long after the last datagram: what is missing is lost. */
#define QUIET_NS (2 * NSEC_PER_SEC)
/* Between two tries to open a ring whose daemon is just starting. */
#define OPEN_PAUSE_NS (20 * NSEC_PER_MSEC)

struct lab_delivery {
	struct lab_result result;
	uint64_t knocks, sent, received, corrupted, out_of_order;
	uint64_t overrun; /* of what was published: the ring's own count */
	struct histogram latency;
};

/* At the front of each datagram; what follows is filled with the number's last byte. */
struct stamp {
	uint64_t number; /* 0: a knock */
	uint32_t flow;
};

struct tester {
	const struct generate_settings *settings;
	const struct generate_trial *trial;
	struct lab_delivery *found;
	struct ringside *ring;
	uint32_t payload, flows;
	int sockets[FLOWS_MAX];
	uint64_t last[FLOWS_MAX]; /* of each flow: the number seen last */
	uint64_t heard_ns;
	bool knocked; /* a knock has arrived */
};

static int prepare(struct lab_options *options, struct err *err)
{
	if (lab_packets_prepare(options, err))
		return -EINVAL;
	if (options->settings.flows > FLOWS_MAX)
		return err_say(err, -EINVAL, "--flows: at most %d", FLOWS_MAX);
	return lab_options_set(options, err, "ports=%u", options->settings.port);
}

static int furnish(struct lab_options *options, enum lab_end end, struct err *err)
{
	(void)options;
	return end == LAB_TESTER ? lab_packets_furnish(err) : 0;
}

static int open_socket(const struct generate_settings *settings, struct err *err)
{
	const struct generate_end *to = &settings->to;
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(settings->port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(settings->port) };
	const void *address = settings->ipv6 ? (void *)&six : (void *)&four;
	socklen_t bytes = settings->ipv6 ? sizeof(six) : sizeof(four);
	int fd = socket(settings->ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), code;

	memcpy(&six.sin6_addr, to->ip, sizeof(six.sin6_addr));
	memcpy(&four.sin_addr, to->ip, sizeof(four.sin_addr));
	if (fd >= 0 && !connect(fd, address, bytes))
		return fd;
	code = err_set(err, -errno, "open a socket to send from");
	if (fd >= 0)
		close(fd);
	return code;
}

/* The rings, as soon as the daemon has them. */
static int open_ring(struct tester *t, const char *instance, const char *name, struct err *err)
{
	const struct timespec pause = { .tv_nsec = OPEN_PAUSE_NS };
	const uint64_t start_ns = clock_now_ns();
	char folders[RUNTIME_FOLDERS][RUNTIME_PATH_BYTES], path[RUNTIME_PATH_BYTES];
	int code;

	runtime_folders(folders);
	code = runtime_path(path, folders[0], instance, ".sock", err);
	if (code)
		return code;
	do {
		code = ringside_open(&t->ring, path, name, NULL);
		if (!code)
			return 0;
		nanosleep(&pause, NULL);
	} while (lab_order(&t->found->result) == ORDER_GO &&
		 clock_now_ns() - start_ns < LAB_PATIENCE_S * NSEC_PER_SEC);
	return err_set(err, code, "open ring '%s' of %s", name, path);
}

/* Sends `count` datagrams with the numbers from `first` on, by one flow. Returns how many went. */
static unsigned send_some(struct tester *t, uint64_t first, unsigned count)
{
	const uint32_t flow = (uint32_t)(first / BATCH) % t->flows;
	uint8_t bytes[BATCH][PAYLOAD_MAX];
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec parts[BATCH];
	int n;

	for (unsigned i = 0; i < count; i++) {
		const struct stamp stamp = { first ? first + i : 0, flow };

		memset(bytes[i], (uint8_t)stamp.number, t->payload);
		memcpy(bytes[i], &stamp.number, sizeof(stamp.number));
		memcpy(bytes[i] + sizeof(stamp.number), &stamp.flow, sizeof(stamp.flow));
		parts[i] = (struct iovec){ bytes[i], t->payload };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	n = sendmmsg(t->sockets[flow], messages, count, MSG_DONTWAIT);
	return n > 0 ? (unsigned)n : 0;
}

static void judge(struct tester *t, const struct ringside_packet *packet, uint64_t now_ns)
{
	const uint8_t *payload = packet->data + packet->header;
	struct lab_delivery *found = t->found;
	struct stamp stamp = { 0 };
	uint32_t at = sizeof(stamp.number) + sizeof(stamp.flow);
	bool whole = packet->captured == packet->header + t->payload;

	if (whole) {
		memcpy(&stamp.number, payload, sizeof(stamp.number));
		memcpy(&stamp.flow, payload + sizeof(stamp.number), sizeof(stamp.flow));
		while (at < t->payload && payload[at] == (uint8_t)stamp.number)
			at++;
	}
	if (at != t->payload || stamp.flow >= t->flows) {
		found->corrupted++;
	} else if (!stamp.number) {
		t->knocked = true;
	} else if (stamp.number <= t->last[stamp.flow]) {
		found->out_of_order++;
	} else {
		t->last[stamp.flow] = stamp.number;
		found->received++;
		histogram_add(
			&found->latency, now_ns > packet->time_ns ? now_ns - packet->time_ns : 0);
	}
}

/* Takes what is there; waits for it at most so long. Returns 0, or a negative errno. */
static int take(struct tester *t, int wait_ms)
{
	struct ringside_packet packets[BATCH];
	int n = wait_ms ? ringside_wait(t->ring, wait_ms) : 0;

	while (n >= 0 && (n = ringside_receive(t->ring, packets, BATCH)) > 0) {
		t->heard_ns = clock_now_ns();
		for (int i = 0; i < n; i++)
			judge(t, &packets[i], t->heard_ns);
	}
	return n < 0 && n != -EINTR ? n : 0;
}

/* Until the first datagram of each flow has come through. */
static int knock(struct tester *t, struct err *err)
{
	const uint64_t start_ns = clock_now_ns();
	uint64_t knocked_ns = 0;

	while (!t->knocked && lab_order(&t->found->result) == ORDER_GO) {
		const uint64_t now_ns = clock_now_ns();
		int code;

		if (now_ns - start_ns > LAB_PATIENCE_S * NSEC_PER_SEC)
			return err_say(err, -ETIMEDOUT, "no datagram has come through within %u s",
				LAB_PATIENCE_S);
		if (now_ns - knocked_ns > KNOCK_NS) {
			t->found->knocks += send_some(t, 0, 1);
			knocked_ns = now_ns;
		}
		code = take(t, WAIT_MS);
		if (code)
			return code;
	}
	return 0;
}

/* How many are due by now and not yet sent, a batch at most. */
static unsigned count_due(const struct tester *t, uint64_t since_ns)
{
	const uint64_t rate = t->trial->rate_pps;
	uint64_t due =
		rate ? (uint64_t)((double)since_ns * 1e-9 * (double)rate) : t->found->sent + BATCH;

	/* one flow sends a batch: numbers that follow each other share it */
	due = due > t->found->sent ? due - t->found->sent : 0;
	if (due > BATCH - t->found->sent % BATCH)
		due = BATCH - t->found->sent % BATCH;
	return (unsigned)due;
}

static int deliver(struct tester *t)
{
	const uint64_t start_ns = clock_now_ns();
	struct lab_delivery *found = t->found;
	uint64_t now_ns = start_ns;
	int code = 0;

	while (!code && lab_order(&found->result) == ORDER_GO &&
		(!t->trial->duration_ns || now_ns - start_ns < t->trial->duration_ns)) {
		unsigned due = count_due(t, now_ns - start_ns);

		/* number 0 is a knock's */
		if (due)
			found->sent += send_some(t, BATCH + found->sent, due);
		code = take(t, due ? 0 : WAIT_MS);
		now_ns = clock_now_ns();
	}
	t->heard_ns = clock_now_ns();
	while (!code && lab_order(&found->result) != ORDER_ABANDON &&
		found->received + found->out_of_order < found->sent &&
		clock_now_ns() - t->heard_ns < QUIET_NS)
		code = take(t, WAIT_MS);
	return code;
}

static void count_overrun(struct tester *t)
{
	for (unsigned i = 0; i < ringside_rings(t->ring); i++) {
		struct ringside_counts counts;

		ringside_counts(t->ring, i, &counts);
		t->found->overrun += counts.lost_polling + counts.lost_reading;
	}
}

static int run(struct tester *t, const struct lab_options *options, struct err *err)
{
	const char *name = lab_options_find(options, "deliver.ring");
	int code = 0;

	for (uint32_t i = 0; i < t->flows && code >= 0; i++)
		code = t->sockets[i] = open_socket(t->settings, err);
	if (code >= 0)
		code = open_ring(t, lab_options_find(options, "ringside.name"),
			name && *name ? name : "deliver", err);
	if (code)
		return code;
	code = knock(t, err);
	if (!code && t->knocked)
		code = deliver(t);
	t->found->result.answered = t->knocked;
	count_overrun(t);
	ringside_close(t->ring);
	return code == -ESTALE ? 0 : code; /* the daemon's end is told by others */
}

static void test(const struct lab_options *options, struct lab_result *result)
{
	struct generate_settings settings;
	struct tester t = { .settings = &settings,
		.trial = &options->trial,
		.found = (struct lab_delivery *)result };

	lab_packets_address(options, &settings);
	t.flows = settings.flows;
	t.payload = options->trial.size - ETHERNET_FCS - ETH_HLEN - sizeof(struct udphdr) -
		    (uint32_t)(settings.ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	result->code = run(&t, options, &result->err);
}

static void print(const struct lab_result *result, char *line, size_t size)
{
	const struct lab_delivery *found = (const struct lab_delivery *)result;
	const uint64_t count = histogram_count(&found->latency);
	char p50[UNITS_BYTES], p99[UNITS_BYTES];
	struct writer out;

	writer_init(&out, line, size);
	writer_format(&out,
		"sent %" PRIu64 ", received %" PRIu64 ", lost %" PRIu64 " (%" PRIu64
		" overwritten in the ring), out of order %" PRIu64 ", corrupted %" PRIu64,
		found->sent, found->received, found->sent - found->received - found->out_of_order,
		found->overrun, found->out_of_order, found->corrupted);
	if (count)
		writer_format(&out, "; arrival to consumer p50 %s, p99 %s",
			units_ns(p50, sizeof(p50),
				histogram_percentile(&found->latency, count, 500000)),
			units_ns(p99, sizeof(p99),
				histogram_percentile(&found->latency, count, 990000)));
	writer_format(&out, " (behind %" PRIu64 " to begin with)", found->knocks);
}

static const char *const arguments[] = { "size", "rate", "port", "flows", "ipv6", NULL };

const struct lab_service lab_deliver = {
	.name = "deliver",
	.takes = arguments,
	.result_bytes = sizeof(struct lab_delivery),
	.prepare = prepare,
	.furnish = furnish,
	.test = test,
	.print = print,
};
