/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "config.h"
#include "service/deliver.h"
#include "service/http.h"
#include "service/steer.h"
#include "service/reflect.h"

#define SERVICE "[interface eth0]\n[service reflect]\ninterfaces = eth0\n"

/* ./configure --disable-http */
#ifdef RINGSIDE_HTTP
#define AND_HTTP ", http"
#else
#define AND_HTTP ""
#endif

/* A file of the test, removed by the fixture; its name stands for FILE in what is expected. */
struct fixture {
	char path[64];
	struct config config;
	struct config_problems problems;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fd;

	assert_non_null(f);
	strcpy(f->path, "/tmp/ringside-test-XXXXXX");
	fd = mkstemp(f->path);
	assert_true(fd >= 0);
	close(fd);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	config_fini(&f->config);
	config_problems_fini(&f->problems);
	unlink(f->path);
	free(f);
	return 0;
}

static void write_bytes(const struct fixture *f, const char *bytes, size_t length)
{
	FILE *file = fopen(f->path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static int read_source(struct fixture *f, const struct config_source *source)
{
	config_fini(&f->config);
	config_problems_fini(&f->problems);
	return config_init(&f->config, source, &f->problems);
}

static int read_text(struct fixture *f, const char *text)
{
	const struct config_source source = { .file = f->path };

	write_bytes(f, text, strlen(text));
	return read_source(f, &source);
}

/* Compares all problems with the lines expected; FILE stands for the file's name. */
static void expect_problems(const struct fixture *f, const char *const *expected)
{
	size_t length = strlen(f->path);
	unsigned i;

	for (i = 0; expected[i]; i++) {
		char *line, *at;

		if (i == f->problems.count)
			fail_msg("missing: %s", expected[i]);
		line = f->problems.lines[i];
		while ((at = strstr(line, f->path))) {
			memcpy(at, "FILE", 4);
			memmove(at + 4, at + length, strlen(at + length) + 1);
		}
		assert_string_equal(line, expected[i]);
	}
	if (i < f->problems.count)
		fail_msg("not expected: %s", f->problems.lines[i]);
}

#define EXPECT(f, ...) expect_problems(f, (const char *const[]){ __VA_ARGS__, NULL })

static void expect_good(struct fixture *f, const char *text)
{
	int code = read_text(f, text);

	if (code)
		fail_msg("%d %s", code, f->problems.count ? f->problems.lines[0] : "");
	assert_int_equal(f->problems.count, 0);
}

#ifdef RINGSIDE_HTTP
static void test_the_commented_file_holds_the_defaults(void **state)
{
	const char *srcdir = getenv("srcdir");
	char path[PATH_MAX];
	const struct config_source source = { .file = path };
	struct config_interface *interface = calloc(1, sizeof(*interface));
	struct reflect_settings *reflect = calloc(1, sizeof(*reflect));
	struct deliver_settings *deliver = calloc(1, sizeof(*deliver));
	struct http_settings *http = calloc(1, sizeof(*http));
	struct steer_settings *steer = calloc(1, sizeof(*steer));
	struct config *config = calloc(1, sizeof(*config));
	struct fixture *f = *state;

	snprintf(path, sizeof(path), "%s/conf/ringside.ini", srcdir ? srcdir : ".");
	if (read_source(f, &source))
		fail_msg("%s", f->problems.lines[0]);
	option_set_defaults(config_ringside_options, config_ringside_options_count, config);
	assert_string_equal(f->config.name, config->name);
	assert_int_equal(f->config.stats_level, config->stats_level);
	assert_int_equal(f->config.log_level, config->log_level);

	option_set_defaults(config_api_options, config_api_options_count, &config->api);
	assert_memory_equal(&f->config.api, &config->api, sizeof(config->api));

	assert_int_equal(f->config.interfaces_count, 1);
	option_set_defaults(config_interface_options, config_interface_options_count, interface);
	strcpy(interface->name, "eth0");
	interface->line = f->config.interfaces[0].line;
	assert_memory_equal(&f->config.interfaces[0], interface, sizeof(*interface));

	assert_int_equal(f->config.services_count, 4);
	assert_ptr_equal(f->config.services[0].type, &service_reflect);
	option_set_defaults(service_reflect.options, service_reflect.options_count, reflect);
	reflect->common.interfaces.count = 1;
	strcpy(reflect->common.interfaces.name[0], "eth0");
	assert_memory_equal(f->config.services[0].settings, reflect, sizeof(*reflect));

	assert_ptr_equal(f->config.services[1].type, &service_deliver);
	option_set_defaults(service_deliver.options, service_deliver.options_count, deliver);
	deliver->common.interfaces = reflect->common.interfaces;
	deliver->ports = ((struct deliver_settings *)f->config.services[1].settings)->ports;
	assert_memory_equal(f->config.services[1].settings, deliver, sizeof(*deliver));

	assert_string_equal(f->config.services[2].type->name, "http");
	option_set_defaults(http_options, HTTP_OPTIONS, http);
	http->common.interfaces = reflect->common.interfaces;
	strcpy(http->root, "/var/www/html");
	assert_memory_equal(f->config.services[2].settings, http, sizeof(*http));

	assert_ptr_equal(f->config.services[3].type, &service_steer);
	option_set_defaults(service_steer.options, service_steer.options_count, steer);
	steer->common.interfaces = reflect->common.interfaces;
	steer->port = 9999;
	assert_memory_equal(f->config.services[3].settings, steer, sizeof(*steer));
	free(config);
	free(http);
	free(reflect);
	free(deliver);
	free(steer);
	free(interface);
}

#endif

/* Every key stands in conf/ringside.ini, once, with its default. */
static void expect_keys(const char *text, const struct option *options, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char line[256];

		snprintf(line, sizeof(line), "\n%s =%s%s", options[i].key,
			*options[i].fallback ? " " : "", options[i].fallback);
		if (!options[i].required && !strstr(text, line))
			fail_msg("conf/ringside.ini lacks: %s", line + 1);
	}
}

static void test_the_commented_file_has_every_key(void **state)
{
	const char *srcdir = getenv("srcdir");
	static char text[64 * 1024];
	char path[PATH_MAX];
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/conf/ringside.ini", srcdir ? srcdir : ".");
	file = fopen(path, "re");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = 0;
	fclose(file);
	expect_keys(text, config_ringside_options, config_ringside_options_count);
	expect_keys(text, config_interface_options, config_interface_options_count);
	expect_keys(text, config_access_options, config_access_options_count);
	expect_keys(text, config_api_options, config_api_options_count);
	for (unsigned i = 0; service_types[i]; i++)
		expect_keys(text, service_types[i]->options, service_types[i]->options_count);
}

static void test_the_small_file_is_good(void **state)
{
	const char *srcdir = getenv("srcdir");
	char path[PATH_MAX];
	const struct config_source source = { .file = path };

	snprintf(path, sizeof(path), "%s/conf/reflect.ini", srcdir ? srcdir : ".");
	assert_int_equal(read_source(*state, &source), 0);
}

static void test_the_api_listens_to_numeric_addresses_with_a_port(void **state)
{
	static const char *const bad[] = { "9464", ":9464", "127.0.0.1", "127.0.0.1:0",
		"127.0.0.1:65536", "127.0.0.1:9464x", "127.0.0.1: 9464", "127.0.0.1:+1",
		"localhost:9464", "::1:9464", "[::1:9464", "[::1]", "[127.0.0.1]:9464", "[]:1",
		"1.2.3:4" };
	struct fixture *f = *state;
	const struct sockaddr_in *v4 = (const void *)&f->config.api.listen;
	const struct sockaddr_in6 *v6 = (const void *)&f->config.api.listen;
	char text[256], problem[256];

	expect_good(f, SERVICE);
	assert_int_equal(f->config.api.listen.ss_family, AF_UNSPEC);
	assert_string_equal(f->config.api.token_file, "");
	expect_good(f, SERVICE "[api]\nlisten = 192.0.2.7:9464\ntoken_file = /t\n");
	assert_int_equal(v4->sin_family, AF_INET);
	assert_int_equal(v4->sin_addr.s_addr, htonl(0xc0000207));
	assert_int_equal(v4->sin_port, htons(9464));
	assert_string_equal(f->config.api.token_file, "/t");
	expect_good(f, SERVICE "[api]\nlisten = [::1]:1\n");
	assert_int_equal(v6->sin6_family, AF_INET6);
	assert_memory_equal(&v6->sin6_addr, &in6addr_loopback, sizeof(in6addr_loopback));
	assert_int_equal(v6->sin6_port, htons(1));
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), "[api]\nlisten = %s\n" SERVICE, bad[i]);
		snprintf(problem, sizeof(problem),
			"FILE:2: [api] listen: not an address and a port: '%s' (127.0.0.1:9464 or "
			"[::1]:9464)",
			bad[i]);
		read_text(f, text);
		EXPECT(f, problem);
	}
	read_text(f, "[api]\nlisten =\ntoken = x\n[apu]\n" SERVICE);
	EXPECT(f, "FILE:3: unknown key 'token' in [api]: its keys are listen, token_file",
		"FILE:4: unknown section [apu]: did you mean [api]?");
}

