#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Another process looks at an instance: by its name, without rights of its own, after its end, and what it is told
# when it can't.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"

top=("$RINGSIDE" top --format json --interval 0.1)
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all)

# refused STATUS WORDS COMMAND...: every line of the words, a pattern each, is said
refused() {
	local want=$1 pattern
	shift
	local patterns=()
	while [ "$1" != -- ]; do
		patterns+=("$1")
		shift
	done
	shift
	timeout 10 "$@" >"$dir/said" 2>&1 </dev/null
	status=$?
	[ $status = "$want" ] || fail "status $status instead of $want: $*"
	for pattern in "${patterns[@]}"; do
		grep -qE "$pattern" "$dir/said" || fail "'$pattern' is not said: $(cat "$dir/said")"
	done
	[ "$(grep -vc '^ringside: ' "$dir/said")" = 0 ] || fail "not every line is a message: $(cat "$dir/said")"
}

# looks COMMAND...: its records go to $dir/seen
looks() {
	timeout 10 "$@" >"$dir/seen" 2>"$dir/seen.err" </dev/null || fail "status $?: $*: $(cat "$dir/seen.err")"
}
seen() {
	local said
	said=$("${python[@]}" "$srcdir/tests/records.py" "$dir/seen" "$@" 2>&1) || fail "$said"
}

net_make 1

nobody_there() {
	about "without an instance, top says where it looked"
	refused 1 "^ringside: no instance is running: nothing in $RUNTIME_DIRECTORY" -- "$RINGSIDE" top
	refused 1 "^ringside: no instance named 'x' is running: there is no .*/x.stats" -- "$RINGSIDE" top x
	refused 2 "^ringside: 'b': one instance at a time" -- "$RINGSIDE" top a b
	refused 2 "^ringside: unknown .*--nosuch" -- "$RINGSIDE" top --nosuch
}

same_figures() {
	about "top shows what the instance shows"
	ringside_start -i rs0 reflect || return
	peer probes count=7
	becomes "totals.rx_packets == 7"
	looks "${top[@]}" --duration 0.5
	seen "last.totals.rx_packets == 7" "last.totals.tx_packets == 7" "last.name == 'ringside'" \
		"last.totals.rx_pps == 0" "not last.final" "balanced(records)"
	looks "${top[@]}" ringside --duration 0.3
	about "top without a terminal prints lines, without an escape"
	looks "$RINGSIDE" top --interval 0.1 --duration 0.5
	grep -q '  received 7 = sent 7' "$dir/seen" || fail "no lines: $(cat "$dir/seen")"
	! grep -q $'\033' "$dir/seen" || fail "an escape"
}

recorded() {
	about "a recording, shown again, is what was seen, byte for byte"
	looks "${top[@]}" --duration 1 --record "$dir/kept"
	mv "$dir/seen" "$dir/live"
	looks "$RINGSIDE" top --format json --replay "$dir/kept"
	# the first snapshot is where the first rates begin: live, it is not shown
	tail -n +2 "$dir/seen" | cmp -s - "$dir/live" || fail "$(diff <(tail -n +2 "$dir/seen") "$dir/live" | head -n 4)"
	[ "$(wc -l <"$dir/live")" -ge 5 ] || fail "$(wc -l <"$dir/live") records in a second"
	about "what can't be recorded or replayed is said"
	refused 1 "^ringside: .*/none/kept: No such file" -- "$RINGSIDE" top --record "$dir/none/kept"
	refused 1 "^ringside: .*/none: No such file" -- "$RINGSIDE" top --replay "$dir/none"
	refused 1 "^ringside: .*/live: this is no recording" -- "$RINGSIDE" top --replay "$dir/live"
	refused 2 "^ringside: --replay shows a file" -- "$RINGSIDE" top ringside --replay "$dir/kept"
	timeout 10 "${top[@]}" --duration 0.5 --record /dev/full >/dev/null 2>"$dir/said" </dev/null
	[ $? = 1 ] && grep -q 'write /dev/full: No space left' "$dir/said" || fail "a full disk: $(cat "$dir/said")"
}

