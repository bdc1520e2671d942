/* SPDX-License-Identifier: BSD-2-Clause */
/* The addresses of the machine, or of the network namespace that the calling thread is in. */
#ifndef RINGSIDE_LOCAL_ADDRESS_H
#define RINGSIDE_LOCAL_ADDRESS_H

#include "base/err.h"
#include "bpf/address.h"

#define LOCAL_ADDRESSES_MAX 512

/* Fills the list, of which at most LOCAL_ADDRESSES_MAX are kept. Returns how many, or a negative errno. */
int local_address_read(struct address list[LOCAL_ADDRESSES_MAX], struct err *err);

#endif
