#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A running instance: workers without any capability and confined, the rest with what opening an interface again
# needs. The program is built so that a worker dies of a system call that is not in its lists.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
strict
keeps=000000c000007000 # BPF, PERFMON, IPC_LOCK, NET_RAW, NET_ADMIN

# field NAME THREAD: of /proc/PID/task/TID/status, for the thread with that name
field() {
	local task
	for task in /proc/"$pid"/task/*; do
		[ "$(cat "$task/comm" 2>/dev/null)" = "$2" ] || continue
		sed -n "s/^$1:[[:space:]]*//p" "$task/status"
		return
	done
	echo "no thread $2"
}

is_null() { [ "$(field "$1" "$2")" = 0000000000000000 ]; }
is_bare() { # is_bare THREAD: no capability, once it runs, and none to be had
	local set
	for set in CapInh CapPrm CapEff CapAmb; do
		wait_for 10 is_null $set "$1" || fail "$1 has $set $(field $set "$1")"
	done
	[ "$(field NoNewPrivs "$1")" = 1 ] || fail "$1 can get privileges by executing something"
}

is_confined() { # is_confined THREAD
	is_bare "$1"
	[ "$(field Seccomp "$1")" = 2 ] || fail "$1 is not confined"
}

keeps_few() { # keeps_few THREAD SET
	[ "$(field CapEff "$1")" = "$2" ] && [ "$(field CapPrm "$1")" = "$2" ] ||
		fail "$1 has $(field CapEff "$1"), $(field CapPrm "$1") instead of $2"
	# where the bounding set could not be shrunk, nothing of it can be had by executing something
	[ "$(field CapBnd "$1")" = "$2" ] || [ "$(field NoNewPrivs "$1")" = 1 ] || fail "$1 can get $(field CapBnd "$1")"
}

program_name() { cat /proc/"$pid"/comm; }

lives_through() { # traffic, a link that goes down, a snapshot, an interface that goes and comes back
	peer cases stack=yes
	ip -n "$near" link set rs0 down
	becomes "interface.state == 'down'"
	near_up
	becomes "interface.state == 'up'"
	peer probes
	kill -USR1 "$pid"
	wait_for 5 compgen -G '*.json' >/dev/null || fail "no snapshot was written"
	rm -f -- *.json
	pair_delete
	becomes "interface.state == 'absent'"
	pair_again || fail "cannot make rs0 again"
	becomes "interface.state == 'up'"
	peer probes
}

runs_with() { # runs_with SET NAME WORKERS ARGUMENT...
	local worker
	about "$2"
	ringside_start -i rs0 reflect --level debug "${@:4}" || return
	for worker in $3; do is_confined "$worker"; done
	is_bare ringside/api
	keeps_few ringside/watch "$1"
	keeps_few "$(program_name)" "$1"
	lives_through
	for worker in $3; do is_confined "$worker"; done
	is_bare ringside/api
	ringside_stop
	is_clean
}

no_interface() {
	about "a capture file needs nothing at all"
	peer write file="$dir/in.pcap"
	in_near timeout 10 "$RINGSIDE" -i capture reflect --format json --level debug --set=capture.io=pcap \
		--set=capture.mac=02:00:00:00:0b:02 --set=capture.read="$dir/in.pcap" --set=capture.write="$dir/out.pcap" \
		>"$out" 2>"$err" || fail "status $?"
	records "last.final" "totals.tx_packets > 0"
}

# By file capabilities, as `setcap` gives them, instead of a unit's ambient ones.
file_capabilities() {
	about "nobody runs it by the capabilities of its file"
	command -v setcap >/dev/null || { fail "setcap is not installed"; return; }
	install -m 755 "$RINGSIDE" "$dir/ringside"
	setcap cap_net_admin,cap_net_raw,cap_bpf,cap_perfmon,cap_ipc_lock+ep "$dir/ringside" || fail "setcap"
	install -d -o 65534 "$dir/own" && cd "$dir/own" || return
	RUNTIME_DIRECTORY=$dir/own start_in "$near" setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/ringside" run --format json --interval 0.1 \
		-i rs0 reflect --set=reflect.path=user
	wait_for 10 has_spoken
	is_confined rs0/0
	keeps_few ringside/watch $keeps
	lives_through
	ringside_stop
	is_clean
	cd "$dir" || return
}

net_make 1
runs_with $keeps "AF_XDP" rs0/0 --set=reflect.path=user
runs_with 0000000000006000 "AF_PACKET" rs0/0 --set=rs0.io=af_packet # IPC_LOCK, NET_RAW
runs_with $keeps "the kernel half" '' --set=reflect.path=kernel
file_capabilities
no_interface
finish
