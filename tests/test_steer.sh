#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Packets of a framed protocol are told from junk and steered to CPUs by key, from one namespace to another.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/steer.sh"
targets=("cpus = $first, $second" 'cpumap_size = 16384')

each_key_on_one_cpu() {
	about "half of the packets are junk; each key stays on one CPU"
	configure 'header = 20' 'length =' 'sequence = 8@12'
	ringside_start -c "$dir/steer.ini"
	receive cpus 9999 "$packets"
	send "$packets" 1000 "$pps" 50
	sent_all
	received_is split_keys 0 cpus 2 junk 0 reordered 0
	ringside_stop
	# what the pair of interfaces itself has dropped, its queue being full, never came
	records "$sent.junk * 0.98 <= service.drop.bad_magic <= $sent.junk" "service.delivered_packets == $received.received + $received.overflowed" \
		"$sent.good * 0.98 <= service.delivered_packets + service.drop.cpu_ring_full <= $sent.good" \
		"service.rx_packets == service.delivered_packets + sum(service.drop.values())" \
		'service.figures.reordered == service.figures.duplicates == service.figures.restarts == 0' \
		"service.figures.missing <= $sent.good * 0.02" 'not service.drop.truncated and not service.drop.bad_length'
}

# The same while slots move all the time: what overtakes would show.
slots_move() {
	local i=0 moved=0 sender
	about "slots move while packets flow; no packet overtakes another one of its key"
	configure
	ringside_start -c "$dir/steer.ini"
	receive order 9999 "$packets"
	send "$packets" 1000 $((pps * 4 / 5)) 0 &
	sender=$!
	while kill -0 $sender 2>/dev/null; do
		local from=$((i * 1021 % 4096))
		local to=$((from + 512 < 4096 ? from + 512 : 4095))
		# on a machine with other work to do the watcher may be too late to answer; some get through
		set_ingest slots.$from-$to $second && moved=$((moved + 1))
		from=$(((from + 2048) % 3584))
		set_ingest slots.$from-$((from + 511)) $first && moved=$((moved + 1))
		i=$((i + 1))
	done
	wait $sender
	[ $moved -gt 1 ] || fail "slots were moved $moved times only"
	sent_all
	received_is reordered 0 doubled 0 junk 0
	becomes 'service.figures.moving_slots == 0'
	ringside_stop
	records "all(row.taken_over > $((packets / 50000)) for row in service.tables.cpus)" \
		"service.delivered_packets == $received.received + $received.overflowed" \
		"$sent.good * 0.98 <= service.delivered_packets + service.drop.cpu_ring_full <= $sent.good" \
		"service.rx_packets == service.delivered_packets + sum(service.drop.values())"
}

# A weight of 0 takes a CPU's slots away, and a weight of its own brings no more than its share back.
weights() {
	about "weights change while it runs"
	ringside_start -c "$dir/steer.ini"
	becomes "[row.slots for row in service.tables.cpus] == [2048, 2048]"
	set_ingest cpus.$second 0 || fail "set a weight"
	becomes "[row.slots for row in service.tables.cpus] == [4096, 0]" 'service.figures.moving_slots == 0'
	receive cpus 9999 2000
	send 2000 100 20000 0
	sent_all
	received_is cpus 1 junk 0
	set_ingest cpus.$second 3 || fail "set a weight"
	becomes "[row.slots for row in service.tables.cpus] == [1024, 3072]"
	for words in "ingest.slots.4096 $first" "ingest.slots.7 999" "ingest.cpus.999 1" "ingest.cpus.$first 1001" \
		"other.slots.1 $first"; do
		# shellcheck disable=SC2086
		refuses_to_set $words
	done
	sed -i "s/^cpus = .*/cpus = $first/" "$dir/steer.ini"
	kill -HUP "$pid"
	becomes "[row.slots for row in service.tables.cpus] == [4096, 0]"
	ringside_stop
}

