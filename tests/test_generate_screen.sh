#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The live screen of generate in a real terminal: it shows what is measured, q ends it, and the report stands on a
# terminal that is as it was.
# shellcheck source=tests/net.sh
. "$(dirname "$0")/net.sh"
command -v tmux >/dev/null || skip 'tmux is not installed'
unset TMUX NO_COLOR
export LC_ALL=C.UTF-8
tmux="tmux -u -S $dir/tmux -f /dev/null"

screen() { $tmux capture-pane -p -t pane; }
shows() { screen | grep -qE -e "$1"; }
want() { wait_for 20 shows "$1" || { fail "the screen lacks /$1/"; screen; }; }
press() { $tmux send-keys -t pane "$@"; }

net_make 1
ip netns exec "$far" "${builddir:?}/tests/echo" peer0 3842 DATA:OT lose=5 >"$dir/echo" &
started="$started $!"
$tmux new-session -d -s session -x 100 -y 30 "PS1='ready> ' exec ip netns exec $near sh -i" || skip 'tmux cannot start here'
trap '$tmux kill-server 2>/dev/null; net_end' EXIT
$tmux rename-window -t session pane
tty=$($tmux display -p -t pane '#{pane_tty}')
want '^ready>'
before=$(stty -g -F "$tty")

about 'the screen shows what is measured'
press "clear; $RINGSIDE generate reflect -i rs0 --to 02:00:00:00:0a:01 --rate 1kpps --duration 0 --interval 0.2; echo status=\$?" Enter
want 'SENDING'
want 'LOST 1 \('
want 'TX +[0-9.]+ k?pps'
want 'ROUND TRIP +min .* p99 '
[ "$($tmux display -p -t pane '#{alternate_on}')" = 1 ] || fail 'not on the alternate screen'

about 'q ends it: the report stands on the terminal as it was'
press q
want 'status=0'
want 'lost +1 \('
want 'round trip +min '
[ "$($tmux display -p -t pane '#{alternate_on}')" = 0 ] || fail 'still on the alternate screen'
[ "$(stty -g -F "$tty")" = "$before" ] || fail 'the terminal has other modes'

about 'Ctrl-C does the same, and --no-tui draws nothing'
press "clear; $RINGSIDE generate reflect -i rs0 --to 02:00:00:00:0a:01 --rate 1kpps --duration 0 --interval 0.2; echo status=\$?" Enter
want 'SENDING'
press C-c
want 'status=0'
press "clear; $RINGSIDE generate reflect -i rs0 --to 02:00:00:00:0a:01 --rate 1kpps --duration 0.3 --no-tui; echo status=\$?" Enter
want 'status=0'
[ "$(stty -g -F "$tty")" = "$before" ] || fail 'the terminal has other modes'

finish
