# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What the benchmarks share: two namespaces, a fresh veth pair for each case, a sender, the program under test, and
# how rates are printed. Sourced by bash scripts that get $RINGSIDE and $builddir from make.
set -eu
export LC_ALL=C.UTF-8
unset TMUX

rounds=${BENCH_ROUNDS:-9}
seconds=${BENCH_SECONDS:-2}
short_rounds=$(((rounds + 2) / 3))
idle_seconds=$((seconds < 2 ? 10 : 20))
: "${RINGSIDE:?names the program to measure}"
bench=${builddir:-.}/tests/bench
flood=$bench/flood paced=$bench/paced limit=$bench/limit.bpf.o receive=$bench/receive

unable() {
	echo "bench: $*" >&2
	exit 77
}
[ "$(id -u)" = 0 ] || unable 'network namespaces need root'
taskset -c 0,1 true 2>/dev/null || unable 'CPUs 0 and 1 are needed: one sends, one answers'
for file in "$RINGSIDE" "$flood" "$paced" "$limit"; do
	[ -e "$file" ] || { echo "bench: $file is not built" >&2; exit 1; }
done

dir=$(mktemp -d)
export RUNTIME_DIRECTORY=$dir/run
name=ringside-bench-$$
near_ns=$name-near far_ns=$name-far # the sender's and the program's
far_mac=02:00:00:00:0b:02
program='' # the process under test
receiver='' # a consumer, or a socket's reader, beside it
tmux="tmux -u -S $dir/tmux -f /dev/null"
failed=0

clean_up() {
	$tmux kill-server 2>/dev/null || true
	[ -z "$program" ] || kill -KILL "$program" 2>/dev/null || true
	ip netns del "$near_ns" 2>/dev/null || true
	ip netns del "$far_ns" 2>/dev/null || true
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

broke() { # WHAT: said with the program's last words; the rest is measured all the same
	{
		echo "bench: $*"
		tail -n 5 "$dir/log" | sed 's/^/bench:   /'
	} >&2
	failed=1
}

# Without addresses, so that all the traffic is the benchmark's: one packet of the stack's own, sent on the
# other CPU while a flood begins, draws the far end's NAPI there, and the flood holds it there to its end.
link_up() {
	ip -n "$near_ns" link del near 2>/dev/null || true
	ip link add near netns "$near_ns" numtxqueues 1 numrxqueues 1 type veth \
		peer name far netns "$far_ns" address "$far_mac" numtxqueues 1 numrxqueues 1
	ip -n "$near_ns" link set near addrgenmode none
	ip -n "$far_ns" link set far addrgenmode none
	ip -n "$near_ns" link set near up
	ip -n "$far_ns" link set far up
}

# until_true SECONDS COMMAND...
until_true() {
	local end=$((SECONDS + $1))

	shift
	until "$@" 2>/dev/null; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.02
	done
}

send() { taskset -c 0 ip netns exec "$near_ns" "$@"; }

begin() { # COMMAND...: the program under test
	ip netns exec "$far_ns" "$@" <&3 >"$dir/out" 2>"$dir/log" &
	program=$!
}

end() {
	local status=0 process=$program

	[ -n "$process" ] || return 0
	kill -TERM "$process" 2>/dev/null || true
	wait "$process" || status=$?
	program=''
	return $status
}

median='
	# sorts the list
	function median(list, count, i, j, kept) {
		for (i = 2; i <= count; i++)
			for (j = i; j > 1 && list[j - 1] > list[j]; j--) {
				kept = list[j]; list[j] = list[j - 1]; list[j - 1] = kept
			}
		return count % 2 ? list[(count + 1) / 2] : (list[count / 2] + list[count / 2 + 1]) / 2
	}
'

# LABEL CASE REFERENCE WORDS, of files in $dir/rates: median in Mpps, and the ratio of medians, with the lowest and
# the highest ratio within a round. Without a reference (-): median, lowest, highest.
print_rate() {
	local label=$1 case=$dir/rates/$2 reference=$dir/rates/$3 words=$4

	if ! grep -qs . "$case"; then
		printf '%-48s not measured\n' "$label"
		return
	fi
	[ -e "$reference" ] || reference=/dev/null
	paste "$case" "$reference" | awk -F '\t' -v label="$label" -v words="$words" "$median"'
	$1 != "" { rate[++rates] = $1 / 1e6 }
	$2 > 0 { base[++bases] = $2 / 1e6 }
	$1 != "" && $2 > 0 {
		ratio = $1 / $2
		if (low == "" || ratio < low) low = ratio
		if (high == "" || ratio > high) high = ratio
	}
	END {
		middle = median(rate, rates)
		printf "%-48s %6.2f Mpps  ", label, middle
		if (bases)
			printf "%.2f of %s (%.2f–%.2f)\n", middle / median(base, bases), words, low, high
		else
			printf "(%.2f–%.2f)\n", rate[1], rate[rates]
	}'
}

# begin_receiver ARGUMENTS...: of tests/bench/receive, in the far namespace
begin_receiver() {
	ip netns exec "$far_ns" "$receive" "$@" >"$dir/received" 2>>"$dir/log" &
	receiver=$!
	until_true 10 grep -q ready "$dir/received"
}
end_receiver() {
	[ -n "$receiver" ] || return 0
	kill -TERM "$receiver" 2>/dev/null || true
	wait "$receiver" || true
	receiver=''
}

socket_is_there() { [ -S "$RUNTIME_DIRECTORY/$name.sock" ]; }

# Two seconds after its start the program measures what statistics cost, on the CPU that it has here.
settle() { sleep 3; }

# Sets testpmd_memory, or says why there will be no testpmd.
find_testpmd() {
	local free

	command -v dpdk-testpmd >/dev/null || {
		echo 'testpmd: not measured, for dpdk-testpmd is not installed (Debian: dpdk-dev librte-net-af-xdp23)'
		return 1
	}
	free=$(awk '/^HugePages_Free/ { n = $2 } /^Hugepagesize/ { print int(n * $2 / 1024) }' /proc/meminfo)
	testpmd_memory=--in-memory
	[ "$free" -ge 256 ] || testpmd_memory='--no-huge --no-shconf -m 512'
}

mkdir "$dir/rates" "$dir/alone" "$dir/paced"
mkfifo "$dir/input"
exec 3<>"$dir/input" # an input that neither ends nor says anything
ip netns add "$near_ns"
ip netns add "$far_ns"

echo "# $("$RINGSIDE" --version | head -1), Linux $(uname -r), $(nproc) CPUs:$(sed -n 's/^model name.*: */ /p' \
	/proc/cpuinfo | head -1); $rounds rounds of $seconds s, $short_rounds of the rest"
