// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/privilege.h"
#include "service/http_instance.h"

/* Connections that have got an answer here; the oldest is forgotten for a new one, and then reset. */
#define FLOWS_MAX 65536
/* Files that come while it runs. */
#define FILES_SPARE 1024
#define IP_HEADERS 40

static struct http_program_settings program_settings(const struct http_settings *settings)
{
	uint32_t files = http_watch_count(settings->root), objects = 2 * files + FILES_SPARE;

	return (struct http_program_settings){
		.port = (uint16_t)settings->port,
		.addresses = &settings->addresses,
		.files_max = files + FILES_SPARE,
		/* each file in its present state and one that is kept for a while, as long as can be */
		.objects_max = objects,
		.flows_max = FLOWS_MAX,
		.segments_max = objects * http_segments(settings),
	};
}

static int add_path(void *context, const char *path, uint32_t entry, struct err *err)
{
	return http_program_add_path(context, path, entry, err);
}

static int open_store(
	struct http_instance *in, const struct http_program_settings *program, struct err *err)
{
	const struct http_store_settings settings = {
		.root = in->settings->root,
		.headers = in->settings->headers,
		.optional_headers = &in->settings->optional_headers,
		.segments_max = http_segments(in->settings),
		.entries = http_program_entries(in->program),
		.entries_max = program->files_max,
		.objects = http_program_objects(in->program),
		.objects_max = program->objects_max,
		.segments = http_program_segments(in->program),
		.segments_count = program->segments_max,
		.add_path = add_path,
		.context = in->program,
		.log = in->log,
	};
	int ret = http_store_open(&in->store, &settings, err);

	if (!ret)
		ret = http_watch_open(&in->watch, in->settings->root, in->store, in->log, err);
	if (ret)
		return ret;
	in->files_max = program->files_max;
	in->hits = calloc(in->files_max, sizeof(*in->hits));
	if (!in->hits)
		return err_set(err, -ENOMEM, "make room for the files");
	http_store_settle(in->store);
	return http_keeper_start(in, err);
}

static void http_close(void *instance)
{
	struct http_instance *in = instance;

	if (in->program)
		http_keeper_stop(in);
	http_server_close(in->server);
	http_watch_close(in->watch);
	http_store_close(in->store);
	http_gate_close(in, &in->gate);
	http_xdp_close(in->xdp);
	http_program_close(in->program);
	pthread_mutex_destroy(&in->lock);
	free(in->hits);
	free(in);
}

static int http_open(const struct service_start *start, void **instance, struct err *err)
{
	const struct http_settings *settings = start->settings;
	struct http_program_settings program = program_settings(settings);
	struct http_instance *in = calloc(1, sizeof(*in));
	int ret;

	if (!in)
		return err_set(err, -ENOMEM, "open the service");
	in->now = *settings;
	in->settings = &in->now;
	in->log = start->log;
	in->stop_fd = -1;
	in->slot = start->slot;
	in->loader = start->loader;
	snprintf(in->name, sizeof(in->name), "%s", start->name);
	pthread_mutex_init(&in->lock, NULL);
	if (access(settings->root, R_OK | X_OK)) {
		ret = err_set(err, -errno, "root %s", settings->root);
		goto out;
	}
	ret = http_gate_compile(&in->gate, start->access, in->slot, err);
	if (ret)
		goto out;
	program.access = access_program(in->gate.access);
	program.loader = in->loader;
	ret = http_program_open(&in->program, &program, err);
	if (!ret)
		ret = http_gate_open(in, &in->gate, err);
	if (ret == -EOPNOTSUPP) {
		log_write(in->log, LOG_WARNING,
			"service %s: %s: the ordinary server answers everything%s", in->name,
			err->text, access_is_set(start->access) ? ", denied sources too" : "");
		err->text[0] = '\0';
		ret = 0;
	} else if (!ret) {
		ret = open_store(in, &program, err);
	}
	if (ret)
		goto out;
	*instance = in;
	return 0;
out:
	http_close(in);
	return ret;
}

