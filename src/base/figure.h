/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Figures of a service's own: scalars, and bounded tables of rows (consumers, sources, paths, CPUs). A
 * service describes them by the rows below, once, beside its code; a snapshot carries descriptions and
 * values together, without pointers, so that its readers know no service.
 *
 *    static const struct figure_type figures[] = {
 *            { "hits", "requests", "Requests answered.", FIGURE_COUNTER, LEVEL_BASIC },
 *            { "hits_per_second", "requests/s", "…", FIGURE_RATE, LEVEL_BASIC, .of = "hits" },
 *    };
 *    static const struct figure_table tables[] = {
 *            { "consumers", "consumer", "Who reads the ring.", consumer_columns, COUNT, .rows = 32 },
 *    };
 *
 * Ten times a second the service is asked for the values: figure_row() adds a row to a table. What it
 * does not set is unknown.
 */
#ifndef RINGSIDE_FIGURE_H
#define RINGSIDE_FIGURE_H

#include <stdint.h>

#define FIGURE_SCALARS 32 /* of a service */
#define FIGURE_TABLES 8 /* of a service */
#define FIGURE_COLUMNS 12 /* of a table */
#define FIGURE_UNKNOWN UINT64_MAX /* a count that is not known */

enum figure_kind {
	FIGURE_COUNTER, /* only grows */
	FIGURE_GAUGE,
	FIGURE_RATE, /* a second, of the counter that `of` names; readers work it out over their interval */
};

struct figure_type {
	const char *name; /* the key in JSON; letters, digits and _ */
	const char *unit; /* "packets", "bytes", "requests/s", "ns", "" */
	const char *help; /* one sentence */
	enum figure_kind kind;
	unsigned level; /* enum level: the lowest that shows it */
	const char *of; /* FIGURE_RATE: a counter of the same service or table */
};

struct figure_table {
	const char *name; /* the key in JSON: "consumers" */
	const char *row; /* what a row is, the key of its label: "consumer" */
	const char *help;
	const struct figure_type *columns;
	unsigned columns_count; /* at most FIGURE_COLUMNS */
	unsigned rows; /* at most so many are shown; a service with more chooses the top ones */
	const char *
		set; /* a row can be changed by the service's key SET/LABEL (service_type.set); NULL: not */
	const char *set_to; /* what it is set to, in a word: "CPU" */
};

union figure_value {
	uint64_t count; /* FIGURE_COUNTER, FIGURE_GAUGE */
	double rate; /* FIGURE_RATE; NAN: unknown */
};

/* A description as a snapshot carries it. */
struct figure_text {
	char name[32], unit[16], help[112];
	uint32_t kind, level;
	uint32_t of; /* FIGURE_RATE: the counter's number among its neighbours */
	uint32_t pad;
};

/* A row as a snapshot carries it. */
struct figure_row {
	uint32_t table; /* number in the snapshot */
	char label[60]; /* cut when longer; unique in its table */
	union figure_value value[FIGURE_COLUMNS];
};

/* Where a service puts its values, on loan for the call that asks for them. */
struct figure_sample {
	union figure_value figures[FIGURE_SCALARS]; /* in the order of its rows */
	/* figure_row()'s own */
	const struct figure_table *tables;
	unsigned tables_count;
	uint32_t first_table; /* number of tables[0] in the snapshot */
	unsigned table_rows[FIGURE_TABLES];
	struct figure_row *rows;
	uint32_t *rows_count;
	unsigned rows_max;
};

/* Adds a row to the service's table of that number. Returns its values, in the order of the columns and
 * unknown at first; NULL when the table, or the snapshot, has no room for it. */
union figure_value *figure_row(struct figure_sample *sample, unsigned table, const char *label);

/* Sets values to unknown, by their kinds. */
void figure_forget(union figure_value *values, const struct figure_type *types, unsigned count);

/* Copies descriptions as a snapshot carries them. */
void figure_describe(struct figure_text *text, const struct figure_type *types, unsigned index);

#endif
