#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# An instance lives through what happens to its interface, and its totals never go back.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"

# survives EVENT STATE CURE: answers, then an event that the record shows as a state, then a cure: answers again
survives() {
	peer until seed=1000 || return
	$1
	becomes "interface.state == '$2'"
	$3
	becomes "interface.state == 'up'"
	peer until seed=2000 patience=10
	ringside_stop
	records "totals.tx_packets >= 2"
}
peer_down() { ip -n "$far" link set peer0 down; }
peer_up() { ip -n "$far" link set peer0 up; }
own_down() { ip -n "$near" link set rs0 down; }
own_up() { ip -n "$near" link set rs0 up; }
move_away() { ip -n "$near" link set rs0 netns "$far"; }
move_back() { ip -n "$far" link set rs0 netns "$near" && near_up; }

lives_through_events() {
	local place
	for place in "${places[@]}"; do
		about "$place: the peer goes down and up"
		ringside_start -i rs0 reflect $place && survives peer_down down peer_up
		about "$place: the interface goes down and up"
		ringside_start -i rs0 reflect $place && survives own_down down own_up
		about "$place: the interface is deleted and made again"
		ringside_start -i rs0 reflect $place && survives pair_delete absent pair_again
		about "$place: the interface moves to another namespace and back"
		ringside_start -i rs0 reflect $place && survives move_away absent move_back
		about "$place: another MTU"
		ringside_start -i rs0 reflect $place || continue
		peer until
		ip -n "$near" link set rs0 mtu 1400
		becomes "interface.mtu == 1400"
		peer probes
		ringside_stop
		ip -n "$near" link set rs0 mtu 1500
	done
	about "end while the interface is away"
	ringside_start -i rs0 reflect || return
	peer probes count=7
	pair_delete
	becomes "interface.state == 'absent'"
	ringside_stop
	records "totals.rx_packets == 7" "totals.tx_packets == 7"
	pair_again
}

is_elsewhere() {
	local netns
	for netns in "$near" "/run/netns/$near"; do
		about "netns = $netns: an interface in a namespace is served from outside"
		start_in "$far" "$RINGSIDE" -i rs0 reflect --format json --interval 0.1 --set=rs0.netns="$netns" \
			--set=reflect.path=user
		wait_for 5 has_spoken
		peer probes
		survives pair_delete absent pair_again
		is_clean
	done
}

net_make 1
lives_through_events
is_elsewhere
finish
