/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads beside the main one. */
#ifndef RINGSIDE_THREAD_H
#define RINGSIDE_THREAD_H

#include <pthread.h>

/* Starts a thread that no signal is delivered to but those that a crash raises. 0 or a negative errno. */
int thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

#endif
