#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Looking on at a ring: what is written and printed is what its reader gets, and the reader does not notice.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/tap.sh"
command -v tshark >/dev/null || skip "tshark is not installed"

strict

# reader RING FIRST-LAST: a reader in the background, as $reader_pid
reader() {
	: >"$dir/reader"
	"$builddir/tests/ring_reader" "$@" >"$dir/reader" 2>&1 &
	reader_pid=$!
	started="$started $reader_pid"
	wait_for 20 grep -q ready "$dir/reader" || fail "no reader: $(cat "$dir/reader")"
}

onlookers() { becomes "len([r for r in service.tables.consumers if r.consumer.endswith('(looks on)')]) == $1"; }

writes_what_is_read() {
	about "a capture file holds each packet of the ring, bit by bit, in its order"
	reader r 7000-7099
	tap r --write all.pcapng
	onlookers 1
	tap_all=$tap_pid
	local before=$EPOCHREALTIME
	sends kinds=mixed ports=7000-7019
	becomes "all(r.received == 100 for r in service.tables.consumers)"
	tap_pid=$tap_all
	tap_ends 0 INT
	local after=$EPOCHREALTIME
	sends kinds=mixed ports=7000-7019 write="$dir/sent"
	# fragments are the stack's: of seven frames for a port the first five
	awk 'NR % 7 >= 1 && NR % 7 <= 5' sent >expected
	frames_of all.pcapng >got
	[ "$(wc -l <got)" = 100 ] || fail "$(wc -l <got) packets in the file"
	cmp -s expected got || fail "the file differs from what was sent: $(diff expected got | head -n 3)"
	grep -q '^ringside: 100 packets, 100 of them wanted; 0 lost$' tap.err || fail "$(cat tap.err)"
	[ "$(fields_of all.pcapng frame.interface_name | sort -u)" = rs0/0 ] || fail "the interface's name"
	fields_of all.pcapng frame.time_epoch | awk -v before="$before" -v after="$after" \
		'$1 < before - 0.01 || $1 > after + 0.01 || length($1) != 20 { wrong = 1; print } END { exit wrong }' ||
		fail "time stamps: not in ns, or not between $before and $after"
	[ "$(fields_of all.pcapng frame.packet_id | head -n 3 | tr '\n' ' ')" = '1 2 3 ' ] || fail "packet ids"
	kill -TERM "$reader_pid"
	wait "$reader_pid"
	grep -q '"received": 100, "lost": 0, "wrong": 0' "$dir/reader" || fail "reader: $(tail -n 1 "$dir/reader")"
}

filters_and_counts() {
	about "a filter as tcpdump has it, a count, and lines"
	reader r 7000-7099
	tap r --write some.pcapng --print --count 5 'ip6 and udp dst port 7003'
	onlookers 1
	sends kinds=mixed ports=7000-7005 rounds=6
	tap_ends 0
	[ "$(fields_of some.pcapng udp.dstport | tr '\n' ' ')" = '7003 7003 7003 7003 7003 ' ] || fail "the filter"
	[ "$(grep -c ' rs0/0 2001:db8::1\.3842 > 2001:db8::2\.7003: UDP, [0-9]* bytes$' tap.out)" = 5 ] ||
		fail "lines: $(cat tap.out)"
	tshark -r some.pcapng -T fields -e frame.number >/dev/null 2>&1 || fail "tshark"
	kill -TERM "$reader_pid"
	wait "$reader_pid"
}

tells_losses() {
	about "packets that the tap has lost are told with the next one"
	reader r 7000-7099
	tap r --write lost.pcapng
	onlookers 1
	sends ports=7000-7000
	becomes "all(r.received == 1 for r in service.tables.consumers)"
	kill -STOP "$tap_pid"
	sends ports=7000-7099 rounds=30
	becomes "[r for r in service.tables.consumers if 'looks on' not in r.consumer][0].received == 3001"
	kill -CONT "$tap_pid"
	becomes "all(r.lag == 0 for r in service.tables.consumers)"
	tap_ends 0 TERM
	"${python[@]}" - "$(fields_of lost.pcapng frame.drop_count frame.packet_id)" <<-PYTHON || fail "drop counts"
		import sys
		rows = [line.split("\t") for line in sys.argv[1].split("\n")]
		lost, last = [int(row[0] or 0) for row in rows], int(rows[-1][1])
		first = int(rows[0][1])
		assert last - first == 3000 and lost[0] == 0 and lost[1] > 1000, (first, last, lost[:3])
		assert len(rows) + sum(lost) == 3001, (len(rows), sum(lost))
	PYTHON
	kill -TERM "$reader_pid"
	wait "$reader_pid"
	grep -q '"received": 3001, "lost": 0' "$dir/reader" || fail "the reader: $(tail -n 1 "$dir/reader")"
}

disturbs_nobody() {
	about "who looks on alone leaves the packets to the stack, and is told"
	becomes 'len(service.tables.consumers) == 0' # the reader of before has been missed
	tap r --print
	onlookers 1
	local before
	before=$("${python[@]}" -c 'import json,sys; print(json.loads(open(sys.argv[1]).read().splitlines()[-1])["services"][0]["pass_packets"])' "$out")
	sends ports=7000-7000 rounds=10
	becomes "service.pass_packets == $before + 10"
	wait_for 10 grep -q "nobody reads ring 'r' yet" tap.err || fail "no word: $(cat tap.err)"
	tap_ends 0 TERM
	[ ! -s tap.out ] || fail "$(cat tap.out)"

	about "the end of the instance is the end of the tap"
	tap ringside deliver --print # the service's name
	onlookers 1
	ringside_stop
	tap_ends 0
	grep -q 'the instance has ended' tap.err || fail "$(cat tap.err)"
}

says_what_is_wrong() {
	about "what cannot be done is said"
	refused 2 "no ring is named"
	refused 2 "filter 'udp pot 5': " r 'udp pot 5'
	refused 2 "--count: 'x' is not a number of packets" r --count x
	refused 2 "'c' is one word too many" ringside r a c
	refused 1 "there is no ring 'nothing'" nothing
	refused 1 "open /no/such/folder/x: No such file or directory" r --write /no/such/folder/x
}

net_make 1
ringside_start -i rs0 deliver --set=deliver.ports=7000-7099 --set=deliver.ring=r --set=deliver.depth=1024 || finish
writes_what_is_read
filters_and_counts
tells_losses
says_what_is_wrong
disturbs_nobody
finish
