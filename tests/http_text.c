// SPDX-License-Identifier: BSD-2-Clause
#include "tests/http_text.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const char *const methods[] = { "GET", "GET", "GET", "GET", "HEAD", "POST", "get", "OPTIONS",
	"PUT", "", "GET ", "GETT", "PRI" };
static const char *const targets[] = { "/110.bin", "/110.bin", "/", "/dir/", "/1000.bin", "/0.bin",
	"/style.css", "/inside", "/outside", "/secret.txt", "/nothing", "/dir", "//110.bin",
	"/./110.bin", "/dir/../110.bin", "/110.bin/", "/110.bin?", "/110.bin?a=b", "/110.bin#a",
	"/%31%31%30.bin", "/110%2ebin", "/two words.txt", "/two%20words.txt", "/percent%41.txt",
	"/percentA.txt", "*", "http://a/110.bin", "/../110.bin", "/..", "/110.bin%00", "/110.bin\\",
	"/\x80", "/dir//index.html", "/index.html", "/10000.bin" };
static const char *const versions[] = { " HTTP/1.1", " HTTP/1.1", " HTTP/1.1", " HTTP/1.1",
	" HTTP/1.0", " HTTP/1.2", " HTTP/2.0", " HTTP/0.9", " HTTP/1.1 ", "  HTTP/1.1",
	"\tHTTP/1.1", " http/1.1", " HTTP/01.1", " HTTP/1.10", "", " HTTP/1", " HTTP/1.1\0" };
static const char *const names[] = { "Host", "Connection", "Range", "If-Range", "If-Match",
	"If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Accept-Encoding",
	"Content-Length", "Transfer-Encoding", "Expect", "TE", "Upgrade", "Trailer",
	"Authorization", "Cookie", "Accept", "User-Agent", "X", "X-Very-Long-Name-That-Nobody-Has",
	"Keep-Alive", "Proxy-Connection", "host", "HOST", "X_Y", "X.Y", "Host ", " Host", "",
	"Content-Type", "Date", "Via" };
static const char *const values[] = { "a", "a", "127.0.0.1", "a:80", "[::1]", "[::1]:80", "a..b",
	"a/b", "", " ", "close", "keep-alive", "Keep-Alive, close", "upgrade", "bytes=0-1",
	"bytes=0-", "*", "\"x\"", "W/\"x\"", "0", "3", "-1", "chunked", "identity", "gzip",
	"gzip, br;q=0.5", "identity;q=0", "*;q=0", "gzip;q=2", "100-continue", "trailers", "h2c",
	"Sun, 06 Nov 1994 08:49:37 GMT", "Sat, 28 Nov 2099 00:00:00 GMT", "not a date", "a\tb",
	"a\rb", "a\nb", "\x7f", "\x80\xff", "a,b", "a;b", ".a", "a.", "a:", "a:b", "a:65536", "_",
	"-", "A", "[::1", "::1", "a b", "a@b" };
static const char *const ends[] = { "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n",
	"\r", "\r\r\n", "\r\n ", "\r\n\t", "" };
static const char odd[] = "\r\n\t :,;\"\0\x7f/%?#GHO0.[]\\";

uint64_t http_text_random(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

struct text {
	char *at;
	size_t used;
	struct http_text *from;
};

static size_t below(struct text *t, size_t limit)
{
	return http_text_random(&t->from->seed) % limit;
}

static void add(struct text *t, const char *part)
{
	size_t bytes = strlen(part);

	if (t->used + bytes > HTTP_TEXT_BYTES)
		return;
	memcpy(t->at + t->used, part, bytes);
	t->used += bytes;
}

/* Mostly the first one, which is right. */
static void add_one(struct text *t, const char *const *list, size_t count, unsigned wrong_in)
{
	add(t, list[below(t, wrong_in) ? 0 : below(t, count)]);
}

static void add_header(struct text *t)
{
	static const char *const colons[] = { ": ", ":", ":   ", " : ", ":\t", "" };

	add(t, names[below(t, COUNT(names))]);
	add_one(t, colons, COUNT(colons), 4);
	add(t, below(t, 6)    ? values[below(t, COUNT(values))]
		: below(t, 2) ? t->from->etag
			      : t->from->modified);
	if (!below(t, 6))
		add(t, "  ");
	add_one(t, ends, COUNT(ends), 12);
}

/* A byte replaced, taken away, put in, or a part repeated. */
static void change(struct text *t)
{
	size_t at = t->used ? below(t, t->used) : 0, bytes;
	char byte = below(t, 4) ? odd[below(t, sizeof(odd) - 1)] : (char)below(t, 256);

	if (!t->used)
		return;
	switch (below(t, 4)) {
	case 0:
		memmove(t->at + at, t->at + at + 1, --t->used - at);
		break;
	case 1:
		if (t->used == HTTP_TEXT_BYTES)
			break;
		memmove(t->at + at + 1, t->at + at, t->used++ - at);
		t->at[at] = byte;
		break;
	case 2:
		bytes = below(t, t->used - at) + 1;
		if (t->used + bytes > HTTP_TEXT_BYTES)
			break;
		memmove(t->at + at + bytes, t->at + at, t->used - at);
		t->used += bytes;
		break;
	default:
		t->at[at] = byte;
	}
}

size_t http_text_make(struct http_text *from, char *text)
{
	struct text t = { .at = text, .from = from };

	add_one(&t, methods, COUNT(methods), 8);
	add(&t, " ");
	/* the first ones are files that are there */
	add(&t, targets[below(&t, below(&t, 3) ? 8 : COUNT(targets))]);
	add_one(&t, versions, COUNT(versions), 8);
	add_one(&t, ends, COUNT(ends), 20);
	if (below(&t, 12))
		add(&t, "Host: a\r\n");
	for (size_t lines = below(&t, 4); lines; lines--)
		add_header(&t);
	if (!below(&t, 6)) {
		add(&t, below(&t, 2) ? "If-None-Match: " : "If-Modified-Since: ");
		add(&t, below(&t, 2) ? from->etag : from->modified);
		add(&t, "\r\n");
	}
	add_one(&t, ends, COUNT(ends), 20);
	if (!below(&t, 3))
		for (size_t times = below(&t, 3) + 1; times; times--)
			change(&t);
	return t.used;
}
