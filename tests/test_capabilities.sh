#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What Ringside needs of root's power: exactly these capabilities, for a user who is nobody; each one that is missing
# is named.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"

command -v setpriv >/dev/null || skip "setpriv is not installed"
install -m 755 "$RINGSIDE" "$dir/ringside" # the checkout may be closed to others

# start_as_nobody CAPABILITIES ARGUMENT...: with these capabilities (+NAME,+NAME...) and no other, and a memlock limit
# that packet memory is over
start_as_nobody() {
	local caps=-all,$1
	shift
	start_in "$near" prlimit --memlock=1048576:1048576 setpriv --reuid 65534 --regid 65534 --clear-groups \
		--inh-caps "$caps" --ambient-caps "$caps" --bounding-set "$caps" \
		"$dir/ringside" run -i rs0 reflect --format json --interval 0.1 "$@"
	wait_for 10 has_spoken
}

works() { # works CAPABILITIES ARGUMENT...
	about "a user with $1: ${*:2}"
	start_as_nobody "$@"
	[ -s "$out" ] || { fail "it does not start"; return; }
	peer probes count=20
	ringside_stop
	records "totals.rx_packets == totals.tx_packets == 20"
	is_clean
}

names() { # names NAME CAPABILITIES ARGUMENT...
	about "a user with $2 is told of $1: ${*:3}"
	start_as_nobody "${@:2}"
	ringside_wait
	[ $status = 1 ] || fail "status $status"
	grep -Eq "^ringside: rs0: .*(needs|give) (CAP_[A-Z_]* and )*$1" "$err" || fail "it is not named"
	is_clean
}

kernel=--set=reflect.path=kernel user=--set=reflect.path=user packet=--set=rs0.io=af_packet
net_make 1
works +net_admin,+bpf,+perfmon $kernel --set=rs0.zero_copy=off
works +net_admin,+bpf,+perfmon,+net_raw,+ipc_lock $user
works +net_raw $packet
names CAP_PERFMON +net_admin,+bpf,+net_raw,+ipc_lock $kernel
names CAP_BPF +net_admin,+perfmon,+net_raw,+ipc_lock $kernel
names CAP_NET_ADMIN +bpf,+perfmon,+net_raw,+ipc_lock $kernel
names CAP_NET_RAW +net_admin,+bpf,+perfmon,+ipc_lock $user
names CAP_IPC_LOCK +net_admin,+bpf,+perfmon,+net_raw $user
names CAP_NET_RAW +net_admin $packet
finish
