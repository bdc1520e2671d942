/* SPDX-License-Identifier: BSD-2-Clause */
/* What a confined thread can no longer do, tried in children, since it is for ever. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/confine.h"
#include "base/privilege.h"
#include "io/io.h"

#define DIED_OF_A_CALL 100

/* What became of a child that did this: its exit status, or DIED_OF_A_CALL. */
static int outcome_of(int (*work)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child)
		_exit(work());
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGSYS);
		return DIED_OF_A_CALL;
	}
	return WEXITSTATUS(status);
}

/* Sanitizers need more calls than a worker: their builds confine nobody, and the work is done. */
static void assert_dies(int (*work)(void))
{
	assert_int_equal(outcome_of(work), confine_is_built() ? DIED_OF_A_CALL : 0);
}

static int confine(const struct confine_rule *rules)
{
	const struct confine_rule *const lists[] = { rules, NULL };

	return confine_thread(lists, NULL);
}

static int do_what_workers_do(void)
{
	int null = open("/dev/null", O_WRONLY);
	struct timespec pause = { .tv_nsec = 1 };
	char *memory;

	if (confine(io_af_xdp.calls))
		return 1;
	memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || munmap(memory, 1 << 20))
		return 2;
	memory = malloc(8 << 20);
	if (!memory || write(null, memory, 1) != 1)
		return 3;
	free(memory);
	return nanosleep(&pause, NULL) ? 4 : 0;
}

static int open_a_file(void)
{
	return confine(io_af_xdp.calls) || open("/dev/null", O_RDONLY) < 0;
}

static int open_a_socket(void)
{
	return confine(io_af_packet.calls) || socket(AF_UNIX, SOCK_STREAM, 0) < 0;
}

static int make_memory_executable(void)
{
	void *memory;

	if (confine(io_af_xdp.calls))
		return 1;
	memory = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return memory == MAP_FAILED;
}

static int execute_a_program(void)
{
	if (confine(io_pcap_file.calls))
		return 1;
	execl("/bin/true", "true", (char *)NULL);
	return 2;
}

static int ask_for_a_map(void)
{
	if (confine(io_af_xdp.calls))
		return 1;
	syscall(SYS_bpf, 0, NULL, 0);
	return 0;
}

/* One of a pair of sockets, for the calls that workers make on theirs. */
static int any_socket(void)
{
	int ends[2];

	return socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) ? -1 : ends[0];
}

static int wake_the_kernel(void)
{
	int fd = any_socket();

	if (fd < 0 || confine(io_af_xdp.calls))
		return 1;
	sendto(fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
	return recvfrom(fd, NULL, 0, MSG_DONTWAIT, NULL, NULL) < 0 && errno != EAGAIN;
}

static int send_bytes(void)
{
	int fd = any_socket();

	if (fd < 0 || confine(io_af_xdp.calls))
		return 1;
	return sendto(fd, "secret", 6, MSG_DONTWAIT, NULL, 0) != 6;
}

static void test_a_worker_may_do_what_its_loop_does(void **state)
{
	(void)state;
	assert_int_equal(outcome_of(do_what_workers_do), 0);
	assert_int_equal(outcome_of(wake_the_kernel), 0);
}

static void test_a_worker_that_calls_something_else_dies_in_a_build_for_tests(void **state)
{
	(void)state;
	assert_dies(open_a_file);
	assert_dies(open_a_socket);
	assert_dies(make_memory_executable);
	assert_dies(execute_a_program);
	assert_dies(ask_for_a_map);
}

static void test_an_af_xdp_worker_can_wake_the_kernel_but_send_nothing(void **state)
{
	(void)state;
	assert_dies(send_bytes);
}

static bool can_open_packet_sockets(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int give_up_all_but_one(void)
{
	if (privilege_keep(PRIVILEGE(CAP_NET_RAW), NULL))
		return 1;
	if (!can_open_packet_sockets() || !privilege_has(CAP_NET_RAW))
		return 2;
	for (unsigned i = 0; i <= CAP_LAST_CAP; i++)
		if (i != CAP_NET_RAW && (privilege_has(i) || prctl(PR_CAPBSET_READ, i) == 1))
			return 3;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
}

static int give_up_everything_twice(void)
{
	if (privilege_keep(0, NULL) || can_open_packet_sockets())
		return 1;
	/* what is gone does not come back */
	if (privilege_keep(~0ull, NULL) || can_open_packet_sockets() || privilege_has(CAP_NET_RAW))
		return 2;
	/* root without capabilities gets none by executing something, either */
	execl("/bin/sh", "sh", "-c", "grep -q '^CapEff:.0*$' /proc/self/status", (char *)NULL);
	return 3;
}

static void test_what_is_not_kept_is_gone_for_ever(void **state)
{
	(void)state;
	if (!privilege_has(CAP_SETPCAP) || !privilege_has(CAP_NET_RAW))
		skip();
	assert_int_equal(outcome_of(give_up_all_but_one), 0);
	assert_int_equal(outcome_of(give_up_everything_twice), 0);
}

static void test_capabilities_have_the_names_that_users_know(void **state)
{
	char name[PRIVILEGE_NAME_BYTES];

	(void)state;
	assert_string_equal(privilege_name(CAP_NET_ADMIN, name), "CAP_NET_ADMIN");
	assert_string_equal(privilege_name(CAP_PERFMON, name), "CAP_PERFMON");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_worker_may_do_what_its_loop_does),
		cmocka_unit_test(test_a_worker_that_calls_something_else_dies_in_a_build_for_tests),
		cmocka_unit_test(test_an_af_xdp_worker_can_wake_the_kernel_but_send_nothing),
		cmocka_unit_test(test_what_is_not_kept_is_gone_for_ever),
		cmocka_unit_test(test_capabilities_have_the_names_that_users_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
