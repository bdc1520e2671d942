#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The web page in headless Chromium: its figures are the snapshot's, as are those of /metrics and of the dashboard; it
# loads nothing from elsewhere, fits a phone, and changes the instance when it may.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
for tool in chromium tmux; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done

tcp=127.0.0.1:9464
token=a-token-of-the-tests

page() {
	local said
	said=$(in_near timeout 150 "${python[@]}" "$srcdir/tests/page.py" "$1" http://$tcp/ "${@:2}" 2>&1) || fail "$(tail -n 2 <<<"$said")"
}

screen() { tmux -S "$dir/tmux" capture-pane -p >"$dir/screen"; }
has_books() { screen && grep -q 'BOOK' "$dir/screen" && grep -q "in $1 " "$dir/screen"; }

net_make 2
ip -n "$near" link set lo up
echo $token >token
chmod 600 token
ringside_start -i rs0 reflect --level debug --set=reflect.path=user --set=reflect.max_pps=100 \
	--set=api.listen=$tcp --set=api.token_file="$dir/token" || finish

about "page, snapshot, metrics and dashboard agree"
in_far "${python[@]}" "$srcdir/tests/peer.py" probes peer0 count=300 rate=2000 >"$dir/peer" 2>&1 # some are limited
becomes "totals.rx_packets >= 300" "totals.rx_pps == 0"
tmux -S "$dir/tmux" -f /dev/null new-session -d -x 100 -y 40 "exec '$RINGSIDE' top"
received=$(sed -n '$s/.*"totals": {"rx_packets": \([0-9]*\).*/\1/p' "$out")
wait_for 20 has_books "$received" || fail "the dashboard: $(cat "$dir/screen")"
page look

about "the page obeys keys and buttons, and changes what the token allows"
page obey $token
grep -q 'statistics level debug -> detailed (127.0.0.1:[0-9]*)\|statistics level .* -> debug (127.0.0.1' "$err" || fail "the log does not say who"
tmux -S "$dir/tmux" kill-server 2>/dev/null
ringside_stop
finish
