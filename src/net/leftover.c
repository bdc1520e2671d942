/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/leftover.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/runtime.h"
#include "net/ethtool.h"

#define FEATURE_CTAG "rx-vlan-hw-parse"
#define FEATURE_STAG "rx-vlan-stag-hw-parse"

struct leftover {
	FILE *file;
	char path[RUNTIME_PATH_BYTES];
};

/* Interfaces of two namespaces can have the same name and the same index. */
static int note_path(char path[RUNTIME_PATH_BYTES], const char *folder, const struct link *link)
{
	struct stat namespace;

	if (stat("/proc/thread-self/ns/net", &namespace))
		return -errno;
	return snprintf(path, RUNTIME_PATH_BYTES, "%s/%ju-%u.changed", folder,
		       (uintmax_t) namespace.st_ino, link->index) < RUNTIME_PATH_BYTES
		       ? 0
		       : -ENAMETOOLONG;
}

int leftover_note(struct leftover **leftover, const struct link *link,
	const struct link_vlan_offload *vlan, const struct interrupt_affinity *pinned,
	unsigned pinned_count, struct err *err)
{
	char folder[RUNTIME_PATH_BYTES];
	struct leftover *l;
	int ret;

	*leftover = NULL;
	if (!vlan->ctag && !vlan->stag && !pinned_count)
		return 0;
	ret = runtime_make(folder, err);
	if (ret)
		return ret;
	l = calloc(1, sizeof(*l));
	ret = l ? note_path(l->path, folder, link) : -ENOMEM;
	/* a new file: nobody can hold a lock on it */
	if (!ret) {
		unlink(l->path);
		l->file = fopen(l->path, "wxe");
		ret = l->file && !flock(fileno(l->file), LOCK_EX | LOCK_NB) ? 0 : -errno;
	}
	if (ret) {
		leftover_forget(l);
		return err_set(err, ret, "note what is to be put back at the end");
	}
	fprintf(l->file, "link %s\n", link->name);
	if (vlan->ctag)
		fprintf(l->file, "feature " FEATURE_CTAG "\n");
	if (vlan->stag)
		fprintf(l->file, "feature " FEATURE_STAG "\n");
	for (unsigned i = 0; i < pinned_count; i++)
		fprintf(l->file, "interrupt %u %s\n", pinned[i].irq, pinned[i].before);
	fflush(l->file);
	*leftover = l;
	return 0;
}

void leftover_forget(struct leftover *leftover)
{
	if (!leftover)
		return;
	if (leftover->file) {
		unlink(leftover->path);
		fclose(leftover->file);
	}
	free(leftover);
}

/* One line of a note. Returns 1 when something was put back, 0 when there was nothing to do. */
static int restore_line(char *line, const struct link *link, struct err *err)
{
	static const char *const known[] = { FEATURE_CTAG, FEATURE_STAG };
	struct interrupt_affinity affinity = { 0 };
	int ret;

	line[strcspn(line, "\n")] = '\0';
	for (unsigned i = 0; i < 2; i++)
		if (!strncmp(line, "feature ", 8) && !strcmp(line + 8, known[i])) {
			ret = ethtool_features_write(link->name, &known[i], 1, true, err);
			return ret ? ret : 1;
		}
	if (sscanf(line, "interrupt %" SCNu32 " %255s", &affinity.irq, affinity.before) != 2)
		return 0;
	ret = interrupt_restore(&affinity, err);
	return ret ? ret : 1;
}

static int restore_all(
	FILE *file, const struct link *link, char *words, size_t size, struct err *err)
{
	char line[320], name[16] = "";
	int count = 0;

	words[0] = '\0';
	/* an index may have gone to another interface since */
	if (!fgets(line, sizeof(line), file) || sscanf(line, "link %15s", name) != 1 ||
		strcmp(name, link->name))
		return 0;
	while (fgets(line, sizeof(line), file)) {
		size_t used = strlen(words);
		int ret = restore_line(line, link, err);

		if (ret < 0)
			return ret;
		if (ret && used < size)
			snprintf(words + used, size - used, "%s%s", count ? ", " : "", line);
		count += ret;
	}
	return count;
}

int leftover_restore(const struct link *link, char *words, size_t size, struct err *err)
{
	char folders[RUNTIME_FOLDERS][RUNTIME_PATH_BYTES], path[RUNTIME_PATH_BYTES];
	FILE *file;
	int ret;

	runtime_folders(folders);
	ret = note_path(path, folders[0], link);
	if (ret)
		return err_set(err, ret, "find what was left of %s", link->name);
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? 0 : err_set(err, -errno, "read %s", path);
	if (flock(fileno(file), LOCK_SH | LOCK_NB)) {
		fclose(file);
		return err_say(err, -EBUSY, "what was changed of it is in use by a living process");
	}
	ret = restore_all(file, link, words, size, err);
	if (ret >= 0)
		unlink(path);
	fclose(file);
	return ret;
}
