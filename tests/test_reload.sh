#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# SIGHUP: another configuration is taken over while packets flow, and not one is lost or counted twice; a bad one
# changes nothing.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"

ini=$dir/ringside.ini

# write LINE...: the file, whole or not at all
write() {
	printf '%s\n' "$@" >"$ini.new"
	mv "$ini.new" "$ini"
}

said() { grep -c -- "$1" "$err"; }
has_said() { [ "$(said "$2")" -gt "$1" ]; }

# reload [WORDS]: sends SIGHUP and waits for an answer, which is the words
reload() {
	local words=${1:-: read again} before
	before=$(said "$words")
	kill -HUP "$pid"
	wait_for 10 has_said "$before" "$words" || fail "SIGHUP: it does not say '$words'"
}

# A file with the services as given, the interface's keys in $keys.
file() { write '[ringside]' "${level:-}" '[interface rs0]' "${keys:-}" "$@"; }
level='' keys=''
main=('[service main]' 'type = reflect' 'interfaces = rs0')
more=('[service third]' 'type = reflect' 'interfaces = rs0' 'ports = 62300')
other=('[service other]' 'type = reflect' 'interfaces = rs0' 'ports = 62000-62100' 'signatures = any')

# Everything that can change without touching the main service's packets: its place in the order, others beside it,
# ports and signatures that nobody sends, a limit that is not reached.
change() {
	case $(($1 % 5)) in
	0) file "${main[@]}" "$path" ;;
	1) file "${other[@]}" "$path" "${main[@]}" "$path" ;;
	2) file "${main[@]}" "$path" 'ports = 3842, 62200' 'signatures = PROBEOT@5, DATA:OT@5, LATENCY@5, Y.1564 @0' ;;
	3) file "${main[@]}" "$path" 'max_pps = 100Mpps' "${other[@]}" "$path" ;;
	4) file "${more[@]}" "${main[@]}" "$path" ;;
	esac
}

# load_start RATE: the peer sends from now on
load_start() {
	rm -f "$dir/expected"
	ip netns exec "$far" "${python[@]}" "$srcdir/tests/peer.py" load peer0 count=0 rate="$1" seed=$RANDOM expect="$dir/expected" &
	sender=$!
	started="$started $sender"
	wait_for 20 test -e "$dir/expected" || fail "the peer does not send"
}
sender_end() {
	kill -TERM $sender
	wait $sender || fail "the peer cannot send"
	started=${started/ $sender/}
}

# under_load DIRECT RATE: changes as fast as they are taken over, each kind twice, while the peer sends
under_load() {
	local direct=$1 rate=$2 times rx=rx_packets
	[ "$direct" = False ] || rx=admitted_packets
	rm -f "$dir/back"
	change 0
	ringside_start -c "$ini" || return
	ip netns exec "$far" "${python[@]}" "$srcdir/tests/peer.py" watch peer0 expect="$dir/back" &
	watch_pid=$!
	started="$started $watch_pid"
	wait_for 20 test -s "$dir/back"
	load_start "$rate"
	for times in {1..10}; do
		change $times
		reload
		file "${main[@]}" 'ports = none of these'
		reload 'nothing has changed'
	done
	sender_end
	change 0
	reload
	ringside_stop
	kill -TERM $watch_pid
	wait $watch_pid
	started=${started/ $watch_pid/}
	# a worker that gets no CPU for a while loses what its rings do not hold, and nothing else
	local expected="expected('$dir/expected')" full="(drops.rx_ring_full + drops.rx_dropped + drops.tx_ring_full)"
	records "totals.rx_packets == $expected.$rx" "totals.tx_packets == $(cat "$dir/back") > 1000" \
		"0 <= $expected.service_rx_packets - service.rx_packets <= ($full if $direct else 0)" \
		"totals.drop_packets == drops.ttl_exceeded + $full" \
		"0 <= $expected.ttl_exceeded - drops.ttl_exceeded <= $full" \
		"service.name == 'main'" "served(last, $direct)"
}

