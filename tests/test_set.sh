#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# stat and set, and the keys of top: an instance is read and changed from another process, by who may.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"

nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all)

# says STATUS PATTERN COMMAND...: ends with the status; each line is a message, one has the pattern
says() {
	local want=$1 pattern=$2
	shift 2
	timeout 20 "$@" >"$dir/said" 2>&1 </dev/null
	status=$?
	[ $status = "$want" ] || fail "status $status instead of $want: $*: $(cat "$dir/said")"
	grep -qE -e "$pattern" "$dir/said" || fail "'$pattern' is not said: $(cat "$dir/said")"
	[ $status = 0 ] || [ "$(grep -vc '^ringside: ' "$dir/said")" = 0 ] || fail "not every line is a message: $(cat "$dir/said")"
}

# quiet COMMAND...: works, in silence
quiet() {
	timeout 20 "$@" >"$dir/said" 2>&1 </dev/null && [ ! -s "$dir/said" ] || fail "status $?: $*: $(cat "$dir/said")"
}

wrong_words() {
	about "words that are wrong are named"
	says 2 "^ringside: set needs KEY and VALUE" "$RINGSIDE" set
	says 2 "^ringside: set needs KEY and VALUE" "$RINGSIDE" set stats-level
	says 2 "^ringside: unknown key 'stats-levle': did you mean 'stats-level'\?" "$RINGSIDE" set stats-levle debug
	says 2 "^ringside: unknown key 'x': stats-level, SERVICE.state, SERVICE.slots.N, SERVICE.cpus.N, SERVICE.workers.N or SERVICE.keys.N" "$RINGSIDE" set name x y
	says 2 "^ringside: unexpected word 'd'" "$RINGSIDE" set a stats-level c d
	says 2 "^ringside: 'b': one instance at a time" "$RINGSIDE" stat a b
	says 2 "^ringside: --format: 'jsn' is not one of .*did you mean 'json'" "$RINGSIDE" stat --format jsn
	about "nobody there: it says where it looked"
	says 1 "^ringside: no instance is running: nothing in $RUNTIME_DIRECTORY" "$RINGSIDE" set stats-level debug
	says 1 "^ringside: no instance named 'x' is running: there is no .*/x.stats" "$RINGSIDE" set x stats-level debug
	says 1 "^ringside: no instance is running" "$RINGSIDE" stat
}

reads() {
	local format
	about "stat prints one snapshot, with rates over a second"
	peer probes count=7
	becomes "totals.rx_packets == 7"
	"$RINGSIDE" stat --format json >"$dir/seen" 2>"$dir/said" </dev/null || fail "status $?: $(cat "$dir/said")"
	out=$dir/seen records "len(records) == 1" "totals.rx_packets == 7" "last.name == 'ringside'" \
		"1 <= last.interval_s < 5" "totals.rx_pps == 0"
	"$RINGSIDE" stat ringside >"$dir/seen" </dev/null && grep -q 'received 7 = sent 7' "$dir/seen" || fail "$(cat "$dir/seen")"
	"$RINGSIDE" stat --format csv >"$dir/seen" </dev/null && [ "$(grep -c '^totals,\|,totals,' "$dir/seen")" = 1 ] ||
		fail "$(cat "$dir/seen")"
	says 1 "^ringside: write to standard output: No space left" sh -c "'$RINGSIDE' stat 2>&1 >/dev/full"
}

changes() {
	about "set changes the level, in silence, and the log says who did it"
	quiet "$RINGSIDE" set stats-level detailed
	becomes "last.stats_level == 'detailed'"
	quiet "$RINGSIDE" set ringside stats_level basic
	becomes "last.stats_level == 'basic'"
	grep -q "level detailed -> basic (pid [0-9]*, uid 0, $(id -un))" "$err" || fail "the log does not"
	says 2 "^ringside: stats_level: 'loud' is not one of basic, detailed, debug" "$RINGSIDE" set stats-level loud
}

pauses() {
	about "a service is paused, and goes on"
	quiet "$RINGSIDE" set reflect.state pause
	becomes "service.state == 'paused'"
	peer silent || return
	quiet "$RINGSIDE" set ringside reflect.state resume
	becomes "service.state == 'running'"
	peer probes count=2
	grep -q "service reflect: paused (pid [0-9]*, uid 0, $(id -un))" "$err" && grep -q "service reflect: goes on (pid" "$err" ||
		fail "the log does not say"
	says 2 "^ringside: state: 'off' is not one of running, paused" "$RINGSIDE" set reflect.state off
	says 1 "^ringside: there is no service 'web'" "$RINGSIDE" set web.state pause
}

asks_for_permission() {
	about "without permission: whose it is, who asks, and what helps"
	says 1 "^ringside: sudo ringside set stats-level debug; or for all times: sudo groupadd" \
		"${nobody[@]}" "$RINGSIDE" set stats-level debug
	says 1 "^ringside: cannot write to .*/ringside.sock: Permission denied" \
		"${nobody[@]}" "$RINGSIDE" set ringside stats-level debug
	says 1 "^ringside: cannot read .*/ringside.stats: Permission denied" "${nobody[@]}" "$RINGSIDE" stat
	[ "$(grep -c . "$dir/said")" = 3 ] || fail "$(cat "$dir/said")"
}

screen() { tmux -S "$dir/tmux" capture-pane -p; }
shows_screen() { screen | grep -q "$1"; }
keys_of_top() {
	command -v tmux >/dev/null || { fail "tmux is not installed"; return; }
	local tty
	about "the level keys of top go to the instance, and the log says who pressed them, and where"
	tmux -S "$dir/tmux" -f /dev/null new-session -d -x 80 -y 24 "exec '$RINGSIDE' top"
	wait_for 10 shows_screen BASIC || fail "no screen: $(screen)"
	tmux -S "$dir/tmux" send-keys d
	becomes "last.stats_level == 'detailed'"
	wait_for 10 shows_screen DETAILED || fail "$(screen)"
	tty=$(tmux -S "$dir/tmux" display -p '#{pane_tty}')
	grep -q "level basic -> detailed (pid [0-9]*, uid 0, $(id -un) ${tty#/dev/})" "$err" ||
		fail "the log does not say who: $(tail -n 1 "$err")"
	about "when nobody listens, top says so and goes on"
	rm "$RUNTIME_DIRECTORY/ringside.sock"
	tmux -S "$dir/tmux" send-keys b
	wait_for 10 shows_screen 'ringside.sock: No such file' || fail "$(screen)"
	says 1 "^ringside: .*/ringside.sock: No such file" "$RINGSIDE" set stats-level basic
	tmux -S "$dir/tmux" send-keys q
	wait_for 10 sh -c "! tmux -S '$dir/tmux' has-session 2>/dev/null" || fail "it does not end"
	tmux -S "$dir/tmux" kill-server 2>/dev/null
}

net_make 1
wrong_words
ringside_start -i rs0 reflect || finish
reads
changes
pauses
asks_for_permission
keys_of_top
ringside_stop
finish
