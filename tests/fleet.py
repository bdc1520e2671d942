# SPDX-License-Identifier: BSD-2-Clause
"""Measures what a change in a fleet costs: sends test packets of many flows to one address that several nodes have, while
a command is run, and says which flows were answered, from where, and what was lost.

usage: fleet.py ADDRESS COMMAND [KEY=VALUE...]   keys: flows, rate (packets a second), port
The command runs half a second after the first packet; half a second after its end the sending ends. One JSON object."""
import json
import select
import socket
import struct
import subprocess
import sys
import time

IP_PKTINFO = 8  # <linux/in.h>
SETTLE_S = 0.5
PATIENCE_S = 2.0  # for answers on their way


class Flow:
    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        self.socket.setblocking(False)
        self.socket.bind(("", 0))
        self.sent = {}  # sequence number: when
        self.answered = {}  # sequence number: by which link
        self.twice = 0

    def receive(self):
        while True:
            try:
                data, extra, _, _ = self.socket.recvmsg(256, 64)
            except (BlockingIOError, ConnectionRefusedError):
                return
            number = struct.unpack_from(">I", data, 12)[0]
            link = next(struct.unpack_from("i", value)[0] for level, kind, value in extra if kind == IP_PKTINFO)
            self.twice += number in self.answered
            self.answered[number] = link


def run(address, command, flows=64, rate=2000, port=3842):
    all_flows = [Flow() for _ in range(flows)]
    by_fd = {flow.socket.fileno(): flow for flow in all_flows}
    poll = select.epoll()
    for fd in by_fd:
        poll.register(fd, select.EPOLLIN)
    start = time.monotonic()
    child, ends, count = None, None, 0
    while ends is None or time.monotonic() < ends:
        now = time.monotonic()
        while count < (now - start) * rate:
            flow = all_flows[count % flows]
            number = len(flow.sent)
            flow.sent[number] = now
            try:
                flow.socket.sendto(b"fleet" + b"PROBEOT" + struct.pack(">I", number) + bytes(20), (address, port))
            except (BlockingIOError, ConnectionRefusedError, OSError):
                pass  # no route, just now: lost like any other
            count += 1
        if child is None and now - start > SETTLE_S:
            begun = now
            child = subprocess.Popen(command, shell=True, stdout=sys.stderr)
        if child is not None and ends is None and child.poll() is not None:
            assert child.returncode == 0, f"{command}: status {child.returncode}"
            ended = now
            ends = now + SETTLE_S
        for fd, _ in poll.poll(0.001):
            by_fd[fd].receive()
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and any(len(flow.sent) > len(flow.answered) for flow in all_flows):
        for fd, _ in poll.poll(0.05):
            by_fd[fd].receive()
    lost = sorted(when for flow in all_flows for number, when in flow.sent.items() if number not in flow.answered)
    nodes = {"before": {}, "after": {}}
    moved = 0
    for flow in all_flows:
        early = {link for number, link in flow.answered.items() if flow.sent[number] < begun}
        late = {link for number, link in flow.answered.items() if flow.sent[number] > ended}
        for name, links in ("before", early), ("after", late):
            for link in links:
                nodes[name][socket.if_indextoname(link)] = nodes[name].get(socket.if_indextoname(link), 0) + 1
        moved += bool(early and late and early != late)
    return {
        "sent": count,
        "lost": len(lost),
        "lost_for_ms": round((lost[-1] - lost[0]) * 1000, 1) if lost else 0,
        "flows": flows,
        "flows_that_lost": sum(len(flow.sent) > len(flow.answered) for flow in all_flows),
        "flows_that_moved": moved,
        "twice": sum(flow.twice for flow in all_flows),
        "before": nodes["before"],
        "after": nodes["after"],
    }


if __name__ == "__main__":
    keys = {key: int(value) for key, value in (word.split("=") for word in sys.argv[3:])}
    print(json.dumps(run(sys.argv[1], sys.argv[2], **keys)))
