/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/lab_sender.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/lab_socket.h"
#include "stats/units.h"

#define BATCH 32
/* How many of the newest packets' sending times are kept: 20 s at the default rate, 1 s at 1
 * Mpps. */
#define WINDOW (1u << 20)
/* Until the first answer: often enough to start at once, too few to matter in any count. */
#define PROBE_PPS 100
/* When the machine was busy elsewhere for longer than this, what was missed is not made up for: a
 * burst would measure the queues' lengths. */
#define LAG_NS (10 * NSEC_PER_MSEC)
/* Sleeps are at least this long, so that at high rates several packets are sent at a time. */
#define NAP_NS 100000ull
/* The end: as long as answers keep coming with pauses below this, they are waited for. */
#define STRAGGLER_MS 200

struct sender {
	const struct lab_sender_settings *settings;
	struct lab_result *result;
	struct lab_frame frame;
	int send_fd, receive_fd;
	uint64_t next_of_flow[LAB_FLOWS_MAX]; /* one above the highest answered of each */
	int held_fd[1 + LAB_FLOWS_MAX]; /* what has to stay open meanwhile */
	uint32_t held;
	uint64_t next; /* sequence number of the next packet */
	uint64_t first, last; /* of those answered, the lowest and the highest */
	uint64_t paced_since_ns, paced; /* packets sent since then */
	uint64_t *sent_ns; /* by sequence modulo WINDOW; 0: answered */
	uint8_t (*packets)[LAB_FRAME_MAX]; /* BATCH, to send */
	uint8_t (*answers)[LAB_FRAME_MAX +
			   1]; /* BATCH; one byte more, to see that one is too long */
};

static int sender_open(struct sender *s, struct err *err)
{
	int fd;

	lab_frame_init(&s->frame, &s->settings->from, &s->settings->to, s->settings->length,
		s->settings->flows);
	s->sent_ns = calloc(WINDOW, sizeof(*s->sent_ns));
	s->packets = calloc(BATCH, sizeof(*s->packets));
	s->answers = calloc(BATCH, sizeof(*s->answers));
	if (!s->sent_ns || !s->packets || !s->answers)
		return err_set(err, -ENOMEM, "test packets");
	fd = lab_socket_wake(s->settings->link, err);
	for (uint32_t flow = 0; fd >= 0; flow++) {
		s->held_fd[s->held++] = fd;
		if (flow == s->settings->flows)
			break;
		fd = lab_socket_absorb(lab_frame_port(flow), err);
	}
	if (fd < 0)
		return fd;
	s->receive_fd = lab_socket_receive(s->settings->link, err);
	if (s->receive_fd < 0)
		return s->receive_fd;
	s->send_fd = lab_socket_send(s->settings->link, err);
	return s->send_fd < 0 ? s->send_fd : 0;
}

static void sender_close(struct sender *s)
{
	if (s->send_fd >= 0)
		close(s->send_fd);
	if (s->receive_fd >= 0)
		close(s->receive_fd);
	while (s->held)
		close(s->held_fd[--s->held]);
	free(s->sent_ns);
	free(s->packets);
	free(s->answers);
}

/* Sends up to count packets; returns how many went, or a negative errno when no more ever will. */
static int sender_send(struct sender *s, unsigned count)
{
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec parts[BATCH];
	int sent;

	for (unsigned i = 0; i < count; i++) {
		uint64_t now = clock_now_ns();

		s->sent_ns[(s->next + i) % WINDOW] = now;
		lab_frame_write(&s->frame, s->packets[i], (uint32_t)(s->next + i), now);
		parts[i] = (struct iovec){ s->packets[i], s->frame.length };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	sent = sendmmsg(s->send_fd, messages, count, MSG_DONTWAIT);
	if (sent < 0) /* no room for now; or the link is down for now */
		return errno == ENOBUFS || errno == EAGAIN || errno == EINTR || errno == ENETDOWN
			       ? 0
			       : -errno;
	s->next += (unsigned)sent;
	s->paced += (unsigned)sent;
	return sent;
}

static uint64_t sender_arrival_ns(struct msghdr *message, uint64_t fallback_ns)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		struct timespec time;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&time, CMSG_DATA(c), sizeof(time));
		return (uint64_t)time.tv_sec * NSEC_PER_SEC + (uint64_t)time.tv_nsec;
	}
	return fallback_ns;
}

static void sender_begin(struct sender *s, uint64_t sequence)
{
	s->result->answered = true;
	s->first = s->last = sequence;
	s->paced_since_ns = clock_now_ns();
	s->paced = 0;
}

