#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The command line of `check`: exit statuses, what goes to which stream, that the output reads back.
set -u
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
failed=0

# expect STATUS WORDS COMMAND...: the status, and a line with the words on standard error ('' = none at all)
expect() {
	local status=$1 words=$2 got
	shift 2
	"$@" >"$dir/out" 2>"$dir/err"
	got=$?
	if [ $got != "$status" ]; then
		echo "FAILED: status $got instead of $status: $*"
		cat "$dir/err"
		failed=1
	fi
	if [ -n "$words" ] && ! grep -qF -- "$words" "$dir/err" ||
		[ -z "$words" ] && [ -s "$dir/err" ]; then
		echo "FAILED: wanted '$words' on standard error: $*"
		cat "$dir/err"
		failed=1
	fi
	if grep -v '^ringside: ' "$dir/err"; then
		echo "FAILED: a message without its beginning: $*"
		failed=1
	fi
}

cat >"$dir/good.ini" <<EOF
[interface lo]
  io = af_packet
[service reflect]
interfaces = lo
EOF
expect 0 '' "$RINGSIDE" check -c "$dir/good.ini"
cp "$dir/out" "$dir/effective.ini"
expect 0 '' "$RINGSIDE" check -c "$dir/effective.ini"
cmp "$dir/out" "$dir/effective.ini" || failed=1
grep -q '^io = af_packet$' "$dir/out" || failed=1

expect 0 '' "$RINGSIDE" check -i lo reflect
expect 0 '' "$RINGSIDE" check -i lo reflect --set reflect.ports=7 --set=ringside.name=x
grep -q '^ports = 7$' "$dir/out" || failed=1
expect 0 'warning: [interface nosuchif0]' "$RINGSIDE" check -i nosuchif0 reflect

printf '[interface lo]\n[service reflect]\npots = 1\ninterfaces = lo, lp\n' >"$dir/bad.ini"
expect 2 "ringside: $dir/bad.ini:3: unknown key 'pots' in [service reflect]: did you mean 'ports'?" \
	"$RINGSIDE" check -c "$dir/bad.ini"
[ -s "$dir/out" ] && failed=1
expect 2 "ringside: $dir/bad.ini:4: " "$RINGSIDE" check -c "$dir/bad.ini"
expect 2 'No such file' "$RINGSIDE" check -c "$dir/none.ini"
expect 2 "did you mean 'reflect'" "$RINGSIDE" check -i lo reflct
expect 2 'needs a service: reflect' "$RINGSIDE" check -i lo
expect 2 'exclude each other' "$RINGSIDE" check -i lo reflect -c "$dir/good.ini"
expect 2 'given twice' "$RINGSIDE" check -c a -c b
expect 2 'unexpected word' "$RINGSIDE" check -c "$dir/good.ini" more
expect 2 '-c needs a value' "$RINGSIDE" check -c
expect 2 'unknown argument -x' "$RINGSIDE" check -x
expect 2 '--nonsense' "$RINGSIDE" check --nonsense
expect 2 '--help=1 takes no value' "$RINGSIDE" check --help=1
expect 2 "unknown command 'chek': did you mean 'check'?" "$RINGSIDE" chek
expect 2 'ringside --help' "$RINGSIDE" zzzzzzzz

expect 0 '' "$RINGSIDE" --version
grep -qE '^ringside [0-9]+\.[0-9]+\.[0-9]+$' "$dir/out" || failed=1
expect 0 '' "$RINGSIDE" --help
grep -q '^  ringside check ' "$dir/out" || failed=1
grep -q '^  reflect ' "$dir/out" || failed=1
expect 0 '' "$RINGSIDE" check --help
grep -q '^  stats_level ' "$dir/out" || failed=1
grep -q '^  max_pps ' "$dir/out" || failed=1
if [ -w /dev/full ]; then
	"$RINGSIDE" check -i lo reflect >/dev/full 2>"$dir/err"
	[ $? = 1 ] && grep -q 'standard output' "$dir/err" || failed=1
fi
[ $failed = 0 ] || echo "FAILED: see above"
exit $failed
