// SPDX-License-Identifier: BSD-2-Clause
/* [access] before http, packet by packet through the very programs of both flavours (BPF_PROG_TEST_RUN), in a network
 * namespace where nobody listens: what the service does not refuse or leave alone is the stack's, and counted so. */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/option.h"
#include "io/access_maps.h"
#include "packet.h"
#include "service/http_program.h"
#include "service/http_xdp.h"

#define LOOPBACK 1 /* the index that lo has in every namespace; test runs are on it */
#define SLOT 3 /* of the service */
#define TCP 6

enum flavour { TC, XDP, FLAVOURS };

static const struct access_loader loader = {
	.set_up = access_maps_set_up,
	.is_rules = access_maps_is_rules,
	.open = access_maps_open,
	.close = access_maps_close,
};

/* A service's kernel half; program NULL: not to be had here. */
struct stage {
	struct http_program *program;
	struct http_xdp *xdp;
	struct access *access;
	struct access_counts counts;
	struct hook_books before;
};

static struct access *compile(const char *deny, const char *allow, uint64_t pps)
{
	static const struct option keys[] = { { .key = "deny" }, { .key = "allow" } };
	struct access_settings settings = { .source_pps = pps };
	struct access *access;
	struct err err = { "" };

	assert_int_equal(option_prefixes(&keys[0], deny, &settings.deny, &err), 0);
	assert_int_equal(option_prefixes(&keys[1], allow, &settings.allow, &err), 0);
	assert_int_equal(access_compile(&access, &settings, SLOT + 1, false, NULL, &err), 0);
	access->rule.slot = SLOT;
	access_settings_fini(&settings);
	return access;
}

static void open_counts(struct stage *s, struct access *access)
{
	const struct access_program program = access_program(access);
	struct err err = { "" };

	s->access = access;
	if (access_maps_open(&s->counts, &program, http_program_object(s->program), &err))
		fail_msg("%s", err.text);
}

static struct stage stage_open(struct access *access)
{
	static const struct option key = { .key = "addresses" };
	struct address_list own;
	const struct http_program_settings settings = { .port = 80,
		.addresses = &own,
		.files_max = 1,
		.objects_max = 2,
		.flows_max = 16,
		.segments_max = 2,
		.access = access_program(access),
		.loader = &loader };
	const struct http_interface lo = { .index = LOOPBACK, .mss = 1460, .in_xdp = 1 };
	struct stage s = { 0 };
	struct err err = { "" };
	int ret;

	assert_int_equal(option_addresses(&key, "198.51.100.1, 2001:db8:1::1", &own, &err), 0);
	ret = http_program_open(&s.program, &settings, &err);
	if (ret == -EPERM || ret == -EOPNOTSUPP) {
		access_free(access);
		return s;
	}
	if (ret || http_xdp_open(&s.xdp, s.program, &err))
		fail_msg("%s", err.text);
	http_program_set_interface(s.program, 0, &lo);
	open_counts(&s, access);
	return s;
}

static void stage_close(struct stage *s)
{
	access_maps_close(&s->counts, &s->access->rule);
	http_xdp_close(s->xdp);
	http_program_close(s->program);
	access_free(s->access);
}

/* Runs a packet through one flavour; `parts`: it was put together of so many. Returns the action. */
static int run(const struct stage *s, enum flavour flavour, const struct packet *packet,
	unsigned parts, bool *is_marked)
{
	struct __sk_buff skb = { .gso_segs = parts > 1 ? parts : 0,
		.gso_size = parts > 1 ? 20 : 0 };
	uint8_t frame[PACKET_BYTES_MAX], after[PACKET_BYTES_MAX];
	const uint64_t mark = http_program_state(s->program)->mark;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_out = after,
		.data_size_out = sizeof(after), .repeat = 1);
	int ret;

	opts.data_size_in = (uint32_t)packet_build(packet, frame);
	if (flavour == TC) {
		opts.ctx_in = &skb;
		opts.ctx_size_in = sizeof(skb);
	}
	ret = bpf_prog_test_run_opts(
		flavour == TC ? http_program_fd(s->program) : http_xdp_fd(s->xdp), &opts);
	if (ret)
		fail_msg("test run: %s", strerror(-ret));
	/* what is in front of the frame comes out with it */
	*is_marked = flavour == XDP && opts.data_size_out == opts.data_size_in + sizeof(mark) &&
		     !memcmp(after, &mark, sizeof(mark));
	if (!*is_marked && opts.retval != XDP_DROP)
		assert_int_equal(opts.data_size_out, opts.data_size_in);
	return (int)opts.retval;
}

