/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/netdev.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/genetlink.h>

#include "net/netlink.h"

/* include/uapi/linux/netdev.h, which Debian 12 does not have. */
#define NETDEV_COMMAND_DEV_GET 1
#define NETDEV_DEV_IFINDEX 1
#define NETDEV_DEV_XDP_FEATURES 3
#define NETDEV_DEV_XDP_ZC_MAX_SEGS 4

static const char *const bit_names[] = { "native", "redirect", "transmit", "zero-copy",
	"hardware-offload", "fragments", "transmit-fragments" };

static struct nlmsghdr *put_header(char *buffer, uint16_t family, uint8_t command)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *head = mnl_nlmsg_put_extra_header(request, sizeof(*head));

	request->nlmsg_type = family;
	head->cmd = command;
	head->version = 1;
	return request;
}

static int take_family(const struct nlattr *attribute, void *context)
{
	if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_ID &&
		!mnl_attr_validate(attribute, MNL_TYPE_U16))
		*(uint16_t *)context = mnl_attr_get_u16(attribute);
	return MNL_CB_OK;
}

static int take_families(const struct nlmsghdr *message, void *context)
{
	return mnl_attr_parse(message, sizeof(struct genlmsghdr), take_family, context);
}

static int take_feature(const struct nlattr *attribute, void *context)
{
	struct netdev_features *features = context;

	switch (mnl_attr_get_type(attribute)) {
	case NETDEV_DEV_XDP_FEATURES:
		if (!mnl_attr_validate(attribute, MNL_TYPE_U64))
			features->xdp = mnl_attr_get_u64(attribute);
		break;
	case NETDEV_DEV_XDP_ZC_MAX_SEGS:
		if (!mnl_attr_validate(attribute, MNL_TYPE_U32))
			features->zero_copy_segments = mnl_attr_get_u32(attribute);
		break;
	}
	return MNL_CB_OK;
}

static int take_features(const struct nlmsghdr *message, void *context)
{
	return mnl_attr_parse(message, sizeof(struct genlmsghdr), take_feature, context);
}

int netdev_features_read(uint32_t ifindex, struct netdev_features *features, struct err *err)
{
	char buffer[256];
	struct nlmsghdr *request = put_header(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	uint16_t family = 0;
	int code;

	*features = (struct netdev_features){ 0 };
	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, "netdev");
	code = netlink_generic_request(request, take_families, &family, NULL);
	if (code == -ENOENT || (!code && !family))
		return err_say(err, -EOPNOTSUPP,
			"this kernel does not say what its drivers can do (since Linux 6.3)");
	if (code)
		return err_set(err, code, "look for the netdev family of generic netlink");
	request = put_header(buffer, family, NETDEV_COMMAND_DEV_GET);
	mnl_attr_put_u32(request, NETDEV_DEV_IFINDEX, ifindex);
	code = netlink_generic_request(request, take_features, features, NULL);
	return code ? err_set(err, code, "ask the driver for its XDP features") : 0;
}

void netdev_features_print(const struct netdev_features *features, char *text, unsigned size)
{
	unsigned used = 0;

	if (size)
		text[0] = '\0';
	for (unsigned i = 0; i < sizeof(bit_names) / sizeof(bit_names[0]); i++) {
		if (!(features->xdp & 1ull << i) || used >= size)
			continue;
		used += (unsigned)snprintf(text + used, size - used, " %s", bit_names[i]);
	}
}
