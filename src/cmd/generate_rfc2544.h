/* SPDX-License-Identifier: BSD-2-Clause */
/* `generate --rfc2544`. */
#ifndef RINGSIDE_GENERATE_RFC2544_H
#define RINGSIDE_GENERATE_RFC2544_H

#include "cmd/generate_session.h"

/* Runs the tests that the session's options want, prints each run and in the end the results, and draws the
 * picture. 0, or a negative errno with err. */
int generate_rfc2544(struct session *session, struct err *err);

#endif
