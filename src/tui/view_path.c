/* SPDX-License-Identifier: BSD-2-Clause */
/* Where packets stop: the stages they pass one after the other, the first silent one named, and what the
 * kernel half does with them. */
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

#include "tui/widgets.h"

#define STAGES 6
#define WIDE_COLUMNS 100

struct stage {
	const char *name;
	double pps; /* NAN: not known */
	const char *silent; /* what to do when it is silent though the stage before is not */
	bool is_between; /* left out where there is little room */
};

/* Of one interface's count. */
static double rate_of(const struct view *view, unsigned index, size_t offset)
{
	const struct snapshot_interface *now = &view->now->interfaces[index], *before;
	uint64_t counts[2];

	if (!view->before || index >= view->before->interfaces_count)
		return NAN;
	before = &view->before->interfaces[index];
	memcpy(&counts[0], (const char *)before + offset, sizeof(counts[0]));
	memcpy(&counts[1], (const char *)now + offset, sizeof(counts[1]));
	return strcmp(now->name, before->name) ? NAN : view_rate(view, counts[0], counts[1]);
}

/* Of all interfaces with a kernel half. */
static double sum_rates(const struct view *view, size_t offset)
{
	double sum = 0;

	for (unsigned i = 0; i < view->now->interfaces_count; i++)
		if (view->now->interfaces[i].xdp[0])
			sum += rate_of(view, i, offset);
	return sum;
}
#define SUM_RATES(member) sum_rates(view, offsetof(struct snapshot_interface, member))

static double sum_nics(const struct view *view)
{
	double sum = 0;

	for (unsigned i = 0; i < view->now->interfaces_count; i++)
		sum += view->now->interfaces[i].nic_rx_pps;
	return sum;
}

/* Packets a second that the kernel lost between the program and the workers. */
static double lost_before_workers(const struct view *view)
{
	return view_drop_rate(view, DROP_rx_ring_full) + view_drop_rate(view, DROP_rx_dropped);
}

static double sum_services(const struct view *view, bool out)
{
	double sum = 0;

	for (unsigned i = 0; i < view->now->services_count; i++) {
		const struct snapshot_service *now = &view->now->services[i];
		const struct snapshot_service *before = view_service_before(view, i);

		sum += out ? now->flow.tx_pps : now->flow.rx_pps;
		if (out)
			sum += before ? view_rate(view, before->delivered_packets,
						now->delivered_packets)
				      : NAN;
	}
	return sum;
}

static const char *say_nothing_arrives(const struct view *view)
{
	for (unsigned i = 0; i < view->now->interfaces_count; i++)
		if (strcmp(view->now->interfaces[i].state, "up") != 0 &&
			!snapshot_is_unused(&view->now->interfaces[i]))
			return "A link is down or gone: nothing can arrive there";
	return "Nothing arrives: check cable, sender, switch port, VLAN and address";
}

static struct stage stage(const char *name, double pps, const char *silent)
{
	return (struct stage){ .name = name, .pps = pps, .silent = silent };
}

/* A stage that is not known is left out: it could not be what stops packets. */
static unsigned fill_stages(const struct view *view, struct stage stages[STAGES])
{
	const struct snapshot *now = view->now;
	const char *nothing = say_nothing_arrives(view);
	double nic = sum_nics(view), redirected = SUM_RATES(kernel_redirect);
	bool has_kernel = false, is_file = true, is_tc = true, has_nic = !isnan(nic);
	unsigned count = 0;

	for (unsigned i = 0; i < now->interfaces_count; i++) {
		has_kernel |= now->interfaces[i].xdp[0] != '\0';
		is_file &= !strcmp(now->interfaces[i].io, "pcap");
		is_tc &= !strcmp(now->interfaces[i].io, "tc");
	}
	if (has_nic)
		stages[count++] = stage("NIC", nic, nothing);
	if (!has_kernel) {
		stages[count++] = stage(is_file ? "file"
					: is_tc ? "TC"
						: "socket",
			now->totals.flow.rx_pps, nothing);
	} else {
		stages[count++] = stage("XDP", SUM_RATES(kernel_rx_packets),
			has_nic ? "The program does not see it: a filter, or a queue without XDP"
				: nothing);
		if (redirected > 0) {
			stages[count] = stage("redirect", redirected, "");
			stages[count++].is_between = true;
			stages[count++] = stage("socket", redirected - lost_before_workers(view),
				"Nothing gets into the AF_XDP sockets: see the drops");
		}
	}
	stages[count++] = stage("service", sum_services(view, false),
		"All of it passes to the stack: no service matches (port, signature?)");
	stages[count++] = stage(
		"out", sum_services(view, true), "The services answer nothing: see the drops");
	return count;
}

