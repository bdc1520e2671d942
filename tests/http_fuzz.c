// SPDX-License-Identifier: BSD-2-Clause
/*
 * The fuzzer of http's requests: each goes through the very TC and XDP programs (BPF_PROG_TEST_RUN), through the user
 * half's parser, and, where the kernel half answers it, to the server that listens on the port: status, header
 * lines and body must be the server's.
 *
 * usage: http_fuzz ROOT PORT COUNT SEED, in a network namespace where a server has ROOT at 127.0.0.1:PORT
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "bpf/checksum.h"
#include "bpf/http_cookie.h"
#include "bpf/http_request.h"
#include "service/http_answer.h"
#include "service/http_keys.h"
#include "service/http_watch.h"
#include "service/http_xdp.h"
#include "tests/http_text.h"

#define FILES 512
#define HEADERS 54 /* Ethernet, IPv4, TCP */
#define FRAME_ROOM 4096
#define LOOPBACK 1 /* the index that lo has in every namespace */

struct fuzz {
	struct http_program *program;
	struct http_xdp *xdp;
	struct http_keys keys;
	uint16_t server_port, port;
	struct http_text texts;
	uint8_t frame[FRAME_ROOM], answer[FRAME_ROOM], other[FRAME_ROOM];
	char text[HTTP_TEXT_BYTES];
	size_t bytes;
	char reply[65536];
	uint64_t tries, answered, plain;
};

static void __attribute__((noreturn, format(printf, 2, 3)))
die(const struct fuzz *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\nthe request (%zu bytes, try %llu): ", f->bytes, (unsigned long long)f->tries);
	for (size_t i = 0; i < f->bytes; i++)
		printf(f->text[i] >= ' ' && f->text[i] <= '~' && f->text[i] != '\\' ? "%c"
										    : "\\x%02x",
			(unsigned char)f->text[i]);
	printf("\n");
	exit(1);
}

static int add_path(void *context, const char *path, uint32_t entry, struct err *err)
{
	return http_program_add_path(context, path, entry, err);
}

/* What a client of a file would know of it. */
static void learn(struct fuzz *f, const char *root)
{
	char path[600];
	struct stat st;

	snprintf(path, sizeof(path), "%s/110.bin", root);
	if (stat(path, &st))
		die(f, "no %s", path);
	http_write_etag(f->texts.etag, st.st_mtime, (uint64_t)st.st_size);
	http_write_date(f->texts.modified, st.st_mtime);
}

/* Everything that a running service has, but for the attachment. */
static void open_all(struct fuzz *f, const char *root)
{
	static const struct address_list any = { .choice = ADDRESSES_ANY };
	const struct http_program_settings settings = {
		.port = f->server_port,
		.addresses = &any,
		.files_max = FILES,
		.objects_max = 2 * FILES,
		.flows_max = 1024,
		.segments_max = 2 * FILES,
	};
	struct http_store_settings store_settings = {
		.root = root,
		.headers = "",
		.segments_max = 1,
		.segments_count = settings.segments_max,
		.entries_max = FILES,
		.objects_max = settings.objects_max,
		.add_path = add_path,
	};
	const struct http_interface lo = { .index = LOOPBACK, .mss = 1460, .in_xdp = 1 };
	struct http_store *store;
	struct http_watch *watch;
	struct http_state *state;
	struct err err = { "" };
	int wait;

	if (http_program_open(&f->program, &settings, &err) ||
		http_xdp_open(&f->xdp, f->program, &err))
		die(f, "%s", err.text);
	store_settings.entries = http_program_entries(f->program);
	store_settings.objects = http_program_objects(f->program);
	store_settings.segments = http_program_segments(f->program);
	store_settings.context = f->program;
	if (http_store_open(&store, &store_settings, &err) ||
		http_watch_open(&watch, root, store, NULL, &err))
		die(f, "%s", err.text);
	while ((wait = http_store_settle(store)) >= 0)
		poll(NULL, 0, wait);
	state = http_program_state(f->program);
	if (http_keys_init(&f->keys, state, NSEC_PER_SEC, 0))
		die(f, "no keys");
	http_write_heads(state->head[0], time(NULL));
	http_program_set_interface(f->program, 0, &lo);
	learn(f, root);
}

