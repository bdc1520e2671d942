// SPDX-License-Identifier: BSD-2-Clause
/* What a source gets in the kernel half that sends more than it may, against a bucket that is exact: of a kernel half's
 * packets most are refused by the coarse clock, which is late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sched.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "halves.h"

#define PPS 2000
#define SECONDS 2
/* The kernel's slowest tick (CONFIG_HZ = 100): so late is the coarse clock at most. */
#define TICK_NS (10 * NSEC_PER_MSEC)
/* What passes before anybody looks: half a burst of the sketch's cells, which is 50 ms of half the rate. */
#define UNSEEN (PPS / 20 + 1)
/* On a busy machine the sender has to wait now and then; meanwhile the cells empty at half the rate. */
#define PAUSE_NS (2 * NSEC_PER_MSEC)

/* A bucket of 100 ms: tokens that have come since are in it. */
static bool take(double *tokens, uint64_t *last_ns, uint64_t now_ns)
{
	*tokens += (double)(now_ns - *last_ns) * PPS / NSEC_PER_SEC;
	if (*tokens > PPS / 10)
		*tokens = PPS / 10;
	*last_ns = now_ns;
	if (*tokens < 1)
		return false;
	*tokens -= 1;
	return true;
}

static void test_a_source_over_its_limit_gets_what_an_exact_bucket_gives(void **state)
{
	struct halves *halves = halves_open("source_pps = 2000", NULL);
	const struct packet packet = V4(.source = "192.0.2.2");
	uint8_t frame[PACKET_BYTES_MAX];
	size_t length = packet_build(&packet, frame);
	uint64_t start_ns = clock_now_ns(), now_ns = start_ns, last_ns = start_ns;
	uint64_t paused_ns = 0, then_ns;
	unsigned passed = 0, exact = 0;
	double tokens = PPS / 10;
	struct judged judged;

	(void)state;
	while (halves->kernel && now_ns - start_ns < SECONDS * NSEC_PER_SEC) {
		halves_run_kernel(halves->kernel, frame, length, &judged);
		then_ns = now_ns;
		now_ns = clock_now_ns();
		if (now_ns - then_ns > PAUSE_NS)
			paused_ns += now_ns - then_ns;
		passed += judged.outcome == OUTCOME_TX;
		exact += take(&tokens, &last_ns, now_ns);
	}
	printf("%u passed, %u of an exact bucket\n", passed, exact);
	if (halves->kernel)
		assert_in_range(passed, exact - 1 - PPS * TICK_NS / NSEC_PER_SEC,
			exact + 1 + UNSEEN + paused_ns * PPS / 2 / NSEC_PER_SEC);
	halves_close(halves);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_source_over_its_limit_gets_what_an_exact_bucket_gives),
	};

	/* each CPU has a sketch of its own */
	cpu_pin((uint32_t)sched_getcpu(), &(struct err){ "" });
	if (cmocka_run_group_tests(tests, NULL, NULL))
		return 1;
	return halves_exit_status();
}
