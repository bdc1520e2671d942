#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Measures what reflect does on this machine: rates beside the limit (the least that sends a frame back from
# XDP) and beside DPDK's testpmd, losses and round trips at a pace, what generate sends, and what the dashboard costs. Every figure
# is on a fresh veth pair between two network namespaces; cases alternate, so that they share the machine's
# moods. Not a test: the status says only whether all of it could be measured.
# usage (root): [BENCH_ROUNDS=9] [BENCH_SECONDS=2] RINGSIDE=… builddir=… bench.sh
# shellcheck disable=SC2317 # what is called by a name in a variable
. "$(dirname "$0")/bench/place.sh"

begin_ringside() { # ARGUMENTS...
	begin taskset -c 1 "$RINGSIDE" -i far reflect --no-tui --format json --set "ringside.name=$name" "$@"
}
begin_limit() {
	ip -n "$far_ns" link set dev far xdpdrv object "$limit" section xdp
}
begin_testpmd() {
	# the options behind -- as they fit one queue of one port; standard input stays open, or it would end
	# shellcheck disable=SC2086 # words
	begin dpdk-testpmd -l 0,1 --no-pci $testpmd_memory \
		--vdev net_af_xdp0,iface=far,start_queue=0,queue_count=1,force_copy=1 -- \
		--forward-mode=5tswap --auto-start --nb-cores=1 --port-topology=loop --total-num-mbufs=16384
}
answers() { # SENDER ARGUMENTS...: whether the program answers it within 10 s
	local sender=$1

	shift
	for _ in 1 2 3 4 5; do
		[ -z "$program" ] || kill -0 "$program" 2>/dev/null || return 1
		send "$sender" near "$far_mac" 64 "$@" </dev/null 2>>"$dir/log" && return
	done
	return 1
}

# A case's name is its file in $dir/rates, a value a round; $1: name, $2: frame bytes, the rest begins it.
measure_rate() {
	local case=$1 bytes=$2 rate=''

	shift 2
	: >"$dir/log"
	link_up
	"$@"
	if ! answers "$flood" 0; then
		broke "$case: no answers"
	elif rate=$(send "$flood" near "$far_mac" "$bytes" "$seconds" </dev/null 2>>"$dir/log"); then
		rate=${rate#* } rate=${rate%% *}
	else
		broke "$case: no flood"
	fi
	echo "$rate" >>"$dir/rates/$case" # an empty line, too: a line a round
	end || broke "$case: status $?"
}

# Of the two sets, the flood has the signature that comes last.
two_offsets='DATA:OT@9, LATENCY@9, PROBEOT@5'
many_signatures="$(printf 'SIG%04d@5, ' $(seq 1 99))PROBEOT@5"

kernel_path() {
	local round
	local path='service reflect.path=kernel' signatures='service reflect.signatures'

	for ((round = 0; round < rounds; round++)); do
		measure_rate limit 64 begin_limit
		measure_rate kernel 64 begin_ringside --set "$path"
		measure_rate kernel-two 64 begin_ringside --set "$path" --set "$signatures=$two_offsets"
		measure_rate kernel-many 64 begin_ringside --set "$path" --set "$signatures=$many_signatures"
		measure_rate kernel-detailed 64 begin_ringside --set "$path" --level detailed
		measure_rate kernel-debug 64 begin_ringside --set "$path" --level debug
	done
	print_rate 'limit: swap and send back, nothing else' limit - ''
	print_rate 'kernel path, 3 signatures at one offset' kernel limit 'the limit'
	print_rate 'kernel path, 3 signatures at two offsets' kernel-two limit 'the limit'
	print_rate 'kernel path, 100 signatures at one offset' kernel-many limit 'the limit'
	print_rate 'kernel path, level detailed' kernel-detailed limit 'the limit'
	print_rate 'kernel path, level debug' kernel-debug limit 'the limit'
}

# A frame whose answer is the frame itself, so that a program can be given it again and again: from and to one
# MAC address and one port, with the TTL left alone.
write_own_answer() {
	printf '%b' '\x02\0\0\0\x0b\x02\x02\0\0\0\x0b\x02\x08\0' \
		'\x45\0\0\x32\0\0\0\0\x40\x11\0\0\xc6\x12\0\x01\xc6\x12\0\x01' \
		'\x0f\x02\x0f\x02\0\x1e\0\0\x09\x10\xea\x1d\0PROBEOT\0\0\0\0\0\0\0\0\0\0' >"$1"
}

# CASE COMMAND...: what one run of the attached program takes, in nanoseconds
measure_alone() {
	local case=$1 id said

	shift
	: >"$dir/log"
	link_up
	"$@"
	if answers "$flood" 0; then
		id=$(ip -n "$far_ns" -d link show dev far | sed -n 's/.*prog\/xdp id \([0-9]*\).*/\1/p')
		said=$(taskset -c 0 bpftool prog run id "$id" data_in "$dir/frame" data_out "$dir/answer" \
			repeat 1000000 2>>"$dir/log" || true)
		case $said in
		'Return value: 3, '*ns) # XDP_TX
			said=${said##* }
			echo "${said%ns}" >>"$dir/alone/$case"
			;;
		*) broke "$case alone: $said" ;;
		esac
	else
		broke "$case alone: no answers"
	fi
	end || broke "$case alone: status $?"
}

