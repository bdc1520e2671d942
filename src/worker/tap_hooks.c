// SPDX-License-Identifier: BSD-2-Clause
/* What services show of their own hooks: one reader a service, whose notes name the interface. */
#include <errno.h>
#include <string.h>

#include "worker/tap.h"

#define ADDRESSES_BYTES (2 * ETH_ALEN)

/* A VLAN's tag, which the kernel keeps beside the frame, back into its place. */
static const uint8_t *put_tag(struct tap_hook *hook, struct tap_note *note, const uint8_t *frame)
{
	const __be16 tag[2] = { note->tag_proto, note->tag };
	uint8_t *to = hook->tagged;

	if (note->bytes < ADDRESSES_BYTES || note->bytes > FRAME_BYTES_MAX)
		return frame;
	memcpy(to, frame, ADDRESSES_BYTES);
	memcpy(to + ADDRESSES_BYTES, tag, sizeof(tag));
	memcpy(to + ADDRESSES_BYTES + sizeof(tag), frame + ADDRESSES_BYTES,
		note->bytes - ADDRESSES_BYTES);
	note->bytes += sizeof(tag);
	return to;
}

static void take(void *context, const struct tap_note *note, const uint8_t *frame)
{
	struct tap_hook *hook = context;
	struct tap_note own = *note;

	if (own.place >= SERVICE_TAP_PLACES || !hook->places[own.place])
		return;
	if (own.tag_proto)
		frame = put_tag(hook, &own, frame);
	tap_take(hook->places[own.place], &own, frame);
}

/* The interfaces by the service's numbers. */
static void find_places(struct pool *pool, unsigned slot, struct tap_hook *hook)
{
	memset(hook->places, 0, sizeof(hook->places));
	for (unsigned i = 0; i < pool->interfaces_count; i++) {
		const struct interface *in = pool->interfaces[i].interface;
		const struct interface_service *is = in ? &in->services[slot] : NULL;

		if (is && is->type)
			hook->places[is->type->tap_place(is->part)] = &pool->taps->interfaces[i];
	}
}

static void close_reader(struct tap_hook *hook)
{
	if (hook->reader)
		tap_reader_read(hook->reader);
	tap_reader_close(hook->reader);
	hook->reader = NULL;
}

static int show(struct pool *pool, unsigned slot, uint32_t targets, struct err *err)
{
	struct tap_hook *hook = &pool->taps->hooks[slot];
	struct service_tap maps;
	int ret = pool->types[slot]->show(pool->instances[slot], targets, &maps, err);

	if (ret == -EOPNOTSUPP && !(targets >> slot & 1)) {
		err->text[0] = '\0'; /* what it does not see it does not drop, either */
		return 0;
	}
	pthread_mutex_lock(&pool->taps->lock);
	find_places(pool, slot, hook);
	if (!targets)
		close_reader(hook);
	else if (!ret && !hook->reader)
		ret = tap_reader_open(&hook->reader,
			&(struct tap_maps){ maps.packets_fd, maps.lost_fd, maps.places }, take,
			hook, err);
	pthread_mutex_unlock(&pool->taps->lock);
	return ret;
}

static void *hooked(const struct pool *pool, unsigned slot)
{
	const struct service_type *type = pool->types[slot];

	return type && type->show ? pool->instances[slot] : NULL;
}

int tap_hooks_show(struct pool *pool, uint32_t wanted, struct err *err)
{
	int ret = 0;

	for (unsigned slot = 0; !ret && slot < SERVICE_SLOTS; slot++) {
		struct tap_hook *hook = &pool->taps->hooks[slot];
		uint32_t targets = wanted & (1u << slot | 1u << TAP_DROPS);

		hook->instance = hooked(pool, slot);
		if (hook->instance && (targets || hook->reader))
			ret = show(pool, slot, targets, err);
	}
	return ret;
}

bool tap_hooks_are_other(const struct pool *pool)
{
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++)
		if (pool->taps->hooks[slot].instance != hooked(pool, slot))
			return true;
	return false;
}

uint64_t tap_hooks_lost(const struct taps *taps, const struct tap_interface *ti, unsigned target)
{
	uint64_t lost = 0;

	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++) {
		const struct tap_hook *hook = &taps->hooks[slot];

		for (unsigned i = 0; hook->reader && i < SERVICE_TAP_PLACES; i++)
			if (hook->places[i] == ti)
				lost += tap_reader_lost(hook->reader, i, target);
	}
	return lost;
}

void tap_hooks_close(struct taps *taps)
{
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++)
		close_reader(&taps->hooks[slot]);
}
