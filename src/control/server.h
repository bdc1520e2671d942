/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of this folder share: the server, its listeners, connections and requests. All of it
 * belongs to the control thread.
 */
#ifndef RINGSIDE_CONTROL_SERVER_H
#define RINGSIDE_CONTROL_SERVER_H

#include <microhttpd.h>
#include <pthread.h>

#include "control/control.h"
#include "control/samples.h"
#include "control/token.h"

/* What a client may use. A snapshot of a large instance is 0.5 MB, a request a few hundred bytes. */
#define CLIENTS_LOCAL 256 /* connections to the control socket */
#define CLIENTS_TCP 256 /* to the TCP port, */
#define CLIENTS_TCP_ADDRESS 64 /* and of them from one address */
#define CLIENT_MEMORY_BYTES                                                                        \
	(32 * 1024) /* request line and headers; more is answered by 431 or 414 */
#define REQUEST_BODY_BYTES 1024 /* more is answered by 413 */
#define REQUEST_NS (10 * NSEC_PER_SEC) /* to send a whole request, however many bytes a second */
#define ANSWER_NS (60 * NSEC_PER_SEC) /* to take the whole answer */
#define SILENCE_S 15 /* without a byte in either direction */
#define STREAMS 32 /* of server-sent events, on all listeners */

/* A connection, from the accept to the close. */
struct client {
	struct client *next, **link; /* in the server's list */
	int fd; /* libmicrohttpd's */
	uint64_t deadline_ns; /* when it is cut off; 0: not yet running */
	struct control_peer peer;
};

struct listener {
	struct control *control;
	struct MHD_Daemon *daemon;
};

struct stream;

struct control {
	struct control_ops ops;
	struct control_settings settings;
	struct listener listeners[2];
	unsigned listeners_count;
	struct client *clients;
	struct samples samples;
	struct stream *streams;
	unsigned streams_count;
	struct token token; /* for changes over TCP */
	pthread_mutex_t lock; /* of what follows */
	char *config;
	uint32_t workers_cpus[SNAPSHOT_QUEUES]; /* those that the thread keeps off */
	unsigned workers_cpus_count;
	pthread_t thread;
	bool started;
	int epoll_fd, stop_fd, timer_fd;
};

struct route;
struct web_file;

struct request {
	struct control *control;
	struct client *client;
	struct MHD_Connection *connection;
	const struct route *route; /* NULL: one of the next two, or refused */
	const struct control_handover *handover;
	const struct web_file *file;
	char name[64]; /* what stands in the path where the route has a "*" */
	char key[32]; /* what stands behind the name in a path with two of them: "slots/17" */
	bool answered; /* before its body was there: a refusal */
	bool too_long; /* its body */
	size_t length;
	char body[REQUEST_BODY_BYTES + 1]; /* with a 0 behind it */
};

/* sockets.c: listen; a negative errno with err set. */
int sockets_local(const char *path, struct log *log, struct err *err);
int sockets_tcp(const struct sockaddr_storage *address, struct err *err);

/* listener.c: connections and what libmicrohttpd calls. */
int listener_open(
	struct listener *listener, struct control *control, int fd, bool local, struct err *err);
void listener_close(struct listener *listener);
/* Cuts off the clients that have taken too long. */
void listener_expire(struct control *control, uint64_t now_ns);

/* routes.c: judges a request before its body is read, and answers it afterwards. Both queue an answer,
 * but for a request that is judged to go on. */
enum MHD_Result routes_judge(struct request *request, const char *method, const char *path);
enum MHD_Result routes_answer(struct request *request);

/* Files of their own. */
enum MHD_Result health_answer(struct request *request);
enum MHD_Result config_answer(struct request *request);
enum MHD_Result metrics_answer(struct request *request);
enum MHD_Result reasons_answer(struct request *request);
enum MHD_Result stream_answer(struct request *request);

/* stream.c: a new event for all of them, once a second; and the end of all of them, without which
 * libmicrohttpd can't be stopped. */
void stream_tick(struct control *control);
void stream_end_all(struct control *control);

/* web.c: the page's file of that path, or NULL; and the answer that is it. */
const struct web_file *web_find(const char *path);
enum MHD_Result web_answer(struct request *request, const struct web_file *file);

/* handover.c: the handover that a path belongs to, with the request's name set, or NULL; and the answer
 * that leaves HTTP. */
const struct control_handover *handover_find(struct request *request, const char *path);
enum MHD_Result handover_answer(struct request *request, const struct control_handover *handover);

/* reply.c: what every answer has; and queue an answer, whose bytes are copied. */
void reply_headers(struct MHD_Response *response, const char *type);
enum MHD_Result reply_bytes(
	struct request *request, unsigned status, const char *type, const char *bytes, size_t size);
/* {"error": "…"} */
enum MHD_Result reply_error(struct request *request, unsigned status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same with one more header. */
enum MHD_Result reply_error_with(struct request *request, unsigned status, const char *header,
	const char *value, const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
