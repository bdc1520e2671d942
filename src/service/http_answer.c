// SPDX-License-Identifier: BSD-2-Clause
#include "service/http_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bpf/checksum.h"
#include "service/http_mime.h"

const char *const http_encoding_names[HTTP_ENCODINGS] = { NULL, "gzip", "br", "zstd" };
const char *const http_encoding_suffixes[HTTP_ENCODINGS] = { "", ".gz", ".br", ".zst" };

/* strftime() would take the names from the locale. */
void http_write_date(char date[HTTP_TIME_BYTES], time_t when)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm t = { 0 };

	gmtime_r(&when, &t);
	memset(date, 0, HTTP_TIME_BYTES);
	snprintf(date, HTTP_TIME_BYTES, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
		days + 3 * t.tm_wday, t.tm_mday, months + 3 * t.tm_mon, (t.tm_year + 1900) % 10000,
		t.tm_hour, t.tm_min, t.tm_sec);
}

void http_write_etag(char etag[HTTP_ETAG_BYTES], time_t modified, uint64_t bytes)
{
	memset(etag, 0, HTTP_ETAG_BYTES);
	snprintf(etag, HTTP_ETAG_BYTES, "\"%" PRIx64 "-%" PRIx64 "\"", (uint64_t)modified, bytes);
}

size_t http_write_header(char *text, size_t size, const struct http_file *file, bool not_modified)
{
	const char *encoding = http_encoding_names[file->encoding];
	char date[HTTP_TIME_BYTES], etag[HTTP_ETAG_BYTES], content[256] = "", modified[64] = "";
	int length;

	http_write_date(date, file->modified);
	if (!file->is_bare)
		snprintf(modified, sizeof(modified), "Last-Modified: %s\r\n", date);
	http_write_etag(etag, file->modified, file->bytes);
	if (!not_modified) {
		length = snprintf(content, sizeof(content),
			"Content-Type: %s\r\nContent-Length: %" PRIu64 "\r\n",
			http_mime_type(file->name), file->bytes);
		if (length < 0 || (size_t)length >= sizeof(content))
			return 0;
	}
	length = snprintf(text, size, "%s%s%sETag: %s\r\n%s%s%s%s%s%s\r\n",
		file->is_bare ? "" : "Server: ringside\r\n", content, modified, etag,
		encoding && !not_modified ? "Content-Encoding: " : "",
		encoding && !not_modified ? encoding : "", encoding && !not_modified ? "\r\n" : "",
		file->has_variants ? "Vary: Accept-Encoding\r\n" : "",
		not_modified || file->is_bare ? "" : "Accept-Ranges: bytes\r\n", file->headers);
	return length < 0 || (size_t)length >= size ? 0 : (size_t)length;
}

static void write_head(
	struct http_head *head, const char *status, const char *date, const char *last)
{
	int length;

	memset(head, 0, sizeof(*head));
	length = snprintf((char *)head->text, sizeof(head->text), "HTTP/1.1 %s\r\nDate: %s\r\n%s",
		status, date, last);
	head->bytes = (__u16)length;
	head->sum = http_sum(head->text, (size_t)length);
}

void http_write_heads(struct http_head heads[2][HTTP_HEAD_KINDS], time_t now)
{
	/* two blanks make the length even (a blank more or less says nothing: RFC 9110 §5.5) */
	static const char *const last[HTTP_HEAD_KINDS] = {
		[HTTP_HEAD_STAYS] = "Connection: keep-alive\r\n",
		[HTTP_HEAD_CLOSES] = "Connection:  close\r\n",
		[HTTP_HEAD_BARE] = "",
	};
	char date[HTTP_TIME_BYTES];

	http_write_date(date, now);
	for (unsigned kind = 0; kind < HTTP_HEAD_KINDS; kind++) {
		if (!last[kind])
			continue;
		write_head(&heads[0][kind], "200 OK", date, last[kind]);
		write_head(&heads[1][kind], "304 Not Modified", date, last[kind]);
	}
}

uint16_t http_sum(const void *text, size_t bytes)
{
	uint64_t sum = 0;

	for (size_t at = 0; at + 1 < bytes; at += 2)
		sum += FRAME_WORD(__u16, (const __u8 *)text + at);
	if (bytes % 2)
		sum += BE16((__u16)(((const __u8 *)text)[bytes - 1] << 8));
	return checksum_fold(sum);
}
