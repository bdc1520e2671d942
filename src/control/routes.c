// SPDX-License-Identifier: BSD-2-Clause
/* THE table of routes, and the short ones of them. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/server.h"

#define VALUE_BYTES 64

struct route {
	const char *method; /* "GET" (and HEAD) only reads, "PUT" changes */
	const char *path; /* "*" stands for a name, a second one for a key */
	enum MHD_Result (*answer)(struct request *request);
};

#define BLANKS " \t\r\n"

/* Copies a text that is one word, with blanks around it or not; else nothing. */
static void copy_word(char value[VALUE_BYTES], const char *text)
{
	size_t length;

	text += strspn(text, BLANKS);
	length = strcspn(text, BLANKS);
	if (length < VALUE_BYTES && !text[length + strspn(text + length, BLANKS)])
		snprintf(value, VALUE_BYTES, "%.*s", (int)length, text);
}

/* The value that a PUT sets a resource to: the bare word, a JSON string, or a JSON object with the
 * resource's name as its key. Empty when the body is none of these. */
static void read_value(const struct request *request, const char *key, char value[VALUE_BYTES])
{
	const char *text = request->body + strspn(request->body, BLANKS);
	json_t *json;
	const json_t *string;

	value[0] = '\0';
	if (*text != '{' && *text != '"') {
		copy_word(value, text);
		return;
	}
	json = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	string = json_is_object(json) ? json_object_get(json, key) : json;
	if (json_is_string(string))
		copy_word(value, json_string_value(string));
	json_decref(json);
}

static enum MHD_Result answer_snapshot(struct request *request)
{
	struct samples *samples = &request->control->samples;
	size_t size = samples_json(samples, &request->control->ops);

	if (!size)
		return reply_error(request, MHD_HTTP_INTERNAL_SERVER_ERROR,
			"the snapshot is larger than its buffer");
	return reply_bytes(request, MHD_HTTP_OK, "application/json", samples->text, size);
}

static enum MHD_Result set_level(struct request *request)
{
	const struct control_ops *ops = &request->control->ops;
	char value[VALUE_BYTES], json[128];
	int length;

	read_value(request, "stats_level", value);
	for (unsigned level = 0; level_names[level]; level++) {
		if (strcmp(level_names[level], value) != 0)
			continue;
		ops->set_level(ops->context, (enum level)level, request->client->peer.who);
		length = snprintf(json, sizeof(json), "{\"stats_level\": \"%s\"}\n", value);
		return reply_bytes(request, MHD_HTTP_OK, "application/json", json, (size_t)length);
	}
	return reply_error(request, MHD_HTTP_BAD_REQUEST,
		"stats_level: '%s' is not one of basic, detailed, debug", value);
}

static enum MHD_Result set_service_state(struct request *request)
{
	const struct control_ops *ops = &request->control->ops;
	char value[VALUE_BYTES], json[96];
	struct err err = { "" };
	int length, ret;
	bool paused;

	read_value(request, "state", value);
	paused = !strcmp(value, "paused");
	if (!paused && strcmp(value, "running") != 0)
		return reply_error(request, MHD_HTTP_BAD_REQUEST,
			"state: '%s' is not one of running, paused", value);
	ret = ops->set_service_state(
		ops->context, request->name, paused, request->client->peer.who, &err);
	if (ret)
		return reply_error(request,
			ret == -ENOENT ? MHD_HTTP_NOT_FOUND : MHD_HTTP_INTERNAL_SERVER_ERROR, "%s",
			err.text);
	length = snprintf(json, sizeof(json), "{\"state\": \"%s\"}\n", value);
	return reply_bytes(request, MHD_HTTP_OK, "application/json", json, (size_t)length);
}

/* A service's own: "slots/17" is set to "3". */
static enum MHD_Result set_service(struct request *request)
{
	const struct control_ops *ops = &request->control->ops;
	char value[VALUE_BYTES], json[2 * VALUE_BYTES + 16];
	struct err err = { "" };
	int length, ret;

	read_value(request, "value", value);
	if (!*value || strpbrk(value, "\"\\"))
		return reply_error(request, MHD_HTTP_BAD_REQUEST, "%s: no value", request->key);
	ret = ops->set_service(
		ops->context, request->name, request->key, value, request->client->peer.who, &err);
	if (ret)
		return reply_error(request,
			ret == -ENOENT	 ? MHD_HTTP_NOT_FOUND
			: ret == -EINVAL ? MHD_HTTP_BAD_REQUEST
					 : MHD_HTTP_INTERNAL_SERVER_ERROR,
			"%s", err.text);
	length = snprintf(json, sizeof(json), "{\"value\": \"%s\"}\n", value);
	return reply_bytes(request, MHD_HTTP_OK, "application/json", json, (size_t)length);
}

/* Whether this client may change anything, so that a page need not try. */
static enum MHD_Result answer_access(struct request *request)
{
	const char *changes = request->client->peer.local     ? "allowed"
			      : request->control->token.given ? "token"
							      : "refused";
	char json[64];
	int length = snprintf(json, sizeof(json), "{\"changes\": \"%s\"}\n", changes);

