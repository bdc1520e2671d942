#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Packets for ports into the rings of other processes: three applications, whose consumers come, hang and die.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"

strict
reader_serial=0

# reader RING FIRST-LAST [again]: as $reader_pid, its words in $reader_words
reader() {
	reader_serial=$((reader_serial + 1))
	reader_words=$dir/reader$reader_serial
	"$builddir/tests/ring_reader" "$@" >"$reader_words" 2>&1 &
	reader_pid=$!
	started="$started $reader_pid"
	wait_for 20 grep -q ready "$reader_words" || fail "no consumer of ring $1: $(cat "$reader_words" "$err")"
}

# said WORDS EXPRESSION: of what a reader has written at its end
said() {
	"$python" -c 'import json, sys
said = json.loads(open(sys.argv[1]).read().splitlines()[-1])
eval(sys.argv[2], said) or sys.exit(1)' "$1" "$2" 2>/dev/null || fail "$2: $(tail -n 1 "$1")"
}

# ended PID WORDS EXPRESSION: ends a reader
ended() {
	kill -TERM "$1" 2>/dev/null
	wait_for 10 grep -q received "$2" || fail "a consumer does not end"
	said "$2" "$3"
}

sends() {
	local said
	said=$(in_far "$python" "$srcdir/tests/deliver_peer.py" peer0 "$@" 2>&1) || fail "deliver_peer: $said"
}

# figure EXPRESSION: of the newest record
figure() {
	"$python" -c 'import json, sys
print(eval(sys.argv[2], {"totals": json.loads(open(sys.argv[1]).read().split("\n")[-2])["totals"]}))' "$out" "$1"
}

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

# table NAME: of a service, in records.py's words: a list of rows
one() { echo "[s for s in last.services if s.name == '$1'][0]"; }
row() { echo "[r for s in last.services if s.name == '$1' for r in s.tables.$2 if str(r['$3']).startswith('$4')][0]"; }

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

every_kind() {
	local place
	for place in '' --set=rs0.xdp=generic --set=rs0.io=af_packet; do
		about "${place:-native XDP}: IPv4, IPv6, tags and groups are delivered, fragments are not"
		net_make 1
		ringside_start -i rs0 deliver --set=deliver.ports=7000-7099 --set=deliver.ring=r $place || continue
		reader r 7000-7099
		sends kinds=mixed ports=6950-7149
		becomes "$(row deliver rings ring rs0).packets == 500"
		becomes "$(row deliver consumers consumer "$reader_pid").received == 500"
		ended "$reader_pid" "$reader_words" "received == 500 and ports == 100 and wrong == 0"
		ringside_stop
		records "totals.delivered_packets == 500"
	done
}

# A program that aborts when a frame is not its owner's.
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

addresses() {
	about "addresses = local: the machine's own, as they are now"
	net_make 1
	ringside_start -i rs0 deliver --set=deliver.ports=7000 --set=deliver.addresses=local || return
	reader deliver 7000-7000
	sends ports=7000-7000
	becomes "$(row deliver rings ring rs0).packets == 1"
	ip -n "$near" addr del 192.0.2.2/24 dev rs0
	sleep_until_gone() { sends ports=7000-7000; shows "service.pass_packets == 0" "$(row deliver rings ring rs0).packets + totals.pass_packets - totals.delivered_packets >= 2" "totals.pass_packets > totals.delivered_packets"; }
	wait_for 10 sleep_until_gone || fail "a lost address is still ours"
	ip -n "$near" addr add 192.0.2.2/24 dev rs0
	local before
	before=$("$python" -c 'import json,sys; print(json.loads(open(sys.argv[1]).read().splitlines()[-1])["totals"]["delivered_packets"])' "$out")
	comes_back() { sends ports=7000-7000; shows "totals.delivered_packets > $before"; }
	wait_for 10 comes_back || fail "an address that is back is not ours"
	ringside_stop
}

