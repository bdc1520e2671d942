#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The dashboard of a real instance in a real terminal: looked at from another process, resized under load, stopped,
# left alone, and hung up on; and what it costs in system calls.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
command -v tmux >/dev/null || skip "tmux is not installed"
command -v strace >/dev/null || skip "strace is not installed"
unset TMUX NO_COLOR
export LC_ALL=C.UTF-8 TZ=UTC XDG_CONFIG_HOME=$dir/conf
tmux=(tmux -u -S "$dir/tmux" -f /dev/null)
screens_end() {
	"${tmux[@]}" kill-server 2>/dev/null
	net_end
}
trap screens_end EXIT

screen() { "${tmux[@]}" capture-pane -p -t "$pane"; }
press() { "${tmux[@]}" send-keys -t "$pane" "$@"; }
has() { screen | grep -qE -e "$1"; }
has_not() { ! has "$1"; }
want() { wait_for 20 has "$1" || fail "the screen lacks /$1/: $(screen)"; }
want_gone() { wait_for 20 has_not "$1" || fail "the screen still has /$1/: $(screen)"; }
resize() { "${tmux[@]}" resize-window -t "$pane" -x "$1" -y "$2"; }
terminal() { "${tmux[@]}" display -p -t "$pane" '#{pane_tty}'; }
# its only child, which stands for the program when the pane has a shell
child() { ps -o pid= --ppid "$("${tmux[@]}" display -p -t "$pane" '#{pane_pid}')" | tr -d ' '; }

is_gone_or_zombie() { is_gone "$1" || grep -q '^State:.*zombie' "/proc/$1/status"; }

# show NAME COMMAND...: in a new window of that name, 80x24
show() {
	pane=$1
	shift
	"${tmux[@]}" new-session -d -s "$pane" -x 80 -y 24 "$@" || { fail "tmux does not start"; return 1; }
	"${tmux[@]}" set -g status off
	"${tmux[@]}" set -g remain-on-exit on
	resize 80 24
}
shell() { show "$1" "PS1='ready> ' exec sh -i" && want '^ready>'; }

follows_an_instance() {
	about "top says that its instance was killed, and follows the one that comes after it"
	ringside_start -i rs0 reflect --level detailed || return
	show top "'$RINGSIDE' top"
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
	want '^Pane is dead \(status 0'
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

hung_up() {
	about "top ends with its terminal"
	press "'$RINGSIDE' top" Enter
	want ' LIVE$'
	looker=$(child)
	[ -n "$looker" ] || fail "top has no process"
	"${tmux[@]}" kill-session -t shell
	wait_for 5 is_gone_or_zombie "$looker" || fail "it goes on: $(cat /proc/$looker/status)"
	ringside_stop
	about "run goes on without its terminal"
	show run "exec ip netns exec $near '$RINGSIDE' -i rs0 reflect 2>'$err'"
	want ' LIVE$'
	pid=$("${tmux[@]}" display -p -t run '#{pane_pid}')
	"${tmux[@]}" kill-session -t run
	wait_for 5 grep -q 'the terminal is gone' "$err" || fail "it does not say so"
	kill -0 "$pid" || fail "it ended with the terminal"
	peer probes count=3
	kill -TERM "$pid"
	wait_for 10 is_gone "$pid" || fail "it does not end"
	is_clean
}

# Of a command's system calls, how many lines of the trace have the name
calls() { grep -c "^[0-9. ]*$1(" "$dir/trace"; }
costs() {
	about "an idle dashboard writes at most three times a frame and wakes up at most six times a second"
	ringside_start -i rs0 reflect || return
	show top2 "exec '$RINGSIDE' top"
	want ' LIVE$'
	looker=$("${tmux[@]}" display -p -t top2 '#{pane_pid}')
	timeout -s INT 5 strace -q -e trace=write,writev,poll,read -o "$dir/trace" -p "$looker" 2>/dev/null
	local writes wakes
	writes=$(grep -cE 'writev?\(1,' "$dir/trace") wakes=$(calls poll)
	[ "$writes" -ge 3 ] || fail "there is no trace: $writes writes"
	[ "$writes" -le 36 ] || fail "$writes writes in 5 s, for 10 or 11 frames"
	# one to wait, one to see whether the terminal takes a frame
	[ "$wakes" -ge 5 ] && [ "$wakes" -le 30 ] || fail "$wakes calls of poll in 5 s"
	press q
	wait_for 10 is_gone_or_zombie "$looker" || fail "q does not end it"
	ringside_stop
}

whole() { # LINES COLUMNS: nothing of another size is left
	[ "$(screen | wc -l)" = "$1" ] && screen | head -n 1 | grep -q 'LIVE$' && screen | tail -n 1 | grep -q '? help'
}

under_load() {
	about "resized a hundred times under load, stopped by Ctrl-S for ten seconds: not one packet is lost by it"
	shell load
	press "'$RINGSIDE' lab --rate 20kpps --duration 24 2>'$dir/lab'; echo over" Enter
	want ' LIVE$'
	local i width height
	for ((i = 0; i < 100; i++)); do
		width=$((1 + (i * 37) % 250)) height=$((1 + (i * 23) % 80))
		resize $width $height
	done
	resize 80 24
	wait_for 20 whole 24 || fail "$(screen)"
	resize 160 45
	wait_for 20 whole 45 || fail "$(screen)"
	press C-s
	sleep 10 # nothing happens: that is the point
	press C-q
	want '^(over|ready>)'
	grep -qE 'lost 0, ' "$dir/lab" || fail "$(cat "$dir/lab")"
	grep -qE 'sent [1-9][0-9]{5}' "$dir/lab" || fail "little was sent: $(cat "$dir/lab")"
}

net_make 1
follows_an_instance
suspends
hung_up
costs
under_load
finish
