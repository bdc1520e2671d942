#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Who may include whom is as the design says; the rules see what breaks them. What the flags of tests make a difference to is
# compiled with them.
set -u
rules=$srcdir/scripts/include-rules
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT

"$rules" "$srcdir" || exit 1

concerned=$(cd "$srcdir" && grep -rlE --include='*.c' '"io/(frames|rings)\.h"|RINGSIDE_(STRICT|FRAME_OWNERS)' src | sort)
listed=$(sed -n '/^libringside_owned_a_SOURCES/,/[^\]$/p' "$srcdir/Makefile.am" | grep -o 'src/[a-z_/]*\.c' | sort)
if [ "$concerned" != "$listed" ]; then
	printf 'libringside_owned_a_SOURCES should be:\n%s\nand is:\n%s\n' "$concerned" "$listed"
	exit 1
fi

mkdir -p "$dir/src/io" "$dir/src/tui" "$dir/bpf"
echo '#include "service/service.h"' >"$dir/src/io/a.c"
echo '#include "worker/pool.h"' >"$dir/src/tui/b.c"
echo '#include "base/err.h"' >"$dir/bpf/c.h"
echo '  #  include "io/io.h"' >"$dir/src/config_d.c"
expected='bpf/c.h:1: bpf must not include "base/err.h"
src/config_d.c:1: config must not include "io/io.h"
src/io/a.c:1: io must not include "service/service.h"
src/tui/b.c:1: tui must not include "worker/pool.h"'
found=$("$rules" "$dir")
status=$?
found=$(sort <<<"$found")
[ $status = 1 ] && [ "$found" = "$expected" ] && exit 0
printf 'expected:\n%s\nfound, with status %s:\n%s\n' "$expected" $status "$found"
exit 1
