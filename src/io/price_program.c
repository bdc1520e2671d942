// SPDX-License-Identifier: BSD-2-Clause
#include "io/price_program.h"

#include <bpf/libbpf.h>

#include "bpf/services.h"
#include "bpf/verdict.h"

#include "entry.skel.h"
#include "entry_price.skel.h"

/* Whoever fills the data of one fills that of the other. */
_Static_assert(sizeof(struct entry__rodata) == sizeof(struct entry_price__rodata) &&
		       offsetof(struct entry__rodata, services) ==
			       offsetof(struct entry_price__rodata, services),
	"one layout");

void price_program_put(struct bpf_object_skeleton *skeleton)
{
	skeleton->data = (void *)entry_price__elf_bytes(&skeleton->data_sz);
}
