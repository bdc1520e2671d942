/* SPDX-License-Identifier: BSD-2-Clause */
/* The arguments of `ringside lab`: its own, and those that it passes on to `ringside run`. */
#ifndef RINGSIDE_LAB_OPTIONS_H
#define RINGSIDE_LAB_OPTIONS_H

#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "cmd/arguments.h"
#include "cmd/traffic.h"

#define LAB_ARGUMENTS 20
/* Words handed to `run`: those that make it reflect in the lab, and all. */
#define LAB_RUN_OWN_WORDS 8
#define LAB_RUN_WORDS 160
/* More queues than CPUs show nothing; veth has up to 4096. */
#define LAB_QUEUES_MAX 64

extern const struct argument lab_arguments[LAB_ARGUMENTS];

struct lab_options {
	uint32_t queues; /* of each end */
	struct traffic traffic;
	struct generate_settings settings; /* of the tester, without interface and addresses */
	struct generate_trial trial;
	enum log_format log_format;
	int run_argc;
	char *run_argv[LAB_RUN_WORDS +
		       1]; /* of `ringside run`; points into argv and what follows */
	char run_netns[64], run_name[64], run_ports[64], run_signatures[64];
};

/* Reads the arguments. 0 or -EINVAL with err set. */
int lab_options_read(struct lab_options *options, int argc, char **argv, struct err *err);

/* Puts the reflector's interface and its namespace in front of what is passed on: run_argv is
 * complete. */
void lab_options_make_run(struct lab_options *options, const char *link, const char *netns);

#endif