	return reply_bytes(request, MHD_HTTP_OK, "application/json", json, (size_t)length);
}

static const struct route routes[] = {
	{ "GET", "/healthz", health_answer },
	{ "GET", "/metrics", metrics_answer },
	{ "GET", "/api/v1/snapshot", answer_snapshot },
	{ "GET", "/api/v1/stream", stream_answer },
	{ "GET", "/api/v1/config", config_answer },
	{ "GET", "/api/v1/access", answer_access },
	{ "GET", "/api/v1/reasons", reasons_answer },
	{ "PUT", "/api/v1/stats-level", set_level },
	{ "PUT", "/api/v1/services/*/state", set_service_state },
	{ "PUT", "/api/v1/services/*/slots/*", set_service },
	{ "PUT", "/api/v1/services/*/cpus/*", set_service },
	{ "PUT", "/api/v1/services/*/workers/*", set_service },
	{ "PUT", "/api/v1/services/*/keys/*", set_service },
};
#define ROUTES (sizeof(routes) / sizeof(routes[0]))

/* Whether a path is a route's; fills the name that it has for the route's first "*", and the key, which is
 * what stands from behind the name's slash on: "slots/17". */
static bool matches(const struct route *route, const char *path, struct request *request)
{
	const char *star = strchr(route->path, '*'), *second;
	size_t length;

	if (!star)
		return !strcmp(route->path, path);
	if (strncmp(route->path, path, (size_t)(star - route->path)) != 0)
		return false;
	path += star - route->path;
	length = strcspn(path, "/");
	second = strchr(star + 1, '*');
	if (!length || length >= sizeof(request->name))
		return false;
	snprintf(request->name, sizeof(request->name), "%.*s", (int)length, path);
	path += length;
	if (!second)
		return !strcmp(path, star + 1);
	length = (size_t)(second - star - 1);
	if (strncmp(path, star + 1, length) != 0 || !path[length] || strchr(path + length, '/') ||
		strlen(path) > sizeof(request->key))
		return false;
	snprintf(request->key, sizeof(request->key), "%s", path + 1);
	return true;
}

static bool is_method(const struct route *route, const char *method)
{
	return !strcmp(route->method, method) ||
	       (!strcmp(route->method, "GET") && !strcmp(method, "HEAD"));
}

static enum MHD_Result refuse(struct request *request, const char *method, const char *path)
{
	const char *allow = web_find(path) ? "GET, HEAD" : NULL;

	for (unsigned i = 0; i < ROUTES; i++)
		if (matches(&routes[i], path, request))
			allow = strcmp(routes[i].method, "GET") ? routes[i].method : "GET, HEAD";
	if (allow)
		return reply_error_with(request, MHD_HTTP_METHOD_NOT_ALLOWED, MHD_HTTP_HEADER_ALLOW,
			allow, "%s takes %s, not %.16s", path, allow, method);
	return reply_error(request, MHD_HTTP_NOT_FOUND, "there is no %s", path);
}

static enum MHD_Result refuse_body(struct request *request)
{
	return reply_error(request, MHD_HTTP_CONTENT_TOO_LARGE, "the body has more than %d bytes",
		REQUEST_BODY_BYTES);
}

/* What the client says that its body has. */
static bool is_body_too_long(const struct request *request)
{
	const char *length = MHD_lookup_connection_value(
		request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length && strtoull(length, NULL, 10) > REQUEST_BODY_BYTES;
}

/* Who can open the control socket may change the instance; over TCP it takes the token. */
static bool may_change(const struct request *request)
{
	return request->client->peer.local ||
	       token_is(&request->control->token,
		       MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
			       MHD_HTTP_HEADER_AUTHORIZATION));
}

static enum MHD_Result refuse_change(struct request *request)
{
	if (request->control->token.given)
		return reply_error_with(request, MHD_HTTP_UNAUTHORIZED,
			MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer",
			"a change needs the header Authorization: Bearer TOKEN, with the token of "
			"token_file");
	return reply_error(request, MHD_HTTP_FORBIDDEN,
		"over TCP nothing can be changed: set token_file in [api], or use the control "
		"socket");
}

enum MHD_Result routes_judge(struct request *request, const char *method, const char *path)
{
	for (unsigned i = 0; i < ROUTES; i++)
		if (is_method(&routes[i], method) && matches(&routes[i], path, request))
			request->route = &routes[i];
	if (!request->route && !strcmp(method, "GET"))
		request->handover = handover_find(request, path);
	if (!request->route && (!strcmp(method, "GET") || !strcmp(method, "HEAD")))
		request->file = web_find(path);
	request->answered = true; /* unless it goes on */
	if (!request->route && !request->handover && !request->file)
		return refuse(request, method, path);
	if (!strcmp(method, "PUT") && !may_change(request))
		return refuse_change(request);
	if (is_body_too_long(request))
		return refuse_body(request);
	request->answered = false;
	return MHD_YES;
}

enum MHD_Result routes_answer(struct request *request)
{
	if (request->too_long)
		return refuse_body(request);
	if (request->handover)
		return handover_answer(request, request->handover);
	if (request->file)
		return web_answer(request, request->file);
	return request->route->answer(request);
}