static void test_indented_keys_crlf_and_a_bom_are_read(void **state)
{
	struct fixture *f = *state;

	expect_good(f,
		"\xef\xbb\xbf[ringside]\r\n\r\n  name = x\r\n\t  stats-level = debug ; c\r\n"
		"\t# comment\r\n  [ interface   eth0 ]\r\n   io = af_packet\r\n     xdp = auto\r\n"
		"[service reflect] ; comment\r\n  interfaces=eth0\r\n  ports: 7");
	assert_string_equal(f->config.name, "x");
	assert_int_equal(f->config.stats_level, LEVEL_DEBUG);
	assert_string_equal(f->config.interfaces[0].name, "eth0");
	assert_int_equal(f->config.interfaces[0].io, IO_AF_PACKET);
	assert_int_equal(f->config.interfaces[0].line, 6);
	assert_int_equal(f->config.services[0].line, 9);
}

static void test_empty_sections_count(void **state)
{
	struct fixture *f = *state;

	expect_good(f, "[interface eth1]\n" SERVICE "[interface eth2]\n");
	assert_int_equal(f->config.interfaces_count, 3);
	assert_string_equal(f->config.interfaces[2].name, "eth2");
}

static void test_a_list_goes_on_behind_a_comma(void **state)
{
	struct fixture *f = *state;
	const struct reflect_settings *settings;

	expect_good(f,
		SERVICE "signatures = PROBEOT@5,  ; one\n\n  ; another\n  DATA:OT@5,\nA=B@7\n"
			"ports = 7\n");
	settings = (const void *)f->config.services[0].settings;
	assert_int_equal(settings->signatures.count, 3);
	assert_memory_equal(settings->signatures.list[2].bytes, "A=B", 3);
	read_text(f, SERVICE "signatures = PROBEOT@5,\nports = 7\n");
	EXPECT(f, "FILE:4: [service reflect] signatures: an item of the list is empty");
}