/* A sysctl of the namespace that the calling thread is in; on, where it cannot be read. */
static bool sysctl_is_on(const char *name)
{
	char path[96];
	int value = 1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
	file = fopen(path, "re");
	if (!file)
		return true;
	if (fscanf(file, "%d", &value) != 1)
		value = 1;
	fclose(file);
	return value != 0;
}

static int check_ethernet(const char *name, struct err *err)
{
	struct ifreq request = { .ifr_flags = 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	ret = fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request) ? -errno : 0;
	if (fd >= 0)
		close(fd);
	if (ret)
		return err_set(err, ret, "ask for the kind of device");
	if (request.ifr_hwaddr.sa_family == ARPHRD_ETHER ||
		request.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK)
		return 0;
	return err_say(err, -EOPNOTSUPP, "not an Ethernet device");
}

void http_follow_addresses(struct http_instance *in)
{
	struct address local[ADDRESS_TABLE];
	unsigned count = 0;

	if (!in->program)
		return;
	for (unsigned i = 0; i < HTTP_INTERFACES; i++) {
		const struct service_interface *interface = in->places[i].interface;

		for (unsigned k = 0; interface && k < ADDRESS_TABLE && count < ADDRESS_TABLE; k++)
			if (interface->tables->addresses[k].wanted & ADDRESS_LOCAL)
				local[count++] = interface->tables->addresses[k];
	}
	http_program_set_local(in->program, local, count);
}

static struct http_place *free_place(struct http_instance *in)
{
	for (unsigned i = 0; i < HTTP_INTERFACES; i++)
		if (!in->places[i].interface)
			return &in->places[i];
	return NULL;
}

static void http_close_interface(void *part)
{
	struct http_place *place = part;
	struct http_instance *in = place->instance;

	if (in->program) {
		http_program_set_interface(in->program, place->index, NULL);
		if (place->about.in_xdp)
			http_xdp_leave(place->interface);
		http_program_detach(in->program, place->index);
	}
	place->interface = NULL;
}

/* Behind XDP where that is wanted and there is a place; else at TC ingress alone. */
static int choose_flavour(
	struct http_place *place, const struct service_interface *interface, struct err *err)
{
	struct http_instance *in = place->instance;
	enum service_xdp wanted = http_xdp_is_wanted(in->settings, interface->driver);
	int ret = 0;

	if (wanted == SERVICE_XDP_NO || (wanted != SERVICE_XDP_MUST && !interface->program))
		return 0;
	if (!in->xdp)
		ret = http_xdp_open(&in->xdp, in->program, err);
	if (!ret)
		ret = http_xdp_enter(in->xdp, interface);
	place->about.in_xdp = !ret;
	if (ret == -ENOENT && wanted == SERVICE_XDP_MUST)
		return err_say(err, -EOPNOTSUPP,
			"flavour = xdp needs native XDP for this service alone, without the "
			"dispatcher");
	return ret == -ENOENT ? 0 : ret;
}

static int open_kernel_half(
	struct http_place *place, const struct service_interface *interface, struct err *err)
{
	struct http_instance *in = place->instance;
	int ret = check_ethernet(interface->name, err);

	place->about = (struct http_interface){
		.index = interface->ifindex,
		.mss = interface->mtu - IP_HEADERS,
		.timestamps = sysctl_is_on("tcp_timestamps"),
		.sack = sysctl_is_on("tcp_sack"),
		.window_scaling = sysctl_is_on("tcp_window_scaling"),
		.counts_all = !interface->program,
		/* what XDP_TX sends into a veth waits for an XDP program at the far end, what it redirects for
		 * one or for GRO */
		.redirects = !strcmp(interface->driver, "veth"),
		.room = in->settings->flavour == HTTP_FLAVOUR_XDP ? HTTP_ROOM_ANY
								  : HTTP_ROOM_UNKNOWN,
	};
	memcpy(place->about.mac, interface->mac, sizeof(place->about.mac));
	/* from here on the kernel half's, which measures it */
	http_program_state(in->program)->interface[place->index].room = place->about.room;
	http_program_clear_books(in->program, place->index);
	if (!ret)
		ret = choose_flavour(place, interface, err);
	return ret ? ret : http_program_attach(in->program, place->index, interface->ifindex, err);
}

