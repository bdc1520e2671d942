// SPDX-License-Identifier: BSD-2-Clause
/* What a running http service takes of another configuration. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "service/http_instance.h"

/* Whether another root can be read, and the tables have room for its files beside those that have been there. */
static int check_root(const struct http_instance *in, const char *root, struct err *err)
{
	if (access(root, R_OK | X_OK))
		return err_set(err, -errno, "root %s", root);
	if (in->program && http_store_entries(in->store) + http_watch_count(root) > in->files_max)
		return err_say(err, -EBUSY,
			"root %s has more files than there is room for: it needs "
			"a restart",
			root);
	return 0;
}

/* Files of another root, or with other headers: those before are taken out at once, and the server answers until
 * the keeper has read them. */
static int take_files(struct http_instance *in, const struct http_settings *next, struct err *err)
{
	struct http_settings *now = &in->first;
	bool other_root = strcmp(now->root, next->root);
	bool other_headers = strcmp(now->headers, next->headers);
	int ret = other_root ? check_root(in, next->root, err) : 0;

	if (ret || (!other_root && !other_headers))
		return ret;
	if (now->fallback == HTTP_FALLBACK_OWN)
		return err_say(err, -EBUSY, "%s needs a restart with fallback = own",
			other_root ? "root" : "headers");
	pthread_mutex_lock(&in->lock);
	strcpy(now->root, next->root);
	strcpy(now->headers, next->headers);
	if (in->program) {
		if (other_headers)
			http_store_touch_all(in->store, "/");
		http_watch_check_root(in->watch);
	}
	pthread_mutex_unlock(&in->lock);
	return 0;
}

/* Root and headers change while it runs; the others are built in when it is opened. */
int http_reload(void *instance, const void *settings, struct err *err)
{
	struct http_instance *in = instance;
	const struct http_settings *now = &in->first, *next = settings;
	const struct {
		const char *key;
		bool differs;
	} keys[] = {
		{ "port", now->port != next->port },
		{ "addresses", memcmp(&now->addresses, &next->addresses, sizeof(now->addresses)) },
		{ "flavour", now->flavour != next->flavour },
		{ "max_segments", now->max_segments != next->max_segments },
		{ "fallback", now->fallback != next->fallback },
	};

	for (unsigned i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].differs)
			return err_say(err, -EBUSY, "%s needs a restart", keys[i].key);
	return take_files(in, next, err);
}
