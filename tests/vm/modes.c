/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel says of a process's AF_XDP sockets: one line each, "zero copy" or "copy", by
 * getsockopt(XDP_OPTIONS) on a copy of its descriptor. What Ringside shows is compared with this.
 * usage: modes PID
 */
#include <dirent.h>
#include <linux/if_xdp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef AF_XDP
#define AF_XDP 44
#endif
#ifndef SOL_XDP
#define SOL_XDP 283
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

static void print_mode(int fd)
{
	struct xdp_options options = { 0 };
	socklen_t size = sizeof(options);
	int family = 0;
	socklen_t family_size = sizeof(family);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &family_size) || family != AF_XDP)
		return;
	if (getsockopt(fd, SOL_XDP, XDP_OPTIONS, &options, &size))
		puts("unknown");
	else
		puts(options.flags & XDP_OPTIONS_ZEROCOPY ? "zero copy" : "copy");
}

int main(int argc, char **argv)
{
	int process = argc == 2 ? (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0) : -1;
	char path[64];
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", argc == 2 ? atoi(argv[1]) : 0);
	folder = opendir(path);
	if (process < 0 || !folder) {
		perror("modes");
		return 1;
	}
	while ((entry = readdir(folder))) {
		int fd = (int)syscall(SYS_pidfd_getfd, process, atoi(entry->d_name), 0);

		if (entry->d_name[0] == '.' || fd < 0)
			continue;
		print_mode(fd);
		close(fd);
	}
	closedir(folder);
	close(process);
	return 0;
}
