// SPDX-License-Identifier: BSD-2-Clause
/* The routes of the control socket: requests as bytes, answers compared whole. */
#include "control_place.h"

static void assert_error(const char *body, const char *words)
{
	json_t *json = json_loads(body, 0, NULL);

	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "error")), words);
	json_decref(json);
}

static void test_a_snapshot_is_the_json_that_is_printed(void **state)
{
	static char body[256 * 1024];
	json_t *json;

	assert_int_equal(ask(*state, "GET /api/v1/snapshot", "", body, sizeof(body)), 200);
	json = json_loads(body, 0, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "name")), "ringside");
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(json, "totals"), "rx_packets")),
		((struct fixture *)*state)->snapshot->totals.flow.rx_packets);
	json_decref(json);
	assert_int_equal(ask(*state, "HEAD /api/v1/snapshot", "", body, sizeof(body)), 200);
	assert_string_equal(body, "");
}

static void test_the_level_is_set_by_a_word_or_json_and_the_asker_is_known(void **state)
{
	static const struct {
		const char *body;
		enum level level;
	} cases[] = { { "debug", LEVEL_DEBUG }, { " basic\n", LEVEL_BASIC },
		{ "\"detailed\"", LEVEL_DETAILED },
		{ "{\"stats_level\": \"basic\"}", LEVEL_BASIC } };
	struct fixture *f = *state;
	char body[256], who[64];

	snprintf(who, sizeof(who), "pid %d, uid %u", getpid(), getuid());
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(
			ask(f, "PUT /api/v1/stats-level", cases[i].body, body, sizeof(body)), 200);
		assert_int_equal(f->level, cases[i].level);
		assert_string_equal(f->who, who);
	}
}

static void test_what_is_wrong_with_a_level_is_said_and_changes_nothing(void **state)
{
	static const char *const bodies[] = { "", "loud", "debug debug", "{\"stats_level\": 1}",
		"{\"level\": \"debug\"}", "{\"stats_level\": \"debug\"", "[\"debug\"]",
		"{\"stats_level\": \"debug\", \"stats_level\": \"basic\"}" };
	struct fixture *f = *state;
	char body[256];

	f->level = LEVEL_DETAILED;
	for (unsigned i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		assert_int_equal(
			ask(f, "PUT /api/v1/stats-level", bodies[i], body, sizeof(body)), 400);
		assert_non_null(strstr(body, "is not one of basic, detailed, debug"));
	}
	assert_int_equal(f->level, LEVEL_DETAILED);
}

static void test_a_service_is_paused_and_goes_on(void **state)
{
	struct fixture *f = *state;
	char body[256];

	assert_int_equal(
		ask(f, "PUT /api/v1/services/reflect/state", "paused", body, sizeof(body)), 200);
	assert_string_equal(body, "{\"state\": \"paused\"}\n");
	assert_true(f->paused);
	assert_int_equal(ask(f, "PUT /api/v1/services/reflect/state", "{\"state\": \"running\"}",
				 body, sizeof(body)),
		200);
	assert_false(f->paused);
	assert_int_equal(
		ask(f, "PUT /api/v1/services/reflect/state", "off", body, sizeof(body)), 400);
	assert_error(body, "state: 'off' is not one of running, paused");
	assert_int_equal(
		ask(f, "PUT /api/v1/services/web/state", "paused", body, sizeof(body)), 404);
	assert_error(body, "there is no service 'web'");
	assert_int_equal(ask(f, "GET /api/v1/services/reflect/state", "", body, sizeof(body)), 405);
	assert_int_equal(ask(f, "PUT /api/v1/services//state", "paused", body, sizeof(body)), 404);
	assert_int_equal(
		ask(f, "PUT /api/v1/services/a/b/state", "paused", body, sizeof(body)), 404);
}

