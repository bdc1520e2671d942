#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The lab: its network comes and goes, its tester and the reflector's books agree to the packet.
# usage: test_lab.sh; RINGSIDE names the program under test
set -u
ringside=$(readlink -f "${RINGSIDE:-./ringside}") || exit 1
[ "$(id -u)" = 0 ] || { echo "needs root: the lab makes network namespaces"; exit 77; }
unshare --net true 2>/dev/null || { echo "no network namespaces here"; exit 77; }

dir=$(mktemp -d)
export RUNTIME_DIRECTORY=$dir/run
pid=
end() {
	[ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null
	rm -rf "$dir"
}
trap end EXIT
trap 'exit 1' INT TERM HUP
fail() { echo "FAIL: $*" >&2; tail -n 5 "$dir"/* >&2; exit 1; }

# waits up to 20 s for a command to succeed
wait_for() {
	local tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 1000 ] || return 1
		sleep 0.02
	done
}
exists() { [ -e "/run/netns/rs-lab-$1-a" ] || [ -e "/run/netns/rs-lab-$1-b" ]; }
is_gone() { ! exists "$1"; }
# the number behind a key of the last snapshot's totals; the number behind words of the tester's line
total() { tail -n 1 "$dir/out" | grep -o '"totals": {[^}]*}' | grep -o "\"$1\": [0-9]*" | grep -o '[0-9]*$'; }
tester() { grep -o "$1 [0-9]*" "$dir/err" | grep -o '[0-9]*$' | head -n 1; }
reflects() { [ "$(grep -c '"rx_packets"' "$dir/out")" -ge 2 ] && [ "$(total tx_packets || echo 0)" != 0 ]; }
start() { # ARGUMENTS...: in the background
	: >"$dir/out" # or what the one before has reflected would be taken for its own
	"$ringside" lab --format json --interval 0.2 "$@" >"$dir/out" 2>"$dir/err" &
	pid=$!
	wait_for reflects || fail "lab $*: nothing is reflected"
}
want_quiet_books() { # WHAT
	grep -q '"final": true' <(tail -n 1 "$dir/out") || fail "$1: no final snapshot"
	[ "$(total unaccounted_packets)" = 0 ] || fail "$1: unaccounted packets"
	[ "$(total in_flight_packets)" = 0 ] || fail "$1: packets in flight at the end"
}

# what was lost is what the reflector's books have as dropped (its worker had no CPU for as long as a ring lasts), or
# what the tester's own ring had no room for; the rest came back once, in order and right
want_agreement() { # WHAT
	local sent lost knocks missed dropped
	sent=$(tester 'lab: sent') lost=$(tester lost) knocks=$(tester behind) missed=$(tester 'missed by the tester itself')
	dropped=$(total drop_packets)
	[ "$sent" -gt 100 ] || fail "$1: hardly anything was sent"
	[ $((sent + ${knocks:-0})) = $(($(total tx_packets) + dropped)) ] ||
		fail "$1: sent $sent and $knocks, reflected $(total tx_packets), dropped $dropped"
	[ "$lost" -le $((dropped + ${missed:-0})) ] || fail "$1: $lost lost, $dropped dropped"
	grep -q "received $((sent - lost)), lost $lost, late [0-9]*, duplicated 0, reordered 0, corrupted 0" "$dir/err" ||
		fail "$1: not all came back as they should"
}

# every packet sent is in the reflector's books; those that the tester begins with are told apart
for arguments in "" "--queues 2 --rate 20kpps" "--size 64 --set reflect.path=user --ipv6 --size 84 --rate 10kpps" \
	"--size 1518 --rate 5kpps --set vb.io=af_packet" "--vlan 5:3 --dscp 46 --rate 10kpps" \
	"--rate 200kpps --engine flood --flows 4" "--port 5000 --signature RFC2544 --rate 10kpps"; do
	"$ringside" lab --duration 0.5 --format json $arguments >"$dir/out" 2>"$dir/err" ||
		fail "lab $arguments: exit status $?"
	want_quiet_books "lab $arguments"
	want_agreement "lab $arguments"
	grep -q '; round trip p50' "$dir/err" || fail "lab $arguments: no round trips"
done

# SIGTERM, SIGINT and a terminal that is gone are a normal end, and nothing stays behind
for signal in TERM INT HUP; do
	start
	exists "$pid" || fail "$signal: the namespaces are not named after the process"
	# background jobs of a script ignore SIGINT, unless the program asks for it
	kill -"$signal" "$pid"
	wait "$pid" || fail "$signal: exit status $?"
	is_gone "$pid" || fail "$signal: namespaces are left"
	want_quiet_books "$signal"
	want_agreement "$signal"
	pid=
done

# Ctrl-C in a terminal goes to all processes at once
mkfifo "$dir/keys"
script -qec "$ringside lab --no-tui --interval 0.2" "$dir/typescript" <"$dir/keys" >/dev/null 2>&1 &
pid=$!
exec 3>"$dir/keys"
has_started() { grep -q "reflect" "$dir/typescript" 2>/dev/null && grep -q "p50\|pps" "$dir/typescript"; }
wait_for has_started || fail "no lines in a terminal"
printf '\003' >&3
wait_for grep -q "lab: sent" "$dir/typescript" || fail "Ctrl-C does not end it"
exec 3>&-
wait "$pid" || fail "Ctrl-C: exit status $?"
pid=
grep -q "lost 0, late 0, duplicated 0" "$dir/typescript" || fail "Ctrl-C: packets count as lost"

# what a killed lab leaves is removed by the next one; its reflector and tester die with it
start
killed=$pid
kill -KILL "$killed"
wait "$killed" 2>/dev/null
pid=
exists "$killed" || fail "a killed lab cannot have removed its namespaces"
is_final() { grep -q '"final": true' "$dir/out"; }
wait_for is_final || fail "the reflector outlives its lab"
"$ringside" lab --duration 0.2 --no-tui >"$dir/out" 2>"$dir/err" || fail "lab after a killed one"
is_gone "$killed" || fail "leftovers are left"

# two at once do not meet
start --set ringside.name=lab-one
one=$pid
"$ringside" lab --duration 0.5 --format json --set ringside.name=lab-two >"$dir/out2" 2>"$dir/err2" ||
	fail "a second lab beside the first: exit status $?"
exists "$one" || fail "a second lab removed the first one's namespaces"
kill -TERM "$one"
wait "$one" || fail "the first of two labs: exit status $?"
pid=

# refusals: a line each, with the status that says whose fault it is
setpriv --bounding-set -sys_admin,-net_admin "$ringside" lab --no-tui >"$dir/out" 2>"$dir/err"
[ $? = 1 ] || fail "without capabilities: not exit status 1"
[ "$(wc -l <"$dir/err")" = 1 ] && grep -q 'CAP_SYS_ADMIN.*CAP_NET_ADMIN' "$dir/err" ||
	fail "without capabilities: not one line that names them"
for arguments in "nothing" "reflect twice" "--size 63" "--size 1519" "--size 64,128" "--queues 0" \
	"--rate fast" "--rate 0" "--duration soon" "--no-such-thing"; do
	"$ringside" lab $arguments >"$dir/out" 2>"$dir/err"
	[ $? = 2 ] || fail "lab $arguments: not exit status 2"
	[ "$(wc -l <"$dir/err")" = 1 ] || fail "lab $arguments: not one line"
done
"$ringside" lab --no-tui --set reflect.no_such_key=1 >"$dir/out" 2>"$dir/err"
[ $? = 2 ] || fail "a bad key: not exit status 2"
exit 0
