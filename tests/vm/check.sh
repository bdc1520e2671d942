#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What needs another kernel or a NIC that is none: Ringside in virtual machines with Debian's kernels, on virtio-net and
# igb: every case byte by byte in each mode, zero copy, faults, the dispatcher, interrupts.
# Run by make check-vm. VM_KERNELS, VM_NICS (virtio, igb) and VM_TESTS (names of functions below) choose; VM_CACHE is
# where packages are kept (default: vm in the build folder).
. "${srcdir:-$(dirname "$0")/../..}/tests/net.sh"
. "$srcdir/tests/vm/vm.sh"

for tool in qemu-system-x86_64 busybox cpio modprobe xz zstd xdp-loader bpftool nginx curl tcpdump; do
	command -v $tool >/dev/null || { echo "check-vm: no $tool: scripts/deps --vm"; exit 99; }
done

cases() { # cases DIRECT WHAT-THE-RECORD-SAYS ARGUMENT...
	about "$vm_version, $vm_nic: ${*:3}"
	all_cases "$1" "${@:3}"
	records "$2"
}

answers_in_every_mode() {
	local copy="not interface.zero_copy"
	cases False "interface.xdp == 'native'" --set=reflect.path=kernel --set=rs0.io=af_xdp
	cases False "interface.xdp == 'native' and $copy" --set=reflect.path=user --set=rs0.zero_copy=off \
		--set=rs0.io=af_xdp
	cases False "interface.xdp == 'generic'" --set=reflect.path=kernel --set=rs0.xdp=generic
	cases False "interface.xdp == 'generic' and $copy" --set=reflect.path=user --set=rs0.xdp=generic
	cases True "interface.io == 'af_packet'" --set=rs0.io=af_packet
}

judges_alike() {
	local test
	about "$vm_version: this kernel's verifier takes every service and every level, and both halves judge alike"
	# before 5.14 a test run does not show what a program has put in front of the frame, which test_halves looks at
	for test in test_vectors test_handle_kernel test_price $([[ $vm_version = 5.10.* ]] || echo test_halves); do
		guest_patience=300 guest "cd /tmp; /suite/build/tests/$test" >"$err" 2>&1 && ! grep -q '^\[  SKIPPED' "$err" ||
			fail "$test: $(grep '^\[  \(FAILED\|SKIPPED\)' "$err")"
	done
}

# Each source's limits by the flavours of http: four objects with kfuncs
limits_sources_of_http() {
	about "$vm_version: this kernel's verifier takes http with lists and limits of sources, and both flavours charge alike"
	guest_patience=300 guest "cd /tmp; /suite/build/tests/test_http_access" >"$err" 2>&1 && ! grep -q '^\[  SKIPPED' "$err" ||
		fail "$(grep '^\[  \(FAILED\|SKIPPED\)' "$err")"
}

# shown_is_bound WORDS: what the snapshot shows is what the kernel says of each of the sockets
shown_is_bound() {
	local said
	said=$(guest "modes $pid" | sort -u)
	[ "$said" = "$1" ] || fail "the kernel says: $said"
	shows "interface.zero_copy == ('$1' == 'zero copy')" || fail "shown is something else than $1"
}

binds_what_it_shows() {
	about "$vm_version, $vm_nic: the mode that is shown is the one that the kernel says of each queue"
	ringside_start -i rs0 reflect --set=reflect.path=user || return
	[ "$(guest "modes $pid" | wc -l)" = 2 ] || fail "not two sockets"
	shown_is_bound "$vm_mode"
	ringside_stop
	[ "$vm_mode" = copy ] || return
	about "$vm_version, $vm_nic: zero_copy = on is refused where it cannot be had"
	start_in "$near" ringside run -i rs0 reflect --format json --set=rs0.zero_copy=on
	ringside_wait
	[ $status = 1 ] && grep -q '^ringside: rs0: bind queue [0-9]* with zero copy: ' "$err" || fail "status $status"
}

