/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a local client waits for a frame that a service would drop: its port may be the service's by chance. */
#ifndef RINGSIDE_REPLY_BPF_H
#define RINGSIDE_REPLY_BPF_H

#include "frame.h"

/* True when a socket is connected to just this peer. One that is merely bound is no sign of a client: the service's own
 * server has such a one. */
static __always_inline int reply_is_awaited(const struct frame *f)
{
	struct bpf_sock_tuple tuple;
	struct bpf_sock *sk;
	int connected;

	if (f->is_ipv6) {
		__builtin_memcpy(tuple.ipv6.saddr, &frame_ipv6(f)->saddr, 16);
		__builtin_memcpy(tuple.ipv6.daddr, &frame_ipv6(f)->daddr, 16);
		tuple.ipv6.sport = f->udp->source;
		tuple.ipv6.dport = f->udp->dest;
		sk = bpf_sk_lookup_udp(f->ctx, &tuple, sizeof(tuple.ipv6), BPF_F_CURRENT_NETNS, 0);
	} else {
		tuple.ipv4.saddr = frame_ipv4(f)->saddr;
		tuple.ipv4.daddr = frame_ipv4(f)->daddr;
		tuple.ipv4.sport = f->udp->source;
		tuple.ipv4.dport = f->udp->dest;
		sk = bpf_sk_lookup_udp(f->ctx, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
	}
	if (!sk)
		return 0;
	connected = sk->state == BPF_TCP_ESTABLISHED; /* of UDP, too */
	bpf_sk_release(sk);
	return connected;
}

#endif
