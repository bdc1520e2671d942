/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_fixture.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include "base/log.h"
#include "service/deliver.h"
#include "service/http.h"
#include "service/reflect.h"
#include "service/steer.h"

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
		TEST(test_set_acts_behind_the_file),
		TEST(test_wrong_sets_are_errors),
		TEST(test_the_quick_start_is_a_service_with_its_defaults),
		TEST(test_the_printed_configuration_reads_back_to_the_same),
		TEST(test_a_wrong_configuration_is_not_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
