/* SPDX-License-Identifier: BSD-2-Clause */
/* AF_PACKET's filter, run by the kernel on a pair of Unix sockets: it needs neither root nor a
 * network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpf/frame.h"
#include "io/packet_filter.h"

#define FRAME_ROOM 258

struct pair {
	int to, from;
};

static void pair_open(struct pair *pair, const uint8_t *ports)
{
	struct err err = { "" };
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	pair->to = fds[0];
	pair->from = fds[1];
	if (packet_filter_attach(pair->from, ports, &err))
		fail_msg("%s", err.text);
}

static void pair_close(struct pair *pair)
{
	close(pair->to);
	close(pair->from);
}

static bool is_admitted(struct pair *pair, const uint8_t *frame, unsigned length)
{
	uint8_t bytes[2048];

	assert_int_equal(send(pair->to, frame, length, 0), length);
	return recv(pair->from, bytes, sizeof(bytes), MSG_DONTWAIT) == (ssize_t)length;
}

/* What a frame is made of; zero: a plain IPv4 frame without tags to port 0. */
struct recipe {
	unsigned tags;
	uint16_t tpid;
	bool ipv6;
	unsigned ip_options; /* IPv4: 32-bit words */
	unsigned extensions; /* IPv6: hop-by-hop, then destination options */
	uint16_t fragment; /* IPv4 */
	uint8_t protocol;
	uint16_t port;
};

static uint8_t *put16(uint8_t *at, unsigned value)
{
	*at++ = (uint8_t)(value >> 8);
	*at++ = (uint8_t)value;
	return at;
}

static uint8_t *put_ipv4(uint8_t *at, const struct recipe *recipe)
{
	unsigned header = 20 + 4 * recipe->ip_options;

	at[0] = (uint8_t)(0x40 | (5 + recipe->ip_options));
	put16(at + 2, header + 16);
	put16(at + 6, recipe->fragment);
	at[8] = 64;
	at[9] = recipe->protocol;
	memset(at + 12, 10, 8);
	memset(at + 20, 1, header - 20);
	return at + header;
}

static uint8_t *put_ipv6(uint8_t *at, const struct recipe *recipe)
{
	static const uint8_t kinds[] = { IPPROTO_HOPOPTS, IPPROTO_DSTOPTS };

	at[0] = 0x60;
	put16(at + 4, 16 + 8 * recipe->extensions);
	at[6] = recipe->extensions ? kinds[0] : recipe->protocol;
	at[7] = 64;
	memset(at + 8, 0x20, 32);
	at += 40;
	for (unsigned i = 1; i <= recipe->extensions; i++, at += 8)
		at[0] = i < recipe->extensions ? kinds[i & 1] : recipe->protocol;
	return at;
}

static unsigned make(uint8_t *frame, const struct recipe *recipe)
{
	uint8_t *at = frame + 12;

	memset(frame, 0, 256);
	memset(frame, 2, 12);
	for (unsigned i = 0; i < recipe->tags; i++) {
		at = put16(at, recipe->tpid ? recipe->tpid : ETH_P_8021Q);
		at = put16(at, 0xb064);
	}
	at = put16(at, recipe->ipv6 ? ETH_P_IPV6 : ETH_P_IP);
	at = recipe->ipv6 ? put_ipv6(at, recipe) : put_ipv4(at, recipe);
	put16(at, 40000);
	put16(at + 2, recipe->port);
	put16(at + 4, 16);
	return (unsigned)(at + 16 - frame);
}

static bool recipe_is_admitted(struct pair *pair, struct recipe recipe)
{
	_Alignas(4) uint8_t room[FRAME_ROOM];
	uint8_t *frame = room + 2; /* aligns the IP header */
	unsigned length = make(frame, &recipe);

	return is_admitted(pair, frame, length);
}

static uint8_t *ports_new(void)
{
	uint8_t *ports = calloc(65536, 1);

	assert_non_null(ports);
	return ports;
}

static const struct recipe udp_to_3842 = { .protocol = IPPROTO_UDP, .port = 3842 };

static void test_admits_every_shape_of_frame_that_is_parsed(void **state)
{
	uint8_t *ports = ports_new();
	struct pair pair;

	(void)state;
	ports[3842] = 1;
	pair_open(&pair, ports);
	for (unsigned shape = 0; shape < 3 * 2 * 5 * 2; shape++) {
		struct recipe recipe = udp_to_3842;
		_Alignas(4) uint8_t room[FRAME_ROOM];
		uint8_t *frame = room + 2; /* aligns the IP header */
		struct frame f;
		unsigned length;

		recipe.tags = shape % 3;
		recipe.tpid = shape / 3 % 2 ? ETH_P_8021AD : ETH_P_8021Q;
		recipe.ip_options = recipe.extensions = shape / 6 % 5;
		recipe.ipv6 = shape / 30;
		length = make(frame, &recipe);
		assert_int_equal(frame_parse(&f, frame, frame + length), 0);
		assert_true(is_admitted(&pair, frame, length));
	}
	pair_close(&pair);
	free(ports);
}

