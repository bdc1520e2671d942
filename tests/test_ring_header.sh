#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The library as its users have it: installed somewhere, found by pkg-config, in C11 and in C++17, with all
# names its own.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

make -s -C "$builddir" install-libLIBRARIES install-ringincludeHEADERS install-pkgconfigDATA DESTDIR="$dir" \
	>"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
pc=$(find "$dir" -name libringside.pc)
export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$dir
cflags=$(pkg-config --cflags libringside) libs=$(pkg-config --libs libringside)
[ "$(pkg-config --modversion libringside)" = "$("$RINGSIDE" --version | awk '{ print $2 }')" ]

printf '#include <ringside/ring.h>\nint main(void) { return ringside_open(0, "/nowhere", "x", 0) == 0; }\n' >"$dir/use.c"
cp "$dir/use.c" "$dir/use.cc"
sanitizers=$(nm "$dir"/*/*/lib/libringside.a "$dir"/*/lib/libringside.a 2>/dev/null | grep -q __asan_ && echo -fsanitize=address,undefined || true)
# shellcheck disable=SC2086 # flags are words
cc -std=c11 -pedantic-errors -Wall -Wextra -Werror $cflags -o "$dir/c" "$dir/use.c" $libs $sanitizers
# shellcheck disable=SC2086
c++ -std=c++17 -pedantic-errors -Wall -Wextra -Werror $cflags -o "$dir/cc" "$dir/use.cc" $libs $sanitizers
"$dir/c"
"$dir/cc"

# shellcheck disable=SC2086
cc -std=c11 -Wall -Wextra -Werror $cflags -o "$dir/consumer" "$top/examples/consumer.c" $libs $sanitizers
"$dir/consumer" /no/such/ring 2>"$dir/words" && exit 1
grep -q 'usage: consumer RING: Invalid argument' "$dir/words"
RUNTIME_DIRECTORY=$dir XDG_RUNTIME_DIR=$dir "$dir/consumer" shreds 2>"$dir/words" && exit 1
grep -q 'Connection refused' "$dir/words"

# what a program that links the library can meet: nothing but ringside…
library=$(find "$dir" -name libringside.a)
nm -g --defined-only "$library" | awk 'NF == 3 && $3 !~ /^(ringside_|__)/ { print "not ours: " $3; wrong = 1 } END { exit wrong }'
