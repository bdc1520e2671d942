# SPDX-License-Identifier: BSD-2-Clause
"""Segments to http's port that belong to no connection, at a rate: the server's stack resets each that it sees.

usage: http_source.py INTERFACE SOURCE PPS COUNT [LIMIT]

Ends after COUNT of them, or with standard input, then waits until nothing has come for a while, and prints "sent N back
N seconds N fair N": fair is what a bucket of 64 packets, and LIMIT more each second, lets through of them. What a sender without a CPU has missed it does not make up for. It stays on one CPU, whose packets one
sketch of [access] sees.
"""
import os
import select
import socket
import sys
import time

from http_segments import ACK, RST, Wire

QUIET = 0.3


class Bucket:
    DEPTH = 64

    def __init__(self, limit):
        self.limit, self.tokens, self.then, self.passed = limit, self.DEPTH, time.monotonic(), 0

    def take(self):
        now = time.monotonic()
        self.tokens = min(self.tokens + (now - self.then) * self.limit, self.DEPTH)
        self.then = now
        if self.tokens >= 1:
            self.tokens -= 1
            self.passed += 1


def count_resets(wire, port, patience):
    count = 0
    segment = wire.receive(port, patience)
    while segment:
        count += bool(segment.flags & RST)
        segment = wire.receive(port, patience)
    return count


def is_over():
    return select.select([sys.stdin], [], [], 0)[0] and not sys.stdin.read(1)


def main():
    interface, source, pps, most = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    family = 6 if ":" in source else 4
    bucket = Bucket(int(sys.argv[5]) if len(sys.argv) > 5 else 0)
    wire = Wire(interface, family)
    wire.client = socket.inet_pton(socket.AF_INET6 if family == 6 else socket.AF_INET, source)
    back, start = 0, time.monotonic()
    due = start
    while wire.sent < most and not is_over():
        wire.send(wire.port, wire.sent, 12345, ACK)
        bucket.take()
        due = max(due + 1 / pps, time.monotonic() - 0.01)
        back += count_resets(wire, wire.port, max(due - time.monotonic(), 0.0001))
    seconds = time.monotonic() - start
    back += count_resets(wire, wire.port, QUIET)
    print("sent %d back %d seconds %.3f fair %d" % (wire.sent, back, seconds, bucket.passed))


if __name__ == "__main__":
    main()
