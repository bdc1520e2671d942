// SPDX-License-Identifier: BSD-2-Clause
/* steer's rings without an interface: which worker a key's packets go to, and when another one may have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "halves.h"
#include "ring/consumer.h"
#include "ring_stage.h"
#include "service/steer_ring.h"

#define WORKERS 3
#define KEYS 200

/* An instance with one queue, as a pool has it. */
struct place {
	struct steer_settings settings;
	struct rule_tables *tables;
	struct service_rule rule;
	struct service_interface interface;
	void *instance, *part, *handler;
	struct ringside *consumer[WORKERS];
	struct figure_row *rows;
	uint32_t rows_count;
	struct figure_sample sample;
};

static struct log *quiet;

static void set(struct place *p, const char *key, const char *value)
{
	const struct option *option = option_find(steer_options, STEER_OPTIONS, key);
	struct err err = { "" };

	if (!option || option->parse(option, value, (char *)&p->settings + option->offset, &err))
		fail_msg("%s = %s: %s", key, value, err.text);
}

static struct place *open_place(const char *keys)
{
	struct place *p = calloc(1, sizeof(*p));
	const struct service_start start = {
		.name = "ingest", .settings = &p->settings, .log = quiet
	};
	const struct service_queue queue = { &p->interface, 3, 0, NULL, NULL };
	struct err err = { "" };

	p->tables = calloc(1, sizeof(*p->tables));
	p->rows = calloc(SNAPSHOT_ROWS, sizeof(*p->rows));
	option_set_defaults(steer_options, STEER_OPTIONS, &p->settings);
	set(p, "port", "9999");
	set(p, "target", "worker");
	set(p, "workers", "3");
	set(p, "header", "20");
	set(p, "length", "");
	set(p, "sequence", "8@12");
	set(p, "keys", keys);
	set(p, "depth", "64");
	set(p, "group", "");
	p->interface = (struct service_interface){
		.name = "eth0", .mtu = 1500, .queues = 1, .log = quiet, .tables = p->tables
	};
	assert_int_equal(service_steer.open(&start, &p->instance, &err), 0);
	const struct service_compile compile = { .settings = &p->settings,
		.instance = p->instance,
		.rule = &p->rule,
		.tables = p->tables };

	assert_int_equal(service_steer.compile(&compile, &err), 0);
	assert_int_equal(
		service_steer.open_interface(p->instance, &p->interface, &p->part, &err), 0);
	assert_int_equal(service_steer.open_queue(p->part, &queue, &p->handler, &err), 0);
	return p;
}

static void close_place(struct place *p)
{
	for (unsigned w = 0; w < WORKERS; w++)
		ringside_close(p->consumer[w]);
	service_steer.close_queue(p->handler);
	service_steer.close_interface(p->part);
	service_steer.close(p->instance);
	free(p->tables);
	free(p->rows);
	free(p);
}

static void sample(struct place *p)
{
	p->rows_count = 0;
	p->sample = (struct figure_sample){
		.tables = service_steer.tables,
		.tables_count = service_steer.tables_count,
		.rows = p->rows,
		.rows_count = &p->rows_count,
		.rows_max = SNAPSHOT_ROWS,
	};
	service_steer.sample(p->instance, &p->sample);
}

static void attach(struct place *p, unsigned worker)
{
	const struct service_client client = { 0 };
	struct err err = { "" };
	char name[16];
	int ends[2];

	snprintf(name, sizeof(name), "ingest.%u", worker);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(service_steer.judge(p->instance, name, &client, &err), 0);
	service_steer.take(p->instance, name, &client, ends[0]);
	sample(p);
	assert_int_equal(ringside_open_connection(&p->consumer[worker], ends[1], NULL), 0);
}

static void detach(struct place *p, unsigned worker)
{
	ringside_close(p->consumer[worker]);
	p->consumer[worker] = NULL;
	sample(p);
}

/* A key's packet with a number comes in. */
static int hand(struct place *p, uint32_t key, uint8_t number)
{
	const uint8_t header[20] = { 'L', 'A', 'M', 'I', (uint8_t)(key >> 24), (uint8_t)(key >> 16),
		(uint8_t)(key >> 8), (uint8_t)key, [19] = number };
	const struct packet packet = V4(.dport = 9999, .payload = 20);
	struct frame frame = { 0 };
	struct service_frame in = {
		.frame = &frame, .rule = &p->rule, .tables = p->tables, .now_ns = 12345
	};
	uint8_t bytes[PACKET_BYTES_MAX];
	size_t length = packet_build(&packet, bytes);
	int outcome;

	memcpy(bytes + length - sizeof(header), header, sizeof(header));
	assert_int_equal(frame_parse(&frame, bytes, bytes + length), 0);
	outcome = service_steer.handle(p->handler, &in);
	service_steer.flush(p->handler);
	return outcome;
}

