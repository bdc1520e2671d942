# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For tests that ask the API by curl, on the control socket and over TCP. Sourced after net.sh.
command -v curl >/dev/null || skip "curl is not installed"

tcp=127.0.0.1:9464
socket=$RUNTIME_DIRECTORY/ringside.sock
token=0123456789abcdef0123
body=$dir/body

# ask local|tcp METHOD PATH [CURL-ARGUMENT]...: the status is $code, what was said is in $body
ask() {
	local by=() method=$2 path=$3
	[ "$1" = tcp ] || by=(--unix-socket "$socket")
	shift 3
	code=$(in_near curl -s -m 20 "${by[@]}" -o "$body" -w '%{http_code}' -X "$method" "$@" "http://$tcp$path")
}

# says STATUS [WORDS]: the last answer
says() {
	[ "$code" = "$1" ] || fail "status $code instead of $1: $(head -c 300 "$body")"
	[ $# = 1 ] || grep -q -F -e "$2" "$body" || fail "no '$2' in: $(head -c 300 "$body")"
}

is_empty() { [ ! -s "$body" ] || fail "a body: $(head -c 300 "$body")"; }

api_start() { ringside_start -i rs0 reflect --set=reflect.path=user --set=api.listen=$tcp "$@"; }
