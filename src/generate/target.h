/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is sent to, and from which addresses: what the user left out comes from the kernel. */
#ifndef RINGSIDE_TARGET_H
#define RINGSIDE_TARGET_H

#include "base/err.h"
#include "generate/settings.h"

/* Fills from, to and ipv6. `to` is a MAC address, or an IP address that the kernel resolves (ARP, ND, the
 * gateway's when it is off the subnet); `from` an IP address, or NULL for the one the kernel would take. With a
 * MAC address, IP addresses are those that are set aside for benchmarks (RFC 2544 appendix C.2.2, RFC 5180
 * §8), IPv6's when settings.ipv6 is set. -EINVAL: what is no address, or does not fit together; others: the
 * machine's reasons. */
int target_find(
	struct generate_settings *settings, const char *to, const char *from, struct err *err);

/* The far end's MAC and IP address in words. */
#define TARGET_TEXT 80
const char *target_text(const struct generate_settings *settings, char text[TARGET_TEXT]);

#endif
