#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# http on a kernel that can't take connections over: the kernel half does not start and says why, and the ordinary server
# answers everything. Such a kernel is made by another name for the function in the BTF that the program finds.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"
. "$srcdir/tests/http.sh"
btf=/sys/kernel/btf/vmlinux
[ -r $btf ] || skip "this kernel has no BTF"

# old_kernel_start ARGUMENT...: as http_start, but that no file is ready
old_kernel_start() {
	# ip netns exec has a /sys of its own
	# shellcheck disable=SC2016
	start_in "$near" sh -c 'mount --bind "$0" /sys/kernel/btf/vmlinux && exec "$@"' "$dir/btf" \
		"$RINGSIDE" run --format json --interval 0.1 -i rs0 http --set http.root="$root" --set http.flavour="$flavour" "$@"
	wait_for 10 has_spoken
	[ -s "$out" ] || { fail "does not start"; return 1; }
}

http_net
http_files
nginx_start
"${python[@]}" - $btf "$dir/btf" <<'END' || skip "this kernel has no bpf_sk_assign_tcp_reqsk"
import sys
btf = open(sys.argv[1], "rb").read()
name = b"\0bpf_sk_assign_tcp_reqsk\0"
if name not in btf:
    sys.exit(1)
open(sys.argv[2], "wb").write(btf.replace(name, b"\0bpf_no_assign_tcp_reqsk\0"))
END
for flavour in auto tc xdp; do
	about "flavour = $flavour, fallback = kernel: nginx answers, and the log says why"
	old_kernel_start || continue
	grep -q "this kernel can't take connections over .*Linux 6.9): the ordinary server answers everything" "$err" ||
		fail "another reason, or none"
	answers_by nginx || fail "nginx does not answer"
	becomes "service.interfaces[0].why == 'the ordinary server: see the log'"
	ringside_stop
	records "service.figures.hits is None" "service.figures.handshakes is None"
	has_no_xdp || fail "there is an XDP program"
done
about "fallback = own: our own server answers"
kill -TERM $nginx_pid
wait $nginx_pid
old_kernel_start --set http.fallback=own
wait_for 10 answers_by ringside || fail "it does not answer"
ringside_stop
records "service.figures.hits is None"
finish
