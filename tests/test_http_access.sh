#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# [access] before http: who is denied or sends too much gets nothing, of http as of the server behind it, and is counted
# packet for packet; all others lose nothing, while the lists change, too.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/http.sh"
good=192.0.2.1 bad=192.0.2.77 good6=2001:db8::1 bad6=2001:db8::77

# configure LINE...: of [access]
configure() {
	printf '%s\n' '[interface rs0]' '[service http]' 'interfaces = rs0' "root = $root" "flavour = $flavour" '[access]' "$@" \
		>"$dir/next.ini"
	mv "$dir/next.ini" "$dir/access.ini"
}
start() {
	configure "$@"
	ringside_start -c "$dir/access.ini" && becomes "service.figures.files > 0"
}
is_read() { [ "$(grep -c 'read again' "$err")" -gt "$reads" ]; }
takes() { # takes LINE...: by SIGHUP
	reads=$(grep -c 'read again' "$err")
	configure "$@"
	kill -HUP "$pid"
	wait_for 20 is_read || fail "$*: not read: $(tail -n 3 "$err")"
}

# Each packet that the service saw is in one row of a prefix, if the lists hold all sources.
hits='sum(row.packets for row in service.tables.access)'
allowed_hits="sum(row.packets for row in service.tables.access if row.prefix.startswith('allow'))"

fetches() { in_far curl -s -m "${2:-5}" --interface "$1" -o "$dir/fetched" -D "$dir/head" "http://$3/110.bin"; }

# Segments that the far end's stack has sent, those that it has sent again too (tcp(7), RFC 4022)
segments_sent() { in_far awk '/^Tcp: [0-9]/ { print $12 + $13 }' /proc/net/snmp; }

# has_bad add|del [nodad]: the far end's stack has the bad addresses
has_bad() {
	ip -n "$far" addr "$1" $bad/24 dev peer0 && ip -n "$far" addr "$1" $bad6/64 dev peer0 ${2:-} || fail "addr $*"
}

