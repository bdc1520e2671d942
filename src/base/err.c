/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Appends to the text; what does not fit is cut. */
static void append(struct err *err, const char *format, va_list args)
{
	size_t used = strlen(err->text);

	vsnprintf(err->text + used, sizeof(err->text) - used, format, args);
}

static void append_text(struct err *err, const char *text)
{
	size_t used = strlen(err->text);

	snprintf(err->text + used, sizeof(err->text) - used, "%s", text);
}

int err_set(struct err *err, int code, const char *format, ...)
{
	va_list args;

	if (!err)
		return code;
	err->text[0] = 0;
	va_start(args, format);
	append(err, format, args);
	va_end(args);
	append_text(err, ": ");
	append_text(err, strerror(code < 0 ? -code : code));
	return code;
}

int err_say(struct err *err, int code, const char *format, ...)
{
	va_list args;

	if (!err)
		return code;
	err->text[0] = 0;
	va_start(args, format);
	append(err, format, args);
	va_end(args);
	return code;
}

int err_where(struct err *err, int code, const char *format, ...)
{
	struct err before;
	va_list args;

	if (!err)
		return code;
	before = *err;
	err->text[0] = 0;
	va_start(args, format);
	append(err, format, args);
	va_end(args);
	if (before.text[0])
		append_text(err, ": ");
	append_text(err, before.text);
	return code;
}

int err_add(struct err *err, int code, const char *format, ...)
{
	va_list args;

	if (!err)
		return code;
	va_start(args, format);
	append(err, format, args);
	va_end(args);
	return code;
}
