/* SPDX-License-Identifier: BSD-2-Clause */
/* What a worker's statistics cost a packet at each level, as the dashboard shows it: three numbers in
 * nanoseconds. The best of many tries, since other programs only make it more. */
#include <stdio.h>

#include "worker/price.h"

#define TRIES 50

int main(void)
{
	double best[LEVEL_DEBUG + 1], ns[LEVEL_DEBUG + 1];

	price_measure(best);
	for (unsigned i = 1; i < TRIES; i++) {
		price_measure(ns);
		for (unsigned level = 0; level <= LEVEL_DEBUG; level++)
			if (ns[level] < best[level])
				best[level] = ns[level];
	}
	printf("%.2f %.2f %.2f\n", best[LEVEL_BASIC], best[LEVEL_DETAILED], best[LEVEL_DEBUG]);
	return 0;
}
