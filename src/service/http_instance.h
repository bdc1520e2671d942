/* SPDX-License-Identifier: BSD-2-Clause */
/* A running http service: what its files share. */
#ifndef RINGSIDE_HTTP_INSTANCE_H
#define RINGSIDE_HTTP_INSTANCE_H

#include <pthread.h>

#include "service/http.h"
#include "service/http_gate.h"
#include "service/http_keys.h"
#include "service/http_program.h"
#include "service/http_server.h"
#include "service/http_xdp.h"
#include "service/http_watch.h"

struct http_place {
	struct http_instance *instance;
	unsigned index; /* of the program's interfaces */
	const struct service_interface *interface; /* NULL: none */
	struct http_interface about;
};

/* What the keeper's thread has seen, for sample(). */
struct http_seen {
	unsigned files;
	uint64_t flows;
};

struct http_instance {
	struct http_settings now; /* as they are; changed under the lock, by a reload alone */
	const struct http_settings *settings; /* these */
	bool paused; /* all its packets are the server's */
	char name[64];
	struct log *log;
	struct http_program
		*program; /* NULL: the kernel has not what it takes, which has been said */
	struct http_xdp *xdp; /* NULL: no interface has wanted it yet */
	unsigned slot;
	struct http_tap_rule tap; /* targets 0: nobody looks */
	const struct access_loader *loader;
	struct http_gate gate, next_gate; /* in force; prepared */
	struct http_xdp *next_xdp; /* of next_gate, where there is one of gate */
	struct access_place place; /* what the gate's place() has told last */
	struct http_store *store;
	struct http_watch *watch;
	struct http_server *server; /* fallback = own */
	struct http_place places[HTTP_INTERFACES];
	pthread_mutex_t lock; /* of seen, the store, and what the store looks at of the settings */
	struct http_seen seen;
	/* sample()'s own */
	uint64_t *hits; /* [files_max], as read last */
	uint64_t read_ns; /* when that was */
	struct http_times times[HTTP_LATENCIES];
	uint32_t files_max;
	pthread_t keeper;
	bool keeps;
	int stop_fd;
	struct http_keys keys;
};

/* The figures of the service, in struct figure_type's words. */
#define HTTP_FIGURES (HTTP_COUNTER_COUNT + 10)
#define HTTP_TABLES 2
extern const struct figure_type http_figures[HTTP_FIGURES];
extern const struct figure_table http_tables[HTTP_TABLES];
void http_sample(void *instance, struct figure_sample *sample);

/* Answers to the addresses that the machine has now. */
void http_follow_addresses(struct http_instance *instance);

/* As in struct service_type. */
bool http_reopens(const void *before, const void *settings);
int http_reload(void *instance, const void *settings, struct err *err);

/* Starts the thread that keeps heads, keys, files and addresses as they should be. */
int http_keeper_start(struct http_instance *instance, struct err *err);
void http_keeper_stop(struct http_instance *instance);

#endif
