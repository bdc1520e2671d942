#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Queues that come and go, and what the driver has counted of them.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"

has_other_queues() {
	local place
	for place in "${places[@]:0:2}"; do
		about "$place: another number of queues"
		net_make 2
		in_far ethtool -L peer0 rx 2 tx 1 && in_near ethtool -L rs0 rx 1 tx 1 || fail "ethtool -L"
		ringside_start -i rs0 reflect $place || continue
		records "len(queues) == 1"
		peer probes count=10
		in_near ethtool -L rs0 rx 2 tx 2 || fail "ethtool -L"
		becomes "len(queues) == 2" "all(queue.state == 'running' for queue in queues)"
		in_far ethtool -L peer0 rx 2 tx 2
		peer probes count=50
		ringside_stop
		records "totals.rx_packets == 60" "totals.tx_packets == 60"
	done
	about "more receive than transmit queues: all is answered, or it does not start"
	in_near ethtool -L rs0 rx 2 tx 1 || fail "ethtool -L"
	start_in "$near" "$RINGSIDE" -i rs0 reflect --format json --interval 0.1 --set=reflect.path=user
	wait_for 5 has_spoken
	if is_gone "$pid"; then
		grep -q "^ringside: rs0: .*ethtool -L rs0" "$err" || fail "no message"
	else
		peer probes count=50
		ringside_stop
	fi
}

# Counters of the driver that nobody can read any more when its interface is gone.
keeps_what_the_driver_counted() {
	about "answers that could not be transmitted are remembered when the interface is deleted"
	net_make 1
	kill -TERM "$foreign_pid"
	wait_for 5 has_no_xdp "$far" peer0
	ringside_start -i rs0 reflect --set=reflect.path=kernel || return
	peer load count=1000 rate=50000 expect="$dir/expected"
	becomes "drops.tx_failed == expected('$dir/expected').tx_packets"
	pair_delete
	becomes "interface.state == 'absent'"
	pair_again
	becomes "interface.state == 'up'"
	peer until
	ringside_stop
	records "drops.tx_failed == expected('$dir/expected').tx_packets" "totals.tx_packets >= 1"

	about "what the driver counted before the start is nobody's when the interface is deleted"
	kill -TERM "$foreign_pid"
	wait_for 5 has_no_xdp "$far" peer0
	ringside_start -i rs0 reflect --set=reflect.path=kernel || return
	peer load count=100 rate=50000
	ringside_stop
	foreign_xdp "$far" peer0
	ringside_start -i rs0 reflect --set=reflect.path=kernel || return
	peer probes count=10
	becomes "totals.tx_packets == 10"
	pair_delete
	pair_again
	becomes "interface.state == 'up'"
	peer until seed=7000
	ringside_stop
	records "totals.tx_packets > 10" "drops.tx_failed == 0"
}

has_other_queues
keeps_what_the_driver_counted
finish
