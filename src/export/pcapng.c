/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/pcapng.h"

#include <errno.h>
#include <string.h>

#define SECTION 0x0a0d0d0au
#define INTERFACE 1u
#define STATISTICS 5u
#define PACKET 6u

#define LINKTYPE_ETHERNET 1
#define OPTIONS_BYTES 512

/* Option codes are counted anew for each kind of block. */
enum option_code {
	END_OF_OPTIONS = 0,
	COMMENT = 1, /* of any block */
	SHB_USERAPPL = 4,
	IF_NAME = 2,
	IF_TSRESOL = 9,
	IF_FILTER = 11,
	EPB_DROPCOUNT = 4,
	EPB_PACKETID = 5,
	EPB_QUEUE = 6,
	ISB_IFRECV = 4,
	ISB_IFDROP = 5,
	ISB_FILTERACCEPT = 6,
	ISB_OSDROP = 7,
};

/* Options of one block, each filled up to a multiple of 4 bytes. */
struct options {
	uint8_t bytes[OPTIONS_BYTES];
	uint32_t used;
};

static void add(struct options *options, uint16_t code, const void *value, size_t bytes)
{
	const size_t room = sizeof(options->bytes) - options->used - 8; /* with the end's own */
	const uint16_t head[2] = { code, (uint16_t)bytes };

	if (4 + bytes + 3 > room)
		return;
	memset(options->bytes + options->used, 0, 4 + bytes + 3);
	memcpy(options->bytes + options->used, head, sizeof(head));
	memcpy(options->bytes + options->used + 4, value, bytes);
	options->used += (uint32_t)(4 + bytes + 3) & ~3u;
}

static void add_count(struct options *options, uint16_t code, uint64_t count)
{
	if (count != PCAPNG_UNKNOWN)
		add(options, code, &count, sizeof(count));
}

static void add_end(struct options *options)
{
	memset(options->bytes + options->used, 0, 4);
	options->used += 4;
}

/* A block: its kind and length, a fixed part, data filled up to 4 bytes, options, and its length again. */
static int write_block(FILE *out, uint32_t kind, const void *fixed, uint32_t fixed_bytes,
	const uint8_t *data, uint32_t data_bytes, struct options *options)
{
	static const uint8_t zeros[4];
	const uint32_t filling = -data_bytes & 3;
	uint32_t head[2] = { kind, 0 };

	add_end(options);
	head[1] = 12 + fixed_bytes + data_bytes + filling + options->used;
	errno = EIO;
	if (fwrite(head, sizeof(head), 1, out) == 1 && fwrite(fixed, fixed_bytes, 1, out) == 1 &&
		(!data_bytes || fwrite(data, data_bytes, 1, out) == 1) &&
		(!filling || fwrite(zeros, filling, 1, out) == 1) &&
		fwrite(options->bytes, options->used, 1, out) == 1 &&
		fwrite(&head[1], sizeof(head[1]), 1, out) == 1)
		return 0;
	return -errno;
}

int pcapng_write_section(FILE *out, const char *application)
{
	const struct {
		uint32_t byte_order;
		uint16_t major, minor;
		uint32_t length[2]; /* of all that follows: not known */
	} fixed = { 0x1a2b3c4d, 1, 0, { UINT32_MAX, UINT32_MAX } };
	struct options options = { .used = 0 };

	add(&options, SHB_USERAPPL, application, strlen(application));
	return write_block(out, SECTION, &fixed, sizeof(fixed), NULL, 0, &options);
}

int pcapng_write_interface(FILE *out, const char *name, const char *filter)
{
	const struct {
		uint16_t link_type, reserved;
		uint32_t snap;
	} fixed = { LINKTYPE_ETHERNET, 0, 0 };
	const uint8_t nanoseconds = 9; /* 10 to the power of minus 9 */
	struct options options = { .used = 0 };
	char text[256] = ""; /* a 0 byte: a libpcap filter in words */

	add(&options, IF_NAME, name, strlen(name));
	add(&options, IF_TSRESOL, &nanoseconds, 1);
	if (*filter) {
		strncpy(text + 1, filter, sizeof(text) - 2);
		add(&options, IF_FILTER, text, 1 + strlen(text + 1));
	}
	return write_block(out, INTERFACE, &fixed, sizeof(fixed), NULL, 0, &options);
}

int pcapng_write_packet(FILE *out, const struct pcapng_packet *packet)
{
	const uint32_t fixed[] = { packet->interface, (uint32_t)(packet->time_ns >> 32),
		(uint32_t)packet->time_ns, packet->captured, packet->length };
	struct options options = { .used = 0 };

	add_count(&options, EPB_DROPCOUNT, packet->lost);
	add_count(&options, EPB_PACKETID, packet->id);
	add(&options, EPB_QUEUE, &packet->queue, sizeof(packet->queue));
	if (packet->comment)
		add(&options, COMMENT, packet->comment, strlen(packet->comment));
	return write_block(
		out, PACKET, fixed, sizeof(fixed), packet->data, packet->captured, &options);
}

int pcapng_write_statistics(FILE *out, const struct pcapng_statistics *statistics)
{
	const uint32_t fixed[] = { statistics->interface, (uint32_t)(statistics->time_ns >> 32),
		(uint32_t)statistics->time_ns };
	struct options options = { .used = 0 };

	add_count(&options, ISB_IFRECV, statistics->received);
	add_count(&options, ISB_IFDROP, statistics->lost);
	add_count(&options, ISB_FILTERACCEPT, statistics->accepted);
	add_count(&options, ISB_OSDROP, statistics->kernel_lost);
	return write_block(out, STATISTICS, fixed, sizeof(fixed), NULL, 0, &options);
}
