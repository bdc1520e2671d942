// SPDX-License-Identifier: BSD-2-Clause
#include "service/http_server.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/privilege.h"
#include "base/thread.h"
#include "service/http.h"
#include "service/http_mime.h"
#include "service/http_response.h"

/* As nginx's keepalive_timeout. */
#define SILENCE_S 75
#define CLIENTS_MAX 4096
#define BACKLOG 511

struct http_server {
	struct MHD_Daemon *daemon;
	int stop_fd;
	pthread_mutex_t lock; /* of root and headers */
	int root;
	char headers[HTTP_HEADERS_BYTES];
	pthread_t thread;
	bool started;
};

static const char *value(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void add(struct MHD_Response *response, const char *name, const char *text)
{
	if (text)
		MHD_add_response_header(response, name, text);
}

/* The configured lines, each with its CRLF. */
static void add_lines(struct MHD_Response *response, const char *lines)
{
	while (*lines) {
		size_t length = strcspn(lines, "\r");
		char line[HTTP_HEADER_ROOM], *text;

		snprintf(line, sizeof(line), "%.*s", (int)length, lines);
		text = strchr(line, ':');
		if (text) {
			*text++ = '\0';
			add(response, line, text + strspn(text, " "));
		}
		lines += length + 2;
	}
}

static struct MHD_Response *short_page(const struct http_response *r, const char *url)
{
	char text[256];
	int length = snprintf(text, sizeof(text),
		"<html><head><title>%u</title></head><body><h1>%u</h1></body></html>\n", r->status,
		r->status);
	struct MHD_Response *response =
		MHD_create_response_from_buffer((size_t)length, text, MHD_RESPMEM_MUST_COPY);

	if (!response)
		return NULL;
	add(response, "Content-Type", "text/html");
	if (r->status == 301) {
		char location[sizeof(r->name) + 2];

		snprintf(location, sizeof(location), "%s/", url);
		add(response, "Location", location);
	}
	return response;
}

static struct MHD_Response *file_page(struct http_response *r)
{
	char etag[HTTP_ETAG_BYTES], modified[HTTP_TIME_BYTES], range[80], none[] = "";
	struct MHD_Response *response;

	if (r->status == 304) {
		response = MHD_create_response_from_buffer(0, none, MHD_RESPMEM_MUST_COPY);
	} else {
		response = MHD_create_response_from_fd_at_offset64(r->bytes, r->fd, r->first);
		if (response)
			r->fd = -1; /* the response's */
	}
	if (!response)
		return NULL;
	http_write_etag(etag, r->file.modified, r->file.bytes);
	http_write_date(modified, r->file.modified);
	add(response, "Last-Modified", modified);
	add(response, "ETag", etag);
	if (r->file.has_variants)
		add(response, "Vary", "Accept-Encoding");
	if (r->status == 304)
		return response;
	add(response, "Content-Type", http_mime_type(r->name));
	add(response, "Content-Encoding", http_encoding_names[r->file.encoding]);
	add(response, "Accept-Ranges", "bytes");
	if (r->status == 206) {
		snprintf(range, sizeof(range), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, r->first,
			r->first + r->bytes - 1, r->file.bytes);
		add(response, "Content-Range", range);
	}
	return response;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_bytes,
	void **request)
{
	struct http_server *server = context;
	const struct http_wish wish = {
		.path = url,
		.accept_encoding = value(connection, "Accept-Encoding"),
		.if_none_match = value(connection, "If-None-Match"),
		.if_modified_since = value(connection, "If-Modified-Since"),
		.range = value(connection, "Range"),
		.if_range = value(connection, "If-Range"),
	};
	struct http_response r = { .status = 405, .fd = -1 };
	struct MHD_Response *response;
	enum MHD_Result result = MHD_NO;
	static int seen;

	(void)version;
	(void)upload;
	if (!*request) { /* the header alone: what follows of a body comes in further calls */
		*request = &seen;
		return MHD_YES;
	}
	if (*upload_bytes) {
		*upload_bytes = 0;
		return MHD_YES;
	}
	pthread_mutex_lock(&server->lock);
	if (!strcmp(method, "GET") || !strcmp(method, "HEAD"))
		http_respond(&r, server->root, &wish);
	response = r.status == 200 || r.status == 206 || r.status == 304 ? file_page(&r)
									 : short_page(&r, url);
	if (r.fd >= 0)
		close(r.fd);
	if (response && r.status < 400)
		add_lines(response, server->headers);
	pthread_mutex_unlock(&server->lock);
	if (!response)
		return MHD_NO;
	add(response, "Server", "ringside");
	result = MHD_queue_response(connection, r.status, response);
	MHD_destroy_response(response);
	return result;
}

static void *serve(void *arg)
{
	struct http_server *server = arg;
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd fds[] = {
		{ .fd = server->stop_fd, .events = POLLIN },
		{ .fd = info ? info->epoll_fd : -1, .events = POLLIN },
	};

	prctl(PR_SET_NAME, "ringside/serve");
	privilege_keep(0, NULL);
	while (!fds[0].revents) {
		MHD_UNSIGNED_LONG_LONG wait;
		int timeout = MHD_get_timeout(server->daemon, &wait) == MHD_YES ? (int)wait : -1;

		if (poll(fds, 2, timeout) < 0 && errno != EINTR)
			break;
		MHD_run(server->daemon);
	}
	return NULL;
}

/* For IPv4 and IPv6, or IPv4 alone where there is no other. */
static int listen_on(uint16_t port, struct err *err)
{
	const struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	const struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	const int on = 1, off = 0;
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), ret;

	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
		ret = bind(fd, (const void *)&six, sizeof(six));
	} else {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		ret = bind(fd, (const void *)&four, sizeof(four));
	}
	if (!ret)
		ret = listen(fd, BACKLOG);
	if (!ret)
		return fd;
	ret = err_set(err, -errno, "listen on TCP port %u for fallback = own", port);
	if (ret == -EADDRINUSE)
		err_add(err, 0, " (a server of yours: fallback = kernel)");
	if (ret == -EACCES)
		err_add(err, 0, " (needs CAP_NET_BIND_SERVICE)");
	if (fd >= 0)
		close(fd);
	return ret;
}

