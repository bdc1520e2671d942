#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# How an instance starts, what it leaves alone, what it shows at each level, and how it ends, in order or not.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"

ends_in_order() {
	local signal
	for signal in INT TERM; do
		about "SIG$signal: status 0 and a last record"
		ringside_start -i rs0 reflect || continue
		ringside_end $signal
		[ $status = 0 ] || fail "status $status"
		records "last.final" "not any(record.final for record in records[:-1])" "interface.queues[0].state == 'stopped'"
		is_clean
	done
}

five_packets() {
	local place
	for place in "${places[@]}"; do
		about "$place: five packets are exactly five in the last record"
		ringside_start -i rs0 reflect $place || continue
		peer probes count=5
		ringside_stop
		records "totals.rx_packets == 5" "totals.tx_packets == 5" "totals.rx_bytes == totals.tx_bytes" \
			"service.rx_packets == 5"
	done
}

# A machine that is busy with other things may leave an interval out: then once more.
ends_by_itself() {
	local before after tries
	about "--duration 0.5: ends by itself"
	for tries in 1 2 3 4 5; do
		before=${EPOCHREALTIME/./}
		start_in "$near" "$RINGSIDE" -i rs0 reflect --format json --interval 0.2 --duration 0.5
		ringside_wait
		after=${EPOCHREALTIME/./}
		[ $status = 0 ] || fail "status $status"
		[ $((after - before)) -ge 500000 ] || fail "ends after $((after - before)) us"
		records "last.final" "0.5 <= last.uptime_s" "len(records) <= 3"
		shows "len(records) == 3" && break
	done
	records "len(records) == 3" "0 < records[0].uptime_s < records[1].uptime_s < last.uptime_s"
	is_clean
}

is_killed() {
	local place id
	for place in --set=reflect.path=kernel --set=reflect.path=user --set=rs0.xdp=generic; do
		about "$place: SIGKILL leaves no program, and the stack goes on"
		ringside_start -i rs0 reflect $place || continue
		peer until
		id=$(xdp_id)
		[ -n "$id" ] || fail "there is no program to begin with"
		{ ringside_end KILL; } 2>/dev/null # bash tells of it
		[ $status = 137 ] || fail "status $status"
		is_clean
		! command -v bpftool >/dev/null || wait_for 2 has_no_program "$id" || fail "program $id is still loaded"
	done
}
has_no_program() { ! bpftool prog show id "$1" >/dev/null 2>&1; }

# refused COMMAND...: ends with status 1, each line a message
refused() {
	"$@" >"$dir/out2" 2>"$dir/err2" </dev/null
	status=$?
	[ $status = 1 ] || fail "status $status"
	[ "$(grep -c . "$dir/err2")" = "$(grep -c '^ringside: ' "$dir/err2")" ] || fail "$(cat "$dir/err2")"
}

lives_beside_others() {
	local id mode
	for mode in native generic; do
		about "a foreign program in $mode mode is neither replaced nor removed"
		foreign_xdp "$near" rs0 $mode
		id=$(cat "$dir/foreign")
		for place in auto native generic; do
			refused in_near "$RINGSIDE" -i rs0 reflect --format json --set=rs0.xdp=$place
			grep -q "^ringside: rs0: .*another XDP program.*id $id.*somebody_else" "$dir/err2" ||
				fail "xdp = $place: $(cat "$dir/err2")"
		done
		[ "$(cat /proc/$foreign_pid/comm 2>/dev/null)" ] && has_xdp || fail "the foreign program is gone"
		about "beside a foreign program in $mode mode io = af_packet works"
		ringside_start -i rs0 reflect --set=rs0.io=af_packet && peer probes && ringside_stop
		kill -TERM "$foreign_pid"
		wait "$foreign_pid"
		wait_for 5 has_no_xdp
	done
	about "a second instance is refused, and the first one goes on"
	ringside_start -i rs0 reflect --set=reflect.path=user || return
	id=$(xdp_id)
	refused in_near "$RINGSIDE" -i rs0 reflect --format json --set=ringside.name=second
	grep -q "id $id\|queue 0: in use by another AF_XDP socket" "$dir/err2" || fail "$(cat "$dir/err2")"
	refused in_near "$RINGSIDE" -i rs0 reflect --format json --set=reflect.path=user --set=ringside.name=second
	[ "$(xdp_id)" = "$id" ] || fail "program $(xdp_id) instead of $id"
	peer probes
	ringside_stop
	is_clean
}

