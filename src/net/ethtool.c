/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/ethtool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Features come in blocks of 32; the kernel has two, this leaves room for more. */
#define FEATURE_BLOCKS 8

int ethtool_open(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

int ethtool_call(int fd, const char *link, void *request)
{
	struct ifreq ifr = { .ifr_data = request };
	int result;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", link);
	result = ioctl(fd, SIOCETHTOOL, &ifr);
	return result < 0 ? -errno : result;
}

int ethtool_buffer_open(struct ethtool_buffer *buffer, size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (bytes + page - 1) / page * page;

	bytes = (bytes + 7) / 8 * 8;
	buffer->map_bytes = room + page;
	buffer->map = mmap(NULL, buffer->map_bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buffer->map == MAP_FAILED) {
		buffer->map = NULL;
		return -errno;
	}
	if (mprotect((char *)buffer->map + room, page, PROT_NONE)) {
		int code = -errno;

		ethtool_buffer_close(buffer);
		return code;
	}
	buffer->start = (char *)buffer->map + room - bytes;
	return 0;
}

void ethtool_buffer_close(struct ethtool_buffer *buffer)
{
	if (buffer->map)
		munmap(buffer->map, buffer->map_bytes);
	buffer->map = NULL;
	buffer->start = NULL;
}

static int ethtool_strings_count(int fd, const char *link, uint32_t set, uint32_t *count)
{
	union {
		struct ethtool_sset_info sets;
		uint64_t room[sizeof(struct ethtool_sset_info) / 8 + 1];
	} request = { .sets = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << set } };
	int code = ethtool_call(fd, link, &request);

	if (code < 0)
		return code;
	if (!request.sets.sset_mask)
		return -EOPNOTSUPP;
	memcpy(count, request.sets.data, sizeof(*count));
	return 0;
}

int ethtool_strings_open(struct ethtool_strings *strings, int fd, const char *link, uint32_t set)
{
	struct ethtool_gstrings *request;
	int code;

	memset(strings, 0, sizeof(*strings));
	code = ethtool_strings_count(fd, link, set, &strings->count);
	if (code)
		return code;
	code = ethtool_buffer_open(
		&strings->buffer, sizeof(*request) + (size_t)strings->count * ETH_GSTRING_LEN);
	if (code)
		return code;
	request = strings->buffer.start;
	request->cmd = ETHTOOL_GSTRINGS;
	request->string_set = set;
	request->len = strings->count;
	code = ethtool_call(fd, link, request);
	if (code >= 0 && request->len > strings->count)
		code = -EAGAIN;
	if (code < 0) {
		ethtool_strings_close(strings);
		return code;
	}
	strings->count = request->len;
	strings->text = (void *)request->data;
	return 0;
}

void ethtool_strings_close(struct ethtool_strings *strings)
{
	ethtool_buffer_close(&strings->buffer);
	strings->count = 0;
}

/* A device's features as the kernel gives them: the bit's number is the name's index. */
struct ethtool_features {
	struct ethtool_strings names;
	uint32_t blocks;
	union {
		struct ethtool_gfeatures get;
		char room[sizeof(struct ethtool_gfeatures) +
			  FEATURE_BLOCKS * sizeof(struct ethtool_get_features_block)];
	} values;
};

static int ethtool_features_get(struct ethtool_features *features, int fd, const char *link)
{
	int code;

	features->blocks = (features->names.count + 31) / 32;
	if (features->blocks > FEATURE_BLOCKS)
		features->blocks = FEATURE_BLOCKS;
	memset(&features->values, 0, sizeof(features->values));
	features->values.get.cmd = ETHTOOL_GFEATURES;
	features->values.get.size = features->blocks;
	code = ethtool_call(fd, link, &features->values);
	return code < 0 ? code : 0;
}

/* The name's bit, or -1. */
static int ethtool_features_bit(const struct ethtool_features *features, const char *name)
{
	for (uint32_t i = 0; i < features->names.count && i < 32 * features->blocks; i++)
		if (!strncmp(features->names.text[i], name, ETH_GSTRING_LEN))
			return (int)i;
	return -1;
}

