#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Looking at what services do with packets, and at all drops: each packet once, as it was received, with what became
# of it, and nobody notices.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/sender.sh"
for tool in tshark bpftool; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done

strict

# shown [WORDS]: a tap, whose words are in that file, gets packets from here on
shown() { wait_for 10 grep -q 'shown from here on' "${1-tap.err}" || fail "not shown: $(cat "${1-tap.err}")"; }

# hidden TARGET: the instance shows nothing of it any more
times() { grep -c "tap of $1: packets are $2shown" "$err"; }
hidden() { wait_for 10 eval "[ \$(times $1 '') = \$(times $1 'no longer ') ]" || fail "the tap of $1 stays"; }

# came FILE PORT: the tap has got so far that it has seen the last packet, which is for this port
came() { wait_for 20 grep -q "\.$2: UDP" "$1" || fail "the last packet is not in $1: $(tail -n 2 "$1")"; }

has_comment() { [ "$(reads "$1" comments | sort | uniq -c | tr -s ' ')" = " $2 $3" ]; }

# reads FILE frames|comments|lost|unseen: see pcapng.py
reads() { "${python[@]}" "$srcdir/tests/pcapng.py" "$@" || fail "$1 cannot be read"; }

# program_bytes: the size of the kernel half
program_bytes() {
	in_near bpftool -j prog show id "$(xdp_id)" | sed -n 's/.*"bytes_xlated":\([0-9]*\).*/\1/p'
}
is_program_of() { [ "$(program_bytes)" = "$1" ]; }

# service INDEX NAME: a figure of it in the newest record
service() {
	"${python[@]}" -c 'import functools, json, sys
service = json.loads(open(sys.argv[1]).read().split("\n")[-2])["services"][int(sys.argv[2])]
print(functools.reduce(lambda at, word: at[word], sys.argv[3].split("."), service))' "$out" "$@"
}

# starts INTERFACE-KEY SERVICE-KEY: two services, of which one drops nearly all
starts() {
	cat >two.ini <<-INI
		[interface rs0]
		$1
		[service free]
		type = reflect
		interfaces = rs0
		signatures = any
		ports = 7000-7019, 3842
		$2
		[service limited]
		type = reflect
		interfaces = rs0
		signatures = any
		ports = 7100-7199
		max_pps = 1
		$2
	INI
	ringside_start -c two.ini
}

# beside TARGET FILE: a tap of its own, as $beside_pid
beside() {
	: >"$2.err"
	"$RINGSIDE" tap "$1" --write "$2" 2>"$2.err" &
	beside_pid=$!
	started="$started $beside_pid"
}

sees_all() {
	about "each packet of a service once, bit by bit as it was sent, with what became of it, and all drops: $*"
	local free_pid limited_pid dropped
	beside free free.pcapng
	free_pid=$beside_pid
	beside service:limited limited.pcapng
	limited_pid=$beside_pid
	tap drops --write drops.pcapng --print udp
	shown free.pcapng.err
	shown limited.pcapng.err
	shown
	sends kinds=mixed ports=7000-7019
	sends ports=7100-7199
	came tap.out 7199
	becomes "last.services[0].tx_packets == 80" "last.services[1].rx_packets == 100" "not totals.in_flight_packets"
	tap_ends 0 INT
	kill -INT "$free_pid" "$limited_pid"
	wait "$free_pid" "$limited_pid"
	started=${started/ $free_pid $limited_pid/}

	sends kinds=mixed ports=7000-7019 write="$dir/sent"
	# neither what is for a group nor fragments are answered: of seven frames for a port the first four
	awk 'NR % 7 >= 1 && NR % 7 <= 4' sent >expected
	reads free.pcapng frames >got
	cmp -s expected got || fail "the file differs from what was sent: $(diff expected got | head -n 3)"
	grep -q '^ringside: 80 packets, 80 of them wanted; 0 lost$' free.pcapng.err || fail "$(cat free.pcapng.err)"

	dropped=$(service 1 drop.rate_limited)
	[ "$dropped" -gt 30 ] && has_comment drops.pcapng "$dropped" 'dropped: rate_limited' ||
		fail "$dropped dropped: $(reads drops.pcapng comments | sort | uniq -c)"
	[ "$(grep -c 'bytes, dropped: rate_limited$' tap.out)" = "$dropped" ] || fail "lines: $(head -n 3 tap.out)"
	grep -q "^ringside: 100 packets, 100 of them wanted; 0 lost$" limited.pcapng.err || fail "$(cat limited.pcapng.err)"
	hidden free
	[ -z "$1$2" ] || return
	[ "$(fields_of free.pcapng frame.comment | sort | uniq -c | tr -s ' ')" = ' 80 answered' ] || fail "no comments for tshark"
	sends ports=7100-7199 write="$dir/sent"
	reads limited.pcapng frames | cmp -s sent - || fail "the service's file differs from what was sent"
}