print_alone() { # LABEL CASE
	if [ ! -s "$dir/alone/$2" ]; then
		printf '%-48s not measured\n' "$1"
		return
	fi
	awk -v label="$1" "$median"'
	{ ns[NR] = $1 }
	END {
		middle = median(ns, NR)
		printf "%-48s %6.1f ns a packet (%d–%d)\n", label, middle, ns[1], ns[NR]
	}' "$dir/alone/$2"
}

program_alone() {
	local round
	local guard='service reflect.loop_guard=off' path='service reflect.path=kernel'
	local signatures='service reflect.signatures'

	if ! command -v bpftool >/dev/null; then
		echo 'program alone: not measured, for bpftool is not installed'
		return
	fi
	write_own_answer "$dir/frame"
	for ((round = 0; round < short_rounds; round++)); do
		measure_alone limit begin_limit
		measure_alone basic begin_ringside --set "$path" --set "$guard"
		measure_alone two begin_ringside --set "$path" --set "$guard" --set "$signatures=$two_offsets"
		measure_alone many begin_ringside --set "$path" --set "$guard" --set "$signatures=$many_signatures"
		measure_alone detailed begin_ringside --set "$path" --set "$guard" --level detailed
		measure_alone debug begin_ringside --set "$path" --set "$guard" --level debug
	done
	print_alone 'program alone, limit' limit
	print_alone 'program alone, 3 signatures at one offset' basic
	print_alone 'program alone, 3 signatures at two offsets' two
	print_alone 'program alone, 100 signatures at one offset' many
	print_alone 'program alone, level detailed' detailed
	print_alone 'program alone, level debug' debug
}

user_path() {
	local testpmd=yes round bytes level
	local path='service reflect.path=user'

	find_testpmd || testpmd=no
	for ((round = 0; round < rounds; round++)); do
		for bytes in 64 1500; do
			[ $testpmd = no ] || measure_rate testpmd-$bytes $bytes begin_testpmd
			for level in basic detailed debug; do
				measure_rate user-$level-$bytes $bytes begin_ringside --set "$path" \
					--set 'interface far.zero_copy=off' --level $level
			done
		done
	done
	for bytes in 64 1500; do
		[ $testpmd = no ] || print_rate "testpmd 5tswap, $bytes byte frames" testpmd-$bytes - ''
		for level in basic detailed debug; do
			print_rate "user path, $bytes byte frames, level $level" user-$level-$bytes \
				testpmd-$bytes testpmd
		done
	done
}

# Adds up the runs of one case, a line of KEY=VALUE words each; of round trips the runs' median, of the longest
# the longest.
print_paced() {
	local label=$1 file=$dir/paced/$2

	if [ ! -s "$file" ]; then
		printf '%-48s not measured\n' "$label"
		return
	fi
	awk -v label="$label" "$median"'
	{
		for (i = 1; i <= NF; i++) {
			split($i, pair, "=")
			sum[pair[1]] += pair[2]
			if (pair[2] + 0 > most[pair[1]]) most[pair[1]] = pair[2] + 0
			if (pair[1] == "p50_us") p50[++p50s] = pair[2] + 0
			if (pair[1] == "p99_us") p99[++p99s] = pair[2] + 0
		}
	}
	END {
		printf "%-48s %d of %d lost, %d duplicated, %d unswapped", label, sum["lost"],
			sum["sent"], sum["duplicated"], sum["unswapped"]
		if (sum["damaged"]) printf ", %d damaged", sum["damaged"]
		if (sum["missed"]) printf ", %d lost by the receiver itself", sum["missed"]
		printf "; %.0f pps; round trip", sum["pps"] / NR
		if (p50s)
			printf " median %.1f µs, p99 %.1f µs, longest %.1f µs\n", median(p50, p50s),
				median(p99, p99s), most["max_us"]
		else
			print " unknown"
	}' "$file"
}