# The API's thread has the CPU when nobody else wants it: a client may have to ask again.
state_is_set() { wait_for 20 "$RINGSIDE" set main.state "$1" >/dev/null || fail "cannot $1"; }

# pauses_under_load: what comes meanwhile is the stack's, and everything is somewhere
pauses_under_load() {
	local times full="(drops.rx_ring_full + drops.rx_dropped + drops.tx_ring_full)" # as above
	file "${main[@]}" "$path"
	ringside_start -c "$ini" || return
	load_start 30000
	for times in {1..8}; do
		state_is_set pause
		state_is_set resume
	done
	becomes 'totals.tx_packets > 0'
	sender_end
	ringside_stop
	records "totals.rx_packets == expected('$dir/expected').rx_packets" 'totals.tx_packets > 0' \
		"totals.pass_packets > expected('$dir/expected').pass_packets" \
		"totals.drop_packets == drops.ttl_exceeded + $full" \
		'totals.rx_packets == totals.tx_packets + totals.pass_packets + totals.drop_packets'
}

# What the file says is so from then on.
rules_change() {
	file "${main[@]}" "$path"
	ringside_start -c "$ini" || return
	peer probes count=5
	file "${main[@]}" "$path" 'ports = 3843'
	reload
	peer silent count=5
	file "${main[@]}" "$path" 'signatures = NOTHING@5'
	reload
	peer silent count=5
	file "${main[@]}" "$path" 'max_pps = 1'
	reload
	peer load count=500 seed=1
	becomes 'drops.rate_limited > 100'
	file "${main[@]}" "$path"
	reload
	peer probes count=5
	file "${other[@]}" "$path"
	reload
	peer silent count=5
	becomes '[service.name for service in last.services] == ["other"]'
	file "${other[@]}" "$path" "${main[@]}" "$path"
	reload
	peer probes count=5
	becomes '[service.name for service in last.services] == ["other", "main"]' \
		'last.services[1].tx_packets == 5' 'last.services[0].tx_packets == 0'
	ringside_stop
}

# More names than there are places: counts of services that have gone stay in the totals and nobody else gets them.
many_names() {
	local i
	file "${main[@]}" "$path"
	ringside_start -c "$ini" || return
	for i in 1 2 3 4 5 6 7 8 9 10; do
		peer probes count=10 seed=$i
		file "[service name$i]" "${main[@]:1}" "$path"
		reload
	done
	peer probes count=3
	ringside_stop
	records 'totals.tx_packets == 103' 'service.name == "name10"' 'service.tx_packets == 3' \
		'all(a.totals.tx_packets <= b.totals.tx_packets for a, b in zip(records, records[1:]))'
}

bad_files() {
	local before
	file "${main[@]}" "$path"
	ringside_start -c "$ini" || return
	before=$(xdp_id)
	file "${main[@]}" 'ports = 70000' 'swop = mac'
	reload 'nothing has changed'
	grep -q 'ringside.ini:8: .*ports' "$err" && grep -q "ringside.ini:9: .*did you mean 'swap'" "$err" ||
		fail "it does not say what is wrong"
	rm "$ini"
	reload 'nothing has changed'
	grep -q 'ringside.ini: No such file' "$err" || fail "it does not say that there is no file"
	file '[service main]' 'type = reflect' 'interfaces = rs0, rs9' '[interface rs9]'
	reload 'nothing has changed'
	grep -q 'rs9: no such interface' "$err" || fail "it does not say that there is no rs9"
	# sockets, workers and a ring are there by then, and go again
	file "${main[@]}" "${ring[@]}" 'ports = 7000' '[interface rs9]' '[service gone]' 'type = reflect' 'interfaces = rs9'
	reload 'nothing has changed'
	grep -q 'AF_XDP sockets opened' "$err" || fail "it does not get so far"
	[ "$(xdp_id)" = "$before" ] || fail "the program is another one"
	peer probes count=5
	becomes 'len(last.interfaces) == 1' 'totals.tx_packets == 5'
	ringside_stop
}

