#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `doctor`: what it finds is what is there, what it changes is gone again, and what it may not look at is unknown.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"

program=$dir/ringside
install -m 755 "$RINGSIDE" "$program"
nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'

# examine STATUS COMMAND...: in $near; the JSON goes to $out
examine() {
	local wanted=$1
	shift
	in_near "$@" --format json >"$out" 2>"$err" </dev/null
	status=$?
	[ $status = "$wanted" ] || fail "status $status instead of $wanted: $*: $(cat "$out")"
}

# finds EXPRESSION...: over check(NAME [, SCOPE]), each a dict as the JSON has it
finds() {
	local said
	said=$("${python[@]}" - "$out" "$@" 2>&1 <<-'END'
		import json, sys
		text = open(sys.argv[1]).read()
		assert text.count("\n") == 1, "more than one line"
		report = json.loads(text)
		def check(name, scope=None):
		    found = [c for c in report["checks"] if c["name"] == name and scope in (None, c["scope"])]
		    assert len(found) == 1, (name, len(found))
		    return found[0]
		for c in report["checks"]:
		    assert set(c) == {"state", "scope", "name", "value", "why", "mend", "undo"}, c
		    assert c["state"] in ("ok", "unknown", "warn", "fail") and c["value"] and c["why"], c
		    assert not c["undo"] or c["mend"], c
		assert report["good"] == all(c["state"] != "fail" for c in report["checks"])
		for expression in sys.argv[2:]:
		    assert eval(expression), expression + ": " + text
	END
	) && return
	fail "$said"
}

good_machine() {
	about "a pair that is ready"
	examine 0 "$program" doctor rs0
	finds "check('cpumap')['state'] == 'ok'" "check('tcx')['state'] == 'ok'" "check('ntuple')['state'] == 'unknown'" \
		"all(c['state'] == 'ok' and 'bpf_sk_assign_tcp_reqsk' in c['value'] for c in report['checks'] if c['name'] == 'handover')"
	finds "report['good']" "check('program')['state'] == 'ok'" "check('bpf_link')['state'] == 'ok'" \
		"check('af_xdp')['state'] == 'ok'" "check('redirect')['state'] == 'ok'" \
		"check('capabilities')['state'] == 'ok'" "check('link')['value'] == 'up, with carrier'" \
		"check('native')['value'] == 'attached, and taken off again'" "check('xdp_free')['state'] == 'ok'" \
		"check('mtu')['value'] == '1500'" "check('queues')['value'] == '1 to receive, 1 to send'" \
		"check('driver')['value'].startswith('veth')"
	has_no_xdp || fail "a program is left behind"
	peer ping

	about "text says the same"
	in_near "$program" doctor rs0 >"$out" 2>"$err" || fail "status $?"
	grep -q '^  ok       native ' "$out" || fail "$(cat "$out")"
	grep -q ', 0 stop Ringside$' "$out" || fail "$(tail -n 1 "$out")"

	about "--passive touches nothing"
	examine 0 "$program" doctor rs0 --passive
	finds "check('native')['state'] == 'unknown'" "'--passive' in check('zero_copy')['value']"

	about "without an interface it looks at the machine alone"
	examine 0 "$program" doctor
	finds "{c['scope'] for c in report['checks']} == {'machine'}"
}

mending() {
	about "a link that is down stops it, until somebody sets it up"
	ip -n "$near" link set rs0 down
	examine 1 "$program" doctor rs0
	finds "check('link')['state'] == 'fail'" "check('link')['mend'] == 'ip link set dev rs0 up'" \
		"check('link')['undo'] == 'ip link set dev rs0 down'" "not report['good']"
	ip -n "$near" link show rs0 | grep -q "state DOWN" || fail "it was set up without --fix"
	near_up
}

fixing() {
	about "--fix prints what it runs and what undoes it"
	ip -n "$near" link set rs0 down
	printf '[interface rs0]\nhuge_pages = off\n[service reflect]\ninterfaces = rs0\n' >fix.ini
	examine 0 "$program" doctor -c fix.ini --fix
	grep -q '^ringside: doctor: ip link set dev rs0 up (undo: ip link set dev rs0 down)$' "$err" || fail "$(cat "$err")"
	finds "check('link')['value'].startswith('up')"
	near_up
}

refusals() {
	about "an interface that is not there"
	examine 1 "$program" doctor rs9
	finds "check('link')['state'] == 'fail'" "'no such interface (there are: lo, rs0)' in check('link')['value']" \
		"not [c for c in report['checks'] if c['scope'] == 'rs9' and c['name'] != 'link']"

	about "a foreign program is named, and left alone"
	foreign_xdp "$near" rs0
	before=$(xdp_id)
	examine 1 "$program" doctor rs0
	finds "check('xdp_free')['state'] == 'fail'" "'another program is attached (id $before)' in check('xdp_free')['value']" \
		"check('native')['state'] == 'unknown'"
	[ "$(xdp_id)" = "$before" ] || fail "it is another one now"
	kill "$foreign_pid"
	wait_for 20 has_no_xdp || fail "the foreign program stays"

	about "a queue that is not there"
	printf '[interface rs0]\nqueues = 0, 3\n[service reflect]\ninterfaces = rs0\n' >queues.ini
	examine 1 "$program" doctor -c queues.ini
	finds "'queue 3 is configured, there are 1' in check('queues')['value']"

	about "Ringside itself"
	ringside_start -i rs0 reflect || return
	cp "$out" "$dir/records"
	in_near "$program" doctor rs0 --format json >"$dir/doctor" 2>"$err"
	[ $? = 1 ] && grep -q 'Ringside runs here already' "$dir/doctor" || fail "$(cat "$dir/doctor")"
	ringside_stop

	about "usage and configuration"
	for words in 'rs0 more' '-c /nosuch.ini' 'rs0 -c x' '--format csv' '--bogus' 'interface-with-a-long-name'; do
		# shellcheck disable=SC2086 # words
		in_near "$program" doctor $words >"$out" 2>"$err" </dev/null
		status=$?
		[ $status = 2 ] && [ -s "$err" ] && [ ! -s "$out" ] || fail "status $status: doctor $words"
	done
}

