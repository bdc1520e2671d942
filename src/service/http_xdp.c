// SPDX-License-Identifier: BSD-2-Clause
#include "service/http_xdp.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http_xdp.skel.h"
#include "http_xdp_access.skel.h"
#include "http_xdp_tap.skel.h"

/* The map of entry.bpf.c. */
#define HOOKS "own_hooks"

struct http_xdp {
	struct http_xdp_bpf *skeleton;
};

enum service_xdp http_xdp_is_wanted(const struct http_settings *settings, const char *driver)
{
	if (settings->flavour == HTTP_FLAVOUR_XDP)
		return SERVICE_XDP_MUST;
	if (settings->flavour == HTTP_FLAVOUR_TC || !strcmp(driver, "veth"))
		return SERVICE_XDP_NO;
	return SERVICE_XDP_IF_NATIVE;
}

/* As http_xdp_bpf__open(), but for the file in the skeleton: of the program that judges sources, or that has taps,
 * too. */
static struct http_xdp_bpf *open_other(bool is_tapped)
{
	struct http_xdp_bpf *skeleton = calloc(1, sizeof(*skeleton));

	if (!skeleton || http_xdp_bpf__create_skeleton(skeleton)) {
		free(skeleton);
		return NULL;
	}
	skeleton->skeleton->data =
		(void *)(is_tapped ? http_xdp_tap__elf_bytes(&skeleton->skeleton->data_sz)
				   : http_xdp_access__elf_bytes(&skeleton->skeleton->data_sz));
	if (!bpf_object__open_skeleton(skeleton->skeleton, NULL))
		return skeleton;
	http_xdp_bpf__destroy(skeleton);
	return NULL;
}

/* All maps are those of the other program; what that one has no use for, this one has not, either. */
static int share_maps(struct http_xdp_bpf *skeleton, struct http_program *program, struct err *err)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, skeleton->obj)
	{
		int fd = http_program_map_fd(program, bpf_map__name(map)), ret;

		ret = fd < 0 ? bpf_map__set_autocreate(map, false) : bpf_map__reuse_fd(map, fd);
		if (ret)
			return err_set(err, ret, "share the table %s", bpf_map__name(map));
	}
	return 0;
}

int http_xdp_open(struct http_xdp **xdp, struct http_program *program, struct err *err)
{
	bool judges = http_program_map_fd(program, HTTP_ACCESS_RULE) >= 0;
	bool is_tapped = http_program_map_fd(program, HTTP_TAP_RULE) >= 0;
	struct http_xdp *x = calloc(1, sizeof(*x));
	int ret = -ENOMEM;

	if (!x || !(x->skeleton = judges ? open_other(is_tapped) : http_xdp_bpf__open())) {
		err_set(err, ret, "make room for the XDP program");
		goto out;
	}
	ret = share_maps(x->skeleton, program, err);
	if (ret)
		goto out;
	ret = http_xdp_bpf__load(x->skeleton);
	if (ret) {
		err_set(err, ret, "load the XDP program of http");
		goto out;
	}
	*xdp = x;
	return 0;
out:
	http_xdp_close(x);
	return ret;
}

void http_xdp_close(struct http_xdp *xdp)
{
	if (!xdp)
		return;
	http_xdp_bpf__destroy(xdp->skeleton);
	free(xdp);
}

int http_xdp_enter(struct http_xdp *xdp, const struct service_interface *interface)
{
	int fd = bpf_program__fd(xdp->skeleton->progs.ringside_http_xdp);
	int hooks = interface->map_fd(interface, HOOKS);
	__u32 first = 0, id;

	if (hooks < 0 || interface->generic || !bpf_map_lookup_elem(hooks, &first, &id))
		return -ENOENT;
	return bpf_map_update_elem(hooks, &first, &fd, BPF_ANY) ? -errno : 0;
}

void http_xdp_follow(struct http_xdp *xdp, const struct service_interface *interface)
{
	int fd = bpf_program__fd(xdp->skeleton->progs.ringside_http_xdp);
	int hooks = interface->map_fd(interface, HOOKS);
	__u32 first = 0;

	if (hooks >= 0 && bpf_map_update_elem(hooks, &first, &fd, BPF_ANY))
		http_xdp_leave(interface);
}

void http_xdp_leave(const struct service_interface *interface)
{
	int hooks = interface->map_fd(interface, HOOKS);
	__u32 first = 0;

	if (hooks >= 0)
		bpf_map_delete_elem(hooks, &first);
}

int http_xdp_fd(const struct http_xdp *xdp)
{
	return bpf_program__fd(xdp->skeleton->progs.ringside_http_xdp);
}

const char *http_xdp_where(const struct http_interface *about, const struct http_interface *now)
{
	if (!about->in_xdp)
		return "TC ingress";
	switch (__atomic_load_n(&now->room, __ATOMIC_RELAXED)) {
	case HTTP_ROOM_UNKNOWN:
		return "native XDP; the room of its frames is not known yet";
	case HTTP_ROOM_SEGMENT:
		return "native XDP, answers of several segments at TC ingress";
	case HTTP_ROOM_NONE:
		return "TC ingress: XDP's frames have no room for a segment";
	}
	return "native XDP as configured, what does not fit at TC ingress";
}