/* The first stage that gets nothing of what the one before it has; count: none. */
static unsigned find_silent(const struct stage *stages, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (stages[i].pps == 0 && (!i || stages[i - 1].pps != 0))
			return i;
	return count;
}

static bool is_silent(const struct view *view)
{
	struct stage stages[STAGES];
	unsigned count = fill_stages(view, stages);

	return find_silent(stages, count) < count;
}

static int wants_path(const struct view *view, int width)
{
	(void)width;
	return view->now->interfaces_count && !view->now->final ? 1 + is_silent(view) : 0;
}

static void draw_path(const struct view *view, const struct area *area)
{
	struct stage stages[STAGES];
	unsigned count = fill_stages(view, stages), silent = find_silent(stages, count);
	struct line line = line_start(area, 0);

	line_add(&line, ROLE_TITLE, "PATH/s");
	for (unsigned i = 0; i < count; i++) {
		enum role role = i < silent ? ROLE_TEXT : i == silent ? ROLE_WARN : ROLE_DIM;

		/* what was redirected and got into a socket is said by the socket */
		if (area->width < WIDE_COLUMNS && stages[i].is_between && i != silent)
			continue;
		line_add(&line, role, "%s%s %s%s",
			!i		      ? "  "
			: area->canvas->ascii ? " -> "
					      : " → ",
			stages[i].name, label_number(stages[i].pps, "").text,
			i == silent ? " !" : "");
	}
	if (silent == count)
		return;
	/* without a line of its own the advice stands behind, where there is room */
	if (area->height > 1)
		area_print(area, 6, 1, ROLE_WARN, "%s.", stages[silent].silent);
	else
		line_part(&line, ROLE_WARN, "%s", stages[silent].silent);
}
const struct section section_path = { wants_path, draw_path };

/* The kernel half of each interface: where packets go before any worker sees them. */
static int wants_kernel(const struct view *view, int width)
{
	int rows = 0;

	(void)width;
	for (unsigned i = 0; i < view->now->interfaces_count; i++)
		rows += view->now->interfaces[i].kernel_rx_packets != SNAPSHOT_UNKNOWN;
	return rows;
}

static void draw_kernel(const struct view *view, const struct area *area)
{
	int y = 0;

	for (unsigned i = 0; i < view->now->interfaces_count && y < area->height; i++) {
		const struct snapshot_interface *now = &view->now->interfaces[i], *before = now;
		struct line line = line_start(area, y);
		uint64_t errors = now->kernel_tx_errors;

		if (now->kernel_rx_packets == SNAPSHOT_UNKNOWN)
			continue;
		if (view->before && i < view->before->interfaces_count)
			before = &view->before->interfaces[i];
#define KERNEL_RATE(member) label_number(view_rate(view, before->member, now->member), "").text
		line_add(&line, ROLE_TITLE, now->xdp[0] ? "XDP " : "TC  ");
		if (view->now->interfaces_count > 1)
			line_add(&line, ROLE_TEXT, " %s", now->name);
		line_add(&line, ROLE_TEXT, "  in %s/s", KERNEL_RATE(kernel_rx_packets));
		line_part(&line, ROLE_TEXT, "sent %s/s", KERNEL_RATE(kernel_tx));
		line_part(&line, ROLE_TEXT, "to workers %s/s", KERNEL_RATE(kernel_redirect));
		if (now->kernel_deliver && now->kernel_deliver != SNAPSHOT_UNKNOWN)
			line_part(&line, ROLE_TEXT, "delivered %s/s", KERNEL_RATE(kernel_deliver));
		line_part(&line, ROLE_TEXT, "to the stack %s/s", KERNEL_RATE(kernel_pass));
		line_part(&line, ROLE_TEXT, "dropped %s/s", KERNEL_RATE(kernel_drop));
#undef KERNEL_RATE
		line_part(&line, errors && errors != SNAPSHOT_UNKNOWN ? ROLE_BAD : ROLE_TEXT,
			"TX errors %s", label_count(errors).text);
		y++;
	}
}
const struct section section_kernel = { wants_kernel, draw_kernel };
