/* SPDX-License-Identifier: BSD-2-Clause */
/* Links, namespaces and veth pairs, on the kernel itself in namespaces of its own; needs root. */
#include "link_place.h"

#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "net/ethtool.h"
#include "net/interrupt.h"
#include "net/link.h"

static uint64_t netns_current(void)
{
	struct stat file;

	assert_int_equal(stat("/proc/thread-self/ns/net", &file), 0);
	return file.st_ino;
}

static void test_a_link_is_read_as_the_kernel_knows_it(void **state)
{
	struct err err = { "" };
	struct link link;

	(void)state;
	assert_int_equal(link_read(&link, "vb", &err), 0);
	assert_string_equal(link.name, "vb");
	assert_memory_equal(link.mac, mac_b, 6);
	assert_string_equal(link.driver, "veth");
	assert_int_equal(link.mtu, 1500);
	assert_int_equal(link.rx_queues, QUEUES);
	assert_int_equal(link.tx_queues, QUEUES);
	assert_int_equal(link.rx_queues_max, QUEUES);
	assert_int_equal(link.xdp_program, 0);
	assert_int_equal(link.numa_node, -1);
	assert_false(link.up);
	assert_false(link.carrier);
	assert_true(link.index > 1);
}

static void test_a_link_with_fewer_channels_than_it_was_made_with_says_so(void **state)
{
	struct ethtool_channels channels = {
		.cmd = ETHTOOL_SCHANNELS, .rx_count = 1, .tx_count = 2
	};
	struct link link;
	int fd = ethtool_open();

	(void)state;
	if (ethtool_call(fd, "vb", &channels) < 0)
		skip(); /* veth has channels to set since kernel 5.15 */
	close(fd);
	assert_int_equal(link_read(&link, "vb", NULL), 0);
	assert_int_equal(link.rx_queues, 1);
	assert_int_equal(link.tx_queues, 2);
	assert_int_equal(link.rx_queues_max, QUEUES);
}

static void test_loopback_is_a_link_without_an_address(void **state)
{
	static const uint8_t none[6];
	struct link link;

	(void)state;
	assert_int_equal(link_read(&link, "lo", NULL), 0);
	assert_string_equal(link.driver, "loopback");
	assert_memory_equal(link.mac, none, 6);
	assert_int_equal(link.index, 1);
	assert_int_equal(link.rx_queues, 1);
	assert_true(link.up);
	assert_true(link.carrier);
}

static void test_an_unknown_link_is_answered_with_the_names_that_exist(void **state)
{
	struct err err = { "" };
	struct link link;

	(void)state;
	assert_int_equal(link_read(&link, "eth7", &err), -ENODEV);
	assert_string_equal(err.text, "no such interface (there are: lo, vb)");
	assert_int_equal(link_read(&link, "", NULL), -ENODEV);
	assert_int_equal(link_read(&link, "a-name-longer-than-any", NULL), -ENODEV);
}

static void test_links_come_up_with_addresses_and_neighbours(void **state)
{
	struct place *place = *state;
	struct err err = { "" };
	struct link link;
	int back;

	assert_int_equal(veth_address_add("vb", "198.18.0.2/24", &err), 0);
	assert_int_equal(veth_address_add("vb", "fd00:198:18::2/64", &err), 0);
	assert_int_equal(veth_neighbour_add("vb", "198.18.0.1", mac_a, &err), 0);
	assert_int_equal(veth_neighbour_add("vb", "fd00:198:18::1", mac_a, &err), 0);
	assert_int_equal(veth_set_up("vb", &err), 0);
	assert_int_equal(link_read(&link, "vb", &err), 0);
	assert_true(link.up);
	assert_false(link.carrier); /* the other end is down */
	back = netns_enter(place->a, &err);
	assert_true(back >= 0);
	assert_int_equal(veth_set_up("va", &err), 0);
	netns_leave(back);
	assert_int_equal(link_read(&link, "vb", &err), 0);
	assert_true(link.carrier);
}

