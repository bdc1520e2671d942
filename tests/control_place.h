/* SPDX-License-Identifier: BSD-2-Clause */
/* A control socket, with an instance that is an array. */
#ifndef RINGSIDE_TESTS_CONTROL_PLACE_H
#define RINGSIDE_TESTS_CONTROL_PLACE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/runtime.h"
#include "control/control.h"
#include "tests/example.h"

struct fixture {
	struct snapshot *snapshot;
	char folder[64], path[RUNTIME_PATH_BYTES];
	enum level level;
	bool paused;
	char who[64];
	char set[80]; /* what a service has of its own: KEY = VALUE */
	int judgement; /* of the handover */
	uid_t uid; /* ours: the control thread can't ask for it */
	struct control *control;
};

static bool take(void *context, struct snapshot *into, uint64_t sequence)
{
	const struct fixture *fixture = context;

	if (fixture->snapshot->sequence <= sequence)
		return false;
	*into = *fixture->snapshot;
	into->monotonic_ns = clock_now_ns();
	return true;
}

static void set_level(void *context, enum level level, const char *who)
{
	struct fixture *fixture = context;

	fixture->level = level;
	snprintf(fixture->who, sizeof(fixture->who), "%s", who);
}

static int set_service_state(
	void *context, const char *service, bool paused, const char *who, struct err *err)
{
	struct fixture *fixture = context;

	if (strcmp(service, "reflect") != 0)
		return err_say(err, -ENOENT, "there is no service '%s'", service);
	fixture->paused = paused;
	snprintf(fixture->who, sizeof(fixture->who), "%s", who);
	return 0;
}

static int set_service(void *context, const char *service, const char *key, const char *value,
	const char *who, struct err *err)
{
	struct fixture *fixture = context;

	if (strcmp(service, "reflect") != 0)
		return err_say(err, -ENOENT, "there is no service '%s'", service);
	if (!strcmp(value, "bad"))
		return err_say(err, -EINVAL, "that cannot be");
	snprintf(fixture->set, sizeof(fixture->set), "%s = %s", key, value);
	snprintf(fixture->who, sizeof(fixture->who), "%s", who);
	return 0;
}

static int judge(void *context, const char *name, const struct control_peer *peer, struct err *err)
{
	const struct fixture *fixture = context;

	assert_int_equal(peer->pid, getpid());
	assert_int_equal(peer->uid, fixture->uid);
	if (!fixture->judgement)
		return 0;
	return err_say(err, fixture->judgement, "no %s for you", name);
}

/* Sends a descriptor of /dev/null over the socket, and ends. */
static void take_socket(void *context, const char *name, const struct control_peer *peer, int fd)
{
	int sent = STDERR_FILENO;
	char space[CMSG_SPACE(sizeof(sent))] = { 0 };
	struct iovec bytes = { .iov_base = (void *)(uintptr_t)name, .iov_len = strlen(name) };
	struct msghdr message = { .msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	(void)context;
	(void)peer;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(sent));
	memcpy(CMSG_DATA(header), &sent, sizeof(sent));
	/* a client that is gone by now is no fault; the one that waits for it finds out */
	if (sendmsg(fd, &message, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
		abort(); /* an assertion ends nothing but the test's own thread */
	close(fd);
}

/* silence_s: 0: as in the program */
static inline int setup_with(void **state, unsigned silence_s)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct control_ops ops = { f, take, set_level, set_service_state, set_service };
	static struct control_handover handover = { "/api/v1/rings", "ringside-ring", NULL, judge,
		take_socket };
	struct control_settings settings = { .handovers = &handover,
		.handovers_count = 1,
		.silence_s = silence_s,
		.config = "[ringside]\nname = it\n\n[interface eth0]\nnetns =\nread = "
			  "=x\n\ty\n[api]\n" };
	struct err err = { "" };

	assert_non_null(f);
	mallopt(M_ARENA_MAX, 1); /* as main() does: an arena of the control thread's would open a file */
	handover.context = f;
	f->snapshot = new_example(LEVEL_DETAILED);
	f->snapshot->sequence = 1;
	f->level = LEVEL_BASIC;
	f->uid = getuid();
	strcpy(f->folder, "/tmp/ringside-control.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	assert_int_equal(runtime_path(f->path, f->folder, "it", ".sock", NULL), 0);
	settings.path = f->path;
	if (control_start(&f->control, &ops, &settings, &err))
		fail_msg("%s", err.text);
	*state = f;
	return 0;
}

static inline int setup(void **state)
{
	return setup_with(state, 0);
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	control_stop(f->control);
	assert_int_equal(rmdir(f->folder), 0); /* the socket is gone */
	free(f->snapshot);
	free(f);
	return 0;
}

static inline int connect_to(const struct fixture *f)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(address.sun_path, f->path, strlen(f->path) + 1);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* One request on a connection of its own; returns the status, the body in `body`. */
static inline int ask(
	const struct fixture *f, const char *request, const char *content, char *body, size_t size)
{
	static char answer[256 * 1024];
	size_t length = 0;
	ssize_t n;
	int fd = connect_to(f), status = 0;
	char *end;

	if (dprintf(fd,
		    "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
		    request, strlen(content), content) < 0)
		fail_msg("%s", strerror(errno));
	while ((n = read(fd, answer + length, sizeof(answer) - 1 - length)) > 0)
		length += (size_t)n;
	close(fd);
	answer[length] = '\0';
	assert_int_equal(sscanf(answer, "HTTP/1.1 %d", &status), 1);
	end = strstr(answer, "\r\n\r\n");
	assert_non_null(end);
	snprintf(body, size, "%s", end + 4);
	return status;
}

#endif
