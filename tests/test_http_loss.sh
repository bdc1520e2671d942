#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# http on a network that loses segments in both directions: every transfer is complete and identical.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/http.sh"

# lose PER-MILLE: of what comes in at either end
lose() {
	loss_pids=''
	for where in "$near rs0 generic" "$far peer0 native"; do
		: >"$dir/loss"
		# shellcheck disable=SC2086 # namespace and interface
		set -- $where "$1"
		ip netns exec "$1" "$python" "$srcdir/tests/loss.py" "$2" "$4" "$3" >"$dir/loss" 2>&1 &
		loss_pids="$loss_pids $!"
		started="$started $!"
		wait_for 10 grep -q ready "$dir/loss" || { fail "no loss: $(cat "$dir/loss")"; return 1; }
		set -- "$4"
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
http_files
nginx_start
ip -n "$far" neigh replace 192.0.2.2 lladdr 02:00:00:00:0b:02 dev peer0
about "it starts, for answers of up to ten segments"
http_start --set http.max_segments=10 || finish
for rate in 0 20 100; do
	[ $rate = 0 ] || lose $rate || continue
	for path in /1000.bin /2500.bin /10000.bin; do
		about "$rate of 1000 segments lost: 1000 transfers of $path"
		clients transfers path=$path count=1000 parallel=100
	done
	[ $rate = 0 ] || lose_no_more
done
about "segments were sent again, and none of them is missing in the books"
ringside_stop
records "service.figures.retransmissions > 100" "service.figures.hits >= 9000"
finish
