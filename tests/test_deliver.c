// SPDX-License-Identifier: BSD-2-Clause
/* deliver's user half without an interface: from a frame to a consumer, and who may be one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "halves.h"
#include "ring/consumer.h"
#include "ring_stage.h"

#define DEPTH 64

/* An instance with one queue, as a pool has it. */
struct place {
	struct deliver_settings settings;
	struct rule_tables *tables;
	struct service_interface interface;
	void *instance, *part, *handler;
	struct figure_sample sample;
	struct figure_row rows[64];
	uint32_t rows_count;
};

static struct log *quiet;

static void set(struct place *p, const char *key, const char *value)
{
	const struct option *option =
		option_find(service_deliver.options, service_deliver.options_count, key);
	struct err err = { "" };

	if (!option || option->parse(option, value, (char *)&p->settings + option->offset, &err))
		fail_msg("%s = %s: %s", key, value, err.text);
}

static struct place *open_place(void)
{
	struct place *p = calloc(1, sizeof(*p));
	const struct service_start start = {
		.name = "shreds", .settings = &p->settings, .log = quiet
	};
	struct service_queue queue = { &p->interface, 3, 0, NULL, NULL };
	struct err err = { "" };

	p->tables = calloc(1, sizeof(*p->tables));
	option_set_defaults(service_deliver.options, service_deliver.options_count, &p->settings);
	set(p, "depth", "64");
	set(p, "ports", "3842");
	set(p, "group", "");
	p->interface = (struct service_interface){
		.name = "eth0", .mtu = 1500, .queues = 1, .log = quiet, .tables = p->tables
	};
	assert_int_equal(service_deliver.open(&start, &p->instance, &err), 0);
	assert_int_equal(
		service_deliver.open_interface(p->instance, &p->interface, &p->part, &err), 0);
	assert_int_equal(service_deliver.open_queue(p->part, &queue, &p->handler, &err), 0);
	return p;
}

static void close_place(struct place *p)
{
	if (p->handler)
		service_deliver.close_queue(p->handler);
	service_deliver.close_interface(p->part);
	service_deliver.close(p->instance);
	free(p->tables);
	free(p);
}

static void sample(struct place *p)
{
	p->rows_count = 0;
	p->sample = (struct figure_sample){
		.tables = service_deliver.tables,
		.tables_count = service_deliver.tables_count,
		.rows = p->rows,
		.rows_count = &p->rows_count,
		.rows_max = 64,
	};
	service_deliver.sample(p->instance, &p->sample);
}

static struct ringside *open_as(struct place *p, bool looks_on)
{
	const struct service_client client = { .looks_on = looks_on };
	struct ringside *consumer;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	service_deliver.take(p->instance, "shreds", &client, ends[0]);
	sample(p);
	assert_int_equal(ringside_open_connection(&consumer, ends[1], NULL), 0);
	return consumer;
}

static struct ringside *open_consumer(struct place *p)
{
	return open_as(p, false);
}

static int hand(struct place *p, const struct packet *packet, uint64_t hook_ns, uint8_t *bytes,
	size_t *length)
{
	struct frame frame = { 0 };
	uint32_t given;
	const struct service_frame in = {
		.frame = &frame, .hook_ns = hook_ns, .now_ns = 12345, .given = &given
	};

	*length = packet_build(packet, bytes);
	assert_int_equal(frame_parse(&frame, bytes, bytes + *length), 0);
	return service_deliver.handle(p->handler, &in);
}

static void test_a_packet_arrives_with_all_that_is_known_of_it(void **state)
{
	const struct packet sent[] = {
		V4(.sport = 7, .dport = 3842, .tags = 1, .tag = { { 0x8100, 5 } }, .options = 8),
		V6(.sport = 65535, .dport = 3842),
		V4(.payload = 1472),
	};
	const uint32_t headers[] = { 14 + 4 + 28 + 8, 14 + 40 + 8, 14 + 20 + 8 };
	struct place *p = open_place();
	struct ringside *consumer = open_consumer(p);
	struct ringside_packet got;
	uint8_t bytes[PACKET_BYTES_MAX];
	size_t length;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(hand(p, &sent[i], i ? 0 : 999, bytes, &length), OUTCOME_DELIVER);
		service_deliver.flush(p->handler);
		assert_int_equal(ringside_receive(consumer, &got, 1), 1);
		assert_int_equal(got.length, length);
		assert_memory_equal(got.data, bytes, length);
		assert_int_equal(got.header, headers[i]);
		assert_int_equal(got.destination_port, 3842);
		assert_int_equal(got.source_port, sent[i].sport);
		assert_int_equal(got.at_hook, i == 0);
		assert_int_equal(got.time_ns, i ? 12345 : 999);
		assert_int_equal(got.sequence, 1 + i);
	}
	sample(p);
	assert_int_equal(p->sample.figures[0].count, 1);
	assert_int_equal(p->sample.figures[1].count, DEPTH);
	assert_int_equal(p->rows_count, 2);
	assert_string_equal(p->rows[0].label, "eth0/3");
	assert_int_equal(p->rows[0].value[0].count, 3);
	assert_int_equal(p->rows[1].value[1].count, 3);
	ringside_close(consumer);
	close_place(p);
}

