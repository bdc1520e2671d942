/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deliver's settings, as the INI has them, and its instance: an application's rings and who reads them.
 *
 * A ring belongs to a queue and lives as long as the queue is open; what it has counted stays. Clients of
 * the control socket are judged on its thread and wait for the watcher, which alone seats consumers,
 * opens the service's ports for the first one, and closes them after the last.
 */
#ifndef RINGSIDE_SERVICE_DELIVER_H
#define RINGSIDE_SERVICE_DELIVER_H

#include "service/address.h"
#include "service/readers.h"
#include "service/service.h"

struct deliver_settings {
	struct service_settings common; /* first */
	struct option_ports ports;
	struct address_list addresses;
	char ring[32]; /* empty: the service's name */
	uint32_t depth; /* packets a queue */
	int mode; /* enum ringside_mode */
	bool expose_queue;
	char group[32];
};

struct deliver_queue {
	struct deliver_queue *next;
	struct deliver *deliver;
	char interface[16];
	uint32_t queue;
	bool is_open;
	struct ring_writer ring;
	unsigned index; /* in the audience */
	uint32_t packet_bytes;
	const uint8_t *area; /* mode share: the queue's packet memory */
	/* of all openings; the queue's worker is the writer */
	__u64 packets, bytes;
};

struct deliver_interface {
	struct deliver_interface *next;
	struct deliver *deliver;
	const struct service_interface *place;
};

struct deliver {
	char name[32];
	unsigned slot;
	struct log *log;
	struct readers readers;
	const struct deliver_settings *settings;
	/* the watcher's */
	struct deliver_interface *interfaces;
	struct deliver_queue *queues;
};

extern const struct service_type service_deliver;

/* deliver_life.c, as the descriptor has them. */
int deliver_open(const struct service_start *start, void **instance, struct err *err);
int deliver_open_interface(
	void *instance, const struct service_interface *interface, void **part, struct err *err);
int deliver_open_queue(
	void *part, const struct service_queue *queue, void **handler, struct err *err);
void deliver_close_queue(void *handler);
void deliver_close_interface(void *part);
bool deliver_reopens(const void *before, const void *with);
int deliver_reload(void *instance, const void *settings, struct err *err);
void deliver_close(void *instance);
int deliver_judge(
	void *instance, const char *name, const struct service_client *client, struct err *err);
void deliver_take(
	void *instance, const char *name, const struct service_client *client, int socket);

/* deliver_sample.c */
void deliver_sample(void *instance, struct figure_sample *sample);
extern const struct figure_type deliver_figures[];
extern const unsigned deliver_figures_count;
extern const struct figure_table deliver_tables[];
extern const unsigned deliver_tables_count;

#endif
