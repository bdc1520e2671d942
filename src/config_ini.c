/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads an INI file. inih splits the lines; it gives no line numbers, cuts long lines, takes an
 * indented key for the continuation of the one before and does not report empty sections, so it is
 * fed by a reader of our own that does all of this: titles, and lists that go on in the next line,
 * never reach inih.
 */
#include "config_text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (1024 * 1024)

/* Where the reading of a file stands. */
struct reader {
	const char *path;
	char *next, *end; /* what is left of the file */
	unsigned line; /* of what was read last */
	char where[PATH_MAX + 16];
	bool expects_key; /* inih was given a line and has not called back */
	bool is_skipping; /* inside a section that is unknown to us */
	int section; /* index of the current section, -1 before the first */
	struct config_text *text;
	struct config_problems *problems;
	bool out_of_memory;
};

/* Reads the whole file. Returns its bytes, terminated and owned by the caller, or NULL. */
static char *read_file(int fd, size_t size, ssize_t *length)
{
	char *bytes = malloc(size + 1);

	*length = 0;
	while (bytes) {
		ssize_t n = read(fd, bytes + *length, size - (size_t)*length);

		if (n < 0 && errno != EINTR) {
			free(bytes);
			return NULL;
		}
		if (n > 0)
			*length += n;
		if (!n || (size_t)*length == size) {
			bytes[*length] = 0;
			break;
		}
	}
	return bytes;
}

/* Lists one problem that says why the file cannot be a configuration. */
static int refuse(struct reader *reader, int code, const char *why)
{
	config_problem(reader->problems, "%s: %s", reader->path, why);
	return code;
}

/* Looks for the first byte that no text file has. */
static int check_is_text(struct reader *reader)
{
	unsigned line = 1;

	for (char *at = reader->next; at < reader->end; at++) {
		unsigned char c = (unsigned char)*at;
		bool ends_line = c == '\r' && at + 1 < reader->end && at[1] == '\n';

		line += c == '\n';
		if (c >= 0x20 && c != 0x7f)
			continue;
		if (c == '\t' || c == '\n' || c == '\f' || ends_line)
			continue;
		config_problem(reader->problems, "%s:%u: not a text file: it has a byte 0x%02x",
			reader->path, line, c);
		return -EINVAL;
	}
	return 0;
}