/* The first segment behind a handshake, from a port of its own. */
static uint32_t make_frame(struct fuzz *f, uint32_t cookie_off)
{
	struct http_flow_key key = { .client_port = htons(f->port),
		.server_port = htons(f->server_port) };
	const struct http_offer offer = { .mss_class = 3, .scale = 7, .sack = 1 };
	uint32_t sequence = (uint32_t)http_text_random(&f->texts.seed);
	const uint32_t tcp_bytes = (uint32_t)(20 + f->bytes);
	struct in_addr client = { htonl(0x7f000002) }, server = { htonl(INADDR_LOOPBACK) };
	struct iphdr ip = { .version = 4,
		.ihl = 5,
		.tot_len = htons((uint16_t)(20 + tcp_bytes)),
		.ttl = 64,
		.protocol = IPPROTO_TCP,
		.saddr = client.s_addr,
		.daddr = server.s_addr };
	struct tcphdr tcp = { 0 };

	memset(key.client.byte + 10, 0xff, 2);
	memset(key.server.byte + 10, 0xff, 2);
	memcpy(key.client.byte + 12, &client, 4);
	memcpy(key.server.byte + 12, &server, 4);
	tcp.source = key.client_port;
	tcp.dest = key.server_port;
	tcp.seq = htonl(sequence + 1);
	tcp.ack_seq =
		htonl(http_cookie_make(http_program_state(f->program), &key, sequence, &offer) + 1 +
			cookie_off);
	tcp.doff = 5;
	tcp.ack = tcp.psh = 1;
	tcp.window = htons(65535);
	ip.check = (uint16_t)~checksum_fold(http_sum(&ip, sizeof(ip)));
	memset(f->frame, 0, 12);
	f->frame[12] = 8;
	f->frame[13] = 0;
	memcpy(f->frame + 14, &ip, sizeof(ip));
	memcpy(f->frame + 54, f->text, f->bytes);
	memcpy(f->frame + 34, &tcp, sizeof(tcp));
	tcp.check = (uint16_t)~checksum_fold((uint64_t)http_sum(f->frame + 26, 8) +
					     htons(IPPROTO_TCP) + htons((uint16_t)tcp_bytes) +
					     http_sum(f->frame + 34, tcp_bytes));
	memcpy(f->frame + 34, &tcp, sizeof(tcp));
	f->port = f->port == 65535 ? 1024 : f->port + 1;
	return (uint32_t)(HEADERS + f->bytes);
}

/* Runs one of the programs. Returns its action; *bytes is the frame's size in `to` afterwards. */
static int run(struct fuzz *f, int fd, uint32_t bytes, uint8_t *to, uint32_t *after)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f->frame, .data_size_in = bytes,
		.data_out = to, .data_size_out = FRAME_ROOM, .repeat = 1);
	int ret = bpf_prog_test_run_opts(fd, &opts);

	if (ret)
		die(f, "test run: %s", strerror(-ret));
	*after = opts.data_size_out;
	return (int)opts.retval;
}

static bool has_right_checksums(const uint8_t *frame, uint32_t bytes)
{
	uint32_t total = (uint32_t)frame[16] << 8 | frame[17], tcp = total - 20;

	return total + 14 <= bytes && checksum_fold(http_sum(frame + 14, 20)) == 0xffff &&
	       checksum_fold((uint64_t)http_sum(frame + 26, 8) + htons(IPPROTO_TCP) +
			     htons((uint16_t)tcp) + http_sum(frame + 34, tcp)) == 0xffff;
}

static size_t read_reply(struct fuzz *f, int fd)
{
	size_t used = 0;

	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		const char *end, *length;
		ssize_t got;

		f->reply[used] = '\0';
		end = strstr(f->reply, "\r\n\r\n");
		length = strcasestr(f->reply, "\r\nContent-Length:");
		if (end && (!strncmp(f->text, "HEAD", 4) || !strncmp(f->reply + 9, "304", 3) ||
				   (length && length < end &&
					   used >= (size_t)(end + 4 - f->reply) +
							   strtoul(length + 17, NULL, 10))))
			return used;
		if (poll(&wait, 1, 20000) <= 0)
			die(f, "the server does not answer");
		got = recv(fd, f->reply + used, sizeof(f->reply) - 1 - used, 0);
		if (got <= 0)
			return used;
		used += (size_t)got;
	}
}

