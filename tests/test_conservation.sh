#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The books balance: whatever is sent, in every mode and also when the rings are full, ends up in exactly one place,
# in every record; and what was sent back has arrived.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"

watch_start() { # the peer's own count of answers
	rm -f "$dir/back"
	ip netns exec "$far" "${python[@]}" "$srcdir/tests/peer.py" watch peer0 expect="$dir/back" &
	watch_pid=$!
	started="$started $watch_pid"
	wait_for 5 test -s "$dir/back"
}

watch_stop() {
	kill -TERM $watch_pid
	wait $watch_pid
	started=${started/ $watch_pid/}
	back=$(cat "$dir/back")
}

# What every load must come to; DIRECT: a packet socket receives, which judges after its ring.
check_books() {
	local direct=$1 expected="expected('$dir/expected')" rx=rx_packets
	[ "$direct" = False ] || rx=admitted_packets
	records "totals.rx_packets == $expected.$rx" \
		"totals.rx_packets == totals.tx_packets + totals.drop_packets + totals.pass_packets" \
		"totals.tx_packets == $back" \
		"len(records) >= 2" \
		"served(last, $direct)"
	[ "$direct" = True ] || records "totals.pass_packets == $expected.pass_packets" \
		"service.rx_packets == $expected.service_rx_packets" \
		"drops.ttl_exceeded == $expected.ttl_exceeded" "totals.rx_bytes == $expected.rx_bytes"
}

# paced DIRECT COUNT RATE RINGSIDE-ARGUMENT...
paced() {
	local direct=$1 count=$2 rate=$3
	shift 3
	watch_start
	ringside_start -i rs0 reflect "$@" || return
	peer load count="$count" rate="$rate" seed=$RANDOM expect="$dir/expected"
	ringside_stop
	watch_stop
	check_books "$direct"
}

# flood DIRECT RINGSIDE-ARGUMENT...: while the program sleeps its rings overflow; then two senders at once
flood() {
	local direct=$1 one
	shift
	watch_start
	ringside_start -i rs0 reflect "$@" || return
	kill -STOP "$pid"
	peer load count=20000 seed=1 expect="$dir/stopped"
	kill -CONT "$pid"
	for one in 2 3; do
		in_far "${python[@]}" "$srcdir/tests/peer.py" load peer0 count=80000 seed=$one expect="$dir/flood$one" &
		senders[one]=$!
	done
	wait "${senders[2]}" "${senders[3]}"
	ringside_stop
	watch_stop
	"${python[@]}" - "$dir" <<-'END'
		import json, sys
		parts = [json.load(open("%s/%s" % (sys.argv[1], name))) for name in ("stopped", "flood2", "flood3")]
		json.dump({key: sum(part[key] for part in parts) for key in parts[0]}, open(sys.argv[1] + "/expected", "w"))
	END
	check_books "$direct"
}

untransmittable() {
	kill -TERM "$foreign_pid" # without a program the peer's end takes nothing from XDP
	wait_for 5 has_no_xdp "$far" peer0 || fail "the peer keeps its program"
	ringside_start -i rs0 reflect --set=reflect.path=kernel || return
	peer load count=5000 rate=50000 seed=9 expect="$dir/expected"
	ringside_stop
	records "totals.tx_packets == 0" "drops.tx_failed == expected('$dir/expected').tx_packets" \
		"totals.rx_packets == 5000" "interface.kernel.tx_errors == interface.kernel.tx"
}

for queues in 1 2; do
	net_make $queues
	about "native XDP, kernel half, $queues queues"
	paced False 100000 100000 --set=reflect.path=kernel
	about "native XDP, user half, $queues queues"
	paced False 60000 60000 --set=reflect.path=user
done
net_make 1
about "generic XDP, kernel half"
paced False 60000 60000 --set=rs0.xdp=generic
about "generic XDP, user half"
paced False 30000 30000 --set=rs0.xdp=generic --set=reflect.path=user
about "io = af_packet"
paced True 30000 30000 --set=rs0.io=af_packet
about "a flood over the kernel half"
flood False --set=reflect.path=kernel
about "a flood over the user half: rings overflow, and it is all in the books"
flood False --set=reflect.path=user
records "drops.rx_ring_full + drops.rx_dropped > 0"
about "the same at level debug"
flood False --set=reflect.path=user --level debug
about "the same by generic XDP"
flood False --set=reflect.path=user --set=rs0.xdp=generic
records "drops.rx_ring_full + drops.rx_dropped > 0"
about "the same by a packet socket"
flood True --set=rs0.io=af_packet
records "drops.rx_ring_full > 0"
about "answers that the driver cannot transmit are dropped as tx_failed"
untransmittable
finish
