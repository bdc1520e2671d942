// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/snapshot_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "export/export.h"

#define SAME_SECOND 100

/* Never over a file that is there, nor through a link that somebody laid: often we are root. */
static FILE *create_file(const struct snapshot *snapshot, char *path, size_t size)
{
	time_t now = (time_t)(snapshot->time_ns / (int64_t)NSEC_PER_SEC);
	char stamp[32];
	struct tm tm;
	int fd = -1;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	for (unsigned i = 1; fd < 0 && i < SAME_SECOND; i++) {
		if (i == 1)
			snprintf(path, size, "ringside-%.31s-%s.json", snapshot->name, stamp);
		else
			snprintf(path, size, "ringside-%.31s-%s-%u.json", snapshot->name, stamp, i);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd < 0 ? NULL : fdopen(fd, "w");
}

int snapshot_file_write(const struct snapshot *snapshot, char *path, size_t size, struct err *err)
{
	char *text = malloc(EXPORT_BYTES);
	size_t length;
	FILE *file;
	int ret = 0;

	if (!text)
		return err_set(err, -ENOMEM, "write a snapshot");
	length = export_json(snapshot, text, EXPORT_BYTES);
	file = create_file(snapshot, path, size);
	if (!file) {
		ret = err_set(err, -errno, "create %s", path);
		goto out_free;
	}
	if (fwrite(text, 1, length, file) != length)
		ret = -EIO;
	if (fclose(file) && !ret)
		ret = -errno;
	if (ret)
		err_set(err, ret, "write %s", path);
out_free:
	free(text);
	return ret;
}