/* The number of the worker's next packet; -1: it has none. */
static int take(struct place *p, unsigned worker)
{
	struct ringside_packet packet;

	return ringside_receive(p->consumer[worker], &packet, 1) == 1
		       ? packet.data[packet.length - 1]
		       : -1;
}

static void change(struct place *p, const char *key, const char *value)
{
	struct err err = { "" };

	if (service_steer.set(p->instance, key, value, &err))
		fail_msg("%s = %s: %s", key, value, err.text);
}

static union figure_value *row_of(struct place *p, const char *table, const char *label)
{
	for (uint32_t i = 0; i < p->rows_count; i++)
		if (!strcmp(service_steer.tables[p->rows[i].table].name, table) &&
			!strcmp(p->rows[i].label, label))
			return p->rows[i].value;
	fail_msg("no row %s of %s", label, table);
	return NULL;
}

static void test_every_key_meets_the_worker_of_its_slot(void **state)
{
	struct place *p = open_place("77:2");
	uint8_t targets[STEER_SLOTS];

	(void)state;
	steer_share_out(targets, WORKERS);
	for (unsigned w = 0; w < WORKERS; w++)
		attach(p, w);
	for (uint32_t key = 0; key < KEYS; key++) {
		const unsigned worker = key == 77 ? 2 : targets[steer_slot(key)];

		assert_int_equal(hand(p, key, 1), OUTCOME_DELIVER);
		for (unsigned w = 0; w < WORKERS; w++)
			assert_int_equal(take(p, w), w == worker ? 1 : -1);
	}
	close_place(p);
}

/* What a reader has taken and not come back from is in its hands. */
static void test_a_slot_goes_over_when_its_reader_comes_for_more(void **state)
{
	struct place *p = open_place("7:0");

	(void)state;
	attach(p, 0);
	attach(p, 1);
	hand(p, 7, 1);
	change(p, "keys/7", "1");
	hand(p, 7, 2); /* the first one waits in the ring of worker 0 */
	assert_int_equal(take(p, 0), 1);
	assert_int_equal(take(p, 0), 2);
	sample(p);
	assert_int_equal(p->sample.figures[1].count, 1); /* moving_slots */
	hand(p, 7, 3); /* the second one is in its hands */
	assert_int_equal(take(p, 1), -1);
	assert_int_equal(take(p, 0), 3);
	assert_int_equal(take(p, 0), -1);
	hand(p, 7, 4); /* it has come for more than the third */
	assert_int_equal(take(p, 0), -1);
	assert_int_equal(take(p, 1), 4);
	sample(p);
	assert_int_equal(p->sample.figures[1].count, 0);
	assert_int_equal(row_of(p, "workers", "1")[2].count, 1); /* taken_over */
	assert_int_equal(row_of(p, "workers", "1")[3].count, 0); /* forced */
	close_place(p);
}

static void test_every_reader_of_the_old_ring_counts_and_who_has_gone_does_not(void **state)
{
	struct place *p = open_place("7:0");
	struct ringside *first;

	(void)state;
	attach(p, 0);
	first = p->consumer[0];
	attach(p, 0);
	attach(p, 1);
	hand(p, 7, 1);
	change(p, "keys/7", "1");
	assert_int_equal(take(p, 0), 1);
	assert_int_equal(take(p, 0), -1); /* the second one has done all, the first one nothing */
	hand(p, 7, 2);
	assert_int_equal(take(p, 0), 2);
	assert_int_equal(take(p, 0), -1);
	ringside_close(first);
	sample(p);
	hand(p, 7, 3);
	assert_int_equal(take(p, 1), 3);
	close_place(p);
}

static void test_a_move_there_and_back_keeps_the_order(void **state)
{
	struct place *p = open_place("7:0");

	(void)state;
	for (unsigned w = 0; w < WORKERS; w++)
		attach(p, w);
	hand(p, 7, 1);
	change(p, "keys/7", "1");
	change(p, "keys/7", "2");
	hand(p, 7, 2); /* never was at worker 1 */
	change(p, "keys/7", "0");
	hand(p, 7, 3); /* back where it has been all the time */
	for (int i = 1; i <= 3; i++)
		assert_int_equal(take(p, 0), i);
	assert_int_equal(take(p, 1), -1);
	assert_int_equal(take(p, 2), -1);
	close_place(p);
}