/* Whose answer this is, as yet unanswered: 1; else it is counted as what it is: 0. */
static int sender_find(struct sender *s, const uint8_t *bytes, uint32_t length, uint64_t *sequence,
	uint64_t *sent_ns)
{
	uint32_t low;

	if (!lab_frame_sequence(bytes, length, &low) || !s->next) {
		s->result->damaged++;
		return 0;
	}
	/* the number as it is without its cut to 32 bits: the nearest one below the next */
	*sequence = s->next - 1 - (uint32_t)((uint32_t)(s->next - 1) - low);
	if (*sequence >= s->next || s->next - *sequence > WINDOW) {
		s->result->damaged++; /* never sent, or out of all time */
		return 0;
	}
	*sent_ns = s->sent_ns[*sequence % WINDOW];
	if (!*sent_ns) {
		s->result->duplicated++;
		return 0;
	}
	s->sent_ns[*sequence % WINDOW] = 0;
	return 1;
}

static void sender_judge(
	struct sender *s, const uint8_t *bytes, uint32_t length, uint64_t arrival_ns)
{
	struct lab_result *result = s->result;
	uint64_t sequence, sent_ns, *next_of_flow;
	enum lab_verdict verdict;

	if (!sender_find(s, bytes, length, &sequence, &sent_ns))
		return;
	if (!result->answered)
		sender_begin(s, sequence);
	result->back++;
	verdict = lab_frame_judge(&s->frame, bytes, length, (uint32_t)sequence, sent_ns);
	result->not_swapped += verdict == LAB_NOT_SWAPPED;
	result->damaged += verdict == LAB_DAMAGED;
	/* flows overtake each other, for each takes a queue of its own */
	next_of_flow = &s->next_of_flow[(uint32_t)sequence % s->settings->flows];
	if (sequence < *next_of_flow)
		result->reordered++;
	else
		*next_of_flow = sequence + 1;
	if (sequence > s->last)
		s->last = sequence;
	if (sequence < s->first)
		s->first = sequence;
	histogram_add(&result->round_trip, arrival_ns > sent_ns ? arrival_ns - sent_ns : 0);
}

/* Takes what has arrived, one batch of it; returns how many packets. */
static int sender_receive(struct sender *s)
{
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec parts[BATCH];
	union {
		char bytes[CMSG_SPACE(sizeof(struct timespec))];
		struct cmsghdr align;
	} control[BATCH];
	uint64_t wall_ahead_ns;
	int count;

	for (unsigned i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){ s->answers[i], sizeof(s->answers[i]) };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
		messages[i].msg_hdr.msg_control = &control[i];
		messages[i].msg_hdr.msg_controllen = sizeof(control[i]);
	}
	count = recvmmsg(s->receive_fd, messages, BATCH, MSG_DONTWAIT, NULL);
	if (count <= 0)
		return 0;
	/* the kernel stamps arrivals by the wall clock only, which may be set while we run */
	wall_ahead_ns = clock_read_ns(CLOCK_REALTIME) - clock_now_ns();
	for (int i = 0; i < count; i++)
		sender_judge(s, s->answers[i], messages[i].msg_len,
			sender_arrival_ns(&messages[i].msg_hdr, clock_read_ns(CLOCK_REALTIME)) -
				wall_ahead_ns);
	return count;
}

/* How many packets are due; *wait_ns is the time until the next one is. */
static unsigned sender_due(struct sender *s, uint64_t now, uint64_t *wait_ns)
{
	uint64_t rate = s->settings->rate_pps;
	double due;

	*wait_ns = 0;
	if (!s->result->answered && rate > PROBE_PPS)
		rate = PROBE_PPS;
	if (rate == LAB_RATE_MAX)
		return BATCH;
	due = (double)(now - s->paced_since_ns) * (double)rate / 1e9 + 1 - (double)s->paced;
	if (due < 1) {
		*wait_ns = (uint64_t)((1 - due) * 1e9 / (double)rate);
		return 0;
	}
	if (due > 1 + (double)LAG_NS * (double)rate / 1e9 && due > BATCH) {
		s->paced_since_ns = now;
		s->paced = 0;
		return 1;
	}
	return due < BATCH ? (unsigned)due : BATCH;
}

