#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Services behind a VLAN device, and on it: both ends have addresses on VLAN 5 alone. Tags are in the frames, or beside them,
# where the sender (veth) or the NIC (wire=nic) has taken them off. For kernels that have such devices: make check-vm runs it in
# its machines, with wire=nic where two NICs on one wire, rs0 and peer0, are the machine's.
. "${srcdir:-$(dirname "$0")/../..}/tests/net.sh"
. "$srcdir/tests/http.sh"
. "$srcdir/tests/steer.sh"
. "$srcdir/tests/consumers.sh"

wire=${wire:-veth} device=rs0 mode=native # where Ringside is
[ "$wire" = veth ] || pair_add() { # they come back when a namespace goes
	wait_for 20 ip link set rs0 netns "$near" && wait_for 20 ip link set peer0 netns "$far"
}

# vlan_up NAMESPACE INTERFACE: an interface in it
vlan_up() {
	ip -n "$1" addr flush dev "$2"
	ip -n "$1" link add "$2.5" link "$2" type vlan id 5 && ip -n "$1" link set "$2.5" up || skip "no VLAN devices here"
}

# vlan_net [OFFLOAD]: of veth; on: tags travel beside the frames
vlan_net() {
	http_net
	in_far ethtool -K peer0 gro on >/dev/null # or what XDP sends is not received there
	[ "$wire" != veth ] || in_far ethtool -K peer0 txvlan "$1" >/dev/null || fail "txvlan $1"
	[ "$wire" = veth ] || ! in_near ethtool -k rs0 | grep -q '^rx-vlan-offload: on' || tags="tags that the NIC takes off"
	vlan_up "$near" rs0
	vlan_up "$far" peer0
	near_up rs0.5 && far_addresses peer0.5 || exit 99
	nginx_start
}

files() { # few: an emulated machine is slow
	local bytes
	mkdir -p "$root" && chmod 755 "$root"
	for bytes in 10 2500 200000; do
		head -c $bytes /dev/urandom >"$root/$bytes.bin"
	done
	chmod 644 "$root"/*
}

web() { # one segment, several, and what nginx goes on with
	local address
	about "$tags: http, flavour = $flavour"
	http_start || return
	for address in 192.0.2.2 2001:db8::2; do
		clients transfers address=$address path=/10.bin,/2500.bin count=10 parallel=2 server=ringside
		clients transfers address=$address path=/200000.bin count=2 server=nginx
	done
	ends "service.figures.handed_over == 4" "service.figures.hits == 20" "service.figures.hand_over_failed == 0" \
		"service.figures.xdp_hits == ('$flavour' == 'xdp') * 10"
}

consumed() {
	about "$tags: deliver"
	ringside_start -i "$device" deliver --set deliver.ports=7000-7009 || return
	reader deliver 7000-7009
	sends ports=7000-7009 socket=192.0.2.2
	sends ports=7000-7009 socket=2001:db8::2
	becomes "totals.delivered_packets == 20"
	ended "$reader_pid" "$reader_words" 'received == 20 and lost == wrong == 0 and ports == 10'
	ends
}

# came_by DEVICE: packets to the stack
came_by() { ip -n "$near" -s -j link show "$1" | "$python" -c 'import json, sys
print(json.load(sys.stdin)[0]["stats64"]["rx"]["packets"])'; }

# The far CPU makes a packet of the frame, with the tag that is in it.
steered() {
	local before came
	about "$tags: steer"
	in_far ethtool -K peer0 tx off >/dev/null # or its stack leaves checksums for later, of which XDP frames say nothing
	configure "cpus = $first, $second"
	sed -i "s/\brs0$/$device/; s/\brs0\]/$device]/" "$dir/steer.ini"
	ringside_start -c "$dir/steer.ini" || return
	receive order 9999 1000
	wait_for 20 in_far ping -q -c 1 -W 1 192.0.2.2 >/dev/null || fail "there is no way" # a NIC's link goes down meanwhile
	before=$(came_by rs0.5)
	send 1000 100 500 20
	sent_all
	received_is received "$(sed 's/.*"good": \([0-9]*\).*/\1/' "$dir/sent")" reordered 0 doubled 0 missing 0 junk 0
	came=$(($(came_by rs0.5) - before))
	ends "service.drop.bad_magic == $sent.junk" \
		"$sent.good == service.delivered_packets == $received.received <= $came"
}

# generate's program is on the VLAN device, which takes the tags off in front of it.
reflected() {
	about "$tags: reflect, and generate on the far end's VLAN device"
	[ "$wire" != veth ] || foreign_xdp "$far" peer0 # or what XDP sends is not received there
	ringside_start -i "$device" reflect || return
	in_far "$RINGSIDE" generate reflect -i peer0.5 --to 02:00:00:00:0b:02 --rate 100pps --duration 2 --format json \
		>"$dir/generated" 2>"$dir/generate" || fail "generate: $(cat "$dir/generate")"
	tail -n 1 "$dir/generated" >"$dir/sent"
	ends "service.tx_packets > 20" "interface.xdp == '$mode'" "expected('$dir/sent').lost == expected('$dir/sent').corrupted.total == 0"
}

files
if [ "$wire" = veth ]; then
	tags="tags beside the frames" flavour=tc
	vlan_net on
	web
	consumed
	tags="tags in the frames"
	vlan_net off
else
	tags="tags in the frames" flavour=tc
	vlan_net
fi
offload=$(in_near ethtool -k rs0 | grep '^rx-vlan-offload')
web
flavour=xdp
web
consumed
steered
reflected
# no tag gets as far as there, and no driver is asked
tags="on the VLAN device itself" device=rs0.5 mode=generic flavour=tc
web
consumed
steered
reflected
[ "$(in_near ethtool -k rs0 | grep '^rx-vlan-offload')" = "$offload" ] || fail "the offload is not back: $offload"
finish
