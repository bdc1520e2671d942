/* SPDX-License-Identifier: BSD-2-Clause */
/* The clients of http's lab: one thread, a request at a time on each connection, every answer compared. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/lab_http.h"
#include "cmd/lab_tester.h"

#define PORT 80
/* A connection is closed after so many answers, so that there are handshakes to see. */
#define ANSWERS_EACH 50
/* And after so long, where a busy machine has come to fewer: the first ones are those of the ordinary server, which may
 * listen before the kernel half is there, and has each as long as it lives. */
#define CONNECTION_NS (100 * NSEC_PER_MSEC)
/* One connection in so many asks for what the kernel half does not answer. */
#define LONG_EACH 8
#define WAIT_MS 20
#define EVENTS 64
#define READ_BYTES 65536
/* For what is under way at the end. */
#define END_NS (2 * NSEC_PER_SEC)
/* Between two tries while nobody listens yet. */
#define AGAIN_NS (20 * NSEC_PER_MSEC)

struct connection {
	int fd; /* -1: none */
	bool under_way; /* a request is */
	bool known; /* the service has answered on it */
	unsigned file;
	uint32_t serial, answers;
	uint64_t connected_ns;
	uint64_t since_ns; /* the request, or, without a connection, the last try */
	/* of the answer */
	char head[1024];
	uint32_t head_bytes, body_bytes;
	bool in_body, wrong;
};

struct client {
	struct lab_visit *visit;
	struct connection *connection;
	uint32_t connections;
	uint32_t serial, next; /* of the next connection; whose turn it is */
	struct sockaddr_storage to;
	socklen_t to_bytes;
	int epoll;
	bool ends; /* nothing new */
	char buffer[READ_BYTES];
};

static void address(struct client *c, bool ipv6)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(PORT) };

	inet_pton(AF_INET6, lab_ipv6[LAB_SERVICE], &six.sin6_addr);
	memcpy(&four.sin_addr, lab_ends[LAB_SERVICE].ip, sizeof(four.sin_addr));
	c->to_bytes = ipv6 ? sizeof(six) : sizeof(four);
	memcpy(&c->to, ipv6 ? (void *)&six : (void *)&four, c->to_bytes);
}

static void hang_up(struct client *c, struct connection *at)
{
	/* before the first answer there may be nobody yet */
	if (at->under_way && at->known)
		c->visit->broken++;
	close(at->fd);
	*at = (struct connection){ .fd = -1, .known = at->known, .since_ns = clock_now_ns() };
}

/* A connection that the server has got stays with it: most never ask for what it has to answer. */
static unsigned next_file(struct client *c, const struct connection *at)
{
	uint32_t turn = c->next++;

	if (at->serial % LONG_EACH == LONG_EACH - 1)
		return LAB_FILES_SMALL + turn % (LAB_FILES - LAB_FILES_SMALL);
	return turn % LAB_FILES_SMALL;
}

static void ask(struct client *c, struct connection *at)
{
	char text[128];
	int bytes;

	at->file = next_file(c, at);
	bytes = snprintf(text, sizeof(text),
		"GET /%s HTTP/1.1\r\nHost: ringside.lab\r\nUser-Agent: lab\r\n\r\n",
		lab_files[at->file].name);
	at->under_way = true;
	at->in_body = at->wrong = false;
	at->head_bytes = at->body_bytes = 0;
	at->since_ns = clock_now_ns();
	if (at->known)
		c->visit->requests++;
	if (send(at->fd, text, (size_t)bytes, MSG_NOSIGNAL | MSG_DONTWAIT) != bytes)
		hang_up(c, at);
}

static void dial(struct client *c, struct connection *at)
{
	struct epoll_event event = { .events = EPOLLOUT, .data.ptr = at };
	const struct sockaddr *to = (const struct sockaddr *)&c->to;

	at->since_ns = clock_now_ns();
	at->fd = socket(c->to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (at->fd < 0)
		return;
	if ((connect(at->fd, to, c->to_bytes) && errno != EINPROGRESS) ||
		epoll_ctl(c->epoll, EPOLL_CTL_ADD, at->fd, &event)) {
		close(at->fd);
		at->fd = -1;
	}
}

static void is_connected(struct client *c, struct connection *at)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = at };

	epoll_ctl(c->epoll, EPOLL_CTL_MOD, at->fd, &event);
	at->serial = c->serial++;
	at->connected_ns = clock_now_ns();
	if (at->known)
		c->visit->connections++;
	ask(c, at);
}

/* An answer is complete. */
static void is_answered(struct client *c, struct connection *at)
{
	const uint64_t now_ns = clock_now_ns();
	struct lab_visit *visit = c->visit;

	at->under_way = false;
	if (at->wrong)
		visit->wrong++;
	else if (at->known)
		visit->answers++;
	if (at->known)
		histogram_add(&visit->latency, now_ns - at->since_ns);
	/* the first answer of all on each is not counted: it may have waited for the service's start */
	at->known = true;
	visit->result.answered = true;
	if (c->ends || ++at->answers == ANSWERS_EACH || now_ns - at->connected_ns > CONNECTION_NS)
		hang_up(c, at);
	else
		ask(c, at);
}

