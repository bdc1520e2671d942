// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/runtime.h"
#include "control/server.h"

int sockets_local(const char *path, struct log *log, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, -ENAMETOOLONG, "%s", path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(err, -errno, "make the control socket");
	fchmod(fd, 0600); /* of the file that bind() makes: nobody gets in before it is shared */
	if (unlink(path) && errno != ENOENT)
		goto fail;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		goto fail;
	if (!runtime_share(path, 0660))
		log_write(log, LOG_INFO, "%s: there is no group %s: only root may use it", path,
			RUNTIME_GROUP);
	if (!listen(fd, SOMAXCONN))
		return fd;
fail:
	err_set(err, -errno, "%s", path);
	close(fd);
	return -EIO;
}

int sockets_tcp(const struct sockaddr_storage *address, struct err *err)
{
	const bool v6 = address->ss_family == AF_INET6;
	socklen_t size = v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1;

	if (fd < 0)
		return err_set(err, -errno, "[api] listen");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (v6) /* [::] is no promise to listen to IPv4 as well */
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (!bind(fd, (const struct sockaddr *)address, size) && !listen(fd, SOMAXCONN))
		return fd;
	err_set(err, -errno, "[api] listen");
	close(fd);
	return -EIO;
}