static uint32_t hash_of(struct place *p, struct ringside *consumer, const struct packet *packet)
{
	struct ringside_packet got;
	uint8_t bytes[PACKET_BYTES_MAX];
	size_t length;

	assert_int_equal(hand(p, packet, 0, bytes, &length), OUTCOME_DELIVER);
	assert_int_equal(ringside_receive(consumer, &got, 1), 1);
	return got.hash;
}

static void test_a_flow_has_one_hash_and_flows_have_many(void **state)
{
	const struct packet ipv4 = V4(), longer = V4(.payload = 99, .ttl = 3, .id = 9);
	const struct packet ipv6 = V6(), labelled = V6(.flow = 5, .payload = 3);
	struct place *p = open_place();
	struct ringside *consumer = open_consumer(p);
	unsigned bits[2] = { 0 }; /* of the lowest and the highest four bits */

	(void)state;
	assert_int_equal(hash_of(p, consumer, &ipv4), hash_of(p, consumer, &longer));
	assert_int_equal(hash_of(p, consumer, &ipv6), hash_of(p, consumer, &labelled));
	for (uint16_t port = 1; port < 200; port++) {
		const struct packet one = V4(.sport = port);
		uint32_t hash = hash_of(p, consumer, &one);

		bits[0] |= 1u << (hash & 15);
		bits[1] |= 1u << (hash >> 28);
	}
	assert_int_equal(bits[0], 0xffff);
	assert_int_equal(bits[1], 0xffff);
	ringside_close(consumer);
	close_place(p);
}

static void test_a_packet_longer_than_the_ring_has_room_for_is_dropped(void **state)
{
	const struct packet jumbo = V4(.payload = 2000),
			    largest = V4(.tags = 2, .payload = 1472,
				    .tag = { { 0x88a8, 1 }, { 0x8100, 2 } });
	struct place *p = open_place();
	uint8_t bytes[PACKET_BYTES_MAX];
	size_t length;

	(void)state;
	assert_int_equal(hand(p, &largest, 0, bytes, &length), OUTCOME_DELIVER);
	assert_int_equal(hand(p, &jumbo, 0, bytes, &length), OUTCOME_DROP + DROP_bad_frame);
	close_place(p);
}

static void test_the_ports_are_open_while_somebody_is_there(void **state)
{
	struct place *p = open_place();
	struct ringside *consumer;
	struct service_rule rule = { .slot = 0 };
	const struct service_compile again = { .settings = &p->settings,
		.instance = p->instance,
		.rule = &rule,
		.tables = p->tables };

	(void)state;
	sample(p);
	assert_int_equal(p->tables->deliver_attended[0], 0);
	consumer = open_consumer(p);
	assert_int_equal(p->tables->deliver_attended[0], 1);
	/* a reload's tables are new ones */
	p->tables->deliver_attended[0] = 0;
	assert_int_equal(service_deliver.compile(&again, NULL), 0);
	assert_int_equal(p->tables->deliver_attended[0], 1);
	ringside_close(consumer);
	sample(p);
	assert_int_equal(p->tables->deliver_attended[0], 0);
	close_place(p);
}

static void test_who_looks_on_opens_no_ports(void **state)
{
	struct place *p = open_place();
	struct ringside *onlooker = open_as(p, true), *consumer;

	(void)state;
	assert_int_equal(p->tables->deliver_attended[0], 0);
	assert_int_equal(ringside_readers(onlooker), 0);
	ringside_close(onlooker);
	sample(p);
	consumer = open_consumer(p);
	onlooker = open_as(p, true);
	assert_int_equal(ringside_readers(onlooker), 1);
	sample(p);
	assert_int_equal(p->sample.figures[0].count, 1);
	assert_int_equal(p->rows_count, 3);
	assert_non_null(strstr(p->rows[2].label, " #2 (looks on)"));
	ringside_close(consumer);
	sample(p);
	assert_int_equal(p->tables->deliver_attended[0], 0);
	ringside_close(onlooker);
	close_place(p);
}

