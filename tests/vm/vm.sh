# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For tests in a virtual machine, whose kernel and NIC this machine has not: QEMU in software emulation. Ringside
# works on rs0 in the guest; peer.py sends and looks on from peer0 in $far, the tap that the guest's NIC is plugged into.
# Sourced behind net.sh, of which it replaces what speaks of the near end. Times in an emulated machine mean nothing.

vm_work=$dir/vm
vm_cache=${VM_CACHE:-${builddir:?}/vm}
vm_pid='' vm_version='' vm_nic='' vm_queues='' vm_device='' vm_qemu=qemu-system-x86_64 vm_qemu_options=()
mkdir -p "$vm_work" "$vm_cache"

# A kernel's suite and packages, as regular expressions. The kernels of the cloud flavour are smaller, but have no igb.
vm_packages() {
	case $1 in
	5.10) echo bullseye 'linux-image-5\.10\.[0-9-]*-cloud-amd64-unsigned' ;;
	6.1) echo bookworm 'linux-image-6\.1\.[0-9-]*-cloud-amd64-unsigned' ;;
	6.12) echo bookworm-backports 'linux-image-6\.12\.[0-9]*\+deb12-cloud-amd64-unsigned' ;;
	6.16) echo trixie-backports 'linux-image-6\.16\.[0-9]*\+deb13-amd64' ;;
	# base has modules.builtin, without which modprobe takes what is built in for missing
	7.2) echo trixie-backports 'linux-'{base,binary,modules}'-7\.2\.[0-9]*\+deb13-amd64' ;;
	esac
}

# What scripts of make check need, in /suite, and the programs that they run
. "$srcdir/tests/nginx.sh"
vm_suite=("$python:/usr/bin/python3" nginx "$mime_types:/etc/nginx/mime.types" /etc/passwd:/etc/passwd
	/etc/group:/etc/group curl ping tcpdump "$srcdir/tests:/suite/tests"
	"$builddir/examples/reuseport:/suite/build/examples/reuseport")
for program in ringside_strict steer_peer steer_worker ring_reader test_vectors test_handle_kernel test_price test_halves \
	test_http_access; do
	vm_suite+=("$builddir/tests/$program:/suite/build/tests/$program")
done

# Python's own library, without all that has been installed into it
vm_python() {
	local library
	library=$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))') && mkdir "$vm_work/python" &&
		tar c -C "$library" --exclude=./site-packages --exclude=./test --exclude='./config-*' . | tar x -C "$vm_work/python" &&
		vm_suite+=("$vm_work/python:$library")
}

# A QEMU that has igb, which came with 8.0: Debian 12's own has not.
vm_prepare() {
	local unpacked=$vm_cache/qemu
	if ! "$vm_qemu" -device help 2>/dev/null | grep -q '"igb"'; then
		"$srcdir/tests/vm/packages" "$vm_cache" qemu bookworm-backports qemu-system-x86 qemu-system-common \
			qemu-system-data || return
		vm_qemu=$unpacked/usr/bin/qemu-system-x86_64
		vm_qemu_options=(-L "$unpacked/usr/share/qemu" -L /usr/share/qemu -L /usr/share/seabios)
		export QEMU_MODULE_DIR=$unpacked/usr/lib/x86_64-linux-gnu/qemu
	fi
	vm_python || return
	${CC:-cc} -Wall -Wextra -o "$vm_work/modes" "$srcdir/tests/vm/modes.c" &&
		clang -target bpf -g -O2 -idirafter "/usr/include/$(gcc -print-multiarch)" -c "$srcdir/tests/vm/foreign.bpf.c" \
			-o "$vm_work/foreign.o"
}

