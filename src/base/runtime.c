// SPDX-License-Identifier: BSD-2-Clause
#include "base/runtime.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOTS_FOLDER "/run/ringside"

unsigned runtime_folders(char folders[RUNTIME_FOLDERS][RUNTIME_PATH_BYTES])
{
	const char *given = getenv("RUNTIME_DIRECTORY"), *user = getenv("XDG_RUNTIME_DIR");
	unsigned count = 0;

	if (given && *given) { /* a list, in systemd's units that have several */
		snprintf(folders[0], RUNTIME_PATH_BYTES, "%.*s", (int)strcspn(given, ":"), given);
		return 1;
	}
	if (geteuid() != 0 && user && *user)
		snprintf(folders[count++], RUNTIME_PATH_BYTES, "%s/ringside", user);
	strcpy(folders[count++], ROOTS_FOLDER);
	return count;
}

int runtime_make(char folder[RUNTIME_PATH_BYTES], struct err *err)
{
	char folders[RUNTIME_FOLDERS][RUNTIME_PATH_BYTES];

	runtime_folders(folders);
	strcpy(folder, folders[0]);
	/* everybody may look inside: so readers can be told who may read a file */
	if (!mkdir(folder, 0755))
		return chmod(folder, 0755) ? err_set(err, -errno, "%s", folder) : 0;
	if (errno != EEXIST)
		return err_set(err, -errno, "make the folder %s", folder);
	return faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS) ? err_set(err, -errno, "%s", folder)
							     : 0;
}

int runtime_path(char path[RUNTIME_PATH_BYTES], const char *folder, const char *name,
	const char *suffix, struct err *err)
{
	int length = snprintf(path, RUNTIME_PATH_BYTES, "%s/%s%s", folder, name, suffix);

	if (length < RUNTIME_PATH_BYTES)
		return 0;
	return err_set(err, -ENAMETOOLONG, "%s/%s%s", folder, name, suffix);
}

bool runtime_share(const char *path, mode_t mode)
{
	const struct group *group = getgrnam(RUNTIME_GROUP);
	bool shared = group && !lchown(path, (uid_t)-1, group->gr_gid);

	return !chmod(path, shared ? mode : mode & ~(mode_t)070) && shared;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

unsigned runtime_names(
	const char *folder, const char *suffix, char names[][RUNTIME_NAME_BYTES], unsigned max)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	unsigned count = 0;

	while (dir && count < max && (entry = readdir(dir))) {
		size_t length = strlen(entry->d_name), end = strlen(suffix);

		if (length <= end || length - end >= RUNTIME_NAME_BYTES ||
			strcmp(entry->d_name + length - end, suffix) != 0)
			continue;
		memcpy(names[count], entry->d_name, length - end);
		names[count++][length - end] = '\0';
	}
	if (dir)
		closedir(dir);
	qsort(names, count, sizeof(names[0]), compare_names);
	return count;
}

int runtime_denied(const char *path, const char *verb, const char *command, struct err *err)
{
	const struct passwd *owner, *user;
	const struct group *group;
	char owner_name[64] = "?", user_name[64] = "?";
	bool is_shared = false;
	struct stat file;

	err_set(err, -EACCES, "cannot %s %s", verb, path);
	if (lstat(path, &file))
		return -EACCES;
	/* each call overwrites what the one before returned */
	owner = getpwuid(file.st_uid);
	if (owner)
		snprintf(owner_name, sizeof(owner_name), "%s", owner->pw_name);
	user = getpwuid(geteuid());
	if (user)
		snprintf(user_name, sizeof(user_name), "%s", user->pw_name);
	group = getgrgid(file.st_gid);
	is_shared = group && !strcmp(group->gr_name, RUNTIME_GROUP) && file.st_mode & S_IRGRP;
	err_add(err, -EACCES, "\nthe file is %s:%s %04o; you are %s (uid %u)", owner_name,
		group ? group->gr_name : "?", (unsigned)file.st_mode & 07777, user_name, geteuid());
	if (is_shared)
		return err_add(err, -EACCES,
			"\nsudo usermod -aG " RUNTIME_GROUP " %s, then log in again; or: sudo %s",
			user_name, command);
	return err_add(err, -EACCES,
		"\nsudo %s; or for all times: sudo groupadd --system " RUNTIME_GROUP
		", sudo usermod -aG " RUNTIME_GROUP
		" %s, start the instance again and log in again",
		command, user_name);
}
