/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/readers.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* In front of an IP packet of the MTU: Ethernet and two VLAN tags. */
#define HEADERS_BYTES (ETH_HLEN + 2 * sizeof(struct frame_vlan))
/* What a ring has room for on interfaces of a smaller MTU, which may be raised while it is there. */
#define MTU_MIN 1500

const struct figure_type readers_columns[] = {
	{ "lag", "packets", "Packets published and not yet looked at.", FIGURE_GAUGE, LEVEL_BASIC,
		NULL },
	{ "received", "packets", "Packets received, as the consumer says.", FIGURE_COUNTER,
		LEVEL_BASIC, NULL },
	{ "lost_polling", "packets", "Packets overwritten before the consumer looked at them.",
		FIGURE_COUNTER, LEVEL_BASIC, NULL },
	{ "lost_reading", "packets", "Packets overwritten while the consumer was copying them.",
		FIGURE_COUNTER, LEVEL_BASIC, NULL },
	{ "received_per_second", "packets/s", "Packets received a second.", FIGURE_RATE,
		LEVEL_BASIC, "received" },
};

enum column { LAG, RECEIVED, LOST_POLLING, LOST_READING, RECEIVED_RATE, COLUMNS };

_Static_assert(sizeof(readers_columns) / sizeof(readers_columns[0]) == COLUMNS &&
		       COLUMNS == READERS_COLUMNS,
	"in step");

int readers_parse_depth(const struct option *option, const char *text, void *field, struct err *err)
{
	uint32_t depth;
	int code = option_u32(option, text, &depth, err);

	if (code)
		return code;
	if (depth & (depth - 1))
		return err_say(err, -EINVAL, "not a power of two: %u", depth);
	*(uint32_t *)field = depth;
	return 0;
}

/* The name is part of a path of the control socket. */
int readers_parse_ring(const struct option *option, const char *text, void *field, struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";

	if (text[strspn(text, allowed)])
		return err_say(err, -EINVAL,
			"letters, digits, '-', '_' and '.' make a ring's name, not '%s'", text);
	if (!strcmp(text, SERVICE_DROPS))
		return err_say(
			err, -EINVAL, "'" SERVICE_DROPS "' is what ringside tap calls all drops");
	return option_text(option, text, field, err);
}

int readers_draw_boot_id(uint64_t *boot_id, struct err *err)
{
	if (getrandom(boot_id, sizeof(*boot_id), 0) < 0)
		return err_set(err, -errno, "draw a boot id");
	return 0;
}

void readers_init(struct readers *readers, const char *service, uint64_t boot_id, struct log *log)
{
	*readers = (struct readers){ .log = log };
	snprintf(readers->service, sizeof(readers->service), "%s", service);
	pthread_mutex_init(&readers->lock, NULL);
	audience_init(&readers->audience, boot_id);
}

void readers_fini(struct readers *readers)
{
	readers_send_away(readers);
	audience_fini(&readers->audience);
	pthread_mutex_destroy(&readers->lock);
}

void readers_set_name(struct readers *readers, const char *ring, const char *group)
{
	const struct group *found = *group ? getgrnam(group) : NULL;

	pthread_mutex_lock(&readers->lock);
	snprintf(readers->ring, sizeof(readers->ring), "%s", ring);
	snprintf(readers->group_name, sizeof(readers->group_name), "%s", group);
	readers->has_group = found != NULL;
	readers->group = found ? found->gr_gid : 0;
	pthread_mutex_unlock(&readers->lock);
}

void readers_warn(const struct readers *readers)
{
	if (*readers->group_name && !readers->has_group)
		log_write(readers->log, LOG_WARNING,
			"service %s: there is no group %s: only root and the daemon's own user can "
			"open "
			"the ring",
			readers->service, readers->group_name);
}

static bool may_open(const struct readers *readers, const struct service_client *client)
{
	if (!client->uid || client->uid == geteuid())
		return true;
	if (!readers->has_group)
		return false;
	for (unsigned i = 0; i < client->groups_count; i++)
		if (client->groups[i] == readers->group)
			return true;
	return client->gid == readers->group;
}

int readers_judge(struct readers *readers, const char *name, const char *other,
	const struct service_client *client, struct err *err)
{
	int ret = 0;

	pthread_mutex_lock(&readers->lock);
	if (strcmp(name, readers->ring) != 0 && !(client->looks_on && !strcmp(name, other)))
		ret = -ENOENT;
	else if (!may_open(readers, client))
		ret = err_say(err, -EACCES, "ring '%s' is for root and the group %s", name,
			*readers->group_name ? readers->group_name : "of nobody else");
	else if (readers->waiting_count == AUDIENCE_SEATS)
		ret = err_say(err, -EBUSY, "ring '%s': too many consumers at once", name);
	pthread_mutex_unlock(&readers->lock);
	return ret;
}

void readers_take(struct readers *readers, const struct service_client *client, int socket)
{
	pthread_mutex_lock(&readers->lock);
	if (readers->waiting_count < AUDIENCE_SEATS)
		readers->waiting[readers->waiting_count++] =
			(struct reader_waiting){ socket, client->looks_on };
	else
		close(socket);
	pthread_mutex_unlock(&readers->lock);
}

