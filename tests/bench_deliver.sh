#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Measures what deliver does on this machine: packets published into a ring while a consumer in another process
# sleeps, beside DPDK's testpmd, which receives and hands nothing to anybody; packets consumed from it, beside a
# UDP socket and recvmmsg(); published once more with four fifths of the worker's CPU taken away, so that it is the worker that
# is the limit and not the sender; and the time from the kernel's hook to the consumer. As bench.sh: a fresh veth pair for
# each figure, cases that alternate, no test.
# usage (root): [BENCH_ROUNDS=9] [BENCH_SECONDS=2] RINGSIDE=… builddir=… bench_deliver.sh
. "$(dirname "$0")/bench/place.sh"
[ -e "$receive" ] || { echo "bench: $receive is not built" >&2; exit 1; }
port=3842 # the benchmark's packets', and its addresses
to=198.18.0.2/24
thief='' # words: what it takes away of CPU 1

command -v ethtool >/dev/null || unable 'ethtool is not installed'

begin_deliver() { # ARGUMENTS...
	begin taskset -c 1 "$RINGSIDE" -i far deliver --no-tui --format json --set "ringside.name=$name" \
		--set 'interface far.zero_copy=off' --set "service deliver.ports=$port" "$@"
}
begin_rxonly() {
	# shellcheck disable=SC2086 # words
	begin dpdk-testpmd -l 0,1 --no-pci $testpmd_memory \
		--vdev net_af_xdp0,iface=far,start_queue=0,queue_count=1,force_copy=1 -- \
		--forward-mode=rxonly --auto-start --nb-cores=1 --port-topology=loop --total-num-mbufs=16384
}

# begin_consumer deliver HOW, or: socket PORT; in the far namespace
begin_consumer() {
	[ "$1" = socket ] || set -- ring "$RUNTIME_DIRECTORY/$name.sock" deliver "$2"
	begin_receiver "$@"
}

# The flood's seconds; the frames of the first call are made before.
flood_seconds() {
	local said status=0 thief_pid=''

	if [ -n "$thief" ]; then
		# shellcheck disable=SC2086 # words
		taskset -c 1 "$bench/thief" $thief </dev/null >/dev/null 2>>"$dir/log" &
		thief_pid=$!
	fi
	said=$(send "$flood" near "$far_mac" 64 "$seconds" </dev/null 2>>"$dir/log") || status=1
	[ -z "$thief_pid" ] || kill -TERM "$thief_pid" || status=1
	[ $status = 0 ] && echo "${said##* }"
}

note() { # CASE PACKETS SECONDS
	awk -v packets="$2" -v seconds="$3" 'BEGIN { printf "%.0f\n", packets / seconds }' >>"$dir/rates/$1"
}

# CASE HOW ARGUMENTS...: published, and what the consumer got of it
measure_deliver() {
	local case=$1 how=$2 took published consumed

	shift 2
	: >"$dir/log"
	link_up
	begin_deliver "$@"
	if ! until_true 10 socket_is_there || ! begin_consumer deliver "$how"; then
		broke "$case: no ring"
	elif settle && took=$(flood_seconds); then
		end_receiver
		end || broke "$case: status $?"
		published=$(tail -n 1 "$dir/out" | grep -o '"delivered_packets": [0-9]*' | head -n 1 | grep -o '[0-9]*$')
		consumed=$(tail -n 1 "$dir/received" | cut -d ' ' -f 1)
		note "$case" "$published" "$took"
		note "$case-consumed" "$consumed" "$took"
		return
	else
		broke "$case: no flood"
	fi
	echo >>"$dir/rates/$case"
	end_receiver
	end || true
}

measure_rxonly() { # CASE
	local case=$1 took

	: >"$dir/log"
	link_up
	begin_rxonly
	if until_true 20 grep -q 'Press enter\|start packet forwarding\|forwarding' "$dir/out" && sleep 1 && took=$(flood_seconds); then
		end || true
		note "$case" "$(grep -o 'RX-packets: *[0-9]*' "$dir/out" | tail -n 1 | grep -o '[0-9]*$')" "$took"
	else
		broke 'testpmd: does not start'
		echo >>"$dir/rates/$case"
		end || true
	fi
}

