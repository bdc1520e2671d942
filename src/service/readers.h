/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes that read a service's rings of one name: which may, which wait for a seat, and what they
 * say of themselves.
 *
 * Clients of the control socket are judged on its thread and wait for the watcher, which alone seats them
 * and opens rings.
 */
#ifndef RINGSIDE_SERVICE_READERS_H
#define RINGSIDE_SERVICE_READERS_H

#include "ring/audience.h"
#include "service/service.h"

/* Parsers of the INI's keys `depth` and `ring`, of uint32_t and char[max]. */
int readers_parse_depth(
	const struct option *option, const char *text, void *field, struct err *err);
int readers_parse_ring(const struct option *option, const char *text, void *field, struct err *err);

struct readers {
	char service[32];
	struct log *log;
	struct audience audience;
	pthread_mutex_t lock; /* of all below: the control thread reads and adds */
	char ring[40]; /* the rings' name */
	bool has_group;
	gid_t group;
	char group_name[32];
	unsigned waiting_count;
	struct reader_waiting {
		int socket;
		bool looks_on;
	} waiting[AUDIENCE_SEATS]; /* those that are to be seated */
};

/* service and log are kept. */
void readers_init(struct readers *readers, const char *service, uint64_t boot_id, struct log *log);
void readers_fini(struct readers *readers);

/* A number for readers_init(), other for each start. */
int readers_draw_boot_id(uint64_t *boot_id, struct err *err);

/* What the rings are called, and who may open them beside root and the daemon's own user. */
void readers_set_name(struct readers *readers, const char *ring, const char *group);

/* Says so when there is no such group. */
void readers_warn(const struct readers *readers);

/* service.h's judge() and take(); who looks on may also call the rings by another name. */
int readers_judge(struct readers *readers, const char *name, const char *other,
	const struct service_client *client, struct err *err);
void readers_take(struct readers *readers, const struct service_client *client, int socket);

/* Seats those that wait, and frees the seats of those that have gone. `attend` is told whether somebody reads,
 * before the first one is greeted: what comes from then on is its own. */
void readers_seat(
	struct readers *readers, void (*attend)(void *context, bool attended), void *context);

/* Those that read, or wait for a seat; seats of those that have gone are freed. */
unsigned readers_count(struct readers *readers);
/* Sends those away that wait. */
void readers_send_away(struct readers *readers);

/* A table's rows: process and command, with `where` behind when that is not empty. */
#define READERS_COLUMNS 5
extern const struct figure_type readers_columns[];
void readers_show(
	struct readers *readers, const char *where, unsigned table, struct figure_sample *sample);

/* Fills a ring's packet from a frame, but for what only a sharing ring has. False: it is longer than the
 * ring's packets may be. */
bool readers_fill_packet(
	const struct service_frame *in, uint32_t packet_bytes, struct ring_packet *packet);

/* The longest packet on an interface. */
uint32_t readers_packet_bytes(const struct service_interface *interface);

#endif