# What the dispatcher does beside others is tested by make check-vm: not every kernel has what it needs.
asks_for_the_dispatcher() {
	about "attach = dispatcher: in it, or alone where the kernel refuses, and then it says so"
	start_in "$near" sh -c 'mount -t bpf bpf /sys/fs/bpf && exec "$@"' - "$RINGSIDE" -i rs0 reflect --format json \
		--interval 0.1 --set=rs0.attach=dispatcher
	wait_for 10 has_spoken
	peer probes
	in_near ip -d link show rs0 | grep -q 'name xdp_dispatcher' ||
		becomes "'dispatcher: this kernel refuses' in interface.why"
	ringside_stop
	is_clean
	about "detach: nothing is left"
	[ "$(in_near "$RINGSIDE" detach rs0)" = "rs0: nothing that Ringside has left" ] || fail "it says something else"
}

vlan_offload() { in_near ethtool -k rs0 | sed -n 's/^rx-vlan-offload: //p'; }
switches_offload() {
	about "the receive VLAN offload is switched off, and restored"
	in_near ethtool -K rs0 rxvlan on
	[ "$(vlan_offload)" = on ] || fail "off to begin with"
	ringside_start -i rs0 reflect || return
	[ "$(vlan_offload)" = off ] || fail "it is not off"
	ringside_stop
	[ "$(vlan_offload)" = on ] || fail "it is not on again"
}

