/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fallback = own: an ordinary HTTP server, by libmicrohttpd, for the same files, which answers what the kernel
 * half does not take. A thread of its own, without any capability.
 */
#ifndef RINGSIDE_HTTP_SERVER_H
#define RINGSIDE_HTTP_SERVER_H

#include <stdint.h>

#include "base/err.h"

struct http_server;

/* Listens on the port in the calling thread's network namespace. headers: lines, each with its CRLF, copied. */
int http_server_open(struct http_server **server, uint16_t port, const char *root,
	const char *headers, struct err *err);
/* Other files from here on, for all connections. A failure changes nothing. */
int http_server_set_files(
	struct http_server *server, const char *root, const char *headers, struct err *err);
void http_server_close(struct http_server *server);

#endif
