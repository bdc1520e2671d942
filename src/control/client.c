// SPDX-License-Identifier: BSD-2-Clause
#include "control/client.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/person.h"
#include "base/runtime.h"

#define PATIENCE_S 5 /* the API's thread is of idle priority */

static int open_socket(const char *path, const char *command, struct err *err)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, ret;

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, -ENAMETOOLONG, "%s", path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, -errno, "make a socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (!connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		return fd;
	ret = -errno;
	close(fd);
	if (ret == -EACCES)
		return runtime_denied(path, "write to", command, err);
	return err_set(err, ret, "%s", path);
}

/* The instance's words for a status that is not 200. */
static int take_error(unsigned status, const char *body, struct err *err)
{
	int code = status == 400 ? -EINVAL : status == 401 || status == 403 ? -EPERM : -EPROTO;
	json_t *json = json_loads(body, 0, NULL);
	const char *words = json_string_value(json_object_get(json, "error"));

	if (words)
		err_say(err, code, "%s", words);
	else
		err_say(err, code, "the instance answers with status %u", status);
	json_decref(json);
	return code;
}

/* Reads to the end: the request has asked for the connection to be closed. */
static int read_answer(int fd, struct err *err)
{
	char answer[4096];
	size_t length = 0;
	const char *body;
	unsigned status;
	ssize_t n;

	while ((n = recv(fd, answer + length, sizeof(answer) - 1 - length, 0)) > 0)
		length += (size_t)n;
	if (n < 0)
		return err_set(err, -errno, "wait for the answer");
	answer[length] = '\0';
	body = strstr(answer, "\r\n\r\n");
	if (!body || sscanf(answer, "HTTP/1.%*1d %3u", &status) != 1)
		return err_say(err, -EPROTO, "the answer is not HTTP");
	return status == 200 ? 0 : take_error(status, body + strlen("\r\n\r\n"), err);
}

int client_put(const char *socket, const char *resource, const char *value, const char *command,
	struct err *err)
{
	char request[512], person[PERSON_BYTES];
	int length, fd, ret = 0;

	person_read(person);
	length = snprintf(request, sizeof(request),
		"PUT %s HTTP/1.1\r\nHost: ringside\r\nConnection: close\r\n" CLIENT_PERSON
		": %s\r\nContent-Length: %zu\r\n\r\n%s",
		resource, person, strlen(value), value);
	if (length >= (int)sizeof(request))
		return err_say(err, -EINVAL, "'%.32s…' is too long", value);
	fd = open_socket(socket, command, err);
	if (fd < 0)
		return fd;
	if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length)
		ret = err_set(err, -errno, "%s", socket);
	else
		ret = read_answer(fd, err);
	close(fd);
	return ret;
}
