// SPDX-License-Identifier: BSD-2-Clause
/* What comes over the control socket may be anything: it is answered or cut off, and the next one is served. */
#include "control_place.h"

#define JSON_TYPE "Content-Type: application/json"

/* Of a wrong Content-Length libmicrohttpd tells with two heads: nothing may be read behind the first one. */
static bool is_empty(const char *answer)
{
	const char *end = strstr(answer, "\r\n\r\n"),
		   *length = strstr(answer, "\r\nContent-Length: 0\r\n"),
		   *closed = strstr(answer, "\r\nConnection: close\r\n");

	return end && length && length < end && closed && closed < end;
}

/* Sends bytes and reads what comes back within a moment; returns the status of the first answer. 0: it was
 * closed without one, or the server waits for more (not for long: test_api.sh). */
static int send_bytes(const struct fixture *f, const char *bytes, size_t size)
{
	const struct timeval moment = { .tv_usec = 20000 };
	char answer[1025] = "", rest[512];
	size_t length = 0;
	int fd = connect_to(f), status = 0;
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof(moment));
	for (size_t sent = 0; sent < size; sent += (size_t)n)
		if ((n = send(fd, bytes + sent, size - sent, MSG_NOSIGNAL)) <= 0)
			break;
	while ((n = recv(fd, length < 512 ? answer + length : rest, 512, 0)) > 0)
		length += (size_t)n;
	close(fd);
	if (length && sscanf(answer, "HTTP/1.%*1d %3d", &status) != 1)
		fail_msg("no answer of HTTP: %.60s", answer);
	if (status >= 400 && !is_empty(answer) &&
		(!strstr(answer, JSON_TYPE) || !strstr(answer, "\r\n\r\n{\"error\": \"")))
		fail_msg("a refusal without an error in JSON: %s", answer);
	return status;
}

static void assert_lives(const struct fixture *f)
{
	char body[512];

	assert_int_equal(ask(f, "GET /api/v1/config", "", body, sizeof(body)), 200);
}

static void test_what_is_no_request_is_refused(void **state)
{
	static const char *const cases[] = {
		"\r\n\r\n",
		"GET\r\n\r\n",
		"GET /healthz\r\n\r\n",
		"\x16\x03\x01\x02\r\n\r\n",
		"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n",
		"GET /healthz HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1\r\nno colon\r\n\r\n",
		"PUT /api/v1/stats-level HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"PUT /api/v1/stats-level HTTP/1.1\r\nHost: x\r\nContent-Length: "
		"99999999999999999999\r\n\r\n",
		"PUT /api/v1/stats-level HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
		"PUT /api/v1/stats-level HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
		"chunked\r\n\r\nzz\r\n",
		"PUT /api/v1/stats-level HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
		"chunked\r\n\r\nffffffffffffffffff\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"GET /%2e%2e/%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"PUT /api/v1/services/%2f/state HTTP/1.1\r\nHost: x\r\nConnection: "
		"close\r\nContent-Length: 6\r\n\r\npaused",
		"GET /api/v1/rings/\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"get /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int status = send_bytes(f, cases[i], strlen(cases[i]));

		if (status && (status < 400 || status > 505))
			fail_msg("status %d for %.60s", status, cases[i]);
	}
	assert_int_equal(f->level, LEVEL_BASIC);
	assert_false(f->paused);
	assert_lives(f);
}

