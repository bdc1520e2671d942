#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Packets for ports into the rings of other processes: three applications, whose consumers come, hang and die.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/consumers.sh"

# sweep FIRST LAST: a packet for each port, in pieces for which the receive ring has room while the worker is off
# its CPU for however long
sweep() {
	local from sent
	sent=$(figure "totals['rx_packets']")
	for ((from = $1; from <= $2; from += 3500)); do
		local to=$((from + 3499 < $2 ? from + 3499 : $2))
		sends ports=$from-$to rate=100000
		sent=$((sent + to - from + 1))
		becomes "totals.rx_packets >= $sent and not totals.in_flight_packets"
	done
}

three_applications() {
	about "three applications get every port from 1 to 65534, each its own, and the stack the rest"
	net_make 1
	cat >three.ini <<-INI
		[interface rs0]
		[service first]
		type = deliver
		interfaces = rs0
		ports = 1-21845
		depth = 32768
		[service second]
		type = deliver
		interfaces = rs0
		ports = 21846-43690
		depth = 32768
		ring = two
		[service third]
		type = deliver
		interfaces = rs0
		ports = 43691-65534
		depth = 8192
	INI
	ringside_start -c three.ini || return
	reader first 1-21845
	local first=$reader_pid first_words=$reader_words
	reader two 21846-43690
	local second=$reader_pid second_words=$reader_words
	reader third 43691-65534
	local third=$reader_pid third_words=$reader_words
	becomes "all(s.figures.consumers == 1 for s in last.services)"
	sweep 0 65535
	becomes "sum(r.packets for s in last.services for r in s.tables.rings) == 65534" "totals.pass_packets == 65536" \
		"totals.delivered_packets == 65534"
	becomes "$(row first consumers consumer "$first").received == 21845" \
		"$(row first consumers consumer "$first").lag == 0"

	about "one is killed: its ports are the stack's; one hangs: it alone loses; one comes late"
	kill -KILL "$second"
	becomes "$(one second).figures.consumers == 0"
	kill -STOP "$third"
	reader first 1-21845
	local late=$reader_pid late_words=$reader_words
	becomes "$(one first).figures.consumers == 2"
	sweep 0 65535
	becomes "$(row first rings ring rs0).packets == 43690" "$(row second rings ring rs0).packets == 21845" \
		"$(one second).pass_packets == 21845" "$(row third consumers consumer "$third").lag >= 21844 - 8192"
	becomes "$(row third rings ring rs0).packets == 43688"
	kill -CONT "$third"
	becomes "$(row third consumers consumer "$third").lag == 0"
	ended "$late" "$late_words" "received == 21845 and ports == 21845 and lost == 0 and wrong == 0"
	ringside_stop
	ended "$first" "$first_words" "received == 43690 and ports == 21845 and lost == 0 and wrong == 0"
	ended "$third" "$third_words" "received + lost == 43688 and lost > 0 and wrong == 0 and ports == 21844"
	records "totals.delivered_packets == 43690 + 21845 + 43688"
	[ -e "$second_words" ] && ! grep -q received "$second_words" || fail "the killed one has spoken"
	has_no_xdp || fail "an XDP program is left behind"
}

shares() {
	local RINGSIDE=$builddir/tests/ringside_strict
	about "mode = share: consumers read the queue's own frames, and lose nothing while they keep up"
	net_make 1
	cat >share.ini <<-INI
		[interface rs0]
		batch = 32
		[service reflect]
		interfaces = rs0
		path = user
		[service first]
		type = deliver
		interfaces = rs0
		ports = 1-30000
		mode = share
		depth = 4096
		[service second]
		type = deliver
		interfaces = rs0
		ports = 30001-65534
		mode = share
		depth = 64
		[service copied]
		type = deliver
		interfaces = rs0
		ports = 65535
	INI
	ringside_start -c share.ini || return
	reader first 1-30000
	local first=$reader_pid first_words=$reader_words
	reader second 30001-65534
	local second=$reader_pid second_words=$reader_words
	becomes "all(s.figures.consumers == 1 for s in last.services[1:3])"
	sweep 25001 35000
	peer probes count=100
	kill -STOP "$second"
	sends ports=30000-33000
	becomes "$(row second rings ring rs0).packets == 8000" "$(row first rings ring rs0).packets == 5001"
	kill -CONT "$second"
	becomes "$(row second consumers consumer "$second").lag == 0"
	ringside_stop
	ended "$first" "$first_words" "received == 5001 and lost == 0 and wrong == 0 and ports == 5000"
	ended "$second" "$second_words" "received + lost == 8000 and lost >= 2900 and wrong == 0"
	records "totals.tx_packets >= 100"

	about "frames for rings, batch and depths, or it is refused"
	sed -i 's/^batch = 32/frames = 8287/' share.ini
	"$RINGSIDE" check -c share.ini >"$dir/words" 2>&1 && fail "accepted"
	grep -q 'frames: too few: 4096 for the rings, 64 for a batch and 4160 for depths are needed, 8320' "$dir/words" ||
		fail "$(cat "$dir/words")"

	about "the queue's traffic is shown with zero copy only when it may be"
	sed -i 's/^frames = .*/zero_copy = on/' share.ini
	"$RINGSIDE" check -c share.ini >"$dir/words" 2>&1 && fail "accepted"
	grep -q 'deliver needs packets to be copied, or expose_queue = yes' "$dir/words" || fail "$(cat "$dir/words")"
	sed -i 's/^mode = share/&\nexpose_queue = yes/' share.ini
	"$RINGSIDE" check -c share.ini >"$dir/words" 2>&1 || fail "$(cat "$dir/words")"

	about "AF_PACKET has no frames to share: its packets are copied"
	ringside_start -i rs0 deliver --set=rs0.io=af_packet --set=deliver.ports=7000-7099 --set=deliver.mode=share
	reader deliver 7000-7099
	sends ports=7000-7099
	becomes "$(row deliver rings ring rs0).packets == 100"
	ended "$reader_pid" "$reader_words" "received == 100 and ports == 100 and wrong == 0"
	grep -q 'rs0 has no frames to share' "$err" || fail "not said"
	ringside_stop
}

three_applications
shares
finish
