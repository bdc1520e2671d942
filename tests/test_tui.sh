#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The dashboard in a real terminal: every key of its table, sizes, signals, and the terminal left as found.
# usage: test_tui.sh; TUI_DEMO names the program under test
LC_ALL=C.UTF-8
export LC_ALL
unset TMUX NO_COLOR

has_no_alternate_screen=''
demo=${TUI_DEMO:-./tests/tui_demo}
demo=$(readlink -f "$demo") || exit 1
[ -x "$demo" ] || { echo "$demo is not built" >&2; exit 1; }
command -v tmux >/dev/null || { echo "tmux is not installed"; exit 77; }

dir=$(mktemp -d)
TMUX_TMPDIR=$dir
export TMUX_TMPDIR
tmux="tmux -u -L ringside_test -f /dev/null"
trap '$tmux kill-server 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP

screen() { $tmux capture-pane -p -t pane; }
fail() { echo "FAIL: $*" >&2; screen >&2; exit 1; }

# waits up to 10 s for a command to succeed
wait_for() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 250 ] || return 1
		sleep 0.04
	done
}
shows() { screen | grep -qE -e "$1"; }
shows_not() { ! shows "$1"; }
want() { wait_for shows "$1" || fail "the screen lacks /$1/"; }
want_gone() { wait_for shows_not "$1" || fail "the screen still has /$1/"; }
press() { $tmux send-keys -t pane "$@"; }
modes() { $tmux display -p -t pane '#{alternate_on}#{cursor_flag}#{keypad_cursor_flag}#{mouse_any_flag}'; }
is_restored() { [ "$(modes)" = 0100 ] && [ "$(stty -g -F "$tty")" = "$before" ]; }
want_restored() { wait_for is_restored || fail "after $1: modes $(modes), termios $(stty -g -F "$tty")"; }
demo_pid() { ps -o pid= --ppid "$shell" | tr -d ' '; }

# a shell in a terminal of 80x24
start_shell() {
	$tmux kill-server 2>/dev/null
	# a server that is just exiting makes this fail
	wait_for $tmux new-session -d -s session -x 80 -y 24 -c "$dir" "PS1='ready> ' exec sh -i" 2>/dev/null ||
		{ echo 'tmux cannot start here'; exit 77; }
	$tmux rename-window -t session pane
	$tmux set -g status off
	resize 80 24
	want '^ready>'
	tty=$($tmux display -p -t pane '#{pane_tty}')
	shell=$($tmux display -p -t pane '#{pane_pid}')
	before=$(stty -g -F "$tty")
	press "ulimit -c 0; TZ=UTC; XDG_CONFIG_HOME=$dir/conf; export TZ XDG_CONFIG_HOME; mkdir -p $dir/conf; clear" Enter
}
resize() { $tmux resize-window -t pane -x "$1" -y "$2"; }
start() { # start ARGUMENTS...: and waits for the first screen
	press "clear; $demo $*; echo status=\$?" Enter
	want 'LIVE'
	[ -n "$has_no_alternate_screen" ] || [ "$(modes | cut -c 1-2)" = 10 ] ||
		fail "not on the alternate screen: $(modes)"
}
quit() {
	press q
	want 'Stop the service and quit'
	press y
	want 'status=0'
	want 'tui_run returned 0'
	want_restored 'q y'
}

