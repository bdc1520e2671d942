#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# libFuzzer, with AddressSanitizer and UBSan, on the rules in both halves, the packet socket's filter and the INI
# reader. Run by make check-fuzz, in a build folder of its own; FUZZ_SECONDS (300) for each. What it has learned stays in
# fuzz/corpus there and is where the next run goes on; what fails is kept beside it as crash-*.
set -eu
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
build=${builddir:?}/fuzz
flags='-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined'

mkdir -p "$build"/corpus/{rules,config}
cd "$build"
[ -f config.status ] || "$srcdir/configure" --quiet CC=clang CFLAGS="-g -O1 $flags" LDFLAGS='-fsanitize=address,undefined'
make --quiet -j"$(nproc)" fuzzers
cp "$srcdir"/conf/*.ini corpus/config/
export FUZZ_SEEDS=$build/corpus/rules UBSAN_OPTIONS=print_stacktrace=1
for target in rules config; do
	echo "# $target"
	"tests/fuzz/fuzz_$target" -max_total_time="${FUZZ_SECONDS:-300}" -max_len=4096 -timeout=10 -print_final_stats=1 \
		-verbosity=0 "corpus/$target"
	unset FUZZ_SEEDS
done
