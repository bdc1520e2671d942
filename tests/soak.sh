#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# One instance after another under random loads for a long time, while its link goes down and comes back and its level
# changes: every record of it balances, nothing is left in flight, and it holds no more memory and descriptors at the
# end than near the beginning. Run by make check-soak; SOAK_SECONDS (600) are shared by the modes, SOAK_SEED repeats one.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"

seconds=${SOAK_SECONDS:-600}
RANDOM=${SOAK_SEED:=$RANDOM}
echo "SOAK_SEED=$SOAK_SEED"

resident_kb() { sed -n 's/^VmRSS:\s*\([0-9]*\).*/\1/p' "/proc/$pid/status"; }
descriptors() { ls "/proc/$pid/fd" | wc -l; }

flap() {
	ip -n "$near" link set rs0 down
	becomes "interface.state == 'down'"
	near_up
	becomes "interface.state == 'up'"
}

trouble() { # one of what may happen at any time
	case $((RANDOM % 4)) in
	0) flap ;;
	1) in_near "$RINGSIDE" set stats-level basic >/dev/null || fail "the level cannot be set" ;;
	2) in_near "$RINGSIDE" set stats-level detailed >/dev/null || fail "the level cannot be set" ;;
	3) in_near "$RINGSIDE" set stats-level debug >/dev/null || fail "the level cannot be set" ;;
	esac
}

# soak SECONDS DIRECT ARGUMENT...: DIRECT: a packet socket receives, which judges after its ring
soak() {
	local end=$((SECONDS + $1)) direct=$2 rounds=0 memory='' open='' load
	shift 2
	about "$*"
	# a record every second: hours of them fit a disk
	start_in "$near" "$RINGSIDE" run --format json --interval 1 -i rs0 reflect "$@"
	wait_for 10 has_spoken
	while [ $SECONDS -lt $end ] && [ $failed = 0 ]; do
		in_far "${python[@]}" "$srcdir/tests/peer.py" load peer0 count=$((RANDOM + 1000)) rate=$((RANDOM % 3 * 10000)) \
			seed=$RANDOM &
		load=$!
		trouble
		wait $load || fail "the load ends with $?"
		rounds=$((rounds + 1))
		# by then all that is made once has been made
		[ $rounds != 5 ] || memory=$(resident_kb) open=$(descriptors)
	done
	peer until
	[ "$rounds" -le 5 ] || [ "$(descriptors)" = "$open" ] || fail "$open descriptors became $(descriptors)"
	[ "$rounds" -le 5 ] || [ "$(resident_kb)" -lt $((memory + 4096)) ] || fail "$memory KB became $(resident_kb)"
	ringside_stop
	records "served(last, $direct)"
	is_clean
	echo "$rounds rounds"
}

net_make 1
soak $((seconds / 5)) False --set=reflect.path=kernel
soak $((seconds / 5)) False --set=reflect.path=user
soak $((seconds / 5)) False --set=reflect.path=kernel --set=rs0.xdp=generic
soak $((seconds / 5)) False --set=reflect.path=user --set=rs0.xdp=generic
soak $((seconds / 5)) True --set=rs0.io=af_packet
finish