static void test_both_halves_leave_packets_to_the_stack_while_nobody_is_there(void **state)
{
	const struct packet packet = V4();
	struct halves *halves = halves_open("type = deliver; ports = 3842", NULL);
	uint8_t frame[PACKET_BYTES_MAX];
	size_t length = packet_build(&packet, frame);
	struct judged judged;

	(void)state;
	assert_true(halves_check(halves, "attended", &packet, OUTCOME_DELIVER, 0));
	halves->tables.deliver_attended[0] = 0;
	halves_run_user(halves, frame, length, &judged);
	assert_int_equal(judged.outcome, OUTCOME_PASS);
	assert_int_equal(judged.slot, 0);
	halves_close(halves);
}

static void test_what_a_closed_queue_has_counted_stays(void **state)
{
	struct place *p = open_place();
	struct ringside *consumer = open_consumer(p);
	const struct packet packet = V4();
	struct service_queue queue = { &p->interface, 3, 0, NULL, NULL };
	struct ringside_packet got;
	uint8_t bytes[PACKET_BYTES_MAX];
	struct err err = { "" };
	size_t length;

	(void)state;
	hand(p, &packet, 0, bytes, &length);
	service_deliver.close_queue(p->handler);
	assert_int_equal(ringside_receive(consumer, &got, 1), 1);
	assert_int_equal(ringside_receive(consumer, &got, 1), -ESTALE);
	ringside_close(consumer);
	assert_int_equal(service_deliver.open_queue(p->part, &queue, &p->handler, &err), 0);
	consumer = open_consumer(p);
	hand(p, &packet, 0, bytes, &length);
	assert_int_equal(ringside_receive(consumer, &got, 1), 1);
	sample(p);
	assert_int_equal(p->rows[0].value[0].count, 2);
	assert_int_equal(p->rows[0].value[1].count, 2 * length);
	ringside_close(consumer);
	close_place(p);
}

static int judge(struct place *p, const char *name, const struct service_client *client)
{
	struct err err = { "" };

	return service_deliver.judge(p->instance, name, client, &err);
}

static void test_root_our_own_user_and_the_group_may_open_a_ring(void **state)
{
	const struct service_client root = { .uid = 0, .gid = 5000 };
	const struct service_client onlooker = { .looks_on = true };
	const struct service_client stranger = { 4000, 4000, 2, { 4001, 4002 }, false };
	struct service_client member = { 4000, 0, 0, { 0 }, false };
	struct place *p = open_place();

	(void)state;
	assert_int_equal(judge(p, "shreds", &root), 0);
	assert_int_equal(judge(p, "shred", &root), -ENOENT);
	assert_int_equal(judge(p, "shreds", &stranger), -EACCES);
	/* without a group root's own is no group either */
	assert_int_equal(judge(p, "shreds", &member), -EACCES);
	set(p, "group", "root");
	set(p, "ring", "other");
	assert_int_equal(service_deliver.reload(p->instance, &p->settings, NULL), 0);
	assert_int_equal(judge(p, "shreds", &root), -ENOENT);
	assert_int_equal(judge(p, "shreds", &onlooker), 0);
	assert_int_equal(judge(p, "other", &member), 0);
	assert_int_equal(judge(p, "other", &stranger), -EACCES);
	member = (struct service_client){ 4000, 4000, 2, { 4001, 0 }, false };
	assert_int_equal(judge(p, "other", &member), 0);
	close_place(p);
}

static bool reopens(const struct place *p, const char *key, const char *value)
{
	const struct option *option =
		option_find(service_deliver.options, service_deliver.options_count, key);
	struct deliver_settings other = p->settings;

	assert_int_equal(option->parse(option, value, (uint8_t *)&other + option->offset, NULL), 0);
	return service_deliver.reopens(&p->settings, &other);
}

static void test_only_what_the_rings_memory_is_made_for_opens_queues_again(void **state)
{
	struct place *p = open_place();

	(void)state;
	assert_true(reopens(p, "depth", "128"));
	assert_true(reopens(p, "mode", "share"));
	assert_false(reopens(p, "expose_queue", "yes")); /* of no meaning to a ring that copies */
	assert_false(reopens(p, "ports", "1-100"));
	assert_false(reopens(p, "ring", "other"));
	assert_false(reopens(p, "group", "root"));
	set(p, "mode", "share");
	assert_true(reopens(p, "expose_queue", "yes"));
	close_place(p);
}

