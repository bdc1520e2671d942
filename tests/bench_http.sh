#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Measures http on this machine beside nginx and h2o: requests a second and their 99th percentile, by wrk with 64
# connections. As bench.sh: a fresh veth pair for each figure, cases that alternate, no test.
# usage (root): [BENCH_ROUNDS=9] [BENCH_SECONDS=2] RINGSIDE=… builddir=… bench_http.sh
source=$(cd "$(dirname "$0")/.." && pwd)
. "$source/tests/bench/place.sh"
connections=64 threads=2
to=198.18.0.2
root=$dir/root types=/etc/nginx/mime.types
port=8000 # each run has another one: what its closed connections leave behind (TIME_WAIT) would be the kernel's
server=''

# scripts/deps unpacks there what would start a daemon
for tools in "$source/build/tools" "$source/../tools"; do
	PATH=$PATH:/usr/sbin:$tools/usr/sbin:$tools/usr/bin
	[ -e $types ] || types=$tools/etc/nginx/mime.types
done
for tool in wrk nginx h2o ethtool; do
	command -v $tool >/dev/null || unable "$tool is not installed"
done

end_server() {
	[ -n "$server" ] || return 0
	kill -TERM "$server" 2>/dev/null || true
	wait "$server" || true
	server=''
}
trap 'end_server; clean_up' EXIT