static void test_all_errors_come_in_one_go_in_the_order_of_lines(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_text(f, "stray = 1\n"
				      "[ringside]\n"
				      "name = a b\n"
				      "  nmae = x\n"
				      "[interface eth0]\n"
				      "io = af_pakcet\n"
				      "batch = 257\n"
				      "[interface thisnameistoolong]\n"
				      "[servcie x]\n"
				      "[reflect]\n"
				      "[filter]\n"
				      "deny = 1.2.3.4\n"
				      "[service reflect]\n"
				      "pots = 3842\n"
				      "no value here\n"
				      "= 7\n"
				      "ports = 70000\n"
				      "[service]\n"
				      "[service web]\n"
				      "type = telephony\n"
				      "[service x]\n"
				      "type = reflct\n"
				      "[unfinished\n"
				      "[service y] z\n"),
		-EINVAL);
	EXPECT(f, "FILE:1: key 'stray' stands before the first [SECTION]",
		"FILE:3: [ringside] name: not a name: 'a b' (letters, digits, '-', '_' and '.')",
		"FILE:4: unknown key 'nmae' in [ringside]: did you mean 'name'?",
		"FILE:6: [interface eth0] io: not a choice: 'af_pakcet' (auto, af_xdp, af_packet, "
		"pcap, udp)",
		"FILE:7: [interface eth0] batch: out of range: 257 (1 to 256)",
		"FILE:8: [interface thisnameistoolong]: the name is too long (at most 15 "
		"characters)",
		"FILE:9: unknown section [servcie x]: did you mean [service x]?",
		"FILE:10: unknown section [reflect]: did you mean [service reflect]?",
		"FILE:11: section [filter] is not in this version, which has [ringside], "
		"[interface NAME], [service NAME], [access] and [api]",
		"FILE:13: [service reflect] interfaces: required, but missing",
		"FILE:14: unknown key 'pots' in [service reflect]: did you mean 'ports'?",
		"FILE:15: neither KEY = VALUE nor [SECTION]", "FILE:16: no key before '='",
		"FILE:17: [service reflect] ports: out of range: 70000 (1 to 65535)",
		"FILE:18: [service] has no name: write [service NAME]",
		"FILE:20: [service web] type: service type 'telephony' is not in this version, "
		"which "
		"has: reflect, deliver, steer" AND_HTTP,
		"FILE:22: [service x] type: unknown type 'reflct': did you mean 'reflect'?",
		"FILE:23: no ']' in the title of a section: '[unfinished'",
		"FILE:24: text behind ']' in the title of a section: '[service y] z'");
}

