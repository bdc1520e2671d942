/* SPDX-License-Identifier: BSD-2-Clause */
/* reflect's settings, as the INI has them. */
#ifndef RINGSIDE_SERVICE_REFLECT_H
#define RINGSIDE_SERVICE_REFLECT_H

#include "service/service.h"

#define REFLECT_SIGNATURES 256

struct reflect_signature {
	uint16_t offset; /* in the UDP payload */
	uint8_t length; /* 1 to 8 */
	uint8_t bytes[8];
};

struct reflect_settings {
	struct service_settings common; /* first */
	struct {
		unsigned count; /* 0: any */
		struct reflect_signature list[REFLECT_SIGNATURES];
	} signatures;
	struct option_ports ports;
	struct {
		unsigned count; /* 0: any */
		uint8_t list[REFLECT_OUIS][3];
	} ouis;
	int swap, checksum; /* enum reflect_swap, enum reflect_checksum */
	int loop_guard; /* 0: ttl, 1: off */
	uint64_t max_pps; /* of the whole service; 0: no limit */
};

extern const struct service_type service_reflect;

#endif