leaves_its_offload() {
	local left="rs0: put back: feature rx-vlan-hw-parse"
	about "what SIGKILL leaves switched off, detach puts back, and not before"
	in_near ethtool -K rs0 rxvlan on
	ringside_start -i rs0 reflect || return
	in_near "$RINGSIDE" detach rs0 2>"$dir/err2" && fail "it is taken from a living one"
	grep -q '^ringside: rs0: .*in use' "$dir/err2" || fail "$(cat "$dir/err2")"
	{ ringside_end KILL; } 2>/dev/null
	[ "$(vlan_offload)" = off ] || fail "it is not off"
	in_near "$RINGSIDE" detach rs0 | grep -q "^$left" || fail "detach does not say that it puts it back"
	[ "$(vlan_offload)" = on ] || fail "it is not on again"
	[ "$(in_near "$RINGSIDE" detach rs0)" = "rs0: nothing that Ringside has left" ] || fail "there is more"
	about "the next instance puts it back at its own end"
	ringside_start -i rs0 reflect || return
	{ ringside_end KILL; } 2>/dev/null
	ringside_start -i rs0 reflect || return
	grep -q "^ringside: rs0: put back, as a killed Ringside could not: feature rx-vlan-hw-parse" "$err" || fail "unsaid"
	[ "$(vlan_offload)" = off ] || fail "it is not off"
	ringside_stop
	[ "$(vlan_offload)" = on ] || fail "it is not on again"
	ls "${RUNTIME_DIRECTORY:?}"/*.changed 2>/dev/null && fail "the note is still there"
	is_clean
}

has_snapshot() { [ -s "$(echo ringside-mine-*.json)" ]; }
writes_snapshots() {
	about "SIGUSR1 writes a snapshot"
	rm -f ringside-*.json
	ringside_start -i rs0 reflect --set=ringside.name=mine || return
	peer probes count=3
	becomes "totals.rx_packets == 3"
	kill -USR1 "$pid"
	wait_for 5 has_snapshot || fail "there is no file"
	ringside_stop
	out=$(echo "$dir"/ringside-mine-*.json) records "len(records) == 1" "last.name == 'mine'" \
		"totals.rx_packets == 3" "not last.final"
}

loses_its_reader() {
	about "a reader that goes away ends it quietly, with status 0"
	mkfifo "$dir/pipe"
	head -n 2 "$dir/pipe" >"$dir/head" &
	ip netns exec "$near" "$RINGSIDE" -i rs0 reflect --format json --interval 0.1 >"$dir/pipe" 2>"$err" &
	pid=$!
	started="$started $pid"
	ringside_wait
	[ $status = 0 ] || fail "status $status"
	[ "$(wc -l <"$dir/head")" = 2 ] || fail "$(cat "$dir/head")"
	! grep -qi pipe "$err" || fail "it says so"
	is_clean
	about "SIGINT when the reader has gone before anything was printed: status 0"
	ip netns exec "$near" "$RINGSIDE" -i rs0 reflect --format json --interval 60 >"$dir/pipe" 2>"$err" &
	pid=$!
	started="$started $pid"
	exec 9<"$dir/pipe"
	wait_for 10 has_xdp || fail "it does not start"
	exec 9<&-
	ringside_end INT
	[ $status = 0 ] || fail "status $status"
	is_clean
	about "without standard streams it works in silence"
	in_near "$RINGSIDE" -i rs0 reflect --interval 0.1 --duration 0.3 <&- >&- 2>&-
	[ $? = 0 ] || fail "it fails"
	is_clean
	about "a full disk is an error"
	in_near "$RINGSIDE" -i rs0 reflect --format json --interval 0.1 >/dev/full 2>"$err"
	[ $? = 1 ] && grep -q '^ringside: write to standard output: No space left' "$err" || fail "no message"
	is_clean
}

# What each level shows and counts; PLACE: where frames are judged.
has_levels() {
	local place level samples
	for place in "${places[@]}"; do
		for level in basic detailed debug; do
			about "$place: level $level"
			ringside_start -i rs0 reflect $place --level $level || continue
			peer probes count=640 rate=20000
			ringside_stop
			records "last.stats_level == '$level'" "totals.tx_packets == 640"
			case $level in
			basic)
				records "not {'latency_ns'} & set(service)" \
					"not {'latency_ns', 'busy_percent', 'batches', 'rx_ring', 'sizes'} & set(queues[0])"
				continue ;;
			detailed)
				samples='10 <= latency.count <= 12' # each CPU samples its own frames
				records "service.latency_ns.sampled == '1/64'" "not {'rx_ring', 'sizes'} & set(queues[0])" \
					"{'busy_percent', 'busy_ns', 'batches'} <= set(queues[0])" ;;
			debug)
				samples='latency.count == 640'
				records "service.latency_ns.sampled == '1/1'" "sum(queues[0].sizes) == 640" \
					"{'rx_ring', 'tx_ring', 'fill_ring', 'wakeups', 'empty_polls'} <= set(queues[0])" ;;
			esac
			records "[1 for latency in [service.latency_ns] if $samples]" \
				"service.latency_ns.what" \
				"[1 for l in [service.latency_ns] if 0 < l.min <= l.p50 <= l.p90 <= l.p99 <= l.p999 <= l.max]" \
				"[1 for l in [service.latency_ns] if l.min <= l.mean <= l.max < 20 * 10**9]"
			[ $place = --set=reflect.path=kernel ] || records \
				"[1 for latency in [queues[0].latency_ns] if $samples]" \
				"sum(queues[0].batches) >= 1" "queues[0].busy_ns > 0"
		done
	done
}

# Samples of 1 in 64 and every packet's do not weigh the same.
begins_latencies_anew() {
	local place
	for place in --set=reflect.path=kernel --set=reflect.path=user; do
		about "$place: latencies begin anew when another share of packets is sampled"
		ringside_start -i rs0 reflect $place --level detailed || continue
		peer probes count=6400
		becomes "100 <= service.latency_ns.count <= 102"
		in_near "$RINGSIDE" set stats-level debug >/dev/null || fail "the level cannot be set"
		becomes "service.latency_ns.sampled == '1/1' and service.latency_ns.count == 0"
		peer probes count=100
		ringside_stop
		records "service.latency_ns.count == 100"
		grep -q 'latencies begin anew: 1 packet in 1 from here on' "$err" || fail "it does not say so"
	done
}

serves_two() {
	local first=$near
	about "one instance serves two interfaces in two namespaces"
	ip netns add "$near-b" || return
	net_names="$net_names $near-b"
	ip link add rs1 netns "$near-b" address 02:00:00:00:0b:02 type veth peer name peer1 netns "$far"
	ip -n "$near-b" link set rs1 up
	ip -n "$far" link set peer1 up
	printf '[interface rs0]\nnetns = %s\n[interface rs1]\n netns = %s\nio = af_packet\n[service reflect]\n' \
		"$first" "$near-b" >two.ini
	echo 'interfaces = rs0, rs1' >>two.ini
	start_in "$far" "$RINGSIDE" run -c two.ini --format json --interval 0.1
	wait_for 5 has_spoken
	peer probes count=11
	in_far "${python[@]}" "$srcdir/tests/peer.py" probes peer1 count=13 || fail "rs1 does not answer"
	ringside_stop
	records "[i.queues[0].rx_packets for i in last.interfaces] == [11, 13]" "totals.tx_packets == 24" \
		"service.rx_packets == 24" "[i.path for i in service.interfaces] == ['kernel', 'user']"
}

net_make 1
ends_in_order
five_packets
ends_by_itself
is_killed
lives_beside_others
asks_for_the_dispatcher
switches_offload
leaves_its_offload
writes_snapshots
loses_its_reader
has_levels
begins_latencies_anew
serves_two
finish
