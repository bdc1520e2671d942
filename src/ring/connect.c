/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "ring/consumer.h"

/* A daemon that does not answer in this time does not live. */
#define ANSWER_S 10
#define ANSWER_BYTES 4096

static int connect_path(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval limit = { .tv_sec = ANSWER_S };
	int fd, ret;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	ret = -errno;
	close(fd);
	return ret == -ENOENT ? -ECONNREFUSED : ret;
}

/* The folders where a daemon's socket can be: systemd's own for it, then that of root's daemon, then
 * that of the user's. */
static int connect_instance(const char *instance)
{
	const char *folders[] = { getenv("RUNTIME_DIRECTORY"), "/run/ringside", NULL };
	const char *user = getenv("XDG_RUNTIME_DIR");
	char path[4096];
	int ret = -ECONNREFUSED;

	if (strchr(instance, '/'))
		return connect_path(instance);
	for (unsigned i = 0; i < 2 && ret == -ECONNREFUSED; i++) {
		if (!folders[i])
			continue;
		snprintf(path, sizeof(path), "%s/%s.sock", folders[i], instance);
		ret = connect_path(path);
	}
	if (ret == -ECONNREFUSED && user) {
		snprintf(path, sizeof(path), "%s/ringside/%s.sock", user, instance);
		ret = connect_path(path);
	}
	return ret;
}

static int send_all(int fd, const char *bytes, size_t count)
{
	while (count) {
		ssize_t n = send(fd, bytes, count, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		count -= (size_t)n;
	}
	return 0;
}

/* Byte by byte: what follows the empty line comes with descriptors. */
static int receive_answer(int fd, char answer[ANSWER_BYTES])
{
	size_t count = 0;

	while (count < ANSWER_BYTES - 1) {
		ssize_t n = recv(fd, answer + count, 1, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (!n)
			return -ECONNRESET;
		answer[++count] = '\0';
		if (count >= 4 && !memcmp(answer + count - 4, "\r\n\r\n", 4))
			return 0;
	}
	return -EPROTO;
}

static int status_of(const char *answer)
{
	int status = 0;

	if (sscanf(answer, "HTTP/1.%*d %d", &status) != 1)
		return -EPROTO;
	switch (status) {
	case 101:
		return 0;
	case 401:
	case 403:
		return -EACCES;
	case 404:
		return -ENOENT;
	case 501:
		return -EOPNOTSUPP;
	case 503:
		return -EBUSY;
	default:
		return -EPROTO;
	}
}

int ringside_connect(const char *instance, const char *name, enum ringside_way way)
{
	static const char *const ways[] = { "rings", "taps", "packets" };
	char request[256], answer[ANSWER_BYTES];
	int fd, ret;

	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
			return -EINVAL;
	if (!*name || strlen(name) >= sizeof(((struct ringside_head *)0)->name))
		return -EINVAL;
	fd = connect_instance(instance ? instance : "ringside");
	if (fd < 0)
		return fd;
	snprintf(request, sizeof(request),
		"GET /api/v1/%s/%s HTTP/1.1\r\nHost: ringside\r\nConnection: Upgrade\r\n"
		"Upgrade: ringside-ring/%u\r\n\r\n",
		ways[way], name, RINGSIDE_VERSION);
	ret = send_all(fd, request, strlen(request));
	if (!ret)
		ret = receive_answer(fd, answer);
	if (!ret)
		ret = status_of(answer);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

static unsigned take_descriptors(struct msghdr *message, int *fds, unsigned max)
{
	unsigned count = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		unsigned n = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		int fd;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (unsigned i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (count < max)
				fds[count++] = fd;
			else
				close(fd);
		}
	}
	return count;
}

int ringside_take(int socket, void *message, size_t bytes, int *fds, unsigned max)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))];
	unsigned count = 0;
	size_t done = 0;

	for (unsigned i = 0; i < max; i++)
		fds[i] = -1;
	while (done < bytes) {
		struct iovec part = { (char *)message + done, bytes - done };
		struct msghdr header = { .msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control) };
		ssize_t n = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0) {
			count += take_descriptors(&header, fds + count, max - count);
			done += (size_t)n;
			continue;
		}
		for (unsigned i = 0; i < max; i++) {
			if (fds[i] >= 0)
				close(fds[i]);
			fds[i] = -1;
		}
		return n == 0 ? -EPROTO : errno == EAGAIN ? -ETIMEDOUT : -errno;
	}
	return 0;
}