static void test_what_is_no_address_is_refused(void **state)
{
	static const char *const bad[] = { "198.18.0.2", "198.18.0.2/", "198.18.0.2/33",
		"198.18.0/24", "fd00::1/129", "fd00::1/ 64", "fd00::1/64x", "name/24", "/24", "" };
	struct err err = { "" };

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(veth_address_add("vb", bad[i], NULL), -EINVAL);
	assert_int_equal(veth_neighbour_add("vb", "198.18.0.1/24", mac_a, NULL), -EINVAL);
	assert_int_equal(veth_address_add("vx", "198.18.0.2/24", &err), -ENODEV);
	assert_string_equal(err.text, "vx: no such interface");
}

static void test_a_name_that_is_taken_is_refused_by_the_kernel_in_words(void **state)
{
	struct place *place = *state;
	struct veth_end a = { .name = "vc", .netns = place->a }, b = { .name = "vb" };
	struct err err = { "" };

	memcpy(a.mac, mac_a, 6);
	memcpy(b.mac, mac_b, 6);
	assert_int_equal(veth_add(&a, &b, 1, &err), -EEXIST);
	assert_non_null(strstr(err.text, "vc: make a veth pair: File exists"));
}

static void test_vlan_offloads_go_off_and_come_back_as_they_were(void **state)
{
	static const char *const names[2] = { "rx-vlan-hw-parse", "rx-vlan-stag-hw-parse" };
	static const char *const ctag[1] = { "rx-vlan-hw-parse" };
	struct link_vlan_offload was = { 0 };
	struct ethtool_feature now[2];
	struct err err = { "" };

	(void)state;
	assert_int_equal(link_features_set("vb", ctag, 1, false, &err), 0);
	assert_int_equal(link_vlan_offload_off("vb", &was, &err), 1);
	assert_false(was.ctag);
	assert_true(was.stag);
	assert_int_equal(link_vlan_offload_restore("vb", &was, &err), 0);
	assert_int_equal(link_features_set("vb", ctag, 1, true, &err), 0);

	assert_int_equal(link_vlan_offload_off("vb", &was, &err), 2);
	assert_int_equal(ethtool_features_read("vb", names, 2, now, &err), 0);
	assert_true(now[0].known && !now[0].on && !now[1].on);
	struct link_vlan_offload again;
	assert_int_equal(link_vlan_offload_off("vb", &again, &err), 0);
	assert_false(again.ctag || again.stag);
	assert_int_equal(link_vlan_offload_restore("vb", &was, &err), 0);
	assert_int_equal(ethtool_features_read("vb", names, 2, now, &err), 0);
	assert_true(now[0].on && now[1].on);
	assert_int_equal(link_vlan_offload_off("lo", &was, &err), 0);
	assert_int_equal(link_vlan_offload_off("eth7", &was, &err), -ENODEV);
}

static void test_features_are_switched_together_and_unknown_ones_passed_over(void **state)
{
	static const char *const names[] = { "tx-checksum-ip-generic", "no-such-feature",
		"rx-gro" };
	static const char *const fixed[] = { "rx-fcs" };
	struct ethtool_feature now[3];
	struct err err = { "" };

	(void)state;
	assert_int_equal(link_features_set("vb", names, 3, true, &err), 0);
	assert_int_equal(ethtool_features_read("vb", names, 3, now, &err), 0);
	assert_true(now[0].on && !now[1].known && now[2].on);
	assert_int_equal(link_features_set("vb", names, 3, false, &err), 0);
	assert_int_equal(ethtool_features_read("vb", names, 3, now, &err), 0);
	assert_true(now[0].known && !now[0].on && !now[2].on);
	assert_int_equal(link_features_set("vb", fixed, 1, false, &err), 0);
	assert_int_equal(link_features_set("vb", fixed, 1, true, &err), -EOPNOTSUPP);
	assert_string_equal(err.text, "vb: rx-fcs stays off: the driver fixes it");
}

static void *read_counter(void *context)
{
	struct link_counter *counter = context;
	uint64_t *value = malloc(sizeof(*value));

	*value = link_counter_read(counter);
	return value;
}

static void test_a_counter_sums_the_statistics_that_match(void **state)
{
	struct link_counter *counter, *every;
	struct link link;
	uint64_t *value;
	pthread_t thread;

	(void)state;
	counter = link_counter_open("vb", "rx_queue_*_xdp_tx_errors");
	assert_non_null(counter);
	assert_int_equal(link_counter_read(counter), 0);
	/* the one statistic of veth that is not 0 from the start is the other end's index */
	every = link_counter_open("vb", "peer_*");
	assert_non_null(every);
	assert_int_equal(link_read(&link, "vb", NULL), 0);
	assert_true(link_counter_read(every) > 0 && link_counter_read(every) != UINT64_MAX);
	assert_int_equal(pthread_create(&thread, NULL, read_counter, every), 0);
	assert_int_equal(pthread_join(thread, (void **)&value), 0);
	assert_int_equal(*value, link_counter_read(every));
	free(value);
	link_counter_close(counter);
	link_counter_close(every);
}

