/* SPDX-License-Identifier: BSD-2-Clause */
/* The arguments of `ringside generate`. */
#ifndef RINGSIDE_GENERATE_OPTIONS_H
#define RINGSIDE_GENERATE_OPTIONS_H

#include "cmd/headless.h"
#include "cmd/traffic.h"
#include "generate/rfc2544.h"

#define GENERATE_ARGUMENTS 31
extern const struct argument generate_arguments[GENERATE_ARGUMENTS];

struct generate_options {
	struct generate_settings settings; /* without addresses and log: they need the machine */
	struct traffic traffic;
	const char *netns; /* NULL: this one */
	const char *to, *from;
	uint64_t duration_ns, interval_ns;
	enum output_format format;
	bool format_given, no_tui, ascii, no_color;
	enum log_format log_format;
	bool wants_rfc2544;
	struct rfc2544_settings rfc2544; /* without sizes and rates */
	const char *plot; /* a file's name, or NULL */
};

/* Reads the arguments. 0 or -EINVAL with err set. */
int generate_options_read(struct generate_options *options, int argc, char **argv, struct err *err);

#endif