make_files() {
	local bytes

	chmod 755 "$dir"
	mkdir "$root"
	for bytes in 110 1300 10000; do
		head -c $bytes /dev/urandom >"$root/$bytes.bin"
	done
	chmod 755 "$root"
	chmod 644 "$root"/*
}

make_link() {
	: >"$dir/log"
	link_up
	ip -n "$near_ns" addr add 198.18.0.1/24 dev near
	ip -n "$far_ns" addr add $to/24 dev far
}

# All with a worker a CPU, nothing logged, connections that may live for ever. nginx copies small files faster than
# it maps them: with sendfile it is slower here, the more so with tcp_nopush. `tuned` is nginx that also keeps what
# it knows of files, as h2o does by itself, and has a listening socket for each worker.
nginx_configuration() { # [FURTHER-LINES [LISTEN-OPTIONS]]
	cat <<END
daemon off;
user root;
worker_processes 2;
pid $dir/nginx.pid;
error_log $dir/log;
events { worker_connections 4096; }
http {
	include $types;
	default_type application/octet-stream;
	access_log off;
	sendfile off;
	tcp_nopush off;
	tcp_nodelay on;
	keepalive_requests 100000000;
	${1-}
	client_body_temp_path $dir/body;
	proxy_temp_path $dir/proxy;
	fastcgi_temp_path $dir/fastcgi;
	uwsgi_temp_path $dir/uwsgi;
	scgi_temp_path $dir/scgi;
	server { listen $port backlog=4096 ${2-}; root $root; }
}
END
}
tuned_configuration() {
	nginx_configuration 'open_file_cache max=1000 inactive=1h; open_file_cache_valid 1h;' reuseport
}
h2o_configuration() {
	cat <<END
user: root
listen: { port: $port, host: $to }
num-threads: 2
pid-file: $dir/h2o.pid
error-log: $dir/log
hosts:
  "default":
    paths:
      "/": { file.dir: $root }
END
}

begin_server() { # nginx|tuned|h2o
	"$1_configuration" >"$dir/$1.conf"
	ip netns exec "$far_ns" "${1/tuned/nginx}" -c "$dir/$1.conf" >>"$dir/log" 2>&1 &
	server=$!
}

answers() { ip netns exec "$near_ns" curl -sf -m 2 -o "$dir/fetched" "http://$to:$port/$1" && cmp -s "$dir/fetched" "$root/$1"; }
by_ringside() { # PATH
	answers "$1" && ! ip netns exec "$near_ns" curl -sI -m 2 "http://$to:$port/$1" | grep -q '^Server: nginx'
}

# SERVER FILE: begins it; ringside has nginx behind it, and answers what it means to by itself; bare is ringside
# without the header lines that can be left out
begin_case() {
	local expected=answers optional=''

	port=$((port + 1))
	make_link
	begin_server "$(case $1 in ringside | bare) echo nginx ;; *) echo "$1" ;; esac)"
	until_true 10 answers "$2" || return 1
	case $1 in
		ringside) ;;
		bare) optional=no ;;
		*) return 0 ;;
	esac
	begin "$RINGSIDE" -i far http --no-tui --set "ringside.name=$name" --set http.root="$root" --set http.port=$port \
		--set http.optional_headers=${optional:-yes}
	[ "$2" = 10000.bin ] || expected=by_ringside
	until_true 10 grep -q far "$dir/log" && until_true 10 $expected "$2"
}

# CASE SERVER FILE WRK-ARGUMENT...: notes "requests-per-second p99-in-us"
measure() {
	local case=$1-$2 server_name=$2 file=$3 figures=''

	shift 3
	if begin_case "$server_name" "$file"; then
		figures=$(ip netns exec "$near_ns" wrk -t $threads -c $connections -d "${seconds}s" --latency "$@" \
			"http://$to:$port/$file" 2>&1 | tee -a "$dir/log" | wrk_figures) || figures=''
	fi
	[ -n "$figures" ] || broke "$case: not measured"
	echo "$figures" >>"$dir/rates/$case"
	end || broke "$case: status $?"
	end_server
}

# An answer with an error is none.
wrk_figures() {
	awk '
	function us(text) { return text * (text ~ /us$/ ? 1 : text ~ /ms$/ ? 1e3 : 1e6) }
	$1 == "99%" { p99 = us($2) }
	$1 == "Requests/sec:" { rate = $2 }
	/Non-2xx|Socket errors: connect [^0]/ { bad = 1 }
	END { if (bad || !rate) exit 1; print rate "\t" p99 }'
}

# CASE LABEL [OURS]: requests a second and p99 of each server, medians; and what ours are of each other's, lowest and
# highest of a round
print_case() {
	echo "$2:"
	paste "$dir/rates/$1-${3:-ringside}" "$dir/rates/$1-nginx" "$dir/rates/$1-tuned" "$dir/rates/$1-h2o" |
		awk -F '\t' -v names='ringside nginx nginx,-tuned h2o' "$median"'
	NF == 8 {
		for (i = 1; i <= 4; i++) {
			rate[i, ++n[i]] = $(2 * i - 1)
			p99[i, n[i]] = $(2 * i)
			ratio = $1 / $(2 * i - 1)
			if (!(i in low) || ratio < low[i]) low[i] = ratio
			if (!(i in high) || ratio > high[i]) high[i] = ratio
		}
	}
	function middle(values, which,  list, i) {
		for (i = 1; i <= n[which]; i++) list[i] = values[which, i]
		return median(list, n[which])
	}
	END {
		if (!n[1]) { print "  not measured"; exit }
		split(names, name, " ")
		for (i = 1; i <= 4; i++) {
			gsub("-", " ", name[i])
			printf "  %-14s %7.0f a second, p99 %6.0f µs", name[i], middle(rate, i), middle(p99, i)
			if (i > 1) printf "; ringside %.2f of it (%.2f–%.2f)", middle(rate, 1) / middle(rate, i), low[i], high[i]
			print ""
		}
	}'
}

make_files
ip netns exec "$near_ns" sysctl -qw net.ipv4.ip_local_port_range='10000 65000' net.ipv4.tcp_tw_reuse=1
for ((round = 0; round < short_rounds; round++)); do
	for who in nginx ringside tuned h2o; do
		measure small $who 110.bin
		measure middle $who 1300.bin
		measure new $who 1300.bin -H 'Connection: close'
		measure large $who 10000.bin
		[ $who != ringside ] || measure small bare 110.bin
		[ $who != ringside ] || measure middle bare 1300.bin
	done
done
echo "requests a second, $connections connections:"
print_case small '110 bytes, keep-alive'
print_case small '110 bytes, keep-alive, optional_headers = no' bare
print_case middle '1300 bytes, keep-alive'
print_case middle '1300 bytes, keep-alive, optional_headers = no' bare
print_case new '1300 bytes, a connection each'
print_case large '10000 bytes, keep-alive'
exit $failed
