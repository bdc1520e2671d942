#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# http on a network that loses segments in both directions: every transfer is complete and identical, in both
# flavours. TRANSFERS (100) of each size at each rate; make check-loss has 1000.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/http.sh"
transfers=${TRANSFERS:-100}

# lose PER-MILLE: of what comes in and goes out at the far end
lose() {
	local way
	loss_pids=''
	for way in in out; do
		: >"$dir/loss"
		ip netns exec "$far" "${python[@]}" "$srcdir/tests/loss.py" peer0 "$1" $way >"$dir/loss" 2>&1 &
		loss_pids="$loss_pids $!"
		started="$started $!"
		wait_for 10 grep -q ready "$dir/loss" || { fail "no loss: $(cat "$dir/loss")"; return 1; }
	done
}

lose_no_more() {
	local one
	for one in $loss_pids; do
		kill -TERM "$one"
		wait "$one"
	done
}

http_net
in_far ethtool -K peer0 gro on || exit 99 # for what XDP sends
http_files
nginx_start
ip -n "$far" neigh replace 192.0.2.2 lladdr 02:00:00:00:0b:02 dev peer0
for flavour in tc xdp; do
	about "$flavour: it starts, for answers of up to ten segments"
	http_start --set http.max_segments=10 || finish
	for rate in 0 20 100; do
		[ $rate = 0 ] || lose $rate || continue
		about "$flavour: $rate of 1000 segments lost: $transfers transfers each of 8 bytes to 10 KB"
		clients transfers path=/8.bin,/1000.bin,/2500.bin,/10000.bin count=$((4 * transfers)) parallel=100
		[ $rate = 0 ] || lose_no_more
	done
	about "$flavour: segments were sent again, and none of them is missing in the books"
	ringside_stop
	records "service.figures.retransmissions > $((transfers / 10))" "service.figures.hits >= 12 * $transfers" \
		"(service.figures.xdp_hits > 2 * $transfers) == ('$flavour' == 'xdp')"
done
finish
