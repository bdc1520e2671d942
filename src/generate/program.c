// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cpu.h"
#include "generate/figures.h"
#include "generate/program.h"

#include "generate.skel.h"

/* Slots of a page of the window, as bpf/generate.bpf.c has them. */
#define PAGE_SLOTS 4096
/* Frames that a test run makes at a time: the kernel's own choice, and as many as a NAPI poll takes. */
#define BATCH 64

struct program {
	struct generate *bpf;
	uint32_t length, slots, flows;
	uint8_t *bytes; /* a whole frame: what live frames are made from */
	unsigned cpus;
	struct generate_counts *counts; /* [cpus], room for one read */
	void *answered, *times, *order; /* mapped; NULL: not */
};

static int be_silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

static int refuse(int code, struct err *err, const char *what)
{
	err_set(err, code, "%s", what);
	if (code == -EPERM || code == -EACCES)
		err_add(err, code, " (needs CAP_NET_ADMIN, CAP_BPF and CAP_PERFMON)");
	return code;
}

static void *map_memory(struct bpf_map *map, size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void set_up(struct program *p, const struct program_settings *settings)
{
	struct generate *bpf = p->bpf;
	uint32_t blocks = p->slots / GENERATE_FLOOD_EVERY, pages = p->slots / PAGE_SLOTS;

	memcpy((void *)&bpf->rodata->frame, settings->frame, sizeof(bpf->rodata->frame));
	memcpy((void *)bpf->rodata->whole, settings->bytes, p->length);
	bpf->rodata->ifindex = settings->ifindex;
	bpf_map__set_max_entries(bpf->maps.pages, pages ? pages : 1);
	bpf_map__set_max_entries(bpf->maps.times, blocks ? blocks : 1);
	bpf_map__set_max_entries(bpf->maps.order, settings->frame->flows);
	bpf_map__set_max_entries(bpf->maps.sockets, settings->queues ? settings->queues : 1);
	bpf_program__set_autoload(bpf->progs.generate_send, p->slots);
	bpf_program__set_autoload(bpf->progs.generate_knock, p->slots);
	bpf_program__set_autoload(bpf->progs.generate_receive, p->slots);
	bpf_program__set_autoload(bpf->progs.generate_redirect, !p->slots);
	bpf->data_window->window.slots = p->slots;
}

static int map_window(struct program *p, struct err *err)
{
	if (!p->slots)
		return 0;
	p->answered = map_memory(p->bpf->maps.pages, p->slots);
	p->times =
		map_memory(p->bpf->maps.times, p->slots / GENERATE_FLOOD_EVERY * sizeof(uint64_t));
	p->order = map_memory(p->bpf->maps.order, p->flows * sizeof(uint64_t));
	if (!p->answered || !p->times || !p->order)
		return err_set(err, -errno, "map the window of packets");
	return 0;
}

int program_open(struct program **program, const struct program_settings *settings, struct err *err)
{
	struct program *p = calloc(1, sizeof(*p));
	int code = -ENOMEM;

	if (!p)
		return err_set(err, code, "make room for the XDP program");
	libbpf_set_print(be_silent);
	p->length = settings->frame->length;
	p->slots = settings->slots;
	p->flows = settings->frame->flows;
	p->cpus = cpu_possible();
	p->counts = calloc(p->cpus, sizeof(*p->counts));
	p->bytes = malloc(p->length);
	p->bpf = generate__open();
	if (!p->counts || !p->bytes || !p->bpf) {
		err_set(err, code, "make room for the XDP program");
		goto out_close;
	}
	memcpy(p->bytes, settings->bytes, p->length);
	set_up(p, settings);
	code = generate__load(p->bpf);
	if (code) {
		refuse(code, err, "load the XDP program");
		goto out_close;
	}
	code = map_window(p, err);
	if (code)
		goto out_close;
	*program = p;
	return 0;
out_close:
	program_close(p);
	return code;
}

void program_close(struct program *p)
{
	if (!p)
		return;
	if (p->answered)
		munmap(p->answered, p->slots);
	if (p->times)
		munmap(p->times, p->slots / GENERATE_FLOOD_EVERY * sizeof(uint64_t));
	if (p->order)
		munmap(p->order, p->flows * sizeof(uint64_t));
	generate__destroy(p->bpf);
	free(p->counts);
	free(p->bytes);
	free(p);
}

int program_receiver(const struct program *p)
{
	return bpf_program__fd(
		p->slots ? p->bpf->progs.generate_receive : p->bpf->progs.generate_redirect);
}

static int attach_failed(const struct hook *hook, int code, struct err *err)
{
	uint32_t id = 0;

	bpf_xdp_query_id((int)hook->ifindex, 0, &id);
	if (code == -EBUSY || id)
		return err_say(err, -EBUSY,
			"another XDP program is attached (id %u), and is left alone", id);
	return refuse(code, err, "attach the XDP program");
}

int hook_attach(struct hook *hook, struct program *program, struct err *err)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
	int code;

	if (hook->fd >= 0) {
		code = bpf_link_update(hook->fd, program_receiver(program), NULL);
		return code ? refuse(code, err, "replace the XDP program") : 0;
	}
	hook->fd =
		bpf_link_create(program_receiver(program), (int)hook->ifindex, BPF_XDP, &options);
	hook->generic = false;
	if (hook->fd >= 0)
		return 0;
	options.flags = XDP_FLAGS_SKB_MODE;
	code = bpf_link_create(program_receiver(program), (int)hook->ifindex, BPF_XDP, &options);
	if (code < 0)
		return attach_failed(hook, code, err);
	hook->fd = code;
	hook->generic = true;
	return 0;
}