int http_server_open(struct http_server **server, uint16_t port, const char *root,
	const char *headers, struct err *err)
{
	struct http_server *s = calloc(1, sizeof(*s));
	int fd = listen_on(port, err), ret = fd;

	if (fd < 0 || !s) {
		free(s);
		if (fd >= 0)
			close(fd);
		return ret < 0 ? ret : err_set(err, -ENOMEM, "start the server");
	}
	pthread_mutex_init(&s->lock, NULL);
	s->root = -1;
	ret = http_server_set_files(s, root, headers, err);
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	s->daemon = MHD_start_daemon(MHD_USE_EPOLL, port, NULL, NULL, answer, s,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENCE_S,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CLIENTS_MAX, MHD_OPTION_END);
	if (!s->daemon)
		close(fd);
	if (!ret && (s->stop_fd < 0 || !s->daemon))
		ret = err_set(err, -EINVAL, "start the server for %s", root);
	if (!ret && (ret = thread_start(&s->thread, serve, s)))
		err_set(err, ret, "start a thread");
	s->started = !ret;
	if (ret) {
		http_server_close(s);
		return ret;
	}
	*server = s;
	return 0;
}

int http_server_set_files(
	struct http_server *server, const char *root, const char *headers, struct err *err)
{
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), before;

	if (fd < 0)
		return err_set(err, -errno, "open the root %s", root);
	pthread_mutex_lock(&server->lock);
	before = server->root;
	server->root = fd;
	snprintf(server->headers, sizeof(server->headers), "%s", headers);
	pthread_mutex_unlock(&server->lock);
	if (before >= 0)
		close(before);
	return 0;
}

void http_server_close(struct http_server *server)
{
	if (!server)
		return;
	if (server->started) {
		eventfd_write(server->stop_fd, 1);
		pthread_join(server->thread, NULL);
	}
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	if (server->stop_fd >= 0)
		close(server->stop_fd);
	if (server->root >= 0)
		close(server->root);
	pthread_mutex_destroy(&server->lock);
	free(server);
}