# CASE RATE SECONDS: against the program that runs
pace() {
	if ! send "$paced" near "$far_mac" 64 "$2" "$3" </dev/null >>"$dir/paced/$1" 2>>"$dir/log"; then
		broke "$1: no packets"
	fi
}
# CASE: a flood at full rate, and at once a slow pace; the sockets for it are open already
pace_after_flood() {
	if ! (
		set -o pipefail
		send "$flood" near "$far_mac" 64 3 </dev/null | send "$paced" near "$far_mac" 64 100 5
	) >>"$dir/paced/$1" 2>>"$dir/log"; then
		broke "$1: no packets"
	fi
}

paced_user() {
	pace user 300000 5
	pace_after_flood user-flood
}
paced_packet() {
	pace packet 100000 5
	pace packet-slow 1000 5
}
measure_paced() { # PACE ARGUMENTS...
	local pace=$1

	shift
	: >"$dir/log"
	link_up
	begin_ringside "$@"
	if answers "$paced" 0 0; then
		$pace
	else
		broke "$pace: no answers"
	fi
	end || broke "$pace: status $?"
}

at_a_pace() {
	local round

	for ((round = 0; round < short_rounds; round++)); do
		measure_paced paced_user --set 'service reflect.path=user' --set 'interface far.zero_copy=off'
		measure_paced paced_packet --set 'interface far.io=af_packet'
	done
	print_paced 'user path, 300 kpps' user
	print_paced 'user path, 100 pps at once after a 3 s flood' user-flood
	print_paced 'AF_PACKET, 100 kpps' packet
	print_paced 'AF_PACKET, 1 kpps' packet-slow
}

# The number behind a key of generate's last record
figure() { # KEY
	tail -n 1 "$dir/report" | grep -o "\"$1\": [0-9.]*" | head -n 1 | grep -o '[0-9.]*$'
}
# ARGUMENTS...: a run of generate on the sender's CPU; its records are in $dir/report
generate() {
	send "$RINGSIDE" generate reflect -i near --to "$far_mac" --format json --interval 10 --wait 0.5 "$@" \
		</dev/null >"$dir/report" 2>>"$dir/log"
}
# Like measure_rate, but what comes back is generate's own count.
measure_generated() { # CASE ARGUMENTS...
	local case=$1 rate=''

	shift
	: >"$dir/log"
	link_up
	begin_limit
	if generate --rate max --duration "$seconds" "$@"; then
		rate=$(figure rx_pps)
	else
		broke "$case: no answers"
	fi
	echo "$rate" >>"$dir/rates/$case"
}
measure_generated_pace() {
	local key

	: >"$dir/log"
	link_up
	begin_ringside --set 'service reflect.path=kernel'
	if answers "$flood" 0 && generate --rate 300kpps --duration 5; then
		for key in sent unsent lost duplicated p50 p99 max; do
			printf '%s=%s ' "$key" "$(figure "$key")"
		done >>"$dir/paced/generated"
		echo >>"$dir/paced/generated"
	else
		broke 'generate at a pace: no answers'
	fi
	end || broke "generate at a pace: status $?"
}
print_generated_pace() {
	local label='generate, paced, 300 kpps, every packet timed'

	if [ ! -s "$dir/paced/generated" ]; then
		printf '%-48s not measured\n' "$label"
		return
	fi
	awk -v label="$label" "$median"'
	{
		for (i = 1; i <= NF; i++) {
			split($i, pair, "=")
			sum[pair[1]] += pair[2]
			if (pair[1] == "p50") p50[++p50s] = pair[2] / 1000
			if (pair[1] == "p99") p99[++p99s] = pair[2] / 1000
			if (pair[1] == "max" && pair[2] / 1000 > longest) longest = pair[2] / 1000
		}
	}
	END {
		printf "%-48s %d of %d lost, %d duplicated, %d unsent; round trip median %.1f µs, p99 %.1f µs, " \
			"longest %.1f µs\n", label, sum["lost"], sum["sent"], sum["duplicated"], sum["unsent"],
			median(p50, p50s), median(p99, p99s), longest
	}' "$dir/paced/generated"
}

