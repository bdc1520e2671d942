/* SPDX-License-Identifier: BSD-2-Clause */
/* steer's lab: packets of many keys leave an ordinary socket at one end, one in eight of them junk; a server's
 * socket at the other says whether all of a key came, in order, and whether junk did. */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/runtime.h"
#include "cmd/lab_packets.h"
#include "cmd/lab_tester.h"

#define BATCH 32
#define KEYS 1000
#define JUNK_EVERY 8
#define PAYLOAD_MAX 1500
#define MAGIC 0x4c414d49u /* the default of `magic` */
/* What a server that is slower for a moment has room for; the kernel allows less, maybe. */
#define BUFFER_BYTES (8 << 20)
/* Silence for so long after the last packet: what is missing is lost. */
#define QUIET_NS NSEC_PER_SEC
/* Between two looks whether the service has begun. */
#define PAUSE_NS (20 * NSEC_PER_MSEC)

struct header {
	__be32 magic, key, length;
	__be64 number; /* of the key's packets, from 1 */
} __attribute__((packed));

struct lab_steering {
	struct lab_result result;
	uint64_t good, junk; /* sent */
	uint64_t received, out_of_order, junk_received;
};

struct tester {
	const struct lab_options *options;
	struct lab_steering *found;
	uint64_t sent[KEYS], last[KEYS]; /* numbers */
	uint64_t heard_ns;
	size_t payload;
	int socket;
};

static int prepare(struct lab_options *options, struct err *err)
{
	if (lab_packets_prepare(options, err))
		return -EINVAL;
	if (options->trial.size < ETHERNET_FCS + ETH_HLEN + sizeof(struct iphdr) +
					  sizeof(struct udphdr) + sizeof(struct header))
		return err_say(err, -EINVAL, "--size: too short for a header of %zu bytes",
			sizeof(struct header));
	if (lab_options_set(options, err, "port=%u", options->settings.port) ||
		lab_options_set(options, err, "header=%zu", sizeof(struct header)))
		return -EINVAL;
	return lab_options_set(options, err, "sequence=8@12");
}