static void test_a_counter_that_nobody_keeps_is_unknown(void **state)
{
	(void)state;
	assert_null(link_counter_open("vb", "no_such_*"));
	assert_null(link_counter_open("lo", "*"));
	assert_null(link_counter_open("eth7", "*"));
	assert_true(link_counter_read(NULL) == UINT64_MAX);
	link_counter_close(NULL);
}

static void test_a_counter_outlives_a_change_of_the_number_of_queues(void **state)
{
	struct ethtool_channels fewer = { .cmd = ETHTOOL_SCHANNELS, .rx_count = 1, .tx_count = 1 };
	struct ethtool_channels more = {
		.cmd = ETHTOOL_SCHANNELS, .rx_count = QUEUES, .tx_count = QUEUES
	};
	int fd = ethtool_open();

	(void)state;
	if (ethtool_call(fd, "vb", &fewer) < 0)
		skip();
	struct link_counter *counter = link_counter_open("vb", "peer_*");
	uint64_t before = link_counter_read(counter);

	assert_true(ethtool_call(fd, "vb", &more) >= 0);
	assert_int_equal(link_counter_read(counter), before);
	assert_true(ethtool_call(fd, "vb", &fewer) >= 0);
	assert_int_equal(link_counter_read(counter), before);
	link_counter_close(counter);
	close(fd);
}

static void test_entering_a_namespace_and_coming_back(void **state)
{
	struct place *place = *state;
	uint64_t here = netns_current();
	char path[64];
	struct err err = { "" };
	int back = netns_enter(place->a, &err);

	assert_true(back >= 0 && back != NETNS_HERE);
	assert_true(netns_current() != here);
	netns_leave(back);
	assert_int_equal(netns_current(), here);
	snprintf(path, sizeof(path), "/run/netns/%s", place->a);
	back = netns_enter(path, &err);
	assert_true(back >= 0 && netns_current() != here);
	netns_leave(back);
	assert_int_equal(netns_current(), here);
	assert_int_equal(netns_enter("", &err), NETNS_HERE);
	assert_int_equal(netns_enter(NULL, &err), NETNS_HERE);
	netns_leave(NETNS_HERE);
	assert_int_equal(netns_current(), here);
}

static void test_an_unknown_namespace_is_answered_with_the_names_that_exist(void **state)
{
	struct place *place = *state;
	struct err err = { "" };

	assert_int_equal(netns_enter("no-such-namespace", &err), -ENOENT);
	assert_non_null(
		strstr(err.text, "no-such-namespace: no such network namespace (there are: "));
	assert_non_null(strstr(err.text, place->a));
	assert_int_equal(netns_enter("..", NULL), -ENOENT);
	assert_int_equal(netns_enter("/etc/passwd", &err), -EINVAL);
	assert_string_equal(err.text, "/etc/passwd is not a network namespace");
}

static void test_a_namespace_is_made_once_and_removed_once(void **state)
{
	char name[32], command[128];
	struct err err = { "" };
	uint64_t here = netns_current();

	(void)state;
	snprintf(name, sizeof(name), "rs-link-%d-c", getpid());
	assert_int_equal(netns_add(name, &err), 0);
	assert_int_equal(netns_current(), here);
	assert_int_equal(netns_add(name, &err), -EEXIST);
	snprintf(command, sizeof(command), "ip -n %s link show lo | grep -q LOWER_UP", name);
	assert_int_equal(system(command), 0);
	assert_int_equal(netns_delete(name, &err), 0);
	assert_int_equal(netns_delete(name, &err), -ENOENT);
	assert_int_equal(netns_add("a/b", NULL), -EINVAL);
	assert_int_equal(netns_add("", NULL), -EINVAL);
	/* one that ip-netns(8) made is removed as well */
	snprintf(command, sizeof(command), "ip netns add %s", name);
	assert_int_equal(system(command), 0);
	assert_int_equal(netns_delete(name, &err), 0);
}