static uint64_t counted(struct stage *s, unsigned outcome)
{
	struct hook_books now = { 0 };

	http_program_add_books(s->program, 0, 0, &now);
	return now.own[outcome].packets - s->before.own[outcome].packets;
}

static uint64_t counted_all(struct stage *s)
{
	uint64_t sum = 0;

	for (unsigned outcome = 0; outcome < OUTCOMES; outcome++)
		sum += counted(s, outcome);
	return sum;
}

static void begin(struct stage *s)
{
	s->before = (struct hook_books){ 0 };
	http_program_add_books(s->program, 0, 0, &s->before);
}

/* Packets for a rule, from 0; all slots but the service's must have none. */
static uint64_t hits(const struct stage *s, uint32_t number)
{
	const struct access_rule *rule = &s->access->rule;
	uint64_t sum = 0;

	for (unsigned cpu = 0; cpu < s->counts.writers; cpu++)
		for (unsigned slot = 0; slot < rule->slots; slot++) {
			uint64_t one =
				s->counts.hits[(cpu * rule->slots + slot) * rule->rules + number];

			if (slot != SLOT)
				assert_int_equal(one, 0);
			sum += one;
		}
	return sum;
}

static uint64_t all_hits(const struct stage *s)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < s->access->rule.rules; i++)
		sum += hits(s, i);
	return sum;
}

#define TO4(...) V4(.to = { 0 }, .protocol = TCP, .dport = 80, __VA_ARGS__)
#define TO6(...) V6(.to = { 0 }, .protocol = TCP, .dport = 80, __VA_ARGS__)

enum fate {
	REFUSED, /* dropped, and counted in the flavour that saw it */
	LET_IN, /* http's to judge: here the stack's. XDP leaves it to TC with a mark */
	OUTSIDE, /* the stack's; XDP leaves it to TC as it came */
	NOT_ASKED, /* http's own, of an address that is not: nobody asks for its source */
	OTHERS, /* not http's at all */
};

static const struct vector {
	const char *name;
	struct packet packet;
	enum fate fate;
} vectors[] = {
	{ "denied", TO4(.source = "192.0.2.1"), REFUSED },
	{ "the first of a prefix", TO4(.source = "192.0.2.0"), REFUSED },
	{ "the last of a prefix", TO4(.source = "192.0.2.127"), REFUSED },
	{ "allowed within a denied prefix", TO4(.source = "192.0.2.129"), LET_IN },
	{ "denied within that", TO4(.source = "192.0.2.130"), REFUSED },
	{ "allowed", TO4(.source = "198.18.255.255"), LET_IN },
	{ "in no list", TO4(.source = "203.0.113.1"), OUTSIDE },
	{ "IPv6, denied", TO6(.source = "2001:db8:bad::1"), REFUSED },
	{ "IPv6, allowed", TO6(.source = "2001:db8::2"), LET_IN },
	{ "IPv6, in no list", TO6(.source = "2001:db9::2"), OUTSIDE },
	{ "an IPv4 address in IPv6 is none of IPv4", TO6(.source = "::ffff:192.0.2.1"), OUTSIDE },
	{ "denied, behind a tag", TO4(.source = "192.0.2.1", .tags = 1, .tag = { { 0x8100, 5 } }),
		REFUSED },
	{ "denied, to another address", TO4(.source = "192.0.2.1", .destination = "198.51.100.2"),
		NOT_ASKED },
	{ "IPv6, denied, to another address",
		TO6(.source = "2001:db8:bad::1", .destination = "2001:db8:1::2"), NOT_ASKED },
	{ "denied, to another port", TO4(.source = "192.0.2.1", .dport = 81), OTHERS },
	{ "denied, by UDP", TO4(.source = "192.0.2.1", .protocol = 17), OTHERS },
	{ "denied, with IP options", TO4(.source = "192.0.2.1", .options = 4), OTHERS },
	{ "denied, a fragment", TO4(.source = "192.0.2.1", .fragment = 0x2000), OTHERS },
};

