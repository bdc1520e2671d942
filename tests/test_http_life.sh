#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# http while things change: files, sysctls of the client, addresses, its end, an XDP program in front of it; and
# whether every packet that it sends has a right checksum.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/http.sh"

body_is() { [ "$(in_far curl -s --max-time 5 "http://192.0.2.2/$1")" = "$2" ]; }
status_is() { [ "$(in_far curl -s --max-time 5 -o /dev/null -w '%{http_code}' "http://192.0.2.2/$1")" = "$2" ]; }
by_ringside() { in_far curl -s --max-time 5 -o /dev/null -D - "http://192.0.2.2/$1" | grep -q '^Server: ringside'; }

with_sysctls() {
	local set
	for set in tcp_timestamps=0 tcp_sack=0 tcp_window_scaling=0 "tcp_timestamps=0 net.ipv4.tcp_sack=0 net.ipv4.tcp_window_scaling=0" \
		tcp_ecn=1 tcp_mtu_probing=2; do
		about "a client with $set"
		# shellcheck disable=SC2086 # several
		in_far sysctl -qw net.ipv4.$set
		clients mixed
		in_far sysctl -qw net.ipv4.tcp_timestamps=1 net.ipv4.tcp_sack=1 net.ipv4.tcp_window_scaling=1 net.ipv4.tcp_ecn=2 \
			net.ipv4.tcp_mtu_probing=0
	done
	about "a client whose segments are short gets what fits, and the rest from nginx"
	ip -n "$far" route replace 192.0.2.2/32 dev peer0 advmss 900
	answers_by ringside || fail "110 bytes do not fit"
	in_far curl -s -D "$dir/head" -o "$dir/got" http://192.0.2.2/1000.bin
	grep -q '^Server: nginx' "$dir/head" && cmp -s "$dir/got" "$root/1000.bin" || fail "1000 bytes in segments of 900"
	ip -n "$far" route del 192.0.2.2/32 dev peer0
}

changes_files() {
	about "a new file is answered within a second, and a changed one, and one that has gone is nginx's 404"
	echo first >"$root/new.txt"
	wait_for 5 by_ringside new.txt || fail "the new file is nginx's"
	body_is new.txt first || fail "not its text"
	echo second >"$root/new.txt"
	wait_for 1 body_is new.txt second || fail "not the new text within a second"
	wait_for 5 by_ringside new.txt || fail "the changed file stays nginx's"
	body_is new.txt second || fail "not its text"
	chmod 600 "$root/new.txt"
	wait_for 1 status_is new.txt 403 || fail "a file that nobody may read is read"
	chmod 644 "$root/new.txt"
	wait_for 5 by_ringside new.txt || fail "it is not back"
	rm "$root/new.txt"
	wait_for 1 status_is new.txt 404 || fail "it is still there"
	mkdir "$root/more" "$root/more/below" && chmod 755 "$root/more" "$root/more/below"
	echo deep >"$root/more/below/index.html"
	wait_for 5 by_ringside more/below/ || fail "a new directory is nginx's"
	mv "$root/more" "$root/moved"
	wait_for 1 status_is more/below/ 404 || fail "a moved directory is still there"
	wait_for 5 by_ringside moved/below/ || fail "the moved directory is nginx's"
	about "no body is a mixture while a file changes under load"
	printf '000000\n' >"$root/changing.txt"
	clients changes path=/changing.txt log="$dir/nginx-80.log"
}

# tcpdump's two lines of a packet as one; it writes further ones about HTTP
one_line() { awk '/^[0-9][0-9]:/ { print packet; packet = $0; lines = 0; next } !lines++ { packet = packet $0 } END { print packet }'; }

# By tcpdump's own sum, over all packets in both directions, whoever sent them. For that no sum may be left to be finished
# by a device, nor packets be put together before tcpdump sees them; what XDP sends is received by an XDP program then.
has_checksums() {
	local wrong
	about "every packet has a right checksum"
	foreign_xdp "$far" peer0
	in_far ethtool -K peer0 tx off gro off >/dev/null && in_near ethtool -K rs0 tx off >/dev/null || fail "ethtool"
	ip netns exec "$far" tcpdump -i peer0 -w "$dir/all.pcap" -U 'port 80' 2>"$dir/tcpdump" &
	dump_pid=$!
	started="$started $dump_pid"
	wait_for 10 grep -q listening "$dir/tcpdump" || fail "tcpdump: $(cat "$dir/tcpdump")"
	clients sizes
	clients sizes address=2001:db8::2
	clients mixed address=2001:db8::2
	kill -TERM $dump_pid
	wait $dump_pid
	tcpdump -nvv -r "$dir/all.pcap" 2>/dev/null | one_line >"$dir/packets"
	[ "$(grep -c 'IP .*cksum 0x.* (correct)' "$dir/packets")" -gt 500 ] &&
		[ "$(grep -c 'IP6 .*cksum 0x.* (correct)' "$dir/packets")" -gt 500 ] || fail "there are too few packets"
	wrong=$(grep -c 'incorrect\|bad cksum' "$dir/packets")
	[ "$wrong" = 0 ] || fail "$wrong packets are wrong: $(grep -m 1 'incorrect\|bad cksum' "$dir/packets")"
	kill -TERM $foreign_pid
	wait $foreign_pid
	in_far ethtool -K peer0 tx on gro on >/dev/null && in_near ethtool -K rs0 tx on >/dev/null
}

not_for_us() {
	about "an address that is not ours is left alone"
	ip -n "$far" route add 203.0.113.5/32 via 192.0.2.2
	in_far curl -s --max-time 0.4 http://203.0.113.5/110.bin >/dev/null && fail "it is answered"
	ip -n "$near" addr add 203.0.113.5/32 dev rs0
	wait_for 10 answers_by ringside 203.0.113.5 || fail "a new address is not answered"
}

is_stopped() {
	about "its end in the middle of a connection: reset, and the next one is nginx's"
	mkfifo "$dir/hold"
	in_far "${python[@]}" "$srcdir/tests/http_clients.py" hold root="$root" path=/110.bin <"$dir/hold" >"$dir/held" 2>&1 &
	hold_pid=$!
	started="$started $hold_pid"
	exec 7>"$dir/hold"
	wait_for 10 grep -q ringside "$dir/held" || fail "$(cat "$dir/held")"
	ringside_stop
	echo >&7
	exec 7>&-
	wait $hold_pid
	[ "$(tr '\n' ' ' <"$dir/held")" = "ringside reset nginx " ] || fail "$(cat "$dir/held")"
	about "SIGKILL leaves nothing"
	http_start && { ringside_end KILL; } 2>/dev/null # bash tells of it
	wait_for 5 answers_by nginx || fail "nginx does not answer"
}

beside_xdp() {
	about "behind reflect's XDP program the books are one"
	printf '[interface rs0]\n[service reflect]\ninterfaces = rs0\n[service http]\ninterfaces = rs0\nroot = %s\nflavour = %s\n' "$root" "$flavour" >both.ini
	ringside_start -c both.ini && becomes "last.services[1].figures.files > 0" && wait_for 5 answers_by ringside
	clients mixed
	clients sizes
	ringside_stop
	records "interface.io == 'af_xdp'" "last.services[1].tx_packets > 100" "totals.tx_packets == last.services[1].tx_packets" \
		"totals.delivered_packets == last.services[1].delivered_packets > 0"
}

command -v tcpdump >/dev/null || skip "tcpdump is not installed"
http_net
http_files
nginx_start
about "it starts"
http_start || finish
with_sysctls
changes_files
has_checksums
not_for_us
is_stopped
beside_xdp
finish
