#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The dashboard of a real instance in a real terminal: looked at from another process, resized under load, stopped,
# left alone, and hung up on; and what it costs in system calls.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/tmux.sh"
. "$srcdir/tests/sender.sh"
command -v strace >/dev/null || skip "strace is not installed"

follows_an_instance() {
	about "top says that its instance was killed, and follows the one that comes after it"
	ringside_start -i rs0 reflect --level detailed || return
	show top "'$RINGSIDE' top; echo status=\$?; exec cat"
	want ' LIVE$'
	peer probes count=5
	want '^BOOK  in 5 = out 5 '
	ringside_end KILL
	want ' ENDED$'
	want "!! The instance \(pid $pid\) has ended"
	ringside_start -i rs0 reflect || return
	want ' LIVE$'
	want '^BOOK  in 0 = out 0 '
	about "an instance that ends in order says so as well"
	ringside_end TERM
	want ' ENDED$'
	press q
	want '^status=0'
}

suspends() {
	about "Ctrl-Z stops top as it stops others, and the first key after fg is the right one"
	ringside_start -i rs0 reflect --set=rs0.queues=0 || return
	shell shell
	press "'$RINGSIDE' top" Enter
	want ' LIVE$'
	press C-z
	want '^ready>'
	resize 100 30
	press fg Enter
	want ' LIVE$'
	press Up
	want '^>  0'
	press q
	want '^ready>'
}

uptime_s() { "$RINGSIDE" stat --format json | sed 's/.*"uptime_s": \([0-9]*\)\..*/\1/'; }
has_lived() { [ "$(uptime_s)" -ge "$1" ]; }

hung_up() {
	about "top ends with its terminal"
	press "'$RINGSIDE' top" Enter
	want ' LIVE$'
	looker=$(child)
	[ -n "$looker" ] || fail "top has no process"
	"${tmux[@]}" kill-session -t shell
	wait_for 20 is_gone_or_zombie "$looker" || fail "it goes on: $(cat "/proc/$looker/status")"
	ringside_stop
	about "run goes on without its terminal"
	show run "exec ip netns exec $near '$RINGSIDE' -i rs0 reflect 2>'$err'"
	want ' LIVE$'
	pid=$(pane_value pane_pid)
	press d
	want "level basic -> detailed \(dashboard, $(id -un) $(pane_value pane_tty | sed 's,^/dev/,,')\)"
	"${tmux[@]}" kill-session -t run
	wait_for 20 grep -q 'the terminal is gone' "$err" || fail "it does not say so"
	uptime=$(uptime_s)
	wait_for 20 has_lived $((uptime + 3)) || fail "it ended with the terminal: $(tail -n 1 "$err")"
	peer probes count=3
	kill -TERM "$pid"
	wait_for 20 is_gone_or_zombie "$pid" || fail "it does not end: $(screen)"
	is_clean
}

# Of a command's system calls, how many lines of the trace have the name
calls() { grep -c "^[0-9. ]*$1(" "$dir/trace"; }
costs() {
	about "an idle dashboard writes at most three times a frame and wakes up at most six times a second"
	ringside_start -i rs0 reflect || return
	show top2 "exec '$RINGSIDE' top"
	want ' LIVE$'
	looker=$(pane_value pane_pid)
	timeout -s INT 3 strace -q -e trace=write,writev,poll,read -o "$dir/trace" -p "$looker" 2>/dev/null
	local writes wakes
	writes=$(grep -cE 'writev?\(1,' "$dir/trace") wakes=$(calls poll)
	[ "$writes" -ge 3 ] || fail "there is no trace: $writes writes"
	[ "$writes" -le 24 ] || fail "$writes writes in 3 s, for 6 or 7 frames"
	# one to wait, one to see whether the terminal takes a frame
	[ "$wakes" -ge 3 ] && [ "$wakes" -le 18 ] || fail "$wakes calls of poll in 3 s"
	press q
	wait_for 20 is_gone_or_zombie "$looker" || fail "q does not end it"
	ringside_stop
}

on() { # INTERFACES: what reflect answers on; only the second one has an XDP program
	printf '%s\n' '[interface rs0]' 'io = af_packet' '[interface rs8]' '[service main]' 'type = reflect' "interfaces = $1" >"$dir/new.ini"
	mv "$dir/new.ini" "$dir/ringside.ini"
}
prices() {
	about "what statistics cost in XDP is measured once there is a program, be it since a reload"
	ip -n "$near" link add rs8 type veth peer name rs9
	ip -n "$near" link set rs8 up
	on rs0
	show run "exec ip netns exec $near '$RINGSIDE' run -c '$dir/ringside.ini' 2>'$err'"
	want ' LIVE$'
	press 4
	want '^> basic .* XDP +n/a: none'
	on 'rs0, rs8'
	pid=$(pane_value pane_pid)
	kill -HUP "$pid"
	want '^> basic .* XDP +(<[0-9]+|[0-9.]+ ±[0-9.]+) ns'
	want '^  debug .* XDP +[0-9.]+ ±[0-9.]+ ns'
	kill -TERM "$pid"
	wait_for 20 is_gone_or_zombie "$pid" || fail "it does not end: $(screen)"
}

whole() { # LINES: nothing of another size is left
	[ "$(screen | wc -l)" = "$1" ] && screen | head -n 1 | grep -q 'LIVE$' && screen | tail -n 1 | grep -q '? help'
}

resized() {
	about "resized a hundred times under load: the screen is whole, and not one packet is lost by it"
	local i
	sender_is_alone
	show load "exec ip netns exec $near '$RINGSIDE' -i rs0 reflect --set=reflect.path=user 2>'$err'"
	want ' LIVE$'
	pid=$(pane_value pane_pid)
	send_start 500
	for ((i = 0; i < 100; i++)); do
		resize $((1 + (i * 37) % 250)) $((1 + (i * 23) % 80))
	done
	resize 80 24
	wait_for 20 whole 24 || fail "$(screen)"
	resize 160 45
	wait_for 20 whole 45 || fail "$(screen)"
	send_end
	lost_nothing "$("$RINGSIDE" stat --format json | sed 's/.*"drop_packets": \([0-9]*\).*/\1/')"
	press q
	want 'y/N'
	press y
	wait_for 20 is_gone_or_zombie "$pid" || fail "it does not end: $(screen)"
	"${tmux[@]}" kill-server
}

net_make 1
follows_an_instance
suspends
hung_up
costs
prices
resized
finish
