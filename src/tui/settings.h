/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the user has chosen, kept in $XDG_CONFIG_HOME/ringside/top.conf (~/.config without it): lines
 * of `key = value`. Written when a setting changes, never at the end; a file that can't be read or
 * written is none.
 */
#ifndef RINGSIDE_SETTINGS_H
#define RINGSIDE_SETTINGS_H

#include "tui/view.h"

/* Sets what the file says; unknown lines are passed over. */
void settings_read(struct view *view);
void settings_write(const struct view *view);

#endif
