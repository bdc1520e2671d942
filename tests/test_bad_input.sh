#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Whatever is wrong at the start is told in one line that helps, with the right status, and leaves nothing behind.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"

# Where somebody else than root may run it.
program=$dir/ringside
install -m 755 "$RINGSIDE" "$program"
nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
vlan_offload() { in_near ethtool -k rs0 | sed -n 's/^rx-vlan-offload: //p'; }

# ends STATUS PATTERN COMMAND...: in $near, with one line that matches, and without a trace
ends() {
	local wanted=$1 pattern=$2
	shift 2
	: >"$out"
	in_near timeout 10 "$@" >"$out" 2>"$err" </dev/null
	status=$?
	[ $status = "$wanted" ] || fail "status $status instead of $wanted: $*"
	[ "$(wc -l <"$err")" = 1 ] || fail "not one line: $*"
	grep -qE "^ringside: $pattern" "$err" || fail "not as wanted (ringside: $pattern): $*"
	[ ! -s "$out" ] || fail "something on standard output: $*"
	has_no_xdp || fail "an XDP program is left behind: $*"
	[ "$(vlan_offload)" = on ] || fail "the VLAN offload stays off: $*"
}

# refuses PATTERN ARGUMENT...: to serve rs0; events of the way there are not asked for
quiet=(-i rs0 reflect --format json --duration 2 --set=ringside.log_level=error)
refuses() {
	local pattern=$1
	shift
	ends 1 "$pattern" "$program" "${quiet[@]}" "$@"
}

wrong_words() {
	about "arguments"
	ends 2 'unknown.* argument --bogus$' "$program" -i rs0 reflect --bogus
	ends 2 'unknown argument -x$' "$program" -x
	ends 2 "-i rs0 reflec: .*did you mean 'reflect'" "$program" -i rs0 reflec
	ends 2 '-i rs0 needs a service: reflect' "$program" -i rs0
	ends 2 '-i needs a value$' "$program" -i
	ends 2 '-c and -i exclude each other$' "$program" -c x -i rs0 reflect
	ends 2 "unexpected word 'more'$" "$program" -i rs0 reflect more
	ends 2 "unknown command 'rnu': did you mean 'run'" "$program" rnu
	ends 2 "--interval: '0' is not a number of seconds from 0.1" "$program" -i rs0 reflect --interval 0
	ends 2 "--interval: 'x'" "$program" -i rs0 reflect --interval x
	ends 2 "--duration: '-1'" "$program" -i rs0 reflect --duration=-1
	ends 2 "--level: 'foo' is not one of basic, detailed, debug$" "$program" -i rs0 reflect --level foo
	ends 2 "--level: 'debgu' .*did you mean 'debug'" "$program" -i rs0 reflect --level debgu
	ends 2 "--format: 'xml' is not one of text, json, csv$" "$program" -i rs0 reflect --format xml
	ends 2 "--set rs0.bogus=1: unknown key 'bogus'" "$program" -i rs0 reflect --set=rs0.bogus=1
	ends 2 '--set rs0.frames=100: .*too few.*4096' "$program" -i rs0 reflect --set=rs0.frames=100
	ends 2 '--set rs0.frames=2048: .*too few.*4096' "$program" -i rs0 reflect --set=rs0.frames=2048
	ends 2 '--set nonsense' "$program" -i rs0 reflect --set=nonsense
	ends 2 '--set reflect.ports=0' "$program" -i rs0 reflect --set=reflect.ports=0
	ends 2 '--set reflect.signatures=ABCDEFGHI@5' "$program" -i rs0 reflect --set=reflect.signatures=ABCDEFGHI@5
}

wrong_files() {
	about "configuration files"
	printf '[interface rs0]\n[service reflect]\ninterfaces = rs0\n' >good.ini
	: >empty.ini
	head -c 100000 /dev/urandom >binary.ini
	yes '; a comment' | head -c 10000000 >large.ini
	cp good.ini secret.ini
	chmod 600 secret.ini
	ends 2 '/nosuch.ini: No such file' "$program" -c /nosuch.ini
	ends 2 "$dir: a directory" "$program" -c "$dir"
	ends 2 'empty.ini: the file is empty$' "$program" -c empty.ini
	ends 2 'binary.ini:[0-9]+: not a text file' "$program" -c binary.ini
	ends 2 'large.ini: too large' "$program" -c large.ini
	ends 2 '/dev/zero: not a regular file' "$program" -c /dev/zero
	ends 2 "$dir/secret.ini: Permission denied$" $nobody "$program" -c "$dir/secret.ini"
	printf '[interface rs0]\n[service reflect]\ninterfaces = rs0\npots = 1\n' >bad.ini
	ends 2 "bad.ini:4: unknown key 'pots' .*did you mean 'ports'" "$program" -c bad.ini
	printf '[service reflect]\ninterfaces = rs0\n' >lacking.ini
	ends 2 'lacking.ini:2: .*no section \[interface rs0\]' "$program" -c lacking.ini
}