restarts_are_named() {
	file "${main[@]}" "$path"
	ringside_start -c "$ini" || return
	level='name = other' keys='batch = 32' file "${main[@]}" "$path"
	reload
	grep -q '\[interface rs0\] batch = 32 needs a restart; it stays 64' "$err" || fail "batch is not named"
	grep -q '\[ringside\] name = other needs a restart; it stays ringside' "$err" || fail "the name is not named"
	level='stats_level = detailed' file "${main[@]}" "$path"
	reload
	becomes "last.stats_level == 'detailed'" "last.name == 'ringside'"
	level='log_level = error' file "${main[@]}" "$path"
	kill -HUP "$pid"
	becomes "last.stats_level == 'basic'"
	level='log_level = info' file "${main[@]}" "$path"
	reload
	ringside_stop
}

# what /healthz says
is_well() {
	"${python[@]}" - "$RUNTIME_DIRECTORY/ringside.sock" <<-'END'
		import socket, sys
		one = socket.socket(socket.AF_UNIX)
		one.settimeout(10)
		one.connect(sys.argv[1])
		one.sendall(b"GET /healthz HTTP/1.0\r\nHost: ringside\r\n\r\n")
		said = one.makefile("rb").read()
		print(said)
		sys.exit(b" 200 " not in said.split(b"\r\n")[0])
	END
}

interfaces_come_and_go() {
	file "${main[@]}" "$path"
	ringside_start -c "$ini" || return
	peer probes count=5
	file '[interface lo]' 'xdp = generic' '[service main]' 'type = reflect' 'interfaces = rs0, lo' "$path"
	reload
	wait_for 5 has_xdp "$near" lo || fail "lo has no program"
	peer probes count=5
	file '[interface lo]' 'xdp = generic' '[service main]' 'type = reflect' 'interfaces = lo' "$path"
	reload
	wait_for 5 has_no_xdp || fail "rs0 keeps its program"
	becomes "interface.state == 'unused'" "interface.queues[0].state == 'stopped'" 'totals.tx_packets == 10'
	is_well || fail "an interface that is not used any more is taken for an illness"
	file "${main[@]}" "$path"
	reload
	peer until
	becomes "interface.state == 'up'" "last.interfaces[1].state == 'unused'" 'totals.tx_packets > 10'
	ringside_stop
}

other_half() {
	file "${main[@]}" 'path = kernel'
	ringside_start -c "$ini" || return
	peer probes count=5
	file "${main[@]}" 'path = user'
	reload
	grep -q 'rs0: its services need AF_XDP sockets now; it is opened again' "$err" || fail "it does not say so"
	peer until
	file "${main[@]}" 'path = kernel'
	reload
	peer probes count=5
	becomes "service.interfaces[0].path == 'kernel'" 'totals.tx_packets >= 11'
	ringside_stop
}

ring=('[service shreds]' 'type = deliver' 'interfaces = rs0' 'depth = 32768')

# ring_change N: what may change without touching the ring's packets
ring_change() {
	case $(($1 % 3)) in
	0) file "${main[@]}" "$path" "${ring[@]}" 'ports = 7000-7999' ;;
	1) file "${ring[@]}" 'ports = 7000-8499' "${other[@]}" "$path" "${main[@]}" "$path" ;;
	2) file "${other[@]}" "$path" "${ring[@]}" 'ports = 6000, 7000-7999' ;;
	esac
}

