# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For tests of deliver's consumers: readers of rings, and who sends to them. Sourced behind net.sh.

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
	"${python[@]}" -c 'import json, sys
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
	said=$(in_far "${python[@]}" "$srcdir/tests/deliver_peer.py" peer0 "$@" 2>&1) || fail "deliver_peer: $said"
}

# figure EXPRESSION: of the newest record
figure() {
	"${python[@]}" -c 'import json, sys
print(eval(sys.argv[2], {"totals": json.loads(open(sys.argv[1]).read().split("\n")[-2])["totals"]}))' "$out" "$1"
}

# table NAME: of a service, in records.py's words: a list of rows
one() { echo "[s for s in last.services if s.name == '$1'][0]"; }
row() { echo "[r for s in last.services if s.name == '$1' for r in s.tables.$2 if str(r['$3']).startswith('$4')][0]"; }