static void test_rejects_what_no_service_could_want(void **state)
{
	static const uint8_t arp[42] = { [12] = 0x08, [13] = 0x06 };
	uint8_t *ports = ports_new();
	struct recipe recipe = udp_to_3842;
	struct pair pair;

	(void)state;
	ports[3842] = 1;
	pair_open(&pair, ports);
	assert_false(is_admitted(&pair, arp, sizeof(arp)));
	for (unsigned protocol = 0; protocol < 256; protocol++) {
		if (protocol == IPPROTO_UDP)
			continue;
		recipe.protocol = (uint8_t)protocol;
		recipe.ipv6 = false;
		assert_false(recipe_is_admitted(&pair, recipe));
		recipe.ipv6 = true;
		for (recipe.extensions = 0; recipe.extensions <= FRAME_EXTENSIONS;
			recipe.extensions++)
			assert_false(recipe_is_admitted(&pair, recipe));
	}
	recipe = udp_to_3842;
	recipe.ipv6 = true;
	recipe.extensions = FRAME_EXTENSIONS + 1;
	assert_false(recipe_is_admitted(&pair, recipe));
	recipe = udp_to_3842;
	recipe.port = 3843;
	assert_false(recipe_is_admitted(&pair, recipe));
	recipe = udp_to_3842;
	recipe.fragment = 0x2000;
	assert_false(recipe_is_admitted(&pair, recipe));
	recipe.fragment = 1;
	assert_false(recipe_is_admitted(&pair, recipe));
	recipe = udp_to_3842;
	recipe.tags = 3;
	assert_false(recipe_is_admitted(&pair, recipe));
	pair_close(&pair);
	free(ports);
}

static void ports_compare(const uint8_t *ports)
{
	struct recipe recipe = { .protocol = IPPROTO_UDP };
	struct pair pair;

	pair_open(&pair, ports);
	for (unsigned port = 0; port < 65536; port++) {
		recipe.port = (uint16_t)port;
		assert_int_equal(recipe_is_admitted(&pair, recipe), ports[port] != 0);
	}
	pair_close(&pair);
}

static void test_admits_exactly_the_ports_of_up_to_16_ranges(void **state)
{
	uint8_t *ports = ports_new();

	(void)state;
	ports_compare(ports); /* none at all */
	ports[0] = ports[65535] = 1;
	ports_compare(ports);
	memset(ports + 8000, 4, 1000);
	for (unsigned i = 0; i < 13; i++)
		ports[20000 + 2 * i] = 1;
	ports_compare(ports);
	memset(ports, 1, 65536);
	ports_compare(ports);
	free(ports);
}

static void test_admits_all_udp_with_more_ranges_or_without_a_list(void **state)
{
	uint8_t *ports = ports_new();
	struct recipe recipe = udp_to_3842;
	struct pair pair;

	(void)state;
	for (unsigned i = 0; i < 17; i++)
		ports[20000 + 2 * i] = 1;
	pair_open(&pair, ports);
	assert_true(recipe_is_admitted(&pair, recipe));
	recipe.protocol = IPPROTO_TCP;
	assert_false(recipe_is_admitted(&pair, recipe));
	pair_close(&pair);
	pair_open(&pair, NULL);
	assert_false(recipe_is_admitted(&pair, recipe));
	assert_true(recipe_is_admitted(&pair, udp_to_3842));
	pair_close(&pair);
	free(ports);
}

/* Never misses: whatever a few changed bytes make of a frame, if it is parsed and its port is
 * wanted, it is admitted. */
static void test_admits_every_mutated_frame_that_is_parsed(void **state)
{
	uint8_t *ports = ports_new();
	unsigned parsed = 0, seed = 1;
	struct pair pair;

	(void)state;
	memset(ports + 3840, 1, 8);
	ports[256] = 1;
	pair_open(&pair, ports);
	for (unsigned i = 0; i < 300000; i++) {
		struct recipe recipe = udp_to_3842;
		_Alignas(4) uint8_t room[FRAME_ROOM];
		uint8_t *frame = room + 2; /* aligns the IP header */
		unsigned length;
		struct frame f;

		recipe.tags = (unsigned)rand_r(&seed) % 3;
		recipe.ip_options = recipe.extensions = (unsigned)rand_r(&seed) % 5;
		recipe.ipv6 = rand_r(&seed) & 1;
		length = make(frame, &recipe);
		for (int k = rand_r(&seed) % 4; k > 0; k--)
			frame[12 + (unsigned)rand_r(&seed) % (length - 12)] ^=
				(uint8_t)(1 << rand_r(&seed) % 8);
		length -= rand_r(&seed) % 8 ? 0 : (unsigned)rand_r(&seed) % length;
		if (!length || frame_parse(&f, frame, frame + length) || !ports[BE16(f.udp->dest)])
			continue;
		parsed++;
		assert_true(is_admitted(&pair, frame, length));
	}
	assert_true(parsed > 50000);
	pair_close(&pair);
	free(ports);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_admits_every_shape_of_frame_that_is_parsed),
		cmocka_unit_test(test_rejects_what_no_service_could_want),
		cmocka_unit_test(test_admits_exactly_the_ports_of_up_to_16_ranges),
		cmocka_unit_test(test_admits_all_udp_with_more_ranges_or_without_a_list),
		cmocka_unit_test(test_admits_every_mutated_frame_that_is_parsed),
	};

	return cmocka_run_group_tests_name("packet_filter", tests, NULL, NULL);
}