# vm_image KERNEL: its kernel and initial RAM disk; says why not.
vm_image() {
	local modules='virtio_pci virtio_net veth 8021q' words
	read -ra words <<<"$(vm_packages "$1")"
	"$srcdir/tests/vm/packages" "$vm_cache" "$1" "${words[@]}" || { fail "no kernel $1 can be had"; return 1; }
	[[ ${words[1]} = *cloud* ]] || modules+=' igb'
	# shellcheck disable=SC2086 # words
	"$srcdir/tests/vm/initrd" "$vm_cache/$1" "$vm_work/$1" $modules -- "$RINGSIDE" "$vm_work/modes" ip ethtool \
		bpftool xdp-loader "$builddir/tests/ring_reader" "$vm_work/foreign.o" \
		/usr/lib/*/bpf/xdp-dispatcher.o "${vm_suite[@]}" || { fail "no RAM disk for $1"; return 1; }
}

# guest COMMAND: runs a line of shell in the machine; its output and status are the line's. 125: the machine does not
# answer.
guest() {
	local line command said=''
	[ -n "$vm_version" ] || return 125
	command=$(tr '\n' ' ' <<<"$*" | sed 's/^[[:blank:]]*//; s/[[:blank:]]*$//')
	printf '%s %s\n' ${#command} "$command" >&7 || return 125
	while IFS= read -r -t "${guest_patience:-120}" line <&8; do
		case $line in
		'@@ again') printf '%s %s\n' ${#command} "$command" >&7 ;;
		'@@ '*)
			# all of it is read before any of it is printed: who listens may go before the end
			printf '%s' "$said"
			return "${line#@@ }"
			;;
		*) said+=$line$'\n' ;;
		esac
	done
	echo "the machine does not answer: $(tail -n 3 "$vm_work/console")" >&2
	return 125
}

monitor() { printf '%s\n' "$*" >&9; }

# Makes the NIC rs0, with addresses, and lets it know its peer. Promiscuous, since QEMU's NICs have VLAN filters.
vm_set_up="ip link set eth0 down; ip link set eth0 name rs0 promisc on; ip addr add 192.0.2.2/24 dev rs0; \
ip link set rs0 up; ip -6 addr add 2001:db8::2/64 dev rs0 nodad; \
ip neigh replace 192.0.2.1 lladdr 02:00:00:00:0a:01 dev rs0; \
ip neigh replace 2001:db8::1 lladdr 02:00:00:00:0a:01 dev rs0"

vm_name_both="for nic in eth0 eth1; do case \$(cat /sys/class/net/\$nic/address) in \
02:00:00:00:0a:01) ip link set \$nic name peer0 ;; *) ip link set \$nic name rs0 ;; esac; done"

vm_stop() {
	[ -n "$vm_pid" ] || return 0
	kill -KILL "$vm_pid" 2>/dev/null
	wait "$vm_pid" 2>/dev/null
	started=${started/ $vm_pid/}
	vm_pid=''
}

