/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/lab_network.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/link.h"
#include "net/netns.h"
#include "net/veth.h"

/* RFC 2544's addresses for tests, a unique local prefix, locally administered MACs. */
const struct generate_end lab_ends[LAB_ENDS] = {
	{ .mac = { 0x02, 0, 0, 0, 0x0a, 0x01 }, .ip = { 198, 18, 0, 1 } },
	{ .mac = { 0x02, 0, 0, 0, 0x0b, 0x02 }, .ip = { 198, 18, 0, 2 } },
};
const char *const lab_ipv6[LAB_ENDS] = { "fd00:198:18::1", "fd00:198:18::2" };
const char *const lab_links[LAB_ENDS] = { "va", "vb" };

bool lab_is_leftover(const char *name)
{
	int pid;

	return sscanf(name, LAB_PREFIX "%d-", &pid) == 1 && pid > 0 && kill(pid, 0) &&
	       errno == ESRCH;
}

void lab_network_remove_leftovers(void)
{
	DIR *folder = opendir("/run/netns");
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (lab_is_leftover(entry->d_name))
			netns_delete(entry->d_name, NULL);
	if (folder)
		closedir(folder);
}

/* One end, in its namespace: addresses, and the other end's as permanent neighbours, so that no
 * query disturbs the counts. */
static int set_up(enum lab_end end, struct err *err)
{
	char address[64], other[INET_ADDRSTRLEN];
	const char *link = lab_links[end];
	int code;

	inet_ntop(AF_INET, lab_ends[end].ip, other, sizeof(other));
	snprintf(address, sizeof(address), "%s/24", other);
	code = veth_address_add(link, address, err);
	snprintf(address, sizeof(address), "%s/64", lab_ipv6[end]);
	if (!code)
		code = veth_address_add(link, address, err);
	inet_ntop(AF_INET, lab_ends[!end].ip, other, sizeof(other));
	if (!code)
		code = veth_neighbour_add(link, other, lab_ends[!end].mac, err);
	if (!code)
		code = veth_neighbour_add(link, lab_ipv6[!end], lab_ends[!end].mac, err);
	return code ? code : veth_set_up(link, err);
}

static int make_end(const struct lab_network *network, enum lab_end end, lab_furnish *furnish,
	void *lab, struct err *err)
{
	/* with GRO a veth takes what XDP sends to it */
	static const char *const gro[] = { "rx-gro" };
	int back = netns_enter(network->netns[end], err), code;

	if (back < 0)
		return back;
	code = link_features_set(lab_links[end], gro, 1, true, err);
	if (!code)
		code = furnish(lab, end, err);
	if (!code)
		code = set_up(end, err);
	netns_leave(back);
	return code;
}

int lab_network_make(struct lab_network *network, unsigned queues, lab_furnish *furnish, void *lab,
	struct err *err)
{
	struct veth_end veth[LAB_ENDS];
	int code = 0;

	for (unsigned end = 0; end < LAB_ENDS && !code; end++) {
		snprintf(network->netns[end], sizeof(network->netns[end]), LAB_PREFIX "%d-%c",
			getpid(), 'a' + (int)end);
		veth[end] =
			(struct veth_end){ .name = lab_links[end], .netns = network->netns[end] };
		memcpy(veth[end].mac, lab_ends[end].mac, sizeof(veth[end].mac));
		code = netns_add(network->netns[end], err);
		network->made[end] = !code;
	}
	if (!code)
		code = veth_add(&veth[0], &veth[1], queues, err);
	for (unsigned end = 0; end < LAB_ENDS && !code; end++)
		code = make_end(network, (enum lab_end)end, furnish, lab, err);
	if (code == -EPERM || code == -EACCES)
		err_say(err, code,
			"a network of its own needs CAP_SYS_ADMIN and CAP_NET_ADMIN: run it as "
			"root");
	return code;
}

void lab_network_remove(const struct lab_network *network, struct err *err)
{
	for (unsigned end = 0; end < LAB_ENDS; end++)
		if (network->made[end])
			netns_delete(network->netns[end], err->text[0] ? NULL : err);
}
