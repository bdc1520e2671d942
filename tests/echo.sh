# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For tests of generate: an echo of plain sockets at the far end, runs against it, and what their last records say.
# Sourced after net.sh.

echo_program=${builddir:?}/tests/echo
[ -x "$echo_program" ] || { echo "tests/echo is not built"; exit 99; }
signature='DATA:OT'

echo_is_ready() { grep -q ready "$dir/echo"; }
# echo_start RULE...: in the far namespace
echo_start() {
	echo_rules=("$@")
	: >"$dir/echo"
	ip netns exec "$far" "$echo_program" peer0 3842 "$signature" "$@" >"$dir/echo" 2>&1 &
	echo_pid=$!
	started="$started $echo_pid"
	wait_for 10 echo_is_ready || fail "the echo does not start: $(cat "$dir/echo")"
}
echo_stop() {
	kill -TERM "$echo_pid"
	wait "$echo_pid"
	started=${started/ $echo_pid/}
}

# generate ARGUMENT...: its last record is $dir/last
generate() {
	ip netns exec "$near" timeout 60 "$RINGSIDE" generate reflect -i rs0 --format json --interval 0.5 "$@" \
		>"$out" 2>"$err" </dev/null
	status=$?
	tail -n 1 "$out" >"$dir/last"
}
# want EXPRESSION...: of the last record, r
want() {
	local said
	said=$("${python[@]}" - "$dir/last" "$@" <<-'END' 2>&1
		import json, sys
		r = json.load(open(sys.argv[1]))
		wrong = [text for text in sys.argv[2:] if not eval(text)]
		print("; ".join(wrong), r if wrong else "")
		sys.exit(bool(wrong))
	END
	) || fail "$said"
}
# answered ARGUMENT...: a run that ends well, whose sums are exact
answered() {
	generate "$@"
	[ $status = 0 ] || fail "generate $*: status $status"
	want 'r["final"]' 'r["sent"] == r["received"] + r["late"] + r["lost"]' 'r["in_flight"] == 0'
}
sent() { grep -o '"sent": [0-9]*' "$dir/last" | grep -o '[0-9]*$'; }
# answered_past NUMBER ARGUMENT...: the same, with more packets than that: a sender that gets no CPU meanwhile sends less
answered_past() {
	local tries
	for tries in 1 2 3 4 5; do
		answered "${@:2}"
		[ "$(sent)" -le "$1" ] || return 0
		echo "(sent $(sent): again)"
		echo_stop
		echo_start "${echo_rules[@]}"
	done
	fail "sent $(sent), $tries times"
}
clean=('r["lost"] == 0' 'r["late"] == 0' 'r["duplicated"] == 0' 'r["reordered"] == 0' 'r["stray"] == 0'
	'r["corrupted"]["total"] == 0' 'r["received"] == r["sent"] > 0')

to=(--to 02:00:00:00:0a:01)
