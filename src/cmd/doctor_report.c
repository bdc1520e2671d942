/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/doctor_report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void take(
	void *context, const char *scope, const struct probe *probe, const struct finding *finding)
{
	struct doctor_report *report = context;
	struct doctor_line *lines =
		realloc(report->lines, (report->count + 1) * sizeof(*report->lines));

	if (!lines) {
		report->out_of_memory = true;
		return;
	}
	report->lines = lines;
	lines += report->count++;
	snprintf(lines->scope, sizeof(lines->scope), "%s", scope);
	lines->probe = probe;
	lines->finding = *finding;
}

int doctor_report_fill(struct doctor_report *report, const struct config *config, bool passive)
{
	doctor_report_fini(report);
	report->good = doctor_examine(config, passive, take, report);
	return report->out_of_memory ? -ENOMEM : 0;
}

void doctor_report_fini(struct doctor_report *report)
{
	free(report->lines);
	*report = (struct doctor_report){ 0 };
}

/* Names and values may come from a driver or from whoever named the interface. */
static void print_plain(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

static void print_row(const char *title, const char *text)
{
	printf("                         %s ", title);
	print_plain(text);
	putchar('\n');
}

void doctor_report_print_text(const struct doctor_report *report)
{
	const char *scope = "";
	unsigned states[FINDING_STATES] = { 0 };

	for (unsigned i = 0; i < report->count; i++) {
		const struct doctor_line *line = &report->lines[i];
		const struct finding *finding = &line->finding;

		if (strcmp(scope, line->scope)) {
			printf("%s%s\n", i ? "\n" : "", line->scope);
			scope = line->scope;
		}
		states[finding->state]++;
		printf("  %-7s  %-13s  ", finding_state_names[finding->state], line->probe->name);
		print_plain(finding->value);
		printf("\n                         (%s)\n", line->probe->why);
		if (finding->mend[0])
			print_row("mend:", finding->mend);
		if (finding->undo[0])
			print_row("undo:", finding->undo);
	}
	printf("\n%u ok, %u unknown, %u could be better, %u stop Ringside\n", states[FINDING_OK],
		states[FINDING_UNKNOWN], states[FINDING_WARN], states[FINDING_FAIL]);
}

static void print_json_text(const char *key, const char *text)
{
	printf(", \"%s\": \"", key);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			printf("\\u%04x", (unsigned char)*text);
		else
			putchar(*text);
	}
	putchar('"');
}

void doctor_report_print_json(const struct doctor_report *report)
{
	printf("{\"schema\": 1, \"version\": \"%s\", \"good\": %s, \"checks\": [", PACKAGE_VERSION,
		report->good ? "true" : "false");
	for (unsigned i = 0; i < report->count; i++) {
		const struct doctor_line *line = &report->lines[i];
		const struct finding *finding = &line->finding;

		printf("%s{\"state\": \"%s\"", i ? ", " : "", finding_state_names[finding->state]);
		print_json_text("scope", line->scope);
		print_json_text("name", line->probe->name);
		print_json_text("value", finding->value);
		print_json_text("why", line->probe->why);
		print_json_text("mend", finding->mend);
		print_json_text("undo", finding->undo);
		putchar('}');
	}
	printf("]}\n");
}

/* The words are our own and a shell leaves them alone: see finding_mend(). */
static bool run_command(const char *command)
{
	pid_t child = fork();
	int status;

	if (!child) {
		/* what commands say is no part of the report */
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return child > 0 && WIFEXITED(status) && !WEXITSTATUS(status);
}

unsigned doctor_report_fix(const struct doctor_report *report)
{
	unsigned failed = 0;

	for (unsigned i = 0; i < report->count; i++) {
		const struct finding *finding = &report->lines[i].finding;
		bool done;

		if (finding->state < FINDING_WARN || !finding->mend[0] || !finding->undo[0])
			continue;
		fprintf(stderr, "ringside: doctor: %s (undo: %s)\n", finding->mend, finding->undo);
		done = run_command(finding->mend);
		if (!done)
			fprintf(stderr, "ringside: doctor: that has failed\n");
		failed += !done;
	}
	return failed;
}
