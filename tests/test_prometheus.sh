#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Prometheus scrapes two instances in two namespaces with the rules of contrib/prometheus: their sum is right, and
# the death of one raises the alert. The text they serve is right by Prometheus' own judgement.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"

contrib=$srcdir/contrib/prometheus
for tools in "$srcdir/build/tools/usr/bin" "$srcdir/../tools/usr/bin"; do # scripts/deps unpacks there
	[ ! -x "$tools/prometheus" ] || PATH=$PATH:$tools
done
command -v prometheus >/dev/null && command -v promtool >/dev/null || skip "there is no prometheus: scripts/deps --test"
command -v curl >/dev/null || skip "curl is not installed"

# Debian's Python, which has the parser, may not be the first one.
for parser in "$python" /usr/bin/python3 ''; do
	[ -z "$parser" ] || "$parser" -c 'import prometheus_client.openmetrics.parser' 2>/dev/null && break
done
[ -n "$parser" ] || skip "python3-prometheus-client is not installed"

rules_are_right() {
	about "the rules and alerts are valid and do what they say"
	cp "$contrib"/*.yml . || fail "there are none"
	promtool check config prometheus.yml >"$out" && promtool test rules ringside.test.yml >>"$out" || fail "$(cat "$out")"
}

# A namespace that watches, with a link to each of two others.
watch_make() {
	local of number=1
	watch=$near-watch other=$near-other
	net_names="$net_names $watch $other"
	ip netns add "$watch" && ip netns add "$other" && ip -n "$watch" link set lo up || return
	for of in "$near" "$other"; do
		ip link add w$number netns "$watch" type veth peer name mgmt netns "$of" &&
			ip -n "$watch" addr add 198.51.100.$((4 * number + 1))/30 dev w$number &&
			ip -n "$of" addr add 198.51.100.$((4 * number + 2))/30 dev mgmt &&
			ip -n "$watch" link set w$number up && ip -n "$of" link set mgmt up || return
		number=$((number + 1))
	done
	ip link add rs1 netns "$other" address 02:00:00:00:0b:02 type veth peer name peer1 netns "$far" &&
		ip -n "$other" link set rs1 up && ip -n "$far" link set peer1 up
}

instances_start() {
	start_in "$near" "$RINGSIDE" -i rs0 reflect --set=ringside.name=a --level detailed \
		--set=api.listen=198.51.100.6:9464 --format json --interval 0.2
	first=$pid
	wait_for 10 has_spoken || { fail "the first one does not start"; return 1; }
	ip netns exec "$other" "$RINGSIDE" -i rs1 reflect --set=ringside.name=b --set=rs1.io=af_packet --level debug \
		--set=api.listen=198.51.100.10:9464 --format json --interval 0.2 >"$dir/out-b" 2>"$dir/err-b" </dev/null &
	second=$!
	started="$started $second"
	wait_for 10 test -s "$dir/out-b" || { fail "the second one does not start: $(cat "$dir/err-b")"; return 1; }
}

metrics_are_well_formed() {
	local port
	about "both formats parse, and promtool has nothing to say"
	for port in 198.51.100.6:9464 198.51.100.10:9464; do
		ip netns exec "$watch" curl -s "http://$port/metrics" >text || fail "no answer"
		promtool check metrics <text >"$dir/lint" 2>&1 || fail "$(cat "$dir/lint")"
		[ ! -s "$dir/lint" ] || fail "promtool: $(cat "$dir/lint")"
		ip netns exec "$watch" curl -s -D head -H 'Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5' \
			"http://$port/metrics" >open
		grep -qi '^Content-Type: application/openmetrics-text; version=1.0.0' head || fail "$(cat head)"
		"$parser" -c 'import sys; from prometheus_client.openmetrics.parser import *
for family in text_string_to_metric_families(sys.stdin.read()):
    assert family.documentation, family' \
			<open 2>"$dir/lint" || fail "$(tail -n 1 "$dir/lint")"
		[ "$(grep -c '^ringside' text)" = "$(grep -c '^ringside' open)" ] || fail "the two differ"
	done
}

# query EXPRESSION: what Prometheus says, as Python: {labels: value}
query() {
	ip netns exec "$watch" curl -s -G --data-urlencode "query=$1" http://127.0.0.1:9090/api/v1/query |
		"$python" -c 'import json, sys
print(*(float(one["value"][1]) for one in json.load(sys.stdin)["data"]["result"]))'
}
is() { [ "$(query "$1")" = "$2" ]; }
is_above() { "$python" -c "import sys; sys.exit(not $(query "$1" | grep . || echo 0) > $2)"; }

prometheus_start() {
	sed -e 's/^  \(scrape\|evaluation\)_interval: .*/  \1_interval: 1s/' \
		-e 's/targets: .*/targets: ["198.51.100.6:9464", "198.51.100.10:9464"]/' -i prometheus.yml
	sed -e 's/for: 30s/for: 1s/' -i ringside.alerts.yml
	ip netns exec "$watch" prometheus --config.file=prometheus.yml --storage.tsdb.path="$dir/tsdb" \
		--web.listen-address=127.0.0.1:9090 --log.level=warn >"$dir/prometheus" 2>&1 </dev/null &
	started="$started $!"
	wait_for 30 is 'sum(up{job="ringside"})' 2.0 || fail "it scrapes $(query 'sum(up)'): $(tail -n 3 "$dir/prometheus")"
}

sums_are_right() {
	about "the sum over both instances is what was sent"
	peer probes count=128
	in_far "$python" "$srcdir/tests/peer.py" probes peer1 count=13 || fail "the second one does not answer"
	wait_for 20 is 'sum(ringside_service_tx_packets_total{service="reflect"})' 141.0 ||
		fail "sent $(query 'sum(ringside_service_tx_packets_total{service="reflect"})') instead of 141"
	is 'sum by (instance) (ringside_tx_packets_total)' '128.0 13.0' || is 'sum by (instance) (ringside_tx_packets_total)' '13.0 128.0' ||
		fail "$(query 'sum by (instance) (ringside_tx_packets_total)')"
	is 'sum(abs(ringside_unaccounted_packets))' 0.0 || fail "unaccounted $(query 'sum(ringside_unaccounted_packets)')"
	wait_for 20 is_above job:ringside_tx_packets:rate1m 0 || fail "the recording rule gives '$(query job:ringside_tx_packets:rate1m)'"
	is 'count(ringside_info)' 2.0 || fail "$(query ringside_info)"
	is 'sum(ringside_service_latency_seconds_bucket{instance="198.51.100.10:9464",le="+Inf"})' 13.0 ||
		fail "latencies: $(query 'ringside_service_latency_seconds_count')"
}

death_alerts() {
	about "the death of one raises the alert, and the other one goes on"
	is 'count(ALERTS{alertname="RingsideDown",alertstate="firing"})' '' || fail "it fires before"
	kill -KILL $second
	wait $second 2>/dev/null
	started=${started/ $second/}
	wait_for 30 is 'count(ALERTS{alertname="RingsideDown",alertstate="firing",instance="198.51.100.10:9464"})' 1.0 ||
		fail "it does not fire"
	is 'sum(up{job="ringside"})' 1.0 || fail "up $(query up)"
}

rules_are_right
net_make 1
watch_make || { echo "cannot make the namespaces"; exit 99; }
instances_start || finish
metrics_are_well_formed
prometheus_start
sums_are_right
death_alerts
pid=$first
ringside_stop
finish
