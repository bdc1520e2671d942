#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Which sources may use the services: exactly those that are denied, or send too much, lose packets, and no others.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"

source_peer=$builddir/tests/source_peer
bad=198.51.100.7 good=192.0.2.1

# configure LINE...: of [access], for a reflector that answers anything
configure() {
	cat >"$dir/access.ini" <<INI
[ringside]
name = access$$
[interface rs0]
[service echo]
type = reflect
interfaces = rs0
ports = 9999
signatures = any
[access]
$(printf '%s\n' "$@")
INI
}

# feed SECONDS SOURCE...: what came of it is in $dir/fed
feed() { in_far "$source_peer" peer0 "$@" >"$dir/fed" 2>"$dir/feeder" || fail "sender: $(cat "$dir/feeder")"; }
fed="expected('$dir/fed')"
# What interfaces and rings lose under load is nobody's fault: exact counts are good to so much.
as_many() { echo "$2 - $fed.lost - (sum(drops.values()) - drops.denied - drops.rate_limited) <= $1 <= $2"; }

denied() { # denied ARGUMENT...: of the place
	about "denied sources are dropped, in the place ${*}"
	configure 'deny = 198.51.100.0/24, 2001:db8:bad::/48'
	ringside_start -c "$dir/access.ini" "$@"
	feed 0.5 $bad@5000 $good@5000 $bad:9998@500
	becomes "any(row.source == '$bad' for row in service.tables.sources)"
	peer ping
	ringside_stop
	records "$fed.back[0] == 0" "$(as_many "$fed.back[1]" "$fed.sent[1]")" \
		"$(as_many service.drop.denied "$fed.sent[0]")" 'not service.drop.rate_limited' \
		"$(as_many service.rx_packets "$fed.sent[0] + $fed.sent[1]")" \
		"service.tables.access[0] == {'prefix': 'deny 198.51.100.0/24', 'packets': service.drop.denied, 'packets_per_second': service.tables.access[0].packets_per_second}" \
		'service.tables.access[1].packets == 0'
}

limited() {
	about "a source that sends too much is limited, and no other, in the place ${*}"
	configure 'source_pps = 1000'
	ringside_start -c "$dir/access.ini" "$@"
	feed 1 $bad@20000 $good@450
	becomes "any(row.source == '$bad' and row.dropped_per_second > 0 for row in service.tables.sources)"
	ringside_stop
	# a tenth of a second's packets are the burst, 64 may pass unseen on each CPU
	records "$(as_many "$fed.back[1]" "$fed.sent[1]")" \
		"$fed.back[0] <= 1000 * $fed.seconds + 100 + 64 * 4" "$fed.back[0] >= 500 * $fed.seconds" \
		"$(as_many service.drop.rate_limited "$fed.sent[0] - $fed.back[0]")" 'not service.drop.denied'
}

allowed() {
	about "who is not allowed is the stack's"
	configure "allow = 192.0.2.0/24, 198.51.100.0/30"
	ringside_start -c "$dir/access.ini"
	feed 0.5 $bad@2000 $good@2000
	ringside_stop
	records "$fed.back[0] == 0" "$(as_many "$fed.back[1]" "$fed.sent[1]")" 'sum(service.drop.values()) == 0' \
		"$(as_many service.pass_packets "$fed.sent[0]")"
}

# Two lists that both deny the source, by different prefixes among many: a moment of neither would answer it.
write_list() { # write_list ODD
	{
		[ "$1" = 1 ] && echo 'deny = 198.51.100.0/24,' || echo "deny = $bad, 198.51.100.128/25,"
		for ((i = 0; i < 10000; i += 2)); do
			printf '  10.%d.%d.0/24, 10.%d.%d.0/24,\n' $((i / 256)) $((i % 256)) $((i / 256)) $((i % 256 + 1))
		done
		echo '  203.0.113.0/24'
	} >"$dir/list$1"
	configure "$(cat "$dir/list$1")"
	mv "$dir/access.ini" "$dir/with$1.ini"
}
reads() { [ "$(grep -c 'read again' "$err")" -ge "$1" ]; }