restarts() {
	about "a daemon that was killed is seen by its boot id, and consumers come again"
	net_make 1
	ringside_start -i rs0 deliver --set=deliver.ports=7000 || return
	reader deliver 7000-7000 again
	sends ports=7000-7000
	becomes "$(row deliver consumers consumer "$reader_pid").received == 1"
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	ringside_start -i rs0 deliver --set=deliver.ports=7000 || return
	becomes "service.figures.consumers == 1"
	sends ports=7000-7000
	becomes "$(row deliver consumers consumer "$reader_pid").received == 1"

	about "an interface that goes and comes back takes its consumers along"
	pair_delete
	becomes "interface.state == 'absent'"
	pair_again
	becomes "interface.state == 'up'" "service.figures.consumers == 1"
	sends ports=7000-7000
	becomes "$(row deliver rings ring rs0).packets == 2"
	ended "$reader_pid" "$reader_words" "received == 3 and wrong == 0 and boots == 2 and openings >= 3"
	ringside_stop
}

changes() {
	about "ports come and go by SIGHUP, and consumers do not notice"
	net_make 1
	cat >change.ini <<-INI
		[interface rs0]
		[service first]
		type = deliver
		interfaces = rs0
		ports = 7000
	INI
	ringside_start -c change.ini || return
	reader first 7000-7001 again
	sends ports=7000-7002
	becomes "$(row first rings ring rs0).packets == 1"
	sed -i 's/^ports = .*/ports = 7000-7001/' change.ini
	cat >>change.ini <<-INI
		[service second]
		type = deliver
		interfaces = rs0
		ports = 7002
	INI
	kill -HUP "$pid"
	becomes "len(last.services) == 2"
	sends ports=7000-7002
	becomes "$(row first rings ring rs0).packets == 3" "$(one second).pass_packets == 1"
	local first=$reader_pid first_words=$reader_words
	reader second 7002-7002
	sed -i 's/^ports = 7000-7001/ports = 7001/' change.ini
	kill -HUP "$pid"
	goes() { sends ports=7000-7000; shows "totals.pass_packets - totals.delivered_packets > $before"; }
	local before
	before=$(figure "totals['pass_packets'] - totals['delivered_packets'] + 1")
	wait_for 10 goes || fail "port 7000 is still ours"
	sends ports=7000-7002
	becomes "$(row second rings ring rs0).packets == 1"

	about "another depth makes the rings of an interface anew, and a consumer opens them again"
	sed -i 's/^ports = 7001/&\ndepth = 64/' change.ini
	kill -HUP "$pid"
	wait_for 10 grep -q 'service first needs its queues made anew; it is opened again' "$err" || fail "not said"
	becomes "$(one first).figures.depth == 64" "$(one first).figures.consumers == 1"
	wait_for 10 grep -q received "$reader_words" || fail "who opens nothing again does not end"
	said "$reader_words" "received == 1 and wrong == 0 and end == 'Stale file handle'"
	before=$(figure "totals['delivered_packets'] + 1")
	sends ports=7001-7001
	becomes "totals.delivered_packets == $before"

	about "a service that goes ends its ring"
	reader second 7002-7002
	sed -i '/second/,$d' change.ini
	kill -HUP "$pid"
	becomes "len(last.services) == 1"
	wait_for 10 grep -q received "$reader_words" || fail "its consumer does not end"
	said "$reader_words" "received == 0 and end == 'Stale file handle'"
	ended "$first" "$first_words" "wrong == 0 and lost == 0 and ports == 2 and openings == 2"
	ringside_stop
}