static void test_a_key_like_no_other_lists_the_keys(void **state)
{
	struct fixture *f = *state;

	read_text(f, "[ringside]\ncompletely = 1\n" SERVICE);
	EXPECT(f, "FILE:2: unknown key 'completely' in [ringside]: its keys are name, stats_level, "
		  "log_level");
}

static void test_what_is_given_twice_names_both_lines(void **state)
{
	struct fixture *f = *state;

	read_text(f, "[ringside]\nstats_level = basic\nstats-level = debug\n" SERVICE
		     "type = reflect\ntype = reflect\n[interface  eth0]\nio = auto\n[ringside]\n"
		     "stats_level = debug\n");
	EXPECT(f, "FILE:3: key 'stats-level' is given twice in [ringside]: first at FILE:2",
		"FILE:8: key 'type' is given twice in [service reflect]: first at FILE:7",
		"FILE:9: [interface eth0] is given twice: first at FILE:4",
		"FILE:11: [ringside] is given twice: first at FILE:1",
		"FILE:12: key 'stats_level' is given twice in [ringside]: first at FILE:2");
}

static void test_contradictions_are_errors(void **state)
{
	static const struct {
		const char *interface; /* keys of [interface eth0], from line 2 on */
		const char *service;
		const char *expected;
	} rows[] = {
		{ "zero_copy = on\nxdp = generic\n", "",
			"FILE:2: [interface eth0] zero_copy: on contradicts xdp = generic: zero "
			"copy needs the driver's XDP" },
		{ "io = af_packet\nzero_copy = on\n", "",
			"FILE:3: [interface eth0] zero_copy: contradicts io = af_packet, which "
			"works without XDP" },
		{ "io = af_packet\nxdp = native\n", "",
			"FILE:3: [interface eth0] xdp: contradicts io = af_packet, which works "
			"without XDP" },
		{ "io = af_packet\nattach = dispatcher\n", "",
			"FILE:3: [interface eth0] attach: contradicts io = af_packet, which works "
			"without XDP" },
		{ "frames = 4095\n", "",
			"FILE:2: [interface eth0] frames: too few: 2048 to receive into and 2048 "
			"to send are needed, 4096" },
		{ "queues = 0-3\ncpus = 1,2\n", "",
			"FILE:3: [interface eth0] cpus: 2 for 4 queues: one per queue is needed" },
		{ "read = a.pcap\n", "", "FILE:2: [interface eth0] read: only for io = pcap" },
		{ "write = a.pcap\n", "", "FILE:2: [interface eth0] write: only for io = pcap" },
		{ "io = pcap\nmac = 02:00:00:00:00:01\n", "",
			"FILE:2: [interface eth0] io: pcap needs the file to process: add the key "
			"read" },
		{ "read = a\nio = pcap\n", "",
			"FILE:3: [interface eth0] io: pcap needs the MAC address whose frames are "
			"ours: add the key mac" },
		{ "io = pcap\nmac = 02:00:00:00:00:01\nread = a\nwrite = a\n", "",
			"FILE:5: [interface eth0] write: the same file as read" },
		{ "io = pcap\nmac = 02:00:00:00:00:01\nread = a\nqueues = 1\n", "",
			"FILE:5: [interface eth0] queues: a capture file has one queue, 0" },
		{ "io = af_packet\n", "path = kernel\n",
			"FILE:5: [service reflect] path: kernel needs XDP, and [interface eth0] "
			"has io = af_packet" },
		{ "", "signatures = A@0,A@1,A@2,A@3,A@4,A@5,A@6,A@7,A@8\n",
			"FILE:2: [service reflect] on eth0: too many different offsets of "
			"signatures (at most 8)" },
	};
	struct fixture *f = *state;
	char text[512];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text),
			"[interface eth0]\n%s[service reflect]\ninterfaces = eth0\n%s",
			rows[i].interface, rows[i].service);
		assert_int_equal(read_text(f, text), -EINVAL);
		EXPECT(f, rows[i].expected);
	}
}

