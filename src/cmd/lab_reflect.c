/* SPDX-License-Identifier: BSD-2-Clause */
/* reflect's lab: test packets go to the reflector and come back; `generate` sends and judges them. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/lab_packets.h"
#include "cmd/lab_tester.h"

static int prepare(struct lab_options *options, struct err *err)
{
	const struct generate_settings *settings = &options->settings;
	char hex[2 * SIGNATURE_TEXT + 1];

	if (lab_packets_prepare(options, err))
		return -EINVAL;
	if (options->traffic.port && lab_options_set(options, err, "ports=%u", settings->port))
		return -EINVAL;
	if (!options->traffic.signature)
		return 0;
	for (unsigned i = 0; i < SIGNATURE_TEXT; i++)
		snprintf(hex + 2 * i, 3, "%02x", (uint8_t)settings->signature[i]);
	return lab_options_set(options, err, "signatures=0x%s@%u", hex, settings->signature_at);
}

/* Takes the port and lets all that comes there vanish, so that the namespace's stack sends no ICMP "port
 * unreachable" for packets that the reflector leaves to it. */
static int absorb(uint16_t port, struct err *err)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &nothing };
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), code;

	if (fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) &&
		!bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	code = err_set(err, -errno, "take UDP port %u", port);
	if (fd >= 0)
		close(fd);
	return code;
}

static int furnish(struct lab_options *options, enum lab_end end, struct err *err)
{
	if (end == LAB_TESTER)
		return lab_packets_furnish(err);
	options->absorber = absorb(options->settings.port, err);
	return options->absorber < 0 ? options->absorber : 0;
}

static void clear(struct lab_options *options)
{
	if (options->absorber >= 0)
		close(options->absorber);
}

static void test(const struct lab_options *options, struct lab_result *result)
{
	struct generate_settings settings;

	lab_packets_address(options, &settings);
	lab_tester_run(&settings, &options->trial, result);
}

const struct lab_service lab_reflect = {
	.name = "reflect",
	.takes = lab_packets_arguments,
	.result_bytes = sizeof(struct lab_trip),
	.prepare = prepare,
	.furnish = furnish,
	.clear = clear,
	.test = test,
	.print = lab_trip_print,
};
