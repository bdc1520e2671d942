/* SPDX-License-Identifier: BSD-2-Clause */
/* What the doctor found, kept, and printed as text or as one JSON object. */
#ifndef RINGSIDE_DOCTOR_REPORT_H
#define RINGSIDE_DOCTOR_REPORT_H

#include <stdbool.h>

#include "doctor/doctor.h"

struct doctor_line {
	char scope[IFNAMSIZ];
	const struct probe *probe;
	struct finding finding;
};

struct doctor_report {
	unsigned count;
	struct doctor_line *lines; /* owned */
	bool out_of_memory;
	bool good; /* nothing stops Ringside */
};

/* Examines anew; what was there before is forgotten. 0 or -ENOMEM. */
int doctor_report_fill(struct doctor_report *report, const struct config *config, bool passive);
void doctor_report_fini(struct doctor_report *report);

void doctor_report_print_text(const struct doctor_report *report);
void doctor_report_print_json(const struct doctor_report *report);

/* Runs the command of each line that has one and one that undoes it, printing both to standard error
 * first. Returns how many failed. */
unsigned doctor_report_fix(const struct doctor_report *report);

#endif
