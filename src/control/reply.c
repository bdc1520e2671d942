// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>
#include <stdio.h>

#include "control/server.h"
#include "export/writer.h"

/* Nothing here may be kept by a cache or taken for another type than it is. */
void reply_headers(struct MHD_Response *response, const char *type)
{
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
}

static enum MHD_Result reply(struct request *request, unsigned status, const char *type,
	const char *header, const char *value, const char *bytes, size_t size)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		size, (void *)(uintptr_t)bytes, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	reply_headers(response, type);
	if (header)
		MHD_add_response_header(response, header, value);
	result = MHD_queue_response(request->connection, status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result reply_bytes(
	struct request *request, unsigned status, const char *type, const char *bytes, size_t size)
{
	return reply(request, status, type, NULL, NULL, bytes, size);
}

static enum MHD_Result reply_words(struct request *request, unsigned status, const char *header,
	const char *value, const char *format, va_list arguments)
{
	char words[512], json[4 * sizeof(words)];
	struct writer writer;

	vsnprintf(words, sizeof(words), format, arguments);
	writer_init(&writer, json, sizeof(json));
	writer_text(&writer, "{\"error\": ");
	writer_quoted(&writer, words);
	writer_text(&writer, "}\n");
	return reply(request, status, "application/json", header, value, json,
		writer.length < sizeof(json) ? writer.length : sizeof(json) - 1);
}

enum MHD_Result reply_error(struct request *request, unsigned status, const char *format, ...)
{
	enum MHD_Result result;
	va_list arguments;

	va_start(arguments, format);
	result = reply_words(request, status, NULL, NULL, format, arguments);
	va_end(arguments);
	return result;
}

enum MHD_Result reply_error_with(struct request *request, unsigned status, const char *header,
	const char *value, const char *format, ...)
{
	enum MHD_Result result;
	va_list arguments;

	va_start(arguments, format);
	result = reply_words(request, status, header, value, format, arguments);
	va_end(arguments);
	return result;
}
