#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The API on the control socket and over TCP: every route, who may do what, and clients that mean no good.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/api.sh"

strict
clients() { in_near "${python[@]}" "$srcdir/tests/clients.py" "$@"; }
holds() { "${python[@]}" -c "import sys; sys.exit(not ($1))" || fail "not so: $1"; }
descriptors() { ls "/proc/$pid/fd" | wc -l; }
memory_kb() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status"; }

reads_everywhere() {
	local by
	for by in local tcp; do
		about "$by: everybody who gets in may read"
		ask $by GET /healthz && says 200 '"status": "ok"'
		ask $by GET /api/v1/snapshot && says 200 '"schema": 1'
		"${python[@]}" -m json.tool "$body" >/dev/null || fail "no JSON"
		ask $by GET /api/v1/config && says 200 "\"listen\": \"$tcp\""
		"${python[@]}" -m json.tool "$body" >/dev/null || fail "no JSON"
		ask $by HEAD /api/v1/snapshot -I && says 200
		about "$by: what isn't there, and the wrong method"
		ask $by GET /api/v1/nothing && says 404 '{"error": "there is no /api/v1/nothing"}'
		ask $by GET /api/v1/services/reflect/nothing && says 404
		ask $by POST /api/v1/snapshot -d x && says 405 'takes GET, HEAD, not POST'
		ask $by DELETE /api/v1/stats-level && says 405 'takes PUT, not DELETE'
		about "$by: what is no request, or too long, is refused in JSON"
		ask $by GET /healthz -H 'Host:' && says 400 '{"error": "an HTTP/1.1 request needs a Host header"}'
		ask $by GET /healthz -H "X: $(printf '%40000s' x)" && says 431 '{"error": "'
		ask $by GET "/$(printf '%040000d' 0)" && says 414 '{"error": "'
		ask $by PUT /api/v1/stats-level -H 'Content-Length: x' -d basic && says 400 && is_empty
		ask $by PUT /api/v1/stats-level -H 'Content-Length: 99999999999999999999' -d basic && says 413 && is_empty
		about "$by: the stream goes on"
		in_near timeout 20 curl -sN $([ $by = tcp ] || echo --unix-socket "$socket") "http://$tcp/api/v1/stream" |
			head -n 3 >"$dir/stream"
		[ "$(grep -c '^data: {"schema": 1' "$dir/stream")" = 2 ] || fail "$(head -c 300 "$dir/stream")"
	done
}

changes_by_right() {
	about "the control socket changes the level, and the log says who did"
	ask local GET /api/v1/access && says 200 '{"changes": "allowed"}'
	ask local PUT /api/v1/stats-level -d detailed && says 200 '{"stats_level": "detailed"}'
	becomes "last.stats_level == 'detailed'"
	grep -q 'statistics level basic -> detailed (pid [0-9]*, uid 0)' "$err" || fail "the log does not say"
	about "who comes by a terminal says so, and nobody writes lines into the log"
	ask local PUT /api/v1/stats-level -d debug -H 'Ringside-User: alice pts/7' && says 200
	grep -q 'detailed -> debug (pid [0-9]*, uid 0, alice pts/7)' "$err" || fail "the log does not say: $(tail -n 1 "$err")"
	ask local PUT /api/v1/stats-level -d detailed -H "Ringside-User: $(printf 'x)\033[31m')" && says 200
	grep -q 'debug -> detailed (pid [0-9]*, uid 0)$' "$err" || fail "it says anything: $(tail -n 1 "$err")"
	about "a service is paused, which is no health, and goes on"
	ask local PUT /api/v1/services/reflect/state -d paused && says 200 '{"state": "paused"}'
	becomes "service.state == 'paused'"
	is_ill() { ask local GET /healthz && [ "$code" = 503 ]; }
	wait_for 20 is_ill && says 503 'service reflect: paused'
	ask local PUT /api/v1/services/reflect/state -d '{"state": "running"}' && says 200
	is_well() { ask local GET /healthz && [ "$code" = 200 ]; }
	wait_for 20 is_well || says 200
	grep -q 'service reflect: paused (pid [0-9]*, uid 0)' "$err" || fail "the log does not say"
	ask local PUT /api/v1/services/web/state -d paused && says 404 "there is no service 'web'"
	about "a level that there isn't, and a body that is too long"
	ask local PUT /api/v1/stats-level -d loud && says 400 "'loud' is not one of basic, detailed, debug"
	ask local PUT /api/v1/stats-level --data-binary "@$RINGSIDE" && says 413
	ask local PUT /api/v1/stats-level -H 'Transfer-Encoding: chunked' --data-binary "@$srcdir/README.md" && says 413
}