wrong_interfaces() {
	about "interfaces that are not there, or not ready"
	ends 1 'rs9: no such interface \(there are: lo, rs0\)$' "$program" -i rs9 reflect --format json
	refuses 'rs0: nosuch: no such network namespace' --set=rs0.netns=nosuch
	refuses 'rs0: /etc/passwd is not a network namespace' --set=rs0.netns=/etc/passwd
	ip -n "$near" link set rs0 down
	refuses 'rs0: the interface is down \(ip link set rs0 up\)$'
	refuses 'rs0: the interface is down \(ip link set rs0 up\)$' --set=rs0.io=af_packet
	near_up
	refuses 'rs0: queue 1: there .*1 queue' --set=rs0.queues=1
	refuses 'rs0: queue 1: there .*1 queue' --set=rs0.queues=0,1 --set=reflect.path=user
	refuses 'rs0: .*[Cc][Pp][Uu] 8191' --set=rs0.cpus=8191 --set=reflect.path=user
	refuses 'rs0: .*zero copy: Operation not supported' --set=rs0.zero_copy=on
}

# runs ARGUMENT...: does not refuse, and answers
runs() {
	start_in "$near" "$@"
	wait_for 5 has_spoken
	[ -s "$out" ] || { fail "does not start: $*"; return; }
	peer probes count=3
	ringside_stop
}

lacks() { # lacks CAPABILITY THOSE-GIVEN ARGUMENT...
	local lacking=$1 given=-all${2:+,$2}
	shift 2
	ends 1 "rs0: .*: Operation not permitted \(needs .*$lacking" $nobody --inh-caps=$given --ambient-caps=$given \
		--bounding-set=$given "$program" "${quiet[@]}" "$@"
}

wrong_permissions() {
	local all='-all,+net_admin,+net_raw,+bpf,+perfmon,+ipc_lock' few='-all,+net_admin,+net_raw,+bpf' caps
	local kernel='-all,+net_admin,+bpf,+perfmon'
	about "without permission: the capability is named"
	ends 1 'rs0: .*Operation not permitted \(needs CAP_' $nobody "$program" "${quiet[@]}"
	lacks CAP_NET_ADMIN +net_raw
	lacks CAP_NET_ADMIN +net_raw,+bpf --set=reflect.path=user
	lacks CAP_NET_RAW +net_admin,+bpf --set=reflect.path=user
	lacks CAP_NET_RAW +net_admin,+bpf,+perfmon
	lacks CAP_BPF +net_admin,+net_raw
	lacks CAP_BPF +net_admin,+net_raw,+ipc_lock --set=reflect.path=user
	lacks CAP_NET_RAW +net_admin --set=rs0.io=af_packet
	lacks CAP_SYS_ADMIN +net_raw --set=rs0.io=af_packet --set=rs0.netns="$near"

	about "with the capabilities it names it runs as nobody"
	runs $nobody --inh-caps=-all,+net_raw --ambient-caps=-all,+net_raw "$program" -i rs0 reflect --format json \
		--interval 0.1 --set=rs0.io=af_packet
	for caps in --set=reflect.path=kernel --set=reflect.path=user; do
		runs $nobody --inh-caps=$all --ambient-caps=$all "$program" -i rs0 reflect --format json --interval 0.1 $caps
		records "interface.io == 'af_xdp'"
	done
	# the kernel half alone needs no socket
	runs $nobody --inh-caps=$kernel --ambient-caps=$kernel --bounding-set=$kernel "$program" -i rs0 reflect \
		--format json --interval 0.1 --set=reflect.path=kernel
	about "without CAP_PERFMON it runs with XDP, or says that it needs it"
	runs_or_names CAP_PERFMON $nobody --inh-caps=$few --ambient-caps=$few "$program" "${quiet[@]}" \
		--set=reflect.path=kernel

	about "over the memlock limit"
	(
		ulimit -l 64
		all=${all/,+ipc_lock/}
		ends 1 'rs0: register 16384 KB .*memlock limit.*CAP_IPC_LOCK' $nobody --inh-caps=$all --ambient-caps=$all \
			"$program" "${quiet[@]}" --set=reflect.path=user --set=rs0.huge_pages=off
		exit $failed
	) || failed=1
}