static struct ethtool_feature ethtool_features_state(
	const struct ethtool_features *features, int bit)
{
	const struct ethtool_get_features_block *block = features->values.get.features;
	uint32_t mask = 1u << (bit & 31);

	if (bit < 0)
		return (struct ethtool_feature){ 0 };
	block += bit / 32;
	return (struct ethtool_feature){
		.known = true,
		.on = block->active & mask,
		.fixed = !(block->available & mask) || block->never_changed & mask,
	};
}

/* Opens the socket, the names and the values; the caller closes fd and names. */
static int ethtool_features_open(
	struct ethtool_features *features, int *fd, const char *link, struct err *err)
{
	int code;

	*fd = ethtool_open();
	if (*fd < 0)
		return err_set(err, *fd, "%s: open a socket for ethtool", link);
	code = ethtool_strings_open(&features->names, *fd, link, ETH_SS_FEATURES);
	if (code)
		goto out_close;
	code = ethtool_features_get(features, *fd, link);
	if (!code)
		return 0;
	ethtool_strings_close(&features->names);
out_close:
	close(*fd);
	return err_set(err, code, "%s: read the features", link);
}

int ethtool_features_read(const char *link, const char *const *names, unsigned count,
	struct ethtool_feature *state, struct err *err)
{
	struct ethtool_features features;
	int fd, code = ethtool_features_open(&features, &fd, link, err);

	if (code)
		return code;
	for (unsigned i = 0; i < count; i++)
		state[i] = ethtool_features_state(
			&features, ethtool_features_bit(&features, names[i]));
	ethtool_strings_close(&features.names);
	close(fd);
	return 0;
}

/* Sends the request. Bits that are right already are left out, for asking needs a capability. */
static int ethtool_features_put(const struct ethtool_features *features, int fd, const char *link,
	const char *const *names, unsigned count, bool on)
{
	union {
		struct ethtool_sfeatures set;
		char room[sizeof(struct ethtool_sfeatures) +
			  FEATURE_BLOCKS * sizeof(struct ethtool_set_features_block)];
	} request = { .room = "" };
	struct ethtool_set_features_block *block = request.set.features;
	bool wanted = false;

	request.set.cmd = ETHTOOL_SFEATURES;
	request.set.size = features->blocks;
	for (unsigned i = 0; i < count; i++) {
		int bit = ethtool_features_bit(features, names[i]);
		struct ethtool_feature now = ethtool_features_state(features, bit);

		if (!now.known || now.on == on || now.fixed)
			continue;
		block[bit / 32].valid |= 1u << (bit & 31);
		if (on)
			block[bit / 32].requested |= 1u << (bit & 31);
		wanted = true;
	}
	return wanted ? ethtool_call(fd, link, &request) : 0;
}

static int ethtool_features_verify(const struct ethtool_features *features, const char *link,
	const char *const *names, unsigned count, bool on, struct err *err)
{
	for (unsigned i = 0; i < count; i++) {
		struct ethtool_feature now =
			ethtool_features_state(features, ethtool_features_bit(features, names[i]));

		if (now.known && now.on != on)
			return err_say(err, -EOPNOTSUPP, "%s: %s stays %s%s", link, names[i],
				on ? "off" : "on", now.fixed ? ": the driver fixes it" : "");
	}
	return 0;
}

int ethtool_features_write(
	const char *link, const char *const *names, unsigned count, bool on, struct err *err)
{
	struct ethtool_features features;
	int fd, code = ethtool_features_open(&features, &fd, link, err);

	if (code)
		return code;
	code = ethtool_features_put(&features, fd, link, names, count, on);
	if (code >= 0)
		code = ethtool_features_get(&features, fd, link);
	if (code < 0) {
		err_set(err, code, "%s: switch features %s", link, on ? "on" : "off");
		if (code == -EPERM)
			err_add(err, code, " (needs CAP_NET_ADMIN)");
	} else {
		code = ethtool_features_verify(&features, link, names, count, on, err);
	}
	ethtool_strings_close(&features.names);
	close(fd);
	return code;
}

int ethtool_driver_read(const char *link, struct ethtool_drvinfo *driver)
{
	int fd = ethtool_open(), code;

	if (fd < 0)
		return fd;
	memset(driver, 0, sizeof(*driver));
	driver->cmd = ETHTOOL_GDRVINFO;
	code = ethtool_call(fd, link, driver);
	close(fd);
	return code < 0 ? code : 0;
}
