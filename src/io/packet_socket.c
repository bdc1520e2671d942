/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/packet_socket.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpf/frame.h"
#include "io/packet_filter.h"

/* Room in front of each frame: 4 bytes for the VLAN tag that the kernel has taken out, rounded
 * up so that the IP header stays aligned to 16. */
#define HEADROOM 16
/* Two VLAN tags, of which the kernel has taken one out. */
#define HEADERS (ETH_HLEN + sizeof(struct frame_vlan))
/* Where the kernel puts the Ethernet header of a SOCK_RAW frame (packet(7), tpacket_rcv()). */
#define SLOT_OFFSET (TPACKET_ALIGN(TPACKET2_HDRLEN + 16) + HEADROOM - ETH_HLEN)

/* What a few batches of full-size frames occupy with their socket buffers. */
#define SEND_BUFFER_BYTES (4 << 20)

int packet_settings_check(const struct io_queue_settings *settings, struct err *err)
{
	uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE), size = settings->frame_size;

	if (settings->queue)
		return err_say(err, -EINVAL, "AF_PACKET has queue 0 only");
	if (!settings->frames || !size || (size % page && page % size))
		return err_say(err, -EINVAL, "%u frames of %u bytes make no AF_PACKET ring",
			settings->frames, size);
	if (settings->mtu + HEADERS > FRAME_BYTES_MAX)
		log_write(settings->log, LOG_INFO,
			"%s: MTU %u: frames of more than %u bytes are left to the stack",
			settings->interface, settings->mtu, FRAME_BYTES_MAX);
	if (settings->busy_poll_us)
		log_write(settings->log, LOG_INFO, "%s: busy_poll_us has no effect on AF_PACKET",
			settings->interface);
	return 0;
}

/* Protocol 0: until it is bound with a protocol, the socket receives nothing. */
static int socket_open(int *fd, struct err *err)
{
	int error;

	*fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd >= 0)
		return 0;
	error = err_set(err, -errno, "create AF_PACKET socket");
	return error == -EPERM ? err_add(err, error, " (needs CAP_NET_RAW)") : error;
}

static int socket_bind(int fd, uint32_t ifindex, uint16_t protocol, struct err *err)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = BE16(protocol),
		.sll_ifindex = (int)ifindex,
	};

	return bind(fd, (void *)&address, sizeof(address))
		       ? err_set(err, -errno, "bind AF_PACKET socket to interface %u", ifindex)
		       : 0;
}

/* Others (tun, PPP) have no Ethernet header. */
static int ethernet_check(int fd, struct err *err)
{
	struct sockaddr_ll address;
	socklen_t length = sizeof(address);

	if (getsockname(fd, (void *)&address, &length))
		return err_set(err, -errno, "read the AF_PACKET socket's address");
	if (address.sll_hatype != ARPHRD_ETHER && address.sll_hatype != ARPHRD_LOOPBACK)
		return err_say(err, -EOPNOTSUPP, "not an Ethernet interface (type %u)",
			address.sll_hatype);
	return 0;
}

static int option_set(int fd, int option, int value, const char *name, struct err *err)
{
	return setsockopt(fd, SOL_PACKET, option, &value, sizeof(value))
		       ? err_set(err, -errno, "set %s", name)
		       : 0;
}

/* frame_size, or as much more as a frame of the MTU needs; of frames that no rule takes (lo has an MTU of
 * 64 K) one byte too many to be taken for a whole one. A power of two, as blocks of whole pages want it. */
static uint32_t slot_size(const struct io_queue_settings *settings)
{
	uint32_t most = settings->mtu + HEADERS, size = settings->frame_size;

	if (most > FRAME_BYTES_MAX)
		most = FRAME_BYTES_MAX + 1;
	while (size < SLOT_OFFSET + most)
		size *= 2;
	return size;
}

static int ring_open(
	struct packet_ring *ring, int fd, const struct io_queue_settings *settings, struct err *err)
{
	uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE), size = slot_size(settings);
	uint32_t block = size > page ? size : page, per_block = block / size;
	uint32_t blocks = (settings->frames + per_block - 1) / per_block;
	struct tpacket_req request = { block, blocks, size, blocks * per_block };
	size_t bytes = (size_t)block * blocks;
	void *memory;

	if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)))
		return err_set(
			err, -errno, "make an AF_PACKET ring of %u frames", request.tp_frame_nr);
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return err_set(err, -errno, "map an AF_PACKET ring of %zu bytes", bytes);
	*ring = (struct packet_ring){ memory, bytes, request.tp_frame_nr, size };
	return 0;
}

void packet_ring_close(struct packet_ring *ring)
{
	if (ring->memory)
		munmap(ring->memory, ring->bytes);
	*ring = (struct packet_ring){ 0 };
}

/* The binding comes last and with it the first frame: through the filter, never from elsewhere. A
 * socket made with its protocol would first collect the frames of all interfaces. */
int packet_receive_open(int *fd, struct packet_ring *ring, const struct io_queue_settings *settings,
	struct err *err)
{
	int error = socket_open(fd, err);

	if (error)
		return error;
	error = option_set(*fd, PACKET_VERSION, TPACKET_V2, "PACKET_VERSION", err);
	if (!error)
		error = option_set(*fd, PACKET_RESERVE, HEADROOM, "PACKET_RESERVE", err);
	if (!error)
		error = option_set(*fd, PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING", err);
	if (!error)
		error = ring_open(ring, *fd, settings, err);
	if (!error)
		error = packet_filter_attach(*fd, settings->udp_ports, err);
	return error ? error : socket_bind(*fd, settings->ifindex, ETH_P_ALL, err);
}

int packet_send_open(int *fd, const struct io_queue_settings *settings, struct err *err)
{
	int bytes = SEND_BUFFER_BYTES, one = 1, error = socket_open(fd, err);

	if (!error)
		error = socket_bind(*fd, settings->ifindex, 0, err);
	if (!error)
		error = ethernet_check(*fd, err);
	if (error)
		return error;
	if (setsockopt(*fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)))
		(void)setsockopt(*fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	/* a queueing discipline would hide from us what it drops */
	(void)setsockopt(*fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	return 0;
}