unsigned readers_count(struct readers *readers)
{
	unsigned waiting;

	pthread_mutex_lock(&readers->lock);
	waiting = readers->waiting_count;
	pthread_mutex_unlock(&readers->lock);
	audience_sweep(&readers->audience);
	return waiting + audience_readers(&readers->audience);
}

void readers_send_away(struct readers *readers)
{
	pthread_mutex_lock(&readers->lock);
	for (unsigned i = 0; i < readers->waiting_count; i++)
		close(readers->waiting[i].socket);
	readers->waiting_count = 0;
	pthread_mutex_unlock(&readers->lock);
}

static unsigned take_waiting(struct readers *readers, struct reader_waiting waiting[AUDIENCE_SEATS])
{
	unsigned count;

	pthread_mutex_lock(&readers->lock);
	count = readers->waiting_count;
	memcpy(waiting, readers->waiting, count * sizeof(*waiting));
	readers->waiting_count = 0;
	pthread_mutex_unlock(&readers->lock);
	return count;
}

void readers_seat(
	struct readers *readers, void (*attend)(void *context, bool attended), void *context)
{
	struct reader_waiting waiting[AUDIENCE_SEATS];
	unsigned count = take_waiting(readers, waiting);

	for (unsigned i = 0; i < count; i++) {
		struct err err = { "" };

		if (!waiting[i].looks_on)
			attend(context, true);
		if (audience_seat(&readers->audience, waiting[i].socket, waiting[i].looks_on, &err))
			log_write(readers->log, LOG_WARNING, "service %s: %s", readers->service,
				err.text);
	}
	audience_sweep(&readers->audience);
	attend(context, audience_readers(&readers->audience) > 0);
}

static void name_row(
	char *label, size_t size, const struct audience_row *row, const char *where, unsigned same)
{
	size_t length = (size_t)snprintf(label, size, "%d %s", (int)row->pid, row->command);

	if (*where)
		length += (size_t)snprintf(label + length, size - length, " %s", where);
	if (same > 1 && length < size)
		length += (size_t)snprintf(label + length, size - length, " #%u", same);
	if (row->looks_on && length < size)
		snprintf(label + length, size - length, " (looks on)");
}

void readers_show(
	struct readers *readers, const char *where, unsigned table, struct figure_sample *sample)
{
	struct audience_row rows[AUDIENCE_SEATS];
	unsigned count = audience_rows(&readers->audience, rows);

	for (unsigned i = 0; i < count; i++) {
		union figure_value *row;
		unsigned same = 1;
		char label[60];

		for (unsigned k = 0; k < i; k++)
			same += rows[k].pid == rows[i].pid;
		name_row(label, sizeof(label), &rows[i], where, same);
		row = figure_row(sample, table, label);
		if (!row)
			return;
		row[LAG].count = rows[i].lag;
		row[RECEIVED].count = rows[i].received;
		row[LOST_POLLING].count = rows[i].lost_polling;
		row[LOST_READING].count = rows[i].lost_reading;
	}
}

/* Multiplications spread what two flows differ in over all bits; 32 of them are kept. */
static uint32_t flow_hash(const struct frame *f)
{
	uint64_t hash = FRAME_WORD(__u32, f->udp);

	if (f->is_ipv6) {
		const __u8 *from = (const __u8 *)&frame_ipv6(f)->saddr;

		for (unsigned i = 0; i < 32; i += 8)
			hash = (hash ^ FRAME_WORD(__u64, from + i)) * 0x9e3779b97f4a7c15ull;
	} else {
		hash ^= FRAME_WORD(__u64, &frame_ipv4(f)->saddr) * 0x9e3779b97f4a7c15ull;
	}
	hash ^= hash >> 32;
	return (uint32_t)((hash * 0xbf58476d1ce4e5b9ull) >> 32);
}

bool readers_fill_packet(
	const struct service_frame *in, uint32_t packet_bytes, struct ring_packet *packet)
{
	const struct frame *f = in->frame;

	*packet = (struct ring_packet){
		.data = f->data,
		.length = (uint32_t)(f->end - f->data),
		.header = (uint16_t)((__u8 *)(f->udp + 1) - f->data),
		.hash = flow_hash(f),
		.signature = (uint32_t)BE16(f->udp->dest) << 16 | BE16(f->udp->source),
		.time_ns = in->now_ns,
	};
	if (in->hook_ns) {
		packet->time_ns = in->hook_ns;
		packet->header |= RINGSIDE_AT_HOOK;
	}
	return packet->length <= packet_bytes;
}

uint32_t readers_packet_bytes(const struct service_interface *interface)
{
	const uint32_t mtu = interface->mtu > MTU_MIN ? interface->mtu : MTU_MIN;
	const uint32_t bytes = mtu + (uint32_t)HEADERS_BYTES;

	return bytes < FRAME_BYTES_MAX ? bytes : FRAME_BYTES_MAX;
}