doctor_finds_it() {
	about "$vm_version, $vm_nic: doctor says what the driver does, and leaves nothing"
	guest 'ringside doctor rs0 --format json' >"$out" || fail "status $?"
	"$python" - "$out" "$vm_mode" "$vm_nic" <<-'END' 2>"$err" || fail "$(cat "$out")"
		import json, sys
		checks = {check["name"]: check for check in json.load(open(sys.argv[1]))["checks"]}
		assert checks["native"]["value"] == "attached, and taken off again", "native"
		bound = checks["zero_copy"]["value"] == "bound, and let go again"
		assert bound == (sys.argv[2] == "zero copy"), "zero copy"
		assert checks["interrupts"]["value"].startswith("queue 0: CPU "), "interrupts"
		# QEMU's igb is an 82576, whose driver has such rules and takes none: that comes with the I350
		tried = "the driver takes none: for UDP ports: Operation not supported"
		assert checks["ntuple"]["value"] == (tried if sys.argv[3] == "igb" else "the driver has no such rules"), "ntuple"
		assert all(checks[name]["state"] == "ok" for name in ("program", "redirect", "bpf_link", "af_xdp", "link"))
	END
	has_no_xdp || fail "a program is left behind"
	[ "$vm_nic" != igb ] || guest 'ethtool -n rs0' | grep -q 'Total 0 rules' || fail "a rule is left behind"
}

answers_without_copies() {
	cases False "interface.zero_copy and service.interfaces[0].path == 'user'" --set=rs0.zero_copy=on
	cases False "interface.zero_copy" --set=rs0.zero_copy=on --set=reflect.path=user --level debug -- checksum=verify
	cases False "interface.zero_copy" --set=rs0.zero_copy=on -- checksum=recompute
	about "$vm_version, $vm_nic: without copies, 3000 at 500 a second: all come back"
	ringside_start -i rs0 reflect --set=rs0.zero_copy=on || return
	peer probes count=3000 rate=500
	shown_is_bound "zero copy"
	ringside_stop
	records "totals.tx_packets == 3000" "totals.drop_packets == 0"
}

delivered() { # delivered ZERO-COPY ARGUMENT...: a consumer gets every packet, from sockets in that mode
	local zero_copy=$1
	shift
	about "$vm_version, $vm_nic: deliver, $*: a consumer gets every packet"
	ringside_start -i rs0 deliver --set=deliver.ports=7000-7009 "$@" || return
	guest 'RUNTIME_DIRECTORY=/run ring_reader deliver 7000-7009 >/tmp/reader 2>&1 &'
	wait_for 10 guest 'grep -q ready /tmp/reader' || fail "no consumer: $(guest 'cat /tmp/reader')"
	in_far "$python" "$srcdir/tests/deliver_peer.py" peer0 ports=7000-7009 rounds=20 rate=200 || fail "the peer cannot send"
	becomes "totals.delivered_packets == 200" "interface.zero_copy == $zero_copy"
	guest 'kill -TERM $(pidof ring_reader)'
	wait_for 10 guest 'grep -q received /tmp/reader' || fail "the consumer does not end"
	guest 'cat /tmp/reader' | grep -q '"received": 200, "lost": 0, "wrong": 0, "ports": 10' ||
		fail "the consumer: $(guest 'cat /tmp/reader')"
	ringside_stop
}

# The kernel half with taps is a program of its own, for this verifier, too.
taps() {
	local path
	guest 'echo 2 >/proc/sys/kernel/perf_event_paranoid' # Debian's has 3, for which CAP_PERFMON is not enough
	for path in kernel user; do
		about "$vm_version, $vm_nic: a tap shows each packet of a service, path = $path"
		ringside_start -i rs0 reflect --set=reflect.signatures=any --set=reflect.ports=7000-7009 \
			--set=reflect.path=$path --set=rs0.io=af_xdp --set=rs0.zero_copy=off || return
		guest 'RUNTIME_DIRECTORY=/run ringside tap reflect --print --count 200 >/tmp/tap 2>&1 &'
		wait_for 60 guest 'grep -q "shown from here on" /tmp/tap' || fail "no tap: $(guest 'cat /tmp/tap')"
		in_far "$python" "$srcdir/tests/deliver_peer.py" peer0 ports=7000-7009 rounds=20 rate=200 ||
			fail "the peer cannot send"
		wait_for 20 guest 'grep -q "^ringside: 200 packets, 200 of them wanted; 0 lost$" /tmp/tap' ||
			fail "the tap: $(guest 'tail -n 3 /tmp/tap')"
		[ "$(guest 'grep -c "bytes, answered$" /tmp/tap')" = 200 ] || fail "lines: $(guest 'head -n 3 /tmp/tap')"
		ringside_stop
	done
}

