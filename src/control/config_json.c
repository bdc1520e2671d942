// SPDX-License-Identifier: BSD-2-Clause
/*
 * /api/v1/config: the effective configuration, which comes as the INI file that `ringside check` prints,
 * as JSON: {"ringside": {"name": "ringside", …}, "interface eth0": {…}, …}; values are texts, as in the
 * file.
 */
#include <stdlib.h>
#include <string.h>

#include "control/server.h"
#include "export/writer.h"

struct json {
	struct writer out;
	const char *comma; /* before the next key, before the next section */
	const char *section_comma;
	char value[8192]; /* with the lines that go on */
	bool has_value;
};

static void quote(struct writer *out, const char *text, size_t length)
{
	char copy[256];

	if (length >= sizeof(copy))
		length = sizeof(copy) - 1;
	memcpy(copy, text, length);
	copy[length] = '\0';
	writer_quoted(out, copy);
}

static void end_value(struct json *json)
{
	if (json->has_value)
		writer_quoted(&json->out, json->value);
	json->has_value = false;
}

static void add_value(struct json *json, const char *text, size_t length)
{
	size_t used = strlen(json->value);

	if (length >= sizeof(json->value) - used)
		length = sizeof(json->value) - used - 1;
	memcpy(json->value + used, text, length);
	json->value[used + length] = '\0';
}

static void begin_section(struct json *json, const char *title, size_t length)
{
	end_value(json);
	writer_text(&json->out, json->section_comma);
	quote(&json->out, title, length);
	writer_text(&json->out, ": {");
	json->section_comma = "}, ";
	json->comma = "";
}

static void begin_value(struct json *json, const char *line, size_t length)
{
	size_t key = strcspn(line, " "), start = key + strlen(" = ");

	end_value(json);
	writer_text(&json->out, json->comma);
	quote(&json->out, line, key);
	writer_text(&json->out, ": ");
	json->comma = ", ";
	json->value[0] = '\0';
	json->has_value = true;
	if (start < length)
		add_value(json, line + start, length - start);
}

/* The printer's lines only: "[TITLE]", "KEY = VALUE", a tab and more of the value, nothing. */
static size_t write_json(const char *ini, char *buffer, size_t size)
{
	struct json json = { .section_comma = "" };

	writer_init(&json.out, buffer, size);
	writer_text(&json.out, "{");
	while (*ini) {
		size_t length = strcspn(ini, "\n");

		if (*ini == '[')
			begin_section(&json, ini + 1, length - 2);
		else if (*ini == '\t')
			add_value(&json, ini + 1, length - 1);
		else if (length)
			begin_value(&json, ini, length);
		ini += length + (ini[length] == '\n');
	}
	end_value(&json);
	writer_text(&json.out, "}}\n");
	return json.out.length;
}

enum MHD_Result config_answer(struct request *request)
{
	struct control *control = request->control;
	enum MHD_Result result;
	size_t size;
	char *json;

	pthread_mutex_lock(&control->lock);
	size = 6 * strlen(control->config) + 1024; /* were each byte one that JSON has as \uXXXX */
	json = malloc(size);
	if (json)
		size = write_json(control->config, json, size);
	pthread_mutex_unlock(&control->lock);
	if (!json)
		return MHD_NO;
	result = reply_bytes(request, MHD_HTTP_OK, "application/json", json, size);
	free(json);
	return result;
}