changes_nothing_over_tcp() {
	about "without a token file TCP only reads"
	ask tcp GET /api/v1/access && says 200 '{"changes": "refused"}'
	ask tcp PUT /api/v1/stats-level -d debug && says 403 'set token_file in [api]'
	ask tcp PUT /api/v1/stats-level -d debug -H "Authorization: Bearer $token" && says 403
	ask tcp PUT /api/v1/services/reflect/state -d paused && says 403
	records "last.stats_level == 'detailed'"
}

changes_by_token() {
	about "with one, changes over TCP take the token"
	echo $token >"$dir/token"
	chmod 640 "$dir/token"
	api_start --set=api.token_file="$dir/token" || return
	ask tcp GET /api/v1/access && says 200 '{"changes": "token"}'
	for wrong in "Bearer" "Bearer " "Bearer ${token%?}" "Bearer ${token}x" "Bearer ${token%?}x" "Basic $token" "$token"; do
		ask tcp PUT /api/v1/stats-level -d debug -H "Authorization: $wrong" -D "$dir/head" && says 401
		grep -qi '^WWW-Authenticate: Bearer' "$dir/head" || fail "no WWW-Authenticate for '$wrong'"
	done
	ask tcp PUT /api/v1/stats-level -d debug && says 401
	ask tcp PUT /api/v1/stats-level -d detailed -H "Authorization: Bearer $token" && says 200
	becomes "last.stats_level == 'detailed'"
	grep -q 'basic -> detailed (127.0.0.1:[0-9]*)' "$err" || fail "the log does not say who"
	ringside_stop
	[ ! -e "$socket" ] || fail "the socket is left behind"
}

negotiates() { # negotiates ACCEPT TYPE
	ask tcp GET /metrics -H "Accept: $1" -D "$dir/head"
	says 200 'ringside_rx_packets_total'
	grep -qi "^Content-Type: $2" "$dir/head" || fail "'$1' is answered with $(grep -i '^Content-Type' "$dir/head")"
}

serves_both_formats() {
	local open=application/openmetrics-text text=text/plain
	about "metrics come in the format that is asked for"
	negotiates '*/*' "$text; version=0.0.4"
	negotiates '' "$text"
	negotiates "$open; version=1.0.0; charset=utf-8" "$open; version=1.0.0"
	negotiates "$text;q=0.5, $open;version=1.0.0;q=0.9" "$open"
	negotiates "$open;q=0, $text" "$text"
	negotiates "$open;q=0.0" "$text"
	negotiates "$text, x/$open" "$text"
	[ "$(tail -n 1 "$body")" != '# EOF' ] || fail "the older text has an EOF"
}

serves_ipv6() {
	about "IPv6 as well"
	tcp='[::1]:9464' api_start || return
	tcp='[::1]:9464' ask tcp GET /healthz -g && says 200 '"status": "ok"'
	ringside_stop
}

refuses_to_start() {
	local words
	about "what the API can't have ends the run"
	chmod 644 "$dir/token"
	in_near "$RINGSIDE" -i rs0 reflect --format json --set=api.listen=$tcp --set=api.token_file="$dir/token" \
		>/dev/null 2>"$err"
	[ $? = 1 ] && grep -q "^ringside: $dir/token: everybody may read the token: chmod o=" "$err" || fail "readable by all"
	echo short >"$dir/token"
	chmod 600 "$dir/token"
	in_near "$RINGSIDE" -i rs0 reflect --format json --set=api.listen=$tcp --set=api.token_file="$dir/token" \
		>/dev/null 2>"$err"
	[ $? = 1 ] && grep -q 'the first line is no token of 16 to 254 characters' "$err" || fail "a short one"
	in_near "$RINGSIDE" -i rs0 reflect --format json --set=api.listen=192.0.2.99:1 >/dev/null 2>"$err"
	[ $? = 1 ] && grep -q '^ringside: \[api\] listen: Cannot assign' "$err" || fail "an address of nobody's"
	is_clean
}

keeps_off_workers() {
	about "the API's thread is of idle priority, off the workers' CPUs, and has no right but to answer"
	said=$(clients thread "$pid" ringside/api)
	holds "[1 for thread in [$said] if thread['idle'] and thread['capabilities'] == 0 and thread['confined']]"
	cpu=$(sed -n '$s/.*"queue": 0, "cpu": \([0-9]*\).*/\1/p' "$out")
	[ -n "$cpu" ] || fail "the worker is not pinned"
	[ "$(nproc)" = 1 ] || holds "$cpu not in $said['cpus']"
}

