// SPDX-License-Identifier: BSD-2-Clause
#include "base/person.h"

#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEVICES "/dev/"

void person_read(char person[PERSON_BYTES])
{
	const struct passwd *user = getpwuid(getuid());
	char terminal[64] = "", name[PERSON_BYTES];
	const char *shown;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && !*terminal; fd++)
		if (ttyname_r(fd, terminal, sizeof(terminal)))
			terminal[0] = '\0';
	shown = strncmp(terminal, DEVICES, strlen(DEVICES)) ? terminal : terminal + strlen(DEVICES);
	if (user)
		snprintf(name, sizeof(name), "%s", user->pw_name);
	else
		snprintf(name, sizeof(name), "uid %u", getuid());
	snprintf(person, PERSON_BYTES, "%.15s%s%.14s", name, *shown ? " " : "", shown);
}

bool person_is_plain(const char *text)
{
	size_t length = strlen(text);

	for (const char *c = text; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr(" ._/@-", *c))
			return false;
	return length && length < PERSON_BYTES;
}
