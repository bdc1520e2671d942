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

/* The bytes of the UTF-8 character at text; 0 when it is not well-formed (RFC 3629 §4). */
static unsigned utf8_bytes(const unsigned char *text)
{
	unsigned char low = 0x80, high = 0xbf;
	unsigned count;

	if (*text < 0x80)
		return 1;
	if (*text < 0xc2 || *text > 0xf4)
		return 0;
	count = *text < 0xe0 ? 2 : *text < 0xf0 ? 3 : 4;
	if (*text == 0xe0)
		low = 0xa0; /* overlong */
	else if (*text == 0xed)
		high = 0x9f; /* surrogates */
	else if (*text == 0xf0)
		low = 0x90; /* overlong */
	else if (*text == 0xf4)
		high = 0x8f; /* above U+10FFFF */
	for (unsigned i = 1; i < count; i++, low = 0x80, high = 0xbf)
		if (text[i] < low || text[i] > high)
			return 0;
	return count;
}

void writer_quoted(struct writer *writer, const char *text)
{
	writer_text(writer, "\"");
	while (*text) {
		unsigned char c = (unsigned char)*text;
		unsigned bytes = utf8_bytes((const unsigned char *)text);

		if (c == '"' || c == '\\')
			writer_format(writer, "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			writer_format(writer, "\\u%04x", c);
		else if (!bytes)
			writer_text(writer, "\\ufffd");
		else
			writer_bytes(writer, text, bytes);
		text += bytes ? bytes : 1;
	}
	writer_text(writer, "\"");
}

void writer_escaped(struct writer *writer, const char *text)
{
	while (*text) {
		unsigned bytes = utf8_bytes((const unsigned char *)text);

		if (*text == '\n')
			writer_text(writer, "\\n");
		else if (*text == '"' || *text == '\\')
			writer_format(writer, "\\%c", *text);
		else if (!bytes)
			writer_text(writer, "\xef\xbf\xbd"); /* U+FFFD */
		else
			writer_bytes(writer, text, bytes);
		text += bytes ? bytes : 1;
	}
}
