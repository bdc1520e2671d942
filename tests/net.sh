# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For tests in network namespaces: two of them, joined by a veth pair. Ringside works on rs0 in $near; peer.py
# sends and looks on from peer0 in $far, where no stack has anything to say.
# Sourced by bash scripts that get $RINGSIDE (the program) and $srcdir from make; they end with `finish`.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1
net_serial=0 net_names='' started='' failed=0 subject='' near='' far=''

skip() {
	echo "skipped: $*"
	exit 77
}

[ -n "${RINGSIDE:-}" ] || { echo "RINGSIDE names no program"; exit 99; }
[ "$(id -u)" = 0 ] || skip "network namespaces need root"
for tool in ip ethtool python3; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
# -S: its own library is enough, and what a machine has beside it can take longer to start than all that a test asks
python=("$(python3 -c 'import sys; print(sys.executable)')" -S) || exit 99
dir=$(mktemp -d /tmp/ringside-test.XXXXXX) || exit 99
chmod 755 "$dir"
cd "$dir" || exit 99
mkfifo .never || exit 99
out=$dir/out err=$dir/err
export RUNTIME_DIRECTORY=$dir/run

net_end() {
	local name
	kill_started KILL
	for name in $net_names; do
		ip netns del "$name" 2>/dev/null
	done
	rm -rf "$dir"
}
trap net_end EXIT
trap 'exit 1' INT TERM HUP

# strict: from here on the program is one that dies of a system call that its thread is not meant to make, and of a frame
# that has another owner than it should
strict() { RINGSIDE=$builddir/tests/ringside_strict; }

# about SENTENCE: what the checks that follow are about
about() {
	subject=$*
	echo "# $subject"
}

fail() {
	echo "FAILED: $subject: $*"
	[ ! -s "$err" ] || tail -n 8 "$err" | sed 's/^/    stderr: /'
	failed=1
}

finish() {
	[ $failed = 0 ] || echo "FAILED: see above"
	exit $failed
}

# wait_for SECONDS COMMAND...: until it succeeds; $patience: so many times as long, where all is slow
wait_for() {
	local end=$((${EPOCHREALTIME/./} + $1 * ${patience:-1} * 1000000))
	shift
	until "$@" 2>/dev/null; do
		[ "${EPOCHREALTIME/./}" -lt $end ] || return 1
		read -rt 0.02 <>"$dir/.never" || : # sleeps without a process
	done
}

in_near() { ip netns exec "$near" "$@"; }
in_far() { ip netns exec "$far" "$@"; }

near_up() { # near_up [INTERFACE]: addresses, and a stack that knows its peer and asks nobody
	local interface=${1:-rs0}
	ip -n "$near" addr replace 192.0.2.2/24 dev "$interface" &&
		ip -n "$near" -6 addr replace 2001:db8::2/64 dev "$interface" nodad &&
		ip -n "$near" link set "$interface" up &&
		ip -n "$near" neigh replace 192.0.2.1 lladdr 02:00:00:00:0a:01 dev "$interface" &&
		ip -n "$near" neigh replace 2001:db8::1 lladdr 02:00:00:00:0a:01 dev "$interface"
}

pair_add() { # pair_add QUEUES [PEER-QUEUES]
	ip link add rs0 netns "$near" address 02:00:00:00:0b:02 numrxqueues "$1" numtxqueues "$1" type veth \
		peer name peer0 netns "$far" address 02:00:00:00:0a:01 numrxqueues "${2:-$1}" numtxqueues "${2:-$1}"
}

# foreign_xdp NETNS INTERFACE [native|generic]: a program that is not Ringside's, as $foreign_pid
foreign_xdp() {
	ip netns exec "$1" "${python[@]}" "$srcdir/tests/xdp.py" "$2" "${3:-native}" >"$dir/foreign" 2>&1 &
	foreign_pid=$!
	started="$started $foreign_pid"
	wait_for 20 has_xdp "$1" "$2" || skip "no XDP program can be attached: $(cat "$dir/foreign")"
}

# What XDP transmits into a veth arrives only where the other end has an XDP program, too.
far_up() {
	in_far ethtool -K peer0 tx off >/dev/null 2>&1
	ip -n "$far" link set peer0 up && foreign_xdp "$far" peer0
}

# kill_started SIGNAL: what still runs
kill_started() {
	local one
	for one in $started; do
		kill "-$1" "$one" 2>/dev/null
		wait "$one"
	done 2>/dev/null
	started=''
}