# A connection that the server has, of the bad source's, which asks once more when it is told to by descriptor 7.
hold() {
	rm -f "$dir/more"
	mkfifo "$dir/more"
	ip netns exec "$far" "${python[@]}" -c '
import socket, struct, sys
one = socket.create_connection(("192.0.2.2", 80), 5, (sys.argv[1], 0))
one.sendall(b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
print(one.recv(4096).split()[1].decode(), flush=True)
sys.stdin.readline()
one.sendall(b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
one.settimeout(0.7)
try:
    print(one.recv(4096))
except TimeoutError:
    print("nothing")
one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
' $bad <"$dir/more" >"$dir/held" 2>&1 &
	holder=$!
	started="$started $holder"
	exec 7>"$dir/more"
	wait_for 20 grep -q . "$dir/held"
}

denied() {
	local before after
	about "who is denied gets nothing, on a connection that the server has neither, and is counted packet for packet"
	start 'allow = 192.0.2.0/24, 2001:db8::/64'
	has_bad add nodad
	hold
	takes 'allow = 192.0.2.0/24, 2001:db8::/64' "deny = $bad, $bad6"
	before=$(segments_sent)
	echo >&7
	exec 7>&-
	wait $holder
	[ "$(tr '\n' ' ' <"$dir/held")" = "404 nothing " ] || fail "$(cat "$dir/held")"
	fetches $bad 1.2 192.0.2.2 && fail "it is answered"
	fetches $bad6 1.2 '[2001:db8::2]' && fail "it is answered by IPv6"
	after=$(segments_sent)
	# of the connection a request, again, and a reset; of each other SYN, and again
	becomes "service.drop.denied == $after - $before >= 6"
	in_far curl -s -m 5 --interface $bad -o /dev/null http://192.0.2.2:8081/110.bin || fail "another port does not answer"
	fetches $good 5 192.0.2.2 && fetches $good6 5 '[2001:db8::2]' || fail "others get nothing"
	has_bad del
	clients mixed
	clients mixed address=2001:db8::2
	ringside_stop
	records "service.drop.denied == $after - $before" "$hits == service.rx_packets" \
		"service.figures.hits > 10" "service.figures.handed_over > 1" "service.figures.server_packets > 1"
}

# sends SOURCE PPS COUNT [LIMIT]: strange segments; then $sent, $back, $seconds, $fair
sends() {
	local said
	said=$(in_far "${python[@]}" "$srcdir/tests/http_source.py" peer0 "$@" 2>&1 </dev/zero) || fail "$said"
	read -r _ sent _ back _ seconds _ fair <<<"$said"
}

# Were XDP and TC both to charge for it, half of what is fair. More pass before anybody looks: 32, and 50 in a second
# that a sender has to wait.
is_limited() {
	records "0.8 * $fair <= $back <= $fair + 64 + 50 * $seconds"
}

limited() {
	local all
	about "a source is limited to its rate, by IPv6 too, each packet charged once"
	start 'source_pps = 100' "allow = 192.0.2.0/24, 2001:db8::/64"
	sends $bad 1000 1000 100
	is_limited
	becomes "$sent == $back + service.drop.rate_limited == $hits" \
		"any(row.source == '$bad' and row.dropped_per_second > 0 for row in service.tables.sources)"
	all=$back
	sends $bad6 1000 1000 100
	is_limited
	ringside_stop
	records "2 * $sent == $all + $back + service.drop.rate_limited == $hits"
}

# Two lists of ten thousand prefixes that both deny the bad source, by different ones of them.
make_lists() {
	local odd
	for odd in 0 1; do
		{
			[ $odd = 1 ] && echo "deny = 192.0.2.76/30," || echo "deny = $bad, 2001:db8:1::/48,"
			for ((i = 0; i < 10000; i += 4)); do
				printf '  10.%d.%d.0/24, 10.%d.%d.0/24, 10.%d.%d.0/24, 10.%d.%d.0/24,\n' \
					$((i / 256)) $((i % 256)) $((i / 256)) $((i % 256 + 1)) $((i / 256)) $((i % 256 + 2)) \
					$((i / 256)) $((i % 256 + 3))
			done
			echo '  203.0.113.0/24'
			echo 'allow = 192.0.2.0/24, 2001:db8::/64'
		} >"$dir/list$odd"
	done
}

reloaded() {
	local i source all
	about "lists of ten thousand are exchanged whole while connections go on"
	make_lists
	start "$(cat "$dir/list0")"
	rm -f "$dir/ask" "$dir/send"
	mkfifo "$dir/ask" "$dir/send"
	ip netns exec "$far" "${python[@]}" "$srcdir/tests/http_traffic.py" root="$root" path=/110.bin,/20001.bin <"$dir/ask" >"$dir/asked" 2>&1 &
	traffic_pid=$!
	ip netns exec "$far" "${python[@]}" "$srcdir/tests/http_source.py" peer0 $bad 1000 1000000 <"$dir/send" >"$dir/source" 2>&1 &
	source=$!
	started="$started $traffic_pid $source"
	exec 7>"$dir/ask" 8>"$dir/send"
	wait_for 20 grep -q ready "$dir/asked" || fail "$(cat "$dir/asked")"
	for i in 1 0 1; do
		takes "$(cat "$dir/list$i")"
	done
	exec 7>&- 8>&-
	wait $traffic_pid || fail "$(cat "$dir/asked")"
	wait $source || fail "$(cat "$dir/source")"
	grep -Eq ' resets 0 nginx [0-9]+ ringside [0-9]{3,}$' "$dir/asked" || fail "$(cat "$dir/asked")"
	read -r _ sent _ back _ <"$dir/source"
	[ "$back" = 0 ] || fail "$back of $sent came through"
	becomes "service.drop.denied == $sent" "$allowed_hits == service.rx_packets - $sent"
	all=$sent
	about "and taken away, and brought back"
	takes
	sends $bad 1000 100
	[ "$back" = 100 ] || fail "$back of 100 are answered without [access]"
	becomes "service.drop.denied > 0" "'access' not in service.tables"
	answers_by ringside || fail "nobody answers without [access]"
	takes "deny = $bad"
	sends $bad 1000 100
	[ "$back" = 0 ] || fail "$back of 100 came through"
	answers_by ringside || fail "nobody answers"
	about "who is not allowed is the server's"
	takes "allow = $bad, $bad6"
	answers_by nginx || fail "it is answered"
	answers_by nginx '[2001:db8::2]' || fail "it is answered by IPv6"
	ringside_stop
	records "service.drop.denied == $all + 100"
}

http_net
http_files
nginx_start
# of these the far end has no stack
for client in $bad $bad6; do
	ip -n "$near" neigh replace $client lladdr 02:00:00:00:0a:01 dev rs0
done
denied
limited
reloaded
finish
