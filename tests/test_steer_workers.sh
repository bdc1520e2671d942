#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# steer's packets into the rings of workers: each key meets one of them, in order, also while slots move.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/steer.sh"

strict
targets=('header = 20' 'length =' 'sequence = 8@12' 'target = worker' 'depth = 65536')

# worker NUMBER [PAUSE-US [hold]]: reads ingest.NUMBER, its words in $dir/worker.NUMBER
worker() {
	local ring=ingest.$1
	"$builddir/tests/steer_worker" ringside "$ring" "$dir/shared" "${@:2}" >"$dir/worker.$1" 2>"$dir/worker.$1.err" &
	workers[$1]=$!
	started="$started $!"
	wait_for 20 grep -q ready "$dir/worker.$1.err" || fail "no worker $1: $(cat "$dir/worker.$1.err" "$err")"
}

workers_start() { # workers_start [PAUSE-US]: two, of which the first one pauses
	rm -f "$dir/shared"
	worker 0 "$@"
	worker 1
	becomes "[row.consumers for row in service.tables.workers] == [1, 1]"
}

worker_end() {
	kill -TERM "${workers[$1]}" 2>/dev/null
	wait_for 30 is_gone "${workers[$1]}" || fail "worker $1 does not end"
	wait "${workers[$1]}"
}

workers_end() {
	becomes 'totals.in_flight_packets == 0'
	kill -TERM "${workers[0]}" "${workers[1]}"
	worker_end 0
	worker_end 1
}

got() { # got WORD: of all workers together
	local file words=''
	for file in "$dir"/worker.[0-9]; do
		words="$words${words:+ + }expected('$file').$1"
	done
	echo "($words)"
}

# What the pair of interfaces itself has dropped, its queue being full, never came, and what the socket had no room for
# is the queue's; a worker that was too late lost what its ring had no place for, and says so.
books() {
	local late='sum(sum(count or 0 for count in queue.drop.values()) for queue in queues)'
	records "$sent.good * 0.98 <= service.delivered_packets + $late" "service.delivered_packets <= $sent.good" \
		"service.delivered_packets == sum(row.redirected for row in service.tables.workers)" \
		"service.delivered_packets == $(got received) + $(got lost)" \
		"$(got received) == sum(row.delivered for row in service.tables.workers)" \
		"$(got lost) == sum(row.lost for row in service.tables.workers)" \
		"$(got junk) == $(got reordered) == $(got doubled) == 0" \
		'service.figures.reordered == service.figures.duplicates == service.figures.restarts == 0' \
		"service.figures.missing <= $sent.good * 0.02 + $late"
}

each_key_at_one_worker() {
	about "half of the packets are junk; each key stays with one worker"
	configure
	ringside_start -c "$dir/steer.ini"
	workers_start
	send $((packets * 2 / 5)) 1000 "$pps" 50
	workers_end
	ringside_stop
	books
	records "$sent.junk * 0.98 <= service.drop.bad_magic <= $sent.junk" \
		"all(row.packets > 0 for row in service.tables.slots)" \
		"expected('$dir/worker.1').split_keys == 0" 'all(row.redirected > 0 for row in service.tables.workers)' \
		"service.rx_packets == service.delivered_packets + sum(service.drop.values())"
}

# The same while slots move all the time: what overtakes would show.
slots_move() {
	local i=0 moved=0 sender
	about "slots move between workers while packets flow; no packet overtakes another one of its key"
	configure
	ringside_start -c "$dir/steer.ini"
	workers_start 300
	send $((packets * 2 / 5)) 1000 $((pps * 4 / 5)) 0 &
	sender=$!
	while kill -0 $sender 2>/dev/null; do
		local from=$((i * 1021 % 3584))
		set_ingest slots.$from-$((from + 511)) $((1 - i % 2)) && moved=$((moved + 1))
		i=$((i + 1))
	done
	wait $sender
	[ $moved -gt 0 ] || fail "slots were moved $moved times only"
	workers_end
	becomes 'service.figures.moving_slots == 0'
	ringside_stop
	books
	records 'sum(row.taken_over for row in service.tables.workers) > 0' \
		'all(row.forced == 0 for row in service.tables.workers)'
}

