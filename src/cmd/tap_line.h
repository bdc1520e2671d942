/* SPDX-License-Identifier: BSD-2-Clause */
/* One packet as one line of text, for people. */
#ifndef RINGSIDE_TAP_LINE_H
#define RINGSIDE_TAP_LINE_H

#include <stddef.h>
#include <stdint.h>

/* "192.0.2.1.1000 > 192.0.2.2.7000: UDP, 40 bytes"; of what is no whole UDP packet the addresses and types that
 * can be read. data has `captured` of the frame's `length` bytes. Cut at size, always terminated. */
void tap_line(char *text, size_t size, const uint8_t *data, uint32_t captured, uint32_t length);

#endif
