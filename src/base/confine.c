/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/confine.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#ifdef __has_feature /* clang */
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#ifdef RINGSIDE_STRICT
#define OTHERWISE SCMP_ACT_KILL_PROCESS
#else
#define OTHERWISE SCMP_ACT_ERRNO(EPERM)
#endif

#define WITHOUT(argument, bits)                                                                    \
	1,                                                                                         \
	{                                                                                          \
		{                                                                                  \
			argument, bits, 0                                                          \
		}                                                                                  \
	}
#define IOCTL(request)                                                                             \
	{                                                                                          \
		__NR_ioctl, 1,                                                                     \
		{                                                                                  \
			{                                                                          \
				1, UINT32_MAX, request                                             \
			}                                                                          \
		}                                                                                  \
	}

const struct confine_rule confine_common[] = {
	{ .call = __NR_futex },
	{ .call = __NR_poll },
	{ .call = __NR_ppoll },
	{ .call = __NR_clock_gettime }, /* where the vDSO does not know the clock */
	{ .call = __NR_clock_nanosleep },
	{ .call = __NR_sched_yield },
	{ .call = __NR_restart_syscall },
	/* memory */
	{ __NR_mmap, WITHOUT(2, PROT_EXEC) },
	{ __NR_mprotect, WITHOUT(2, PROT_EXEC) },
	{ .call = __NR_mremap },
	{ .call = __NR_munmap },
	{ .call = __NR_madvise },
	{ .call = __NR_brk },
	/* descriptors that are open: eventfds, the log */
	{ .call = __NR_read },
	{ .call = __NR_write },
	/* the end, a crash among them, whose handler (tui/rescue.c) restores the terminal */
	{ .call = __NR_exit },
	{ .call = __NR_exit_group },
	{ .call = __NR_rt_sigprocmask },
	{ .call = __NR_rt_sigaction },
	{ .call = __NR_rt_sigreturn },
	{ .call = __NR_getpid },
	{ .call = __NR_geteuid },
	{ .call = __NR_gettid },
	{ .call = __NR_tgkill },
	IOCTL(TCGETS),
	IOCTL(TCSETS),
	IOCTL(TCFLSH),
	{ .call = CONFINE_END },
};

bool confine_is_built(void)
{
	return !SANITIZED;
}

static int add_rule(scmp_filter_ctx filter, const struct confine_rule *rule)
{
	struct scmp_arg_cmp conditions[CONFINE_CONDITIONS];

	for (unsigned i = 0; i < rule->conditions_count; i++) {
		const struct confine_condition *condition = &rule->conditions[i];

		conditions[i] = SCMP_CMP(
			condition->argument, SCMP_CMP_MASKED_EQ, condition->mask, condition->value);
	}
	return seccomp_rule_add_array(
		filter, SCMP_ACT_ALLOW, rule->call, rule->conditions_count, conditions);
}

static int add_list(scmp_filter_ctx filter, const struct confine_rule *rules)
{
	int code = 0;

	for (; !code && rules->call != CONFINE_END; rules++)
		code = add_rule(filter, rules);
	return code;
}

int confine_thread(const struct confine_rule *const *lists, struct err *err)
{
	scmp_filter_ctx filter;
	int code;

	if (SANITIZED)
		return 0;
	filter = seccomp_init(OTHERWISE);
	if (!filter)
		return err_set(err, -ENOMEM, "make a seccomp filter");
	code = add_list(filter, confine_common);
	for (; !code && *lists; lists++)
		code = add_list(filter, *lists);
	if (code)
		err_set(err, code, "make a seccomp filter");
	else if ((code = seccomp_load(filter)))
		err_set(err, code, "confine a thread by seccomp");
	seccomp_release(filter);
	return code;
}
