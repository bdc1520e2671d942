#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Packets for ports into the rings of other processes: of every kind, by every backend, and what comes and goes.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/consumers.sh"

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
	before=$("${python[@]}" -c 'import json,sys; print(json.loads(open(sys.argv[1]).read().splitlines()[-1])["totals"]["delivered_packets"])' "$out")
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

	about "so does another mode: the consumer then reads the queue's own frames; and whether they may be shown"
	maps_frames() { grep -q 'memfd:ringside-frames' "/proc/$first/maps"; }
	maps_frames && fail "frames are mapped in mode copy"
	is_read_again() { [ "$(grep -c 'change.ini: read again' "$err")" -gt "$reloads" ]; }
	opens_anew() { # KEY OPENINGS
		local reloads since
		reloads=$(grep -c 'change.ini: read again' "$err")
		sed -i "s/^depth = 64/&\n$1/" change.ini
		kill -HUP "$pid"
		wait_for 10 eval "[ \$(grep -c 'service first needs its queues made anew; it is opened again' '$err') = $2 ]" ||
			fail "$1: not said"
		wait_for 10 is_read_again || fail "$1: no end of it"
		# by a record of afterwards: one of before has a consumer and an interface, too
		since=$(wc -l <"$out")
		becomes "len(records) > $since + 1" "$(one first).figures.consumers == 1" "interface.state == 'up'"
		before=$(figure "totals['delivered_packets'] + 1")
		sends ports=7001-7001
		becomes "totals.delivered_packets == $before" "$(row first consumers consumer "$first").received == 1"
	}
	opens_anew 'mode = share' 2
	wait_for 10 maps_frames || fail "no frames are mapped in mode share"
	opens_anew 'expose_queue = yes' 3
	maps_frames || fail "no frames are mapped any more"

	about "a service that goes ends its ring"
	reader second 7002-7002
	sed -i '/second/,$d' change.ini
	kill -HUP "$pid"
	becomes "len(last.services) == 1"
	wait_for 10 grep -q received "$reader_words" || fail "its consumer does not end"
	said "$reader_words" "received == 0 and end == 'Stale file handle'"
	ended "$first" "$first_words" "wrong == 0 and lost == 0 and ports == 2 and openings == 4"
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
	in_near "${python[@]}" "$srcdir/tests/deliver_peer.py" lo socket=127.0.0.1 ports=7000-7009 || fail "send"
	in_near "${python[@]}" "$srcdir/tests/deliver_peer.py" lo socket=::1 ports=7000-7009 || fail "send"
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
		in_near "${python[@]}" "$srcdir/tests/deliver_peer.py" lo socket=127.0.0.1 ports=7000-7009 || fail "send"
		in_near "${python[@]}" "$srcdir/tests/deliver_peer.py" lo socket=::1 ports=7000-7009 || fail "send"
		becomes "$(row deliver rings ring lo).packets == 20"
		ended "$reader_pid" "$reader_words" "received == 20 and ports == 10 and wrong == 0"
		ringside_stop
	done
}

every_kind
addresses
restarts
changes
plain_sockets
strangers
loopback
finish
