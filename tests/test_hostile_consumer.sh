#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A consumer that means harm changes nothing for the daemon and for the others: built for tests, the daemon aborts when a
# frame is not where it should be.
# usage: test_hostile_consumer.sh; RINGSIDE names the program under test, $builddir/tests the test programs
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
strict

descriptors() { ls "/proc/$pid/fd" | wc -l; }
count=0
want_descriptors() { [ "$(descriptors)" -le "$count" ]; }

vandals() { # MODE
	local words=$dir/reader-$1 vandals='' vandal sender reader
	about "mode = $1: one consumer does its worst, the other gets every packet"
	net_make 1
	ringside_start -i rs0 deliver --set=deliver.ports=7000-7999 --set=deliver.depth=32768 --set=deliver.mode="$1" || return
	"$builddir/tests/ring_reader" deliver 7000-7999 >"$words" 2>&1 &
	reader=$!
	started="$started $reader"
	wait_for 20 grep -q ready "$words" || fail "no consumer: $(cat "$words")"
	count=$(descriptors)
	in_far "${python[@]}" "$srcdir/tests/deliver_peer.py" peer0 ports=7000-7999 rounds=10 rate=10000 &
	sender=$!
	for vandal in 1 2; do
		"$builddir/tests/ring_vandal" deliver 16 $vandal >"$dir/vandal-$1-$vandal" 2>&1 </dev/null &
		vandals="$vandals $!"
		started="$started $!"
	done
	for vandal in $vandals; do
		wait "$vandal" || fail "a vandal: status $?: $(cat "$dir"/vandal-"$1"-*)"
	done
	grep -q 'attached [1-9]' "$dir/vandal-$1-1" && grep -q 'attached [1-9]' "$dir/vandal-$1-2" || fail "no vandal got in"
	wait $sender || fail "the peer cannot send"
	becomes "service.figures.consumers == 1" "totals.delivered_packets == 10000" "totals.unaccounted_packets == 0"
	wait_for 20 want_descriptors || fail "$(descriptors) descriptors, before $count"
	ringside_stop
	wait_for 10 grep -q received "$words" || fail "the consumer does not end"
	"${python[@]}" -c 'import json, sys
said = json.loads(open(sys.argv[1]).read().splitlines()[-1])
sys.exit(not (said["received"] == 10000 and said["lost"] == said["wrong"] == 0 and said["ports"] == 1000))' "$words" ||
		fail "the honest consumer: $(tail -n 1 "$words")"
}

vandals copy
vandals share
finish
