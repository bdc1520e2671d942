#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# TCP as no ordinary stack speaks it, by IPv4 and IPv6 and behind a VLAN tag: blind resets, bad cookies, what comes
# too early, twice or in parts, windows and options that make no sense.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/http.sh"
. "$srcdir/tests/tap.sh"

# segments KEY=VALUE...: see http_segments.py; both families at once, since most of it is waiting for nothing to come
port=20000
segments() {
	local family pids='' one
	port=$((port + 5000))
	for family in 4 6; do
		root=$root ip netns exec "$far" "${python[@]}" "$srcdir/tests/http_segments.py" peer0 family=$family port=$port "$@" \
			>"$dir/said-$family" 2>&1 &
		pids="$pids $!"
	done
	started="$started $pids"
	for one in $pids; do
		wait "$one"
	done
	[ ! -s "$dir/said-4" ] && [ ! -s "$dir/said-6" ] || fail "$(cat "$dir"/said-[46])"
}

# counted: what the service has counted, by what became of it, as the comments of a tap's packets say it
counted() {
	"${python[@]}" - "$out" <<-'PYTHON'
		import json, sys
		service = json.loads(open(sys.argv[1]).read().split("\n")[-2])["services"][0]
		counts = {"answered": service["tx_packets"] - service["made_packets"], "delivered": service["delivered_packets"],
		          "passed": service["pass_packets"]}
		counts.update(("dropped: " + reason, count) for reason, count in service["drop"].items())
		print("".join("%d %s\n" % (counts[what], what) for what in sorted(counts)), end="")
	PYTHON
}

# A tap, and beside it what the far end sends. That the same packets go out and come in, GRO must leave them alone.
look_begin() {
	local since
	in_near ethtool -K rs0 gro off || fail "GRO cannot be switched off"
	tap http --write look.pcapng
	ip netns exec "$far" tcpdump -i peer0 -Q out --immediate-mode -s 4096 -B 8192 -U -w look.pcap \
		'tcp dst port 80 or (vlan and tcp dst port 80)' 2>tcpdump.err >/dev/null &
	tcpdump_pid=$!
	started="$started $tcpdump_pid"
	wait_for 30 grep -q 'shown from here on' tap.err && wait_for 30 grep -q 'listening on' tcpdump.err ||
		fail "nobody looks: $(cat tap.err tcpdump.err)"
	# by a record of now: one of before has not all that came until the tap was there
	since=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
	becomes "last.time > '$since'" "not totals.in_flight_packets"
	counted >before
}

look_end() {
	about "a tap sees each packet once, bit by bit as it was received, with what became of it"
	wait_for 20 is_counted || fail "the tap has $(cat shown), the books $(diff before after)"
	tap_ends 0 INT
	# which leaves unread what it has not read when it is told to end
	wait_for 20 has_sent || fail "tcpdump has $(cap_frames look.pcap | wc -l) packets"
	kill -INT $tcpdump_pid
	wait $tcpdump_pid
	grep -q ' 0 lost$' tap.err || fail "$(cat tap.err)"
	"${python[@]}" "$srcdir/tests/pcapng.py" look.pcapng frames | sort >got
	cap_frames look.pcap | sort >sent
	[ "$(wc -l <sent)" -gt 100 ] && cmp -s sent got || fail "what is shown differs from what was sent: $(diff sent got | head -n 4)"
}

has_sent() { [ "$(cap_frames look.pcap | wc -l)" -ge "$("${python[@]}" "$srcdir/tests/pcapng.py" look.pcapng frames | wc -l)" ]; }

# The service's counts have grown by what the tap has shown.
is_counted() {
	counted >after
	"${python[@]}" "$srcdir/tests/pcapng.py" look.pcapng comments | sort | uniq -c >shown
	awk 'FILENAME == "before" { n = $1; $1 = ""; before[$0] = n }
		FILENAME == "after" { n = $1; $1 = ""; since[$0] = n - before[$0] }
		FILENAME == "shown" { n = $1; $1 = ""; since[$0] -= n; all += n }
		END { for (what in since) if (since[what]) exit 1; exit all < 100 }' before after shown
}

http_net
http_files
nginx_start
# the far end's stack has none of these addresses, so it neither answers nor asks for them
for client in 192.0.2.77 2001:db8::77; do
	ip -n "$near" neigh replace $client lladdr 02:00:00:00:0a:01 dev rs0
done
about "it starts"
http_start || finish
about "IPv4 and IPv6"
segments
# Tags are in the frame for XDP, beside it for TC. Those of VLAN 0 (priority alone) are taken by a stack without VLANs,
# too; of VLAN 5 it takes nothing over here.
about "a tag, which the answers have bit by bit"
# an emulated machine takes longer to verify a tap's programs than a tap waits
[ "${patience:-1}" != 1 ] || look_begin
segments tag=0xa000 only=offers,order,again,closing,probes
segments tag=0x4005 only=times
[ "${patience:-1}" != 1 ] || look_end
about "the books"
becomes "service.drop.bad_sequence > 10" "service.drop.not_acknowledged > 0"
if [ "${patience:-1}" = 1 ]; then ringside_stop; else ends; fi
finish
