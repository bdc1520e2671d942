#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# steer's lab: its server gets what the books say was delivered, each key's packets in order, and no junk.
# usage: test_lab_steer.sh; RINGSIDE names the program under test
set -u
ringside=$(readlink -f "${RINGSIDE:-./ringside}") || exit 1
[ "$(id -u)" = 0 ] || { echo "needs root: the lab makes network namespaces"; exit 77; }
unshare --net true 2>/dev/null || { echo "no network namespaces here"; exit 77; }

dir=$(mktemp -d)
export RUNTIME_DIRECTORY=$dir/run
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
fail() { echo "FAIL: $*" >&2; tail -n 5 "$dir"/err >&2; exit 1; }

last() { tail -n 1 "$dir/out" | grep -o "\"$1\": [0-9]*" | head -n 1 | grep -o '[0-9]*$'; }
tester() { grep -o "$1 [0-9]*" "$dir/err" | head -n 1 | grep -o '[0-9]*$'; }

for arguments in "--rate 20kpps" "--queues 2 --size 66 --rate 5kpps --port 5000 --set steer.cpus=all"; do
	# shellcheck disable=SC2086
	timeout 60 "$ringside" lab steer --duration 0.5 --format json $arguments >"$dir/out" 2>"$dir/err" ||
		fail "lab steer $arguments: exit status $?"
	grep -q 'out of order 0, junk received 0' "$dir/err" || fail "$arguments: not as it should be"
	received=$(tester received) delivered=$(last delivered_packets)
	[ "${received:-0}" -gt 100 ] || fail "$arguments: hardly anything was received"
	# the server's socket has room for all of it
	[ "$received" = "$delivered" ] || fail "$arguments: received $received, delivered $delivered"
	[ "$(last bad_magic)" -gt 10 ] || fail "$arguments: $(last bad_magic) junk dropped"
	[ "$(last unaccounted_packets)" = 0 ] || fail "$arguments: unaccounted packets"
done

for arguments in "--size 65" "--vlan 5" "--flows 2"; do
	# shellcheck disable=SC2086
	"$ringside" lab steer --no-tui $arguments >"$dir/out" 2>"$dir/err"
	[ $? = 2 ] || fail "lab steer $arguments: not exit status 2"
	[ "$(wc -l <"$dir/err")" = 1 ] || fail "lab steer $arguments: not one line"
done
exit 0