# Against the least that sends a frame back, beside the flood that knows no more than to count.
generator() {
	local round bytes

	for ((round = 0; round < rounds; round++)); do
		for bytes in 64 1500; do
			measure_rate flood-$bytes $bytes begin_limit
			measure_generated generate-$bytes --size $((bytes + 4))
		done
	done
	for ((round = 0; round < short_rounds; round++)); do
		measure_generated_pace
	done
	for bytes in 64 1500; do
		print_rate "generate, flood, $bytes byte frames" generate-$bytes flood-$bytes 'a flood that only counts'
	done
	print_generated_pace
}

cpu_ticks() { # PID: user and system time; the name before them may have blanks
	sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}

begin_dashboard() { # PATH
	$tmux new-session -d -x 160 -y 45 "exec ip netns exec $far_ns taskset -c 1 '$RINGSIDE' -i far reflect \
		--set ringside.name=$name --set 'service reflect.path=$1' 2>>$dir/log"
	program=$($tmux list-panes -F '#{pane_pid}')
}
end_dashboard() {
	kill -TERM "$program" 2>/dev/null || true
	while kill -0 "$program" 2>/dev/null; do
		sleep 0.05
	done
	program=''
}

# PATH: of one processor, with the dashboard open and no traffic
idle() {
	local ticks ns

	: >"$dir/log"
	link_up
	begin_dashboard "$1"
	if answers "$flood" 0 && $tmux capture-pane -p | grep -q '[^ ]'; then
		ticks=$(cpu_ticks "$program") ns=$(date +%s%N)
		sleep $idle_seconds
		ticks=$(($(cpu_ticks "$program") - ticks)) ns=$(($(date +%s%N) - ns))
		awk -v label="idle, dashboard open, path $1" -v ticks=$ticks -v ns=$ns -v hz="$(getconf CLK_TCK)" \
			'BEGIN { printf "%-48s %6.2f %% of a CPU\n", label, ticks / hz / ns * 1e11 }'
	else
		broke "idle, path $1: no answers, or no dashboard"
	fi
	end_dashboard
}

without_traffic() {
	if ! command -v tmux >/dev/null; then
		echo 'idle: not measured, for tmux is not installed'
		return
	fi
	idle kernel
	idle user
}

on_cpu_ns() { cut -d ' ' -f 1 "/proc/$1/schedstat"; } # PID

# SECONDS: of one processor, top beside an instance of 64 queues, drawing every so many seconds on 160x45
look_on() {
	local top ns start

	$tmux new-session -d -s top -x 160 -y 45 "exec taskset -c 0 '$RINGSIDE' top --interval $1 2>>$dir/log"
	top=$($tmux list-panes -t top -F '#{pane_pid}')
	for _ in $(seq 50); do
		sleep 0.1
		! $tmux capture-pane -p -t top | grep -q LIVE || break
	done
	ns=$(on_cpu_ns "$top") start=$(date +%s%N)
	sleep $idle_seconds
	awk -v label="top, 64 queues, a frame every $1 s" -v ns=$(($(on_cpu_ns "$top") - ns)) \
		-v elapsed=$(($(date +%s%N) - start)) \
		'BEGIN { printf "%-48s %6.2f %% of a CPU\n", label, ns / elapsed * 100 }'
	$tmux kill-session -t top
}

dashboard() {
	local lab

	if ! command -v tmux >/dev/null; then
		echo 'dashboard: not measured, for tmux is not installed'
		return
	fi
	: >"$dir/log"
	taskset -c 1 "$RINGSIDE" lab --no-tui --queues 64 --rate 20kpps --level detailed >/dev/null 2>>"$dir/log" &
	lab=$!
	for _ in $(seq 100); do
		sleep 0.1
		! ls "$RUNTIME_DIRECTORY"/lab-*.stats >/dev/null 2>&1 || break
	done
	# so that the server outlives the first of the two
	$tmux new-session -d -s keep 'exec sleep 1000'
	look_on 0.5
	look_on 0.1
	$tmux kill-server
	kill -TERM $lab 2>/dev/null || true
	wait $lab || broke "the lab for the dashboard: status $?"
}

# What the dashboard shows as the price of the levels; the kernel half's with their errors
statistics() {
	"$bench/price" | awk '
		NR == 1 {
			printf "%-48s basic %.2f, detailed %.2f, debug %.2f ns a packet\n", "statistics, user path, batches of 64", $1, $2, $3
		}
		NR == 2 {
			printf "%-48s basic %.1f +-%.1f, detailed %.1f +-%.1f, debug %.1f +-%.1f ns a packet\n",
				"statistics, kernel path", $1, $2, $3, $4, $5, $6
		}' || broke 'the price of statistics'
}

kernel_path
program_alone
user_path
at_a_pace
generator
without_traffic
dashboard
statistics
exit $failed
