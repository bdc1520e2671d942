/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Telling systemd, or who speaks its protocol, how it goes: sd_notify(3), whose manual page declares the
 * protocol stable and shows it in as many lines. libsystemd would bring five libraries with it.
 */
#ifndef RINGSIDE_NOTIFY_H
#define RINGSIDE_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify {
	int fd; /* -1: nobody listens */
	struct sockaddr_un address;
	socklen_t address_bytes;
	uint64_t watchdog_ns; /* how often the watchdog must be fed; 0: there is none */
};

/* Takes $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID and removes them from the environment. Without
 * them notify_send() does nothing. */
void notify_open(struct notify *notify);
void notify_close(struct notify *notify);

/* Sends assignments, one a line ("READY=1\nSTATUS=..."). Any thread. */
void notify_send(const struct notify *notify, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