commands() {
	about "an MTU over the frame, and the namespace in the command"
	ip -n "$far" link set peer0 mtu 3000
	ip -n "$near" link set rs0 mtu 3000
	printf '[interface rs0]\nnetns = %s\nframe_size = 2048\n[service reflect]\ninterfaces = rs0\n' "$near" >netns.ini
	"$program" doctor -c netns.ini --format json >"$out" 2>"$err" </dev/null || fail "status $?"
	finds "check('mtu')['state'] == 'warn'" "check('mtu')['mend'] == 'ip netns exec $near ip link set dev rs0 mtu 1770'" \
		"check('mtu')['undo'].endswith('mtu 3000')"
	"$program" doctor -c netns.ini --set=rs0.huge_pages=off --passive --fix --format json >"$out" 2>"$err" </dev/null ||
		fail "status $?"
	ip -n "$near" link show rs0 | grep -q 'mtu 1770' || fail "--fix has not changed the MTU"
	ip -n "$near" link set rs0 mtu 1500
	ip -n "$far" link set peer0 mtu 1500

	about "a name that a shell would run is in no command"
	ip -n "$near" link set rs0 down
	ip -n "$near" link set rs0 name 'r;s'
	examine 1 "$program" doctor 'r;s'
	finds "check('link')['state'] == 'fail'" "not [c for c in report['checks'] if ';' in c['mend']]"
	ip -n "$near" link set 'r;s' name rs0
	near_up

	about "fewer receive queues than the peer sends by"
	namespaces_add
	pair_add 1 2 && near_up && ip -n "$far" link set peer0 up || fail "cannot set up rs0"
	examine 0 "$program" doctor rs0
	finds "check('native')['state'] == 'warn'" "'not less than peer tx queues' in check('native')['value']" \
		"check('native')['mend'].endswith('ethtool -L PEER tx 1')"
}

without_permission() {
	printf '[interface rs0]\nattach = dispatcher\n[service reflect]\ninterfaces = rs0\n' >dispatcher.ini
	local few='-all,+net_raw'
	about "without any capability it runs, and says what it may not see"
	# shellcheck disable=SC2086 # words
	examine 1 $nobody "$program" doctor rs0
	finds "check('capabilities')['state'] == 'fail'" "'CAP_NET_ADMIN, CAP_NET_RAW, CAP_PERFMON, CAP_BPF' in check('capabilities')['value']" \
		"'cap_net_admin,cap_net_raw,cap_perfmon,cap_bpf' in check('capabilities')['mend']" \
		"check('program')['state'] == 'unknown'" "check('bpf_link')['state'] == 'unknown'" \
		"check('cpumap')['state'] == 'unknown'" "check('tcx')['state'] == 'unknown'" \
		"all(c['state'] == 'unknown' for c in report['checks'] if c['name'] == 'handover')" "check('freplace')['state'] == 'unknown'" \
		"check('redirect')['state'] == 'unknown'" "check('native')['state'] == 'unknown'" \
		"check('link')['state'] == 'ok'" "check('mtu')['value'] == '1500'"

	about "a packet socket needs one capability, which is enough"
	printf '[interface rs0]\nio = af_packet\nhuge_pages = off\n[service reflect]\ninterfaces = rs0\n' >packet.ini
	# shellcheck disable=SC2086 # words
	examine 0 $nobody --inh-caps=$few --ambient-caps=$few --bounding-set=$few "$program" doctor -c "$dir/packet.ini"
	finds "check('capabilities')['state'] == 'ok'" "'not asked for' in check('native')['value']"

	about "what only the dispatcher needs stops who asks for the dispatcher, and nobody else"
	examine 0 "$program" doctor rs0
	finds "check('freplace')['state'] in ('ok', 'unknown')"
	if "${python[@]}" -c 'import json, sys; sys.exit(not any(c["name"] == "freplace" and c["state"] != "ok" for c in json.load(open(sys.argv[1]))["checks"]))' "$out"; then
		examine 1 "$program" doctor -c dispatcher.ini
		finds "check('freplace')['state'] == 'fail'" "'freplace' in check('freplace')['value']"
	fi

	about "the memlock limit"
	(
		ulimit -l 64
		# shellcheck disable=SC2086 # words
		examine 1 $nobody "$program" doctor rs0
		finds "check('memlock')['state'] == 'warn'" "'ulimit -l 16384' in check('memlock')['mend']"
		exit $failed
	) || failed=1
}

net_make 1
good_machine
mending
fixing
refusals
without_permission
commands
finish
