// SPDX-License-Identifier: BSD-2-Clause
/* [access]: prefixes as they are written, the trie against a plain search, and what sources may send: in plain
 * calls, and in both halves. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "halves.h"
#include "service/heavy.h"

#define RATE_LIMITED (OUTCOME_DROP + DROP_rate_limited)
#define PREFIXES 10000

static uint64_t random64(void)
{
	static uint64_t state = 88172645463325252ull; /* Marsaglia, xorshift64 */

	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static int parse(struct prefix_list *list, const char *text, struct err *err)
{
	const struct option option = { .key = "deny" };

	*err = (struct err){ "" };
	return option_prefixes(&option, text, list, err);
}

static void test_prefixes_are_read_and_printed(void **state)
{
	static const char *const texts[] = { "192.0.2.0/24", "0.0.0.0/0", "255.255.255.255/32",
		"::/0", "2001:db8::/32", "2001:db8::1/128", "::ffff:1:0:0/96", "128.0.0.0/1",
		"8000::/1" };
	struct prefix_list list = { 0 };
	struct err err;
	char text[PREFIX_TEXT];

	(void)state;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(parse(&list, texts[i], &err), 0);
		assert_int_equal(list.count, 1);
		prefix_print(text, &list.list[0]);
		assert_string_equal(text, texts[i]);
	}
	assert_int_equal(parse(&list, "10.0.0.1, ::1", &err), 0);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.list[0].bits, 32);
	assert_int_equal(list.list[1].bits, 128);
	assert_int_equal(parse(&list, "", &err), 0);
	assert_int_equal(list.count, 0);
	prefix_list_fini(&list);
}

static void test_what_is_no_prefix_is_refused_in_words(void **state)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
		{ "192.0.2.0/33", "not a prefix: '192.0.2.0/33' has no length from 0 to 32" },
		{ "192.0.2.0/", "not a prefix: '192.0.2.0/' has no length from 0 to 32" },
		{ "192.0.2.0/8-9", "not a prefix: '192.0.2.0/8-9' has no length from 0 to 32" },
		{ "::/129", "not a prefix: '::/129' has no length from 0 to 128" },
		{ "192.0.2/24", "not an IPv4 or IPv6 prefix: '192.0.2/24'" },
		{ "example.org", "not an IPv4 or IPv6 prefix: 'example.org'" },
		{ "/24", "not an IPv4 or IPv6 prefix: '/24'" },
		{ "192.0.2.1/24", "not a prefix: '192.0.2.1/24' has bits behind its length: did "
				  "you mean 192.0.2.0/24?" },
		{ "2001:db8::1/64", "not a prefix: '2001:db8::1/64' has bits behind its length: "
				    "did you mean 2001:db8::/64?" },
		{ "10.0.0.0/8,, ::1", "an item of the list is empty" },
		{ "10.0.0.0/8,", "an item of the list is empty" },
	};
	struct prefix_list list = { 0 };
	struct err err;

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(parse(&list, bad[i].text, &err), -EINVAL);
		assert_string_equal(err.text, bad[i].words);
	}
	prefix_list_fini(&list);
}

static struct prefix_list *add(struct prefix_list *list, struct prefix prefix)
{
	list->list[list->count++] = prefix;
	return list;
}

/* Of few distinct first bits, so that prefixes are inside of each other. */
static struct prefix random_prefix(void)
{
	struct prefix p = { .is_ipv6 = random64() & 1 };

	p.bits = (uint8_t)(p.is_ipv6 ? 8 + random64() % 121 : 8 + random64() % 25);
	p.word[0] = (random64() & 0x0303000f0f0f0f0full);
	p.word[1] = p.is_ipv6 ? random64() & 0xf00000000000000full : 0;
	if (!p.is_ipv6)
		p.word[0] &= 0xffffffff00000000ull;
	for (unsigned i = 0; i < 2; i++) {
		unsigned bits = p.bits > 64 * i ? p.bits - 64 * i : 0;

		if (bits < 64)
			p.word[i] &= bits ? UINT64_MAX << (64 - bits) : 0;
	}
	return p;
}

