/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control side of a running instance: HTTP on its control socket and, when asked for, on a TCP
 * port. All of it runs on one thread of its own, at idle priority and off the workers' CPUs. It reads
 * snapshots and asks for changes through struct control_ops; it reaches no map and no packet, and
 * nobody waits for it.
 */
#ifndef RINGSIDE_CONTROL_H
#define RINGSIDE_CONTROL_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/log.h"
#include "stats/snapshot.h"

/* What a running instance can be asked. Dashboard and API change it through these alone; any thread
 * may. who: for the log. */
struct control_ops {
	void *context;
	/* Copies the newest snapshot; false when there is none newer than `sequence`, which is that of
	 * the last one taken. */
	bool (*take)(void *context, struct snapshot *into, uint64_t sequence);
	/* Level debug falls back to detailed after a minute. */
	void (*set_level)(void *context, enum level level, const char *who);
	/* Pauses a service, or has it go on. -ENOENT: there is none of that name; err says what is wrong.
	 * Waits until it is done. */
	int (*set_service_state)(
		void *context, const char *service, bool paused, const char *who, struct err *err);
	/* Changes something of a service's own, such as a slot's CPU (key "slots/N"). -ENOENT: there is no
	 * such service or key; -EINVAL: the value cannot be; err says what is wrong. Waits. */
	int (*set_service)(void *context, const char *service, const char *key, const char *value,
		const char *who, struct err *err);
};

/* Who is at the other end. */
struct control_peer {
	bool local; /* on the control socket: pid, uid and gid are the kernel's word (SO_PEERCRED) */
	pid_t pid;
	uid_t uid;
	gid_t gid;
	unsigned groups_count;
	gid_t groups[64]; /* the supplementary ones (SO_PEERGROUPS); with more of them, none */
	char who[64]; /* in words: "pid 12, uid 0, root pts/3" or "192.0.2.1:4711" */
};

/*
 * A path of the control socket whose connections leave HTTP, so that descriptors can be sent over them
 * (SCM_RIGHTS). A client asks for it by
 *
 *     GET PREFIX/NAME HTTP/1.1  Host: ringside  Connection: Upgrade  Upgrade: PROTOCOL
 *
 * and sends nothing more before it has read "101 Switching Protocols" up to the empty line; what comes
 * behind that line is PROTOCOL's. Over TCP the answer is 403. Both functions run on the control thread:
 * they must not block, and have no system calls but those that control.c lists for it.
 */
struct control_handover {
	const char *prefix; /* "/api/v1/rings": what stands behind its next slash is NAME */
	const char *protocol; /* the word of the Upgrade header */
	void *context;
	/* Judges: 0, or a negative errno with err set. -ENOENT is answered by 404, -EACCES and -EPERM
	 * by 403, -EBUSY and -EAGAIN by 503, -EOPNOTSUPP by 501, anything else by 500. */
	int (*judge)(
		void *context, const char *name, const struct control_peer *peer, struct err *err);
	/* Takes the connected AF_UNIX socket, which is non-blocking, and owns it from here on. */
	void (*take)(void *context, const char *name, const struct control_peer *peer, int fd);
};

struct control_settings {
	const char *path; /* of the control socket; kept. A stale one is replaced. NULL: none */
	const struct sockaddr_storage *listen; /* a TCP port; NULL: none */
	const char *
		token_file; /* whose token a change over TCP needs; NULL: there are none over TCP */
	const char *config; /* the effective one, as an INI file that `check` prints */
	const struct control_handover *handovers; /* kept */
	unsigned handovers_count;
	unsigned silence_s; /* after which a connection without a byte is cut; 0: SILENCE_S */
	struct log *log;
};

struct control;

/* Listens and starts the thread. All is copied but for what is "kept". */
int control_start(struct control **control, const struct control_ops *ops,
	const struct control_settings *settings, struct err *err);

/* Another effective configuration. Any thread. -ENOMEM: the old one stays. */
int control_set_config(struct control *control, const char *config);

/* Ends every connection and the thread, and removes the socket. control may be NULL. */
void control_stop(struct control *control);

#endif
