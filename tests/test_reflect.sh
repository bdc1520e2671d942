#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# reflect answers test packets bit by bit as documented and nothing else, in every mode, while the stack behind
# it goes on answering, and the counts are exactly what was sent.
. "${srcdir:-$(dirname "$0")/..}/tests/net.sh"

# A veth shows its second queue to native XDP only: generic XDP comes when the queue's number is lost.
in_every_mode() {
	local queues xdp path
	for queues in 1 2; do
		net_make $queues
		for xdp in native generic; do
			for path in kernel user; do
				about "$xdp XDP, path = $path, $queues queues: every frame is answered or left alone"
				all_cases False --set=rs0.xdp=$xdp --set=reflect.path=$path
				records "interface.xdp == '$xdp'" "service.interfaces[0].path == '$path'" \
					"len(queues) == $queues" \
					"interface.xdp == 'generic' or all(queue.rx_packets for queue in queues)" \
					"interface.kernel.rx_packets == totals.rx_packets" \
					"interface.kernel.$([ $path = user ] && echo redirect || echo tx) == totals.tx_packets"
			done
		done
	done
	about "automatic choice: native XDP, answered in the kernel half"
	all_cases False
	records "interface.xdp == 'native'" "service.interfaces[0].path == 'kernel'" "interface.zero_copy is False"
	about "frames of 2048 bytes: the same"
	all_cases False --set=reflect.path=user --set=rs0.frame_size=2048 --set=rs0.batch=3
	about "io = af_packet: the same frames come back, and the stack has its own copies"
	all_cases True --set=rs0.io=af_packet
	records "interface.io == 'af_packet'" "interface.xdp is None" "interface.kernel is None" "drops.not_passable == 0"
}

any_port_and_signature() {
	about "ports = any, signatures = any: all datagrams for us are answered"
	all_cases False -- ports=any signatures=any
	all_cases False --set=reflect.path=user -- ports=any signatures=any
}

with_a_capture_file() {
	about "io = pcap: the answers are written in order, with the time stamps of what they answer"
	peer write file="$dir/in.pcap" expect="$dir/expected"
	start_in "$near" "$RINGSIDE" run -i capture reflect --format json --set=capture.io=pcap \
		--set=capture.mac=02:00:00:00:0b:02 --set=capture.read="$dir/in.pcap" --set=capture.write="$dir/out.pcap"
	ringside_wait
	[ $status = 0 ] || fail "status $status"
	records "last.final" "balanced(records)" "counted(last, expected('$dir/expected'))" "interface.io == 'pcap'"
	peer read file="$dir/out.pcap"
}

in_every_mode
net_make 1
any_port_and_signature
with_a_capture_file
finish