static size_t ask_server(struct fuzz *f)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(f->server_port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	const struct linger hard = { .l_onoff = 1 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t used;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) ||
		send(fd, f->text, f->bytes, MSG_NOSIGNAL) != (ssize_t)f->bytes)
		die(f, "the server: %s", strerror(errno));
	used = read_reply(f, fd);
	/* no TIME_WAIT */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(fd);
	return used;
}

/* A header line's value in a head, or "". */
static void find_header(const char *head, const char *name, char *value, size_t size)
{
	const char *end = strstr(head, "\r\n\r\n"), *at = strcasestr(head, name);

	value[0] = '\0';
	if (!end || !at || at >= end)
		return;
	at += strlen(name);
	at += strspn(at, " "); /* heads are filled up with one */
	snprintf(value, size, "%.*s", (int)strcspn(at, "\r"), at);
}

/* What is answered is what the server answers. */
static void compare(struct fuzz *f, const char *ours, size_t ours_bytes)
{
	static const char *const names[] = { "\r\nContent-Length:", "\r\nContent-Type:",
		"\r\nETag:", "\r\nLast-Modified:", "\r\nConnection:", "\r\nContent-Encoding:",
		"\r\nVary:", "\r\nLocation:" };
	size_t theirs_bytes = ask_server(f), ours_head, theirs_head;
	const char *theirs = f->reply;

	if (ours_bytes < 16 || theirs_bytes < 16 || memcmp(ours, theirs, 12))
		die(f, "answered %.15s, the server answers %.15s", ours, theirs);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char here[256], there[256];

		find_header(ours, names[i], here, sizeof(here));
		find_header(theirs, names[i], there, sizeof(there));
		if (strcmp(here, there))
			die(f, "%s'%s' instead of '%s'", names[i] + 2, here, there);
	}
	ours_head = (size_t)(strstr(ours, "\r\n\r\n") - ours);
	theirs_head = (size_t)(strstr(theirs, "\r\n\r\n") - theirs);
	if (ours_bytes - ours_head != theirs_bytes - theirs_head ||
		memcmp(ours + ours_head, theirs + theirs_head, ours_bytes - ours_head))
		die(f, "another body");
}

/* As the user half reads it. */
static uint32_t read_here(const struct fuzz *f)
{
	static uint8_t buffer[HTTP_BUFFER_ROOM];
	struct http_request request;

	memcpy(buffer + HEADERS, f->text, f->bytes);
	http_request_read(&request, buffer, HEADERS, (uint32_t)(HEADERS + f->bytes));
	return request.reason;
}

static void try_one(struct fuzz *f)
{
	uint32_t bytes, after, other_bytes, here = read_here(f);
	struct http_counts before, now;
	int action, in_xdp;

	bytes = make_frame(f, 0);
	http_program_read_counts(f->program, &before);
	action = run(f, http_program_fd(f->program), bytes, f->answer, &after);
	http_program_read_counts(f->program, &now);
	for (uint32_t reason = 1; f->bytes && reason < HTTP_REASON_COUNT; reason++)
		if (now.miss[reason] > before.miss[reason] && here != reason &&
			(here != HTTP_PLAIN ||
				(reason != HTTP_MISS_unknown_path && reason != HTTP_MISS_encoding &&
					reason != HTTP_MISS_condition &&
					reason != HTTP_MISS_window)))
			die(f, "the kernel half's reason is %u, the user half's %u", reason, here);
	bytes = make_frame(f, 0);
	in_xdp = run(f, http_xdp_fd(f->xdp), bytes, f->other, &other_bytes);
	f->plain += here == HTTP_PLAIN;
	if ((action == TC_ACT_REDIRECT) != (in_xdp == XDP_TX) && f->bytes)
		die(f, "TC's action is %d, XDP's %d", action, in_xdp);
	if (action != TC_ACT_REDIRECT || !f->bytes)
		return;
	if (here != HTTP_PLAIN)
		die(f, "answered, though the user half's reason is %u", here);
	if (!has_right_checksums(f->answer, after) || !has_right_checksums(f->other, other_bytes))
		die(f, "a wrong checksum");
	if (after != other_bytes ||
		memcmp(f->answer + HEADERS, f->other + HEADERS, after - HEADERS))
		die(f, "TC and XDP answer differently");
	f->answered++;
	f->answer[after] = '\0';
	compare(f, (const char *)f->answer + HEADERS, after - HEADERS);
}