/* The server's socket, which the tester inherits from its starter. */
static int serve(struct lab_options *options, struct err *err)
{
	const struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons(options->settings.port) };
	const int bytes = BUFFER_BYTES;

	options->absorber = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (options->absorber < 0 ||
		bind(options->absorber, (const struct sockaddr *)&at, sizeof(at)))
		return err_set(err, -errno, "take UDP port %u", options->settings.port);
	if (setsockopt(options->absorber, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(options->absorber, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return 0;
}

static int furnish(struct lab_options *options, enum lab_end end, struct err *err)
{
	return end == LAB_TESTER ? lab_packets_furnish(err) : serve(options, err);
}

static void clear(struct lab_options *options)
{
	if (options->absorber >= 0)
		close(options->absorber);
}

static int open_sender(struct tester *t, struct err *err)
{
	struct generate_settings settings;
	struct sockaddr_in to = { .sin_family = AF_INET };

	lab_packets_address(t->options, &settings);
	memcpy(&to.sin_addr, settings.to.ip, sizeof(to.sin_addr));
	to.sin_port = htons(settings.port);
	t->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (t->socket < 0 || connect(t->socket, (struct sockaddr *)&to, sizeof(to)))
		return err_set(err, -errno, "open a socket to send from");
	return 0;
}

/* Until the service has its control socket, which it opens when all else is in its place. */
static int await_service(struct tester *t, struct err *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	const uint64_t start_ns = clock_now_ns();
	char folders[RUNTIME_FOLDERS][RUNTIME_PATH_BYTES], path[RUNTIME_PATH_BYTES];
	struct stat stat_of;
	int code;

	runtime_folders(folders);
	code = runtime_path(
		path, folders[0], lab_options_find(t->options, "ringside.name"), ".sock", err);
	while (!code && stat(path, &stat_of) && lab_order(&t->found->result) == ORDER_GO) {
		if (clock_now_ns() - start_ns > LAB_PATIENCE_S * NSEC_PER_SEC)
			return err_say(err, -ETIMEDOUT, "the service has not begun within %u s",
				LAB_PATIENCE_S);
		nanosleep(&pause, NULL);
	}
	return code;
}

/* Packet `n` of all. A key's number counts only packets that went. */
static void send_one(struct tester *t, uint64_t n)
{
	const bool is_junk = n % JUNK_EVERY == JUNK_EVERY - 1;
	/* mixed (Knuth's multiplicative hash), or some keys would have nothing but junk */
	const uint32_t key = (uint32_t)(n * 2654435761u >> 12) % KEYS;
	uint8_t bytes[PAYLOAD_MAX] = { 0 };
	const struct header header = { htobe32(is_junk ? ~MAGIC : MAGIC), htobe32(key),
		htobe32((uint32_t)(t->payload - sizeof(header))), htobe64(t->sent[key] + 1) };

	memcpy(bytes, &header, sizeof(header));
	if (send(t->socket, bytes, t->payload, MSG_DONTWAIT) < 0)
		return;
	t->found->junk += is_junk;
	t->found->good += !is_junk;
	t->sent[key] += !is_junk;
}

static void judge(struct tester *t, const uint8_t *bytes, size_t length)
{
	struct lab_steering *found = t->found;
	struct header header;
	uint32_t key;

	memcpy(&header, bytes, sizeof(header));
	key = be32toh(header.key);
	if (length != t->payload || header.magic != htobe32(MAGIC) || key >= KEYS) {
		found->junk_received++;
		return;
	}
	found->received++;
	if (be64toh(header.number) <= t->last[key])
		found->out_of_order++;
	else
		t->last[key] = be64toh(header.number);
}

/* What is there now. */
static void take(struct tester *t)
{
	uint8_t bytes[PAYLOAD_MAX];
	ssize_t length;

	while ((length = recv(t->options->absorber, bytes, sizeof(bytes), 0)) >= 0) {
		t->heard_ns = clock_now_ns();
		if ((size_t)length >= sizeof(struct header))
			judge(t, bytes, (size_t)length);
		else
			t->found->junk_received++;
	}
}

static void steer(struct tester *t)
{
	const struct generate_trial *trial = &t->options->trial;
	const uint64_t start_ns = clock_now_ns();
	const struct timespec pause = { .tv_nsec = 100000 };
	struct lab_steering *found = t->found;
	uint64_t now_ns = start_ns, n = 0;

	while (lab_order(&found->result) == ORDER_GO &&
		(!trial->duration_ns || now_ns - start_ns < trial->duration_ns)) {
		uint64_t due = trial->rate_pps ? (uint64_t)((double)(now_ns - start_ns) * 1e-9 *
							    (double)trial->rate_pps)
					       : n + BATCH;

		if (n >= due)
			nanosleep(&pause, NULL);
		for (unsigned i = 0; i < BATCH && n < due; i++)
			send_one(t, n++);
		take(t);
		now_ns = clock_now_ns();
	}
	t->heard_ns = clock_now_ns();
	while (found->received < found->good && lab_order(&found->result) != ORDER_ABANDON &&
		clock_now_ns() - t->heard_ns < QUIET_NS) {
		nanosleep(&pause, NULL);
		take(t);
	}
	found->result.answered = found->received > 0;
}

static void test(const struct lab_options *options, struct lab_result *result)
{
	struct tester t = { .options = options, .found = (struct lab_steering *)result };

	t.payload = options->trial.size - ETHERNET_FCS - ETH_HLEN - sizeof(struct iphdr) -
		    sizeof(struct udphdr);
	result->code = open_sender(&t, &result->err);
	if (!result->code)
		result->code = await_service(&t, &result->err);
	if (!result->code)
		steer(&t);
}

static void print(const struct lab_result *result, char *line, size_t size)
{
	const struct lab_steering *found = (const struct lab_steering *)result;

	snprintf(line, size,
		"sent %" PRIu64 " of %d keys and %" PRIu64 " junk, received %" PRIu64
		", lost %" PRIu64 ", out of order %" PRIu64 ", junk received %" PRIu64,
		found->good, KEYS, found->junk, found->received, found->good - found->received,
		found->out_of_order, found->junk_received);
}

static const char *const arguments[] = { "size", "rate", "port", NULL };

const struct lab_service lab_steer = {
	.name = "steer",
	.takes = arguments,
	.result_bytes = sizeof(struct lab_steering),
	.prepare = prepare,
	.furnish = furnish,
	.clear = clear,
	.test = test,
	.print = print,
};