runs_or_names() { # runs_or_names WORD COMMAND...
	local word=$1
	shift
	in_near timeout 10 "$@" >"$out" 2>"$err" </dev/null
	status=$?
	if [ $status = 0 ]; then
		records "interface.io == 'af_xdp'"
	else
		[ $status = 1 ] && grep -qE "^ringside: rs0: .*$word" "$err" || fail "status $status, $word is not named"
	fi
}

wrong_sizes() {
	local most
	about "an MTU that is too large for the frames"
	ip -n "$far" link set peer0 mtu 3000
	ip -n "$near" link set rs0 mtu 3000
	refuses 'rs0: the MTU of 3000 is too large for frames of 2048 bytes: at most [0-9]+ \(ip link set rs0 mtu' \
		--set=reflect.path=user --set=rs0.frame_size=2048
	most=$(sed -n 's/.*at most \([0-9]*\) .*/\1/p' "$err")
	ip -n "$near" link set rs0 mtu "${most:-1500}"
	runs "$program" -i rs0 reflect --format json --interval 0.1 --set=reflect.path=user --set=rs0.frame_size=2048
	ip -n "$near" link set rs0 mtu 1500

	about "huge pages that are not there"
	if [ "$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages 2>/dev/null || echo 0)" -lt 8192 ]; then
		refuses 'rs0: .*2 MB pages.*nr_hugepages.*: Cannot allocate memory$' --set=rs0.huge_pages=2M \
			--set=rs0.frames=4194304 --set=reflect.path=user
	fi
	if [ "$(cat /sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages 2>/dev/null || echo 0)" = 0 ]; then
		refuses 'rs0: .*1 GB pages.*: Cannot allocate memory$' --set=rs0.huge_pages=1G --set=reflect.path=user
	fi
}

busy_queue() {
	about "a queue that somebody else has"
	ringside_start -i rs0 reflect --set=reflect.path=user || return
	in_near timeout 10 "$program" "${quiet[@]}" --set=reflect.path=user --set=ringside.name=second \
		>"$dir/out2" 2>"$dir/err2" </dev/null
	[ $? = 1 ] && grep -qE '^ringside: rs0: bind queue 0: in use by another AF_XDP socket$' "$dir/err2" ||
		fail "$(cat "$dir/err2")"
	[ "$(wc -l <"$dir/err2")" = 1 ] || fail "not one line: $(cat "$dir/err2")"
	peer probes
	ringside_stop
}

too_few_queues() {
	about "fewer receive queues than the peer's transmit queues: the kernel's words and the cure"
	namespaces_add
	pair_add 1 2 && near_up && ip -n "$far" link set peer0 up || fail "cannot set up rs0"
	refuses 'rs0: .*XDP expects number of rx queues not less than peer tx queues.*ethtool -L' --set=rs0.io=af_xdp \
		--set=rs0.xdp=native
	ringside_start -i rs0 reflect || return
	ringside_stop
	records "interface.xdp == 'generic'" "'not less than peer tx queues' in interface.why"
}

wrong_captures() {
	local capture=(-i capture reflect --format json --set=capture.io=pcap --set=capture.mac=02:00:00:00:0b:02)
	about "capture files"
	ends 1 'capture: open nosuch.pcap: No such file' "$program" "${capture[@]}" --set=capture.read=nosuch.pcap
	ends 1 'capture: .*binary.ini: ' "$program" "${capture[@]}" --set=capture.read=binary.ini
	ends 1 'capture: .*empty.ini: ' "$program" "${capture[@]}" --set=capture.read=empty.ini
	printf '\324\303\262\241\2\0\4\0\0\0\0\0\0\0\0\0\377\377\0\0\161\0\0\0' >cooked.pcap
	ends 1 'capture: cooked.pcap .*link type LINUX_SLL' "$program" "${capture[@]}" --set=capture.read=cooked.pcap
	peer write file="$dir/in.pcap"
	ends 1 'capture: create /nosuch/out.pcap: No such file' "$program" "${capture[@]}" --set=capture.read=in.pcap \
		--set=capture.write=/nosuch/out.pcap
	head -c 5000 in.pcap >cut.pcap
	in_near timeout 5 "$program" "${capture[@]}" --set=capture.read=cut.pcap >"$out" 2>"$err"
	[ $? = 1 ] && grep -q '^ringside: .*cut.pcap' "$err" || fail "a file that was cut is no failure"
	records "last.final" "balanced(records)" "totals.rx_packets > 0"
}

net_make 1
wrong_words
wrong_files
wrong_interfaces
wrong_permissions
busy_queue
wrong_captures
wrong_sizes
too_few_queues
finish
