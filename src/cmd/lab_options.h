/* SPDX-License-Identifier: BSD-2-Clause */
/* The arguments of `ringside lab`: its own, and those that it passes on to `ringside run`. */
#ifndef RINGSIDE_LAB_OPTIONS_H
#define RINGSIDE_LAB_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "cmd/arguments.h"
#include "cmd/traffic.h"

#define LAB_ARGUMENTS 21
/* Words handed to `run`: those that put the service into the lab, and all. */
#define LAB_RUN_OWN_WORDS 10
#define LAB_RUN_WORDS 160
/* More queues than CPUs show nothing; veth has up to 4096. */
#define LAB_QUEUES_MAX 64

extern const struct argument lab_arguments[LAB_ARGUMENTS];

struct lab_service;

struct lab_options {
	const struct lab_service *service;
	uint32_t queues; /* of each end */
	uint64_t duration_ns; /* of the test; 0: until told to */
	enum log_format log_format;
	struct traffic traffic; /* the arguments about test packets, as texts */
	const char *connections_text;
	uint32_t connections; /* of http's clients */

	/* of labs that send test packets (lab_packets.h) */
	struct generate_settings settings; /* without interface and addresses */
	struct generate_trial trial;
	int absorber; /* a socket, or -1 */

	/* of `ringside run`: the lab's own words, the service's, which end at run_own, and those of the command
	 * line, which come last and win; points into argv and what follows */
	int run_argc, run_own;
	char *run_argv[LAB_RUN_WORDS + 1];
	char own_text[1024], run_netns[64], run_name[64];
	size_t own_used;
};

/* Reads the arguments. 0 or -EINVAL with err set. */
int lab_options_read(struct lab_options *options, int argc, char **argv, struct err *err);

/* For a service's prepare(): sets a key of the service, unless the command line does: format is "KEY=VALUE". */
int lab_options_set(struct lab_options *options, struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What a key of `run` is set to, once run_argv is complete; NULL: its default. */
const char *lab_options_find(const struct lab_options *options, const char *key);

/* Puts the service, its interface and its namespace in front of what is passed on: run_argv is complete. */
void lab_options_make_run(struct lab_options *options, const char *netns);

#endif
