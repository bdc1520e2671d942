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

http_net
http_files
make_variants
nginx_start
about "it starts"
http_start || finish
plain
about "the books"
ringside_stop
records "interface.io == 'tc'" "service.interfaces[0].path == 'kernel'" "service.interfaces[0].why == 'TC ingress'" \
	"service.figures.hits > 200" "service.figures.handed_over > 100" "service.figures.hand_over_failed == 0" \
	"totals.tx_packets > 200" "service.rx_packets > 0"
own_server
finish