plain_sockets() {
	about "plain UDP sockets feed the same rings, and follow the ports"
	net_make 1
	ip -n "$near" link set lo up
	cat >sockets.ini <<-INI
		[interface rs0]
		io = udp
		[interface lo]
		io = udp
		[service deliver]
		interfaces = rs0, lo
		ports = 7000-7009
	INI
	ringside_start -c sockets.ini || return
	reader deliver 7000-7010
	sends ports=6990-7019
	in_near "$python" "$srcdir/tests/deliver_peer.py" lo socket=127.0.0.1 ports=7000-7009 || fail "send"
	in_near "$python" "$srcdir/tests/deliver_peer.py" lo socket=::1 ports=7000-7009 || fail "send"
	becomes "$(row deliver rings ring rs0).packets == 10" "$(row deliver rings ring lo).packets == 20"
	sed -i 's/^ports = .*/ports = 7005-7010/' sockets.ini
	kill -HUP "$pid"
	comes() { sends ports=7010-7010; shows "$(row deliver rings ring rs0).packets > 10"; }
	wait_for 10 comes || fail "port 7010 is not ours"
	sends ports=7000-7004
	peer ping
	ringside_stop
	ended "$reader_pid" "$reader_words" "received >= 31 and ports == 11 and wrong == 0 and lost == 0"
	records "all(i.io == 'udp' for i in last.interfaces)"

	about "without any privilege deliver falls back to them, reflect does not"
	mkdir -p theirs
	chown 65534:65534 theirs
	local before=$RUNTIME_DIRECTORY
	RUNTIME_DIRECTORY=$dir/theirs
	start_in "$near" setpriv --reuid 65534 --regid 65534 --clear-groups "$RINGSIDE" run --format json --interval 0.1 \
		-i rs0 deliver --set=deliver.ports=7000-7009
	wait_for 10 has_spoken
	reader deliver 7000-7009
	sends ports=7000-7009
	becomes "$(row deliver rings ring rs0).packets == 10" "interface.io == 'udp'"
	ended "$reader_pid" "$reader_words" "received == 10 and ports == 10 and wrong == 0"
	ringside_stop
	start_in "$near" setpriv --reuid 65534 --regid 65534 --clear-groups "$RINGSIDE" run --format json -i rs0 reflect
	ringside_wait
	[ "$status" = 1 ] && grep -q 'needs CAP_NET_' "$err" || fail "status $status"
	RUNTIME_DIRECTORY=$before

	about "more ports than plain sockets are for are refused"
	start_in "$near" "$RINGSIDE" run --format json -i rs0 deliver --set=rs0.io=udp --set=deliver.ports=7000-7064
	ringside_wait
	[ "$status" = 1 ] && grep -q 'plain sockets are for 64 ports at most' "$err" || fail "status $status"
	"$RINGSIDE" check -i rs0 reflect --set=rs0.io=udp >"$dir/words" 2>&1 && fail "accepted"
	grep -q 'reflect needs whole frames, and not plain UDP sockets' "$dir/words" || fail "$(cat "$dir/words")"
}

strangers() {
	about "only root, and the group when there is one, may open a ring"
	net_make 1
	ringside_start -i rs0 deliver --set=deliver.ports=7000 || return
	chmod 755 "$dir/run"
	chmod 666 "$dir/run/ringside.sock"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$builddir/tests/ring_reader" deliver 1-2 >"$dir/stranger" 2>&1
	said "$dir/stranger" "end == 'Permission denied' and openings == 0"
	"$builddir/tests/ring_reader" nothing 1-2 >"$dir/nothing" 2>&1
	said "$dir/nothing" "end == 'No such file or directory'"
	ringside_stop
}

loopback() {
	local place
	for place in '' --set=lo.io=af_packet; do
		about "${place:-XDP} on lo"
		net_make 1
		ip -n "$near" link set lo up
		ringside_start -i lo deliver --set=deliver.ports=7000-7009 $place || continue
		reader deliver 7000-7009
		in_near "$python" "$srcdir/tests/deliver_peer.py" lo socket=127.0.0.1 ports=7000-7009 || fail "send"
		in_near "$python" "$srcdir/tests/deliver_peer.py" lo socket=::1 ports=7000-7009 || fail "send"
		becomes "$(row deliver rings ring lo).packets == 20"
		ended "$reader_pid" "$reader_words" "received == 20 and ports == 10 and wrong == 0"
		ringside_stop
	done
}

three_applications
every_kind
shares
addresses
restarts
changes
plain_sockets
strangers
loopback
finish
