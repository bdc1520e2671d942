// SPDX-License-Identifier: BSD-2-Clause
#include "service/http_keys.h"

#include <errno.h>
#include <sys/random.h>

static int change(struct http_keys *keys, uint64_t now_ns)
{
	struct http_state *state = keys->state;
	uint32_t next = !state->key_now;
	uint64_t key[2];

	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		return -EIO;
	state->key[next][0] = key[0];
	state->key[next][1] = key[1];
	__atomic_store_n(&state->key_now, next, __ATOMIC_RELEASE);
	keys->changed_ns = now_ns;
	return 0;
}

int http_keys_init(
	struct http_keys *keys, struct http_state *state, uint64_t period_ns, uint64_t now_ns)
{
	*keys = (struct http_keys){ .state = state, .period_ns = period_ns };
	/* both: of the other one nobody has a cookie yet */
	return change(keys, now_ns) ? -EIO : change(keys, now_ns);
}

void http_keys_tend(struct http_keys *keys, uint64_t now_ns)
{
	if (now_ns - keys->changed_ns >= keys->period_ns)
		change(keys, now_ns);
}