static bool has(const struct prefix *prefix, const struct access_source *source)
{
	if (!prefix->is_ipv6 != !source->is_ipv6)
		return false;
	for (unsigned i = 0; i < 2; i++) {
		unsigned bits = prefix->bits > 64 * i ? prefix->bits - 64 * i : 0;
		uint64_t mask = bits >= 64 ? UINT64_MAX : bits ? UINT64_MAX << (64 - bits) : 0;

		if ((prefix->word[i] ^ source->word[i]) & mask)
			return false;
	}
	return true;
}

/* The longest one's number by looking at all of them; in both lists the same is given once. */
static uint32_t search(const struct access *access, const struct access_source *source)
{
	uint32_t best = 0;

	for (uint32_t i = 0; i < access->rule.rules; i++)
		if (has(&access->prefixes[i], source) &&
			(!best || access->prefixes[i].bits > access->prefixes[best - 1].bits))
			best = i + 1;
	return best;
}

static void test_the_trie_finds_what_a_plain_search_finds(void **state)
{
	struct access_settings settings = { .deny.list = calloc(300, sizeof(struct prefix)),
		.allow.list = calloc(300, sizeof(struct prefix)) };
	struct access *access;
	struct err err = { "" };
	unsigned found = 0;

	(void)state;
	assert_true(settings.deny.list && settings.allow.list);
	for (unsigned i = 0; i < 300; i++) {
		add(&settings.deny, random_prefix());
		add(&settings.allow, random_prefix());
	}
	assert_int_equal(access_compile(&access, &settings, 1, false, NULL, &err), 0);
	for (unsigned i = 0; i < 100000; i++) {
		const struct prefix p = random_prefix();
		struct access_source source = { { p.word[0], p.word[1] }, p.is_ipv6 };
		uint32_t number;

		/* the edges of prefixes, too */
		if (i % 3 == 1)
			source.word[p.is_ipv6] -= p.is_ipv6 ? 1 : 1ull << 32;
		number = access_find(&access->memory, &access->rule, &source);
		found += number > 0;
		if (number != search(access, &source)) {
			/* two of one length, one denied and one allowed: either is the longest */
			assert_true(number > 0);
			assert_true(has(&access->prefixes[number - 1], &source));
			assert_int_equal(access->prefixes[number - 1].bits,
				access->prefixes[search(access, &source) - 1].bits);
		}
	}
	assert_in_range(found, 1000, 99999);
	access_free(access);
	access_settings_fini(&settings);
}

static void test_ten_thousand_prefixes_are_compiled_at_once(void **state)
{
	struct access_settings settings = { .deny.list = calloc(PREFIXES, sizeof(struct prefix)) };
	uint64_t start_ns;
	struct access *access;
	struct err err = { "" };

	(void)state;
	assert_non_null(settings.deny.list);
	for (unsigned i = 0; i < PREFIXES; i++)
		add(&settings.deny,
			(struct prefix){ { random64() & 0xffffff0000000000ull }, 0, 24 });
	start_ns = clock_now_ns();
	assert_int_equal(access_compile(&access, &settings, 1, false, NULL, &err), 0);
	/* some milliseconds; with a sanitizer, on a busy machine */
	assert_true(clock_now_ns() - start_ns < 2 * NSEC_PER_SEC);
	assert_in_range(access->rule.rules, PREFIXES - 100, PREFIXES);
	assert_true(access->nodes_count * sizeof(*access->nodes) < 4 << 20);
	access_free(access);
	access_settings_fini(&settings);
}