/* Takes the answer's head; returns how many of the bytes belonged to it. */
static uint32_t take_head(struct connection *at, const char *bytes, uint32_t count)
{
	uint32_t room = (uint32_t)sizeof(at->head) - 1 - at->head_bytes, had = at->head_bytes;
	uint32_t part = count < room ? count : room, length;
	char *end;

	memcpy(at->head + had, bytes, part);
	at->head_bytes += part;
	at->head[at->head_bytes] = '\0';
	end = strstr(at->head, "\r\n\r\n");
	if (!end) {
		at->wrong |= part < count; /* a longer one than any of ours */
		return count;
	}
	length = (uint32_t)(end + 4 - at->head);
	at->in_body = true;
	at->wrong |= strncmp(at->head, "HTTP/1.1 200 ", strlen("HTTP/1.1 200 ")) != 0;
	return length - had;
}

static void take(struct client *c, struct connection *at, const char *bytes, uint32_t count)
{
	if (!at->under_way) {
		c->visit->wrong++; /* nobody has asked */
		return;
	}
	if (!at->in_body) {
		uint32_t used = take_head(at, bytes, count);

		bytes += used;
		count -= used;
	}
	for (uint32_t i = 0; i < count; i++)
		at->wrong |= bytes[i] != lab_file_byte(at->file, at->body_bytes + i);
	at->body_bytes += count;
	at->wrong |= at->body_bytes > lab_files[at->file].bytes;
	if (at->in_body && at->body_bytes >= lab_files[at->file].bytes)
		is_answered(c, at);
}

static void hear(struct client *c, struct connection *at, uint32_t events)
{
	ssize_t got;

	if (events & EPOLLOUT && !(events & (EPOLLERR | EPOLLHUP))) {
		is_connected(c, at);
		return;
	}
	got = recv(at->fd, c->buffer, sizeof(c->buffer), 0);
	if (got > 0)
		take(c, at, c->buffer, (uint32_t)got);
	else if (!got || (errno != EAGAIN && errno != EINTR))
		hang_up(c, at);
}

static unsigned dial_missing(struct client *c, uint64_t now_ns)
{
	unsigned open = 0;

	for (uint32_t i = 0; i < c->connections; i++) {
		struct connection *at = &c->connection[i];

		if (at->fd < 0 && !c->ends && (at->known || now_ns - at->since_ns > AGAIN_NS))
			dial(c, at);
		open += at->fd >= 0;
	}
	return open;
}

static int browse(struct client *c, uint64_t duration_ns)
{
	struct lab_result *result = &c->visit->result;
	struct epoll_event events[EVENTS];
	const uint64_t start_ns = clock_now_ns();
	uint64_t begun_ns = 0, end_ns = UINT64_MAX, now_ns = start_ns;

	while (lab_order(result) != ORDER_ABANDON && now_ns < end_ns &&
		(dial_missing(c, now_ns) || !c->ends)) {
		int count = epoll_wait(c->epoll, events, EVENTS, WAIT_MS);

		for (int i = 0; i < count; i++)
			hear(c, events[i].data.ptr, events[i].events);
		now_ns = clock_now_ns();
		if (!begun_ns && result->answered)
			begun_ns = now_ns;
		if (!begun_ns && now_ns - start_ns > LAB_PATIENCE_S * NSEC_PER_SEC)
			return err_say(
				&result->err, -ETIMEDOUT, "no answer within %u s", LAB_PATIENCE_S);
		if (!c->ends &&
			(lab_order(result) != ORDER_GO ||
				(duration_ns && begun_ns && now_ns - begun_ns >= duration_ns))) {
			c->ends = true;
			end_ns = now_ns + END_NS;
		}
	}
	return 0;
}

void lab_http_browse(uint32_t connections, uint64_t duration_ns, bool ipv6, struct lab_visit *visit)
{
	struct lab_result *result = &visit->result;
	struct client *c = calloc(1, sizeof(*c));

	result->code = -ENOMEM;
	if (c)
		c->connection = calloc(connections, sizeof(*c->connection));
	if (!c || !c->connection) {
		err_set(&result->err, -ENOMEM, "make room for the connections");
		goto out;
	}
	c->visit = visit;
	c->connections = connections;
	for (uint32_t i = 0; i < connections; i++)
		c->connection[i].fd = -1;
	address(c, ipv6);
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (c->epoll < 0) {
		result->code = err_set(&result->err, -errno, "wait for connections");
		goto out;
	}
	result->code = browse(c, duration_ns);
	close(c->epoll);
	if (!result->code && visit->wrong)
		result->code = err_say(&result->err, -EBADMSG, "wrong answers");
out:
	if (c)
		free(c->connection);
	free(c);
}
