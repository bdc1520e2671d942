# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For tests that do something to an instance while packets flow: `ringside generate` sends from the far end, and each packet
# that does not come back is one that somebody has counted. Sourced after net.sh.

# sender_is_alone [INTERFACE PEER]: generate has an XDP program of its own at the far end; until it comes and after
# it ends, GRO takes what the near end sends
sender_is_alone() {
	kill_started TERM
	in_far ethtool -K "${2:-peer0}" gro on >/dev/null && in_near ethtool -K "${1:-rs0}" gro on >/dev/null ||
		fail "GRO cannot be switched on"
}

# send_start PPS [PEER]: until send_end; a line every 500 ms goes to $dir/PEER.sent
send_start() {
	local peer=${2:-peer0}
	ip netns exec "$far" "$RINGSIDE" generate reflect -i "$peer" --to 02:00:00:00:0b:02 --rate "$1pps" --duration 0 \
		--interval 0.5 --format json >"$dir/$peer.sent" 2>"$dir/$peer.err" </dev/null &
	sender=$!
	started="$started $sender"
	wait_for 20 test -s "$dir/$peer.sent" || fail "generate does not start: $(cat "$dir/$peer.err")"
}

send_end() { # send_end [PID]
	kill -TERM "${1:-$sender}"
	wait "${1:-$sender}" || fail "generate ends with status $?"
	started=${started/ ${1:-$sender}/}
}

# network_losses INTERFACE PEER: what the pair has lost. Its rings are short, and on a machine with other work
# nobody may empty one in time.
network_losses() {
	{
		ip -n "$near" -s -j link show "$1"
		ip -n "$far" -s -j link show "$2"
	} | grep -o '"dropped":[0-9]*' | grep -o '[0-9]*$'
	{
		in_near ethtool -S "$1"
		in_far ethtool -S "$2"
	} | sed -n 's/.*_\(drops\|tx_errors\|xmit_errors\): //p'
}

# lost_nothing DROPPED [INTERFACE PEER]: of what was sent, nothing but what the pair has lost, and the little that the
# instance has dropped and says so
lost_nothing() {
	local losses
	losses=$(network_losses "${2:-rs0}" "${3:-peer0}" | paste -sd+)
	"${python[@]}" - "$dir/${3:-peer0}.sent" "$1" $((losses)) <<-'END' || fail "packets are lost"
		import json, sys
		with open(sys.argv[1], encoding='ascii') as lines:
		    last = json.loads(lines.readlines()[-1])
		dropped, losses = int(sys.argv[2]), int(sys.argv[3])
		print(f"sent {last['sent']}, received {last['received']}, late {last['late']}, lost {last['lost']}; "
		      f"{dropped} dropped, {losses} lost between")
		sys.exit(not (last['final'] and last['received'] > 500 and last['lost'] <= dropped + losses
		              and 50 * dropped <= last['sent'] == last['received'] + last['late'] + last['lost']))
	END
}
