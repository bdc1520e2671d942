/* SPDX-License-Identifier: BSD-2-Clause */
/* The bearer token (RFC 6750) that a change over TCP needs. */
#ifndef RINGSIDE_CONTROL_TOKEN_H
#define RINGSIDE_CONTROL_TOKEN_H

#include <stdbool.h>

#include "base/err.h"

#define TOKEN_BYTES 256
#define TOKEN_MIN 16 /* characters: 64 bits as hexadecimal digits, too many to try over a network */

struct token {
	bool given;
	char text[TOKEN_BYTES]; /* zeros behind it */
};

/* Reads the first line of a file that nobody but its owner and group may read. A negative errno with err
 * set: it is no file, it can be read by others, it has no token or a short one. */
int token_read(struct token *token, const char *path, struct err *err);

/* Whether an Authorization header ("Bearer TOKEN", NULL: there is none) has the token. Takes the same
 * time wherever the two differ. */
bool token_is(const struct token *token, const char *header);

#endif
