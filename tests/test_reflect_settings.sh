#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every setting of reflect that changes a verdict or an answer, in either half and behind a packet socket.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"

# Each way to answer, with each setting that changes verdicts or answers.
with_every_setting() {
	local place keys direct
	for place in --set=reflect.path=kernel --set=reflect.path=user --set=rs0.io=af_packet; do
		direct=False
		[ $place != --set=rs0.io=af_packet ] || direct=True
		for keys in checksum=verify checksum=recompute swap=mac swap=mac+ip loop_guard=off \
			'loop_guard=off swap=mac checksum=recompute' source_oui=02:00:00 \
			source_oui=00:c0:17,02:00:01 ports=3843 'ports=1,3000-3842,3844-4000,9' \
			signatures=PROBEOX@5 'signatures=0x50524f42454f@5,0xffff@0,DATA:@5' \
			mac=02:00:00:00:0c:03; do
			about "$place, $keys"
			if [ "${keys%%=*}" = mac ]; then
				mac_is_given $direct $place "$keys"
			else
				all_cases $direct $place -- $keys
			fi
		done
	done
}

mac_is_given() {
	ringside_start -i rs0 reflect "$2" --set="rs0.$3" || return
	peer cases "$3" expect="$dir/expected"
	ringside_stop
	records "counted(last, expected('$dir/expected'), direct=$1)"
}

# limited PPS QUEUES ARGUMENT...: a burst of 64 and 10 ms' worth of packets, then the rate; nothing unexplained
limited() {
	local pps=$1 queues=$2
	shift 2
	ringside_start -i rs0 reflect --set=reflect.max_pps="$pps" "$@" || return
	peer load count=10000 rate=20000 seed=3 expect="$dir/expected"
	ringside_stop
	records "drops.rate_limited > 0" \
		"totals.tx_packets + drops.rate_limited == expected('$dir/expected').tx_packets" \
		"totals.tx_packets >= $((pps / 2))" \
		"totals.tx_packets <= last.uptime_s * $pps + $queues * max(65, $pps / $queues / 100 + 1)" \
		"drops.ttl_exceeded == expected('$dir/expected').ttl_exceeded" \
		"service.drop.rate_limited == drops.rate_limited"
}

with_a_rate_limit() {
	local place
	for place in --set=reflect.path=kernel --set=reflect.path=user --set=rs0.io=af_packet; do
		about "$place, max_pps = 1000: the excess is dropped as rate_limited"
		limited 1000 1 $place
	done
	net_make 2
	about "max_pps = 2kpps is shared by two queues"
	limited 2000 2 --set=reflect.path=kernel
	limited 2000 2 --set=reflect.path=user
}

net_make 1
# or the stack would answer by ICMP what a setting leaves to it
start_in "$near" "${python[@]}" "$srcdir/tests/peer.py" sink rs0
wait_for 5 test -s "$out"
with_every_setting
with_a_rate_limit
finish
