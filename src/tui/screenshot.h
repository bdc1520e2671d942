/* SPDX-License-Identifier: BSD-2-Clause */
/* The screen as a text file. */
#ifndef RINGSIDE_SCREENSHOT_H
#define RINGSIDE_SCREENSHOT_H

#include "base/err.h"
#include "tui/canvas.h"

/* Writes the canvas to a new file NAME-DATE-TIME.txt in the current directory and puts its name
 * into path. A negative errno and its words when it could not. */
int screenshot_write(
	const struct canvas *canvas, const char *name, char *path, size_t size, struct err *err);

#endif
