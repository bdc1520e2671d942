# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For the tests of http: a stack at both ends of the pair, files, and nginx behind Ringside. Sourced after net.sh.
. "$srcdir/tests/nginx.sh"
for tool in nginx curl; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
root=$dir/root nginx_pid=''
# thousands of files are written in no time where there is no disk
if [ "$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt 200000 ] 2>/dev/null; then
	root=$(mktemp -d /dev/shm/ringside-test.XXXXXX)/root || exit 99
	chmod 755 "${root%/root}"
fi
# Both flavours pass the same tests: auto means TC ingress on veth, test_NAME_xdp.sh sets xdp and runs NAME's.
flavour=${http_flavour:-auto}
case $flavour in
	xdp) io=af_xdp where="native XDP as configured, what does not fit at TC ingress" ;;
	*) io=tc where="TC ingress" ;;
esac

# nginx's worker outlives a master that is killed.
http_end() {
	[ -z "$nginx_pid" ] || { kill -TERM "$nginx_pid" && wait "$nginx_pid"; } 2>/dev/null
	rm -rf "${root%/root}"
	net_end
}
trap http_end EXIT

# http_net [QUEUES]: the far end has a stack of its own, with addresses
http_net() {
	namespaces_add
	in_far sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0 \
		net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
	pair_add "${1:-1}" || skip "no veth pairs here"
	near_up && ip -n "$near" link set lo up || exit 99
	# Who comes from a port of which the server's stack remembers an end (TIME_WAIT) is the server's, as it should be; but
	# clients that expect an answer of ours choose their ports at random.
	[ -n "${default_sysctls:-}" ] || in_near sysctl -qw net.ipv4.tcp_max_tw_buckets=0 || exit 99
	ip -n "$far" link set lo up
	ip -n "$far" link set peer0 up && far_addresses peer0 || exit 99
	# or what XDP sends is not received there
	[ "$flavour" != xdp ] || in_far ethtool -K peer0 gro on || exit 99
}

far_addresses() { # far_addresses INTERFACE
	ip -n "$far" addr add 192.0.2.1/24 dev "$1" && ip -n "$far" -6 addr add 2001:db8::1/64 dev "$1" nodad
}

# Files of every length that is near a limit, odd ones too: one segment, two segments, more than are answered.
http_files() {
	mkdir -p "$root/dir" && chmod 755 "$root" "$root/dir"
	"${python[@]}" - "$root" <<'END'
import os, random, sys
random.seed(6)
sizes = {0, 1, 2, 3, 7, 8, 110, 333, 1000, 1001, 1300, 10000, 20001, 200000}
sizes |= set(range(1080, 1120)) | set(range(2500, 2516)) | set(range(6810, 6866)) | {1335, 1336, 1337, 1424, 1460, 2760, 2761, 4000}
for size in sizes:
    with open("%s/%d.bin" % (sys.argv[1], size), "wb") as file:
        file.write(random.randbytes(size))
for name in "index.html", "dir/index.html", "style.css", "deep-" + "x" * 90 + ".js", "percent%41.txt", "two words.txt":
    with open("%s/%s" % (sys.argv[1], name), "w") as file:
        file.write("this is %s\n" % name * 3)
END
	echo secret >"$root/secret.txt"
	mkdir -p "$root/empty" && chmod 755 "$root/empty"
	ln -s /etc/passwd "$root/outside"
	ln -s 110.bin "$root/inside"
	find "$root" -type f -exec chmod 644 {} +
	chmod 600 "$root/secret.txt"
}

# nginx_start [PORT]: in the near namespace, as $nginx_pid; no more of the machine's configuration than its types
nginx_start() {
	local port=${1:-80}
	cat >"$dir/nginx-$port.conf" <<END
daemon off;
pid $dir/nginx-$port.pid;
error_log $dir/nginx-$port.log;
events { worker_connections 4096; }
http {
	include $mime_types;
	types { text/csv csv; }
	default_type application/octet-stream;
	access_log off;
	keepalive_requests 1000000;
	sendfile off;
	client_body_temp_path $dir/body;
	proxy_temp_path $dir/proxy;
	fastcgi_temp_path $dir/fastcgi;
	uwsgi_temp_path $dir/uwsgi;
	scgi_temp_path $dir/scgi;
	server { listen $port; listen [::]:$port; listen 8081; listen [::]:8081; root $root; }
}
END
	ip netns exec "$near" nginx -c "$dir/nginx-$port.conf" >/dev/null 2>"$dir/nginx-$port.err" &
	nginx_pid=$!
	started="$started $nginx_pid"
	wait_for 10 in_near "${python[@]}" -c "import socket; socket.create_connection(('127.0.0.1', $port))" || {
		cat "$dir/nginx-$port.err" "$dir/nginx-$port.log"
		exit 99
	}
}

# ends WHAT...: an emulated CPU may stand between two hooks for longer than the books wait: then the last record, which is
# exact, may be a packet less than the one before
ends() {
	ringside_end TERM
	[ $status = 0 ] || fail "status $status"
	records last.final 'balanced([last])' "$@"
}

# http_start ARGUMENT...: and waits until the files are answered
http_start() {
	ringside_start -i "${device:-rs0}" http --set http.root="$root" --set http.flavour="$flavour" "$@" && becomes "service.figures.files > 0"
	wait_for 5 is_settled || fail "files keep being read"
}
# A second snapshot says the same as the first.
is_settled() { "${python[@]}" "$srcdir/tests/records.py" "$out" "records[-1].services[0].figures.files == records[-3].services[0].figures.files > 0" >/dev/null 2>&1; }

# answers_by SERVER [ADDRESS]
answers_by() { in_far curl -s --max-time 5 -o /dev/null -D - "http://${2:-192.0.2.2}/110.bin" | grep -q "^Server: $1"; }

# clients COMMAND ARGUMENT=VALUE...: see http_clients.py
clients() {
	local said
	said=$(in_far "${python[@]}" "$srcdir/tests/http_clients.py" "$@" root="$root" 2>&1) && return
	fail "clients $*: $said"
	return 1
}
