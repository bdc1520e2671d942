/* SPDX-License-Identifier: BSD-2-Clause */
/* Who sits at this process's terminal, for the logs of those whom he tells what to do. */
#ifndef RINGSIDE_PERSON_H
#define RINGSIDE_PERSON_H

#include <stdbool.h>

#define PERSON_BYTES 32

/* "root pts/3": the user's name, and the terminal without /dev/; "uid 1000" for a user without a name, nothing
 * behind it without a terminal. */
void person_read(char person[PERSON_BYTES]);
/* Whether a text can be one: somebody else says so. */
bool person_is_plain(const char *text);

#endif
