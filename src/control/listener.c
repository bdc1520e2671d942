// SPDX-License-Identifier: BSD-2-Clause
/* Connections: who is at the other end, and how long he may take. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/person.h"
#include "control/client.h"
#include "control/server.h"

static void fill_peer(struct control_peer *peer, int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = sizeof(address);
	struct ucred credentials;
	char host[INET6_ADDRSTRLEN] = "?";
	unsigned port = 0;

	getpeername(fd, (struct sockaddr *)&address, &size);
	if (address.ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)&address;

		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		port = ntohs(in->sin_port);
	} else if (address.ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)&address;

		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		port = ntohs(in6->sin6_port);
	}
	snprintf(peer->who, sizeof(peer->who), address.ss_family == AF_INET6 ? "[%s]:%u" : "%s:%u",
		host, port);
	size = sizeof(credentials);
	if (address.ss_family != AF_UNIX ||
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size))
		return;
	peer->local = true;
	peer->pid = credentials.pid;
	peer->uid = credentials.uid;
	peer->gid = credentials.gid;
	size = sizeof(peer->groups);
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer->groups, &size))
		peer->groups_count = size / sizeof(peer->groups[0]);
}

static struct client *add_client(struct control *control, int fd)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->fd = fd;
	client->deadline_ns = clock_now_ns() + REQUEST_NS;
	fill_peer(&client->peer, fd);
	client->next = control->clients;
	client->link = &control->clients;
	if (client->next)
		client->next->link = &client->next;
	control->clients = client;
	return client;
}

static void notify_connection(void *context, struct MHD_Connection *connection,
	void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	struct listener *listener = context;
	struct client *client = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = add_client(listener->control,
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
				->connect_fd);
	} else if (client) {
		*client->link = client->next;
		if (client->next)
			client->next->link = client->link;
		free(client);
	}
}

void listener_expire(struct control *control, uint64_t now_ns)
{
	/* libmicrohttpd's own time limit is for silence; a byte now and then would pass it. It finds the
	 * end of the stream and closes. */
	for (struct client *client = control->clients; client; client = client->next)
		if (client->deadline_ns && now_ns >= client->deadline_ns)
			shutdown(client->fd, SHUT_RDWR);
}

/* What the kernel says of a peer, and behind it what that one says of himself: for the log. */
static void name_peer(struct control_peer *peer, struct MHD_Connection *connection)
{
	const char *person =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, CLIENT_PERSON);
	bool said = person && person_is_plain(person);

	if (peer->local)
		snprintf(peer->who, sizeof(peer->who), "pid %d, uid %u%s%s", (int)peer->pid,
			peer->uid, said ? ", " : "", said ? person : "");
}

static struct request *new_request(
	struct listener *listener, struct MHD_Connection *connection, struct client *client)
{
	struct request *request = malloc(sizeof(*request));

	if (!request)
		return NULL;
	*request = (struct request){
		.control = listener->control,
		.client = client,
		.connection = connection,
	};
	return request;
}

/* What is too long is read to its end, for at most REQUEST_NS: before that nothing can be answered. */
static enum MHD_Result take_body(struct request *request, const char *bytes, size_t *size)
{
	if (*size > REQUEST_BODY_BYTES - request->length)
		request->too_long = true;
	if (!request->too_long) {
		memcpy(request->body + request->length, bytes, *size);
		request->length += *size;
	}
	*size = 0;
	return MHD_YES;
}

/* RFC 9112 §3.2. libmicrohttpd would look itself when told to be strict, but 0.9.75 sends the head of that refusal twice. */
static bool lacks_host(struct MHD_Connection *connection, const char *version)
{
	return !strcmp(version, MHD_HTTP_VERSION_1_1) &&
	       !MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
}

static enum MHD_Result refuse_without_host(struct request *request)
{
	request->answered = true;
	return reply_error(
		request, MHD_HTTP_BAD_REQUEST, "an HTTP/1.1 request needs a Host header");
}

/* libmicrohttpd calls it when the headers are there, for each part of the body, and at its end. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *bytes, size_t *size, void **place)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct client *client = info ? info->socket_context : NULL;
	struct request *request = *place;

	if (!client)
		return MHD_NO;
	if (!request) {
		name_peer(&client->peer, connection);
		request = *place = new_request(context, connection, client);
		if (request && lacks_host(connection, version))
			return refuse_without_host(request);
		return request ? routes_judge(request, method, url) : MHD_NO;
	}
	if (*size)
		return take_body(request, bytes, size);
	if (request->answered)
		return MHD_YES;
	request->body[request->length] = '\0';
	client->deadline_ns = clock_now_ns() + ANSWER_NS;
	return routes_answer(request);
}

static void complete(void *context, struct MHD_Connection *connection, void **place,
	enum MHD_RequestTerminationCode code)
{
	struct request *request = *place;

	(void)context;
	(void)connection;
	(void)code;
	if (!request)
		return;
	request->client->deadline_ns = clock_now_ns() + REQUEST_NS;
	free(request);
	*place = NULL;
}

int listener_open(
	struct listener *listener, struct control *control, int fd, bool local, struct err *err)
{
	*listener = (struct listener){ .control = control };
	listener->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE, 0, NULL, NULL, handle,
		listener, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)(local ? CLIENTS_LOCAL : CLIENTS_TCP), MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		(unsigned)(local ? 0 : CLIENTS_TCP_ADDRESS), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CLIENT_MEMORY_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
		control->settings.silence_s ? control->settings.silence_s : (unsigned)SILENCE_S,
		MHD_OPTION_NOTIFY_COMPLETED, complete, NULL, MHD_OPTION_NOTIFY_CONNECTION,
		notify_connection, listener, MHD_OPTION_SIGPIPE_HANDLED_BY_APP,
		1, /* the thread blocks it */
		MHD_OPTION_END);
	if (!listener->daemon)
		return err_say(err, -EIO, "start the HTTP server");
	return 0;
}

void listener_close(struct listener *listener)
{
	if (listener->daemon)
		MHD_stop_daemon(listener->daemon); /* closes the socket */
	listener->daemon = NULL;
}
