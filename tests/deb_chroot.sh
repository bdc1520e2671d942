#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Installs the packages in FOLDER into a fresh Debian of this machine's release, looks at what they do there, and removes
# them again: nothing may stay behind. Then that Debian's systemd runs the service, in a container. Needs root,
# debootstrap, systemd-nspawn and the mirror that this machine's apt has.
# usage: deb_chroot.sh FOLDER
set -eu
packages=$(cd "$1" && pwd)
[ "$(id -u)" = 0 ] || { echo "deb_chroot: needs root" >&2; exit 1; }
for tool in debootstrap systemd-nspawn; do
	command -v $tool >/dev/null || { echo "deb_chroot: apt-get install debootstrap systemd-container" >&2; exit 1; }
done
trial=$(cd "$(dirname "$0")" && pwd)/service_trial.sh
# shellcheck disable=SC2016 # apt's own variables
read -r mirror release < <(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' \
	'Origin: Debian' 'Label: Debian' 'Component: main' | head -n 1) || true
[ -n "${release:-}" ] || { echo "deb_chroot: apt knows no Debian mirror here" >&2; exit 1; }

root=$(mktemp -d /var/tmp/ringside-deb.XXXXXX)
chmod 755 "$root" # it is the / of other users, too
# What is mounted below it goes first, and by its own name.
trap 'umount "$root/proc" 2>/dev/null || true; rm -rf --one-file-system "$root" "$root.log" "$root.groups"' EXIT
inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }

# The files that a package may leave or change, as package managers keep their books; and the user, which stays so that
# no other gets its number.
list() {
	(cd "$root" && find . -xdev \( -path ./proc -o -path ./var/cache -o -path ./var/lib/apt -o -path ./var/lib/dpkg \
		-o -path ./var/log -o -path ./tmp -o -path ./packages \) -prune -o ! -path './etc/passwd*' ! -path './etc/group*' \
		! -path './etc/shadow*' ! -path './etc/gshadow*' ! -path './etc/.pwd.lock' -print | sort)
}

debootstrap --variant=minbase "$release" "$root" "$mirror" >"$root.log" 2>&1 || { tail "$root.log"; exit 1; }
rm -f "$root.log"
mount -t proc proc "$root/proc"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # no daemon is started
chmod 755 "$root/usr/sbin/policy-rc.d"
mkdir "$root/packages"
cp "$packages"/*.deb "$root/packages"
rm -f "$root"/packages/*-dbgsym_*
# What the packages depend on is there first: it may leave behind what it likes.
inside sh -c 'apt-get -q update && apt-get -q install -y --no-install-recommends $(dpkg-deb -f packages/ringside_*.deb \
	Depends | sed "s/([^)]*)//g; s/|[^,]*//g; s/,/ /g")' >"$root/tmp/said" 2>&1 || { tail -n 20 "$root/tmp/said"; exit 1; }
list >"$root/tmp/before"

echo "installs"
inside sh -c 'apt-get -q install -y --no-install-recommends ./packages/*.deb' >"$root/tmp/said" 2>&1 ||
	{ tail -n 20 "$root/tmp/said"; exit 1; }
[ "$(inside dpkg-query -W -f '${db:Status-Status}' ringside)" = installed ]
echo "runs"
inside ringside --version
inside ringside check -i lo reflect >/dev/null
[ -n "$(inside getent passwd ringside)" ]
[ "$(inside stat -c '%U %G %a' /run/ringside)" = 'ringside ringside 750' ]
inside test -f /usr/share/man/man8/ringside.8.gz || echo "(this chroot keeps no manual pages)"
echo "installs again, over itself"
inside sh -c 'apt-get -q install -y --reinstall ./packages/*.deb' >"$root/tmp/said" 2>&1
echo "is purged, and leaves nothing"
inside apt-get -q purge -y ringside libringside-dev >"$root/tmp/said" 2>&1
! grep -i warning "$root/tmp/said"
list >"$root/tmp/after"
diff "$root/tmp/before" "$root/tmp/after"
echo "the packages install, run and go without a trace"

# The service: a unit of the container's own runs the trial and shuts down.
inside sh -c 'apt-get -q install -y --no-install-recommends systemd-sysv iproute2 dbus ./packages/ringside_*.deb' \
	>"$root/tmp/said" 2>&1 || { tail -n 20 "$root/tmp/said"; exit 1; }
install -m 755 "$trial" "$root/trial"
printf '[Unit]\nAfter=multi-user.target\n[Service]\nExecStart=/trial\n' >"$root/etc/systemd/system/trial.service"
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s ../trial.service "$root/etc/systemd/system/multi-user.target.wants/trial.service"
umount "$root/proc"
options=(--quiet --boot --private-network --capability=all --system-call-filter=bpf --console=pipe)
# Where systemd does not run, nobody makes a scope for the container, or takes its control groups away.
groups() { find /sys/fs/cgroup -maxdepth 2 -type d \( -name payload -o -name supervisor \) | sort; }
if [ ! -d /run/systemd/system ]; then
	options+=(--register=no --keep-unit)
	groups >"$root.groups"
fi
timeout -k 10 300 systemd-nspawn -D "$root" "${options[@]}" </dev/null >"$root/said" 2>&1 || { cat "$root/said"; exit 1; }
if [ -e "$root.groups" ]; then
	groups | comm -13 "$root.groups" - | while read -r one; do
		find "$one" -depth -type d -exec rmdir {} +
	done
	rm -f "$root.groups"
fi
cat "$root/result"
grep -qx 'the service works' "$root/result"