static void check_vector(struct stage *s, enum flavour flavour, const struct vector *v)
{
	int passes = flavour == TC ? TC_ACT_UNSPEC : XDP_PASS;
	int drops = flavour == TC ? TC_ACT_SHOT : XDP_DROP;
	bool asked = v->fate == REFUSED || v->fate == LET_IN, is_marked;
	uint64_t before = all_hits(s);

	begin(s);
	if (run(s, flavour, &v->packet, 1, &is_marked) != (v->fate == REFUSED ? drops : passes))
		fail_msg("%s: another action", v->name);
	if (is_marked != (flavour == XDP && (v->fate == LET_IN || v->fate == NOT_ASKED)))
		fail_msg("%s: marked: %d", v->name, is_marked);
	if (counted(s, OUTCOME_DROP + DROP_denied) != (v->fate == REFUSED) ||
		counted_all(s) != (flavour == TC ? v->fate != OTHERS : v->fate == REFUSED))
		fail_msg("%s: counted otherwise", v->name);
	if (all_hits(s) - before != asked)
		fail_msg("%s: %llu hits", v->name, (unsigned long long)(all_hits(s) - before));
}

#define DENY "192.0.2.0/24, 192.0.2.130, 2001:db8:bad::/48"
#define ALLOW "192.0.2.128/25, 198.18.0.0/15, 2001:db8::/32"

static void test_every_source_gets_what_the_lists_say_in_both_flavours(void **state)
{
	struct stage s = stage_open(compile(DENY, ALLOW, 0));

	(void)state;
	if (!s.program)
		skip();
	for (unsigned flavour = 0; flavour < FLAVOURS; flavour++)
		for (unsigned i = 0; i < sizeof(vectors) / sizeof(*vectors); i++)
			if (flavour == XDP ||
				!vectors[i].packet.tags) /* TC has them beside the frame */
				check_vector(&s, flavour, &vectors[i]);
	stage_close(&s);
}

static void test_without_access_no_source_is_asked_for(void **state)
{
	struct stage s = stage_open(compile("", "", 0));
	bool is_marked;

	(void)state;
	if (!s.program)
		skip();
	for (unsigned i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		assert_int_equal(run(&s, XDP, &vectors[i].packet, 1, &is_marked), XDP_PASS);
		assert_false(is_marked);
		if (!vectors[i].packet.tags)
			assert_int_equal(
				run(&s, TC, &vectors[i].packet, 1, &is_marked), TC_ACT_UNSPEC);
	}
	assert_null(s.counts.hits);
	stage_close(&s);
}

static void test_what_was_put_together_counts_as_its_parts(void **state)
{
	const struct packet denied = TO4(.source = "192.0.2.1", .payload = 100);
	struct stage s = stage_open(compile(DENY, "", 0));
	bool is_marked;

	(void)state;
	if (!s.program)
		skip();
	begin(&s);
	assert_int_equal(run(&s, TC, &denied, 5, &is_marked), TC_ACT_SHOT);
	assert_int_equal(counted(&s, OUTCOME_DROP + DROP_denied), 5);
	assert_int_equal(all_hits(&s), 5);
	stage_close(&s);
}

