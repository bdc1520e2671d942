/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define NETNS_FOLDER "/run/netns"
#define NETNS_CURRENT "/proc/thread-self/ns/net"
#define NETNS_PATH_BYTES 4096

static int netns_refuse(struct err *err, int code)
{
	if (code == -EPERM || code == -EACCES)
		err_add(err, code, " (needs CAP_SYS_ADMIN)");
	return code;
}

static int netns_unknown(const char *name, struct err *err)
{
	DIR *folder = opendir(NETNS_FOLDER);
	const struct dirent *entry;
	const char *before = " (there are: ";

	err_say(err, -ENOENT, "%s: no such network namespace", name);
	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		err_add(err, -ENOENT, "%s%s", before, entry->d_name);
		before = ", ";
	}
	if (folder)
		closedir(folder);
	return err_add(err, -ENOENT, "%s", *before == ',' ? ")" : " (there is none with a name)");
}

static bool netns_is_name(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") && strcmp(name, "..") &&
	       strlen(name) <= 255;
}

int netns_open(const char *netns, struct err *err)
{
	char path[NETNS_PATH_BYTES];
	bool is_path = strchr(netns, '/');
	int fd;

	if (!is_path && !netns_is_name(netns))
		return netns_unknown(netns, err);
	snprintf(path, sizeof(path), "%s%s", is_path ? "" : NETNS_FOLDER "/", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return netns_unknown(netns, err);
	return netns_refuse(err, err_set(err, -errno, "open network namespace %s", netns));
}

int netns_enter(const char *netns, struct err *err)
{
	int back, there, code = 0;

	if (!netns || !*netns)
		return NETNS_HERE;
	there = netns_open(netns, err);
	if (there < 0)
		return there;
	back = open(NETNS_CURRENT, O_RDONLY | O_CLOEXEC);
	if (back < 0)
		code = err_set(err, -errno, "open " NETNS_CURRENT);
	else if (setns(there, CLONE_NEWNET))
		code = errno == EINVAL
			       ? err_say(err, -EINVAL, "%s is not a network namespace", netns)
			       : err_set(err, -errno, "enter network namespace %s", netns);
	close(there);
	if (!code)
		return back;
	if (back >= 0)
		close(back);
	return netns_refuse(err, code);
}

void netns_leave(int back)
{
	if (back < 0 || back == NETNS_HERE)
		return;
	/* Only fails without the capability that entering took. To go on in the wrong namespace
	 * would act on the wrong interfaces. */
	if (setns(back, CLONE_NEWNET))
		abort();
	close(back);
}

/* Makes /run/netns, shared, so that names made here show up in every mount namespace, as
 * ip-netns(8) does; returns it locked, for two at once would mount it twice. */
static int netns_open_folder(struct err *err)
{
	int fd, code;

	if (mkdir(NETNS_FOLDER, 0755) && errno != EEXIST)
		return err_set(err, -errno, "make " NETNS_FOLDER);
	fd = open(NETNS_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX)) {
		code = err_set(err, -errno, "lock " NETNS_FOLDER);
		goto out_close;
	}
	if (!mount("", NETNS_FOLDER, "none", MS_SHARED | MS_REC, NULL))
		return fd;
	if (errno != EINVAL || mount(NETNS_FOLDER, NETNS_FOLDER, "none", MS_BIND | MS_REC, NULL) ||
		mount("", NETNS_FOLDER, "none", MS_SHARED | MS_REC, NULL)) {
		code = err_set(err, -errno, "make " NETNS_FOLDER " a shared mount");
		goto out_close;
	}
	return fd;
out_close:
	if (fd >= 0)
		close(fd);
	return code;
}

static int netns_raise_loopback(struct err *err)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), code = 0;

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		code = err_set(err, -errno, "set lo up");
	if (fd >= 0)
		close(fd);
	return code;
}

struct netns_birth {
	const char *path;
	struct err *err;
	int code;
};

static void *netns_give_birth(void *context)
{
	struct netns_birth *birth = context;

	if (unshare(CLONE_NEWNET))
		birth->code = err_set(birth->err, -errno, "make a network namespace");
	else
		birth->code = netns_raise_loopback(birth->err);
	if (!birth->code && mount(NETNS_CURRENT, birth->path, "none", MS_BIND, NULL))
		birth->code = err_set(birth->err, -errno, "mount it on %s", birth->path);
	return NULL;
}

/* In a thread of its own, so that no failure can leave the caller in another namespace. */
static int netns_mount(const char *path, struct err *err)
{
	struct netns_birth birth = { .path = path, .err = err };
	pthread_t thread;
	int code = -pthread_create(&thread, NULL, netns_give_birth, &birth);

	if (code)
		return err_set(err, code, "start a thread");
	pthread_join(thread, NULL);
	return birth.code;
}

int netns_add(const char *name, struct err *err)
{
	char path[NETNS_PATH_BYTES];
	int folder, file, code;

	if (!netns_is_name(name))
		return err_say(err, -EINVAL, "not a name for a network namespace: %s", name);
	snprintf(path, sizeof(path), NETNS_FOLDER "/%s", name);
	folder = netns_open_folder(err);
	if (folder < 0)
		return netns_refuse(err, folder);
	file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
	if (file < 0) {
		code = err_set(err, -errno, "make network namespace %s", name);
		goto out_close;
	}
	close(file);
	code = netns_mount(path, err);
	if (code) {
		err_where(err, code, "network namespace %s", name);
		unlink(path);
	}
out_close:
	close(folder);
	return netns_refuse(err, code);
}

int netns_delete(const char *name, struct err *err)
{
	char path[NETNS_PATH_BYTES];
	int code = 0;

	if (!netns_is_name(name))
		return netns_unknown(name, err);
	snprintf(path, sizeof(path), NETNS_FOLDER "/%s", name);
	/* EINVAL: nothing mounted there, a file left over by somebody who died half-way */
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) && errno != EINVAL)
		code = -errno;
	else if (unlink(path))
		code = -errno;
	if (code == -ENOENT)
		return netns_unknown(name, err);
	return code ? netns_refuse(err, err_set(err, code, "remove network namespace %s", name))
		    : 0;
}