delivers() {
	delivered False --set=deliver.mode=copy --set=rs0.zero_copy=off
	delivered False --set=deliver.mode=share
	guest 'echo 40 >/proc/sys/vm/nr_hugepages'
	delivered False --set=deliver.mode=share --set=rs0.huge_pages=2M
	grep -q 'rs0: af_xdp.* 2 MB pages' "$err" || fail "not on huge pages"
	guest 'echo 0 >/proc/sys/vm/nr_hugepages'
	[ "$vm_mode" = copy ] || delivered True --set=deliver.mode=copy --set=rs0.zero_copy=on
	[ "$vm_mode" = copy ] || delivered True --set=deliver.mode=share --set=deliver.expose_queue=yes --set=rs0.zero_copy=on
}

is_killed() {
	about "$vm_version, $vm_nic: SIGKILL leaves no program, and the stack goes on"
	ringside_start -i rs0 reflect || return
	peer until
	guest "kill -KILL $pid"
	ringside_wait
	[ "$status" = 137 ] || fail "status $status"
	is_clean
}

# The far end's load, and what the books say of it, in the background
load_start() {
	ip netns exec "$far" "$python" "$srcdir/tests/peer.py" load peer0 count=1000000 rate=2000 >/dev/null 2>&1 &
	load=$!
	started="$started $load"
}
load_end() { kill "$load" 2>/dev/null; wait "$load" 2>/dev/null; }

loses_its_link() {
	about "$vm_version, $vm_nic: the link goes down and comes back under load"
	ringside_start -i rs0 reflect || return
	peer until
	load_start
	monitor set_link nic off
	becomes "interface.state == 'down'"
	monitor set_link nic on
	becomes "interface.state == 'up'"
	load_end
	peer until
	[ "$vm_mode" = copy ] || shown_is_bound "zero copy"
	ringside_stop
}

loses_its_device() {
	about "$vm_version, $vm_nic: the device is pulled out under load and put in again"
	ringside_start -i rs0 reflect || return
	peer until
	load_start
	monitor device_del nic
	becomes "interface.state == 'absent'"
	load_end
	monitor "device_add $vm_device"
	wait_for 10 guest 'ip link show eth0 >/dev/null' || fail "no device"
	guest "$vm_set_up"
	becomes "interface.state == 'up'"
	peer until
	[ "$vm_mode" = copy ] || shown_is_bound "zero copy"
	ringside_end TERM
	[ $status = 0 ] || fail "status $status"
	# what its rings held has counted as sent, and is a drop once it is known not to have left
	records "last.final" "balanced([last])"
	is_clean
}

affinities() { guest 'for i in $(ls /sys/class/net/rs0/device/msi_irqs /sys/class/net/rs0/device/../msi_irqs 2>/dev/null |
	grep "^[0-9]"); do echo $i $(cat /proc/irq/$i/smp_affinity_list); done'; }
pins_interrupts() {
	local before during
	about "$vm_version, $vm_nic: each queue's interrupt goes beside its worker, and back at the end"
	before=$(affinities)
	ringside_start -i rs0 reflect --set=reflect.path=user --set=rs0.irq_affinity=on --set=rs0.cpus=1,0 || return
	during=$(affinities)
	[ "$before" != "$during" ] || fail "nothing has changed: $during"
	for queue in 0 1; do
		irq=$(guest "sed -n 's/^ *\([0-9]*\):.* virtio[0-9]*-input.$queue\$/\1/p' /proc/interrupts")
		grep -qx "$irq $((1 - queue))" <<<"$during" || fail "queue $queue, interrupt $irq: $during"
	done
	ringside_stop
	[ "$(affinities)" = "$before" ] || fail "before: $before; after: $(affinities)"
}

