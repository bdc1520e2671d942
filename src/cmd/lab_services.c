/* SPDX-License-Identifier: BSD-2-Clause */
#include <stddef.h>

#include "cmd/lab_service.h"

const struct lab_service *const lab_services[] = {
	&lab_reflect,
	&lab_deliver,
	&lab_steer,
#ifdef RINGSIDE_HTTP
	&lab_http,
#endif
	NULL,
};

enum engine_order lab_order(const struct lab_result *result)
{
	return (enum engine_order)__atomic_load_n(&result->order, __ATOMIC_RELAXED);
}
