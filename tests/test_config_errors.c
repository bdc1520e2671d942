/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of a configuration that is none. */
#include "config_fixture.h"

#include <errno.h>
#include <sys/stat.h>

/* ./configure --disable-http */
#ifdef RINGSIDE_HTTP
#define AND_HTTP ", http"
#else
#define AND_HTTP ""
#endif

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
				      "[service y] z\n"
				      "[service drops]\n"
				      "type = deliver\n"
				      "[service d]\n"
				      "type = deliver\n"
				      "interfaces = eth0\n"
				      "ports = 1\n"
				      "ring = drops\n"),
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
		"FILE:24: text behind ']' in the title of a section: '[service y] z'",
		"FILE:25: [service drops]: 'drops' is what ringside tap calls all drops: choose "
		"another name",
		"FILE:31: [service d] ring: 'drops' is what ringside tap calls all drops");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
