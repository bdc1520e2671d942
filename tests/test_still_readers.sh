#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Who looks on and stands still for ten seconds changes nothing for the packets: the dashboard's terminal by Ctrl-S, `top` by
# SIGSTOP, and the reader of what `run --no-tui` prints. All three at once, with a worker in the packets' way.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/tmux.sh"
. "$srcdir/tests/sender.sh"

still_s=10

second_pair() {
	ip link add rs1 netns "$near" address 02:00:00:00:0b:02 type veth peer name peer1 netns "$far" &&
		ip -n "$near" link set rs1 up && ip -n "$far" link set peer1 up || fail "no second pair"
}

# Its records go to a pipe, which is full before long.
printer_start() {
	mkfifo "$dir/pipe"
	cat "$dir/pipe" >"$dir/printed" &
	reader=$!
	started="$started $reader"
	ip netns exec "$near" "$RINGSIDE" -i rs1 reflect --set=ringside.name=second --set=reflect.path=user --format json \
		--interval 0.1 --level debug >"$dir/pipe" 2>"$dir/printer.err" </dev/null &
	printer=$!
	started="$started $printer"
	wait_for 20 test -s "$dir/printed" || fail "nothing is printed: $(cat "$dir/printer.err")"
}

printed() { wc -l <"$dir/printed"; }
goes_on() { [ "$(printed)" -gt "$lines" ]; }
dropped() { "$RINGSIDE" stat "$1" --format json | sed 's/.*"drop_packets": \([0-9]*\).*/\1/'; }

# flowed_evenly PEER FROM TO: in each line of the sender between two times of its clock as much came back as was sent, but for a
# tenth, or for what had to wait while the machine was busy with others and came with the next line
flowed_evenly() {
	"${python[@]}" - "$dir/$1.sent" "$2" "$3" <<-'END' || fail "packets did not flow on to $1"
		import json, sys
		with open(sys.argv[1], encoding='ascii') as file:
		    lines = [line for line in map(json.loads, file) if not line['final']]
		first, last = int(sys.argv[2]), int(sys.argv[3])
		span = lines[first:last]
		assert len(span) >= 10, (first, last, len(lines))
		stood = 0
		for before, now in zip(span, span[1:]):
		    stood = stood + 1 if now['received'] == before['received'] and now['sent'] > before['sent'] else 0
		    assert stood < 4, (before, now)
		sent, received = (span[-1][key] - span[0][key] for key in ('sent', 'received'))
		print(f'while all stood still: sent {sent}, received {received}')
		assert abs(sent - received) <= sent / 10
	END
}
# No more comes into the pipe in ten intervals: another part has no room.
is_full() {
	"${python[@]}" - "$dir/pipe" <<-'END'
		import array, fcntl, os, sys, termios, time
		pipe, held = os.open(sys.argv[1], os.O_RDONLY | os.O_NONBLOCK), array.array('i', [0])
		def size():
		    fcntl.ioctl(pipe, termios.FIONREAD, held)
		    return held[0]
		before = size()
		time.sleep(1)
		sys.exit(not 30000 < before == size())
	END
}
lines_of() { wc -l <"$dir/$1.sent"; }

net_make 1
second_pair
sender_is_alone
sender_is_alone rs1 peer1
show run "exec ip netns exec $near '$RINGSIDE' -i rs0 reflect --set=reflect.path=user 2>'$err'"
want ' LIVE$'
run_pid=$(pane_value pane_pid)
show top "exec '$RINGSIDE' top ringside"
want ' LIVE$'
top_pid=$(pane_value pane_pid)
printer_start

about "a terminal, a top and a reader that stand still for ten seconds: the packets flow on"
send_start 500 peer0
first=$sender
send_start 500 peer1
second=$sender
pane=run press C-s
kill -STOP "$top_pid" "$reader"
from0=$(lines_of peer0) from1=$(lines_of peer1)
sleep $still_s # nothing happens: that is the point
to0=$(lines_of peer0) to1=$(lines_of peer1)
lines=$(printed)
"$RINGSIDE" stat second --format json >"$dir/stat" || fail "the instance with the still reader answers nobody"

about "afterwards all go on"
kill -CONT "$top_pid" "$reader"
pane=run press C-q
wait_for 20 goes_on || fail "nothing more is printed"
send_end $first
send_end $second
flowed_evenly peer0 "$from0" "$to0"
flowed_evenly peer1 "$from1" "$to1"
lost_nothing "$(dropped ringside)"
lost_nothing "$(dropped second)" rs1 peer1
for pane in run top; do
	want ' LIVE$'
	press u
	want '[0-9] [kMG]?B/s'
done

about "a reader that stands still does not keep the instance from ending, and is told of"
kill -STOP "$reader"
wait_for 20 is_full || fail "the pipe does not fill"
kill -TERM "$printer"
wait "$printer"
status=$?
[ $status = 1 ] || fail "status $status"
grep -q '^ringside: write to standard output: its reader stands still$' "$dir/printer.err" || fail "$(cat "$dir/printer.err")"
wait_for 20 has_no_xdp "$near" rs1 || fail "an XDP program is left behind"
kill -CONT "$reader"
finish