/* A port below 1024 needs it. */
static uint64_t http_privileges(const void *settings)
{
	const struct http_settings *own = settings;
	bool listens = !own || (own->fallback == HTTP_FALLBACK_OWN && own->port < IPPORT_RESERVED);

	return listens ? PRIVILEGE(CAP_NET_BIND_SERVICE) : 0;
}

static int http_open_interface(
	void *instance, const struct service_interface *interface, void **part, struct err *err)
{
	struct http_instance *in = instance;
	struct http_place *place;
	int ret = 0;

	place = free_place(in);
	if (!place)
		return err_say(err, -E2BIG, "at most %d interfaces", HTTP_INTERFACES);
	*place = (struct http_place){
		.instance = in,
		.index = (unsigned)(place - in->places),
		.interface = interface,
	};
	if (in->program)
		ret = open_kernel_half(place, interface, err);
	/* once: what is accepted goes on while an interface is away */
	if (!ret && in->settings->fallback == HTTP_FALLBACK_OWN && !in->server)
		ret = http_server_open(&in->server, (uint16_t)in->settings->port,
			in->settings->root, in->settings->headers, err);
	if (ret) {
		http_close_interface(place);
		return ret;
	}
	*part = place;
	return 0;
}

static void http_run(void *part, bool run)
{
	struct http_place *place = part;

	http_follow_addresses(place->instance);
	if (place->instance->program)
		http_program_set_interface(place->instance->program, place->index,
			run && !place->instance->paused ? &place->about : NULL);
}

static void http_pause(void *instance, bool paused)
{
	struct http_instance *in = instance;

	in->paused = paused;
	for (unsigned i = 0; i < HTTP_INTERFACES; i++)
		if (in->places[i].interface)
			http_run(&in->places[i], true);
}

static void http_read_books(void *part, uint32_t queue, struct hook_books *books)
{
	const struct http_place *place = part;

	if (place->instance->program)
		http_program_add_books(place->instance->program, place->index, queue, books);
}

static unsigned http_tap_place(void *part)
{
	return ((const struct http_place *)part)->index;
}

static int http_compile(const struct service_compile *compile, struct err *err)
{
	(void)err;
	/* nothing at the hook of XDP: its frames are the stack's there */
	compile->rule->kind = SERVICE_NONE;
	return 0;
}

static enum service_xdp http_wants_xdp(const void *settings, const char *driver)
{
	return http_xdp_is_wanted(settings, driver);
}

static const char *http_where(void *part)
{
	const struct http_place *place = part;
	const struct http_program *program = place->instance->program;

	return program ? http_xdp_where(&place->about, &http_program_state(place->instance->program)
								->interface[place->index])
		       : "the ordinary server: see the log";
}

static unsigned http_needs(const void *settings)
{
	(void)settings;
	return SERVICE_NEEDS_KERNEL_HALF | SERVICE_NEEDS_DEVICE;
}

static const char *http_untimed(const void *settings)
{
	(void)settings;
	return "has its own: get_p50, get_p99, syn_p50, syn_p99";
}

const struct service_type service_http = {
	.name = "http",
	.summary = "answers GETs for static files in the kernel half, and hands the rest over",
	.options = http_options,
	.options_count = HTTP_OPTIONS,
	.settings_size = sizeof(struct http_settings),
	.own_hook = "TC ingress",
	.wants_xdp = http_wants_xdp,
	.where = http_where,
	.compile = http_compile,
	.needs = http_needs,
	.untimed = http_untimed,
	.privileges = http_privileges,
	.open = http_open,
	.open_interface = http_open_interface,
	.run_interface = http_run,
	.read_books = http_read_books,
	.gate = &http_service_gate,
	.show = http_show,
	.tap_place = http_tap_place,
	.close_interface = http_close_interface,
	.reopens = http_reopens,
	.reload = http_reload,
	.pause = http_pause,
	.close = http_close,
	.sample = http_sample,
	.figures = http_figures,
	.figures_count = HTTP_FIGURES,
	.tables = http_tables,
	.tables_count = HTTP_TABLES,
};