static void check_refused(const char *key, const char *value, const char *words)
{
	const struct option *option =
		option_find(service_deliver.options, service_deliver.options_count, key);
	struct deliver_settings settings;
	struct err err = { "" };

	assert_int_equal(
		option->parse(option, value, (char *)&settings + option->offset, &err), -EINVAL);
	assert_string_equal(err.text, words);
}

static void test_bad_values_are_refused_in_words(void **state)
{
	(void)state;
	check_refused("depth", "100", "not a power of two: 100");
	check_refused("addresses", "10.0.0.1, ten", "not an IPv4 or IPv6 address: 'ten'");
	check_refused(
		"ring", "a/b", "letters, digits, '-', '_' and '.' make a ring's name, not 'a/b'");
}

static void test_local_addresses_come_and_go(void **state)
{
	struct place *p = open_place();
	struct address list[3] = { { .word = { 0, 0x010200c0 } }, { .word = { 0, 0x020200c0 } },
		{ .word = { 0, 0x010200c0 }, .is_ipv6 = 1 } };
	struct service_rule rule = { .slot = 2 };
	const struct service_compile compile = {
		.settings = &p->settings, .rule = &rule, .tables = p->tables
	};
	const struct packet packets[] = { V4(.destination = "192.0.2.1"),
		V4(.destination = "192.0.2.2"), V4(.destination = "192.0.2.3") };
	/* both, the second alone, none; a listed address stays */
	const unsigned counts[] = { 3, 1, 0 };
	const __u32 wanted[3][3] = { { ADDRESS_LOCAL, ADDRESS_LOCAL, 4 }, { 0, ADDRESS_LOCAL, 4 },
		{ 0, 0, 4 } };

	(void)state;
	set(p, "addresses", "192.0.2.3");
	assert_int_equal(service_deliver.compile(&compile, NULL), 0);
	assert_int_equal(rule.deliver.addresses, 4);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(address_set_local(
					 p->tables->addresses, i == 1 ? &list[1] : list, counts[i]),
			0);
		for (unsigned k = 0; k < 3; k++) {
			uint8_t bytes[PACKET_BYTES_MAX];
			size_t length = packet_build(&packets[k], bytes);
			struct frame frame = { 0 };

			assert_int_equal(frame_parse(&frame, bytes, bytes + length), 0);
			assert_int_equal(
				address_wanted(&frame, p->tables->addresses), wanted[i][k]);
		}
	}
	close_place(p);
}

static void test_a_full_bucket_is_an_error_and_not_a_lost_address(void **state)
{
	struct address list[5] = { { .word = { 0, 1 } } },
		       *table = calloc(ADDRESS_TABLE, sizeof(*table));
	struct address_list listed = { .choice = ADDRESSES_LISTED };
	unsigned count = 1;
	struct err err = { "" };
	__u32 wanted;

	(void)state;
	for (__u64 word = 2; count < 5; word++)
		if (address_bucket(0, word) == address_bucket(0, 1))
			list[count++].word[1] = word;
	assert_int_equal(address_set_local(table, list, 4), 0);
	assert_int_equal(address_set_local(table, list, 5), 1);
	listed.count = 1;
	listed.list[0] = list[4];
	assert_int_equal(address_compile(&listed, 0, table, &wanted, &err), -E2BIG);
	listed.list[0] = list[3];
	assert_int_equal(address_compile(&listed, 0, table, &wanted, &err), 0);
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_packet_arrives_with_all_that_is_known_of_it),
		cmocka_unit_test(test_a_flow_has_one_hash_and_flows_have_many),
		cmocka_unit_test(test_a_packet_longer_than_the_ring_has_room_for_is_dropped),
		cmocka_unit_test(test_the_ports_are_open_while_somebody_is_there),
		cmocka_unit_test(test_both_halves_leave_packets_to_the_stack_while_nobody_is_there),
		cmocka_unit_test(test_who_looks_on_opens_no_ports),
		cmocka_unit_test(test_what_a_closed_queue_has_counted_stays),
		cmocka_unit_test(test_root_our_own_user_and_the_group_may_open_a_ring),
		cmocka_unit_test(test_only_what_the_rings_memory_is_made_for_opens_queues_again),
		cmocka_unit_test(test_bad_values_are_refused_in_words),
		cmocka_unit_test(test_local_addresses_come_and_go),
		cmocka_unit_test(test_a_full_bucket_is_an_error_and_not_a_lost_address),
	};
	int failed;

	quiet = log_open(LOG_ERROR, LOG_TEXT);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	log_close(quiet);
	return failed;
}
