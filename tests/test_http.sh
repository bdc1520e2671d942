#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# http answers files in the kernel half as they are, hands all else to nginx on the same connection, and its
# packets are in the books.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/http.sh"

make_variants() {
	gzip -k -9 "$root/style.css"
	cp "$root/style.css.gz" "$root/style.css.br" # any bytes do, if they differ
	printf 'brotli' >>"$root/style.css.br"
	printf 'zstandard' >"$root/style.css.zst"
	touch -r "$root/style.css" "$root"/style.css.*
	chmod 644 "$root"/style.css.*
}

plain() {
	local address
	for address in 192.0.2.2 2001:db8::2; do
		about "$address: every file is what it is, whoever answers"
		clients sizes address=$address
		about "$address: hits and misses on one connection"
		clients mixed address=$address
		about "$address: what is not plainly a hit is nginx's"
		clients odd address=$address direct=8081
	done
	about "304 and encodings"
	clients conditions
}

# Without nginx: the same files, by libmicrohttpd.
own_server() {
	about "fallback = own: the kernel half's misses are answered by a server of our own"
	kill -TERM $nginx_pid
	wait $nginx_pid
	http_start --set http.fallback=own --set "http.headers=Cache-Control: max-age=60 | X-Own: yes"
	clients own
	ringside_stop
}

# All sizes up to the limit and some more: by IPv4, and where both families take the same way by IPv6, too.
every_size() {
	local address
	about "a file of every size, odd or even, is what it is"
	clients make
	http_start || return
	for address in 192.0.2.2 2001:db8::2; do
		[ "$address $flavour" = '2001:db8::2 xdp' ] || clients every address=$address
	done
	ringside_stop
	about "optional_headers = no: what fits into one packet then goes in one"
	http_start --set http.optional_headers=no || return
	for address in 192.0.2.2 2001:db8::2; do
		clients bare address=$address
	done
	ringside_stop
	rm -r "$root/every"
}

fetch() {
	wait_for 20 answers_by "$1" || fail "$1 does not answer"
	clients transfers path=/110.bin count=20 parallel=4 server="$1"
}

# The whole service goes and comes.
comes_and_goes() {
	local both=('[interface rs0]' '[service reflect]' 'interfaces = rs0' '[service http]' 'interfaces = rs0' "root = $root" "flavour = $flavour")
	about "http is taken off by SIGHUP and comes back; the server goes on, and no total goes back"
	printf '%s\n' "${both[@]}" >"$dir/both.ini"
	printf '%s\n' "${both[@]:0:3}" >"$dir/without.ini"
	cp "$dir/both.ini" "$dir/ringside.ini"
	ringside_start -c "$dir/ringside.ini" || return
	becomes "last.services[1].figures.files > 0"
	fetch ringside
	becomes "last.services[1].figures.hits > 0" "totals.tx_packets > 20"
	cp "$dir/without.ini" "$dir/ringside.ini"
	kill -HUP "$pid"
	becomes "len(last.services) == 1"
	fetch nginx
	becomes "totals.tx_packets > 20" "totals.pass_packets > 40"
	cp "$dir/both.ini" "$dir/ringside.ini"
	kill -HUP "$pid"
	becomes "len(last.services) == 2" "last.services[1].figures.files > 0"
	fetch ringside
	becomes "last.services[1].figures.hits > 0"
	ringside_stop
}

http_net
http_files
make_variants
nginx_start
about "it starts"
http_start || finish
plain
about "the books"
ringside_stop
records "interface.io == '$io'" "service.interfaces[0].path == 'kernel'" "service.interfaces[0].why == '$where'" \
	"(service.figures.xdp_hits > 0) == ('$flavour' == 'xdp')" "service.figures.xdp_hits < service.figures.hits" \
	"service.figures.hits > 200" "service.figures.handed_over > 100" "service.figures.hand_over_failed == 0" \
	"totals.tx_packets > 200" "service.rx_packets > 0"
every_size
comes_and_goes
own_server
finish
