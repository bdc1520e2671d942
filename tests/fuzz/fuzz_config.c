// SPDX-License-Identifier: BSD-2-Clause
/* Any bytes as a configuration file: read, checked and compiled, or refused with a problem for each fault; what was
 * read prints as a file that reads back. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads what a descriptor has; returns config_init()'s answer. */
static int read_config(int fd, FILE *print_to)
{
	struct config_problems problems = { 0 };
	struct config config = { 0 };
	char path[32];
	const struct config_source source = { .file = path };
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = config_init(&config, &source, &problems);
	if (!ret != !problems.count)
		abort(); /* refused without a word, or taken in spite of one */
	config_fini(&config);
	config_problems_fini(&problems);
	if (!ret && print_to) {
		struct config_problems again = { 0 };

		if (config_print(&source, print_to, &again))
			abort();
		config_problems_fini(&again);
	}
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("ini", MFD_CLOEXEC), printed;
	FILE *print_to;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	printed = memfd_create("printed", MFD_CLOEXEC);
	print_to = fdopen(dup(printed), "w");
	if (!print_to)
		abort();
	if (!read_config(fd, print_to)) {
		fflush(print_to);
		if (read_config(printed, NULL))
			abort(); /* what was printed does not read back */
	}
	fclose(print_to);
	close(printed);
	close(fd);
	return 0;
}
