#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# http and the clients that people have: curl, wget, wrk, Chromium; and all of that while SYNs flood it.
# usage: [FLOOD_SECONDS=2] [FLOOD_CPUS=1] test_http_clients.sh
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/http.sh"
url=http://192.0.2.2
flood_seconds=${FLOOD_SECONDS:-2} flood_cpus=${FLOOD_CPUS:-1}
default_sysctls=yes # at both ends

same() { # FILE: what was fetched is the file
	cmp -s "$dir/fetched" "$root/$1" || fail "$1 is another one"
}
# curl_says FORMAT ARGUMENT...
curl_says() {
	local format=$1
	shift
	in_far curl -s -m 20 -o "$dir/fetched" -w "$format" "$@"
}
want() { [ "$1" = "$2" ] || fail "$3: '$1' instead of '$2'"; }

with_curl() {
	local tag
	about "curl: HTTP/1.0 and 1.1, several files on one connection, HEAD"
	want "$(curl_says '%{http_code} %{http_version}' --http1.0 $url/1000.bin)" '200 1.1' 'HTTP/1.0'
	same 1000.bin
	want "$(curl_says '%{http_code}' $url/1001.bin)" 200 'HTTP/1.1'
	same 1001.bin
	# a hit, one that is nginx's, and the first one again
	in_far curl -s -m 20 -w '%{num_connects}\n' -o "$dir/1" $url/110.bin --next -s -w '%{num_connects}\n' -o "$dir/2" $url/200000.bin \
		--next -s -w '%{num_connects}\n' -o "$dir/3" $url/110.bin >"$dir/connects"
	want "$(tr '\n' ' ' <"$dir/connects")" '1 0 0 ' '--next'
	cmp -s "$dir/1" "$root/110.bin" && cmp -s "$dir/2" "$root/200000.bin" && cmp -s "$dir/3" "$root/110.bin" ||
		fail "--next: not the files"
	want "$(in_far curl -sI -m 20 $url/4000.bin | grep -i '^content-length' | tr -d '\r')" 'Content-Length: 4000' '-I'
	about "curl: by time and by tag, parts, POST, long files"
	want "$(curl_says '%{http_code} %{size_download}' -z "$root/1300.bin" $url/1300.bin)" '304 0' '-z with the file'
	want "$(curl_says '%{http_code}' -z '1 Jan 1990' $url/1300.bin)" 200 '-z with an older time'
	same 1300.bin
	tag=$(curl_says '%{http_code}' --etag-save "$dir/tag" $url/1300.bin)
	want "$tag $(curl_says '%{http_code}' --etag-compare "$dir/tag" $url/1300.bin)" '200 304' '--etag-compare'
	want "$(curl_says '%{http_code} %{size_download}' -r 10-19 $url/1300.bin)" '206 10' '-r'
	want "$(curl_says '%{http_code}' -d some=thing $url/1300.bin)" 405 'POST'
	want "$(curl_says '%{http_code}' $url/200000.bin)" 200 '200 KB'
	same 200000.bin
	want "$(curl_says '%{http_code}' -T "$root/200000.bin" $url/upload)" 405 'an upload'
}

with_wget() {
	command -v wget >/dev/null || skip "wget is not installed"
	about "wget: files, a directory, only what is newer"
	mkdir "$dir/wget"
	(cd "$dir/wget" && in_far wget -q -T 20 $url/110.bin $url/4000.bin $url/200000.bin $url/dir/) || fail "status $?"
	for file in 110.bin 4000.bin 200000.bin; do
		cmp -s "$dir/wget/$file" "$root/$file" || fail "$file is another one"
	done
	cmp -s "$dir/wget/index.html" "$root/dir/index.html" || fail "dir/ is not its index.html"
	(cd "$dir/wget" && in_far wget -T 20 -N $url/110.bin) 2>&1 | grep -q '304 Not Modified\|not retrieving' ||
		fail "-N fetches a file again that has not changed"
}

