#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# deliver's lab: what its consumer gets is what the books say, to the packet.
# usage: test_lab_deliver.sh; RINGSIDE names the program under test
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

# the number behind a key of the last snapshot's totals or service; behind words of the tester's line
last() { tail -n 1 "$dir/out" | grep -o "\"$1\": [0-9]*" | head -n 1 | grep -o '[0-9]*$'; }
tester() { grep -o "$1 [0-9]*" "$dir/err" | head -n 1 | grep -o '[0-9]*$'; }
want() { # WHAT: what was delivered came through, once, in order and right, but for what the consumer was too late for
	local sent knocks received overwritten

	sent=$(tester 'lab: sent') knocks=$(tester 'behind') received=$(tester received)
	overwritten=$(grep -o '([0-9]* overwritten' "$dir/err" | grep -o '[0-9]*')
	[ "${received:-0}" -gt 100 ] || fail "$1: hardly anything was received"
	grep -q "out of order 0, corrupted 0; arrival to consumer p50" "$dir/err" || fail "$1: not as it should be"
	[ $((received + overwritten + knocks)) = "$(last delivered_packets)" ] ||
		fail "$1: received $received, $overwritten, $knocks, delivered $(last delivered_packets)"
	# no more than a machine with other work to do may take
	[ "$(last delivered_packets)" -gt $((sent / 2)) ] || fail "$1: of $sent, delivered $(last delivered_packets)"
	[ "$(last unaccounted_packets)" = 0 ] || fail "$1: unaccounted packets"
}

for arguments in "--rate 5kpps" "--queues 2 --rate 5kpps --set deliver.mode=share" \
	"--ipv6 --size 1518 --rate 2kpps --port 5000 --set deliver.ring=other --level debug"; do
	"$ringside" lab deliver --duration 0.5 --format json $arguments >"$dir/out" 2>"$dir/err" ||
		fail "lab deliver $arguments: exit status $?"
	want "lab deliver $arguments"
done

# it ends when it is told to, and leaves nothing
: >"$dir/out" # of the run before
"$ringside" lab deliver --rate 5kpps --format json --interval 0.2 >"$dir/out" 2>"$dir/err" &
pid=$!
for ((tries = 0; tries < 200; tries++)); do
	[ "$(last delivered_packets || echo 0)" -le 200 ] || break
	sleep 0.1
done
kill -TERM "$pid"
wait "$pid" || fail "SIGTERM: exit status $?"
want SIGTERM
[ ! -e "/run/netns/rs-lab-$pid-a" ] && [ ! -e "/run/netns/rs-lab-$pid-b" ] || fail "SIGTERM: namespaces are left"
pid=

for arguments in "--vlan 5" "--signature DATA:OT" "--flows 513" "--engine flood"; do
	"$ringside" lab deliver --no-tui $arguments >"$dir/out" 2>"$dir/err"
	[ $? = 2 ] || fail "lab deliver $arguments: not exit status 2"
	[ "$(wc -l <"$dir/err")" = 1 ] || fail "lab deliver $arguments: not one line"
done
exit 0