/* Opens the file and reads it, when it can be a configuration. *bytes is owned by the caller. */
static int load(struct reader *reader, char **bytes)
{
	/* O_NONBLOCK: a named pipe is refused, not waited for */
	int fd = open(reader->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), code = 0;
	ssize_t length;
	struct stat st;

	if (fd < 0)
		return refuse(reader, -errno, strerror(errno));
	if (fstat(fd, &st))
		code = refuse(reader, -errno, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		code = refuse(reader, -EISDIR, "a directory, not a file");
	else if (!S_ISREG(st.st_mode))
		code = refuse(reader, -EINVAL, "not a regular file");
	else if (st.st_size > FILE_BYTES_MAX)
		code = refuse(reader, -EFBIG, "too large for a configuration (at most 1 MB)");
	if (code)
		goto out_close;
	*bytes = read_file(fd, (size_t)st.st_size, &length);
	if (!*bytes)
		code = refuse(reader, -EIO, strerror(errno));
	else if (!length)
		code = refuse(reader, -EINVAL, "the file is empty");
	if (code)
		goto out_close;
	reader->next = *bytes;
	reader->end = *bytes + length;
	if (length >= 3 && !memcmp(*bytes, "\xef\xbb\xbf", 3))
		reader->next += 3;
	code = check_is_text(reader);
out_close:
	close(fd);
	return code;
}

/* Cuts a comment: a line that begins with ; or #, or what follows a blank and ;. */
static void cut_comment(char *line)
{
	if (*line == '#' || *line == ';')
		*line = 0;
	for (char *at = line; *at; at++) {
		if (*at == ';' && at > line && isspace((unsigned char)at[-1])) {
			*at = 0;
			return;
		}
	}
}

/* Brings "  interface   eth0 " into the shape "interface eth0". */
static void squeeze(char *title)
{
	char *to = title;

	for (char *from = title; *from; from++) {
		bool is_blank = isspace((unsigned char)*from);

		if (is_blank && (to == title || to[-1] == ' '))
			continue;
		*to++ = is_blank ? ' ' : *from;
	}
	while (to > title && to[-1] == ' ')
		to--;
	*to = 0;
}

/* Takes a line "[TITLE]". */
static void take_title(struct reader *reader, char *line)
{
	char *end = strchr(line, ']');
	struct config_section *section;

	reader->is_skipping = true;
	if (!end || end[1]) {
		config_problem(reader->problems, "%s: %s in the title of a section: '%s'",
			reader->where, end ? "text behind ']'" : "no ']'", line);
		return;
	}
	*end = 0;
	squeeze(line + 1);
	reader->is_skipping = false;
	section = config_text_find(reader->text, line + 1);
	if (section) {
		config_problem(reader->problems, "%s: [%s] is given twice: first at %s",
			reader->where, section->title, section->where);
		reader->section = (int)(section - reader->text->sections);
		return;
	}
	if (!config_text_add(reader->text, line + 1, reader->where, reader->line))
		reader->out_of_memory = true;
	reader->section = (int)reader->text->count - 1;
}

/* True when the line begins like "key =": it is not the rest of a list. */
static bool is_key_line(const char *line)
{
	size_t length = strspn(line, "abcdefghijklmnopqrstuvwxyz_-");

	line += length;
	while (isspace((unsigned char)*line))
		line++;
	return length && *line == '=';
}

/* A list goes on behind a comma at a line's end. Appends the line to the newest value and
 * returns true when that has one. */
static bool take_rest_of_list(struct reader *reader, const char *line)
{
	struct config_section *section;
	struct config_entry *entry;

	if (reader->section < 0 || reader->is_skipping)
		return false;
	section = &reader->text->sections[reader->section];
	if (!section->count)
		return false;
	entry = &section->entries[section->count - 1];
	if (!entry->length || entry->value[entry->length - 1] != ',' || is_key_line(line))
		return false;
	if (!config_entry_append(entry, line, reader->line))
		reader->out_of_memory = true;
	return true;
}

/* After inih has had the line: it does not report those that are neither key nor comment. */
static void expect_key(struct reader *reader, bool expects)
{
	if (reader->expects_key)
		config_problem(
			reader->problems, "%s: neither KEY = VALUE nor [SECTION]", reader->where);
	reader->expects_key = expects;
}

/* Takes the next line off the file, without blanks and comments; NULL at the end. */
static char *next_line(struct reader *reader)
{
	char *line = reader->next, *end;

	if (line >= reader->end)
		return NULL;
	end = memchr(line, '\n', (size_t)(reader->end - line));
	if (!end)
		end = reader->end; /* there is room for the 0: the file was terminated */
	*end = 0;
	reader->next = end + 1;
	reader->line++;
	line = option_trim(line);
	cut_comment(line);
	return option_trim(line);
}

/* inih's reader: like fgets(), the next line that is one key and value, else an empty line. */
static char *read_line(char *buffer, int size, void *stream)
{
	struct reader *reader = stream;
	char *line = next_line(reader);

	expect_key(reader, false);
	buffer[0] = 0;
	if (!line || reader->out_of_memory)
		return NULL;
	snprintf(reader->where, sizeof(reader->where), "%s:%u", reader->path, reader->line);
	if (*line == '[') {
		take_title(reader, line);
	} else if (*line && !take_rest_of_list(reader, line)) {
		if (strlen(line) >= (size_t)size) {
			config_problem(reader->problems,
				"%s: the line is too long: %zu characters (at most %d; a list may "
				"go on in the next line behind a comma)",
				reader->where, strlen(line), size - 1);
			return buffer;
		}
		memcpy(buffer, line, strlen(line) + 1);
		expect_key(reader, true);
	}
	return buffer;
}

/* inih's handler. The section is the reader's: inih never sees a title. */
static int take_key(void *user, const char *title, const char *key, const char *value)
{
	struct reader *reader = user;

	(void)title;
	reader->expects_key = false;
	if (!*key)
		config_problem(reader->problems, "%s: no key before '='", reader->where);
	else if (reader->section < 0 && !reader->is_skipping)
		config_problem(reader->problems, "%s: key '%s' stands before the first [SECTION]",
			reader->where, key);
	else if (!reader->is_skipping &&
		 !config_section_add(
			 &reader->text->sections[reader->section], key, value, reader->where))
		reader->out_of_memory = true;
	return 1;
}

int config_ini_read(struct config_text *text, const char *path, struct config_problems *problems)
{
	struct reader reader = { .path = path, .section = -1, .text = text, .problems = problems };
	char *bytes = NULL;
	int code = load(&reader, &bytes);

	if (!code) {
		ini_parse_stream(read_line, &reader, take_key, &reader);
		if (reader.out_of_memory)
			code = -ENOMEM;
	}
	free(bytes);
	return code;
}
