#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every route of the API, on both listeners: by its method and by all others, with the right token, a wrong one and none,
# with a value that is none, and with a body that is too long, announced or not.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/api.sh"
strict

# What a route answers to a right request by the control socket, and which value that sets
rows='GET /healthz 200
GET /metrics 200
GET /api/v1/snapshot 200
GET /api/v1/stream 200
GET /api/v1/config 200
GET /api/v1/access 200
GET /api/v1/reasons 200
PUT /api/v1/stats-level 200 detailed
PUT /api/v1/services/main/state 200 running
PUT /api/v1/services/ingest/slots/0 200 0
PUT /api/v1/services/ingest/cpus/0 200 2
PUT /api/v1/services/ingest/workers/0 404 1
PUT /api/v1/services/ingest/keys/7 400 0'
printf '%02000d' 0 >long

head_has() { tr -d '\r' <"$dir/head" | grep -qix "$1" || fail "no '$1': $(cat "$dir/head")"; }

# others LISTENER PATH ALLOWED...: what is not allowed there is refused, and says what is
others() {
	local by=$1 path=$2 method
	shift 2
	for method in GET PUT POST DELETE; do
		[[ " $* " != *" $method "* ]] || continue
		ask $by $method "$path" -D "$dir/head" && says 405
		head_has "Allow: $(sed 's/ /, /g' <<<"$*")"
	done
}

reads() { # reads LISTENER PATH STATUS
	local stop=()
	[[ $2 != */stream ]] || stop=(-N -m 0.5)
	ask "$1" GET "$2" "${stop[@]}" && says "$3"
	[ "${#stop[@]}" != 0 ] || { ask "$1" HEAD "$2" -I && says "$3"; }
	ask "$1" GET "$2" --data-binary @long && says 413
	others "$1" "$2" GET HEAD
}

changes() { # changes LISTENER PATH STATUS VALUE
	local right=()
	if [ "$1" = tcp ]; then
		right=(-H "Authorization: Bearer $token")
		ask tcp PUT "$2" -d "$4" && says 401
		ask tcp PUT "$2" -d "$4" -H "Authorization: Bearer ${token}x" && says 401
		ask tcp PUT "$2" --data-binary @long && says 401
	fi
	ask "$1" PUT "$2" "${right[@]}" -d "$4" && says "$3"
	ask "$1" PUT "$2" "${right[@]}" -d '"two words"' && says 400
	ask "$1" PUT "$2" "${right[@]}" --data-binary @long && says 413
	ask "$1" PUT "$2" "${right[@]}" -H 'Transfer-Encoding: chunked' --data-binary @long && says 413
	others "$1" "$2" PUT
}

every_route() { # every_route LISTENER
	local method path wanted value
	about "$1: every route"
	while read -r method path wanted value; do
		case $method in
		GET) reads "$1" "$path" "$wanted" ;;
		PUT) changes "$1" "$path" "$wanted" "$value" ;;
		esac
	done <<<"$rows"
	about "$1: every file of the page"
	reads "$1" / 200
	for path in $(sed -n 's/^\tX("\(\/[^"]*\)".*/\1/p' "$srcdir/src/control/web.c"); do
		ask "$1" GET "$path" && says 200
	done
}

hands_over() {
	about "what hands descriptors over does so on the control socket, to those who ask for it"
	local path
	for path in /api/v1/rings/shreds /api/v1/taps/shreds; do
		ask local GET $path && says 426
		ask local GET $path -H 'Connection: Upgrade' -H 'Upgrade: websocket' && says 426
		ask local PUT $path -d x && says 404
		ask tcp GET $path -H 'Connection: Upgrade' -H 'Upgrade: ringside-ring/1' && says 403
	done
}

about "the table has every route of the program"
[ "$(sed -n 's/^\t{ "\(GET\|PUT\)", "\([^"]*\)".*/\1 \2/p' "$srcdir/src/control/routes.c")" = \
	"$(cut -d ' ' -f 1,2 <<<"$rows" | sed 's,services/[a-z]*,services/*,; s,/[0-9]$,/*,')" ] || fail "it has others"

net_make 1
ip -n "$near" link set lo up
echo $token >token
chmod 600 token
cat >routes.ini <<INI
[api]
listen = $tcp
token_file = $dir/token
[interface rs0]
[service main]
type = reflect
interfaces = rs0
[service ingest]
type = steer
interfaces = rs0
port = 9000
INI
ringside_start -c routes.ini || finish
for listener in local tcp; do
	every_route $listener
done
hands_over
peer probes
ringside_stop
finish