in_dispatcher() { guest 'xdp-loader status rs0' | grep -qw "$1"; }
not_in_dispatcher() { ! in_dispatcher "$1"; }
foreign_frames() { guest 'bpftool -j map dump name foreign_frames' | grep -o '"value": *[0-9]*' | grep -o '[0-9]*$'; }
refuses_to_start() { # refuses_to_start WORDS
	start_in "$near" ringside run -i rs0 reflect --format json --set=rs0.attach=dispatcher
	ringside_wait
	[ "$status" = 1 ] && grep -q "^ringside: rs0: .*$1" "$err" || fail "status $status"
}

is_in_the_dispatcher() {
	local before
	cases False "interface.xdp == 'native' and 'dispatcher' not in interface.why" --set=rs0.attach=dispatcher \
		--set=rs0.zero_copy=off
	guest '[ -z "$(ls /sys/fs/bpf/xdp)" ]' || fail "something is still pinned: $(guest 'ls /sys/fs/bpf/xdp')"
	about "$vm_version, $vm_nic: beside another program in the dispatcher"
	guest 'xdp-loader load -m native rs0 /usr/bin/foreign.o' || fail "the other program is not loaded"
	ringside_start -i rs0 reflect --set=rs0.attach=dispatcher || return
	in_dispatcher ringside && in_dispatcher foreign || fail "$(guest 'xdp-loader status rs0')"
	before=$(foreign_frames)
	peer probes count=20
	[ "$(foreign_frames)" -lt $((before + 20)) ] || fail "the other program sees what was answered"
	before=$(foreign_frames)
	peer ping
	[ "$(foreign_frames)" -gt "$before" ] || fail "the other program does not see what is passed on"
	guest 'ringside detach rs0' >"$err" 2>&1 && fail "detach takes a living one out"
	grep -q "in use by process $pid" "$err" || fail "the living one is not named"
	in_dispatcher ringside || fail "the living one is gone"
	ringside_stop
}

leaves_something() {
	about "$vm_version, $vm_nic: what SIGKILL leaves in the dispatcher is named, and detach takes it, and only it, out"
	ringside_start -i rs0 reflect --set=rs0.attach=dispatcher || return
	peer until
	ringside_end TERM
	wait_for 5 not_in_dispatcher ringside || fail "it is still in the dispatcher after its end"
	in_dispatcher foreign || fail "the other program is gone"
	ringside_start -i rs0 reflect --set=rs0.attach=dispatcher || return
	guest "kill -KILL $pid"
	ringside_wait
	in_dispatcher ringside || fail "nothing is left"
	refuses_to_start 'left program [0-9]* in the dispatcher (ringside detach rs0 '
	guest 'ringside detach rs0' | grep -q '^rs0: program [0-9]* taken out of the dispatcher$' || fail "detach fails"
	not_in_dispatcher ringside || fail "it is still there"
	in_dispatcher foreign || fail "the other program is gone"
	guest 'ringside detach rs0' | grep -q '^rs0: nothing that Ringside has left$' || fail "there is more"
	guest 'xdp-loader unload -a rs0'
	is_clean
}

respects_a_lonely_program() {
	about "$vm_version, $vm_nic: a program that is alone on the interface, without the dispatcher, is left there"
	guest 'mkdir -p /tmp/bpf && mount -t bpf bpf /tmp/bpf; bpftool prog load /usr/bin/foreign.o /tmp/bpf/foreign &&
		bpftool net attach xdpdrv pinned /tmp/bpf/foreign dev rs0' || fail "it cannot be attached"
	refuses_to_start 'another XDP program is attached (id [0-9]*, name foreign)'
	guest 'ringside detach rs0' | grep -q '^rs0: nothing that Ringside has left$' || fail "detach takes it"
	[ -n "$(xdp_id)" ] || fail "it is gone"
	guest 'bpftool net detach xdpdrv dev rs0; rm /tmp/bpf/foreign'
	is_clean
}