a_ring_goes_on() {
	local times reader sent
	file "${main[@]}" "$path"
	ringside_start -c "$ini" || return
	ring_change 0
	reload
	"$builddir/tests/ring_reader" shreds 7000-7999 >"$dir/reader" 2>&1 &
	reader=$!
	started="$started $reader"
	wait_for 20 grep -q ready "$dir/reader" || fail "no consumer: $(cat "$dir/reader")"
	: >"$dir/sent"
	# slow enough for a consumer that gets no CPU for seconds
	ip netns exec "$far" "${python[@]}" "$srcdir/tests/deliver_peer.py" peer0 ports=7000-7999 rounds=0 rate=8000 >"$dir/sent" &
	sender=$!
	started="$started $sender"
	wait_for 20 grep -q ready "$dir/sent" || fail "the peer does not send"
	for times in {1..9}; do
		ring_change $times
		reload
	done
	sender_end
	sent=$(tail -n 1 "$dir/sent")
	becomes "$sent - drops.rx_ring_full - drops.rx_dropped <= totals.delivered_packets <= $sent"
	kill -TERM "$reader"
	wait_for 10 grep -q received "$dir/reader" || fail "the consumer does not end"
	file "${main[@]}" "$path"
	reload
	becomes 'len(last.services) == 1'
	ringside_stop
	records "totals.delivered_packets == $(grep -o '"received": [0-9]*' "$dir/reader" | grep -o '[0-9]*$') > 0"
	grep -q '"lost": 0,.*"wrong": 0' "$dir/reader" || fail "the consumer: $(tail -n 1 "$dir/reader")"
}

# In a terminal of its own, whose screen goes to $dir/screen; the first line of $out is the program's pid.
terminal='
import os, pty, sys
pid, fd = pty.fork()
if not pid:
    os.environ["TERM"] = "xterm"
    os.execv(sys.argv[1], sys.argv[1:])
print(pid, flush=True)
with open("screen", "wb", 0) as screen:
    try:
        while True:
            screen.write(os.read(fd, 65536) or sys.exit(1))
    except OSError:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
'
with_the_dashboard() {
	file "${main[@]}" "$path" 'ports = 3843'
	start_in "$near" "${python[@]}" -c "$terminal" "$RINGSIDE" run -c "$ini"
	wait_for 10 test -s "$out" || fail "does not start"
	wait_for 10 grep -q LIVE "$dir/screen" || fail "no dashboard"
	wait_for 10 has_xdp || fail "no program"
	peer silent count=5
	file "${main[@]}" "$path"
	kill -HUP "$(cat "$out")"
	peer until
	file "${main[@]}" 'ports = none of these'
	kill -HUP "$(cat "$out")"
	peer probes count=5
	kill -TERM "$(cat "$out")"
	ringside_wait
	[ $status = 0 ] || fail "status $status"
	grep -q 'nothing has changed' "$dir/screen" || fail "it does not say what is wrong, once it may"
	! grep -q 'the terminal is gone' "$dir/screen" || fail "it takes SIGHUP for the terminal's end"
	is_clean
}

no_file() {
	ringside_start -i rs0 reflect || return
	kill -HUP "$pid"
	wait_for 5 grep -q 'SIGHUP: there is no file to read again' "$err" || fail "it does not say so"
	peer probes count=5
	ringside_stop
}

net_make 1
ip -n "$near" link set lo up
for path in 'path = kernel' 'path = user'; do
	about "$path: rules and services change"
	rules_change
	about "$path: more names than places"
	many_names
	about "$path: interfaces come and go"
	interfaces_come_and_go
done
for path in 'path = kernel' 'path = user'; do
	about "$path: a service is paused and resumed under load"
	pauses_under_load
done
path='path = auto'
about "a bad file changes nothing and says why"
bad_files
about "keys that need a restart are named, levels are followed"
restarts_are_named
about "a service goes to the other half"
other_half
for path in 'path = user' 'path = auto'; do
	about "$path: a ring that is added keeps its consumer while others come and go under load"
	a_ring_goes_on
done
grep -q 'AF_XDP sockets opened, copy mode' "$err" || fail "a ring does not open sockets"
! grep -q 'opened again' "$err" || fail "a ring has the interface opened again"
about "with the dashboard open"
with_the_dashboard
about "without a file there is nothing to read"
no_file
net_make 2
path='path = kernel'
about "kernel half, under load"
under_load False 50000
path='path = auto'
more=("${ring[@]}" 'ports = 62300')
about "kernel half, under load, with sockets that come and stay"
under_load False 50000
grep -q 'AF_XDP sockets opened, copy mode' "$err" || fail "a ring does not open sockets"
path='path = user'
about "user half, under load"
under_load False 40000
net_make 1
path='path = auto' keys='io=af_packet'
about "io = af_packet, under load"
under_load True 20000
finish
