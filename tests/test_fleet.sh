#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Two nodes that share nothing but an address, behind a router that spreads flows over both (ECMP), each announced as long
# as it is healthy: what changes cost. The log has the measurements that docs/fleet.md shows.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
command -v curl >/dev/null || skip "curl is not installed"
service=198.51.100.1

node_add() { # node_add: the second node, like the one that net_make made
	second=rs-test-$$-second
	net_names="$net_names $second"
	ip netns add "$second" && ip link add rs0 netns "$second" address 02:00:00:00:0b:03 type veth \
		peer name peer1 netns "$far" address 02:00:00:00:0a:02 || { echo "cannot make the second node"; exit 99; }
	ip -n "$second" addr add 192.0.3.2/24 dev rs0 && ip -n "$second" link set rs0 up &&
		ip -n "$second" neigh add 192.0.3.1 lladdr 02:00:00:00:0a:02 dev rs0 &&
		in_far ethtool -K peer1 tx off >/dev/null && ip -n "$far" link set peer1 up && foreign_xdp "$far" peer1
}

router() { # the machine in front: a way to each node, and the address by both
	ip -n "$far" addr add 192.0.2.1/24 dev peer0 && ip -n "$far" addr add 192.0.3.1/24 dev peer1 &&
		ip -n "$far" neigh add 192.0.2.2 lladdr 02:00:00:00:0b:02 dev peer0 &&
		ip -n "$far" neigh add 192.0.3.2 lladdr 02:00:00:00:0b:03 dev peer1 &&
		in_far sysctl -qw net.ipv4.fib_multipath_hash_policy=1 # ports, too
	# each way stands or goes by itself, as a routing protocol would have it
	cat >route <<-END
		#!/bin/sh
		# route add|remove NODE; way.NODE is there while its way is in the table
		cd $dir && exec 9>route.lock && flock 9 || exit 1
		case \$1 in add) : >want.\$2 ;; *) rm -f want.\$2 ;; esac
		hops=
		[ ! -e want.one ] || hops="\$hops nexthop via 192.0.2.2"
		[ ! -e want.two ] || hops="\$hops nexthop via 192.0.3.2"
		[ -n "\$hops" ] && way="$service/32 \$hops" || way="unreachable $service/32"
		ip -n $far route replace \$way || exit 1
		case \$1 in add) : >way.\$2 ;; *) rm -f way.\$2 ;; esac
	END
	chmod 755 route
}

node_start() { # node_start NAME NAMESPACE: its pid is in node.NAME
	rm -f "$RUNTIME_DIRECTORY/$1.sock"
	ip -n "$2" addr replace $service/32 dev lo
	ip netns exec "$2" "$RINGSIDE" -i rs0 reflect --no-tui --interval 60 --set=ringside.name="$1" >"node.$1.out" 2>&1 </dev/null &
	echo $! >"node.$1"
	started="$started $!"
}

# announcer NAME: the command that starts one, its pid in announce.NAME
announcer() {
	echo "'$srcdir/contrib/fleet/announce' '$RUNTIME_DIRECTORY/$1.sock' 0.1 '$dir/route add $1' '$dir/route remove $1'" \
		">'$dir/announce.$1.err' 2>&1 </dev/null & echo \$! >'$dir/announce.$1'"
}

announcer_start() { # announcer_start NAME
	sh -c "$(announcer "$1")"
	started="$started $(cat "announce.$1")"
}

is_announced() { [ -e "way.$1" ]; }
is_withdrawn() { [ ! -e "way.$1" ]; }

# costs NAME COMMAND EXPRESSION...: measures while the command runs; the expressions are about m, the measurement
costs() {
	local name=$1 command=$2 said
	shift 2
	in_far "${python[@]}" "$srcdir/tests/fleet.py" $service "$command" >"$out" 2>"$err" || { fail "$(cat "$err")"; return; }
	echo "$name: $(cat "$out")"
	said=$("${python[@]}" -c '
import json, sys
m = json.load(open(sys.argv[1]))
for expression in sys.argv[2:]:
    assert eval(expression), expression' "$out" "$@" 2>&1) || fail "$said"
}

# For the commands of costs(), which are other processes.
until_true() { echo "for i in \$(seq 500); do $1 && exit 0; sleep 0.02; done; exit 1"; }

net_make 1
node_add && router || { echo "cannot set up the fleet"; exit 99; }
cd "$dir" || exit 99
node_start one "$near"
node_start two "$second"
announcer_start one
announcer_start two
about "healthy nodes are announced"
wait_for 20 is_announced one && wait_for 20 is_announced two || fail "$(cat node.*.out announce.*.err)"

about "flows spread over both nodes, and each stays where it is"
costs "steady" true "m['lost'] == 0" "m['twice'] == 0" "len(m['before']) == 2" "sum(m['before'].values()) == m['flows']" \
	"m['flows_that_moved'] == 0"

about "a node that is withdrawn before it stops costs nothing, and moves no flow but its own"
costs "withdrawn, then stopped" "kill -TERM $(cat announce.two); $(until_true "[ ! -e $dir/way.two ]")" \
	"m['lost'] == 0" "m['flows_that_moved'] == m['before']['peer1']" "m['after'] == {'peer0': m['flows']}"
kill -TERM "$(cat node.two)"
wait_for 10 is_gone "$(cat node.two)" || fail "the second node does not stop"

about "a node that comes back is announced when it answers, and costs nothing"
node_start two "$second"
costs "back again" "$(announcer two); $(until_true "[ -e $dir/way.two ]")" "m['lost'] == 0" "m['before'] == {'peer0': m['flows']}" \
	"len(m['after']) == 2" "m['flows_that_moved'] == m['after']['peer1']"

started="$started $(cat announce.two)"

about "a node that is killed loses its flows' packets until it is withdrawn, and no other's"
costs "killed" "kill -KILL $(cat node.two); $(until_true "[ ! -e $dir/way.two ]")" \
	"0 < m['lost'] < m['sent'] / 2" "m['flows_that_lost'] <= m['before']['peer1']" "m['lost_for_ms'] < 5000" \
	"m['after'] == {'peer0': m['flows']}" "m['twice'] == 0"

about "a node whose service is gone from its interface withdraws itself"
ip -n "$near" link set rs0 down
wait_for 20 is_withdrawn one || fail "it is still announced"
finish
