#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# generate --rfc2544 against an echo that answers 800 packets a second, after a burst of 40: all four tests find
# what follows from that.
# shellcheck source=tests/net.sh
. "$(dirname "$0")/net.sh"
. "$srcdir/tests/echo.sh"

generate() {
	ip netns exec "$near" timeout 120 "$RINGSIDE" generate reflect -i rs0 --to 02:00:00:00:0a:01 "$@" \
		>"$out" 2>"$err" </dev/null
	status=$?
}
refused() { # PATTERN ARGUMENT...
	local pattern=$1
	shift
	generate "$@"
	[ $status = 2 ] && [ "$(wc -l <"$err")" = 1 ] && grep -q -- "$pattern" "$err" ||
		fail "$*: status $status, and not one line that says '$pattern'"
}

net_make 1
echo_start rate=800:40

about 'all four tests'
# in a quarter of a second 240 packets pass: 960 a second, 48 % of 2 kpps; of a burst of N at 2 kpps 0.4 N + 40. A rate
# that a sender keeps on a machine that is busy with other things
generate --rfc2544 all --size 128 --rate 2kpps --trial 0.25 --resolution 2% --deadline 0.4 --wait 0.5 --format json --plot "$dir/plot.svg"
[ $status = 0 ] || fail "status $status"
"${python[@]}" - "$out" <<'END' || fail 'other results than follow from the far end'
import json, sys
records = [json.loads(line) for line in open(sys.argv[1])]
last, trials = records[-1], [r["trial"] for r in records[:-1]]
size, = last["rfc2544"]
wrong = []
def want(what, text):
    if not what:
        wrong.append(text)
want(last["final"] and last["complete"] and last["engine"] == "paced", "head")
want(960 - 40 - 10 <= size["throughput"]["pps"] <= 960 + 10, "throughput")
want(abs(size["throughput"]["bps"] - size["throughput"]["pps"] * 124 * 8) < 100, "bits")
points = size["loss"]
want([p["percent"] for p in points] == [100, 90, 80, 70, 60, 50, 40, 30], "points")
want(abs(points[0]["loss_percent"] - 52) < 2, "loss at 100 %")
want(abs(points[5]["loss_percent"] - 4) < 2, "loss at 50 %")
want(points[6]["loss_percent"] == points[7]["loss_percent"] == 0, "no loss")
want(66 - 11 <= size["back_to_back_frames"] <= 66 + 20, "burst")
want(size["latency"]["count"] > 300 and 0 < size["latency"]["min"] <= size["latency"]["p50"], "latency")
want(all(t["sent"] == t["received"] + t["late"] + t["lost"] for t in trials), "sums")
want(len(trials) == size["trials"], "trials")
print(wrong, last if wrong else "")
sys.exit(bool(wrong))
END
"${python[@]}" - "$dir/plot.svg" <<'END' || fail 'the picture'
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
sys.exit(not root.tag.endswith("svg") or "128" not in [t.text for t in root.iter() if t.tag.endswith("text")])
END

about 'sizes that do not fit the packets are raised, and a table and CSV are made'
generate --rfc2544 throughput --ipv6 --rate 400pps --trial 0.1 --resolution 10
[ $status = 0 ] || fail "status $status"
[ "$(grep -c '(all that could be sent)\|100.0 %' "$out")" -ge 7 ] && grep -q '^ *84 .*400 pps' "$out" ||
	fail 'the table'
generate --rfc2544 throughput,loss --size 64 --rate 400pps --trial 0.1 --format csv
[ $status = 0 ] && [ "$(wc -l <"$out")" = 4 ] && grep -q '^throughput,64,100.000,400.0,' "$out" &&
	grep -q '^loss,64,90,' "$out" || fail 'CSV'

about 'SIGINT ends it with what there is'
start_in "$near" "$RINGSIDE" generate reflect -i rs0 --to 02:00:00:00:0a:01 --rfc2544 all --trial 0.2 --rate 2kpps \
	--format json
wait_for 20 has_spoken
kill -INT "$pid"
ringside_wait
[ $status = 0 ] || fail "status $status"
tail -n 1 "$out" | grep -q '"final": true, "complete": false' || fail 'no results'

about 'usage'
refused 'not a choice' --rfc2544 speed
refused 'belong to --rfc2544' --plot "$dir/x.svg"
refused '--loss' --rfc2544 all --loss 101
refused '--resolution' --rfc2544 all --resolution 0
refused '--trial' --rfc2544 all --trial 0
refused '--repeat' --rfc2544 all --repeat 0
refused '--duration' --rfc2544 all --duration 5
generate --rfc2544 throughput --size 64 --rate 500pps --trial 0.05 --plot /no/such/folder/x.svg
[ $status = 1 ] && grep -q '/no/such/folder' "$err" || fail 'a picture that cannot be written'

finish
