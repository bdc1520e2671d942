/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: one line an event, to standard error, and the newest ones kept for the dashboard. While
 * the screen belongs to ncurses, lines are only kept; those of level warning and above are written
 * when the screen is given back. Any thread but never per packet; a mutex orders the writers.
 */
#ifndef RINGSIDE_LOG_H
#define RINGSIDE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG, LOG_LEVELS };
enum log_format { LOG_TEXT, LOG_JSON };

/* The words for the levels as the INI has them ("error", "warning", "info", "debug"), NULL at the end. */
extern const char *const log_level_names[LOG_LEVELS + 1];

#define LOG_LINE_BYTES 256
#define LOG_KEPT 128

struct log_line {
	int64_t time_ns; /* CLOCK_REALTIME */
	uint64_t number; /* counts all lines since the start, from 1 */
	uint8_t level; /* enum log_level */
	char text[LOG_LINE_BYTES];
};

struct log;

/* Makes a log that keeps and writes lines up to the level. Returns NULL without memory. */
struct log *log_open(enum log_level level, enum log_format format);
void log_close(struct log *log);
void log_set_level(struct log *log, enum log_level level);

/* Writes one line: "ringside: TEXT", or a JSON object with time, level and message; where standard error
 * is the journal's, with the priority in front. log may be NULL. */
void log_write(struct log *log, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Holds lines back from standard error while the screen belongs to somebody else (true), and writes
 * the warnings and errors held back (false). */
void log_hold(struct log *log, bool hold);

/* Copies the newest lines, newest first, at most max; returns how many. */
unsigned log_newest(struct log *log, struct log_line *lines, unsigned max);

#endif
