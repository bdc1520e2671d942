#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# http takes another configuration by SIGHUP while clients keep asking: what can change does, without a connection that
# is lost; what can't is refused by name, and changes nothing.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/http.sh"
other=$dir/other
declare -A keys=()

# reload KEY=VALUE...: of [service http], besides those of before; KEY= takes one away
reload() {
	local pair
	for pair; do
		keys[${pair%%=*}]=${pair#*=}
	done
	write_ini
	says=$(wc -l <"$err")
	kill -HUP "$pid"
	wait_for 20 is_read || fail "$*: not read: $(tail -n 3 "$err")"
}
write_ini() {
	local key
	{
		printf '%s\n' '[interface rs0]' '[service http]' 'interfaces = rs0'
		for key in "${!keys[@]}"; do
			[ -z "${keys[$key]}" ] || echo "$key = ${keys[$key]}"
		done
	} >"$dir/ringside.ini"
}
said() { tail -n "+$((says + 1))" "$err" | grep -q "$1"; }
is_read() { said 'ringside.ini: read again' || said 'not taken over, nothing has changed'; }
takes() {
	reload "$@"
	said 'read again' || fail "$*: refused"
}
# refuses WORDS KEY=VALUE: and goes on with what it had
refuses() {
	local words=$1 key=${2%%=*} before
	before=${keys[$key]:-}
	reload "$2"
	said 'nothing has changed' && said "$words" || fail "$2: not refused: $(tail -n 3 "$err")"
	keys[$key]=$before
}

# answers FILE SERVER [PORT] [ADDRESS]: it is what it is below one of the roots, and who answers
answers() {
	in_far curl -s -m 5 -D "$dir/head" -o "$dir/fetched" "http://${4:-192.0.2.2}:${3:-80}/$1" && grep -q "^Server: $2" "$dir/head" &&
		{ cmp -s "$dir/fetched" "$root/$1" || cmp -s "$dir/fetched" "$other/$1"; }
}
comes() { # as answers
	wait_for 20 answers "$@" || fail "$*: $(head -n 5 "$dir/head")"
}
has() { answers 110.bin ringside && grep -q "$1" "$dir/head"; }
is_bare() {
	in_far curl -s -m 5 -D "$dir/head" -o "$dir/fetched" http://192.0.2.2/110.bin && cmp -s "$dir/fetched" "$other/110.bin" &&
		grep -q 'X-New: 1' "$dir/head" && ! grep -Eq '^(Server|Last-Modified|Accept-Ranges|Connection):' "$dir/head"
}
is_other() { answers "$@" && cmp -s "$dir/fetched" "$other/$1"; }

# traffic KEY=VALUE...: see http_traffic.py
traffic() {
	rm -f "$dir/ask"
	mkfifo "$dir/ask"
	ip netns exec "$far" "${python[@]}" "$srcdir/tests/http_traffic.py" root="$root,$other" "$@" <"$dir/ask" >"$dir/asked" 2>&1 &
	traffic_pid=$!
	started="$started $traffic_pid"
	exec 7>"$dir/ask"
	wait_for 20 grep -q ready "$dir/asked" || fail "$(cat "$dir/asked")"
}
# traffic_ends PATTERN: what it says in the end
traffic_ends() {
	exec 7>&-
	wait $traffic_pid || fail "$(cat "$dir/asked")"
	started=${started/ $traffic_pid/}
	grep -Eq "$1" "$dir/asked" || fail "$(cat "$dir/asked")"
	echo "# $(tail -n 1 "$dir/asked")"
}

loses_nothing() {
	about "addresses, max_segments, root and headers change below connections that go on"
	traffic path=/110.bin,/4000.bin,/9000.bin
	takes addresses=198.51.100.9
	comes 110.bin nginx
	takes addresses=192.0.2.2,2001:db8::2
	comes 110.bin ringside
	takes addresses=2001:db8::2
	comes 110.bin ringside 80 '[2001:db8::2]'
	comes 110.bin nginx
	takes addresses=any
	comes 110.bin ringside
	takes addresses=local
	comes 110.bin ringside
	comes 9000.bin nginx
	takes max_segments=10
	comes 9000.bin ringside
	takes max_segments=2
	comes 4000.bin nginx
	comes 2500.bin ringside
	takes max_segments=1
	comes 2500.bin nginx
	comes 110.bin ringside
	takes max_segments=
	comes 4000.bin ringside
	takes headers='X-New: 1' root="$other"
	wait_for 20 has 'X-New: 1' || fail "no new header: $(cat "$dir/head")"
	takes optional_headers=no
	wait_for 20 is_bare || fail "not bare: $(cat "$dir/head")"
	takes optional_headers=
	comes 9000.bin nginx # whose root is the same
	takes headers= root="$root"
	comes 4000.bin ringside
	traffic_ends ' resets 0 nginx [0-9]+ ringside [0-9]{3,} unsaid [0-9]+$'
}

moves_port() {
	about "another port: there the service is, and clients of the one before come to the server"
	traffic path=/110.bin
	takes port=8081
	comes 110.bin ringside 8081
	comes 110.bin nginx 80
	traffic_ends ' resets [0-4] nginx [0-9]+ ringside [0-9]+$'
	takes port=80
	comes 110.bin ringside
}

pauses() {
	about "while it is paused the server answers all"
	"$RINGSIDE" set http.state pause >"$dir/set" 2>&1 || fail "$(cat "$dir/set")"
	becomes "service.state == 'paused'"
	comes 110.bin nginx
	"$RINGSIDE" set http.state resume >"$dir/set" 2>&1 || fail "$(cat "$dir/set")"
	comes 110.bin ringside
}

refuses_what_cannot_be() {
	about "what can't be is refused by name"
	refuses 'listen on TCP port 80 for fallback = own: Address already in use (a server of yours: fallback = kernel)' fallback=own
	refuses "root $dir/nowhere: No such file" root="$dir/nowhere"
	refuses 'port' port=0
	[ "$flavour" = xdp ] || refuses 'flavour = xdp needs a restart: that rs0 has native XDP is seen only when it is opened for it' flavour=xdp
	answers 110.bin ringside || fail "something has changed"
}

changes_flavour() {
	about "another flavour opens the interface again"
	takes flavour=tc
	becomes "service.interfaces[0].why == 'TC ingress'" "interface.state == 'up'"
	comes 110.bin ringside
	[ "$flavour" != xdp ] || has_no_xdp || fail "there is an XDP program"
	takes flavour=auto
	becomes "interface.state == 'up'"
	comes 110.bin ringside
}

serves_itself() {
	about "fallback = own takes the server's place, and gives it back"
	kill -TERM $nginx_pid
	wait $nginx_pid
	takes fallback=own
	comes 200000.bin ringside
	traffic path=/110.bin,/200000.bin
	takes root="$other" headers='X-New: 1'
	wait_for 20 is_other 200000.bin ringside || fail "its own server has the root of before"
	grep -q '^X-New: 1' "$dir/head" || fail "and its headers"
	takes root="$root" headers=
	traffic_ends ' resets 0 ringside [0-9]{2,}$'
	takes port=8081
	comes 200000.bin ringside 8081
	comes 110.bin ringside 8081
	in_far curl -s -m 5 http://192.0.2.2/110.bin && fail "it listens on the port of before"
	takes fallback=kernel port=80
	nginx_start
	comes 200000.bin nginx
	comes 110.bin ringside
}

http_net
http_files
mkdir "$other" && chmod 755 "$other"
for size in 110 2500 4000 9000 200000; do
	[ -e "$root/$size.bin" ] || head -c $size /dev/urandom >"$root/$size.bin"
	head -c $size /dev/zero >"$other/$size.bin"
done
nginx_start
keys=([root]=$root [flavour]=$flavour)
write_ini
about "it starts"
ringside_start -c "$dir/ringside.ini" && becomes "service.figures.files > 0" || finish
loses_nothing
moves_port
pauses
refuses_what_cannot_be
serves_itself
changes_flavour
about "the books"
ringside_stop
finish