measure_socket() {
	local took

	: >"$dir/log"
	link_up
	ip -n "$far_ns" addr add $to dev far
	# without an XDP program there, a veth takes frames from XDP only with GRO
	ip netns exec "$far_ns" ethtool -K far gro on
	if begin_consumer socket $port && took=$(flood_seconds); then
		end_receiver
		note socket "$(tail -n 1 "$dir/received" | cut -d ' ' -f 1)" "$took"
	else
		broke 'recvmmsg: does not start'
		echo >>"$dir/rates/socket"
	fi
	end_receiver
}

rates() {
	local testpmd=yes round

	find_testpmd || testpmd=no
	for ((round = 0; round < rounds; round++)); do
		[ $testpmd = no ] || measure_rxonly rxonly
		measure_deliver share hang --set 'service deliver.mode=share'
		measure_deliver copy hang --set 'service deliver.mode=copy'
		measure_deliver share-poll poll --set 'service deliver.mode=share'
		measure_deliver copy-poll poll --set 'service deliver.mode=copy'
		measure_deliver copy-sleep sleep --set 'service deliver.mode=copy'
		measure_socket
		thief='80 100'
		[ $testpmd = no ] || measure_rxonly rxonly-fifth
		measure_deliver share-fifth hang --set 'service deliver.mode=share'
		measure_deliver copy-fifth hang --set 'service deliver.mode=copy'
		thief=''
	done
	[ $testpmd = no ] || print_rate 'testpmd rxonly, 64 byte frames' rxonly - ''
	print_rate 'published, mode share, the consumer sleeps' share rxonly testpmd
	print_rate 'published, mode copy, the consumer sleeps' copy rxonly testpmd
	[ $testpmd = no ] || print_rate 'testpmd rxonly with a fifth of a CPU' rxonly-fifth - ''
	print_rate 'published with a fifth of a CPU, mode share' share-fifth rxonly-fifth testpmd
	print_rate 'published with a fifth of a CPU, mode copy' copy-fifth rxonly-fifth testpmd
	print_rate 'recvmmsg on a UDP socket' socket - ''
	print_rate 'published, mode share, the consumer polls' share-poll rxonly testpmd
	print_rate 'consumed of it' share-poll-consumed socket recvmmsg
	print_rate 'published, mode copy, the consumer polls' copy-poll rxonly testpmd
	print_rate 'consumed of it' copy-poll-consumed socket recvmmsg
	print_rate 'published, mode copy, the consumer waits' copy-sleep rxonly testpmd
	print_rate 'consumed of it' copy-sleep-consumed socket recvmmsg
}

# CASE HOW MODE: of 10 kpps for 3 s, each with the hook's time
measure_latency() {
	: >"$dir/log"
	link_up
	begin_deliver --level debug --set "service deliver.mode=$3"
	if until_true 10 socket_is_there && begin_consumer deliver "$2"; then
		send "$paced" near "$far_mac" 64 10000 3 </dev/null >/dev/null 2>>"$dir/log" || true
		end_receiver
		tail -n 1 "$dir/received" >>"$dir/alone/$1"
	else
		broke "$1: no ring"
	fi
	end_receiver
	end || broke "$1: status $?"
}

print_latency() { # LABEL CASE
	if [ ! -s "$dir/alone/$2" ]; then
		printf '%-48s not measured\n' "$1"
		return
	fi
	awk -v label="$1" "$median"'
	$3 > 0 { p50[++n] = $3 / 1e3; p99[n] = $4 / 1e3; packets += $1; lost += $2 }
	END {
		if (n)
			printf "%-48s median %.1f µs, p99 %.1f µs; %d packets, %d lost\n", label,
				median(p50, n), median(p99, n), packets, lost
		else
			printf "%-48s not measured\n", label
	}' "$dir/alone/$2"
}

latencies() {
	local round mode how

	for ((round = 0; round < short_rounds; round++)); do
		for mode in copy share; do
			for how in poll sleep; do
				measure_latency $mode-$how $how $mode
			done
		done
	done
	print_latency 'hook to a consumer that polls, mode copy' copy-poll
	print_latency 'hook to a consumer that polls, mode share' share-poll
	print_latency 'hook to a consumer that waits, mode copy' copy-sleep
	print_latency 'hook to a consumer that waits, mode share' share-sleep
}

rates
latencies
exit $failed