has_written() { [ -s "$(echo "$dir"/ringside-ringside-*.json)" ]; }
every_key() {
	start
	pressed=''
	effect() { # effect KEY WANTED NAME: the name stands in the help page
		press "$1"
		want "$2"
		pressed="$pressed|$3|"
	}
	resize 160 45
	effect '?' 'one step back; never quits' '?'
	names=$(screen | sed -n '2,40s/^  \(.\{10\}\).*/\1/p')
	[ "$(echo "$names" | wc -w)" -ge 30 ] || fail "the help page names few keys: $names"
	resize 80 24
	press Down
	want '^── keys \(up and down'
	effect Escape 'RX packets/s' Esc
	effect h 'this page, and back' h
	effect h 'RX packets/s' h
	effect F1 'this page, and back' F1
	press F1
	want 'RX packets/s'

	effect 2 '=all' 1-6
	want ' by auto'
	effect 3 'read_packets|\(reflect, running\)' 1-6
	effect 4 'cost of statistics' 1-6
	effect m 'From here nothing can be changed' m # what it does elsewhere: test_screen_steer.sh
	effect 5 'WHAT IT MEANS' 1-6
	effect 6 'answers UDP port' 1-6
	effect 1 'RX packets/s' 1-6
	effect Tab ' by auto' Tab
	press Right
	want 'by order'
	effect BTab ' by auto' Shift-Tab
	press Left
	want 'RX packets/s'

	press 2
	effect Down '^>  0' Down
	effect j '^>  1' j
	effect Up '^>  0' Up
	press Down
	effect k '^>  0' k
	effect PgDn '^>  3' PgDn
	effect PgUp '^>  0' PgUp
	effect End '^>  3' End
	effect Home '^>  0' Home
	effect o 'Sorted by queue' o
	press o o o
	want 'by TX'
	effect O 'by TX reversed' O
	effect Enter '── rings' Enter
	press Escape
	want 'by TX reversed'
	effect / 'Rows with: _' /
	press ':2'
	want 'Rows with: :2_'
	press Enter
	want ' /:2$|/:2 '
	want_gone '^[> ]  3   5'
	press Escape
	want '^[> ]  3   5'
	press O o o o o
	want ' by auto'
	press Escape 1

	effect b ' BASIC ' b
	want 'not measured at level basic'
	effect d ' DETAILED ' d
	effect D 'Debug times every packet: 11 ns in workers, 68 ±8 ns in XDP, for 60 s. y/N' D
	press n
	want_gone 'y/N'
	want ' DETAILED '
	press D
	want 'y/N'
	press y
	want ' DEBUG 60s '
	effect s ' BASIC ' s
	press s
	want ' DETAILED '
	effect p ' PAUSED ' p
	total=$(screen | grep '^BOOK')
	want 'PAUSED 2s'
	[ "$(screen | grep '^BOOK')" = "$total" ] || fail 'a frozen screen moved'
	press p
	want ' LIVE'
	effect Space ' PAUSED ' Space
	press Space
	want ' LIVE'

	effect + ' 1s ' +
	effect - ' 500ms ' -
	press =
	want ' 1s '
	effect u '[0-9] GB/s' u
	press u
	want '[0-9] Gb/s'
	effect g 'RX bits/s' g
	press g
	want ' drops/s '
	press g
	want 'RX packets/s'
	effect G 'Graphs are drawn with: braille' G
	want '⣿'
	press G
	want 'drawn with: blocks'
	want_gone '⣿'
	want '│.*█████'
	press G
	want 'drawn with: ascii'
	press G
	want 'drawn with: auto'
	effect z 'start here|count from here on' z
	resize 160 30
	want 'packets since [0-9][0-9]:'
	resize 80 24
	effect w 'and this screen to ringside-' w
	grep -q '^RX ' "$dir"/ringside-2*.txt || fail 'the file lacks the screen'
	python3 -c 'import json, sys; s = json.load(open(sys.argv[1])); assert s["schema"] == 1 and s["totals"]["rx_packets"] > 0' \
		"$dir"/ringside-ringside-*.json || fail 'the file lacks the snapshot'
	rm -f "$dir"/ringside-*
	kill -USR1 "$(demo_pid)"
	wait_for has_written || fail 'SIGUSR1 wrote nothing' # what w has said still stands there

	printf '\033[2;60HGARBAGE' >"$tty"
	want GARBAGE
	press C-l
	want_gone GARBAGE
	pressed="$pressed|Ctrl-L|"

	press q
	want 'Stop the service and quit'
	press Enter
	want_gone 'Stop the service'
	press Escape
	press x
	want ' LIVE'
	quit
	pressed="$pressed|q|"

	set -f # one of the names is a question mark
	for name in $names; do
		case $pressed in
		*"|$name|"*) ;;
		*) fail "the help page names a key that this test does not press: $name" ;;
		esac
	done
	set +f
}

# What was chosen is there again, in a file that says so.
settings() {
	rm -rf "$dir/conf"
	start
	press u
	want '[0-9] GB/s'
	press +
	want ' 1s '
	press G
	want 'drawn with: braille'
	quit
	grep -q '^graph_style = braille$' "$dir/conf/ringside/top.conf" || fail 'the graphs are not kept'
	grep -q '^units = bytes$' "$dir/conf/ringside/top.conf" || fail 'the units are not kept'
	grep -q '^interval = 1.0$' "$dir/conf/ringside/top.conf" || fail 'the interval is not kept'
	start
	want '[0-9] GB/s'
	want ' 1s '
	press u
	want '[0-9] Gb/s'
	quit
	# nonsense in the file changes nothing, and a folder that can't be written to is no failure
	printf 'interval = 99\nunits\nsort_queues = x\n\377\n' >"$dir/conf/ringside/top.conf"
	start
	want ' 500ms '
	quit
	rm -r "$dir/conf"
	press "XDG_CONFIG_HOME=/proc/none; export XDG_CONFIG_HOME" Enter
	start
	press u
	want '[0-9] GB/s'
	quit
	press "XDG_CONFIG_HOME=$dir/conf; export XDG_CONFIG_HOME" Enter
}

# signal, what the program says when it ends in order, status
one_signal() {
	start
	kill -"$1" "$(demo_pid)"
	want "status=$3"
	[ -z "$2" ] || want "$2"
	want_restored "SIG$1"
}

signals() {
	one_signal TERM 'tui_run returned 0' 0
	one_signal INT 'tui_run returned 0' 0
	one_signal HUP 'tui_run returned 1' 0
	one_signal PIPE 'tui_run returned 1' 0
	one_signal QUIT '' 131
	one_signal SEGV 'ringside: crashed: SIGSEGV in thread tui_demo, at' 139
	one_signal ABRT 'ringside: crashed: SIGABRT' 134
	one_signal BUS 'ringside: crashed: SIGBUS' 135
	one_signal FPE 'ringside: crashed: SIGFPE' 136
	one_signal ILL 'ringside: crashed: SIGILL' 132
	start
	press C-c
	want 'status=0'
	want_restored 'Ctrl-C'
}

