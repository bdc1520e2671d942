/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why something failed, in words. Whoever meets a failure says what it was doing and with what;
 * callers add where. Only main() prints the result: "ringside: WHERE: WHAT: WHY".
 */
#ifndef RINGSIDE_ERR_H
#define RINGSIDE_ERR_H

#define ERR_BYTES 2048

struct err {
	char text[ERR_BYTES]; /* empty when nothing was set; cut at its size, always terminated */
};

/* Sets the text to the formatted words and ": " and the name of -code, as strerror has it; for a code
 * that a capability would cure, the caller names it in the words. Returns code. err may be NULL. */
int err_set(struct err *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Sets the text to the formatted words alone, for failures that no errno describes. Returns code. */
int err_say(struct err *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts the formatted words and ": " in front of the text. Returns code. */
int err_where(struct err *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Appends formatted words behind the text as they are. Returns code. */
int err_add(struct err *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
