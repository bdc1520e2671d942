/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The snapshots that the control thread answers from: the newest one, with rates over the last second
 * or so, whoever asks and however often.
 */
#ifndef RINGSIDE_CONTROL_SAMPLES_H
#define RINGSIDE_CONTROL_SAMPLES_H

#include "control/control.h"

struct samples {
	struct snapshot *now;
	struct snapshot *next; /* being taken: who is too slow for the sampler gets a torn one */
	struct snapshot *bases[2]; /* the last two ticks, newest first; sequence 0: none yet */
	char *text; /* EXPORT_BYTES, for whoever writes an answer */
};

/* -ENOMEM without memory. */
int samples_init(struct samples *samples);
void samples_fini(struct samples *samples);
/* To be called once a second: what rates are measured from. */
void samples_tick(struct samples *samples, const struct control_ops *ops);
/* The newest snapshot, with its rates. Never NULL: an instance has one from its start. */
const struct snapshot *samples_newest(struct samples *samples, const struct control_ops *ops);
/* The same as the contract's JSON in samples->text; returns its bytes. */
size_t samples_json(struct samples *samples, const struct control_ops *ops);

#endif
