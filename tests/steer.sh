# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For tests of steer: an instance's file, and who sends to it. Sourced behind net.sh.
# STEER_PACKETS and STEER_PPS: of the long runs, for machines that are slow.

[ "$(nproc)" -gt 1 ] || skip "steering needs two CPUs"
steer_peer=$builddir/tests/steer_peer
# shellcheck disable=SC2207,SC2034 # words; for who sources this
cpus=($(sed 's/[,-]/ /g' /sys/devices/system/cpu/online)) first=${cpus[0]} second=$((first + 1))
# shellcheck disable=SC2034
packets=${STEER_PACKETS:-1000000} pps=${STEER_PPS:-250000}

targets=() # lines that every service of a script has
configure() { # configure LINE...: of the service
	cat >"$dir/steer.ini" <<INI
[interface rs0]
[service ingest]
type = steer
interfaces = rs0
port = 9999
$(printf '%s\n' "${targets[@]}" "$@")
INI
}

steer_net() { # a sender's stack takes part: its packets need an address that answers
	net_make 1
	ip -n "$far" addr replace 192.0.2.1/24 dev peer0
	ip -n "$far" neigh replace 192.0.2.2 lladdr 02:00:00:00:0b:02 dev peer0
}

send() { # send PACKETS KEYS PPS JUNK-PERCENT
	in_far "$steer_peer" send 192.0.2.2 9999 "$@" >"$dir/sent" 2>"$dir/sender" || fail "sender: $(cat "$dir/sender")"
}
send_numbers() { in_far "$steer_peer" numbers 192.0.2.2 9999 "$@"; } # send_numbers KEY NUMBER...
# shellcheck disable=SC2034
sent="expected('$dir/sent')" received="expected('$dir/received')" # for records

# receive KIND PACKETS: in the background, its words in $dir/received
receive() {
	rm -f "$dir/receiver" # or the word of the one before would be taken for its own
	ip netns exec "$near" "$steer_peer" "$@" >"$dir/received" 2>"$dir/receiver" &
	receiver=$!
	started="$started $receiver"
	wait_for 10 grep -q ready "$dir/receiver" || fail "no receiver: $(cat "$dir/receiver")"
}

# All that was sent has left the queues. What a receiver waits for may have been lost: it is told that there is no more.
sent_all() {
	becomes 'totals.in_flight_packets == 0'
	kill -USR1 "$receiver" 2>/dev/null
	wait_for 20 is_gone "$receiver" || fail "the receiver does not end"
}

# received_is WORD COUNT...: once the receiver has ended
received_is() {
	wait "$receiver"
	while [ $# -gt 0 ]; do
		grep -qE "\"$1\": $2[,}]" "$dir/received" || fail "not $1 = $2: $(cat "$dir/received")"
		shift 2
	done
}

set_ingest() { "$RINGSIDE" set "ingest.$1" "$2" 2>>"$err"; } # set_ingest KEY VALUE
# refuses_to_set KEY VALUE [WORDS]: in one line
refuses_to_set() {
	"$RINGSIDE" set "$1" "$2" 2>"$dir/refused" && fail "set $1 $2 is taken"
	[ "$(wc -l <"$dir/refused")" = 1 ] && grep -q "${3:-.}" "$dir/refused" || fail "set $1 $2: $(cat "$dir/refused")"
}

# refuses WORDS SECTION.KEY=VALUE...: `check` does, and says so
refuses() {
	local words=$1
	shift
	"$RINGSIDE" check -c "$dir/steer.ini" "${@/#/--set=}" >/dev/null 2>"$dir/refused"
	[ $? = 2 ] && grep -q "$words" "$dir/refused" || fail "$*: $(cat "$dir/refused")"
}
