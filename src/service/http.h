/* SPDX-License-Identifier: BSD-2-Clause */
/* The settings of http. */
#ifndef RINGSIDE_SERVICE_HTTP_H
#define RINGSIDE_SERVICE_HTTP_H

#include "bpf/http.h"
#include "service/address.h"
#include "service/service.h"

enum http_flavour { HTTP_FLAVOUR_AUTO, HTTP_FLAVOUR_TC, HTTP_FLAVOUR_XDP };
enum http_fallback { HTTP_FALLBACK_KERNEL, HTTP_FALLBACK_OWN };

/* Of further header lines: with the others they have to fit into a 304's place. */
#define HTTP_HEADERS_BYTES 400

struct http_settings {
	struct service_settings common;
	uint32_t port;
	struct address_list addresses;
	char root[512];
	int flavour; /* enum http_flavour */
	uint32_t max_segments; /* 0: auto, see http_segments() */
	int fallback; /* enum http_fallback */
	char headers[HTTP_HEADERS_BYTES]; /* lines, each with its CRLF */
	bool optional_headers;
};

/* How many segments an answer may have. */
unsigned http_segments(const struct http_settings *settings);

#define HTTP_OPTIONS 10
extern const struct option http_options[HTTP_OPTIONS];

#endif
