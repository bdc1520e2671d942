/* SPDX-License-Identifier: BSD-2-Clause */
/* http's lab: a small site, and clients that browse it on connections that they keep. What the kernel half leaves
 * is answered by a server of Ringside's own. */
#include "cmd/lab_http.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/option.h"
#include "export/writer.h"
#include "stats/units.h"

/* Where nobody but root makes names, so that a known one is ours. */
#define FOLDER "/run"
#define ROOT_BYTES 64
#define CONNECTIONS_DEFAULT 16
#define CONNECTIONS_MAX 512

const struct lab_file lab_files[LAB_FILES] = {
	{ "index.html", 1300 },
	{ "style.css", 900 },
	{ "icon.svg", 320 },
	{ "photo.jpg", 40000 },
	{ "film.mp4", 150001 },
};

static const char *root_path(char path[ROOT_BYTES], long pid)
{
	snprintf(path, ROOT_BYTES, FOLDER "/" LAB_PREFIX "%ld-root", pid);
	return path;
}

static int prepare(struct lab_options *options, struct err *err)
{
	const struct option row = { .min = 1, .max = CONNECTIONS_MAX };
	char path[ROOT_BYTES];

	options->connections = CONNECTIONS_DEFAULT;
	if (options->connections_text &&
		option_u32(&row, options->connections_text, &options->connections, err))
		return err_where(err, -EINVAL, "--connections");
	if (lab_options_set(options, err, "root=%s", root_path(path, getpid())))
		return -EINVAL;
	return lab_options_set(options, err, "fallback=own");
}

static int write_file(const char *root, unsigned number, struct err *err)
{
	const struct lab_file *file = &lab_files[number];
	char path[ROOT_BYTES + 32];
	FILE *out;
	int code;

	snprintf(path, sizeof(path), "%s/%s", root, file->name);
	out = fopen(path, "wxe");
	if (!out)
		return err_set(err, -errno, "make %s", path);
	for (uint32_t at = 0; at < file->bytes; at++)
		putc_unlocked(lab_file_byte(number, at), out);
	code = ferror(out) ? -EIO : 0;
	if (fclose(out) && !code)
		code = -errno;
	return code ? err_set(err, code, "write %s", path) : 0;
}

static void remove_root(const char *root)
{
	char path[ROOT_BYTES + 32];

	for (unsigned i = 0; i < LAB_FILES; i++) {
		snprintf(path, sizeof(path), "%s/%s", root, lab_files[i].name);
		unlink(path);
	}
	rmdir(root);
}

static void remove_leftovers(void)
{
	DIR *folder = opendir(FOLDER);
	const struct dirent *entry;
	char root[ROOT_BYTES];
	long pid;

	while (folder && (entry = readdir(folder)))
		if (lab_is_leftover(entry->d_name) &&
			sscanf(entry->d_name, LAB_PREFIX "%ld", &pid) == 1)
			remove_root(root_path(root, pid));
	if (folder)
		closedir(folder);
}

static int furnish(struct lab_options *options, enum lab_end end, struct err *err)
{
	char root[ROOT_BYTES];
	int code = 0;

	(void)options;
	if (end != LAB_SERVICE)
		return 0;
	remove_leftovers();
	if (mkdir(root_path(root, getpid()), 0755))
		return err_set(err, -errno, "make %s", root);
	for (unsigned i = 0; i < LAB_FILES && !code; i++)
		code = write_file(root, i, err);
	return code;
}

static void clear(struct lab_options *options)
{
	char root[ROOT_BYTES];

	(void)options;
	remove_root(root_path(root, getpid()));
}

static void test(const struct lab_options *options, struct lab_result *result)
{
	lab_http_browse(options->connections, options->duration_ns, options->traffic.ipv6,
		(struct lab_visit *)result);
}

static void print(const struct lab_result *result, char *line, size_t size)
{
	const struct lab_visit *visit = (const struct lab_visit *)result;
	const uint64_t count = histogram_count(&visit->latency);
	char p50[UNITS_BYTES], p99[UNITS_BYTES];
	struct writer out;

	writer_init(&out, line, size);
	writer_format(&out,
		"requests %" PRIu64 ", answers %" PRIu64 ", wrong %" PRIu64 ", connections %" PRIu64
		", broken %" PRIu64,
		visit->requests, visit->answers, visit->wrong, visit->connections, visit->broken);
	if (count)
		writer_format(&out, "; request to answer p50 %s, p99 %s",
			units_ns(p50, sizeof(p50),
				histogram_percentile(&visit->latency, count, 500000)),
			units_ns(p99, sizeof(p99),
				histogram_percentile(&visit->latency, count, 990000)));
}

static const char *const arguments[] = { "connections", "ipv6", NULL };

const struct lab_service lab_http = {
	.name = "http",
	.takes = arguments,
	.result_bytes = sizeof(struct lab_visit),
	.prepare = prepare,
	.furnish = furnish,
	.clear = clear,
	.test = test,
	.print = print,
};
