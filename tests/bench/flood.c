/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floods a link with test packets as fast as one CPU can, and counts what comes back on it. Nothing that
 * comes back reaches the stack. Prints, in packets per second, what was sent and what came back, and the
 * seconds that it took. With SECONDS 0 it only waits for a first answer.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/flood.skel.h"
#include "tests/bench/probe.h"

/* One call is to send for a tenth of a second and more: each one allocates its frames anew. */
#define REPEAT (1 << 21)
/* The kernel's own choice, and as many as a NAPI poll takes. */
#define BATCH 64
#define CPUS_MAX 1024
/* For a first answer: 2 s, a knock every 10 ms */
#define KNOCKS 200
#define KNOCK_US 10000

struct flood {
	const char *link;
	unsigned index, length;
	double seconds;
	uint8_t from[ETH_ALEN], to[ETH_ALEN];
};

static double now_s(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int flood_parse(struct flood *flood, int argc, char **argv)
{
	struct ether_addr *to;
	struct ifreq request = { 0 };
	int length, fd;

	if (argc != 5)
		return -1;
	flood->link = argv[1];
	flood->index = if_nametoindex(argv[1]);
	to = ether_aton(argv[2]);
	length = probe_length(argv[3]);
	flood->seconds = strtod(argv[4], NULL);
	if (!flood->index || !to || length < 0 || flood->seconds < 0)
		return -1;
	flood->length = (unsigned)length;
	memcpy(flood->to, to, ETH_ALEN);
	memcpy(request.ifr_name, argv[1], strnlen(argv[1], IFNAMSIZ - 1));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request))
		return -1;
	close(fd);
	memcpy(flood->from, request.ifr_hwaddr.sa_data, ETH_ALEN);
	return 0;
}

static int flood_total(struct flood_bpf *bpf, uint32_t index, uint64_t *packets)
{
	uint64_t each[CPUS_MAX];
	int cpus = libbpf_num_possible_cpus();

	*packets = 0;
	if (cpus < 1 || cpus > CPUS_MAX ||
		bpf_map_lookup_elem(bpf_map__fd(bpf->maps.counts), &index, each)) {
		fprintf(stderr, "flood: read the counts: %s\n", strerror(errno));
		return -1;
	}
	for (int i = 0; i < cpus; i++)
		*packets += each[i];
	return 0;
}

static int flood_send(const struct flood *flood, struct flood_bpf *bpf, void *frame, int repeat)
{
	struct xdp_md context = { .data_end = flood->length };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = flood->length,
		.ctx_in = &context, .ctx_size_in = sizeof(context),
		.flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH, .repeat = repeat);
	int ret = bpf_prog_test_run_opts(bpf_program__fd(bpf->progs.flood_send), &options);

	if (!ret || ret == -EINTR)
		return 0;
	fprintf(stderr, "flood: %s: send: %s\n", flood->link, strerror(-ret));
	return -1;
}

static int flood_knock(const struct flood *flood, struct flood_bpf *bpf, void *frame)
{
	uint64_t back;

	for (int i = 0; i < KNOCKS; i++) {
		if (flood_send(flood, bpf, frame, 1))
			return -1;
		usleep(KNOCK_US);
		if (flood_total(bpf, 1, &back))
			return -1;
		if (back)
			return 0;
	}
	return -1;
}

/* Sends for the seconds and a little more, until a call ends; the rates are over what it really took. */
static int flood_run(const struct flood *flood, struct flood_bpf *bpf, void *frame)
{
	double start = now_s(), took;
	uint64_t sent, back;

	do {
		if (flood_send(flood, bpf, frame, REPEAT))
			return -1;
		took = now_s() - start;
	} while (took < flood->seconds);
	/* at once: what is still on its way belongs to no second of these */
	if (flood_total(bpf, 0, &sent) || flood_total(bpf, 1, &back))
		return -1;
	printf("%.0f %.0f %.6f\n", (double)sent / took, (double)back / took, took);
	return 0;
}

static int flood_load(const struct flood *flood, struct flood_bpf *bpf, const void *frame)
{
	if (!bpf)
		return -1;
	bpf->rodata->link_index = flood->index;
	memcpy((void *)bpf->rodata->head, frame, sizeof(bpf->rodata->head));
	return flood_bpf__load(bpf);
}

int main(int argc, char **argv)
{
	struct flood flood = { 0 };
	uint8_t frame[PROBE_MAX];
	struct flood_bpf *bpf;
	struct bpf_link *link;
	int status = 1;

	if (flood_parse(&flood, argc, argv)) {
		fprintf(stderr, "usage: flood LINK TO_MAC FRAME_BYTES SECONDS\n");
		return 2;
	}
	probe_write(frame, flood.length, flood.from, flood.to, 0);
	bpf = flood_bpf__open();
	if (flood_load(&flood, bpf, frame))
		goto out_destroy;
	link = bpf_program__attach_xdp(bpf->progs.flood_count, (int)flood.index);
	if (!link)
		goto out_destroy;
	if (!(flood.seconds > 0 ? flood_run : flood_knock)(&flood, bpf, frame))
		status = 0;
	bpf_link__destroy(link);
out_destroy:
	flood_bpf__destroy(bpf);
	return status;
}