# vm_start KERNEL NIC QUEUES OPTION...: a machine whose NIC, with these QEMU options, is rs0. With vm_wire=yes the other
# end is in the machine, too: another NIC, peer0, on the same wire.
vm_start() {
	local kernel=$1 line multi='' wire
	vm_stop
	vm_nic=$2 vm_queues=$3 vm_version='' vm_shortest=0
	[ "$vm_nic" != igb ] || vm_shortest=64 # it makes others longer: 60 bytes and a tag that it takes off
	vm_device="$vm_nic,id=nic,netdev=n0,bus=rootport,mac=02:00:00:00:0b:02,romfile="
	[ "$vm_queues" = 1 ] || vm_device+=,mq=on,vectors=$((2 * vm_queues + 2)) multi=multi_queue
	for line in "${@:4}"; do vm_device+=,$line; done
	namespaces_add
	# shellcheck disable=SC2086 # nothing or a word
	ip netns exec "$far" ip tuntap add peer0 mode tap $multi &&
		ip -n "$far" link set peer0 address 02:00:00:00:0a:01 up || return 99
	wire=(-netdev "tap,id=n0,ifname=peer0,script=no,downscript=no,queues=$vm_queues")
	[ -z "${vm_wire:-}" ] || wire=(-netdev hubport,id=n0,hubid=0 -netdev hubport,id=n1,hubid=0
		-device virtio-net-pci,netdev=n1,mac=02:00:00:00:0a:01,romfile=)
	rm -f "$vm_work"/{ctl,mon}.*
	mkfifo "$vm_work"/{ctl,mon}.{in,out}
	ip netns exec "$far" "$vm_qemu" "${vm_qemu_options[@]}" -M q35 -cpu max -accel tcg,thread=multi -smp 2 -m 1024 \
		-display none -no-reboot -nodefaults -kernel "$vm_work/$kernel/vmlinuz" -initrd "$vm_work/$kernel/initrd" \
		-append 'console=ttyS0 quiet panic=-1 net.ifnames=0 mitigations=off tsc=unstable nokaslr random.trust_cpu=on' \
		-serial "file:$vm_work/console" -chardev "pipe,id=ctl,path=$vm_work/ctl" -serial chardev:ctl \
		-chardev "pipe,id=mon,path=$vm_work/mon" -mon chardev=mon -device pcie-root-port,id=rootport \
		"${wire[@]}" -device "$vm_device" \
		>"$vm_work/qemu" 2>&1 </dev/null &
	vm_pid=$!
	started="$started $vm_pid"
	exec 7<>"$vm_work/ctl.in" 8<>"$vm_work/ctl.out" 9<>"$vm_work/mon.in"
	local end=$((EPOCHSECONDS + 240)) # where other work goes on
	while [ -z "$vm_version" ] && kill -0 "$vm_pid" 2>/dev/null && [ $EPOCHSECONDS -lt $end ]; do
		IFS= read -r -t 2 line <&8 || continue
		[ "${line%% ready*}" != @@ ] || vm_version=${line#@@ ready }
	done
	[ -n "$vm_version" ] || { cat "$vm_work/qemu" "$vm_work/console"; return 1; }
	if [ -n "${vm_wire:-}" ]; then
		guest "$vm_name_both"
	else
		guest "$vm_set_up"
	fi
}

# What follows replaces its namesakes of net.sh.

patience=6 # an emulated machine is slow
peer() {
	local command=$1 said
	shift
	said=$(in_far "$python" "$srcdir/tests/peer.py" "$command" peer0 patience=30 shortest="$vm_shortest" "$@" 2>&1) && return
	fail "peer: $said"
	return 1
}

in_near() { guest "$(printf '%q ' "$@")"; }
is_gone() { guest "! kill -0 $1 2>/dev/null"; }
xdp_id() { guest "ip -d link show rs0" | sed -n 's/.*prog\/xdp id \([0-9]*\).*/\1/p'; }
fetch() { guest "gzip -c $1 | base64" | base64 -d | gzip -d; } # fetch FILE: prints it

start_in() { # the near end alone
	shift
	guest "rm -f /tmp/status /tmp/pid /tmp/out; (bash -c 'echo \$\$ >/tmp/pid; RUNTIME_DIRECTORY=/run exec $(printf '%q ' "$@")' \
		>/tmp/out 2>/tmp/err </dev/null; echo \$? >/tmp/status) >/dev/null 2>&1 &"
	wait_for 10 guest '[ -s /tmp/pid ]'
	pid=$(guest 'cat /tmp/pid')
}
has_spoken() { guest '[ -s /tmp/out ] || [ -s /tmp/status ]'; }

ringside_start() {
	start_in "$near" ringside run --format json --interval 0.5 "$@"
	wait_for 10 has_spoken
	fetch /tmp/err >"$err"
	guest '[ -s /tmp/out ]' || { fail "does not start: $*"; return 1; }
}
ringside_end() {
	guest "kill -${1:-TERM} $pid"
	ringside_wait
}
ringside_wait() {
	wait_for 10 guest '[ -s /tmp/status ]' || { fail "does not end"; guest "kill -KILL $pid"; }
	status=$(guest 'cat /tmp/status')
	fetch /tmp/out >"$out"
	fetch /tmp/err >"$err"
}
shows() {
	guest 'tail -n 1 /tmp/out' >"$out"
	"$python" "$srcdir/tests/records.py" "$out" "$@" >/dev/null 2>&1
}

is_clean() {
	wait_for 10 has_no_xdp || fail "an XDP program is left behind"
	peer ping || guest 'ip -s link show rs0; ethtool -S rs0 | grep -v ": 0$"; dmesg | tail -n 20'
}
