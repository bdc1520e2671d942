// SPDX-License-Identifier: BSD-2-Clause
/*
 * What libmicrohttpd refuses by itself, before there is a request that we could judge (400, 414, 431, 505),
 * it answers with a page of HTML, and it has no option for that. It makes the page by its public function of
 * the name below, called by that name, so the one here takes its place (ELF symbol interposition: the program
 * comes before the library): a page becomes {"error": …}, all else is what it was. In a library that keeps the
 * call to itself the pages stay HTML, and tests/test_api.sh says so.
 */
#include <stdlib.h>
#include <string.h>

#include "control/server.h"
#include "export/writer.h"

#define PAGE "<html>"
#define BODY "<body>"
#define QUOTE "&quot;"
#define OF_LENGTH "<b>Content-Length</b>"
#define WORDS_BYTES 256

/* The words of a page's body, without its tags and the one entity that it has. */
static void take_words(const char *page, size_t size, char words[WORDS_BYTES])
{
	const char *body = memmem(page, size, BODY, sizeof(BODY) - 1);
	const char *end = page + size;
	size_t length = 0;
	bool in_tag = false;

	for (const char *c = body ? body : page; c < end && length < WORDS_BYTES - 1; c++) {
		if (*c == '<' || *c == '>') {
			in_tag = *c == '<';
		} else if (!in_tag && !strncmp(c, QUOTE, sizeof(QUOTE) - 1)) {
			words[length++] = '"';
			c += sizeof(QUOTE) - 2;
		} else if (!in_tag)
			words[length++] = *c;
	}
	words[length] = '\0';
}

static struct MHD_Response *make_copy(const void *bytes, size_t size)
{
	void *copy = malloc(size ? size : 1);
	struct MHD_Response *response;

	if (!copy)
		return NULL;
	memcpy(copy, bytes, size);
	response = MHD_create_response_from_buffer_with_free_callback(size, copy, free);
	if (!response)
		free(copy);
	return response;
}

/* Of a wrong Content-Length 0.9.75 tells with two heads: it goes on with a request that it has answered. Behind an empty
 * answer, after which the connection is closed, nobody reads the second one. */
static struct MHD_Response *make_refusal(const char *page, size_t size)
{
	char words[WORDS_BYTES], json[6 * WORDS_BYTES + 32];
	struct MHD_Response *response;
	struct writer writer;

	if (memmem(page, size, OF_LENGTH, sizeof(OF_LENGTH) - 1))
		return make_copy("", 0);
	take_words(page, size, words);
	writer_init(&writer, json, sizeof(json));
	writer_text(&writer, "{\"error\": ");
	writer_quoted(&writer, words);
	writer_text(&writer, "}\n");
	response = make_copy(json, writer.length);
	if (response)
		reply_headers(response, "application/json");
	return response;
}

struct MHD_Response *MHD_create_response_from_buffer(
	size_t size, void *buffer, enum MHD_ResponseMemoryMode mode)
{
	if (mode == MHD_RESPMEM_PERSISTENT && size > sizeof(PAGE) &&
		!memcmp(buffer, PAGE, sizeof(PAGE) - 1))
		return make_refusal(buffer, size);
	if (mode == MHD_RESPMEM_MUST_FREE)
		return MHD_create_response_from_buffer_with_free_callback(size, buffer, free);
	return make_copy(buffer, size);
}
