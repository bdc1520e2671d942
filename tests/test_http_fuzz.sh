#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Requests as nobody sends them never get an answer from the kernel half that nginx does not give: see http_fuzz.c.
# HTTP_FUZZ_COUNT (20000) and HTTP_FUZZ_SEED choose others; make check-fuzz has many more.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/http.sh"

namespaces_add
ip -n "$near" link set lo up || exit 99
http_files
nginx_start
seed=${HTTP_FUZZ_SEED:-$RANDOM}
about "${HTTP_FUZZ_COUNT:-20000} requests, seed $seed"
in_near "$builddir/tests/http_fuzz" "$root" 80 "${HTTP_FUZZ_COUNT:-20000}" "$seed" >"$out" 2>&1 || fail "$(cat "$out")"
cat "$out"
finish
