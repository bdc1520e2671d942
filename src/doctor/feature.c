/* SPDX-License-Identifier: BSD-2-Clause */
/* What some services and keys need of the kernel beyond the program itself, found by using it. */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "doctor/code.h"
#include "doctor/doctor.h"

/* Since Linux 6.6; Debian 12's <linux/bpf.h> is that of 6.1. */
#define BPF_TCX_INGRESS_HOOK 46
/* Small: it is never filled. */
#define CPUMAP_SIZE 64

/* A program that says `verdict` to everything, or a negative errno. */
static int load_verdict(enum bpf_prog_type type, enum bpf_attach_type attach, int verdict)
{
	const struct bpf_insn code[] = { LOAD(BPF_REG_0, verdict), EXIT };
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach);
	int fd = bpf_prog_load(type, "doctor", "GPL", code, 2, &options);

	return fd < 0 ? -errno : fd;
}

/* With the program that counts arrivals on the far CPU, as `steer` has one. */
static int fill_cpumap(void)
{
	int map = bpf_map_create(
		BPF_MAP_TYPE_CPUMAP, "doctor", 4, sizeof(struct bpf_cpumap_val), 1, NULL);
	int program = load_verdict(BPF_PROG_TYPE_XDP, BPF_XDP_CPUMAP, XDP_PASS), code = 0;
	const __u32 cpu = 0;
	struct bpf_cpumap_val value = { .qsize = CPUMAP_SIZE, .bpf_prog.fd = program };

	if (map < 0 || program < 0)
		code = map < 0 ? map : program;
	else if (bpf_map_update_elem(map, &cpu, &value, BPF_ANY))
		code = -errno;
	if (program >= 0)
		close(program);
	if (map >= 0)
		close(map);
	return code;
}

static void look_at_cpumap(const struct subject *subject, struct finding *finding)
{
	int code = fill_cpumap();

	(void)subject;
	if (code)
		finding_set_refused(finding, code, "a CPUMAP with a program in it");
	else
		finding_set(finding, FINDING_OK, "takes a CPU with a program of its own");
}

static void attach_tcx(struct finding *finding)
{
	int program = load_verdict(BPF_PROG_TYPE_SCHED_CLS, 0, TC_ACT_UNSPEC), link;

	if (program < 0) {
		finding_set_refused(finding, program, "load a TC program");
		return;
	}
	link = bpf_link_create(program, (int)if_nametoindex("lo"),
		(enum bpf_attach_type)BPF_TCX_INGRESS_HOOK, NULL);
	if (link < 0)
		finding_set_refused(finding, -errno, "attach at TC ingress by bpf_link");
	else
		finding_set(finding, FINDING_OK, "attaches; gone with its owner");
	if (link >= 0)
		close(link);
	close(program);
}

static void look_at_tcx(const struct subject *subject, struct finding *finding)
{
	(void)subject;
	doctor_try_apart(attach_tcx, finding);
}

#ifdef RINGSIDE_HTTP
#include "service/http_program.h"

/* The smallest one there is. */
static void look_at_handover(const struct subject *subject, struct finding *finding)
{
	const struct address_list any = { .count = 0 };
	const struct http_program_settings settings = { .port = 80,
		.addresses = &any,
		.files_max = 1,
		.objects_max = 1,
		.flows_max = 1,
		.segments_max = 1 };
	struct http_program *program = NULL;
	struct err err = { "" };
	int code = http_program_open(&program, &settings, &err);

	(void)subject;
	if (!code)
		finding_set(
			finding, FINDING_OK, "the TC program loads, with bpf_sk_assign_tcp_reqsk");
	else
		finding_set(finding,
			code == -EPERM || code == -EACCES ? FINDING_UNKNOWN : FINDING_WARN,
			"%.200s", err.text);
	http_program_close(program);
}
#endif

const struct probe doctor_feature_probes[] = {
	{ "cpumap", "steer to CPUs hands packets over by it", look_at_cpumap, false },
	{ "tcx", "http hooks in there; so held, the program goes with Ringside", look_at_tcx,
		false },
#ifdef RINGSIDE_HTTP
	{ "handover", "http gives connections to the ordinary server by it", look_at_handover,
		false },
#endif
	{ NULL, NULL, NULL, false },
};
