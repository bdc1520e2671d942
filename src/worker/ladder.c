// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "io/af_xdp.h"
#include "io/dispatcher.h"
#include "io/frames.h"
#include "io/rings.h"
#include "worker/ladder.h"
#include "worker/rules.h"
#include "worker/user_half.h"

_Static_assert((int)PAGES_2M == (int)HUGE_2M && (int)PAGES_1G == (int)HUGE_1G &&
		       (int)PAGES_SMALL == (int)HUGE_OFF,
	"huge_pages is handed on as it is");

/* Ethernet header and two VLAN tags, which the MTU does not count. */
#define HEADERS_BYTES 22
/* In copy mode and in zero copy alike the kernel keeps this much in front of a frame. */
#define XDP_HEADROOM_BYTES 256

/* Says why the ladder went a step down; the dashboard shows all steps, the log has each. */
static void __attribute__((format(printf, 2, 3)))
step_down(struct interface *in, const char *format, ...)
{
	size_t used = strlen(in->why);
	char text[sizeof(in->why)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_write(in->settings->log, LOG_INFO, "%s: %s", in->link.name, text);
	snprintf(in->why + used, sizeof(in->why) - used, "%s%s", used ? "; " : "", text);
}

static void fill_settings(const struct interface *in, struct io_queue_settings *s)
{
	const struct config_interface *config = in->settings->interface;
	const uint32_t kept = rules_count_kept(in);

	*s = (struct io_queue_settings){
		.interface = config->name,
		.netns = config->netns,
		.ifindex = in->link.index,
		.mtu = in->link.mtu,
		/* what is kept, and a batch on its way, is not for the rings */
		.frames = config->frames ? config->frames
			  : kept	 ? RINGS_FRAMES_MIN + config->batch + kept
					 : RINGS_FRAMES_MIN,
		.kept = kept,
		.frame_size = config->frame_size,
		.batch = config->batch,
		.busy_poll_us = config->busy_poll_us,
		.huge_pages = config->huge_pages,
		.numa_node = in->link.numa_node,
		.generic = in->generic,
		.read = config->read,
		.write = config->write,
		.udp_ports = in->own_tables->udp_port_services,
		.log = in->settings->log,
	};
}

void ladder_close_queues(struct interface *in)
{
	for (uint32_t i = 0; i < in->queues_count; i++) {
		if (in->io[i])
			in->ops->close(in->io[i]);
		in->io[i] = NULL;
	}
}

static int open_queues(struct interface *in, bool zero_copy, struct err *err)
{
	struct io_queue_settings settings;

	fill_settings(in, &settings);
	settings.zero_copy = zero_copy;
	for (uint32_t i = 0; i < in->queues_count; i++) {
		int ret;

		settings.queue = in->queues[i];
		ret = in->ops->open(&in->io[i], &settings, err);
		if (ret) {
			ladder_close_queues(in);
			return ret;
		}
	}
	return 0;
}

static int choose_queues(struct interface *in, struct err *err)
{
	const struct option_numbers *wanted = &in->settings->interface->queues;
	uint32_t count = in->link.rx_queues;

	if (count > INTERFACE_QUEUES) {
		log_write(in->settings->log, LOG_WARNING,
			"%s: has %u queues, of which the first %u are used", in->link.name, count,
			INTERFACE_QUEUES);
		count = INTERFACE_QUEUES;
	}
	in->queues_count = wanted->count ? wanted->count : count;
	for (uint32_t i = 0; i < in->queues_count; i++) {
		in->queues[i] = wanted->count ? wanted->number[i] : i;
		if (in->queues[i] >= in->link.rx_queues)
			return err_say(err, -EINVAL,
				"queue %u: there are %u queues, counted from 0", in->queues[i],
				in->link.rx_queues);
	}
	return 0;
}

static bool fits_frame(const struct interface *in)
{
	uint32_t room = in->settings->interface->frame_size - XDP_HEADROOM_BYTES;

	return in->link.mtu + HEADERS_BYTES <= room;
}

static int refuse_mtu(const struct interface *in, struct err *err)
{
	uint32_t size = in->settings->interface->frame_size;
	uint32_t most = size - XDP_HEADROOM_BYTES - HEADERS_BYTES;

	return err_say(err, -EMSGSIZE,
		"the MTU of %u is too large for frames of %u bytes: at most %u (ip link set %s mtu "
		"%u)",
		in->link.mtu, size, most, in->link.name, most);
}

/* Zero copy, where it can be had. A failure of what is only tried is a step down. */
static int try_zero_copy(struct interface *in, struct err *err)
{
	bool asked_for = in->settings->interface->zero_copy == SWITCH_ON;
	const char *copies = rules_find_copies(in);
	int ret;

	in->zero_copy_tried = true;
	if (copies) { /* with zero_copy = on the configuration has been refused */
		step_down(
			in, "zero copy: service %s would show all of the queue's traffic", copies);
		return 0;
	}
	ret = fits_frame(in) ? open_queues(in, true, err) : refuse_mtu(in, err);
	if (!ret)
		in->zero_copy = 1;
	if (!ret || asked_for || ret == -EPERM || ret == -EBUSY)
		return ret;
	step_down(in, "zero copy: %s", ret == -EOPNOTSUPP ? strerror(-ret) : err->text);
	err->text[0] = '\0';
	return 0;
}

static int check_tx_queues(const struct interface *in, struct err *err)
{
	for (uint32_t i = 0; i < in->queues_count; i++)
		if (in->queues[i] >= in->link.tx_queues)
			return err_say(err, -ECHRNG,
				"queue %u receives but there is no such queue to send its answers "
				"on "
				"(ethtool -L %s tx %u)",
				in->queues[i], in->link.name, in->link.rx_queues);
	return 0;
}

static int open_copy_sockets(struct interface *in, struct err *err)
{
	int ret;

	/* lo has an MTU of 64 K: frames that do not fit are left to the stack by the kernel half */
	if (!fits_frame(in) && strcmp(in->link.driver, "loopback"))
		return refuse_mtu(in, err);
	ret = open_queues(in, false, err);
	if (!ret)
		in->zero_copy = 0;
	return ret;
}

/* The sockets that the services' paths ask for: with zero copy where it can be had, in copy mode only
 * for services that are to be answered in user space, none otherwise. */
static int open_sockets(struct interface *in, bool native, struct err *err)
{
	const struct config_interface *config = in->settings->interface;
	bool user = rules_want_path(in, PATH_USER), automatic = rules_want_path(in, PATH_AUTO);
	int ret = user ? check_tx_queues(in, err) : 0;

	in->zero_copy = -1;
	if (ret)
		return ret;
	if (native && config->zero_copy != SWITCH_OFF && !in->zero_copy_sleeps &&
		(user || automatic || config->zero_copy == SWITCH_ON)) {
		ret = try_zero_copy(in, err);
		if (ret || in->zero_copy == 1)
			return ret;
	}
	return user ? open_copy_sockets(in, err) : 0;
}

int ladder_open_late(struct interface *in, struct err *err)
{
	const struct config_interface *config = in->settings->interface;
	bool tried = in->generic || config->zero_copy == SWITCH_OFF || in->zero_copy_tried;
	int ret = check_tx_queues(in, err);

	if (ret)
		return ret;
	if (!tried || config->irq_affinity)
		return err_say(err, -ESTALE, "its services need AF_XDP sockets now");
	ret = open_copy_sockets(in, err);
	if (!ret)
		af_xdp_poll_mode(in->io[0], in->poll, sizeof(in->poll));
	return ret;
}

int ladder_register_sockets(struct interface *in, struct err *err)
{
	for (uint32_t i = 0; i < in->queues_count; i++) {
		int ret = in->io[i] ? xdp_program_set_socket(
					      in->program, in->queues[i], af_xdp_fd(in->io[i]), err)
				    : 0;

		if (ret)
			return ret;
	}
	return 0;
}

static int wake_up(struct interface *in, struct err *err)
{
	for (uint32_t i = 0; i < in->queues_count; i++) {
		int ret = in->io[i] ? af_xdp_wake_up(in->io[i], err) : 0;

		if (ret) {
			in->zero_copy_sleeps = in->zero_copy == 1;
			return err_where(err, ret, "queue %u", in->queues[i]);
		}
	}
	return 0;
}

/* A Ringside that was killed leaves its program in the dispatcher, where it would answer before ours. */
static int refuse_leftover(const struct interface *in, struct err *err)
{
	struct dispatcher_program left;

	if (!dispatcher_find(in->link.index, XDP_PROGRAM_NAME, &left, 1))
		return 0;
	if (left.pid)
		return err_say(err, -EBUSY,
			"another Ringside is in the dispatcher (program %u, process %d)", left.id,
			left.pid);
	return err_say(err, -EBUSY,
		"a Ringside that was killed has left program %u in the dispatcher (ringside "
		"detach %s takes it off)",
		left.id, in->link.name);
}

/* Beside others where that is asked for; where the kernel refuses, alone, held by a link. */
static int load_program(struct interface *in, struct err *err)
{
	struct xdp_program_settings settings = {
		.queues = in->link.rx_queues_max,
		.services = in->rules,
		.tables = in->own_tables,
		.state = in->own_state,
		.hooks = rules_want_xdp(in) != SERVICE_XDP_NO,
		.access = rules_access(in),
		.dispatcher = in->settings->interface->attach == ATTACH_DISPATCHER,
	};
	int ret = refuse_leftover(in, err);

	if (!ret)
		ret = xdp_program_open(&in->program, &settings, err);
	if (ret != -EOPNOTSUPP || !settings.dispatcher)
		return ret;
	step_down(in, "dispatcher: %s; attached alone", err->text);
	err->text[0] = '\0';
	settings.dispatcher = false;
	return xdp_program_open(&in->program, &settings, err);
}

/* One rung: sockets, program, sockets into the program, and the attachment last, so that no frame comes
 * before there is somebody to take it. */
static int open_rung(struct interface *in, bool native, struct err *err)
{
	int ret;

	in->ops = &io_af_xdp;
	in->generic = !native;
	ret = open_sockets(in, native, err);
	if (ret)
		return ret;
	rules_choose_halves(in, true, in->zero_copy == 1);
	ret = rules_compile(in, err);
	if (!ret)
		ret = load_program(in, err);
	if (!ret) {
		in->tables = xdp_program_tables(in->program);
		in->state = xdp_program_state(in->program);
		ret = ladder_register_sockets(in, err);
	}
	if (!ret)
		ret = user_half_open(in, err);
	if (!ret)
		ret = xdp_program_attach(in->program, in->link.index, in->generic, err);
	if (!ret)
		ret = wake_up(in, err);
	if (ret) {
		user_half_close(in);
		xdp_program_close(in->program);
		in->program = NULL;
		ladder_close_queues(in);
		return ret;
	}
	if (in->io[0])
		af_xdp_poll_mode(in->io[0], in->poll, sizeof(in->poll));
	return 0;
}

/* A rung; the one below it when its driver binds with zero copy but does not send then. */
static int open_xdp(struct interface *in, bool native, struct err *err)
{
	bool known = in->zero_copy_sleeps;
	int ret = open_rung(in, native, err);

	if (!ret || known || !in->zero_copy_sleeps ||
		in->settings->interface->zero_copy == SWITCH_ON)
		return ret;
	step_down(in, "zero copy: %s", err->text);
	err->text[0] = '\0';
	return open_rung(in, native, err);
}

/* veth wants as many receive queues here as the peer has to send. */
static void add_mending(const struct interface *in, int ret, struct err *err)
{
	const struct link *link = &in->link;

	if (ret != -ENOSPC || strcmp(link->driver, "veth"))
		return;
	if (link->rx_queues < link->rx_queues_max)
		err_add(err, ret, " (ethtool -L %s rx %u)", link->name, link->rx_queues_max);
	else
		err_add(err, ret,
			" (in the peer's namespace: ethtool -L PEER tx %u; or make the pair with "
			"numrxqueues)",
			link->rx_queues);
}

/* Errors that no lower rung of the ladder would cure, or that the user should hear of first. */
static bool is_final(int ret)
{
	return ret == -EPERM || ret == -EACCES || ret == -EBUSY || ret == -EMSGSIZE ||
	       ret == -ENOMEM || ret == -ENOBUFS || ret == -E2BIG || ret == -ECHRNG;
}

/* For XDP, which sees tags only where the frames have them. */
static int hide_no_tags(struct interface *in, struct err *err)
{
	const struct config_interface *config = in->settings->interface;
	int ret = link_vlan_offload_off(config->name, &in->vlan, err);
	if (ret < 0)
		return err_where(err, ret, "switch the receive VLAN offload off, which hides tags");
	if (ret > 0)
		log_write(in->settings->log, LOG_INFO,
			"%s: receive VLAN offload off, which hides tags; restored at the end",
			config->name);
	if (link_filters_vlans(&in->link))
		log_write(in->settings->log, LOG_INFO,
			"%s: the NIC filters VLANs: tagged packets of those that are not "
			"configured do not "
			"arrive (ip link set %s promisc on)",
			config->name, config->name);
	return 0;
}

static int open_xdp_ladder(struct interface *in, struct err *err)
{
	const struct config_interface *config = in->settings->interface;
	int ret = hide_no_tags(in, err);

	if (ret)
		return ret;
	if (config->xdp != XDP_GENERIC) {
		ret = open_xdp(in, true, err);
		add_mending(in, ret, err);
		if (!ret || is_final(ret) || config->xdp == XDP_NATIVE ||
			config->zero_copy == SWITCH_ON)
			return ret;
		step_down(in, "%s", err->text);
		err->text[0] = '\0';
	}
	return open_xdp(in, false, err);
}

/* AF_PACKET and capture files: one queue, and the workers do it all. */
static int open_plain(struct interface *in, const struct io_ops *ops, struct err *err)
{
	int ret;

	ret = user_half_refuse(in, ops, err);
	if (ret)
		return ret;
	in->ops = ops;
	in->zero_copy = -1;
	in->generic = false;
	rules_choose_halves(in, false, false);
	ret = rules_compile(in, err);
	if (ret)
		return ret;
	in->tables = in->own_tables;
	in->state = in->own_state;
	in->queues_count = 1;
	in->queues[0] = 0;
	ret = user_half_open(in, err);
	return ret ? ret : open_queues(in, false, err);
}

/* No queue is ours: the services' hooks do it all. */
static int open_own_hooks(struct interface *in, struct err *err)
{
	static const struct io_ops ops = { .name = "tc", .timed_from = "", .timed_to = "" };
	int ret;

	in->ops = &ops;
	in->own_hooks = true;
	in->zero_copy = -1;
	rules_choose_halves(in, true, false);
	ret = rules_compile(in, err);
	if (ret)
		return ret;
	in->tables = in->own_tables;
	in->state = in->own_state;
	return user_half_open(in, err);
}

/* Services with hooks of their own alone: XDP, where they want it and it is native, or none. */
static int open_hooks(struct interface *in, struct err *err)
{
	enum service_xdp wanted = rules_want_xdp(in);
	int ret;

	if (wanted == SERVICE_XDP_NO || in->settings->interface->xdp == XDP_GENERIC)
		return open_own_hooks(in, err);
	ret = hide_no_tags(in, err);
	if (!ret)
		ret = open_xdp(in, true, err);
	add_mending(in, ret, err);
	if (!ret || wanted == SERVICE_XDP_MUST || ret == -EPERM)
		return ret;
	step_down(in, "%s", err->text);
	err->text[0] = '\0';
	return open_own_hooks(in, err);
}

int ladder_open(struct interface *in, struct err *err)
{
	int io = in->settings->interface->io, ret;
	bool datagrams;

	if (io == IO_PCAP)
		return open_plain(in, &io_pcap_file, err);
	if (io == IO_AF_PACKET)
		return open_plain(in, &io_af_packet, err);
	if (io == IO_UDP)
		return open_plain(in, &io_udp_socket, err);
	ret = choose_queues(in, err);
	if (ret)
		return ret;
	if (io == IO_AUTO && rules_have_own_hooks(in))
		return open_hooks(in, err);
	ret = open_xdp_ladder(in, err);
	if (!ret || io == IO_AF_XDP || (is_final(ret) && ret != -EPERM))
		return ret;
	/* who asks for a mode of XDP does not mean a socket */
	if (in->settings->interface->xdp != XDP_AUTO ||
		in->settings->interface->zero_copy == SWITCH_ON)
		return ret;
	/* plain sockets need no privilege; who needs more than they give shall hear what it is */
	datagrams = !user_half_refuse(in, &io_udp_socket, NULL);
	if (ret == -EPERM && !datagrams)
		return ret;
	step_down(in, "%s", err->text);
	err->text[0] = '\0';
	ret = open_plain(in, &io_af_packet, err);
	if (ret != -EPERM || !datagrams)
		return ret;
	user_half_close(in);
	step_down(in, "%s", err->text);
	err->text[0] = '\0';
	return open_plain(in, &io_udp_socket, err);
}