static void test_long_lines_and_headers_are_refused(void **state)
{
	static char request[1 << 20];
	struct fixture *f = *state;
	size_t length;

	length = (size_t)sprintf(request, "GET /");
	memset(request + length, 'a', 200000);
	strcpy(request + length + 200000, " HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_true(send_bytes(f, request, strlen(request)) / 100 != 2);
	length = (size_t)sprintf(request, "GET /healthz HTTP/1.1\r\nHost: x\r\n");
	for (unsigned i = 0; i < 20000; i++)
		length += (size_t)sprintf(request + length, "X-%u: 1\r\n", i);
	strcpy(request + length, "\r\n");
	assert_true(send_bytes(f, request, strlen(request)) / 100 != 2);
	assert_lives(f);
}

/* Requests with a few bytes changed, cut or doubled; the same ones each time. */
static void test_spoilt_requests_break_nothing(void **state)
{
	static const char *const requests[] = {
		"PUT /api/v1/stats-level HTTP/1.1\r\nHost: x\r\nConnection: "
		"close\r\nContent-Length: 24\r\n\r\n{\"stats_level\": \"debug\"}",
		"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: "
		"application/openmetrics-text;q=0.5,*/*;q=0.1\r\n\r\n",
		"GET /api/v1/rings/a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: "
		"ringside-ring\r\n\r\n",
		"PUT /api/v1/services/reflect/state HTTP/1.1\r\nHost: x\r\nConnection: "
		"close\r\nTransfer-Encoding: chunked\r\n\r\n6\r\npaused\r\n0\r\n\r\n",
	};
	struct fixture *f = *state;
	uint32_t random = 1;

	for (unsigned i = 0; i < 600; i++) {
		const char *request = requests[i % 4];
		char bytes[512];
		size_t size = strlen(request);

		memcpy(bytes, request, size);
		for (unsigned k = 0; k < 1 + i % 4; k++) {
			random = random * 1664525 + 1013904223;
			bytes[(random >> 8) % size] = (char)(random >> 24);
		}
		if (i % 7 == 0)
			size = (random >> 8) % size;
		send_bytes(f, bytes, size);
	}
	assert_lives(f);
}

static void test_requests_may_come_byte_by_byte_or_two_at_once(void **state)
{
	static const char two[] = "GET /api/v1/config HTTP/1.1\r\nHost: x\r\n\r\n"
				  "HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	char answer[4096];
	size_t length = 0;
	ssize_t n;
	int fd = connect_to(*state);

	for (unsigned i = 0; i < sizeof(two) - 1; i++)
		assert_int_equal(send(fd, two + i, 1, MSG_NOSIGNAL), 1);
	while ((n = recv(fd, answer + length, sizeof(answer) - 1 - length, 0)) > 0)
		length += (size_t)n;
	answer[length] = '\0';
	close(fd);
	assert_non_null(strstr(answer, "HTTP/1.1 200 OK"));
	assert_non_null(strstr(strstr(answer, "\"api\": {}"), "HTTP/1.1 503 "));
}

static void test_streams_that_are_left_and_too_many_of_them(void **state)
{
	static const char get[] = "GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n\r\n";
	struct fixture *f = *state;
	int fds[40], refused = 0;

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 40; i++) {
			char head[13] = "";

			fds[i] = connect_to(f);
			assert_int_equal(
				send(fds[i], get, sizeof(get) - 1, MSG_NOSIGNAL), sizeof(get) - 1);
			assert_int_equal(recv(fds[i], head, 12, MSG_WAITALL), 12);
			refused += !strcmp(head, "HTTP/1.1 503");
		}
		for (unsigned i = 0; i < 40; i++)
			close(fds[i]);
	}
	assert_true(refused >= 8); /* 32 at once; those left are noticed by the next event */
	assert_lives(f);
}

#define SILENCE_TEST_S 1

static int setup_impatient(void **state)
{
	return setup_with(state, SILENCE_TEST_S);
}

/* An event that no socket's buffer holds, so that the first one already waits for its reader. */
static void make_large(struct snapshot *snapshot)
{
	snapshot->level = LEVEL_DEBUG;
	snapshot->queues_count = SNAPSHOT_QUEUES;
	for (unsigned i = 1; i < SNAPSHOT_QUEUES; i++)
		snapshot->queues[i] = snapshot->queues[0];
	__atomic_store_n(&snapshot->sequence, 2,
		__ATOMIC_RELEASE); /* the control thread has seen the first one */
}

static void test_a_reader_that_stands_still_is_cut_off_and_the_next_one_is_served(void **state)
{
	static const char get[] = "GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n\r\n";
	struct fixture *f = *state;
	struct pollfd still = { .fd = -1 };
	uint64_t start = clock_now_ns();

	make_large(f->snapshot);
	still.fd = connect_to(f);
	assert_int_equal(send(still.fd, get, sizeof(get) - 1, MSG_NOSIGNAL), sizeof(get) - 1);
	/* without events asked for, poll() tells of the end alone; the API's thread is of idle priority */
	assert_int_equal(poll(&still, 1, 60 * 1000), 1);
	assert_true(still.revents & POLLHUP);
	assert_true(clock_now_ns() - start >= SILENCE_TEST_S * NSEC_PER_SEC);
	close(still.fd);
	assert_lives(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_what_is_no_request_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_long_lines_and_headers_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_spoilt_requests_break_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_requests_may_come_byte_by_byte_or_two_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_streams_that_are_left_and_too_many_of_them, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_reader_that_stands_still_is_cut_off_and_the_next_one_is_served,
			setup_impatient, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
