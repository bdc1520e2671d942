#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2317 # what is called by a name in a variable
# Measures what filtering and steering cost on this machine: junk dropped by steer, beside a program that drops
# everything unseen; packets steered to another CPU's stack and a UDP socket, beside what the stack takes without it;
# packets published into the ring of a worker, beside deliver's; and by the program alone, what [access] adds. What drops
# takes turns of some milliseconds in one flood; the rest as bench.sh: a fresh veth pair for each figure, cases that
# alternate. No test.
# usage (root): [BENCH_ROUNDS=9] [BENCH_SECONDS=2] RINGSIDE=… builddir=… bench_steer.sh
. "$(dirname "$0")/bench/place.sh"
limit_drop=$bench/limit_drop.bpf.o
for file in "$receive" "$limit_drop"; do
	[ -e "$file" ] || { echo "bench: $file is not built" >&2; exit 1; }
done
port=3842 # the flood's packets', and their addresses
to=198.18.0.2/24

# Of the flood's packets: none is of this protocol, all are.
junk='magic = 0x4C414D49@0' good='magic = 0x0910ea1d@0'

# The lists of [access]: ten thousand prefixes, none of which has the flood's source but for the last.
prefixes() { # LAST
	for ((i = 0; i < 9999; i++)); do
		printf '10.%d.%d.0/24,%s' $((i / 256)) $((i % 256)) "$([ $((i % 8)) = 7 ] && echo '
  ')"
	done
	echo " $1"
}

# write_ini MAGIC LINE...: of [access]
write_ini() {
	cat >"$dir/steer.ini" <<INI
[ringside]
name = $name
[interface far]
[service steer]
interfaces = far
port = $port
addresses = any
$1
length =
key = 4@5
cpus = 1
[access]
$(shift; printf '%s\n' "$@")
INI
}

begin_steer() { # MAGIC LINE...
	write_ini "$@"
	begin taskset -c 1 "$RINGSIDE" run -c "$dir/steer.ini" --no-tui --format json
}
begin_limit_drop() { ip -n "$far_ns" link set dev far xdpdrv object "$limit_drop" section xdp; }

has_program() { ip -n "$far_ns" -d link show dev far | grep -q 'prog/xdp id'; }
program_id() { ip -n "$far_ns" -d link show dev far | sed -n 's/.*prog\/xdp id \([0-9]*\).*/\1/p'; }

cases=() # namespaces
programs=() # that run there