static void test_an_interface_without_a_section_is_an_error_that_names_it(void **state)
{
	struct fixture *f = *state;

	read_text(f, "[interface eth0]\n[service reflect]\ninterfaces = eth0, eth1\n");
	EXPECT(f, "FILE:3: [service reflect] interfaces: there is no section [interface eth1]: add "
		  "it (it may be empty)");
}

static void test_two_services_may_share_an_interface_and_a_port(void **state)
{
	struct fixture *f = *state;

	expect_good(f, SERVICE "[service again]\ntype = reflect\ninterfaces = eth0\n");
	assert_int_equal(f->config.services_count, 2);
	assert_string_equal(f->config.services[1].name, "again");
}

static void test_too_many_sections_are_refused(void **state)
{
	struct fixture *f = *state;
	char text[2048] = SERVICE;

	for (int i = 1; i <= CONFIG_INTERFACES; i++)
		sprintf(text + strlen(text), "[interface eth%d]\n", i);
	for (int i = 1; i <= SERVICE_SLOTS; i++)
		sprintf(text + strlen(text), "[service s%d]\ntype=reflect\ninterfaces=eth0\n", i);
	read_text(f, text);
	EXPECT(f, "FILE:11: [interface eth8]: too many interfaces (at most 8)",
		"FILE:33: [service s8]: too many services (at most 8)");
}

static void test_long_lines_are_refused_not_cut(void **state)
{
	struct fixture *f = *state;
	char text[2048];

	/* 199 characters fit inih's buffer */
	snprintf(text, sizeof(text), SERVICE "ports = 1%0190d\n", 2);
	read_text(f, text);
	EXPECT(f, "FILE:4: [service reflect] ports: too long: "
		  "'100000000000000000000000000000000000000000000000000000000000000000000000000000"
		  "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
		  "000000000000000000000000000000002' (at most 63 characters)");
	snprintf(text, sizeof(text), SERVICE "ports = 1%0191d\nswap = x\n", 2);
	read_text(f, text);
	EXPECT(f,
		"FILE:4: the line is too long: 200 characters (at most 199; a list may go on in "
		"the next line behind a comma)",
		"FILE:5: [service reflect] swap: not a choice: 'x' (mac, mac+ip, mac+ip+port)");
	snprintf(text, sizeof(text), SERVICE "ports = 7 ; %0500d\n# %0500d\n%500s swap = mac\n", 1,
		1, "");
	expect_good(f, text);
}

