#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# generate against an echo of plain sockets that loses, duplicates, reorders, delays and corrupts exactly the
# packets it is told to: the report names the exact numbers, with both engines.
# shellcheck source=tests/net.sh
. "$(dirname "$0")/net.sh"
. "$srcdir/tests/echo.sh"

net_make 1
# a late packet is one behind 1 s here, a lost one behind 3 s, so that no stop of the machine makes one
patient=(--deadline 1 --wait 3)

for engine in paced flood; do
	about "$engine: what is told to go wrong is named exactly"
	echo_start lose=100-116 lose=500 duplicate=200-209 reorder=300 reorder=310 delay=400:1500 payload=600-602 \
		dscp=610-613 mac=620 ip=621 ttl=630 check=631 cut=632
	answered_past 700 "${to[@]}" --engine $engine --rate 4kpps --duration 1 --size 128 "${patient[@]}"
	want "r[\"engine\"] == \"$engine\"" 'r["lost"] == 18' 'r["late"] == 1' 'r["duplicated"] == 10' \
		'r["reordered"] == 3' 'r["stray"] == 0' \
		'r["corrupted"] == {"total": 12, "tags": 0, "addresses": 2, "dscp": 4, "headers": 3, "payload": 3}' \
		'r["sent"] + r["unsent"] == 4000' 'r["rtt_ns"]["max"] < 1e9 or r["rtt_ns"]["count"] > 64'
	echo_stop

	about "$engine: the last byte of a large frame"
	echo_start tail=64-127
	answered_past 127 "${to[@]}" --engine $engine --rate 2kpps --duration 0.5 --size 1518 --signature DATA:OT
	want 'r["corrupted"]["payload"] == r["corrupted"]["total"] == 64' 'r["received"] == r["sent"]'
	echo_stop

	about "$engine: tags"
	echo_start priority=10-14 untag=20-22 tag=30
	answered_past 30 "${to[@]}" --engine $engine --rate 2kpps --duration 0.5 --size 100 --vlan 100:5
	want 'r["corrupted"]["tags"] == r["corrupted"]["total"] == 9' 'r["received"] == r["sent"]'
	echo_stop

	about "$engine: IPv6"
	echo_start dscp=1-2 mac=3 ip=4 port=5 ttl=6 payload=7-10
	answered_past 10 "${to[@]}" --engine $engine --rate 2kpps --duration 0.5 --size 256 --ipv6 --dscp 46 --flows 3
	want 'r["corrupted"] == {"total": 10, "tags": 0, "addresses": 3, "dscp": 2, "headers": 1, "payload": 4}' \
		'r["received"] == r["sent"]'
	echo_stop

	about "$engine: every size, flow and kind of packet comes back right"
	echo_start
	sizes=64,128,256,512,1024,1280,1518
	[ $engine = paced ] || sizes=64,1518 # the frames are of the same making
	for arguments in "--size $sizes" "--vlan 7 --size 68,1518" \
		"--vlan 7:3,9:1 --size 72,128" "--ipv6 --size 84,1518 --flows 5" \
		"--ipv6 --vlan 9:7 --size 88" "--flows 1000 --size 67,118"; do
		# shellcheck disable=SC2086 # words
		answered "${to[@]}" --engine $engine --rate 2kpps --duration 0.1 $arguments
		want "${clean[@]}"
		"${python[@]}" - "$out" "$arguments" <<-'END' || fail "$arguments: not one clean record for each size"
			import json, re, sys
			finals = [r for r in map(json.loads, open(sys.argv[1])) if r["final"]]
			sizes = [int(n) for n in re.search("--size ([0-9,]+)", sys.argv[2]).group(1).split(",")]
			bad = [r for r in finals if r["received"] != r["sent"] or r["corrupted"]["total"]]
			sys.exit([r["size"] for r in finals] != sizes or bool(bad))
		END
	done
	echo_stop
done

about 'a packet that comes back after all waiting is lost, and its answer a stray'
echo_start delay=5:1600
answered_past 5 "${to[@]}" --rate 1kpps --duration 2.5 --deadline 0.9 --wait 1
want 'r["lost"] == 1' 'r["stray"] == 1' 'r["late"] == 0' 'r["received"] == r["sent"] - 1'
echo_stop

about 'AF_PACKET does it, too, and says why it is used'
echo_start lose=10-12 duplicate=20 reorder=30 payload=40 priority=50-51
answered_past 51 "${to[@]}" --io af_packet --rate 2kpps --duration 0.5 --size 128 --vlan 5:1
want 'r["mode"] == "AF_PACKET"' 'r["lost"] == 3' 'r["duplicated"] == 1' 'r["reordered"] == 1' \
	'r["corrupted"]["payload"] == 1' 'r["corrupted"]["tags"] == 2'
echo_stop

about 'the formats of the reflector-native author'
for signature in RFC2544 'Y.1564 '; do
	echo_start lose=3 payload=5
	answered_past 5 "${to[@]}" --signature "$signature" --rate 2kpps --duration 0.2 --size 100 --ipv6
	want 'r["lost"] == 1' 'r["corrupted"]["payload"] == 1'
	echo_stop
done
signature='DATA:OT'

about 'SIGINT is a normal end with an exact report'
for engine in paced flood; do
	echo_start lose=7
	start_in "$near" "$RINGSIDE" generate reflect -i rs0 "${to[@]}" --format json --interval 0.1 --duration 0 \
		--rate 1kpps --engine $engine
	# shellcheck disable=SC2317 # called by wait_for
	has_sent() { "${python[@]}" -c 'import json, sys; sys.exit(json.loads(open(sys.argv[1]).readlines()[-1])["sent"] < 50)' "$out"; }
	wait_for 20 has_sent || fail 'nothing is sent'
	kill -INT "$pid"
	ringside_wait
	[ $status = 0 ] || fail "status $status"
	tail -n 1 "$out" >"$dir/last"
	want 'r["final"]' 'r["lost"] == 1' 'r["sent"] == r["received"] + r["lost"]' 'r["in_flight"] == 0'
	echo_stop
done
has_no_xdp || fail 'an XDP program is left behind'

about 'other traffic goes to the stack, and a program that is not ours stays'
echo_start
start_in "$near" "$RINGSIDE" generate reflect -i rs0 "${to[@]}" --format json --interval 0.1 --duration 0
wait_for 20 has_sent || fail 'nothing is sent'
peer ping
kill -INT "$pid"
ringside_wait
foreign_xdp "$near" rs0
foreign=$(xdp_id)
answered "${to[@]}" --rate 1kpps --duration 0.2
want 'r["mode"] == "AF_PACKET"' '"another XDP program" in r["why"]' "${clean[@]}"
[ "$(xdp_id)" = "$foreign" ] || fail 'the program is gone'
generate "${to[@]}" --engine flood --duration 0.2
[ $status = 1 ] && grep -q 'another XDP program' "$err" || fail 'a flood beside another program'
kill "$foreign_pid"
wait_for 5 has_no_xdp
echo_stop

finish
