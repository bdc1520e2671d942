/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stats/published.h"
#include "stats/snapshot_check.h"

#define ROUNDS 3000

static char folder[RUNTIME_PATH_BYTES];

static struct snapshot *new_snapshot(uint64_t sequence)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	assert_non_null(snapshot);
	strcpy(snapshot->name, "one");
	snapshot->sequence = sequence;
	snapshot->interfaces_count = snapshot->queues_count = snapshot->services_count = 1;
	return snapshot;
}

static struct published *publish(const char *name)
{
	struct published *published = NULL;
	struct err err = { "" };

	if (published_open(&published, folder, name, &err))
		fail_msg("%s", err.text);
	return published;
}

static struct published_reader look(const char *name)
{
	char path[RUNTIME_PATH_BYTES];
	struct published_reader reader;
	struct err err = { "" };

	if (published_find(path, name, &err) || published_reader_open(&reader, path, &err))
		fail_msg("%s", err.text);
	return reader;
}

/* What err says when a name is not found. */
static void assert_not_found(const char *name, int code, const char *words)
{
	char path[RUNTIME_PATH_BYTES];
	struct err err = { "" };

	assert_int_equal(published_find(path, name, &err), code);
	if (!strstr(err.text, words))
		fail_msg("'%s' lacks '%s'", err.text, words);
}

static void a_reader_gets_what_was_published_last_and_only_once(void **state)
{
	struct snapshot *given = new_snapshot(1), *got = new_snapshot(0);
	struct published *published = publish("one");
	struct published_reader reader = look("one");

	(void)state;
	assert_true(published_lives(&reader));
	assert_false(published_take(&reader, got));
	published_put(published, given);
	given->sequence = 2;
	given->totals.flow.rx_packets = 17;
	published_put(published, given);
	assert_true(published_take(&reader, got));
	assert_memory_equal(got, given, sizeof(*given));
	assert_false(published_take(&reader, got));
	published_close(published);
	assert_false(published_lives(&reader));
	published_reader_close(&reader);
	assert_not_found("one", -ENOENT, "there is no ");
	free(given);
	free(got);
}

static void a_name_is_taken_as_long_as_its_instance_lives(void **state)
{
	struct published *first = publish("one"), *second = NULL;
	struct published_reader reader = look("one");
	char pid[32];
	struct err err = { "" };

	(void)state;
	snprintf(pid, sizeof(pid), "(pid %d)", getpid());
	assert_int_equal(published_open(&second, folder, "one", &err), -EADDRINUSE);
	assert_non_null(strstr(err.text, pid));
	assert_non_null(strstr(err.text, "--set ringside.name="));
	assert_false(published_is_replaced(&reader));
	published_close(first);
	first = publish("one");
	assert_true(published_is_replaced(&reader));
	published_reader_close(&reader);
	published_close(first);
}