static void test_files_that_are_no_configuration_get_one_clear_line(void **state)
{
	static char large[10 * 1024 * 1024];
	struct fixture *f = *state;
	struct config_source source = { .file = f->path };

	write_bytes(f, "", 0);
	assert_int_equal(read_source(f, &source), -EINVAL);
	EXPECT(f, "FILE: the file is empty");
	write_bytes(f,
		"[ringside]\n\x7f"
		"ELF\0\0\1",
		18);
	assert_int_equal(read_source(f, &source), -EINVAL);
	EXPECT(f, "FILE:2: not a text file: it has a byte 0x7f");
	write_bytes(f, "[ringside]\nname = a\0b\n", 22);
	assert_int_equal(read_source(f, &source), -EINVAL);
	EXPECT(f, "FILE:2: not a text file: it has a byte 0x00");
	memset(large, '\n', sizeof(large));
	write_bytes(f, large, sizeof(large));
	assert_int_equal(read_source(f, &source), -EFBIG);
	EXPECT(f, "FILE: too large for a configuration (at most 1 MB)");
	write_bytes(f, "; nothing\n", 10);
	assert_int_equal(read_source(f, &source), -EINVAL);
	EXPECT(f, "FILE: there is no section [service NAME]: nothing to do");
	unlink(f->path);
	assert_int_equal(read_source(f, &source), -ENOENT);
	EXPECT(f, "FILE: No such file or directory");
	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_int_equal(read_source(f, &source), -EINVAL);
	EXPECT(f, "FILE: not a regular file");
	source.file = "/";
	assert_int_equal(read_source(f, &source), -EISDIR);
	EXPECT(f, "/: a directory, not a file");
}

static void test_a_flood_of_errors_ends_after_a_hundred(void **state)
{
	struct fixture *f = *state;
	char text[2048];

	memset(text, 0, sizeof(text));
	for (int i = 0; i < 500; i++)
		strcat(text, "x\n");
	read_text(f, text);
	assert_int_equal(f->problems.count, 101);
	assert_string_equal(
		f->problems.lines[100], "more than 100 problems: the others are not shown");
}

static int read_sets(struct fixture *f, const char *const *set)
{
	struct config_source source = { .file = f->path, .set = set };

	while (set[source.set_count])
		source.set_count++;
	return read_source(f, &source);
}

#define SETS(f, ...) read_sets(f, (const char *const[]){ __VA_ARGS__, NULL })

static void test_set_acts_behind_the_file(void **state)
{
	const char *text = "[interface eth0.100]\n[service reflect]\ninterfaces = eth0.100\n"
			   "ports = 7\n";
	struct fixture *f = *state;

	write_bytes(f, text, strlen(text));
	assert_int_equal(SETS(f, "ringside.stats-level=debug", "ringside.stats_level=detailed",
				 "eth0.100.io=pcap", "interface eth0.100.mac=02:00:00:00:00:01",
				 "eth0.100.read=a=b.c", "reflect.ports = 8"),
		0);
	assert_int_equal(f->config.stats_level, LEVEL_DETAILED);
	assert_int_equal(f->config.interfaces[0].io, IO_PCAP);
	assert_string_equal(f->config.interfaces[0].read, "a=b.c");
	assert_int_equal(
		((struct reflect_settings *)f->config.services[0].settings)->ports.set[1], 1);
	assert_int_equal(
		((struct reflect_settings *)f->config.services[0].settings)->ports.set[0], 0);
}

static void test_wrong_sets_are_errors(void **state)
{
	struct fixture *f = *state;
	const char *text = SERVICE "[interface reflect]\n";

	write_bytes(f, text, strlen(text));
	assert_int_equal(SETS(f, "ports", "ports=1", "eht0.io=pcap", "nothing-like-it.io=pcap",
				 "reflect.ports=1", "eth0.oi=auto", "eth0.io=x", "eth0.read=a ; b"),
		-EINVAL);
	EXPECT(f, "--set ports: no '=' (SECTION.KEY=VALUE)",
		"--set ports=1: no '.' before '=' (SECTION.KEY=VALUE)",
		"--set eht0.io=pcap: there is no section 'eht0': did you mean 'eth0'?",
		"--set nothing-like-it.io=pcap: there is no section 'nothing-like-it'",
		"--set reflect.ports=1: both [service reflect] and [interface reflect] have this "
		"name: write the whole title",
		"--set eth0.read=a ; b: the value has a comment or a control character",
		"--set eth0.oi=auto: unknown key 'oi' in [interface eth0]: did you mean 'io'?",
		"--set eth0.io=x: [interface eth0] io: not a choice: 'x' (auto, af_xdp, "
		"af_packet, pcap, udp)");
}