pair_delete() { ip -n "$near" link del rs0; }
pair_again() { pair_add 1 && near_up && far_up; }

namespaces_add() {
	local name
	kill_started TERM
	for name in $near $far; do
		ip netns del "$name" 2>/dev/null
	done
	net_serial=$((net_serial + 1))
	near=rs-test-$$-near$net_serial far=rs-test-$$-far$net_serial
	net_names="$net_names $near $far"
	ip netns add "$near" && ip netns add "$far" || skip "no network namespaces here"
	for name in all default; do
		in_far sysctl -qw net.ipv6.conf.$name.disable_ipv6=1
		in_near sysctl -qw net.ipv6.conf.$name.accept_ra=0 net.ipv6.conf.$name.accept_dad=0
	done
}

# net_make QUEUES [PEER-QUEUES]: new namespaces with a new pair
net_make() {
	namespaces_add
	pair_add "$@" || skip "no veth pairs here"
	near_up && far_up || { echo "cannot set up rs0"; exit 99; }
}

peer() { # peer COMMAND ARGUMENT=VALUE...
	local command=$1 said
	shift
	said=$(in_far "${python[@]}" "$srcdir/tests/peer.py" "$command" peer0 "$@" 2>&1) && return
	fail "peer: $said"
	return 1
}

records() { # records EXPRESSION...: see records.py
	local said
	said=$("${python[@]}" "$srcdir/tests/records.py" "$out" "$@" 2>&1) && return
	fail "$said"
	return 1
}

# becomes EXPRESSION: within 20 s, in the newest record
shows() { "${python[@]}" "$srcdir/tests/records.py" "$out" "$@" >/dev/null 2>&1; }
becomes() { wait_for 20 shows "$@" || records "$@"; }

is_gone() { ! kill -0 "$1"; }
has_spoken() { [ -s "$out" ] || is_gone "$pid"; }

# start_in NETNS COMMAND...: in the background, as $pid
start_in() {
	local netns=$1
	shift
	: >"$out"
	: >"$err"
	ip netns exec "$netns" "$@" >"$out" 2>"$err" </dev/null &
	pid=$!
	started="$started $pid"
}

# ringside_start ARGUMENT...: and waits for its first record
ringside_start() {
	start_in "$near" "$RINGSIDE" run --format json --interval 0.1 "$@"
	wait_for 20 has_spoken
	[ -s "$out" ] || { fail "does not start: $*"; return 1; }
}

# ringside_end [SIGNAL]: its exit status is $status
ringside_end() {
	kill -"${1:-TERM}" "$pid" 2>/dev/null
	ringside_wait
}

ringside_wait() {
	wait_for 20 is_gone "$pid" || { fail "does not end"; kill -KILL "$pid"; }
	wait "$pid"
	status=$?
	started=${started/ $pid/}
}

# ringside_stop: in order, with a last record
ringside_stop() {
	ringside_end TERM
	[ $status = 0 ] || fail "status $status"
	records 'last.final' 'balanced(records)'
}

# The id of the XDP program on an interface, or nothing
xdp_id() { ip -n "${1:-$near}" -d link show "${2:-rs0}" | sed -n 's/.*prog\/xdp id \([0-9]*\).*/\1/p'; }
has_xdp() { [ -n "$(xdp_id "$@")" ]; }
has_no_xdp() { [ -z "$(xdp_id "$@")" ]; }

# all_cases DIRECT RINGSIDE-ARGUMENT... [-- KEY=VALUE...]: sends each single case and compares answers and counts;
# DIRECT: True when a packet socket receives; KEY: of [service reflect], for both ends
all_cases() {
	local direct=$1 arguments=() keys=()
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		arguments+=("$1")
		shift
	done
	[ $# = 0 ] || shift
	keys=("$@")
	ringside_start -i rs0 reflect "${arguments[@]}" "${keys[@]/#/--set=reflect.}" || return
	peer cases stack=yes expect="$dir/expected" "${keys[@]}"
	ringside_stop
	[ ! -e "$dir/expected" ] || records "counted(last, expected('$dir/expected'), direct=$direct)"
	rm -f "$dir/expected"
	has_no_xdp || fail "an XDP program is left behind"
}

# Where frames can be judged.
places=(--set=reflect.path=kernel --set=reflect.path=user --set=rs0.io=af_packet)

# Nothing is left behind, and the stack has its traffic again.
is_clean() {
	wait_for 10 has_no_xdp || fail "an XDP program is left behind"
	peer ping
}
