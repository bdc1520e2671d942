#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# generate keeps its rate over any second, to a few milliseconds; so nothing else may run beside it.
# shellcheck source=tests/net.sh
. "$(dirname "$0")/net.sh"
. "$srcdir/tests/echo.sh"

net_make 1
about 'the rate is kept, and what could not be sent is said'
echo_start
answered "${to[@]}" --rate 20kpps --duration 2 --interval 0.2
want "${clean[@]}" 'r["sent"] + r["unsent"] == 40000' 'abs(r["tx_pps"] * 2 - r["sent"]) < 1' 'r["rtt_ns"]["count"] == r["sent"]'
"${python[@]}" - "$out" <<-'END' || fail 'an interval is off the pace'
	import json, sys
	records = [r for r in map(json.loads, open(sys.argv[1])) if not r["final"]]
	# over any second; what is not sent in time is counted at the latest 8 ms, 160 packets, later
	for a in records:
	    for b in records:
	        seconds = b["elapsed_s"] - a["elapsed_s"]
	        if 0.99 < seconds < 1.3:
	            due = 20000 * seconds
	            done = b["sent"] - a["sent"] + b["unsent"] - a["unsent"]
	            if abs(done - due) > 200 + 40:
	                sys.exit("%s packets of %s" % (done, due))
	sys.exit(len(records) < 5)
END
echo_stop
finish
