#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# TCP as no ordinary stack speaks it, by IPv4 and IPv6 and behind a VLAN tag: blind resets, bad cookies, what comes
# too early, twice or in parts, windows and options that make no sense.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/http.sh"

# segments KEY=VALUE...: see http_segments.py; both families at once, since most of it is waiting for nothing to come
segments() {
	local family pids='' one
	for family in 4 6; do
		root=$root ip netns exec "$far" "$python" "$srcdir/tests/http_segments.py" peer0 family=$family "$@" \
			>"$dir/said-$family" 2>&1 &
		pids="$pids $!"
	done
	started="$started $pids"
	for one in $pids; do
		wait "$one"
	done
	[ ! -s "$dir/said-4" ] && [ ! -s "$dir/said-6" ] || fail "$(cat "$dir"/said-[46])"
}

http_net
http_files
nginx_start
# the far end's stack has none of these addresses, so it neither answers nor asks for them
for client in 192.0.2.77 2001:db8::77; do
	ip -n "$near" neigh replace $client lladdr 02:00:00:00:0a:01 dev rs0
done
about "it starts"
http_start || finish
about "IPv4 and IPv6"
segments
# Tags are in the frame for XDP, beside it for TC. Those of VLAN 0 (priority alone) are taken by a stack without VLANs,
# too; of VLAN 5 it takes nothing over here.
about "a tag, which the answers have bit by bit"
segments tag=0xa000 only=offers,order,again,closing,probes
segments tag=0x4005 only=times
about "the books"
becomes "service.drop.bad_sequence > 10" "service.drop.not_acknowledged > 0"
ringside_stop
finish