# is_exact BEFORE: the service has had as many packets since as the tap has got and lost
is_exact() {
	local seen wanted lost
	read -r seen wanted lost < <(sed -n 's/^ringside: \([0-9]*\) packets, \([0-9]*\) of them wanted; \([0-9]*\) lost$/\1 \2 \3/p' tap.err)
	[ "${lost:-0}" -ge 1000 ] && [ "$seen" = "$wanted" ] || fail "$(cat tap.err)"
	# the watcher takes the tap off before it looks again, which on a machine with much else to do takes its time
	wait_for 60 shows "last.services[0].rx_packets == $1 + $seen + $lost"
	records "last.services[0].rx_packets == $1 + $seen + $lost"
}

disturbs_nobody() {
	about "a tap that hangs while packets flood loses its own packets, all of them counted: $*"
	local before
	before=$(service 0 rx_packets)
	tap free --write lost.pcapng --print
	shown
	sends ports=7000-7000
	came tap.out 7000
	kill -STOP "$tap_pid"
	send_start 20000
	becomes "last.services[0].rx_packets > 12000"
	send_end
	becomes "not totals.in_flight_packets"
	lost_nothing 0
	kill -CONT "$tap_pid"
	sends ports=7001-7001
	came tap.out 7001
	tap_ends 0 TERM
	is_exact "$before"
	[ "$(reads lost.pcapng lost)" = "$(sed -n 's/.* \([0-9]*\) lost$/\1/p' tap.err)" ] || fail "drop counts in the file"
	hidden free
}

leaves_no_trace() {
	about "the kernel half has nothing of a tap when nobody looks; whoever is killed is missed"
	ringside_start -i rs0 reflect --set=reflect.signatures=any --set=reflect.ports=7000-7099 || return
	local before
	before=$(program_bytes)
	tap drops
	shown
	is_program_of "$before" && fail "the program is the same with a tap"
	kill -KILL "$tap_pid"
	wait "$tap_pid" 2>/dev/null
	hidden drops
	wait_for 10 is_program_of "$before" || fail "the program has $(program_bytes) bytes, not $before"

	about "a tap goes on when its service is paused, and comes again when the interface does"
	tap reflect --print
	shown
	"$RINGSIDE" set reflect.state paused && "$RINGSIDE" set reflect.state running || fail "not paused"
	sends ports=7001-7001
	came tap.out 7001
	pair_delete
	becomes "last.interfaces[0].state == 'absent'"
	pair_again
	becomes "last.interfaces[0].state == 'up'"
	wait_for 20 eval "sends ports=7002-7002; grep -q '\.7002: UDP' tap.out" || fail "nothing after that: $(cat tap.err)"

	about "only root and the daemon's own user may look, and what cannot be seen is said"
	chmod 755 "$dir/run" && chmod 666 "$dir"/run/*.sock "$dir"/run/*.stats
	setpriv --reuid 65534 --regid 65534 --clear-groups "$RINGSIDE" tap reflect 2>words && fail "anybody may look"
	grep -q "open 'reflect': Permission denied" words || fail "$(cat words)"
	refused 1 "there is no ring 'service:nothing', nor a service" service:nothing
	ringside_stop
	tap_ends 0
}

# unseen: how many drops behind the hook the tap tells of
unseen() { grep -o 'where no tap sees it: .*' tap.err | grep -o '[0-9]* [a-z_]*' | awk '{ sum += $1 } END { print sum + 0 }'; }

tells_what_it_cannot_see() {
	about "what the kernel drops on the way to a worker that stands still is told by number, exactly"
	tap drops --write behind.pcapng
	shown
	kill -STOP "$pid"
	sends ports=7000-7019 rounds=300 rate=50000
	kill -CONT "$pid"
	becomes "drops.rx_ring_full + drops.rx_dropped > 1000" "not totals.in_flight_packets"
	tap_ends 0 INT
	becomes "drops.rx_ring_full + drops.rx_dropped == $(unseen)"
	[ "$(reads behind.pcapng unseen)" = "$(unseen)" ] || fail "the file has $(reads behind.pcapng unseen), not $(unseen)"
}

everything() {
	starts "$1" "$2" || return
	sees_all "$@"
	[ -n "$1" ] || disturbs_nobody "$@"
	[ "$2" != 'path = user' ] || tells_what_it_cannot_see
	ringside_stop
}

net_make 1
sender_is_alone
everything '' ''
everything '' 'path = user'
everything 'io = af_packet' ''
net_make 1
leaves_no_trace
finish