static void test_one_prefix_in_both_lists_is_a_contradiction(void **state)
{
	struct access_settings settings = { 0 };
	struct err err;

	(void)state;
	parse(&settings.deny, "10.0.0.0/8, 2001:db8::/32", &err);
	parse(&settings.allow, "10.0.0.0/9, 2001:db8::/48", &err);
	assert_int_equal(access_check(&settings, &err), 0);
	parse(&settings.allow, "10.0.0.0/9, 2001:db8::/32", &err);
	assert_int_equal(access_check(&settings, &err), -EINVAL);
	assert_string_equal(err.text, "2001:db8::/32 is in deny, too");
	access_settings_fini(&settings);
}

/* A worker's memory, and a clock of our own. */
struct limited {
	struct access *access;
	struct access_state state;
	struct access_memory memory;
};

static struct limited *limit(uint64_t pps)
{
	const struct access_settings settings = { .source_pps = pps };
	struct limited *l = calloc(1, sizeof(*l));
	struct err err = { "" };

	assert_non_null(l);
	assert_int_equal(access_compile(&l->access, &settings, 1, false, &l->state, &err), 0);
	l->memory = l->access->memory;
	l->memory.now_ns = 1000 * NSEC_PER_SEC;
	return l;
}

static void unlimit(struct limited *l)
{
	access_free(l->access);
	free(l);
}

static bool passes(struct limited *l, uint32_t address)
{
	const struct access_source source = { { (uint64_t)address << 32, 0 }, 0 };
	int verdict = access_judge(&l->memory, &l->access->rule, &source, 0, 1);

	assert_true(verdict == VERDICT_NEXT || verdict == VERDICT_DROP + DROP_rate_limited);
	return verdict == VERDICT_NEXT;
}

/* What a source that sends so many packets a second for so long gets through. */
static unsigned flood(struct limited *l, uint32_t address, uint64_t pps, unsigned seconds)
{
	unsigned passed = 0;

	for (uint64_t i = 0; i < pps * seconds; i++) {
		l->memory.now_ns += NSEC_PER_SEC / pps;
		passed += passes(l, address);
	}
	return passed;
}

static void test_a_source_gets_its_rate_and_a_burst(void **state)
{
	struct limited *l = limit(1000);

	(void)state;
	/* a tenth of a second's packets are the burst, and 32 pass before anybody looks */
	assert_in_range(flood(l, 1, 100000, 10), 10000, 10000 + 100 + 64 + 2);
	/* and now without a burst, for it never stopped */
	assert_in_range(flood(l, 1, 100000, 10), 9990, 10010);
	/* below the rate all pass */
	l->memory.now_ns += NSEC_PER_SEC;
	assert_int_equal(flood(l, 1, 990, 10), 9900);
	assert_int_equal(flood(l, 2, 400, 10), 4000);
	unlimit(l);
}

static void test_others_lose_nothing_beside_a_heavy_source(void **state)
{
	struct limited *l = limit(1000);
	unsigned heavy = 0;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		l->memory.now_ns += 10000;
		heavy += passes(l, 7);
		if (!(i % 125)) /* 800 a second */
			assert_true(passes(l, 1000));
		assert_true(passes(l, 100000 + i % 2000)); /* 50 a second each */
	}
	assert_in_range(heavy, 2000, 2000 + 100 + 64 + 2);
	unlimit(l);
}

/* 5 million forged sources in a second: none of them comes twice. */
static void test_forged_sources_take_nothing_from_others(void **state)
{
	struct limited *l = limit(100);
	unsigned heavy = 0, forged = 0;

	(void)state;
	for (unsigned i = 0; i < 5000000; i++) {
		l->memory.now_ns += 200;
		forged += passes(l, (uint32_t)random64() | 0x80000000);
		if (!(i % 5000)) /* 1000 a second: ten times what it may */
			heavy += passes(l, 7);
		if (!(i % 60000)) /* 83 a second */
			assert_true(passes(l, 1000));
	}
	assert_in_range(heavy, 64, 100 + 64 + 64 + 4);
	assert_in_range(forged, 4999990, 5000000);
	unlimit(l);
}

