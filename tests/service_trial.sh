#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs inside a container that systemd has booted (deb_chroot.sh): the installed service in the hands of systemd itself.
exec >/result 2>&1
unit=ringside@trial
show() { systemctl show -P "$1" $unit; }
check() { # check SENTENCE COMMAND...: within 30 s
	local sentence=$1 i
	shift
	for ((i = 0; i < 300; i++)); do
		"$@" && { echo "$sentence"; return; }
		sleep 0.1
	done
	echo "FAILED: $sentence: $(show ActiveState), $(show StatusText), restarts $(show NRestarts)"
	journalctl -u $unit --no-pager | tail -n 20
	systemctl poweroff
	exit 1
}
is() { [ "$(show "$1")" = "$2" ]; }
says() { journalctl -u $unit -o cat --no-pager | grep -q "$1"; }
has_program() { ip -d link show v0 | grep -q 'prog/xdp id'; }
status_of() { sed -n "s/^$1:[[:space:]]*//p" /proc/"$(show MainPID)"/status 2>/dev/null; }
is_status() { [ "$(status_of "$1")" = "$2" ]; }
reload_is_over() { systemctl reload $unit && says 'trial.ini: read again'; }

ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up
printf '[interface v0]\nzero_copy = off\n[service reflect]\ninterfaces = v0\npath = user\n' >/etc/ringside/trial.ini
systemctl start $unit
check "it is active when it is ready" is ActiveState active
check "its program is attached" has_program
check "it runs with five capabilities" is_status CapEff 000000c000007000
check "its capabilities are bounded, by what other services need" is_status CapBnd 000000c000007400
check "it is confined" is_status Seccomp 2
check "it says what it is doing" eval 'show StatusText | grep -q "^v0 up, af_xdp native, 1 queue"'
check "others may look at it" eval 'ringside stat trial --format json | grep -q "\"name\": \"trial\""'
echo 'max_pps = 1kpps' >>/etc/ringside/trial.ini
check "it reloads" reload_is_over
check "no restart so far" is NRestarts 0
kill -KILL "$(show MainPID)"
check "killed, it is started again" is NRestarts 1
check "and attached" has_program
kill -STOP "$(show MainPID)"
check "hung, it is killed by the watchdog and started again" is NRestarts 2
check "for that reason" says 'Watchdog timeout'
systemctl stop $unit
check "stopped, its program is gone" eval '! has_program'
echo 'nonsense = 1' >>/etc/ringside/trial.ini
systemctl start $unit
check "a file with errors ends it" is ActiveState failed
check "with the status for that" is ExecMainStatus 2
check "and is not tried again" is NRestarts 0
echo "the service works"
systemctl poweroff
