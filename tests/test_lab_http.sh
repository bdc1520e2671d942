#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# http's lab: every answer is whole and right, most come from the kernel half, and it takes its site away again.
# usage: test_lab_http.sh; RINGSIDE names the program under test
set -u
ringside=$(readlink -f "${RINGSIDE:-./ringside}") || exit 1
[ "$(id -u)" = 0 ] || { echo "needs root: the lab makes network namespaces"; exit 77; }
unshare --net true 2>/dev/null || { echo "no network namespaces here"; exit 77; }

dir=$(mktemp -d)
out=$dir/out
export RUNTIME_DIRECTORY=$dir/run
pid=
end() {
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
	rm -rf "$dir"
}
trap end EXIT
trap 'exit 1' INT TERM HUP
fail() { echo "FAIL: $*" >&2; tail -n 5 "$dir/err" >&2; exit 1; }

last() { tail -n 1 "$out" | grep -o "\"$1\": [0-9]*" | head -n 1 | grep -o '[0-9]*$'; }
tester() { grep -o "$1 [0-9]*" "$dir/err" | head -n 1 | grep -o '[0-9]*$'; }
want() { # WHAT
	local requests answers
	requests=$(tester 'lab: requests') answers=$(tester answers)
	[ "${answers:-0}" -gt 100 ] || fail "$1: hardly anything was answered"
	# those under way when it was told to end may stay without an answer
	[ $((requests - answers)) -le "$2" ] || fail "$1: of $requests requests, answers to $answers"
	grep -q 'wrong 0, connections [0-9]*, broken 0; request to answer p50' "$dir/err" || fail "$1: not as it should be"
	grep -q '"final": true' <(tail -n 1 "$out") || fail "$1: no final snapshot"
	[ "$(last hits)" -gt $((answers / 4)) ] || fail "$1: $(last hits) hits for $answers answers"
	[ "$(last handed_over)" -gt 0 ] || fail "$1: nothing went to the server"
	[ "$(last unaccounted_packets)" = 0 ] || fail "$1: unaccounted packets"
}

for arguments in "" "--ipv6 --connections 100 --queues 2 --set http.max_segments=10"; do
	"$ringside" lab http --duration 1 --format json $arguments >"$out" 2>"$dir/err" ||
		fail "lab http $arguments: exit status $?"
	want "lab http $arguments" 0
done

# it ends when it is told to; what a killed one leaves, the next one removes
start() {
	out=$dir/out-$1
	"$ringside" lab http --format json --interval 0.2 >"$out" 2>"$dir/err" &
	pid=$!
	for ((tries = 0; tries < 200; tries++)); do
		[ "$(last handed_over || echo 0)" -le 1 ] || return 0
		sleep 0.1
	done
	fail "nothing is answered"
}
exists() { [ -e "/run/netns/rs-lab-$1-a" ] || [ -e "/run/netns/rs-lab-$1-b" ] || [ -e "/run/rs-lab-$1-root" ]; }
start killed
killed=$pid
kill -KILL "$pid"
wait "$pid" 2>/dev/null
[ -e "/run/rs-lab-$killed-root" ] || fail "where was the site?"
start told
kill -TERM "$pid"
wait "$pid" || fail "SIGTERM: exit status $?"
want SIGTERM 16
exists "$pid" && fail "SIGTERM: something is left"
exists "$killed" && fail "something of a killed one is left"
pid=

for arguments in "--size 64" "--rate 5kpps" "--connections 0" "--connections many" "--connections 513"; do
	"$ringside" lab http --no-tui $arguments >"$out" 2>"$dir/err"
	[ $? = 2 ] || fail "lab http $arguments: not exit status 2"
	[ "$(wc -l <"$dir/err")" = 1 ] || fail "lab http $arguments: not one line"
done
"$ringside" lab --connections 5 --no-tui >"$out" 2>"$dir/err"
[ $? = 2 ] || fail "lab --connections: not exit status 2"
exit 0
