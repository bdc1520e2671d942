# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For tests on real terminals, those of tmux. Sourced after net.sh, whose end it extends.
command -v tmux >/dev/null || skip "tmux is not installed"
unset TMUX NO_COLOR
export LC_ALL=C.UTF-8 TZ=UTC XDG_CONFIG_HOME=$dir/conf
tmux=(tmux -u -S "$dir/tmux" -f /dev/null)
pane='' shown=''

tmux_end() {
	local one
	# run outlives its terminal
	for one in $("${tmux[@]}" list-panes -a -F '#{pane_pid}' 2>/dev/null); do
		kill -TERM "$one" 2>/dev/null
	done
	"${tmux[@]}" kill-server 2>/dev/null
	for one in $shown; do # whatever became of the two before
		! grep -qsF "$dir" "/proc/$one/environ" || kill -KILL "$one" 2>/dev/null
	done
	net_end
}
trap tmux_end EXIT

# They act on the terminal that the last show() has made, or on the one that $pane names.
screen() { "${tmux[@]}" capture-pane -p -t "$pane"; }
press() { "${tmux[@]}" send-keys -t "$pane" "$@"; }
has() { screen | grep -qE -e "$1"; }
has_not() { ! has "$1"; }
want() { wait_for 20 has "$1" || fail "the screen lacks /$1/: $(screen)"; }
want_gone() { wait_for 20 has_not "$1" || fail "the screen still has /$1/: $(screen)"; }
resize() { "${tmux[@]}" resize-window -t "$pane" -x "$1" -y "$2"; }
pane_value() { "${tmux[@]}" display -p -t "$pane" "#{$1}"; }
# its shell's only child
child() { ps -o pid= --ppid "$(pane_value pane_pid)" | tr -d ' '; }
has_child() { [ -n "$(child)" ]; }

# Whether a terminal's program has ended: tmux does not always come to wait for it.
is_gone_or_zombie() { is_gone "$1" || grep -q '^State:.*zombie' "/proc/$1/status"; }

# show NAME COMMAND...: on a new terminal of that name, 80x24
show() {
	pane=$1
	shift
	"${tmux[@]}" new-session -d -s "$pane" -x 80 -y 24 "$@" || { fail "tmux does not start"; return 1; }
	shown="$shown $(pane_value pane_pid)"
	"${tmux[@]}" set -g status off
	resize 80 24
}
shell() { show "$1" "PS1='ready> ' exec ${2:+ip netns exec $2} sh -i" && want '^ready>'; }
