#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# generate where it cannot work: one clear line, and the status that says whose fault it is. And where the
# kernel has to be asked: addresses are resolved on the subnet and through a gateway.
# shellcheck source=tests/net.sh
. "$(dirname "$0")/net.sh"
echo_program=${builddir:?}/tests/echo

generate() {
	ip netns exec "$near" timeout 60 "$RINGSIDE" generate reflect --format json "$@" >"$out" 2>"$err" </dev/null
	status=$?
}
# refused STATUS PATTERN ARGUMENT...
refused() {
	local wanted=$1 pattern=$2
	shift 2
	generate "$@"
	[ $status = "$wanted" ] || fail "$*: status $status"
	# an offload that is switched off meanwhile is said, too
	[ "$(grep -vc 'VLAN offload' "$err")" = 1 ] || fail "$*: not one line"
	grep -q -- "$pattern" "$err" || fail "$*: does not say '$pattern'"
	[ ! -s "$out" ] || fail "$*: says something on standard output"
}

net_make 1
mac=02:00:00:00:0a:01

about 'usage'
refused 2 'which interface' --to $mac
refused 2 'to whom' -i rs0
refused 2 'out of range: 0' -i rs0 --to $mac --rate 0
refused 2 'not a rate' -i rs0 --to $mac --rate fast
refused 2 'not a number of seconds' -i rs0 --to $mac --duration soon
refused 2 '"\?--size' -i rs0 --to $mac --size 64,,128
refused 2 '--size' -i rs0 --to $mac --size 4000
refused 2 '--signature' -i rs0 --to $mac --signature PROBE
refused 2 '--vlan' -i rs0 --to $mac --vlan 4095
refused 2 '--vlan: priority' -i rs0 --to $mac --vlan 5:8
refused 2 'at most 2 tags' -i rs0 --to $mac --vlan 1,2,3
refused 2 '--dscp' -i rs0 --to $mac --dscp 64
refused 2 '--flows' -i rs0 --to $mac --flows 0
refused 2 '--engine' -i rs0 --to $mac --engine steam
refused 2 '--port' -i rs0 --to $mac --port 0
refused 2 '--deadline' -i rs0 --to $mac --deadline 3 --wait 2
refused 2 '--interval' -i rs0 --to $mac --interval 0
refused 2 'unknown' -i rs0 --to $mac --no-such-thing
ip netns exec "$near" "$RINGSIDE" generate deliver -i rs0 --to $mac 2>"$err"
[ $? = 2 ] && grep -q "only for reflect" "$err" || fail 'another service'

about 'the machine'
refused 1 'no such interface (there are: lo, rs0)' -i rs9 --to $mac
refused 1 'no such network namespace' -i rs0 --netns rs-test-no-such --to $mac
refused 1 'not the address of one interface' -i rs0 --to ff:ff:ff:ff:ff:ff
refused 1 'no MAC address and no IP address' -i rs0 --to 192.0.2
refused 1 'of two families' -i rs0 --to 192.0.2.1 --from 2001:db8::2
refused 1 'is an IPv4 address' -i rs0 --to 192.0.2.1 --ipv6
refused 1 'an address of this machine' -i rs0 --to 192.0.2.2
refused 1 'not an address of one host' -i rs0 --to 224.0.0.1
refused 1 'at most 1518' -i rs0 --to $mac --size 1519
refused 1 'at least 84' -i rs0 --to $mac --size 83 --ipv6
refused 1 '192.0.2.77 does not answer ARP' -i rs0 --to 192.0.2.77
refused 1 '2001:db8::77 does not answer neighbour' -i rs0 --to 2001:db8::77
for engine in paced flood; do
	refused 1 'no answer from 198.18.0.2 (02:00:00:00:0a:01) within 0.5 s' -i rs0 --to $mac --patience 0.5 \
		--engine $engine
done
has_no_xdp || fail 'an XDP program is left behind'

about 'without asking first, nothing coming back is a failure all the same, with a report'
generate -i rs0 --to $mac --patience 0 --duration 0.2 --wait 0.2 --rate 1kpps
[ $status = 1 ] && grep -q 'no answer' "$err" || fail "status $status"
grep -q '"final": true.*"received": 0' "$out" || fail 'no report'

about 'without permission'
for arguments in "--engine paced" "--engine flood" "--io af_packet"; do
	# shellcheck disable=SC2086 # words
	ip netns exec "$near" setpriv --bounding-set -net_raw,-net_admin,-bpf,-perfmon,-sys_admin "$RINGSIDE" \
		generate reflect -i rs0 --to $mac $arguments >"$out" 2>"$err"
	[ $? = 1 ] || fail "$arguments: not status 1"
	[ "$(grep -vc 'VLAN offload' "$err")" = 1 ] && grep -q 'needs CAP_' "$err" || fail "$arguments: names no capability"
done

about 'frames too large for a flood'
kill_started TERM # with an XDP program the far end would refuse the MTU
wait_for 5 has_no_xdp "$far" peer0
ip -n "$near" link set rs0 mtu 3700 && ip -n "$far" link set peer0 mtu 3700
refused 1 'a flood takes frames of at most 3300' -i rs0 --to $mac --engine flood --size 3400
ip -n "$near" link set rs0 mtu 1500 && ip -n "$far" link set peer0 mtu 1500

about 'a link that is down'
ip -n "$near" link set rs0 down
refused 1 'rs0: the link is down' -i rs0 --to $mac
near_up || fail 'rs0 does not come up'

about 'an interface that vanishes'
ip netns exec "$far" "$echo_program" peer0 3842 DATA:OT >"$dir/echo" &
started="$started $!"
start_in "$near" "$RINGSIDE" generate reflect -i rs0 --to $mac --format json --interval 0.1 --duration 0
wait_for 20 has_spoken
[ -s "$out" ] || fail 'nothing is sent'
pair_delete
ringside_wait
[ $status = 1 ] || fail "status $status"
grep -q 'rs0: the interface is gone' "$err" || fail 'does not say so'

about 'addresses are resolved by the kernel'
kill_started TERM
pair_again
ip -n "$near" neigh flush all
ip -n "$far" addr add 192.0.2.1/24 dev peer0
in_far sysctl -qw net.ipv6.conf.peer0.disable_ipv6=0 net.ipv6.conf.peer0.accept_dad=0
ip -n "$far" -6 addr add 2001:db8::1/64 dev peer0 nodad
ip -n "$near" route add 203.0.113.0/24 via 192.0.2.1
ip -n "$near" -6 route add 2001:db8:1::/48 via 2001:db8::1
ip netns exec "$far" "$echo_program" peer0 3842 DATA:OT >"$dir/echo" &
started="$started $!"
for address in 192.0.2.1 2001:db8::1 203.0.113.9 2001:db8:1::9; do
	ip -n "$near" neigh flush dev rs0
	generate -i rs0 --to $address --rate 1kpps --duration 0.1
	[ $status = 0 ] || fail "$address: status $status"
	grep -q '"final": true.*"lost": 0' "$out" || fail "$address: no answers"
done

finish
