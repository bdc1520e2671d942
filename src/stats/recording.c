// SPDX-License-Identifier: BSD-2-Clause
#include "stats/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats/snapshot_check.h"

#define MAGIC "ringrec1"
#define WORDS (sizeof(struct snapshot) / sizeof(uint64_t))
_Static_assert(sizeof(struct snapshot) % sizeof(uint64_t) == 0, "a snapshot is whole words");

struct header {
	char magic[8];
	__u64 layout, snapshot_bytes;
	char program[16]; /* the writer's version, for messages */
	__u8 reserved[24];
};
_Static_assert(sizeof(struct header) == 64, "also for another version");

/* A record is runs: so many words that are as before, then so many that follow, as their difference. A run
 * of neither ends it. */
struct run {
	__u32 same, changed;
};

struct recording {
	FILE *file;
	char path[256];
	uint64_t before[WORDS];
	uint64_t now[WORDS];
};

static int open_file(
	struct recording **recording, const char *path, const char *mode, struct err *err)
{
	struct recording *r = calloc(1, sizeof(*r));

	if (!r)
		return err_set(err, -ENOMEM, "%s", path);
	snprintf(r->path, sizeof(r->path), "%s", path);
	r->file = fopen(path, mode);
	if (!r->file) {
		err_set(err, -errno, "%s", path);
		free(r);
		return -EIO;
	}
	*recording = r;
	return 0;
}

static int say_unwritten(const struct recording *r, struct err *err)
{
	return err_set(err, errno ? -errno : -EIO, "write %s", r->path);
}

int recording_create(struct recording **recording, const char *path, struct err *err)
{
	struct header header = { .layout = snapshot_layout(),
		.snapshot_bytes = sizeof(struct snapshot) };
	struct recording *r;
	int ret = open_file(&r, path, "we", err);

	if (ret)
		return ret;
	memcpy(header.magic, MAGIC, sizeof(header.magic));
	snprintf(header.program, sizeof(header.program), "%s", PACKAGE_VERSION);
	if (fwrite(&header, sizeof(header), 1, r->file) != 1 || fflush(r->file)) {
		ret = say_unwritten(r, err);
		recording_close(r);
		return ret;
	}
	*recording = r;
	return 0;
}

int recording_add(struct recording *r, const struct snapshot *snapshot, struct err *err)
{
	const struct run end = { 0, 0 };

	memcpy(r->now, snapshot, sizeof(r->now));
	for (size_t at = 0; at < WORDS;) {
		struct run run = { 0, 0 };
		size_t first;

		for (; at < WORDS && r->now[at] == r->before[at]; at++)
			run.same++;
		for (first = at; at < WORDS && r->now[at] != r->before[at]; at++) {
			r->before[at] ^= r->now[at]; /* the difference, for a moment */
			run.changed++;
		}
		if (!run.changed)
			break;
		fwrite(&run, sizeof(run), 1, r->file);
		fwrite(&r->before[first], sizeof(uint64_t), run.changed, r->file);
	}
	memcpy(r->before, r->now, sizeof(r->before));
	fwrite(&end, sizeof(end), 1, r->file);
	return fflush(r->file) || ferror(r->file) ? say_unwritten(r, err) : 0;
}

int recording_open(struct recording **recording, const char *path, struct err *err)
{
	struct header header;
	struct recording *r;
	int ret = open_file(&r, path, "re", err);

	if (ret)
		return ret;
	if (fread(&header, sizeof(header), 1, r->file) != 1 ||
		memcmp(header.magic, MAGIC, sizeof(header.magic)) != 0)
		ret = err_say(err, -EPROTO, "%s: this is no recording of ringside", path);
	else if (header.layout != snapshot_layout() ||
		 header.snapshot_bytes != sizeof(struct snapshot))
		ret = err_say(err, -EPROTO,
			"%s: it was recorded by another version, ringside %.15s, and this is "
			"ringside %s",
			path, header.program, PACKAGE_VERSION);
	if (ret) {
		recording_close(r);
		return ret;
	}
	*recording = r;
	return 0;
}

static int say_damaged(const struct recording *r, struct err *err)
{
	return err_say(err, -EPROTO, "%s: the recording is damaged", r->path);
}

int recording_next(struct recording *r, struct snapshot *snapshot, struct err *err)
{
	size_t at = 0;

	memcpy(r->now, r->before, sizeof(r->now));
	for (;;) {
		struct run run;

		if (fread(&run, sizeof(run), 1, r->file) != 1)
			return 0;
		if (!run.same && !run.changed)
			break;
		if (!run.changed || run.same > WORDS - at || run.changed > WORDS - at - run.same)
			return say_damaged(r, err);
		at += run.same;
		for (uint32_t i = 0; i < run.changed; i++, at++) {
			uint64_t difference;

			if (fread(&difference, sizeof(difference), 1, r->file) != 1)
				return 0;
			r->now[at] ^= difference;
		}
	}
	memcpy(snapshot, r->now, sizeof(r->now));
	memcpy(r->before, r->now, sizeof(r->before));
	return snapshot_is_sane(snapshot) ? 1 : say_damaged(r, err);
}

void recording_close(struct recording *recording)
{
	if (!recording)
		return;
	fclose(recording->file);
	free(recording);
}