# The far end has a stack of its own, and the guest files and a server on them
http_in_guest() {
	ip -n "$far" addr replace 192.0.2.1/24 dev peer0
	guest 'mkdir -p /tmp/root && chmod 755 /tmp /tmp/root && for bytes in 0 110 1000 2000 5000; do
		head -c $bytes /dev/urandom >/tmp/root/$bytes; done; chmod 644 /tmp/root/*'
	ringside_start -i rs0 http --set=http.root=/tmp/root --set=http.max_segments=2 --set=http.fallback=own "$@"
}

# fetches NUMBER...: these files, byte by byte
fetches() {
	local bytes
	for bytes; do
		in_far curl -s -m 60 -o "$dir/fetched" "http://192.0.2.2/$bytes" || fail "curl: status $?"
		[ "$(md5sum <"$dir/fetched" | cut -c 1-32)" = "$(guest "md5sum /tmp/root/$bytes" | cut -c 1-32)" ] ||
			fail "$bytes bytes are others"
	done
}

answers_in_xdp() {
	about "$vm_version, $vm_nic: http finds room in the frames by itself, and answers in XDP"
	http_in_guest || return
	becomes "service.figures.files == 4" "service.interfaces[0].why.startswith('native XDP; the room')"
	for times in 1 2 3; do
		fetches 0 110 1000 2000 5000
	done
	ringside_stop
	records "service.interfaces[0].why == 'native XDP, answers of several segments at TC ingress'" \
		"service.figures.xdp_hits >= 9" "service.figures.handed_over >= 3"
}

leaves_http_to_the_server() {
	about "$vm_version, $vm_nic: http says what the kernel has not, and the ordinary server answers"
	http_in_guest || return
	grep -q "this kernel can't take connections over .*the ordinary server answers everything" "$err" || fail "another reason"
	fetches 0 110 1000 5000
	ringside_stop
	records "service.figures.hits is None"
}

# runs SCRIPT: a test of make check's, in the machine; by itself in a namespace that knows nothing of its NIC. What it says
# is on the machine's console, too, for one that never ends.
runs() {
	local alone='unshare -n'
	[ -z "${vm_wire:-}" ] || alone="env wire=nic"
	about "$vm_version, ${vm_wire:+$vm_nic on a wire to a NIC of its own: }$1"
	guest_patience=1200 guest "cd /tmp; export patience=$patience RINGSIDE=/usr/bin/ringside srcdir=/suite builddir=/suite/build
		STEER_PACKETS=20000 STEER_PPS=4000; $alone bash /suite/tests/$1.sh 2>&1 | tee /dev/ttyS0; exit \${PIPESTATUS[0]}" >"$dir/said" 2>&1 ||
		fail "status $?: $(grep -v '^#' "$dir/said" | cut -c 1-500)"
}
steers() {
	runs test_steer
	runs test_steer_workers
}
speaks_tcp() { runs test_http_segments_xdp; }
has_vlans() { runs vm/vlan; }

# Of the machine's own, while packets flow: what a list of CPUs of the test's own (test_steer.sh) can't show
loses_a_cpu() {
	local sender
	about "$vm_version, $vm_nic: a CPU goes offline and comes back under load: all of its keys' packets arrive, in order"
	ip -n "$far" addr replace 192.0.2.1/24 dev peer0
	guest "printf '%s\n' '[interface rs0]' '[service ingest]' 'type = steer' 'interfaces = rs0' 'port = 9999' >/tmp/steer.ini"
	ringside_start -c /tmp/steer.ini || return
	guest '/suite/build/tests/steer_peer order 9999 1000000 >/tmp/received 2>/tmp/receiver &'
	wait_for 10 guest 'grep -q ready /tmp/receiver' || fail "no receiver: $(guest 'cat /tmp/receiver')"
	ip netns exec "$far" "$builddir/tests/steer_peer" send 192.0.2.2 9999 1000000 100 500 0 >/dev/null 2>&1 &
	sender=$!
	started="$started $sender"
	becomes 'all(row.delivered > 50 for row in service.tables.cpus)'
	guest 'echo 0 >/sys/devices/system/cpu/cpu1/online' || fail "it stays"
	becomes '[(row.slots, row.online) for row in service.tables.cpus] == [(4096, 1), (0, 0)]' 'service.figures.moving_slots == 0'
	guest 'echo 1 >/sys/devices/system/cpu/cpu1/online' || fail "it does not come back"
	becomes '[(row.slots, row.online) for row in service.tables.cpus] == [(2048, 1), (2048, 1)]' 'service.figures.moving_slots == 0'
	kill "$sender"
	wait "$sender" 2>/dev/null
	started=${started/ $sender/}
	becomes 'totals.in_flight_packets == 0'
	guest 'kill -USR1 $(pidof steer_peer)'
	wait_for 10 guest 'grep -q received /tmp/received' || fail "the receiver does not end"
	guest 'cat /tmp/received' >"$dir/received"
	ringside_stop
	records "expected('$dir/received').received == service.delivered_packets > 500" 'service.drop.cpu_ring_full == 0' \
		"expected('$dir/received').reordered == expected('$dir/received').doubled == expected('$dir/received').missing == 0"
}

run() { # run TEST...: those that were asked for
	local test
	for test; do
		[[ " ${VM_TESTS:-$test} " != *" $test "* ]] || $test
	done
}

# on KERNEL NIC MODE TEST...: in a machine with that NIC, on which sockets are bound in that mode
on() {
	local kernel=$1 nic=$2 options=()
	vm_mode=$3
	shift 3
	[[ " ${VM_NICS:-$nic} " = *" $nic "* ]] || return
	# without these the device's memory is not mapped by the driver, and zero copy is refused
	[ "$vm_mode" = copy ] || options=(iommu_platform=on disable-legacy=on)
	case $nic in
	virtio) vm_start "$kernel" virtio-net-pci 2 "${options[@]}" ;;
	igb) vm_start "$kernel" igb 1 ;;
	esac || { fail "$kernel with $nic does not start"; return; }
	run "$@"
}

vm_prepare || exit 99
faults='is_killed loses_its_link loses_its_device'
dispatcher='is_in_the_dispatcher leaves_something respects_a_lonely_program'
modes='answers_in_every_mode binds_what_it_shows doctor_finds_it'
for kernel in ${VM_KERNELS:-5.10 6.1 6.12 6.16 7.2}; do
	vm_image "$kernel" || continue
	# shellcheck disable=SC2086 # words
	case $kernel in
	5.* | 6.1) on "$kernel" virtio copy judges_alike $modes delivers taps steers $faults loses_a_cpu pins_interrupts \
		$dispatcher leaves_http_to_the_server ;;
	6.12) on "$kernel" virtio copy judges_alike answers_in_xdp limits_sources_of_http speaks_tcp has_vlans $modes delivers taps \
		steers $faults loses_a_cpu pins_interrupts $dispatcher
		vm_wire=yes on "$kernel" virtio copy has_vlans ;;
	*)
		# Pulled out under load in zero copy, 6.16's virtio-net does not come to its end: tasks of the kernel wait
		# for each other. igb is pulled out so, below.
		on "$kernel" virtio copy binds_what_it_shows doctor_finds_it answers_in_xdp limits_sources_of_http speaks_tcp has_vlans \
			steers loses_its_device
		on "$kernel" virtio 'zero copy' judges_alike $modes answers_without_copies delivers taps is_killed loses_its_link \
			loses_a_cpu pins_interrupts $dispatcher
		on "$kernel" igb 'zero copy' $modes answers_without_copies delivers $faults
		vm_wire=yes on "$kernel" igb copy has_vlans # which takes tags off
		;;
	esac
done
finish