with_wrk() {
	local hits said headers=('X-Nothing: 1' 'Connection: close')
	command -v wrk >/dev/null || skip "wrk is not installed"
	about "wrk: 64 connections, kept and closed; nothing is lost, and each answer is counted"
	[ -z "${http_short:-}" ] || headers=('Connection: close')
	for header in "${headers[@]}"; do
		hits=$(figure hits)
		said=$(in_far wrk -t 2 -c 64 -d 1s --timeout 20s -H "$header" $url/1000.bin 2>&1)
		[[ $said != *'Socket errors'* && $said != *'Non-2xx'* ]] || fail "$header: $said"
		# wrk leaves some connections in the middle of an answer
		wait_for 5 counts_hits $((hits + $(grep -o '[0-9]* requests in' <<<"$said" | grep -o '^[0-9]*'))) ||
			fail "$header: $(figure hits) hits after $hits, and $said"
	done
}
figure() { tail -n 2 "$out" | head -n 1 | grep -o "\"$1\": [0-9]*" | head -n 1 | grep -o '[0-9]*$'; }
counts_hits() { [ "$(figure hits)" -ge "$1" ]; }

with_chromium() {
	command -v chromium >/dev/null || skip "chromium is not installed"
	about "Chromium: a page of 30 objects"
	in_far "${python[@]}" "$srcdir/tests/http_page.py" look $url/page/ >"$dir/page" 2>&1 || fail "$(cat "$dir/page")"
}

resident_kb() { sed -n 's/^VmRSS: *\([0-9]*\).*/\1/p' /proc/$pid/status; }

# No flow, no socket, no memory is spent on them, and one who asks is answered meanwhile.
under_flood() {
	local flooder fetched=0 before flows handshakes
	about "SYNs from everywhere for $flood_seconds s, by $flood_cpus CPUs"
	in_near ethtool -K rs0 gro on >/dev/null # takes what XDP sends
	# they are counted once a second
	wait_for 20 shows 'len({record.services[0].figures.flows for record in records[-13:]}) == 1' || fail "flows come and go"
	handshakes=$(figure handshakes) flows=$(figure flows) before=$(resident_kb)
	ip netns exec "$far" "${python[@]}" "$srcdir/tests/syn_flood.py" peer0 02:00:00:00:0a:01 02:00:00:00:0b:02 192.0.2.2 80 \
		"$flood_seconds" "$flood_cpus" >"$dir/flood" 2>&1 &
	flooder=$!
	started="$started $flooder"
	while kill -0 $flooder 2>/dev/null; do
		want "$(curl_says '%{http_code}' $url/1300.bin)" 200 'beside the flood'
		same 1300.bin
		fetched=$((fetched + 1))
	done
	wait $flooder || fail "$(cat "$dir/flood")"
	echo "# $(cat "$dir/flood"); $fetched files fetched meanwhile"
	[ $fetched -ge 2 ] || fail "only $fetched files came through"
	wait_for 5 has_shaken $((handshakes + 10000)) || fail "$(figure handshakes) handshakes after $handshakes"
	wait_for 5 shows "service.figures.flows <= $flows + $fetched" || fail "flows are kept: $(figure flows) after $flows"
	want "$(in_near ss -Htn state syn-recv | wc -l)" 0 'half-open connections'
	[ $(($(resident_kb) - before)) -lt 1024 ] || fail "memory grows from $before to $(resident_kb) KB"
}
has_shaken() { [ "$(figure handshakes)" -ge "$1" ]; }

http_net 2
http_files
"${python[@]}" "$srcdir/tests/http_page.py" make "$root/page" || exit 99
nginx_start
about "it starts"
http_start || finish
with_curl
with_wget
with_wrk
[ -n "${http_short:-}" ] || with_chromium
under_flood
about "the books"
ringside_stop
finish
