#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What a client has counted is what snapshot and dashboard say, to the digit: packets and bytes, hits by path, misses by
# reason, handshakes and all the rest, in either flavour; and latencies are within what the client has seen.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/http.sh"
. "$srcdir/tests/tmux.sh"
trap 'tmux_end; http_end' EXIT

rows() { # TABLE KEY COLUMN: a table's rows that are not 0
	echo "{row.$2: row.$3 for row in service.tables.$1 if row.$3}"
}

dashboard() {
	about "$flavour: the dashboard shows the same"
	show "$flavour" "exec ip netns exec $near $RINGSIDE top" || return
	resize 160 60
	want 'BOOK .*in [0-9]+ [+] made 6 = out 54 ' # with what is not the service's
	press 3 Enter
	want 'BOOK .*in 82 [+] made 6 = out 54 '
	want '/110.bin +10( |$)'
	want '/2500.bin +5( |$)'
	want 'unknown_path +3( |$)'
	want 'bad_cookies.* 1( |$)'
	press q
}

http_net
in_far ethtool -K peer0 gro off || exit 99 # segments are counted as they were sent
http_files
nginx_start
ip -n "$near" neigh replace 192.0.2.77 lladdr 02:00:00:00:0a:01 dev rs0
for flavour in tc xdp; do
	about "$flavour: it starts"
	[ $flavour = tc ] || foreign_xdp "$far" peer0 # or what XDP sends would need GRO
	http_start --level detailed || finish
	about "$flavour: what a client has counted"
	root=$root in_far "${python[@]}" "$srcdir/tests/http_count.py" peer0 "$dir/counted" >"$dir/said" 2>&1 || fail "$(cat "$dir/said")"
	counted="expected('$dir/counted')"
	becomes "service.rx_packets == $counted.rx_packets" "service.figures.flows == $counted.figures.flows" # each second
	records "{key: service.figures[key] for key in $counted.figures} == $counted.figures" \
		"$(rows paths path hits) == $counted.paths" "$(rows misses_by_reason reason requests) == $counted.misses" \
		"(service.figures.xdp_hits > 0) == ('$flavour' == 'xdp')" \
		"service.rx_bytes == $counted.rx_bytes" "service.tx_packets == $counted.tx_packets" \
		"service.tx_bytes == totals.tx_bytes == $counted.tx_bytes" "service.made_packets == $counted.made_packets > 5" \
		"0 < service.figures.get_p50_ns <= service.figures.get_p99_ns <= $counted.get_most_ns" \
		"0.98 * $counted.syn_least_ns < service.figures.syn_p50_ns <= service.figures.syn_p99_ns <= $counted.syn_most_ns"
	dashboard
	ringside_stop
done
finish