stopped_output() {
	start
	press C-s
	kill -TERM "$(demo_pid)"
	want 'tui_run returned 0'
	want_restored 'Ctrl-S, SIGTERM'
	start
	press C-s
	kill -SEGV "$(demo_pid)"
	want 'status=139'
	want_restored 'Ctrl-S, SIGSEGV'
	# nobody sends a signal: the loop must not hang in a write
	start --duration 2
	press C-s
	want 'tui_run returned 0'
	want_restored 'Ctrl-S, wake_fd'
}

suspending() {
	start
	press C-z
	want 'Ctrl-Z would stop the service'
	quit
	start --top
	press C-z
	want '^ready>'
	want_restored 'Ctrl-Z'
	resize 100 30
	press fg Enter
	want ' LIVE'
	press Up
	want '^>  3'
	press q
	want 'tui_run returned 0'
	want_restored 'fg, q'
	resize 80 24
}

whole_screen() { # the first line has the state at its end, the last one the hints
	[ "$(screen | wc -l)" = "$1" ] && screen | head -1 | grep -q 'LIVE$' &&
		screen | tail -1 | grep -q '? help'
}
sizes() {
	start
	for size in 160x45 20x1 300x100 1x1 40x8 81x25 20x4 240x60 79x23 5x50 132x43 80x24; do
		resize "${size%x*}" "${size#*x}"
	done
	wait_for whole_screen 24 || fail 'after the resize storm'
	resize 160 45
	wait_for whole_screen 45 || fail 'at 160x45'
	want 'RX bits/s'
	resize 20 1
	want 'M.?p?p?s? .*/4'
	press q
	want 'Quit. y/N'
	press n
	resize 80 24
	wait_for whole_screen 24 || fail 'at 80x24 again'
	quit
}

looks() {
	press 'LC_ALL=C; export LC_ALL' Enter
	start
	want 'RX packets/s'
	screen | LC_ALL=C grep -q '[^ -~]' && fail 'LANG=C shows more than ASCII'
	quit
	press 'LC_ALL=C.UTF-8' Enter
	start --ascii
	screen | LC_ALL=C grep -q '[^ -~]' && fail '--ascii shows more than ASCII'
	quit
	colored() { $tmux capture-pane -p -e -t pane | grep -qE "$(printf '\033')\[([0-9;]*;)?3[0-7]"; }
	start --scene dropping
	wait_for colored || fail 'no colours'
	quit
	start --scene dropping --no-color
	! colored || fail '--no-color shows colours'
	quit
	press 'NO_COLOR=1; export NO_COLOR' Enter
	start --scene stalled
	want 'queue 1 .* stalled'
	! colored || fail 'NO_COLOR shows colours'
	quit
	press 'unset NO_COLOR' Enter
	draws_with() { # the Linux console: ASCII; few colours: blocks; an emulator of today: braille
		case $1 in
		linux) ! shows '⣿' && shows '^ *[0-9.]+[kMG]?\|' ;;
		vt100 | screen) ! shows '⣿' && shows '│.*█████' ;;
		*) shows '⣿' ;;
		esac
	}
	has_no_alternate_screen=yes
	for term in linux vt100 screen xterm-256color; do
		press "TERM=$term" Enter
		start
		want 'RX packets/s'
		wait_for draws_with $term || fail "TERM=$term has other graphs"
		press q
		want 'quit.? y/N'
		press y
		want 'tui_run returned 0'
	done
	has_no_alternate_screen=''
	press 'TERM=tmux' Enter
}

refused() {
	press "clear; TERM=dumb $demo; echo status=\$?" Enter
	want 'no dashboard here: a terminal without a cursor .TERM=dumb.'
	want 'status=3'
	press "clear; TERM= $demo; echo status=\$?" Enter
	want 'status=3'
	press "clear; TERM=no-such-terminal $demo; echo status=\$?" Enter
	want 'terminals of type no-such-terminal are not described here'
	want 'status=3'
	press "clear; $demo | od -c | head -3; echo done=\$?" Enter
	want 'n   o       d   a   s   h'
	want 'done=0'
	press "clear; $demo </dev/null; echo status=\$?" Enter
	want 'input and output are no terminal'
	want 'status=3'
	want_restored 'a refusal'
}

has_ended() { [ -s "$dir/lost" ]; }
lost_terminal() {
	press "clear; (trap '' HUP; $demo; echo \$? >$dir/lost)" Enter
	want LIVE
	$tmux kill-pane -t pane
	wait_for has_ended || { echo 'FAIL: runs on without its terminal' >&2; exit 1; }
	[ "$(cat "$dir/lost")" = 0 ] || { echo "FAIL: lost terminal: $(cat "$dir/lost")" >&2; exit 1; }
}

start_shell
for part in every_key settings signals stopped_output suspending sizes looks refused; do
	echo "# $part"
	$part
done
start_shell
lost_terminal
echo PASS
