/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/link.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/ethtool.h"

struct link_counter {
	int fd;
	char name[IFNAMSIZ];
	char pattern[80];
	uint32_t statistics; /* how many the driver has */
	uint32_t matches;
	uint32_t *index; /* of those that match */
	struct ethtool_buffer buffer;
};

static bool counter_name_matches(const char text[ETH_GSTRING_LEN], const char *pattern)
{
	char name[ETH_GSTRING_LEN + 1];
	const char *start;

	memcpy(name, text, ETH_GSTRING_LEN);
	name[ETH_GSTRING_LEN] = '\0';
	/* some drivers indent the names of their queues */
	start = name + strspn(name, " \t");
	return !fnmatch(pattern, start, 0);
}

static void counter_forget(struct link_counter *counter)
{
	ethtool_buffer_close(&counter->buffer);
	free(counter->index);
	counter->index = NULL;
	counter->matches = counter->statistics = 0;
}

/* Finds the indices, at first and whenever the driver's number of statistics has changed. */
static int counter_find(struct link_counter *counter)
{
	struct ethtool_strings names;
	int code;

	counter_forget(counter);
	code = ethtool_strings_open(&names, counter->fd, counter->name, ETH_SS_STATS);
	if (code)
		return code;
	code = -ENOMEM;
	counter->index = calloc(names.count + 1, sizeof(*counter->index));
	if (!counter->index)
		goto out;
	for (uint32_t i = 0; i < names.count; i++)
		if (counter_name_matches(names.text[i], counter->pattern))
			counter->index[counter->matches++] = i;
	counter->statistics = names.count;
	code = counter->matches ? ethtool_buffer_open(&counter->buffer,
					  sizeof(struct ethtool_stats) + 8ul * names.count)
				: -ENOENT;
out:
	ethtool_strings_close(&names);
	return code;
}

struct link_counter *link_counter_open(const char *name, const char *pattern)
{
	struct link_counter *counter = calloc(1, sizeof(*counter));

	if (!counter)
		return NULL;
	snprintf(counter->name, sizeof(counter->name), "%s", name);
	snprintf(counter->pattern, sizeof(counter->pattern), "%s", pattern);
	counter->fd = ethtool_open();
	if (counter->fd < 0 || counter_find(counter)) {
		link_counter_close(counter);
		return NULL;
	}
	return counter;
}

static int counter_ask(struct link_counter *counter)
{
	struct ethtool_stats *request = counter->buffer.start;
	int code;

	if (!request)
		return -ENOENT;
	request->cmd = ETHTOOL_GSTATS;
	request->n_stats = counter->statistics;
	code = ethtool_call(counter->fd, counter->name, request);
	if (code >= 0 && request->n_stats != counter->statistics)
		code = -EAGAIN;
	return code < 0 ? code : 0;
}

uint64_t link_counter_read(struct link_counter *counter)
{
	const struct ethtool_stats *answer;
	uint64_t sum = 0;

	if (!counter)
		return UINT64_MAX;
	if (counter_ask(counter) && (counter_find(counter) || counter_ask(counter)))
		return UINT64_MAX;
	answer = counter->buffer.start;
	for (uint32_t i = 0; i < counter->matches; i++)
		sum += answer->data[counter->index[i]];
	return sum;
}

void link_counter_close(struct link_counter *counter)
{
	if (!counter)
		return;
	counter_forget(counter);
	if (counter->fd >= 0)
		close(counter->fd);
	free(counter);
}