static void test_what_nobody_reads_is_left_to_the_stack(void **state)
{
	struct place *p = open_place("7:0, 8:1");
	const struct packet packet = V4(.dport = 9999, .payload = 20);
	uint8_t bytes[PACKET_BYTES_MAX];
	struct frame frame = { 0 };
	const struct rule_state mine = { .mac = OUR_MAC };
	size_t length = packet_build(&packet, bytes);

	(void)state;
	p->rule.steer.addresses = 0;
	memcpy(bytes + length - 20, "LAMI\0\0\0\7", 8);
	assert_int_equal(frame_parse(&frame, bytes, bytes + length), 0);
	assert_int_equal(steer_match(&frame, &p->rule.steer, p->tables, &mine), VERDICT_PASS);
	attach(p, 1);
	assert_int_equal(steer_match(&frame, &p->rule.steer, p->tables, &mine), VERDICT_PASS);
	attach(p, 0);
	assert_int_equal(steer_match(&frame, &p->rule.steer, p->tables, &mine), VERDICT_HANDLE);
	bytes[length - 13] = 8;
	detach(p, 1);
	assert_int_equal(steer_match(&frame, &p->rule.steer, p->tables, &mine), VERDICT_PASS);
	close_place(p);
}

static void test_figures_are_what_the_workers_say_and_never_go_back(void **state)
{
	struct place *p = open_place("7:0");
	union figure_value *row;

	(void)state;
	attach(p, 0);
	for (uint8_t i = 1; i <= 5; i++)
		hand(p, 7, i);
	assert_int_equal(take(p, 0), 1);
	sample(p);
	row = row_of(p, "workers", "0");
	assert_int_equal(row[5].count, 5); /* redirected */
	assert_int_equal(row[6].count, 1); /* delivered */
	assert_int_equal(row[8].count, 4); /* in_flight */
	for (uint8_t i = 0; i < 100; i++)
		hand(p, 7, (uint8_t)(6 + i));
	while (take(p, 0) >= 0)
		;
	sample(p);
	row = row_of(p, "workers", "0");
	assert_int_equal(row[5].count, 105);
	assert_int_equal(row[6].count + row[7].count, 105); /* delivered, lost */
	assert_true(row[7].count >= 105 - 64);
	detach(p, 0);
	attach(p, 0);
	hand(p, 7, 106);
	sample(p);
	row = row_of(p, "workers", "0");
	assert_int_equal(row[5].count, 106);
	assert_int_equal(row[6].count + row[7].count, 105);
	assert_int_equal(row[8].count, 1);
	close_place(p);
}

static void test_numbers_are_judged_by_key(void **state)
{
	struct place *p = open_place("7:0, 8:0");
	union figure_value *row;

	(void)state;
	attach(p, 0);
	for (unsigned i = 0; i < 6; i++)
		hand(p, 7, (uint8_t[]){ 1, 2, 4, 3, 3, 6 }[i]);
	hand(p, 8, 9);
	hand(p, 8, 10);
	sample(p);
	row = row_of(p, "own_keys", "7");
	assert_int_equal(row[0].count, 6); /* packets */
	assert_int_equal(row[2].count, 2); /* missing: 3 and 5 */
	assert_int_equal(row[3].count, 1); /* reordered */
	assert_int_equal(row[4].count, 1); /* duplicates */
	row = row_of(p, "own_keys", "8");
	assert_int_equal(row[0].count, 2);
	assert_int_equal(row[2].count + row[3].count + row[4].count, 0);
	close_place(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_meets_the_worker_of_its_slot),
		cmocka_unit_test(test_a_slot_goes_over_when_its_reader_comes_for_more),
		cmocka_unit_test(
			test_every_reader_of_the_old_ring_counts_and_who_has_gone_does_not),
		cmocka_unit_test(test_a_move_there_and_back_keeps_the_order),
		cmocka_unit_test(test_what_nobody_reads_is_left_to_the_stack),
		cmocka_unit_test(test_figures_are_what_the_workers_say_and_never_go_back),
		cmocka_unit_test(test_numbers_are_judged_by_key),
	};

	int failed;

	quiet = log_open(LOG_ERROR, LOG_TEXT);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	log_close(quiet);
	return failed;
}