reloaded() {
	local i feeder
	about "lists of ten thousand are exchanged whole while packets flow"
	write_list 0
	write_list 1
	cp "$dir/with0.ini" "$dir/access.ini"
	ringside_start -c "$dir/access.ini"
	ip netns exec "$far" "$source_peer" peer0 60 $bad@5000 $good@5000 203.0.113.9@1000 >"$dir/fed" 2>"$dir/feeder" &
	feeder=$!
	started="$started $feeder"
	for i in 1 2 3 4 5 6; do
		cp "$dir/with$((i % 2)).ini" "$dir/access.ini"
		kill -HUP "$pid"
		wait_for 10 reads "$i" || fail "is not read again: $(tail -n 1 "$err")"
	done
	kill -TERM $feeder || fail "the packets ended before the lists were changed 6 times"
	wait $feeder || fail "sender: $(cat "$dir/feeder")"
	ringside_stop
	records "$fed.back[0] == 0" "$(as_many "$fed.back[1]" "$fed.sent[1]")" \
		"$(as_many service.drop.denied "$fed.sent[0] + $fed.sent[2]")" \
		"[$(as_many row.packets "$fed.sent[2]") for row in service.tables.access if row.prefix == 'deny 203.0.113.0/24'] == [True]"
}

resident() { awk '/^VmRSS/ { print $2 }' "/proc/$pid/status"; }

forged() {
	local before
	about "forged sources cost no memory, and take nothing from others"
	configure 'source_pps = 1000'
	ringside_start -c "$dir/access.ini"
	feed 0.3 random@100000
	becomes "last.uptime_s > 4" # what statistics cost is known by now, which takes memory
	before=$(resident)
	feed 1 $bad@5000 $good@450 random@100000
	[ $(($(resident) - before)) -lt 2048 ] || fail "memory grew from $before to $(resident) KB"
	ringside_stop
	records "$(as_many "$fed.back[1]" "$fed.sent[1]")" \
		"$fed.back[0] <= 1000 * $fed.seconds + 100 + 64 * 4" "$(as_many "$fed.back[2]" "$fed.sent[2]")"
}

# The same before a service that only the kernel half can do, whose keys are shown as well.
steered() {
	about "steer's sources and keys"
	configure "deny = $bad"
	sed -i 's/^type = reflect/type = steer/; s/^ports = /port = /; /^signatures/d' "$dir/access.ini"
	ringside_start -c "$dir/access.ini"
	feed 0.7 $bad@2000 $good@4000 192.0.2.77@1000
	becomes "[row.key for row in service.tables['keys']] == ['1', '2']" \
		"[row.source for row in service.tables.sources] == ['$good', '$bad', '192.0.2.77']"
	ringside_stop
	records "$(as_many service.drop.denied "$fed.sent[0]")" \
		"$(as_many 'service.delivered_packets + service.drop.cpu_ring_full' "$fed.sent[1] + $fed.sent[2]")"
}

# refuses WORDS LINE...
refuses() {
	local words=$1
	shift
	configure "$@"
	"$RINGSIDE" check -c "$dir/access.ini" >/dev/null 2>"$dir/refused"
	[ $? = 2 ] && grep -qF "$words" "$dir/refused" || fail "$*: $(cat "$dir/refused")"
}

refused() {
	about "a prefix that is none is named with its line"
	refuses "access.ini:10: [access] deny: not an IPv4 or IPv6 prefix: '10.0.0'" 'deny = 10.0.0'
	refuses "access.ini:13: [access] deny: not a prefix: '10.1.1.1/8' has bits behind its length: did you mean 10.0.0.0/8?" \
		'deny = 192.0.2.1,' '  192.0.2.2,' '' '  10.1.1.1/8, 192.0.2.3,' '  192.0.2.4'
	refuses "access.ini:11: [access] allow: 10.0.0.0/8 is in deny, too" 'deny = 10.0.0.0/8' 'allow = 10.0.0.0/8'
	refuses "access.ini:10: unknown key 'denny' in [access]: did you mean 'deny'?" 'denny = 10.0.0.0/8'
}

net_make 1
strict
refused
for place in --set=echo.path=kernel --set=echo.path=user --set=rs0.io=af_packet; do
	denied $place
	limited $place
done
allowed
reloaded
forged
steered
finish
