// SPDX-License-Identifier: BSD-2-Clause
/* What a running http service takes of another configuration. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "service/http_instance.h"

/* Whether another root can be read, and the tables have room for its files beside those that have been there. */
static int check_root(const struct http_instance *in, const char *root, struct err *err)
{
	if (!strcmp(in->now.root, root))
		return 0;
	if (access(root, R_OK | X_OK))
		return err_set(err, -errno, "root %s", root);
	if (in->program && http_store_entries(in->store) + http_watch_count(root) > in->files_max)
		return err_say(err, -EBUSY,
			"root %s has more files than there is room for: it needs a restart", root);
	return 0;
}

/* An interface that can't have it would be closed and not come back. */
static int check_flavour(
	const struct http_instance *in, const struct http_settings *next, struct err *err)
{
	if (!in->program || next->flavour != HTTP_FLAVOUR_XDP)
		return 0;
	for (unsigned i = 0; i < HTTP_INTERFACES; i++)
		if (in->places[i].interface && !in->places[i].about.in_xdp)
			return err_say(err, -EBUSY,
				"flavour = xdp needs a restart: that %s has native XDP is seen "
				"only when it is opened for it",
				in->places[i].interface->name);
	return 0;
}

/* Interfaces stay as they are but for the place of the program. */
bool http_reopens(const void *before, const void *settings)
{
	const struct http_settings *was = before, *is = settings;

	return was->flavour != is->flavour;
}

/* A server that listens where the first of the interfaces is. */
static int listen_there(struct http_instance *in, const struct http_settings *next,
	struct http_server **server, struct err *err)
{
	for (unsigned i = 0; i < HTTP_INTERFACES; i++) {
		const struct service_interface *interface = in->places[i].interface;
		int back, ret;

		if (!interface)
			continue;
		back = interface->enter(interface, err);
		if (back < 0)
			return back;
		ret = http_server_open(
			server, (uint16_t)next->port, next->root, next->headers, err);
		interface->leave(back);
		return ret;
	}
	return 0; /* none is there: the first one that comes brings it */
}

static bool stays(const struct http_instance *in, const struct http_settings *next)
{
	return in->server && next->fallback == HTTP_FALLBACK_OWN && next->port == in->now.port;
}

/* The server for other settings: the one there is, or a new one. */
static int prepare_server(struct http_instance *in, const struct http_settings *next,
	struct http_server **server, struct err *err)
{
	if (next->fallback != HTTP_FALLBACK_OWN)
		return 0;
	if (!stays(in, next))
		return listen_there(in, next, server, err);
	*server = in->server;
	return http_server_set_files(in->server, next->root, next->headers, err);
}

static void give_back_server(struct http_instance *in, struct http_server *server)
{
	if (!server || server != in->server)
		http_server_close(server);
	else
		http_server_set_files(server, in->now.root, in->now.headers, NULL);
}

/* Files that are another root's, have other headers or are too long now are taken out at once, and the server
 * answers until the keeper has read them. */
static void take_files(struct http_instance *in, const struct http_settings *next)
{
	bool other_headers = strcmp(in->now.headers, next->headers) ||
			     in->now.optional_headers != next->optional_headers;
	bool other_length = http_segments(&in->now) != http_segments(next);

	pthread_mutex_lock(&in->lock);
	in->now = *next;
	if (in->program) {
		if (other_length)
			http_store_set_segments_max(in->store, http_segments(next));
		if (other_headers)
			http_store_touch_all(in->store, "/");
		http_watch_check_root(in->watch);
	}
	pthread_mutex_unlock(&in->lock);
}

/* Connections that are here go on, but for another port: there the client is reset, and comes again. */
int http_reload(void *instance, const void *settings, struct err *err)
{
	struct http_instance *in = instance;
	const struct http_settings *next = settings;
	struct http_server *server = NULL;
	int ret = check_root(in, next->root, err);

	if (!ret)
		ret = check_flavour(in, next, err);
	if (!ret)
		ret = prepare_server(in, next, &server, err);
	if (!ret && in->program)
		ret = http_program_set_addresses(in->program, &next->addresses, err);
	if (ret) {
		give_back_server(in, server);
		return ret;
	}
	take_files(in, next);
	if (in->program)
		http_program_set_port(in->program, (uint16_t)next->port);
	if (server != in->server)
		http_server_close(in->server);
	in->server = server;
	return 0;
}
