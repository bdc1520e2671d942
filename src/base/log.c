/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* As many as an err holds; the line kept for the dashboard is shorter. */
#define TEXT_BYTES 2048
/* Warnings and errors held back; a screen full of them says enough. */
#define HELD 64

const char *const log_level_names[LOG_LEVELS + 1] = { "error", "warning", "info", "debug", NULL };

struct held_line {
	int64_t time_ns;
	enum log_level level;
	char text[TEXT_BYTES];
};

struct log {
	pthread_mutex_t lock;
	enum log_level level;
	enum log_format format;
	bool journal; /* standard error leads there */
	uint64_t number; /* of the newest line kept */
	struct log_line kept[LOG_KEPT];
	bool hold;
	unsigned held_count;
	uint64_t held_lost; /* came when held[] was full */
	struct held_line held[HELD];
};

/* The journal takes a line's priority from its beginning, "<6>" (sd-daemon(3)); systemd says by
 * $JOURNAL_STREAM which stream is its own. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat file;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       !fstat(STDERR_FILENO, &file) && file.st_dev == device && file.st_ino == inode;
}

struct log *log_open(enum log_level level, enum log_format format)
{
	struct log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	pthread_mutex_init(&log->lock, NULL);
	tzset(); /* reads a file, once: not in a thread that may open none */
	log->level = level;
	log->format = format;
	log->journal = is_journal();
	return log;
}

void log_close(struct log *log)
{
	if (!log)
		return;
	log_hold(log, false);
	pthread_mutex_destroy(&log->lock);
	free(log);
}

void log_set_level(struct log *log, enum log_level level)
{
	if (!log)
		return;
	pthread_mutex_lock(&log->lock);
	log->level = level;
	pthread_mutex_unlock(&log->lock);
}

/* One event is one line: what would break it, or move a terminal's cursor, becomes a blank. */
static void make_one_line(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = ' ';
	}
}

/* Copies with a cut that leaves no half of a UTF-8 character behind. */
static void copy_cut(char *to, size_t size, const char *from)
{
	size_t length = strnlen(from, size);

	if (length == size) {
		length = size - 1;
		while (length && ((unsigned char)from[length] & 0xc0) == 0x80)
			length--;
	}
	memcpy(to, from, length);
	to[length] = 0;
}

static size_t json_escape(char *to, const char *from)
{
	char *at = to;

	for (; *from; from++) {
		if (*from == '"' || *from == '\\')
			*at++ = '\\';
		*at++ = *from;
	}
	*at = 0;
	return (size_t)(at - to);
}

/* A single write, so that lines of several processes do not mix. A log that cannot be written is no
 * reason to stop. */
static void write_line(
	const struct log *log, enum log_level level, int64_t time_ns, const char *text)
{
	static const char *const priorities[LOG_LEVELS] = { "<3>", "<4>", "<6>", "<7>" };
	const char *priority = log->journal ? priorities[level] : "";
	char line[2 * TEXT_BYTES + 128], escaped[2 * TEXT_BYTES];
	time_t seconds = (time_t)(time_ns / (int64_t)NSEC_PER_SEC);
	struct tm tm;
	int length;

	if (log->format == LOG_TEXT) {
		length = snprintf(line, sizeof(line), "%sringside: %s\n", priority, text);
	} else {
		char stamp[32];

		gmtime_r(&seconds, &tm);
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
		json_escape(escaped, text);
		length = snprintf(line, sizeof(line),
			"%s{\"time\": \"%s.%03dZ\", \"level\": \"%s\", \"message\": \"%s\"}\n",
			priority, stamp, (int)(time_ns / (int64_t)NSEC_PER_MSEC % 1000),
			log_level_names[level], escaped);
	}
	if (length > 0 && write(STDERR_FILENO, line, (size_t)length) < 0)
		return;
}

static void keep(struct log *log, enum log_level level, int64_t time_ns, const char *text)
{
	struct log_line *line = &log->kept[log->number++ % LOG_KEPT];

	line->time_ns = time_ns;
	line->number = log->number;
	line->level = (uint8_t)level;
	copy_cut(line->text, sizeof(line->text), text);
}

static void hold_back(struct log *log, enum log_level level, int64_t time_ns, const char *text)
{
	struct held_line *line;

	if (level > LOG_WARNING)
		return;
	if (log->held_count == HELD) {
		log->held_lost++;
		return;
	}
	line = &log->held[log->held_count++];
	line->time_ns = time_ns;
	line->level = level;
	copy_cut(line->text, sizeof(line->text), text);
}

void log_write(struct log *log, enum log_level level, const char *format, ...)
{
	int64_t now = (int64_t)clock_read_ns(CLOCK_REALTIME);
	char text[TEXT_BYTES];
	va_list args;

	if (!log)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	make_one_line(text);

	pthread_mutex_lock(&log->lock);
	if (level <= log->level) {
		keep(log, level, now, text);
		if (log->hold)
			hold_back(log, level, now, text);
		else
			write_line(log, level, now, text);
	}
	pthread_mutex_unlock(&log->lock);
}

static void write_held(struct log *log)
{
	for (unsigned i = 0; i < log->held_count; i++) {
		const struct held_line *line = &log->held[i];

		write_line(log, line->level, line->time_ns, line->text);
	}
	if (log->held_lost) {
		char text[64];

		snprintf(text, sizeof(text), "%llu more messages were held back and are lost",
			(unsigned long long)log->held_lost);
		write_line(log, LOG_WARNING, (int64_t)clock_read_ns(CLOCK_REALTIME), text);
	}
	log->held_count = 0;
	log->held_lost = 0;
}

void log_hold(struct log *log, bool hold)
{
	if (!log)
		return;
	pthread_mutex_lock(&log->lock);
	log->hold = hold;
	if (!hold)
		write_held(log);
	pthread_mutex_unlock(&log->lock);
}

unsigned log_newest(struct log *log, struct log_line *lines, unsigned max)
{
	unsigned count = 0;

	if (!log)
		return 0;
	pthread_mutex_lock(&log->lock);
	while (count < max && count < LOG_KEPT && count < log->number) {
		lines[count] = log->kept[(log->number - 1 - count) % LOG_KEPT];
		count++;
	}
	pthread_mutex_unlock(&log->lock);
	return count;
}