static void sender_nap(uint64_t wait_ns)
{
	struct timespec time;

	if (wait_ns < NAP_NS)
		wait_ns = NAP_NS;
	if (wait_ns > LAG_NS) /* orders and durations want to be noticed */
		wait_ns = LAG_NS;
	time = (struct timespec){ .tv_nsec = (long)wait_ns };
	clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

static uint32_t sender_order(const struct sender *s)
{
	return __atomic_load_n(&s->result->order, __ATOMIC_RELAXED);
}

/* Whether it is time to stop. start: of the duration, which begins with the first answer, or of the
 * wait for it. */
static bool sender_is_over(struct sender *s, uint64_t now, uint64_t start)
{
	struct lab_result *result = s->result;

	if (sender_order(s) != LAB_GO)
		return true;
	if (!s->settings->duration_ns)
		return false;
	if (!result->answered && now - start > LAB_PATIENCE_S * NSEC_PER_SEC) {
		result->code = err_say(&result->err, -ETIMEDOUT,
			"%s: no test packet has come back within %u s", s->settings->link,
			LAB_PATIENCE_S);
		return true;
	}
	result->completed = result->answered && now - start >= s->settings->duration_ns;
	return result->completed;
}

static int sender_work(struct sender *s)
{
	uint64_t start = clock_now_ns(), now;
	bool counting = false;

	s->paced_since_ns = start;
	while (now = clock_now_ns(), !sender_is_over(s, now, start)) {
		uint64_t wait_ns;
		unsigned due = sender_due(s, now, &wait_ns);
		int sent = due ? sender_send(s, due) : 0;

		if (sent < 0)
			return err_set(
				&s->result->err, sent, "%s: send test packets", s->settings->link);
		while (sender_receive(s) == BATCH && clock_now_ns() - now < LAG_NS)
			;
		if (s->result->answered && !counting) {
			counting = true;
			start = clock_now_ns(); /* the duration begins */
		}
		if (!sent)
			sender_nap(wait_ns);
	}
	return 0;
}

/* Waits for what is on its way back. */
static void sender_collect(struct sender *s)
{
	struct pollfd arrival = { .fd = s->receive_fd, .events = POLLIN };
	uint64_t end = clock_now_ns() + LAB_PATIENCE_S * NSEC_PER_SEC;

	do {
		while (sender_receive(s))
			;
		if (sender_order(s) == LAB_ABANDON || s->first + s->result->back == s->next)
			return;
	} while (clock_now_ns() < end && poll(&arrival, 1, STRAGGLER_MS) > 0);
}

static void sender_sum_up(struct sender *s)
{
	struct lab_result *result = s->result;
	struct tpacket_stats statistics = { 0 };
	socklen_t bytes = sizeof(statistics);
	uint64_t end = s->next;

	if (!getsockopt(s->receive_fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &bytes))
		result->overrun = statistics.tp_drops;
	if (result->answered && !result->completed) {
		end = s->last + 1;
		result->after = s->next - end;
	}
	result->sent = end - s->first;
	result->lost = result->sent - result->back;
	result->lost -= result->overrun < result->lost ? result->overrun : result->lost;
}

void lab_sender_run(const struct lab_sender_settings *settings, struct lab_result *result)
{
	struct sender s = {
		.settings = settings, .result = result, .send_fd = -1, .receive_fd = -1
	};

	result->code = sender_open(&s, &result->err);
	if (!result->code) {
		int code = sender_work(&s);

		if (code)
			result->code = code;
		else
			sender_collect(&s);
		sender_sum_up(&s);
	}
	sender_close(&s);
}

void lab_result_print(const struct lab_result *result, char *line, size_t size)
{
	static const struct {
		const char *name;
		uint32_t ppm;
	} points[] = { { "p50", 500000 }, { "p90", 900000 }, { "p99", 990000 },
		{ "p99.9", 999000 } };
	const struct histogram *histogram = &result->round_trip;
	uint64_t count = histogram_count(histogram);
	FILE *out = fmemopen(line, size, "w");
	char unit[UNITS_BYTES];

	line[0] = '\0';
	if (!out)
		return;
	fprintf(out,
		"sent %" PRIu64 ", came back %" PRIu64 ", lost %" PRIu64 ", duplicated %" PRIu64
		", reordered %" PRIu64 ", not swapped %" PRIu64,
		result->sent, result->back, result->lost, result->duplicated, result->reordered,
		result->not_swapped);
	if (result->damaged)
		fprintf(out, ", damaged %" PRIu64, result->damaged);
	if (result->overrun)
		fprintf(out, ", missed by the sender itself %" PRIu64, result->overrun);
	for (unsigned i = 0; count && i < sizeof(points) / sizeof(*points); i++)
		fprintf(out, "%s %s %s", i ? "," : "; round trip", points[i].name,
			units_ns(unit, sizeof(unit),
				histogram_percentile(histogram, count, points[i].ppm)));
	if (count)
		fprintf(out, ", max %s", units_ns(unit, sizeof(unit), histogram->max));
	if (result->after)
		fprintf(out, " (%" PRIu64 " more behind the last answer)", result->after);
	fclose(out);
	line[size - 1] = '\0';
}