static unsigned let_in(
	struct stage *s, enum flavour flavour, const char *source, unsigned packets, unsigned parts)
{
	const struct packet packet = TO4(.source = source, .payload = 100);
	int drops = flavour == TC ? TC_ACT_SHOT : XDP_DROP;
	unsigned count = 0;
	bool is_marked;

	for (unsigned i = 0; i < packets; i++)
		count += run(s, flavour, &packet, parts, &is_marked) != drops;
	return count;
}

/* 32 unseen, 64 at once, and two a second; what one flavour has charged, the other has, too. */
static void test_a_source_is_charged_in_one_bucket_by_both_flavours(void **state)
{
	struct stage s = stage_open(compile("", "", 2));
	uint64_t start_ns = clock_now_ns();
	unsigned passed, late;

	(void)state;
	if (!s.program)
		skip();
	begin(&s);
	passed = let_in(&s, TC, "192.0.2.1", 300, 1);
	late = let_in(&s, XDP, "192.0.2.1", 300, 1);
	assert_in_range(passed + late, 96,
		99 + 2 * (clock_now_ns() - start_ns) / NSEC_PER_SEC + 32 /* on another CPU */);
	assert_int_equal(counted(&s, OUTCOME_DROP + DROP_rate_limited), 600 - passed - late);
	/* another one; put together of ten, each tenth */
	passed = let_in(&s, TC, "192.0.2.2", 300, 10);
	assert_in_range(passed, 9, 12 + 2 * (clock_now_ns() - start_ns) / NSEC_PER_SEC + 4);
	stage_close(&s);
}

static void exchange(struct stage *s, struct access *access)
{
	const struct access_program program = access_program(access);
	struct err err = { "" };

	if (http_program_prepare(s->program, &program, false, NULL, &err))
		fail_msg("%s", err.text);
	http_xdp_close(s->xdp);
	access_maps_close(&s->counts, &s->access->rule);
	access_free(s->access);
	open_counts(s, access);
	if (http_xdp_open(&s->xdp, s->program, &err))
		fail_msg("%s", err.text);
	http_program_exchange(s->program);
	http_program_drop(s->program);
}

static void test_other_lists_take_the_place_and_the_tables_stay(void **state)
{
	const struct packet packet = TO4(.source = "192.0.2.1"), other = TO4(.source = "192.0.2.9");
	struct stage s = stage_open(compile("", "", 0));
	bool is_marked;

	(void)state;
	if (!s.program)
		skip();
	for (unsigned i = 0; i < 3; i++) {
		begin(&s);
		assert_int_equal(run(&s, TC, &packet, 1, &is_marked), TC_ACT_UNSPEC);
		exchange(&s, compile(i & 1 ? "192.0.2.0/28" : "192.0.2.1", "", 0));
		assert_int_equal(run(&s, TC, &packet, 1, &is_marked), TC_ACT_SHOT);
		assert_int_equal(run(&s, XDP, &packet, 1, &is_marked), XDP_DROP);
		assert_int_equal(run(&s, XDP, &other, 1, &is_marked), i & 1 ? XDP_DROP : XDP_PASS);
		assert_int_equal(all_hits(&s), 2 + (i & 1));
		assert_int_equal(counted(&s, OUTCOME_DROP + DROP_denied), 2 + (i & 1));
		exchange(&s, compile("", "", 0));
	}
	stage_close(&s);
}

/* With nothing but a namespace of its own, in which nobody listens. */
static int enter_namespace(void **state)
{
	(void)state;
	return unshare(CLONE_NEWNET) && errno != EPERM ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_source_gets_what_the_lists_say_in_both_flavours),
		cmocka_unit_test(test_without_access_no_source_is_asked_for),
		cmocka_unit_test(test_what_was_put_together_counts_as_its_parts),
		cmocka_unit_test(test_a_source_is_charged_in_one_bucket_by_both_flavours),
		cmocka_unit_test(test_other_lists_take_the_place_and_the_tables_stay),
	};

	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