# begin_case COMMAND...: the program under test, by a name and in a namespace of its own, where nothing comes. It goes on,
# and $ids has its XDP program.
begin_case() {
	local far_ns=$name-${#cases[@]}
	local name=$far_ns

	ip netns add "$far_ns"
	cases+=("$far_ns")
	ip link add far netns "$far_ns" address "$far_mac" numtxqueues 1 numrxqueues 1 type veth \
		peer name near netns "$far_ns" numtxqueues 1 numrxqueues 1
	ip -n "$far_ns" link set near up
	ip -n "$far_ns" link set far up
	"$@"
	until_true 10 has_program || broke "$1: no program"
	ids+=("$(program_id)")
	[ -z "$program" ] || programs+=("$program")
	program=''
}
end_cases() {
	local one

	for one in "${programs[@]}"; do
		program=$one
		end || broke "a program under test: status $?"
	done
	for one in "${cases[@]}"; do
		ip netns del "$one"
	done
	programs=() cases=()
}

trap 'end_cases; clean_up' EXIT

# print_turn LABEL COLUMN: of $dir/turns, whose first column is the limit: medians, and the quartiles of the ratio.
print_turn() {
	awk -F '\t' -v label="$1" -v column="$2" "$median"'
	{ rate[NR] = $column / 1e6; ratio[NR] = $column / $1 }
	END {
		if (!NR) {
			printf "%-48s not measured\n", label
			exit
		}
		printf "%-48s %6.2f Mpps", label, median(rate, NR)
		if (column > 1) {
			middle = median(ratio, NR)
			printf "  %.3f of the limit (%.3f–%.3f)", middle, ratio[int((NR + 3) / 4)],
				ratio[int((3 * NR + 1) / 4)]
		}
		printf "\n"
	}' "$dir/turns"
}

# What the flood gets rid of, by programs that take turns: they run on the sender's CPU.
drops() {
	local turns=$((rounds * seconds * 20)) ms=25 ids=() flood_pid

	: >"$dir/log"
	begin_case begin_limit_drop
	begin_case begin_steer "$junk"
	begin_case begin_steer "$junk" "deny = $(prefixes 192.0.2.0/24)" 'source_pps = 100Mpps'
	begin_case begin_steer "$junk" "deny = $(prefixes 198.18.0.0/24)"
	begin_case begin_steer "$junk" 'source_pps = 1kpps'
	settle
	link_up
	taskset -c 0 ip netns exec "$near_ns" "$flood" near "$far_mac" 64 \
		$((turns * ${#ids[@]} * (ms + 5) / 1000 + 2)) </dev/null >/dev/null 2>>"$dir/log" &
	flood_pid=$!
	taskset -c 1 ip netns exec "$far_ns" "$bench/turns" far $turns $ms "${ids[@]}" >"$dir/turns" 2>>"$dir/log" ||
		broke 'no turns'
	kill -TERM $flood_pid 2>/dev/null || true
	wait $flood_pid || true
	end_cases
	print_turn 'limit: drop everything, unseen' 1
	print_turn 'steer, junk dropped' 2
	print_turn 'the same, 10 000 prefixes and source_pps' 3
	print_turn 'denied by one of 10 000 prefixes' 4
	print_turn 'over source_pps' 5
}

note() { # CASE PACKETS SECONDS
	awk -v packets="$2" -v seconds="$3" 'BEGIN { printf "%.0f\n", packets / seconds }' >>"$dir/rates/$1"
}
# What a record says of the service: those that the other CPU has got, or the stack of this one
reached_stack() {
	tail -n 1 "$dir/out" | grep -o '"pass_packets": [0-9]*' | head -n 1 | grep -o '[0-9]*$'
}

# Ends each packet where the stack begins, on whichever CPU that is
drop_at_stack() {
	ip netns exec "$far_ns" tc qdisc add dev far clsact &&
		ip netns exec "$far_ns" tc filter add dev far ingress bpf direct-action object-file "$limit_drop" section tc
}

# CASE COMMAND...: what comes to the stack at the far end, and what a UDP socket there takes
measure_socket() {
	local case=$1 said=''

	shift
	: >"$dir/log"
	link_up
	ip -n "$far_ns" addr add $to dev far
	[ "$case" != ended ] || drop_at_stack 2>>"$dir/log" || broke "$case: no program at TC"
	"$@"
	if begin_receiver socket $port && until_true 10 has_program && settle &&
		said=$(send "$flood" near "$far_mac" 64 "$seconds" </dev/null 2>>"$dir/log"); then
		end_receiver
		end || broke "$case: status $?"
		note "$case" "$(reached_stack)" "${said##* }"
		note "$case-taken" "$(tail -n 1 "$dir/received" | cut -d ' ' -f 1)" "${said##* }"
		return
	fi
	broke "$case: no flood"
	end_receiver
	echo >>"$dir/rates/$case"
	echo >>"$dir/rates/$case-taken"
	end || true
}
# A program that passes all, so that frames reach the stack in the same way
begin_pass() { begin_steer 'magic =' "allow = 192.0.2.1"; }

sockets() {
	local round

	for ((round = 0; round < rounds; round++)); do
		measure_socket pass begin_pass
		measure_socket steered begin_steer "$good"
		measure_socket ended begin_steer "$good"
	done
	print_rate 'passed to the stack of its own CPU' pass - ''
	print_rate 'steered to the stack of another CPU' steered pass 'passed ones'
	print_rate 'passed, taken by a UDP socket' pass-taken - ''
	print_rate 'steered to another CPU, which drops them' ended pass-taken 'what the socket takes'
	print_rate 'steered, taken by a UDP socket' steered-taken pass-taken 'passed ones'
}

# Junk, which the program drops each time alike. The source is 198.18.0.1.
write_junk() {
	printf '%b' '\x02\0\0\0\x0b\x02\x02\0\0\0\x0a\x01\x08\0' \
		'\x45\0\0\x32\0\0\0\0\x40\x11\0\0\xc6\x12\0\x01\xc6\x12\0\x02' \
		'\x0f\x03\x0f\x02\0\x1e\0\0\x09\x10\xea\x1d\0PROBEOT\0\0\0\0\0\0\0\0\0\0' >"$1"
}

# CASE ID: what one run of the program takes, in nanoseconds
measure_alone() {
	local said

	said=$(taskset -c 0 bpftool prog run id "$2" data_in "$dir/junk" data_out "$dir/answer" \
		repeat 2000000 2>>"$dir/log" || true)
	case $said in
	'Return value: 1, '*ns) # XDP_DROP
		said=${said##* }
		echo "${said%ns}" >>"$dir/alone/$1"
		;;
	*) broke "$1 alone: $said" ;;
	esac
}

print_alone() { # LABEL CASE REFERENCE
	if [ ! -s "$dir/alone/$2" ] || [ ! -s "$dir/alone/$3" ]; then
		printf '%-48s not measured\n' "$1"
		return
	fi
	paste "$dir/alone/$2" "$dir/alone/$3" | awk -v label="$1" "$median"'
	{ ns[NR] = $1; base[NR] = $2 }
	END {
		middle = median(ns, NR)
		printf "%-48s %6.1f ns a packet, %+.1f (%d–%d)\n", label, middle, middle - median(base, NR),
			ns[1], ns[NR]
	}'
}

program_alone() {
	local round list i ids=() names=(limit bare list denied light heavy limited)

	command -v bpftool >/dev/null || {
		echo 'program alone: not measured, for bpftool is not installed'
		return
	}
	list="deny = $(prefixes 192.0.2.0/24)"
	write_junk "$dir/junk"
	: >"$dir/log"
	begin_case begin_limit_drop
	begin_case begin_steer "$junk"
	begin_case begin_steer "$junk" "$list"
	begin_case begin_steer "$junk" "deny = $(prefixes 198.18.0.0/24)"
	begin_case begin_steer "$junk" "$list" 'source_pps = 1000Mpps'
	begin_case begin_steer "$junk" "$list" 'source_pps = 20Mpps'
	begin_case begin_steer "$junk" "$list" 'source_pps = 1kpps'
	settle
	for ((round = 0; round <= rounds; round++)); do
		for i in "${!ids[@]}"; do
			measure_alone "${names[i]}" "${ids[i]}"
		done
		# the first one until the watchers have seen how much comes
		[ $round -gt 0 ] || rm -f "$dir"/alone/*
	done
	end_cases
	print_alone 'program alone, limit' limit limit
	print_alone 'program alone, steer, junk' bare bare
	print_alone '10 000 prefixes, of none of them' list bare
	print_alone 'of one of 10 000 prefixes' denied bare
	print_alone '10 000 prefixes, source_pps, far below it' light bare
	print_alone '10 000 prefixes, source_pps, just below it' heavy bare
	print_alone '10 000 prefixes, source_pps, over it' limited bare
}

# begin_rings LINE...: of a service that publishes the flood
begin_rings() {
	cat >"$dir/rings.ini" <<INI
[ringside]
name = $name
stats_level = detailed
[interface far]
zero_copy = off
[service rings]
interfaces = far
$(printf '%s\n' "$@")
INI
	begin taskset -c 1 "$RINGSIDE" run -c "$dir/rings.ini" --no-tui --format json
}

# RING: by a consumer that reads nothing
begin_reader() { begin_receiver ring "$RUNTIME_DIRECTORY/$name.sock" "$1" hang; }
# The first of a word's numbers in the last record
last_of() { tail -n 1 "$dir/out" | grep -o "\"$1\": [0-9]*" | head -n 1 | grep -o '[0-9]*$'; }

# measure_ring CASE RING LINE...: published, and how long the queue's thread was at it
measure_ring() {
	local case=$1 ring=$2 said='' published

	shift 2
	: >"$dir/log"
	link_up
	begin_rings "$@"
	if until_true 10 socket_is_there && begin_reader "$ring" && until_true 10 has_program && settle &&
		said=$(send "$flood" near "$far_mac" 64 "$seconds" </dev/null 2>>"$dir/log"); then
		end_receiver
		end || broke "$case: status $?"
		published=$(last_of delivered_packets)
		note "$case" "$published" "${said##* }"
		awk -v busy="$(last_of busy_ns)" -v packets="$published" 'BEGIN { printf "%.1f\n", busy / packets }' >>"$dir/alone/$case"
		return
	fi
	broke "$case: no flood"
	echo >>"$dir/rates/$case"
	end_receiver
	end || true
}

# The flood's packets have one key, so one worker has them all.
workers() {
	local round steer=('type = steer' "port = $port" 'addresses = any' "$good" 'length =' 'key = 4@5' 'target = worker')

	for ((round = 0; round < rounds; round++)); do
		measure_ring deliver rings 'type = deliver' "ports = $port"
		measure_ring worker rings.0 "${steer[@]}" 'workers = 1'
	done
	print_rate 'published by deliver, mode copy' deliver - ''
	print_rate "published by steer to a worker's ring" worker deliver deliver
	print_alone "the queue's thread, deliver" deliver deliver
	print_alone "the queue's thread, steer to a worker" worker deliver
}

[ "${1:-drops}" != drops ] || drops
[ "${1:-sockets}" != sockets ] || sockets
[ "${1:-workers}" != workers ] || workers
[ "${1:-alone}" != alone ] || program_alone
exit $failed
