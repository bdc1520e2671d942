/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/screenshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SAME_SECOND 100

/* Never over a file that is there, nor through a link that somebody laid: often we are root. */
static int create_file(const char *name, char *path, size_t size)
{
	char stamp[32];
	time_t now = time(NULL);
	struct tm local;
	int fd = -1;

	if (!*name || strchr(name, '/'))
		name = "ringside";
	localtime_r(&now, &local);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &local);
	for (unsigned i = 1; i < SAME_SECOND; i++) {
		if (i == 1)
			snprintf(path, size, "%.31s-%s.txt", name, stamp);
		else
			snprintf(path, size, "%.31s-%s-%u.txt", name, stamp, i);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd >= 0 || errno != EEXIST)
			break;
	}
	return fd;
}

static int write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			text += written;
			length -= (size_t)written;
		}
	}
	return 0;
}

int screenshot_write(
	const struct canvas *canvas, const char *name, char *path, size_t size, struct err *err)
{
	size_t length = canvas_write(canvas, false, NULL, 0);
	char *text = malloc(length + 1);
	int fd, code;

	if (!text)
		return err_set(err, -ENOMEM, "write the screen");
	canvas_write(canvas, false, text, length + 1);
	fd = create_file(name, path, size);
	if (fd < 0) {
		code = err_set(err, -errno, "create %s", path);
		goto out_free;
	}
	code = write_all(fd, text, length);
	if (close(fd) && !code)
		code = -errno;
	if (code)
		err_set(err, code, "write %s", path);
out_free:
	free(text);
	return code;
}
