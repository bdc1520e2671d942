// SPDX-License-Identifier: BSD-2-Clause
#include "control/samples.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "export/export.h"

/* Rates over less than this are noise: the sampler's step is 0.1 s. */
#define RATES_NS (NSEC_PER_SEC / 2)

int samples_init(struct samples *samples)
{
	*samples = (struct samples){ 0 };
	samples->now = calloc(1, sizeof(*samples->now));
	samples->next = calloc(1, sizeof(*samples->next));
	samples->bases[0] = calloc(1, sizeof(*samples->bases[0]));
	samples->bases[1] = calloc(1, sizeof(*samples->bases[1]));
	samples->text = malloc(EXPORT_BYTES);
	if (samples->now && samples->next && samples->bases[0] && samples->bases[1] &&
		samples->text)
		return 0;
	samples_fini(samples);
	return -ENOMEM;
}

void samples_fini(struct samples *samples)
{
	free(samples->now);
	free(samples->next);
	free(samples->bases[0]);
	free(samples->bases[1]);
	free(samples->text);
	*samples = (struct samples){ 0 };
}

static void take(struct samples *samples, const struct control_ops *ops)
{
	struct snapshot *next = samples->next;

	if (!ops->take(ops->context, next, samples->now->sequence))
		return;
	samples->next = samples->now;
	samples->now = next;
}

void samples_tick(struct samples *samples, const struct control_ops *ops)
{
	struct snapshot *oldest = samples->bases[1];

	take(samples, ops);
	if (samples->now->sequence == samples->bases[0]->sequence)
		return; /* the sampler stands still: keep what there is */
	*oldest = *samples->now;
	samples->bases[1] = samples->bases[0];
	samples->bases[0] = oldest;
}

const struct snapshot *samples_newest(struct samples *samples, const struct control_ops *ops)
{
	const struct snapshot *base = samples->bases[0];

	take(samples, ops);
	if (samples->now->monotonic_ns < base->monotonic_ns + RATES_NS)
		base = samples->bases[1];
	snapshot_set_rates(samples->now, base->sequence ? base : NULL);
	return samples->now;
}

size_t samples_json(struct samples *samples, const struct control_ops *ops)
{
	size_t size = export_json(samples_newest(samples, ops), samples->text, EXPORT_BYTES);

	return size < EXPORT_BYTES ? size : 0;
}