static void test_what_a_service_has_of_its_own_is_set(void **state)
{
	struct fixture *f = *state;
	char body[256];

	assert_int_equal(
		ask(f, "PUT /api/v1/services/reflect/slots/0-17", "3", body, sizeof(body)), 200);
	assert_string_equal(body, "{\"value\": \"3\"}\n");
	assert_string_equal(f->set, "slots/0-17 = 3");
	assert_int_equal(ask(f, "PUT /api/v1/services/reflect/cpus/2", "{\"value\": \"4\"}", body,
				 sizeof(body)),
		200);
	assert_string_equal(f->set, "cpus/2 = 4");
	assert_int_equal(
		ask(f, "PUT /api/v1/services/reflect/slots/1", "bad", body, sizeof(body)), 400);
	assert_string_equal(body, "{\"error\": \"that cannot be\"}\n");
	assert_int_equal(
		ask(f, "PUT /api/v1/services/reflect/slots/1", "", body, sizeof(body)), 400);
	assert_int_equal(ask(f, "PUT /api/v1/services/web/slots/1", "3", body, sizeof(body)), 404);
	assert_int_equal(
		ask(f, "PUT /api/v1/services/reflect/slots/", "3", body, sizeof(body)), 404);
	assert_int_equal(
		ask(f, "PUT /api/v1/services/reflect/slots/1/2", "3", body, sizeof(body)), 404);
	assert_int_equal(
		ask(f, "PUT /api/v1/services/reflect/other/1", "3", body, sizeof(body)), 404);
	assert_int_equal(
		ask(f, "GET /api/v1/services/reflect/slots/1", "", body, sizeof(body)), 405);
	assert_string_equal(f->set, "cpus/2 = 4");
}

static void test_paths_methods_and_long_bodies_are_refused_in_json(void **state)
{
	char body[512], longer[2000];

	assert_int_equal(ask(*state, "GET /api/v1", "", body, sizeof(body)), 404);
	assert_error(body, "there is no /api/v1");
	assert_int_equal(ask(*state, "GET /\"\\", "", body, sizeof(body)), 404);
	assert_error(body, "there is no /\"\\");
	assert_int_equal(ask(*state, "POST /api/v1/snapshot", "", body, sizeof(body)), 405);
	assert_error(body, "/api/v1/snapshot takes GET, HEAD, not POST");
	assert_int_equal(ask(*state, "GET /api/v1/stats-level", "", body, sizeof(body)), 405);
	assert_error(body, "/api/v1/stats-level takes PUT, not GET");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(ask(*state, "PUT /api/v1/stats-level", longer, body, sizeof(body)), 413);
	assert_error(body, "the body has more than 1024 bytes");
}

static void test_the_configuration_comes_as_sections_of_texts(void **state)
{
	char body[512];

	assert_int_equal(ask(*state, "GET /api/v1/config", "", body, sizeof(body)), 200);
	assert_string_equal(body,
		"{\"ringside\": {\"name\": \"it\"}, \"interface eth0\": {\"netns\": \"\", "
		"\"read\": \"=xy\"}, \"api\": {}}\n");
}

static void test_a_stream_brings_events_until_the_server_ends(void **state)
{
	struct fixture *f = *state;
	char head[32 * 1024];
	size_t length = 0;
	unsigned events = 0;
	ssize_t n;
	int fd = connect_to(f);

	assert_true(dprintf(fd, "GET /api/v1/stream HTTP/1.0\r\n\r\n") > 0);
	while (events < 2 && (n = read(fd, head + length, sizeof(head) - 1 - length)) > 0) {
		length += (size_t)n;
		head[length] = '\0';
		events = 0;
		for (const char *at = head; (at = strstr(at, "\ndata: {\"schema\": 1")); at++)
			events++;
	}
	assert_int_equal(events, 2);
	assert_non_null(strstr(head, "\r\nContent-Type: text/event-stream\r\n"));
	control_stop(f->control);
	f->control = NULL;
	while ((n = read(fd, head, sizeof(head))) > 0)
		;
	assert_int_equal(n, 0);
	close(fd);
}

static void test_every_drop_reason_has_a_meaning_and_advice(void **state)
{
	static char body[16 * 1024];
	json_t *json;

	assert_int_equal(ask(*state, "GET /api/v1/reasons", "", body, sizeof(body)), 200);
	json = json_loads(body, 0, NULL);
	assert_non_null(json);
	assert_int_equal(json_object_size(json), DROPS);
	for (unsigned i = 0; i < DROPS; i++) {
		const json_t *reason = json_object_get(json, drop_names[i]);
		const char *meaning = json_string_value(json_object_get(reason, "meaning"));
		const char *advice = json_string_value(json_object_get(reason, "advice"));

		if (!meaning || !*meaning || !advice || !*advice)
			fail_msg("%s has no words in drop_texts", drop_names[i]);
	}
	json_decref(json);
}

