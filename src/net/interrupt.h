/* SPDX-License-Identifier: BSD-2-Clause */
/* The interrupts of a NIC's queues: where they go, and pinning them beside a worker. */
#ifndef RINGSIDE_INTERRUPT_H
#define RINGSIDE_INTERRUPT_H

#include <sched.h>
#include <stdint.h>

#include "base/err.h"

/* One interrupt's affinity before it was changed. */
struct interrupt_affinity {
	uint32_t irq;
	char before[256]; /* as /proc/irq/N/smp_affinity_list has it */
};

/* How well a name of /proc/interrupts fits a link's receive queue; 0: not at all. A name that says
 * receive ("virtio0-input.3", "eth0-TxRx-3") fits better than one that says neither direction
 * ("mlx5_comp3@pci:0000:03:00.0" counts as the former), one that names the link better than others;
 * one of the transmit side alone fits not. */
unsigned interrupt_fit(const char *name, const char *link, uint32_t queue);

/* Finds the interrupt of an interface's queue: of the device's MSI interrupts the one whose
 * /proc/interrupts name ends in the queue's number ("ice-eth0-TxRx-3", "virtio0-input.3"). -ENOENT
 * when there is none (veth, lo). */
int interrupt_find(const char *link, uint32_t queue, uint32_t *irq, struct err *err);
/* The CPUs it may go to, as a list ("0-3,8"). 0 or a negative errno. */
int interrupt_cpus(uint32_t irq, char *cpus, unsigned size);
/* Pins it to one CPU and keeps what was before. */
int interrupt_pin(uint32_t irq, uint32_t cpu, struct interrupt_affinity *before, struct err *err);
int interrupt_restore(const struct interrupt_affinity *before, struct err *err);

#endif
