// SPDX-License-Identifier: BSD-2-Clause
/* The request parser and the cookies of http, by plain calls: what is plain, why the rest is not, and random
 * changes of a request, of which none may be taken for plain that a simpler reading refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bpf/http_cookie.h"
#include "bpf/http_request.h"
#include "service/http_keys.h"

#define FROM 66 /* where a payload begins behind IPv4 and timestamps */
#define CHANGED 200000

static const char *const good[] = {
	"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /a.css HTTP/1.1\r\nhOST:   example.org:8080  \r\nCookie: a=b\r\n\r\n",
	"HEAD /a HTTP/1.1\r\nHost: [2001:db8::1]:80\r\nConnection: Keep-Alive\r\n\r\n",
	"GET /a HTTP/1.0\r\n\r\n",
	"GET /a HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip, br;q=0.5\r\nIf-None-Match: "
	"\"x\"\r\n\r\n",
	"GET /a HTTP/1.1\r\nHost: a\r\nUpgrade-Insecure-Requests: 1\r\nSec-Fetch-Mode: "
	"navigate\r\n\r\n",
};

static const struct {
	const char *text;
	uint32_t reason;
} bad[] = {
	{ "POST / HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_MISS_method },
	{ "get / HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_MISS_method },
	{ "GET / HTTP/1.2\r\nHost: a\r\n\r\n", HTTP_MISS_malformed },
	{ "GET /HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_MISS_malformed },
	{ "GET / HTTP/1.1\nHost: a\n\n", HTTP_MISS_malformed },
	{ "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", HTTP_MISS_malformed },
	{ "GET / HTTP/1.1\r\nHost: a\r\n X: folded\r\n\r\n", HTTP_MISS_malformed },
	{ "GET / HTTP/1.1\r\nHost : a\r\n\r\n", HTTP_MISS_malformed },
	{ "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", HTTP_MISS_malformed },
	{ "GET / HTTP/1.1\r\nHost: a\r\nX:\ty\r\n\r\n", HTTP_MISS_malformed },
	{ "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_MISS_malformed },
	{ "GET / HTTP/1.1\r\nHost: a\r\n", HTTP_MISS_split },
	{ "GET / HTTP/1.1\r\nHost: a\r\n\r", HTTP_MISS_split },
	{ "GET / HTTP/1.1\r\nHost: a\r\n\r\nG", HTTP_MISS_split },
	{ "GET / HTTP/1.1\r\n\r\n", HTTP_MISS_host },
	{ "GET / HTTP/1.1\r\nHost:\r\n\r\n", HTTP_MISS_host },
	{ "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", HTTP_MISS_host },
	{ "GET / HTTP/1.1\r\nHost: a..b\r\n\r\n", HTTP_MISS_host },
	{ "GET / HTTP/1.1\r\nHost: .a\r\n\r\n", HTTP_MISS_host },
	{ "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", HTTP_MISS_host },
	{ "GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n", HTTP_MISS_host },
	{ "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", HTTP_MISS_host },
	{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n", HTTP_MISS_connection },
	{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: close\r\n\r\n",
		HTTP_MISS_connection },
	{ "GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\n\r\n", HTTP_MISS_range },
	{ "GET / HTTP/1.1\r\nHost: a\r\nIF-RANGE: x\r\n\r\n", HTTP_MISS_range },
	{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", HTTP_MISS_body },
	{ "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_MISS_body },
	{ "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", HTTP_MISS_header },
	{ "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic eA==\r\n\r\n", HTTP_MISS_header },
	{ "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n", HTTP_MISS_header },
	{ "GET / HTTP/1.1\r\nHost: a\r\nIf-Match: \"x\"\r\n\r\n", HTTP_MISS_condition },
	{ "GET / HTTP/1.1\r\nHost: a\r\nIf-Unmodified-Since: x\r\n\r\n", HTTP_MISS_condition },
};

/* What lies behind the text must not matter: it is filled with what would be read as a line's end. */
static void read_text(struct http_request *r, const void *text, size_t bytes, uint8_t behind)
{
	static uint8_t buffer[HTTP_BUFFER_ROOM];

	assert_true(FROM + bytes <= HTTP_BUFFER_BYTES);
	memset(buffer, behind, sizeof(buffer));
	memcpy(buffer + FROM, text, bytes);
	http_request_read(r, buffer, FROM, (uint32_t)(FROM + bytes));
}

static void test_plain_requests_are_read(void **state)
{
	struct http_request r;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		read_text(&r, good[i], strlen(good[i]), '\n');
		if (r.reason != HTTP_PLAIN)
			fail_msg("reason %u: %s", r.reason, good[i]);
	}
	read_text(&r, good[1], strlen(good[1]), 0);
	assert_int_equal(r.path, FROM + 4);
	assert_int_equal(r.path_bytes, 6);
	assert_int_equal(r.host_bytes, 16);
	assert_false(http_request_closes(&r));
	read_text(&r, good[2], strlen(good[2]), 0);
	assert_true(r.is_head);
	read_text(&r, good[3], strlen(good[3]), 0);
	assert_true(http_request_closes(&r));
}

static void test_all_else_has_a_reason(void **state)
{
	struct http_request r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		read_text(&r, bad[i].text, strlen(bad[i].text), '\n');
		if (r.reason != bad[i].reason)
			fail_msg("reason %u instead of %u: %s", r.reason, bad[i].reason,
				bad[i].text);
	}
}

static void test_no_part_of_a_request_is_one(void **state)
{
	struct http_request r;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		for (size_t bytes = 0; bytes < strlen(good[i]); bytes++) {
			read_text(&r, good[i], bytes, '\n');
			if (r.reason == HTTP_PLAIN)
				fail_msg("%zu bytes of: %s", bytes, good[i]);
		}
}

/* A reading that is too simple to be wrong: what every plain request has. */
static int could_be_plain(const char *text, size_t bytes)
{
	size_t lines = 0, hosts = 0;

	if (bytes < 18 || memcmp(text + bytes - 4, "\r\n\r\n", 4) ||
		(memcmp(text, "GET ", 4) && memcmp(text, "HEAD ", 5)))
		return 0;
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] == '\r' && i + 1 < bytes && text[i + 1] == '\n') {
			if (i + 3 < bytes && text[i + 2] == '\r' && i + 4 != bytes)
				return 0;
			if (i + 7 < bytes && !strncasecmp(text + i + 2, "host:", 5))
				hosts++;
			if (i + 4 < bytes && !memchr(text + i + 2, ':', bytes - i - 2))
				return 0;
			lines++;
			i++;
		} else if ((unsigned char)text[i] < ' ') {
			return 0;
		}
	}
	return lines >= 2 && hosts <= 1;
}

/* splitmix64 */
static uint64_t next_word(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void test_a_changed_request_is_plain_only_if_it_could_be(void **state)
{
	static const char odd[] = "\r\n\t :,;\"\0\x7f/%?#GHO0.[]";
	const char *from = getenv("RINGSIDE_FUZZ_SEED");
	uint64_t seed = from ? strtoull(from, NULL, 0) : 6;
	unsigned plain = 0;

	(void)state;
	for (unsigned n = 0; n < CHANGED; n++) {
		const char *text = good[next_word(&seed) % (sizeof(good) / sizeof(*good))];
		size_t bytes = strlen(text);
		struct http_request r, again;
		char changed[256];

		memcpy(changed, text, bytes);
		for (unsigned k = next_word(&seed) % 3 + 1; k; k--) {
			size_t at = next_word(&seed) % bytes;

			changed[at] = next_word(&seed) % 4
					      ? odd[next_word(&seed) % (sizeof(odd) - 1)]
					      : (char)next_word(&seed);
		}
		read_text(&r, changed, bytes, '\n');
		read_text(&again, changed, bytes, 'A');
		assert_int_equal(r.reason, again.reason);
		plain += r.reason == HTTP_PLAIN;
		if (r.reason == HTTP_PLAIN && !could_be_plain(changed, bytes))
			fail_msg("taken for plain: %.*s", (int)bytes, changed);
	}
	assert_in_range(plain, 100, CHANGED / 2);
}

static void test_qualities_are_read(void **state)
{
	static const struct {
		const char *list;
		uint16_t identity, gzip, brotli, zstd;
		int bad;
	} rows[] = {
		{ "", 1, 0, 0, 0, 0 },
		{ "gzip", 1, 1000, 0, 0, 0 },
		{ "gzip;q=0.25, br ; q=1.000,zstd;q=0", 1, 250, 1000, 0, 0 },
		{ "*;q=0.5, identity;q=0", 0, 500, 500, 500, 0 },
		{ "GZIP,,br", 1, 1000, 1000, 0, 0 },
		{ "x-gzip, gzipped, compress", 1, 0, 0, 0, 0 },
		{ "gzip;q=1.5", 0, 0, 0, 0, 1 },
		{ "gzip;q=", 0, 0, 0, 0, 1 },
		{ "gzip;level=1", 0, 0, 0, 0, 1 },
		{ "gz ip", 0, 0, 0, 0, 1 },
		{ "gzip;q=0.1234", 0, 0, 0, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t buffer[HTTP_BUFFER_ROOM] = { 0 };
		uint32_t bytes = (uint32_t)strlen(rows[i].list);
		struct http_accept a;

		memcpy(buffer + 1, rows[i].list, bytes);
		http_accept_read(&a, buffer, bytes ? 1 : 0, bytes);
		if (!a.bad != !rows[i].bad)
			fail_msg("bad %d: %s", a.bad, rows[i].list);
		if (a.bad)
			continue;
		assert_int_equal(a.qualities[HTTP_IDENTITY], rows[i].identity);
		assert_int_equal(a.qualities[HTTP_GZIP], rows[i].gzip);
		assert_int_equal(a.qualities[HTTP_BROTLI], rows[i].brotli);
		assert_int_equal(a.qualities[HTTP_ZSTD], rows[i].zstd);
	}
}

/* The authors' vectors (vectors.h of their reference code): key 00 01 … 0f, messages of 0 and 8 bytes. */
static void test_siphash_is_the_one_of_its_authors(void **state)
{
	const __u64 key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	const __u64 word = 0x0706050403020100;

	(void)state;
	assert_true(http_siphash(key, &word, 0) == 0x726fdb47dd0e0e31);
	assert_true(http_siphash(key, &word, 1) == 0x93f5f5799a932462);
}

static void test_a_cookie_holds_for_its_connection_and_two_keys(void **state)
{
	struct http_state s = { .key = { { 1, 2 }, { 3, 4 } } };
	struct http_flow_key key = { .client_port = 1, .server_port = 2 }, other;
	const struct http_offer offer = { .mss_class = 3, .scale = 7, .sack = 1 };
	struct http_offer got;
	uint32_t cookie = http_cookie_make(&s, &key, 77, &offer);

	(void)state;
	assert_true(http_cookie_check(&s, &key, 77, cookie, &got));
	assert_memory_equal(&got, &offer, sizeof(got));
	assert_false(http_cookie_check(&s, &key, 78, cookie, &got));
	other = key;
	other.client_port = 3;
	assert_false(http_cookie_check(&s, &other, 77, cookie, &got));
	for (unsigned bit = 0; bit < 32; bit++)
		assert_false(http_cookie_check(&s, &key, 77, cookie ^ 1u << bit, &got));
	s.key_now = 1;
	assert_true(http_cookie_check(&s, &key, 77, cookie, &got));
	s.key[0][0] = 9;
	assert_false(http_cookie_check(&s, &key, 77, cookie, &got));
}

/* By a clock of the test's: a cookie of any moment holds for a period at least, and never for two. */
static void test_keys_change_by_the_clock_and_cookies_expire(void **state)
{
	const uint64_t period_ns = 1000;
	const struct http_flow_key key = { .client_port = 1, .server_port = 2 };
	const struct http_offer offer = { .mss_class = 1, .scale = HTTP_NO_SCALE };
	struct http_state s = { .key_now = 0 };
	struct http_keys keys;
	struct http_offer got;

	(void)state;
	assert_int_equal(http_keys_init(&keys, &s, period_ns, 5000), 0);
	assert_true(s.key[0][0] != s.key[1][0] && s.key[0][1] != s.key[1][1]);
	for (uint64_t made_ns = 5000; made_ns < 9000; made_ns += 100) {
		struct http_keys later = keys;
		struct http_state copy = s;
		uint32_t cookie = http_cookie_make(&s, &key, 77, &offer);
		uint64_t now_ns = made_ns;

		later.state = &copy;
		for (; now_ns <= made_ns + period_ns; now_ns += 50) {
			http_keys_tend(&later, now_ns);
			assert_true(http_cookie_check(&copy, &key, 77, cookie, &got));
		}
		for (; now_ns < made_ns + 2 * period_ns; now_ns += 50)
			http_keys_tend(&later, now_ns);
		http_keys_tend(&later, now_ns);
		assert_false(http_cookie_check(&copy, &key, 77, cookie, &got));
		http_keys_tend(&keys, made_ns + 100);
	}
	/* as often as the period says, no more */
	assert_true(keys.changed_ns == 9000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_requests_are_read),
		cmocka_unit_test(test_all_else_has_a_reason),
		cmocka_unit_test(test_no_part_of_a_request_is_one),
		cmocka_unit_test(test_a_changed_request_is_plain_only_if_it_could_be),
		cmocka_unit_test(test_qualities_are_read),
		cmocka_unit_test(test_siphash_is_the_one_of_its_authors),
		cmocka_unit_test(test_a_cookie_holds_for_its_connection_and_two_keys),
		cmocka_unit_test(test_keys_change_by_the_clock_and_cookies_expire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
