/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text into a buffer that may be too small: what does not fit is counted but not written, so that
 * the exporters can say how much room they need. A buffer with any room is always terminated.
 */
#ifndef RINGSIDE_WRITER_H
#define RINGSIDE_WRITER_H

#include <stddef.h>
#include <stdint.h>

struct writer {
	char *buffer;
	size_t size; /* of the buffer */
	size_t length; /* of the whole text, without the terminating 0 */
};

/* The buffer may be NULL when size is 0. */
void writer_init(struct writer *writer, char *buffer, size_t size);
void writer_bytes(struct writer *writer, const char *bytes, size_t count);
void writer_text(struct writer *writer, const char *text);
void writer_format(struct writer *writer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Blanks up to a column of the current line, at least one; line: the length at the line's start. */
void writer_pad(struct writer *writer, size_t line, size_t column);
/* A text of somebody else's for a terminal: control characters and DEL become '?'. */
void writer_plain(struct writer *writer, const char *text);
/* The text as a JSON string, in quotes. What is not well-formed UTF-8 becomes U+FFFD. */
void writer_quoted(struct writer *writer, const char *text);
/* The text as OpenMetrics has it in labels and HELP: backslashes, quotes and line feeds escaped. */
void writer_escaped(struct writer *writer, const char *text);

#endif