static unsigned send_from(struct halves *halves, struct xdp_program *program, const char *from,
	int outcome, unsigned packets)
{
	/* reflect's own, which for steer has another port, and is no packet of its protocol */
	const struct packet packet =
		V4(.source = from, .dport = halves->rules[0].kind == SERVICE_steer ? 9999 : 3842);
	uint8_t frame[PACKET_BYTES_MAX];
	size_t length = packet_build(&packet, frame);
	unsigned count = 0;

	for (unsigned i = 0; i < packets; i++) {
		struct judged judged;

		if (program)
			halves_run_kernel(program, frame, length, &judged);
		else
			halves_run_user(halves, frame, length, &judged);
		if (judged.outcome != outcome)
			assert_int_equal(judged.outcome, RATE_LIMITED);
		count += judged.outcome == outcome;
	}
	return count;
}

/* 32 unseen, 64 at once, and two a second. */
static void check_limit(struct halves *halves, struct xdp_program *program, int outcome)
{
	uint64_t start_ns = clock_now_ns();
	unsigned passed = send_from(halves, program, "192.0.2.2", outcome, 500);
	uint64_t more = 2 * (clock_now_ns() - start_ns) / NSEC_PER_SEC + 3;

	assert_in_range(passed, 96, 97 + more);
	assert_int_equal(send_from(halves, program, "192.0.2.3", outcome, 30), 30);
}

static void test_both_halves_limit_a_source_alike(void **state)
{
	struct halves *halves = halves_open("source_pps = 2", NULL);

	(void)state;
	check_limit(halves, NULL, OUTCOME_TX);
	if (halves->kernel)
		check_limit(halves, halves->kernel, OUTCOME_TX);
	halves_close(halves);
}

/* A source over its limit is that, whatever its packets are. */
static void test_steer_limits_before_it_looks_for_faults(void **state)
{
	struct halves *halves =
		halves_open("type = steer; port = 9999; addresses = any; source_pps = 2", NULL);

	(void)state;
	check_limit(halves, NULL, OUTCOME_DROP + DROP_bad_magic);
	if (halves->kernel)
		check_limit(halves, halves->kernel, OUTCOME_DROP + DROP_bad_magic);
	halves_close(halves);
}

static void test_the_kernel_charges_what_it_hands_over(void **state)
{
	struct halves *halves = halves_open("source_pps = 2", NULL);

	(void)state;
	if (halves->handover)
		check_limit(halves, halves->handover, OUTCOME_PASS);
	halves_close(halves);
}

static struct heavy_name named(uint64_t number)
{
	return (struct heavy_name){ { number, 0 }, 0 };
}

static void test_the_heaviest_are_found_among_many(void **state)
{
	struct heavy *heavy = calloc(1, sizeof(*heavy));

	(void)state;
	assert_non_null(heavy);
	/* 3 s of 100 000 packets a second, of which 20 % and 5 % are two names' and the rest all different */
	for (unsigned tick = 0; tick < 30; tick++) {
		heavy_fade(heavy, NSEC_PER_SEC / 10);
		for (unsigned i = 0; i < 10000; i++) {
			struct heavy_name name = named(i % 5 == 0    ? 1
						       : i % 20 == 1 ? 2
								     : random64() | 4);

			heavy_add(heavy, &name, 1, i % 5 == 0);
		}
	}
	heavy_sort(heavy);
	assert_int_equal(heavy->entries[0].name.word[0], 1);
	assert_int_equal(heavy->entries[1].name.word[0], 2);
	assert_in_range(heavy_pps(heavy, &heavy->entries[0]), 19000, 21000);
	assert_in_range(heavy_dropped_pps(heavy, &heavy->entries[0]), 19000, 21000);
	assert_in_range(heavy_pps(heavy, &heavy->entries[1]), 4000, 5500);
	assert_int_equal(heavy_dropped_pps(heavy, &heavy->entries[1]), 0);
	assert_in_range(heavy_pps(heavy, &heavy->entries[2]), 0, 100);
	heavy_fade(heavy, 60 * NSEC_PER_SEC);
	assert_int_equal(heavy->count, 0);
	free(heavy);
}

