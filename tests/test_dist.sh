#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# make dist takes every file of the repository, so that what is released builds and is tested as the checkout is. (That
# it does is for make distcheck to say, which takes minutes.)
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
tracked() { git -C "$srcdir" -c safe.directory='*' ls-files "$@"; }
if ! tracked --error-unmatch configure.ac >/dev/null 2>&1; then
	echo "skipped: not a checkout: what belongs to it is not known"
	exit 77
fi
dir=$(mktemp -d /tmp/ringside-test.XXXXXX) || exit 99
trap 'rm -rf "$dir"' EXIT
make -C "${builddir:?}" --quiet distdir distdir="$dir/dist" >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
missing=$(tracked | grep -vx -e '.gitignore' -e '.ci/run' | while read -r file; do
	[ -e "$dir/dist/$file" ] || [ ! -e "$srcdir/$file" ] || echo "$file"
done)
[ -z "$missing" ] || { echo "FAILED: not in make dist:"; echo "$missing"; exit 1; }
