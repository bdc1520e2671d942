#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The Debian packages: they build, lintian finds no error in them, and what users rely on is inside. The compiler does not
# optimise here, which is two thirds of its time; `make check-deb` builds them as they are meant, installs and removes them.
set -u
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
failed=0
fail() {
	echo "FAILED: $*"
	failed=1
}
for tool in dpkg-buildpackage dh lintian; do
	command -v $tool >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }
done
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
cd "${builddir:?}" || exit 99

# What the make that runs this has in its environment is not for the package's own.
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u CFLAGS -u CC DEB_BUILD_OPTIONS=noopt make deb >"$dir/said" 2>&1 || { tail -n 40 "$dir/said"; exit 1; }
changes=(deb/*.changes)
lintian --allow-root --fail-on error "${changes[0]}" >"$dir/lintian" 2>&1 || fail "lintian: $(cat "$dir/lintian")"

# What scripts/deps installs for building is what the package says it needs: libraries, and the tools beside Debian's own.
for package in $(sed -n "/^build=/,/'$/p" "$srcdir/scripts/deps" | tr -d "'" | tr -s '\n\t' ' ' | sed 's/^build=//'); do
	case $package in autoconf | automake | make | gcc | libc6-dev) continue ;; esac # build-essential, debhelper
	sed -n '/^Build-Depends:/,/^Standards/p' "$srcdir/debian/control" | grep -qE "(^| )$package(,|\$| )" ||
		fail "debian/control: $package is no build dependency"
done

contents() { dpkg-deb -c "$(echo deb/"$1"_[0-9]*.deb)" | awk '{ print $6 }'; }
contains() { # contains PACKAGE FILE...
	local package=$1 file
	shift
	for file; do
		contents "$package" | grep -qE "^\./$file\$" || fail "$package has no $file"
	done
}
contains ringside usr/bin/ringside '(usr/)?lib/systemd/system/ringside@\.service' usr/lib/sysusers.d/ringside.conf \
	usr/lib/tmpfiles.d/ringside.conf usr/share/man/man8/ringside.8.gz usr/share/man/man5/ringside.ini.5.gz \
	usr/share/bash-completion/completions/ringside usr/share/zsh/vendor-completions/_ringside etc/ringside/ \
	usr/share/doc/ringside/copyright usr/share/doc/ringside/examples/ringside.ini
contains libringside-dev usr/include/ringside/ring.h 'usr/lib/.*/libringside.a' 'usr/lib/.*/pkgconfig/libringside.pc'
contents ringside | grep -E '^\./(usr/local|usr/include)' && fail "the program's package has what is not its own"

dpkg-deb -x deb/ringside_[0-9]*.deb "$dir/root"
dpkg-deb -e deb/ringside_[0-9]*.deb "$dir/control"
[ "$("$dir/root/usr/bin/ringside" --version)" = "$("$RINGSIDE" --version)" ] || fail "it is another version"
grep -q '^ExecStart=/usr/bin/ringside run ' "$dir"/root/lib/systemd/system/ringside@.service ||
	fail "the unit starts something else"
grep -q 'systemd-sysusers .*ringside.conf' "$dir/control/postinst" || fail "nobody makes the user"
grep -q 'libbpf' "$dir/control/control" || fail "it depends on no library"
[ $failed = 0 ] || echo "FAILED: see above"
exit $failed
