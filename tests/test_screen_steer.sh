#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Slots are moved and a CPU is weighed by keys, on the dashboard of run and on that of top; the log says who did it.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/steer.sh"
. "$srcdir/tests/tmux.sh"

targets=("cpus = $first, $second" "keys = 7:$first")
configure

# has_slots COUNT COUNT: of the two CPUs
has_slots() {
	"$RINGSIDE" stat --format json >"$dir/seen" 2>/dev/null &&
		out=$dir/seen "${python[@]}" "$srcdir/tests/records.py" "$dir/seen" \
			"[row.slots for row in service.tables.cpus] == [$1, $2]" >/dev/null 2>&1
}
want_slots() { wait_for 20 has_slots "$1" "$2" || fail "not $1 and $2 slots: $("$RINGSIDE" stat --format json)"; }
# set_by_keys TEXT: on the page of the service, the typed line in place of the one that is offered
set_by_keys() {
	press m
	want '^ Set: cpus/'
	press BSpace BSpace BSpace BSpace BSpace BSpace BSpace BSpace BSpace BSpace
	press -l "$1"
	want "Set: $1_"
	press Enter
}
who() { echo "$(id -un) $(pane_value pane_tty | sed 's,^/dev/,,')"; }

on_run() {
	about "in run, keys move slots and weigh CPUs"
	show run "exec ip netns exec $near '$RINGSIDE' -c '$dir/steer.ini' 2>'$err'"
	want ' LIVE$'
	has ' LIVE$' || return
	pid=$(pane_value pane_pid)
	resize 120 60
	want_slots 2048 2048
	press 3
	want '── cpus \(m: weight\)'
	press Enter
	want '── own_keys \(m: target\)'
	about "the first row is offered, Down goes to the next ones, and what is typed is done"
	press m
	want "^ Set: cpus/${first} _"
	press Down Down
	want '^ Set: slots/0-255 _'
	press -l "$second"
	want "^ Set: slots/0-255 ${second}_"
	press Enter
	want "^ingest: slots/0-255 = $second"
	want_slots 1792 2304
	about "Esc leaves everything as it was, and a refusal is said in the instance's words"
	press m
	want '^ Set: cpus/'
	press Escape
	want_gone '^ Set: '
	set_by_keys "cpus/$second 1001"
	want "cpus/$second was not set: .*1001"
	set_by_keys "cpus/$second 0"
	want "^ingest: cpus/$second = 0"
	want_slots 4096 0
	set_by_keys "cpus/$second 3"
	want_slots 1024 3072
	press 6
	want "service ingest: slots/0-255 = $second \(dashboard, $(who)\)"
	want "service ingest: cpus/$second = 3 \(dashboard, $(who)\)"
}

on_top() {
	about "top does the same by the control socket"
	show top "exec '$RINGSIDE' top"
	want ' LIVE$'
	has ' LIVE$' || return
	resize 120 60
	press 3
	want '── cpus \(m: weight\)'
	press Enter
	want '── own_keys \(m: target\)'
	set_by_keys "slots/0-4095 $first"
	want "^ingest: slots/0-4095 = $first"
	want_slots 4096 0
	set_by_keys "keys/7 $second"
	want "^ingest: keys/7 = $second"
	set_by_keys 'slots/4096 0'
	want 'slots/4096 was not set: '
	set_by_keys 'nothing/1 0'
	want 'nothing/1 was not set: '
	press 6
	want "service ingest: slots/0-4095 = $first \(pid [0-9]+, uid 0, $(who)\)"
	press q
}

net_make 1
on_run
on_top
pane=run
press q
want 'y/N'
press y
wait_for 20 is_gone_or_zombie "$pid" || fail "it does not end: $(screen)"
finish
