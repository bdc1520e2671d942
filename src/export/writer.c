/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/writer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void writer_init(struct writer *writer, char *buffer, size_t size)
{
	writer->buffer = buffer;
	writer->size = size;
	writer->length = 0;
	if (size)
		buffer[0] = 0;
}

void writer_bytes(struct writer *writer, const char *bytes, size_t count)
{
	if (writer->length + 1 < writer->size) {
		size_t room = writer->size - writer->length - 1;
		size_t fits = count < room ? count : room;

		memcpy(writer->buffer + writer->length, bytes, fits);
		writer->buffer[writer->length + fits] = 0;
	}
	writer->length += count;
}

void writer_text(struct writer *writer, const char *text)
{
	writer_bytes(writer, text, strlen(text));
}

void writer_format(struct writer *writer, const char *format, ...)
{
	size_t used = writer->length < writer->size ? writer->length : writer->size;
	va_list arguments;
	int count;

	va_start(arguments, format);
	count = vsnprintf(used < writer->size ? writer->buffer + used : NULL, writer->size - used,
		format, arguments);
	va_end(arguments);
	if (count > 0)
		writer->length += (size_t)count;
}

void writer_pad(struct writer *writer, size_t line, size_t column)
{
	do
		writer_bytes(writer, " ", 1);
	while (writer->length - line < column);
}

void writer_plain(struct writer *writer, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		writer_bytes(writer, c < ' ' || c == 0x7f ? "?" : text, 1);
	}
}