/* Runs as nobody in a child. Returns its exit status: how many of the refusals name no
 * capability. */
static int refusals_without_capability(const char *netns)
{
	static const char *const feature[] = { "rx-gro" };
	struct err err[5] = { { "" } };
	int wrong = 0;

	if (setgid(65534) || setuid(65534))
		return 99;
	netns_enter(netns, &err[0]);
	netns_add("rs-link-never", &err[1]);
	netns_delete(netns, &err[2]);
	link_features_set("vb", feature, 1, true, &err[3]);
	veth_set_up("vb", &err[4]);
	for (int i = 0; i < 5; i++) {
		const char *capability = i < 3 ? "(needs CAP_SYS_ADMIN)" : "(needs CAP_NET_ADMIN)";

		if (!strstr(err[i].text, capability)) {
			fprintf(stderr, "%d: %s\n", i, err[i].text);
			wrong++;
		}
	}
	return wrong;
}

static void test_refusals_name_the_capability_that_is_missing(void **state)
{
	struct place *place = *state;
	int status;
	pid_t child = fork();

	if (!child)
		_exit(refusals_without_capability(place->a));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_a_queue_is_found_by_the_name_of_its_interrupt(void **state)
{
	(void)state;
	assert_true(interrupt_fit("virtio0-input.3", "eth0", 3) > 0);
	assert_int_equal(interrupt_fit("virtio0-output.3", "eth0", 3), 0);
	assert_int_equal(interrupt_fit("virtio0-input.13", "eth0", 3), 0);
	assert_int_equal(interrupt_fit("virtio0-config", "eth0", 0), 0);
	assert_true(interrupt_fit("ice-eth0-TxRx-3", "eth0", 3) >
		    interrupt_fit("ice-eth1-TxRx-3", "eth0", 3));
	assert_true(interrupt_fit("mlx5_comp0@pci:0000:03:00.0", "eth0", 0) >
		    interrupt_fit("mlx5_async0@pci:0000:03:00.0", "eth0", 0));
	assert_true(interrupt_fit("eth0-Tx-Rx-7", "eth0", 7) > 0);
	assert_true(interrupt_fit("eth0-rx-1", "eth0", 1) > 0);
	assert_int_equal(interrupt_fit("eth0-tx-1", "eth0", 1), 0);
	assert_true(interrupt_fit("mana_q0@pci:7870:00:00.0", "eth0", 0) > 0);
}

static void test_a_virtual_link_has_no_interrupts(void **state)
{
	struct err err = { "" };
	uint32_t irq;

	(void)state;
	assert_int_equal(interrupt_find("vb", 0, &irq, &err), -ENOENT);
	assert_string_equal(err.text, "vb queue 0: not a device with interrupts");
	assert_int_equal(interrupt_find("lo", 0, &irq, NULL), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE(test_a_link_is_read_as_the_kernel_knows_it),
		PLACE(test_a_link_with_fewer_channels_than_it_was_made_with_says_so),
		PLACE(test_loopback_is_a_link_without_an_address),
		PLACE(test_an_unknown_link_is_answered_with_the_names_that_exist),
		PLACE(test_links_come_up_with_addresses_and_neighbours),
		PLACE(test_what_is_no_address_is_refused),
		PLACE(test_a_name_that_is_taken_is_refused_by_the_kernel_in_words),
		PLACE(test_vlan_offloads_go_off_and_come_back_as_they_were),
		PLACE(test_features_are_switched_together_and_unknown_ones_passed_over),
		PLACE(test_a_counter_sums_the_statistics_that_match),
		PLACE(test_a_counter_that_nobody_keeps_is_unknown),
		PLACE(test_a_counter_outlives_a_change_of_the_number_of_queues),
		PLACE(test_entering_a_namespace_and_coming_back),
		PLACE(test_an_unknown_namespace_is_answered_with_the_names_that_exist),
		PLACE(test_a_namespace_is_made_once_and_removed_once),
		PLACE(test_refusals_name_the_capability_that_is_missing),
		PLACE(test_a_queue_is_found_by_the_name_of_its_interrupt),
		PLACE(test_a_virtual_link_has_no_interrupts),
	};

	int skipped = place_open("test_link");

	return skipped ? skipped : cmocka_run_group_tests(tests, NULL, NULL);
}
