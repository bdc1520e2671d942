/* SPDX-License-Identifier: BSD-2-Clause */
/* What statistics cost a packet at each level, as the dashboard shows it: of a worker and of the kernel half, a
 * line of three numbers in nanoseconds each; the kernel half's have their errors behind them. Of a worker it is the
 * best of many tries, since other programs only make it more. The kernel half needs root. */
#include <stdio.h>

#include "worker/price.h"

#define TRIES 50

static void print(const double ns[LEVEL_DEBUG + 1])
{
	printf("%.2f %.2f %.2f\n", ns[LEVEL_BASIC], ns[LEVEL_DETAILED], ns[LEVEL_DEBUG]);
}

int main(void)
{
	double best[LEVEL_DEBUG + 1], ns[LEVEL_DEBUG + 1];
	struct price price[LEVEL_DEBUG + 1];
	struct err err = { "" };

	price_measure(best);
	for (unsigned i = 1; i < TRIES; i++) {
		price_measure(ns);
		for (unsigned level = 0; level <= LEVEL_DEBUG; level++)
			if (ns[level] < best[level])
				best[level] = ns[level];
	}
	print(best);
	if (price_measure_kernel(price, NULL, &err)) {
		fprintf(stderr, "kernel half: %s\n", err.text);
		return 1;
	}
	for (unsigned level = 0; level <= LEVEL_DEBUG; level++)
		printf("%.2f %.2f%c", price[level].ns, price[level].error_ns,
			level == LEVEL_DEBUG ? '\n' : ' ');
	return 0;
}