second_instance() {
	about "a second instance of the same name ends and says whose it is"
	refused 1 "^ringside: an instance named 'ringside' is running already \(pid [0-9]+\): .*--set ringside.name=" -- \
		ip netns exec "$near" "$RINGSIDE" -i rs0 reflect --no-tui
	grep -q "(pid $pid)" "$dir/said" || fail "another pid than $pid: $(cat "$dir/said")"
	looks "${top[@]}" --duration 0.2
}

# Behind it a file, which is /etc/group for the command that follows, and for that alone
in_group=(unshare --mount sh -c 'mount --bind "$0" /etc/group && exec "$@"')
sed '/^ringside:/d' /etc/group >"$dir/without"
{ cat "$dir/without" && echo 'ringside:x:4711:'; } >"$dir/with"

# ringside_start_in GROUP-FILE: and waits for its first record
ringside_start_in() {
	start_in "$near" "${in_group[@]}" "$1" "$RINGSIDE" -i rs0 reflect --format json --interval 0.1
	wait_for 10 has_spoken
}

permissions() {
	about "without a group, only root may look, and everybody else is told what helps"
	ringside_start_in "$dir/without"
	grep -q "^ringside: .* there is no group ringside: only root may" "$err" || fail "no word about the group"
	refused 1 "^ringside: cannot read .*/ringside.stats: Permission denied" \
		"^ringside: the file is root:root 0600; you are [a-z]+ \(uid 65534\)" \
		"^ringside: sudo ringside top; or for all times: sudo groupadd --system ringside" -- "${nobody[@]}" "$RINGSIDE" top
	ringside_end KILL

	about "with a group, its members look without any capability"
	ringside_start_in "$dir/with"
	[ "$(stat -c %g:%a "$RUNTIME_DIRECTORY/ringside.stats")" = 4711:640 ] ||
		fail "the file is $(stat -c %g:%a "$RUNTIME_DIRECTORY/ringside.stats")"
	looks setpriv --reuid=65534 --regid=65534 --groups=4711 --inh-caps=-all --bounding-set=-all "${top[@]}" --duration 0.3
	seen "last.name == 'ringside'"
	refused 1 "^ringside: the file is root:ringside 0640; you are " \
		"^ringside: sudo usermod -aG ringside [a-z]+, then log in again; or: sudo ringside top" -- \
		"${in_group[@]}" "$dir/with" "${nobody[@]}" "$RINGSIDE" top
}

ends_with_it() {
	about "top sees the last record of an instance and ends with it"
	rm -f "$dir/seen" # of an earlier look
	"${top[@]}" >"$dir/seen" 2>"$dir/seen.err" &
	local looker=$!
	started="$started $looker"
	wait_for 10 test -s "$dir/seen"
	ringside_end TERM
	wait_for 10 is_gone $looker || fail "it goes on"
	wait $looker || fail "status $?: $(cat "$dir/seen.err")"
	seen "last.final" "last.interfaces[0].queues[0].state == 'stopped'"
	[ ! -e "$RUNTIME_DIRECTORY/ringside.stats" ] || fail "its file is still there"
}

killed() {
	about "an instance that was killed is told from a living one, and its name is free again"
	ringside_start -i rs0 reflect || return
	ringside_end KILL
	refused 1 "^ringside: no instance named 'ringside' is running: the last one was killed and left " -- "$RINGSIDE" top ringside
	refused 1 "^ringside: no instance is running" -- "$RINGSIDE" top
	ringside_start -i rs0 reflect || return
	looks "${top[@]}" --duration 0.2
	ringside_stop
}

unwritable() {
	about "where nothing can be published, the instance runs all the same and says so"
	RUNTIME_DIRECTORY=/proc/ringside ringside_start -i rs0 reflect || return
	grep -q '^ringside: no statistics for other processes: .*/proc/ringside' "$err" || fail "no message"
	ringside_stop
	is_clean
}

nobody_there
same_figures
recorded
second_instance
ringside_stop
permissions
ends_with_it
killed
unwritable
finish
