#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The systemd unit: systemd itself finds it right and tight; and what its lines say (the command, the user without
# privileges but these, the notifications) works, as far as it can be seen without systemd running.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
for tool in systemd-analyze systemd-sysusers systemd-tmpfiles setpriv; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
unit=$builddir/contrib/systemd/ringside@.service
contrib=$srcdir/contrib/systemd
program=$dir/ringside
install -m 755 "$RINGSIDE" "$program"
installed="$dir/ringside@test.service"
sed "s,^\(ExecStart=\)[^ ]*,\1$program," "$unit" >"$installed"

value() { sed -n "s/^$1=//p" "$unit"; } # value KEY: in the unit

judgement() {
	about "systemd-analyze finds no fault with it"
	systemd-analyze verify --man=no "$installed" >"$out" 2>&1 || fail "$(cat "$out")"
	[ ! -s "$out" ] || fail "$(cat "$out")"
	about "its exposure is 2.5 at most"
	systemd-analyze security --offline=true --threshold=25 --no-pager "$installed" >"$out" 2>&1 || fail "$(tail -n 1 "$out")"
	local exposure
	exposure=$(sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p' "$out")
	[ -n "$exposure" ] || fail "it was not judged"
	grep -qF "(\`systemd-analyze security\`: $exposure)" "$srcdir/README.md" || fail "README has another exposure than $exposure"
}

folders() {
	local root=$dir/root
	about "sysusers.d and tmpfiles.d make user, group and folder"
	mkdir -p "$root"/etc "$root"/run
	systemd-sysusers --root="$root" "$contrib/ringside.sysusers" >"$out" 2>"$err" || fail "systemd-sysusers"
	grep -q '^ringside:.*:/usr/sbin/nologin$' "$root/etc/passwd" || fail "no user: $(cat "$root/etc/passwd")"
	grep -q '^ringside:' "$root/etc/group" || fail "no group"
	systemd-tmpfiles --root="$root" --create "$contrib/ringside.tmpfiles" >"$out" 2>"$err" || fail "systemd-tmpfiles"
	[ "$(stat -c %a "$root/run/ringside")" = 750 ] || fail "no /run/ringside of mode 750"
	[ "$(stat -c %u "$root/run/ringside")" = "$(sed -n 's/^ringside:[^:]*:\([0-9]*\):.*/\1/p' "$root/etc/passwd")" ] ||
		fail "/run/ringside is not the user's"
}

# What systemd does for us: the user, its capabilities, its folder, and a socket to hear on.
capabilities() { value AmbientCapabilities | sed 's/CAP_/+/g; s/ /,/g' | tr '[:upper:]' '[:lower:]'; }

service_start() { # as systemd would for ringside@test
	local caps
	caps=-all,$(capabilities)
	rm -f heard
	"${python[@]}" - "$dir/notify" >heard <<-'END' &
		import socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		while True:
		    print(s.recv(4096).decode().replace("\n", " "), flush=True)
	END
	started="$started $!"
	wait_for 20 test -S notify || fail "nobody listens"
	chmod 777 notify
	install -d -m 750 -o 65534 -g 65534 service-run
	command=$(value ExecStart | sed "s,^[^ ]*,$program,; s,/etc/ringside/%i.ini,$dir/test.ini,; s/%i/test/g")
	# shellcheck disable=SC2016,SC2086 # for the inner shell; words
	start_in "$near" setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=$caps --ambient-caps=$caps \
		--bounding-set=$caps --no-new-privs env NOTIFY_SOCKET="$dir/notify" WATCHDOG_USEC=1000000 \
		RUNTIME_DIRECTORY="$dir/service-run" sh -c 'WATCHDOG_PID=$$ exec "$@"' sh $command
}

is_ready_again() { sed '1,/^RELOADING=1/d' heard | grep -q '^READY=1$'; }
heard() { grep -q "$1" heard; }

service() {
	printf '[interface rs0]\nzero_copy = off\n[service reflect]\ninterfaces = rs0\npath = user\n' >test.ini
	about "the service starts as its user, and says when it is ready"
	service_start
	wait_for 20 heard '^READY=1' || fail "not ready: $(cat heard "$err")"
	has_xdp || fail "ready without a program"
	[ -S service-run/test.sock ] || fail "no control socket"
	about "it answers, feeds the watchdog, and says what it is doing"
	peer probes
	wait_for 20 heard 'STATUS=rs0 up, af_xdp native, 1 queue; in .*pps.* WATCHDOG=1' || fail "$(cat heard)"
	about "a reload is announced, and its end"
	sed -i 's/^path = user/&\nmax_pps = 1kpps/' test.ini
	kill -HUP "$pid"
	wait_for 20 heard '^RELOADING=1 MONOTONIC_USEC=[0-9]' || fail "$(cat heard "$err")"
	wait_for 20 is_ready_again || fail "$(cat heard "$err")"
	peer probes
	about "it ends in order"
	ringside_end TERM
	[ $status = 0 ] || fail "status $status"
	[ "$(tail -n 1 heard)" = STOPPING=1 ] || fail "$(tail -n 1 heard)"
	is_clean

	about "a file with errors ends it with the status that is not tried again"
	kill_started KILL
	rm -f notify
	echo 'nonsense = 1' >>test.ini
	service_start
	ringside_wait
	[ $status = "$(value RestartPreventExitStatus)" ] || fail "status $status"
}

net_make 1
judgement
folders
service
finish