/* Of every eighth packet, or every hundredth, as many are samples as of the others. */
static void test_samples_are_fair_to_packets_that_come_at_regular_intervals(void **state)
{
	static const unsigned periods[] = { 1, 2, 3, 8, 64, 100, 128 };

	(void)state;
	for (uint32_t every = 1; every <= 1024; every *= 4)
		for (unsigned i = 0; i < sizeof(periods) / sizeof(*periods); i++) {
			const uint64_t packets = 1 << 18;
			uint64_t samples = 0;
			__u64 count = 0;

			for (uint64_t n = 0; n < packets * periods[i]; n++)
				samples += access_is_sample(&count, every) &&
					   n % periods[i] == 5 % periods[i];
			assert_in_range(samples * every, packets * 9 / 10, packets * 11 / 10);
		}
}

static void test_samples_say_who_sent_and_with_which_key(void **state)
{
	struct halves *halves =
		halves_open("type = steer; port = 9999; addresses = any; key = 4@4&0xfff", NULL);
	const struct packet packet = V4(.dport = 9999, .signature = "LAMI\x81\0\1\7\0\0\0\24",
		.signature_bytes = 12, .offset = 0, .payload = 32);
	const struct access_samples *samples = &halves->access_state.samples;
	const struct access_counts *counts;
	uint8_t frame[PACKET_BYTES_MAX];
	size_t length = packet_build(&packet, frame);
	unsigned written = 0;
	struct judged judged;

	(void)state;
	halves_run_user(halves, frame, length, &judged);
	assert_int_equal(samples->count, 1);
	assert_int_equal(samples->sample[0].word[0], 0xc000020200000000ull);
	assert_int_equal(samples->sample[0].key, 0x107);
	assert_int_equal(samples->sample[0].weight, 1);
	if (halves->kernel) {
		halves_run_kernel(halves->kernel, frame, length, &judged);
		counts = xdp_program_access(halves->kernel);
		for (unsigned i = 0; i < counts->writers; i++) {
			if (!counts->samples[i].count)
				continue;
			written++;
			assert_memory_equal(&counts->samples[i].sample[0], &samples->sample[0],
				sizeof(struct access_sample));
		}
		assert_int_equal(written, 1);
	}
	halves_close(halves);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefixes_are_read_and_printed),
		cmocka_unit_test(test_what_is_no_prefix_is_refused_in_words),
		cmocka_unit_test(test_the_trie_finds_what_a_plain_search_finds),
		cmocka_unit_test(test_ten_thousand_prefixes_are_compiled_at_once),
		cmocka_unit_test(test_one_prefix_in_both_lists_is_a_contradiction),
		cmocka_unit_test(test_a_source_gets_its_rate_and_a_burst),
		cmocka_unit_test(test_others_lose_nothing_beside_a_heavy_source),
		cmocka_unit_test(test_forged_sources_take_nothing_from_others),
		cmocka_unit_test(test_both_halves_limit_a_source_alike),
		cmocka_unit_test(test_steer_limits_before_it_looks_for_faults),
		cmocka_unit_test(test_the_kernel_charges_what_it_hands_over),
		cmocka_unit_test(test_the_heaviest_are_found_among_many),
		cmocka_unit_test(test_samples_are_fair_to_packets_that_come_at_regular_intervals),
		cmocka_unit_test(test_samples_say_who_sent_and_with_which_key),
	};

	/* each CPU has a sketch of its own, which lets 32 packets through */
	cpu_pin((uint32_t)sched_getcpu(), &(struct err){ "" });
	if (cmocka_run_group_tests(tests, NULL, NULL))
		return 1;
	return halves_exit_status();
}