static void test_health_is_bad_while_a_queue_is_down(void **state)
{
	struct fixture *f = *state;
	char body[256];

	assert_int_equal(ask(f, "GET /healthz", "", body, sizeof(body)), 503);
	assert_error(body, "eth0 queue 1: down");
	f->snapshot->queues[1].state = QUEUE_RUNNING;
	f->snapshot->sequence++;
	assert_int_equal(ask(f, "GET /healthz", "", body, sizeof(body)), 200);
	assert_string_equal(body, "{\"status\": \"ok\", \"name\": \"ringside\"}\n");
}

static void send_upgrade(int fd, const char *name, const char *protocol)
{
	assert_true(dprintf(fd,
			    "GET /api/v1/rings/%s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
			    "Upgrade: %s\r\n\r\n",
			    name, protocol) > 0);
}

/* Reads an answer's head, byte by byte: what is behind it is not ours. Returns its status. */
static int read_head(int fd)
{
	char head[1024];
	size_t length = 0;
	int status = 0;

	do {
		assert_true(length < sizeof(head) - 1);
		assert_int_equal(read(fd, head + length, 1), 1);
		head[++length] = '\0';
	} while (!strstr(head, "\r\n\r\n"));
	assert_int_equal(sscanf(head, "HTTP/1.1 %d", &status), 1);
	return status;
}

static void test_a_handed_over_connection_carries_descriptors(void **state)
{
	char name[16] = "", space[CMSG_SPACE(sizeof(int))];
	struct iovec bytes = { .iov_base = name, .iov_len = sizeof(name) };
	struct msghdr message = { .msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space) };
	struct stat sent, got;
	int fd = connect_to(*state), received;

	send_upgrade(fd, "shreds", "ringside-ring");
	assert_int_equal(read_head(fd), 101);
	assert_int_equal(recvmsg(fd, &message, 0), 6);
	assert_string_equal(name, "shreds");
	assert_non_null(CMSG_FIRSTHDR(&message));
	memcpy(&received, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(received));
	assert_int_equal(fstat(received, &got), 0);
	assert_int_equal(fstat(STDERR_FILENO, &sent), 0);
	assert_true(got.st_dev == sent.st_dev && got.st_ino == sent.st_ino);
	close(received);
	assert_int_equal(read(fd, name, 1), 0); /* closed by who took it */
	close(fd);
}

static void test_a_handover_may_be_refused(void **state)
{
	static const struct {
		int code, status;
	} cases[] = { { -ENOENT, 404 }, { -EACCES, 403 }, { -EBUSY, 503 }, { -EIO, 500 } };
	struct fixture *f = *state;
	char body[256];

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int fd = connect_to(f);

		f->judgement = cases[i].code;
		send_upgrade(fd, "shreds", "ringside-ring");
		assert_int_equal(read_head(fd), cases[i].status);
		close(fd);
	}
	f->judgement = 0;
	assert_int_equal(ask(f, "GET /api/v1/rings/shreds", "", body, sizeof(body)), 426);
	assert_int_equal(ask(f, "GET /api/v1/rings/", "", body, sizeof(body)), 404);
	assert_int_equal(ask(f, "GET /api/v1/rings/a/b", "", body, sizeof(body)), 404);
}

static void test_only_its_owner_may_use_the_socket_without_the_group(void **state)
{
	const struct fixture *f = *state;
	struct stat status;

	assert_int_equal(stat(f->path, &status), 0);
	assert_int_equal(status.st_mode & 07007, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_snapshot_is_the_json_that_is_printed, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_the_level_is_set_by_a_word_or_json_and_the_asker_is_known, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_what_is_wrong_with_a_level_is_said_and_changes_nothing, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_a_service_is_paused_and_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_what_a_service_has_of_its_own_is_set, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_paths_methods_and_long_bodies_are_refused_in_json, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_the_configuration_comes_as_sections_of_texts, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_stream_brings_events_until_the_server_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_every_drop_reason_has_a_meaning_and_advice, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_health_is_bad_while_a_queue_is_down, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_handed_over_connection_carries_descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_handover_may_be_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_only_its_owner_may_use_the_socket_without_the_group, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
