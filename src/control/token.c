// SPDX-License-Identifier: BSD-2-Clause
#include "control/token.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static int judge_file(int fd, const char *path, struct err *err)
{
	struct stat status;

	if (fstat(fd, &status))
		return err_set(err, -errno, "%s", path);
	if (!S_ISREG(status.st_mode))
		return err_say(err, -EINVAL, "%s: not a file", path);
	if (status.st_mode & S_IRWXO)
		return err_say(
			err, -EPERM, "%s: everybody may read the token: chmod o= %s", path, path);
	return 0;
}

int token_read(struct token *token, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), ret;
	ssize_t size;
	size_t length;

	*token = (struct token){ 0 };
	if (fd < 0)
		return err_set(err, -errno, "%s", path);
	ret = judge_file(fd, path, err);
	if (!ret) {
		size = read(fd, token->text, sizeof(token->text) - 1);
		ret = size < 0 ? err_set(err, -errno, "%s", path) : 0;
	}
	close(fd);
	if (ret)
		return ret;
	length = strcspn(token->text, " \t\r\n");
	if (length < TOKEN_MIN || length == sizeof(token->text) - 1)
		return err_say(err, -EINVAL,
			"%s: the first line is no token of %d to %d characters", path, TOKEN_MIN,
			TOKEN_BYTES - 2);
	memset(token->text + length, 0, sizeof(token->text) - length);
	token->given = true;
	return 0;
}

bool token_is(const struct token *token, const char *header)
{
	char given[TOKEN_BYTES] = { 0 };
	unsigned char difference = 0;

	if (!token->given || !header || strncasecmp(header, "Bearer ", 7) != 0 ||
		strlen(header + 7) >= sizeof(given))
		return false;
	memcpy(given, header + 7, strlen(header + 7));
	for (unsigned i = 0; i < sizeof(given); i++)
		difference |= (unsigned char)(given[i] ^ ((const volatile char *)token->text)[i]);
	return !difference;
}