/* A child that is killed: its file stays, the lock does not. */
static void publish_and_die(const char *name)
{
	struct snapshot *snapshot = new_snapshot(41);
	pid_t child = fork();
	int status;

	if (!child) {
		published_put(publish(name), snapshot);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	free(snapshot);
}

static void what_a_killed_instance_left_is_told_from_a_living_one_and_replaced(void **state)
{
	struct snapshot *snapshot = new_snapshot(0);
	struct published_reader reader;
	struct published *published;
	char path[RUNTIME_PATH_BYTES];

	(void)state;
	publish_and_die("dead");
	assert_not_found("dead", -ENOENT, "was killed and left");
	assert_not_found(NULL, -ENOENT, "no instance is running");
	assert_int_equal(runtime_path(path, folder, "dead", PUBLISHED_SUFFIX, NULL), 0);
	assert_int_equal(published_reader_open(&reader, path, NULL), 0);
	assert_false(published_lives(&reader));
	/* who has it mapped still sees its last snapshot, also after it was replaced */
	published = publish("dead");
	assert_true(published_take(&reader, snapshot));
	assert_int_equal(snapshot->sequence, 41);
	published_reader_close(&reader);
	published_close(published);
	assert_int_equal(access(path, F_OK), -1);
	free(snapshot);
}

static void without_a_name_the_only_living_instance_is_meant(void **state)
{
	struct published *one = publish("one"), *two;
	struct published_reader reader;

	(void)state;
	publish_and_die("dead");
	reader = look(NULL);
	assert_non_null(strstr(reader.path, "/one.stats"));
	published_reader_close(&reader);
	two = publish("two");
	assert_not_found(NULL, -ENOTUNIQ, "name one of one, two");
	assert_not_found("../one", -EINVAL, "no name");
	published_close(one);
	published_close(two);
	published_close(publish("dead"));
}

static void assert_refused(const void *bytes, size_t size, int code, const char *words)
{
	char path[RUNTIME_PATH_BYTES];
	struct published_reader reader;
	struct err err = { "" };
	int fd;

	assert_int_equal(runtime_path(path, folder, "odd", PUBLISHED_SUFFIX, NULL), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	close(fd);
	assert_int_equal(published_reader_open(&reader, path, &err), code);
	if (!strstr(err.text, words))
		fail_msg("'%s' lacks '%s'", err.text, words);
	unlink(path);
}

static void files_of_another_version_or_kind_are_refused_in_words(void **state)
{
	struct published_header header = { .magic = "ringstat",
		.version = PUBLISHED_VERSION,
		.pid = 4711,
		.layout = snapshot_layout(),
		.snapshot_bytes = sizeof(struct snapshot),
		.program = "9.9" };

	(void)state;
	assert_refused("", 0, -EAGAIN, "");
	assert_refused("short", 5, -EPROTO, "no statistics of ringside");
	/* everything is right, but the snapshots are missing: mapped, they would be a bus error */
	assert_refused(&header, sizeof(header), -EPROTO, "another version");
	header.layout++;
	assert_refused(
		&header, sizeof(header), -EPROTO, "pid 4711 is another version, ringside 9.9");
	header.magic[0] = 'R';
	assert_refused(&header, sizeof(header), -EPROTO, "no statistics of ringside");
}

struct stream {
	struct published *published;
	bool end;
};

/* Snapshots all of whose counts are equal, as fast as it goes: much faster than ten a second. */
static void *write_stream(void *context)
{
	struct stream *stream = context;
	struct snapshot *snapshot = new_snapshot(0);

	while (!__atomic_load_n(&stream->end, __ATOMIC_RELAXED)) {
		snapshot->sequence++;
		for (unsigned i = 0; i < SNAPSHOT_QUEUES; i++)
			snapshot->queues[i].flow.rx_packets = snapshot->sequence;
		published_put(stream->published, snapshot);
		usleep(20);
	}
	free(snapshot);
	return NULL;
}

static void no_reader_sees_half_of_one_snapshot_and_half_of_another(void **state)
{
	struct stream stream = { .published = publish("fast") };
	struct published_reader reader = look("fast");
	struct snapshot *got = new_snapshot(0);
	uint64_t before = 0;
	pthread_t writer;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, write_stream, &stream), 0);
	for (unsigned taken = 0; taken < ROUNDS;) {
		if (!published_take(&reader, got))
			continue;
		taken++;
		assert_true(got->sequence > before);
		before = got->sequence;
		for (unsigned i = 0; i < SNAPSHOT_QUEUES; i++)
			assert_int_equal(got->queues[i].flow.rx_packets, before);
	}
	__atomic_store_n(&stream.end, true, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
	published_reader_close(&reader);
	published_close(stream.published);
	free(got);
}

static void snapshots_that_would_lead_astray_are_not_sane(void **state)
{
	struct snapshot *snapshot = new_snapshot(1);

	(void)state;
	assert_true(snapshot_is_sane(snapshot));
#define ASSERT_MATTERS(place, value)                                                               \
	do {                                                                                       \
		__typeof__(place) before = (place);                                                \
		(place) = (value);                                                                 \
		assert_false(snapshot_is_sane(snapshot));                                          \
		(place) = before;                                                                  \
		assert_true(snapshot_is_sane(snapshot));                                           \
	} while (0)
	ASSERT_MATTERS(snapshot->interfaces_count, SNAPSHOT_INTERFACES + 1);
	ASSERT_MATTERS(snapshot->queues_count, SNAPSHOT_QUEUES + 1);
	ASSERT_MATTERS(snapshot->services_count, SERVICE_SLOTS + 1);
	ASSERT_MATTERS(snapshot->events_count, SNAPSHOT_EVENTS + 1);
	ASSERT_MATTERS(snapshot->level, LEVEL_DEBUG + 1);
	ASSERT_MATTERS(snapshot->queues[0].interface, 1);
	ASSERT_MATTERS(snapshot->queues[0].state, QUEUE_STATES);
	ASSERT_MATTERS(snapshot->services[0].paths_count, SNAPSHOT_INTERFACES + 1);
	snapshot->services[0].paths_count = 1;
	ASSERT_MATTERS(snapshot->services[0].paths[0].interface, 1);
	memset(snapshot->interfaces[0].why, 'x', sizeof(snapshot->interfaces[0].why));
	assert_false(snapshot_is_sane(snapshot));
	free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reader_gets_what_was_published_last_and_only_once),
		cmocka_unit_test(a_name_is_taken_as_long_as_its_instance_lives),
		cmocka_unit_test(
			what_a_killed_instance_left_is_told_from_a_living_one_and_replaced),
		cmocka_unit_test(without_a_name_the_only_living_instance_is_meant),
		cmocka_unit_test(files_of_another_version_or_kind_are_refused_in_words),
		cmocka_unit_test(no_reader_sees_half_of_one_snapshot_and_half_of_another),
		cmocka_unit_test(snapshots_that_would_lead_astray_are_not_sane),
	};
	char template[] = "/tmp/ringside-test.XXXXXX";
	int failed;

	if (!mkdtemp(template))
		return 99;
	snprintf(folder, sizeof(folder), "%s/run", template);
	mkdir(folder, 0755);
	setenv("RUNTIME_DIRECTORY", folder, 1);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return rmdir(template) ? 1 : failed;
}