is_back() { [ "$(descriptors)" -le "$before" ]; }

bears_crowds() {
	local before address
	before=$(descriptors)
	for address in "$socket" $tcp; do
		about "$address: 1000 clients at once are answered or refused"
		said=$(clients together "$address" 1000)
		echo "$said"
		holds "(lambda r: r.get(200, 0) >= 50 and not r['hanging'] and r.get(200, 0) + r.get('closed', 0) == 1000)($said)"
		about "$address: 10 MB of headers"
		said=$(clients headers "$address" 10)
		holds "$said['status'] in (431, 'closed', 413)"
		ask local GET /healthz && says 200
		ask tcp GET /healthz && says 200
	done
	peer probes count=200
	wait_for 20 is_back || fail "$(descriptors) descriptors, $before before"
}

bears_slow_ones() {
	local before memory slow stuck
	before=$(descriptors)
	memory=$(memory_kb)
	about "clients that send a byte now and then are cut off, and nobody waits for them or for readers that stand still"
	ip netns exec "$near" "${python[@]}" "$srcdir/tests/clients.py" slow $tcp 300 >"$dir/slow" &
	slow=$!
	ip netns exec "$near" "${python[@]}" "$srcdir/tests/clients.py" readers "$socket" 20 >"$dir/readers" &
	stuck=$!
	started="$started $slow $stuck"
	wait_for 20 test -s "$dir/slow" && wait_for 20 test -s "$dir/readers" || fail "they do not start"
	ask local GET /healthz && says 200
	ask local PUT /api/v1/stats-level -d basic && says 200
	peer probes count=50
	wait $slow
	holds "(lambda r: 8 < r['borne_s'] < 30 and not r['alive'])($(tail -n 1 "$dir/slow"))"
	ask tcp GET /healthz && says 200
	kill $stuck
	wait $stuck 2>/dev/null
	wait_for 20 is_back || fail "$(descriptors) descriptors, $before before"
	[ $(($(memory_kb) - memory)) -lt 8192 ] || fail "$(memory_kb) kB, $memory before"
}

shows_what_is_in_force() {
	about "after SIGHUP the configuration is the one in force"
	printf '[interface rs0]\n[service reflect]\ninterfaces = rs0\nmax_pps = 77\n' >this.ini
	start_in "$near" "$RINGSIDE" run -c this.ini --format json --interval 0.1
	wait_for 20 has_spoken
	ask local GET /api/v1/config && says 200 '"max_pps": "77"'
	sed -i 's/77/78/' this.ini
	kill -HUP "$pid"
	is_new() { ask local GET /api/v1/config && grep -q '"max_pps": "78"' "$body"; }
	wait_for 20 is_new || fail "$(cat "$body")"
	echo 'nonsense' >>this.ini
	kill -HUP "$pid"
	wait_for 20 grep -q 'nothing has changed' "$err" || fail "the bad file is not refused"
	is_new || fail "the bad file shows"
	ringside_stop
}

knows_its_group() {
	about "the group ringside may read and change, others may not"
	echo 'ringside:x:4711:' | cat /etc/group - >"$dir/group"
	start_in "$near" sh -c "mount --bind '$dir/group' /etc/group && exec '$RINGSIDE' -i rs0 reflect --format json"
	wait_for 20 has_spoken
	[ "$(stat -c %a:%g "$socket")" = 660:4711 ] || fail "$(stat -c %a:%g "$socket")"
	in_near setpriv --reuid 65534 --regid 65534 --groups 4711 curl -s --unix-socket "$socket" -X PUT -d debug \
		http://x/api/v1/stats-level | grep -q '"debug"' || fail "the group may not"
	grep -q 'basic -> debug (pid [0-9]*, uid 65534)' "$err" || fail "the log does not say who"
	in_near setpriv --reuid 65534 --regid 65534 --clear-groups curl -s --unix-socket "$socket" http://x/healthz
	[ $? = 7 ] || fail "others may"
	ringside_stop
}

net_make 1
ip -n "$near" link set lo up
api_start || finish
reads_everywhere
changes_by_right
changes_nothing_over_tcp
serves_both_formats
keeps_off_workers
bears_crowds
bears_slow_ones
ringside_stop
changes_by_token
refuses_to_start
serves_ipv6
shows_what_is_in_force
knows_its_group
finish