/* A cookie is worth nothing when its key has gone, or it is another one. */
static void try_cookies(struct fuzz *f)
{
	static const char get[] = "GET /110.bin HTTP/1.1\r\nHost: a\r\n\r\n";
	uint32_t after;

	f->bytes = sizeof(get) - 1;
	memcpy(f->text, get, f->bytes);
	for (uint32_t periods = 0; periods < 4; periods++) {
		uint32_t bytes = make_frame(f, 0);
		int action;

		for (uint32_t i = 0; i < periods; i++)
			http_keys_tend(&f->keys, f->keys.changed_ns + f->keys.period_ns);
		action = run(f, http_program_fd(f->program), bytes, f->answer, &after);
		if ((action == TC_ACT_REDIRECT) != (periods < 2))
			die(f, "a cookie %u periods old: action %d", periods, action);
	}
	for (uint32_t off = 1; off; off <<= 1)
		if (run(f, http_program_fd(f->program), make_frame(f, off), f->answer, &after) ==
			TC_ACT_REDIRECT)
			die(f, "a cookie that is off by %#x", off);
}

/* A frame without text that asks for a connection, from the last one's port. */
static uint32_t make_syn(struct fuzz *f)
{
	static const uint8_t mss[] = { 2, 4, 1460 >> 8, 1460 & 0xff };
	uint32_t bytes;

	f->bytes = sizeof(mss);
	memcpy(f->text, mss, sizeof(mss));
	bytes = make_frame(f, 0);
	f->frame[34 + 12] = 6 << 4; /* the text is an option */
	f->frame[34 + 13] = 2;
	memset(f->frame + 34 + 8, 0, 4);
	/* left to be finished: the sum of the pseudo header */
	bytes = checksum_fold(
		(uint64_t)http_sum(f->frame + 26, 8) + htons(IPPROTO_TCP) + htons(24));
	memcpy(f->frame + 34 + 16, &bytes, 2);
	return HEADERS + sizeof(mss);
}

/* The first SYN tells whether there is room; what has none is left to TC from then on. */
static void try_room(struct fuzz *f)
{
	struct http_interface *lo = &http_program_state(f->program)->interface[0];
	const uint32_t mss = lo->mss;
	uint32_t after;

	lo->room = HTTP_ROOM_UNKNOWN;
	if (run(f, http_xdp_fd(f->xdp), make_syn(f), f->other, &after) != XDP_TX ||
		lo->room != HTTP_ROOM_SEGMENT || !has_right_checksums(f->other, after))
		die(f, "a SYN finds no room, but %u", lo->room);
	lo->room = HTTP_ROOM_UNKNOWN;
	lo->mss = 9000; /* as with an MTU of 9040, longer than a page */
	run(f, http_xdp_fd(f->xdp), make_syn(f), f->other, &after);
	if (lo->room != HTTP_ROOM_NONE)
		die(f, "room for 9000 bytes: %u", lo->room);
	lo->mss = mss;
	if (run(f, http_xdp_fd(f->xdp), make_syn(f), f->other, &after) != XDP_PASS)
		die(f, "answered without room");
	if (run(f, http_program_fd(f->program), make_syn(f), f->other, &after) != TC_ACT_REDIRECT)
		die(f, "TC does not answer");
	lo->room = HTTP_ROOM_ANY;
}

int main(int argc, char **argv)
{
	static struct fuzz f;
	unsigned long long count;

	if (argc != 5)
		return 2;
	f.server_port = (uint16_t)strtoul(argv[2], NULL, 10);
	f.port = 1024;
	count = strtoull(argv[3], NULL, 10);
	f.texts.seed = strtoull(argv[4], NULL, 0);
	open_all(&f, argv[1]);
	try_cookies(&f);
	try_room(&f);
	for (f.tries = 0; f.tries < count; f.tries++) {
		f.bytes = http_text_make(&f.texts, f.text);
		try_one(&f);
	}
	printf("%llu requests, %llu plain, %llu answered as the server does\n", count,
		(unsigned long long)f.plain, (unsigned long long)f.answered);
	return f.answered * 20 > count ? 0 : 1;
}
