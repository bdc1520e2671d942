# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For tests of tap: it runs, and its files are read by tshark. Sourced behind net.sh.

sends() {
	local said
	said=$(in_far "${python[@]}" "$srcdir/tests/deliver_peer.py" peer0 "$@" 2>&1) || fail "deliver_peer: $said"
}

# tap ARGUMENT...: in the background, as $tap_pid
tap() {
	: >"$dir/tap.err" # the words of the one before
	"$RINGSIDE" tap "$@" >"$dir/tap.out" 2>"$dir/tap.err" &
	tap_pid=$!
	started="$started $tap_pid"
}

# tap_ends STATUS [SIGNAL]
tap_ends() {
	[ -z "${2-}" ] || kill -"$2" "$tap_pid"
	wait_for 10 is_gone "$tap_pid" || { fail "tap does not end"; kill -KILL "$tap_pid"; }
	wait "$tap_pid"
	local status=$?
	started=${started/ $tap_pid/}
	[ $status = "$1" ] || fail "tap ends with status $status: $(cat "$dir/tap.err")"
}

# frames_of FILE: its packets in hexadecimal, as tshark reads them
frames_of() {
	tshark -r "$1" -F pcap -w "$1.pcap" 2>"$dir/tshark" || fail "tshark: $(cat "$dir/tshark")"
	cap_frames "$1.pcap"
}

# cap_frames FILE: the packets of an old capture file in hexadecimal
cap_frames() {
	"${python[@]}" - "$1" <<-PYTHON
		import struct, sys
		data = open(sys.argv[1], "rb").read()
		at = 24
		while at < len(data):
		    captured, length = struct.unpack_from("=II", data, at + 8)
		    assert captured == length
		    print(data[at + 16:at + 16 + captured].hex())
		    at += 16 + captured
	PYTHON
}

fields_of() {
	local file=$1
	shift
	tshark -r "$file" -T fields "${@/#/-e}" 2>"$dir/tshark" || fail "tshark: $(cat "$dir/tshark")"
}

# refused STATUS WORDS ARGUMENT...
refused() {
	local wanted=$1 words=$2
	shift 2
	"$RINGSIDE" tap "$@" >"$dir/tap.out" 2>"$dir/tap.err"
	local status=$?
	[ $status = "$wanted" ] && grep -qF -- "$words" tap.err || fail "tap $*: status $status: $(cat tap.err)"
}