static void test_the_quick_start_is_a_service_with_its_defaults(void **state)
{
	struct config_source source = { .interface = "eth7", .service = "reflect" };
	struct fixture *f = *state;

	assert_int_equal(read_source(f, &source), 0);
	assert_string_equal(f->config.interfaces[0].name, "eth7");
	assert_int_equal(f->config.interfaces[0].line, 0);
	assert_string_equal(f->config.services[0].settings->interfaces.name[0], "eth7");
	source.service = "reflct";
	assert_int_equal(read_source(f, &source), -EINVAL);
	EXPECT(f, "-i eth7 reflct: [service reflct] type: unknown type 'reflct': did you mean "
		  "'reflect'?");
}

/* Prints what the file says, twice over; both must be the same, and read to the same. */
static void test_the_printed_configuration_reads_back_to_the_same(void **state)
{
	const struct config_source source = { .file = ((struct fixture *)*state)->path };
	static char before[65536], after[65536];
	struct fixture *f = *state;
	struct config config;
	FILE *out;

	strcpy(before, "[service r]\ntype = reflect\ninterfaces = eth0,eth1\nsignatures = ");
	for (int i = 0; i < REFLECT_SIGNATURES; i++)
		sprintf(before + strlen(before), "%sTEST%03d@%d", i ? ",\n" : "", i, i % 8);
	strcat(before, "\n[interface eth1]\nio=pcap\nmac=02:00:00:00:00:01\nread = a,\n"
		       "write=b\n[interface eth0]\n[api]\nlisten=[::1]:9464\n");
	expect_good(f, before);
	config = f->config;
	f->config = (struct config){ 0 };
	for (int i = 0; i < 2; i++) {
		memcpy(before, after, sizeof(before));
		out = fmemopen(after, sizeof(after), "w");
		assert_int_equal(config_print(&source, out, &f->problems), 0);
		fclose(out);
		expect_good(f, after);
	}
	assert_string_equal(before, after);
	assert_memory_equal(config.services[0].settings, f->config.services[0].settings,
		sizeof(struct reflect_settings));
	for (int i = 0; i < 2; i++)
		config.interfaces[i].line = f->config.interfaces[i].line;
	assert_memory_equal(config.interfaces, f->config.interfaces, sizeof(config.interfaces));
	assert_memory_equal(&config.api, &f->config.api, sizeof(config.api));
	config_fini(&config);
}

static void test_a_wrong_configuration_is_not_printed(void **state)
{
	const struct config_source source = { .interface = "eth0", .service = "x" };
	char text[64] = "";
	struct fixture *f = *state;
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_int_equal(config_print(&source, out, &f->problems), -EINVAL);
	fclose(out);
	assert_string_equal(text, "");
	assert_int_equal(f->problems.count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef RINGSIDE_HTTP /* every service */
		TEST(test_the_commented_file_holds_the_defaults),
#endif
		TEST(test_the_commented_file_has_every_key),
		TEST(test_the_small_file_is_good),
		TEST(test_the_api_listens_to_numeric_addresses_with_a_port),
		TEST(test_indented_keys_crlf_and_a_bom_are_read),
		TEST(test_empty_sections_count),
		TEST(test_a_list_goes_on_behind_a_comma),
		TEST(test_all_errors_come_in_one_go_in_the_order_of_lines),
		TEST(test_a_key_like_no_other_lists_the_keys),
		TEST(test_what_is_given_twice_names_both_lines),
		TEST(test_contradictions_are_errors),
		TEST(test_an_interface_without_a_section_is_an_error_that_names_it),
		TEST(test_two_services_may_share_an_interface_and_a_port),
		TEST(test_too_many_sections_are_refused),
		TEST(test_long_lines_are_refused_not_cut),
		TEST(test_files_that_are_no_configuration_get_one_clear_line),
		TEST(test_a_flood_of_errors_ends_after_a_hundred),
		TEST(test_set_acts_behind_the_file),
		TEST(test_wrong_sets_are_errors),
		TEST(test_the_quick_start_is_a_service_with_its_defaults),
		TEST(test_the_printed_configuration_reads_back_to_the_same),
		TEST(test_a_wrong_configuration_is_not_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