void hook_detach(struct hook *hook)
{
	if (hook->fd < 0)
		return;
	/* at once, even if a forked child holds the descriptor, too */
	bpf_link_detach(hook->fd);
	close(hook->fd);
	hook->fd = -1;
}

int program_set_socket(struct program *p, uint32_t queue, int fd, struct err *err)
{
	if (!bpf_map_update_elem(bpf_map__fd(p->bpf->maps.sockets), &queue, &fd, BPF_ANY))
		return 0;
	return err_set(err, -errno, "register the socket of queue %u", queue);
}

struct generate_window *program_window(struct program *p)
{
	return &p->bpf->data_window->window;
}

struct generate_pace *program_pace(struct program *p)
{
	return &p->bpf->data_pace->pace;
}

uint8_t *program_answered(struct program *p)
{
	return p->answered;
}

uint64_t *program_times(struct program *p)
{
	return p->times;
}

const __u64 *program_order(struct program *p)
{
	return p->order;
}

static int run(struct program *p, const struct bpf_program *which, uint32_t repeat, struct err *err)
{
	struct xdp_md context = { .data_end = p->length };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = p->bytes, .data_size_in = p->length,
		.ctx_in = &context, .ctx_size_in = sizeof(context),
		.flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH, .repeat = (int)repeat);
	int code = bpf_prog_test_run_opts(bpf_program__fd(which), &options);

	if (!code || code == -EINTR)
		return 0;
	return refuse(code, err, "send live frames (Linux 5.18 and newer)");
}

int program_send(struct program *p, uint32_t repeat, struct err *err)
{
	return run(p, p->bpf->progs.generate_send, repeat, err);
}

int program_knock(struct program *p, struct err *err)
{
	return run(p, p->bpf->progs.generate_knock, 1, err);
}

int program_add_counts(struct program *p, struct generate_counts *counts, struct err *err)
{
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(p->bpf->maps.counts), &zero, p->counts))
		return err_set(err, -errno, "read the receiver's counts");
	for (unsigned i = 0; i < p->cpus; i++)
		counts_merge(counts, &p->counts[i]);
	return 0;
}