# Its slots go over all the same; who only waits for packets is not meant.
patience() {
	about "a worker that does not come for a second is given up"
	configure 'weights = 1, 0'
	ringside_start -c "$dir/steer.ini"
	rm -f "$dir/shared"
	worker 0 0 hold
	worker 1
	becomes '[row.consumers for row in service.tables.workers] == [1, 1]'
	send_numbers 5 1
	becomes 'service.tables.workers[0].delivered == 1'
	refuses_to_set ingest.slots.0-4095 1
	set_ingest workers.1 1000 || fail "set a weight"
	set_ingest slots.0-4095 1 || fail "move slots"
	becomes 'service.tables.workers[1].slots == 4096' 'service.figures.moving_slots == 0'
	send_numbers 5 2
	becomes '[row.redirected for row in service.tables.workers] == [1, 1]' '[row.forced for row in service.tables.workers] == [0, 1]'
	worker_end 0
	worker_end 1
	ringside_stop
}

# Who has no reader leaves its packets to the stack; workers come and go by the INI.
attendance() {
	local words
	about "packets of a worker that nobody runs are the stack's; workers come and go"
	configure 'keys = 7:1'
	ringside_start -c "$dir/steer.ini"
	send_numbers 7 1
	becomes 'service.pass_packets == 1' 'service.delivered_packets == 0'
	rm -f "$dir/shared"
	worker 1
	becomes '[row.consumers for row in service.tables.workers] == [0, 1]'
	send_numbers 7 2
	becomes '[row.redirected for row in service.tables.workers] == [0, 1]'
	for words in "ingest.keys.7 2" "ingest.workers.2 1" "ingest.cpus.0 1" "ingest.slots.0 2"; do
		# shellcheck disable=SC2086
		refuses_to_set $words
	done
	sed -i "s/^target = .*/target = worker\nworkers = 3/" "$dir/steer.ini"
	kill -HUP "$pid"
	becomes '[row.slots for row in service.tables.workers] == [1366, 1365, 1365]'
	worker 2
	becomes '[row.consumers for row in service.tables.workers] == [0, 1, 1]'
	set_ingest workers.0 0 || fail "set a weight"
	for key in $(seq 20 60); do
		send_numbers "$key" 1
	done
	becomes 'service.tables.workers[2].redirected > 0' 'sum(row.redirected for row in service.tables.workers) == 42'
	worker_end 1
	worker_end 2
	ringside_stop
	records "$(got received) == sum(row.delivered for row in service.tables.workers)"
}

plain_sockets() {
	about "the same workers are fed by plain sockets, with the same keys"
	configure
	ringside_start -c "$dir/steer.ini" --set rs0.io=udp
	workers_start
	send 20000 1000 20000 50
	workers_end
	ringside_stop
	books
	records "expected('$dir/worker.1').split_keys == 0" 'all(row.redirected > 0 for row in service.tables.workers)'
}

contradictions() {
	about "what cannot be is refused in words"
	configure
	refuses '3 of them for 2 workers' ingest.weights=1,1,1
	refuses 'no worker has a weight' ingest.weights=0,0
	refuses 'not a weight' ingest.weights=1,x
	refuses 'there is no worker 2' ingest.keys=7:2
	refuses 'not a power of two' ingest.depth=1000
	refuses 'takes frames away from the stack' rs0.io=af_packet
}

steer_net
each_key_at_one_worker
slots_move
rm -f "$dir"/worker.*
patience
rm -f "$dir"/worker.*
attendance
rm -f "$dir"/worker.*
plain_sockets
contradictions
finish
