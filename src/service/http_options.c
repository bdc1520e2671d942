// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "service/http.h"

/* Longer answers go as fast, or faster, by the server and the kernel's TSO (measured: docs/performance.md). */
#define SEGMENTS_AUTO 5

unsigned http_segments(const struct http_settings *settings)
{
	return settings->max_segments ? settings->max_segments : SEGMENTS_AUTO;
}

/* What every answer has already, or what would make it another one. */
static bool is_ours(const char *name, size_t length)
{
	static const char *const ours[] = { "Accept-Ranges", "Connection", "Content-Encoding",
		"Content-Length", "Content-Range", "Content-Type", "Date", "ETag", "Keep-Alive",
		"Last-Modified", "Location", "Server", "Set-Cookie", "Trailer", "Transfer-Encoding",
		"Upgrade", "Vary" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (strlen(ours[i]) == length && !strncasecmp(ours[i], name, length))
			return true;
	return false;
}

static int check_header(const char *line, size_t length, struct err *err)
{
	static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "!#$%&'*+-.^_`|~";
	size_t name = strspn(line, token);

	if (!name || name >= length || line[name] != ':' || name + 1 == length)
		return err_say(
			err, -EINVAL, "not a header: '%.*s' (Name: value)", (int)length, line);
	if (is_ours(line, name))
		return err_say(err, -EINVAL, "%.*s is for Ringside to say", (int)name, line);
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)line[i] < ' ' || (unsigned char)line[i] > '~')
			return err_say(err, -EINVAL, "not plain text: '%.*s'", (int)length, line);
	return 0;
}

/* "Cache-Control: max-age=60 | X-Served-By: ringside" */
static int parse_headers(
	const struct option *option, const char *text, void *field, struct err *err)
{
	char *to = field;
	size_t room = HTTP_HEADERS_BYTES;

	(void)option;
	to[0] = '\0';
	while (*text) {
		size_t length = strcspn(text, "|"), used = length;
		int ret;

		while (length && text[0] == ' ')
			text++, length--, used--;
		while (length && text[length - 1] == ' ')
			length--;
		ret = check_header(text, length, err);
		if (ret)
			return ret;
		if (length + 3 > room)
			return err_say(err, -EINVAL, "too long: at most %d characters in all",
				HTTP_HEADERS_BYTES - 3);
		memcpy(to, text, length);
		memcpy(to + length, "\r\n", 3);
		to += length + 2;
		room -= length + 2;
		text += used + (text[used] == '|');
	}
	return 0;
}

static int parse_root(const struct option *option, const char *text, void *field, struct err *err)
{
	if (*text && *text != '/')
		return err_say(err, -EINVAL, "not a path from / on: '%s'", text);
	return option_text(option, text, field, err);
}

#define AT(member) .offset = offsetof(struct http_settings, member)

static const char *const flavour_names[] = { "auto", "tc", "xdp", NULL };
static const char *const fallback_names[] = { "kernel", "own", NULL };
static const char *const auto_names[] = { "auto", NULL };

const struct option http_options[HTTP_OPTIONS] = {
	{ "interfaces", "", "the interfaces to answer on, each with a section of its own",
		option_names, AT(common.interfaces), .required = true },
	{ "path", "auto", "auto | kernel: the same, since only the kernel half can do it",
		option_choice, AT(common.path), .choices = path_names },
	{ "port", "80", "TCP port", option_u32, AT(port), .min = 1, .max = 65535 },
	{ "addresses", "local", "which of our addresses are answered: local = all | any | list",
		option_addresses, AT(addresses) },
	{ "root", "", "directory with the files; also FILE.gz, FILE.br, FILE.zst", parse_root,
		AT(root), .max = sizeof(((struct http_settings *)0)->root), .required = true },
	{ "flavour", "auto",
		"where the kernel half is: tc: TC ingress | xdp: native XDP, with TC ingress for "
		"what it can't | auto: xdp where frames have room for answers",
		option_choice, AT(flavour), .choices = flavour_names },
	{ "max_segments", "auto",
		"longer answers go to the ordinary server: 1 to 10 segments of 1424 bytes",
		option_auto_u32, AT(max_segments), .choices = auto_names, .min = 1,
		.max = HTTP_SEGMENTS_MAX },
	{ "fallback", "kernel",
		"who answers the rest: kernel: whatever listens on the port | own: a server of "
		"our own on the same root",
		option_choice, AT(fallback), .choices = fallback_names },
	{ "headers", "", "extra response headers, separated by |", parse_headers, AT(headers) },
	{ "optional_headers", "yes",
		"no: no Server, Last-Modified, Accept-Ranges and, in HTTP/1.1, Connection: "
		"keep-alive, "
		"so that longer files go in one packet",
		option_bool, AT(optional_headers) },
};