proposals() {
	local sender key value
	about "moves are proposed that level the loads, in the words that make them"
	configure
	ringside_start -c "$dir/steer.ini"
	set_ingest slots.0-4095 "$second" || fail "move all slots"
	becomes "[row.slots for row in service.tables.cpus] == [0, 4096]" 'not service.tables.rebalance'
	receive order 9999 1000000
	ip netns exec "$far" "$steer_peer" send 192.0.2.2 9999 1000000 1000 5000 0 >"$dir/sent" 2>"$dir/sender" &
	sender=$!
	started="$started $sender"
	becomes "service.tables.rebalance[0]['from'] == $second" 'service.tables.rebalance[0].from_share == 100' \
		'40 <= service.tables.rebalance[0].to_after <= 60'
	# of the newest whole record with one that levels: the last line may still be written, the one before may be older, and
	# on a busy machine what came in a record's time can be little
	read -r key value < <("${python[@]}" -c 'import json, sys
lines = [line for line in open(sys.argv[1]) if line.endswith("\n")]
print(next(row["set"] for line in reversed(lines) for row in json.loads(line)["services"][0]["tables"]["rebalance"]
           if 40 <= row["to_after"] <= 60))' "$out")
	"$RINGSIDE" set "$key" "$value" 2>>"$err" || fail "set $key $value"
	becomes '0.3 <= service.tables.cpus[0].redirected_per_second / sum(row.redirected_per_second for row in service.tables.cpus) <= 0.7' \
		'not service.tables.rebalance'
	kill $sender
	wait $sender 2>/dev/null
	started=${started/ $sender/}
	sent_all
	received_is reordered 0 junk 0
	ringside_stop
}

# A list of its own stands in for the machine's: the CPU itself stays, for others need it.
a_cpu_goes_offline() {
	local place=$dir/online
	about "a CPU that goes offline loses its slots, and has its share again when it is back"
	configure "keys = 7:$second"
	cp /sys/devices/system/cpu/online "$place"
	start_in "$near" sh -c 'mount --bind "$1" /sys/devices/system/cpu/online && shift && exec "$@"' sh "$place" \
		"$RINGSIDE" run --format json --interval 0.1 -c "$dir/steer.ini"
	becomes '[row.slots for row in service.tables.cpus] == [2048, 2048]'
	receive cpus 9999 2000
	echo "$first" >"$place"
	becomes '[(row.slots, row.online) for row in service.tables.cpus] == [(4096, 1), (0, 0)]' 'service.figures.moving_slots == 0'
	grep -q "CPU $second is offline: 2048 slots move" "$err" || fail "no event of it: $(cat "$err")"
	refuses_to_set ingest.slots.0 $second "is offline"
	send 2000 100 20000 0
	sent_all
	received_is cpus 1 junk 0 reordered 0 missing 0
	cat /sys/devices/system/cpu/online >"$place"
	becomes '[(row.slots, row.online) for row in service.tables.cpus] == [(2048, 1), (2048, 1)]' 'service.figures.moving_slots == 0'
	grep -q "CPU $second is back" "$err" || fail "no event of its return: $(cat "$err")"
	receive cpus 9999 2000
	send 2000 100 20000 0
	sent_all
	received_is cpus 2 split_keys 0 junk 0 reordered 0
	ringside_stop
	records 'service.drop.cpu_ring_full == 0'
}

# A longer queue is another one: packets in it must not overtake those that are still in the old one.
queues_grow() {
	# shellcheck disable=SC2034 # for configure
	local sender says targets=("cpus = $first,$second")
	about "queues get longer while packets flow; no packet overtakes another one of its key"
	configure
	ringside_start -c "$dir/steer.ini"
	receive order 9999 $((pps * 3 / 2))
	send $((pps * 3 / 2)) 1000 $((pps / 2)) 0 &
	sender=$!
	becomes 'all(row.redirected > 1000 for row in service.tables.cpus)'
	configure 'cpumap_size = 4096'
	kill -HUP "$pid"
	for says in "CPU $first has a longer queue" "CPU $second has a longer queue"; do
		wait_for 20 grep -q "$says" "$err" || fail "no '$says': $(cat "$err")"
	done
	becomes '[row.slots for row in service.tables.cpus] == [2048, 2048]' 'service.figures.moving_slots == 0'
	wait $sender
	sent_all
	received_is reordered 0 doubled 0 junk 0
	about "one CPU alone keeps its queue"
	targets=("cpus = $first")
	configure 'cpumap_size = 8192'
	kill -HUP "$pid"
	wait_for 20 grep -q "CPU $first has a longer queue only after a restart" "$err" || fail "not said: $(cat "$err")"
	ringside_stop
}

# Each key's packets are counted by their numbers, whatever became of those of others; a key may have a CPU of its own.
numbers() {
	about "missing, late and doubled packets of a key are counted; a key has its own CPU"
	configure 'header = 20' 'length =' 'sequence = 8@12' "keys = 7:$second, 0x8:$first"
	sed -i "s/^cpus = .*/cpus = $first/" "$dir/steer.ini"
	ringside_start -c "$dir/steer.ini"
	send_numbers 5 1 2 4 3 3 5 9 1000 1 2
	send_numbers 7 1 2 3 3
	becomes '[row.redirected for row in service.tables.cpus] == [10, 4]'
	set_ingest keys.0x7 $first || fail "set a key's CPU"
	becomes 'any(record.services[0].figures.moving_slots == 1 for record in records)' # for a moment
	becomes 'service.figures.moving_slots == 0'
	send_numbers 7 4 5 6
	becomes '[row.redirected for row in service.tables.cpus] == [13, 4]'
	for words in "ingest.keys.9 $first" "ingest.keys.7 $second" 'ingest.keys.f 0'; do
		# shellcheck disable=SC2086
		refuses_to_set $words
	done
	sed -i "s/^keys = .*/keys = 7:$second/" "$dir/steer.ini"
	kill -HUP "$pid"
	wait_for 10 grep -q 'keys: other ones need a restart' "$err" || fail "other keys are taken over"
	ringside_stop
	# 1 of 3 and 4, 3 of 6 to 8, 990 up to 1000; 3 was late, and 1 after 1000 before it was known for a beginning
	records '[service.figures[key] for key in ("missing", "reordered", "duplicates", "restarts")] == [994, 2, 2, 1]' \
		'[(row.key, row.packets, row.duplicates) for row in service.tables.own_keys] == [("7", 7, 1), ("8", 0, 0)]' \
		'[(row.missing, row.restarts) for row in service.tables.worst] == [(994, 1)]' \
		'sum(row.missing for row in service.tables.slots) == 994'
}

# What is not for the service is not touched: another port, replies to its port number, other addresses.
others() {
	about "replies to a local port equal to the service's arrive, and so does ping"
	configure 'addresses = 198.51.100.9'
	ringside_start -c "$dir/steer.ini"
	receive order 9999 500
	send 500 10 10000 100
	sent_all
	received_is received '[1-9].*' reordered 0
	records "$received.junk == $received.received"
	peer ping
	ringside_stop
	records 'service.rx_packets == 0'
}

# The far end: answers what it is asked, and sends something from a port that nobody has asked.
answers='import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
asked, other = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
asked.bind((sys.argv[1], 53))
print("ready", flush=True)
question, client = asked.recvfrom(64)
other.sendto(b"an advertisement", client)
asked.sendto(b"answer to " + question, client)'

replies() {
	local address
	about "with replies = pass a local client gets what its connected socket waits for, on the service's very port"
	configure 'replies = pass'
	in_near sysctl -qw net.ipv4.ip_local_port_range='9999 9999'
	in_far sysctl -qw net.ipv6.conf.peer0.disable_ipv6=0 && ip -n "$far" -6 addr add 2001:db8::1/64 dev peer0 nodad || fail "no IPv6"
	ringside_start -c "$dir/steer.ini"
	for address in 192.0.2.1 2001:db8::1; do
		ip netns exec "$far" "${python[@]}" -c "$answers" $address >"$dir/answers" 2>&1 &
		started="$started $!"
		wait_for 20 grep -q ready "$dir/answers" || fail "$(cat "$dir/answers")"
		in_near timeout $((20 * ${patience:-1})) "${python[@]}" -c 'import socket, sys
client = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
client.connect((sys.argv[1], 53))
client.send(b"question")
assert client.getsockname()[1] == 9999
assert client.recv(64) == b"answer to question"' $address 2>"$dir/asks" || fail "$(cat "$dir/asks" "$dir/answers")"
	done
	ringside_stop
	records 'service.drop.bad_magic == service.spared.bad_magic == 2'
}

# until the receiver has what it waits for: a pair whose program has just gone may lose some
send_keys() {
	local key
	for key in $(seq 20); do
		send_numbers "$key" 1 2 3
	done
	is_gone "$receiver"
}

# Without Ringside: sockets that share a port, by the same slots.
plain_sockets() {
	about "the example program has each key on the worker that the slots say"
	ip netns exec "$near" "$builddir/examples/reuseport" 9999 3 60 >"$dir/workers" 2>"$dir/receiver" &
	receiver=$!
	started="$started $receiver"
	wait_for 10 grep -q ready "$dir/receiver" || fail "the example does not start: $(cat "$dir/receiver")"
	wait_for 20 send_keys || fail "the example has not got all packets"
	grep -q '^misplaced: 0$' "$dir/workers" || fail "$(cat "$dir/workers")"
	! grep -q ': 0 packets$' "$dir/workers" || fail "a worker without a key: $(cat "$dir/workers")"
}

contradictions() {
	about "what cannot be is refused in words"
	configure
	refuses 'are not inside a header' ingest.key=4@10
	refuses 'overlaps' ingest.key=4@2
	refuses '1, 2, 4 or 8 bytes' ingest.key=3@4
	refuses 'sequence overlaps length' ingest.sequence=4@6
	refuses 'KEY:CPU' ingest.keys=7
	refuses 'key 7 twice' ingest.keys=7:0,0x7:1
	refuses 'not 0xHEX@OFFSET' ingest.magic=LAMI@0
	refuses 'packets are steered by one' ingest.key=
	refuses "not a mask of 4 bytes: '0x1ffffffff'" 'ingest.key=4@4&0x1ffffffff'
	refuses "not a mask of 4 bytes: '0'" 'ingest.key=4@4&0'
	refuses 'not BYTES@OFFSET&MASK' 'ingest.key=4@4                9'
	refuses 'no packet has the key 256' 'ingest.key=4@4&0xff' ingest.keys=256:0
	refuses 'CPU 1 twice' ingest.cpus=1,1
	refuses 'no CPU has a weight' ingest.cpus=1:0
	"$RINGSIDE" check -c "$dir/steer.ini" --set rs0.io=af_packet >/dev/null 2>"$dir/refused"
	grep -q 'needs the kernel half' "$dir/refused" || fail "af_packet: $(cat "$dir/refused")"
	in_near "$RINGSIDE" run --no-tui -c "$dir/steer.ini" --set ingest.cpus=4000 >/dev/null 2>"$dir/refused"
	[ $? = 1 ] && grep -q 'CPU 4000 is not online' "$dir/refused" || fail "CPU 4000: $(cat "$dir/refused")"
}

steer_net
each_key_on_one_cpu
slots_move
weights
proposals
a_cpu_goes_offline
queues_grow
numbers
others
replies
plain_sockets
contradictions
finish
