# SPDX-License-Identifier: BSD-2-Clause
"""A client of http that makes each segment itself and counts what it has asked for and got: writes what the snapshot
must say as JSON.

usage: http_count.py INTERFACE FILE    with $root, as http_segments.py
"""
import contextlib
import json
import sys
import time
from collections import Counter

from http_segments import ACK, FIN, GET, MSS, PSH, RST, SACK_OK, SCALE, Client, Failure, Wire, expect, \
    expect_hit, expect_reset, stamps

LONG = b"2500.bin"  # of two segments
FILES = {b"110.bin": 7, b"1000.bin": 5, LONG: 4, b"index.html": 3}
PAUSE = 0.05  # from the handshake to the first request
MISSES = (
    ("unknown_path", GET % b"nothing"),
    ("unknown_path", GET % b"dir/nothing"),
    ("method", b"POST /110.bin HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"),
    ("split", (GET % b"110.bin") * 2),
    ("host", b"GET /110.bin HTTP/1.1\r\n\r\n"),
    ("range", b"GET /110.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=1-2\r\n\r\n"),
    ("body", b"GET /110.bin HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"),
    ("connection", b"GET /110.bin HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n"),
    ("condition", b"GET /110.bin HTTP/1.1\r\nHost: a\r\nIf-Match: \"x\"\r\n\r\n"),
)


class Counts:
    def __init__(self, wire):
        self.wire, self.figures, self.paths, self.misses = wire, Counter(), Counter(), Counter()
        self.syn_ns, self.get_ns = [], []
        self.answered = 0  # packets, besides those of figures

    @contextlib.contextmanager
    def from_the_server(self):
        """What comes now the kernel half has not sent."""
        got = self.wire.got, self.wire.got_bytes
        yield
        self.wire.got, self.wire.got_bytes = got

    def open(self):
        self.figures["handshakes"] += 1
        self.begun = time.monotonic_ns()
        return Client(self.wire, MSS + SACK_OK + stamps() + b"\1" + SCALE)

    def hit(self, client, name):
        begun, before = time.monotonic_ns(), client.next
        expect_hit(client, name)
        self.get_ns.append(time.monotonic_ns() - begun)
        self.figures["hits"] += 1
        self.figures["sent_bytes"] += client.next - before & 0xffffffff
        self.paths["/" + name.decode()] += 1
        self.acknowledge(client, name == LONG)

    def acknowledge(self, client, several=False):
        """Of an answer of several segments: then the request's last byte is acknowledged in its turn."""
        client.send()
        if several:
            expect("the last byte", len(client.receive().text), 0)
            self.answered += 1
        else:
            self.figures["absorbed"] += 1

    def first_hit(self, client, name):
        time.sleep(PAUSE)
        self.hit(client, name)
        self.syn_ns.append(time.monotonic_ns() - self.begun)

    def files(self):
        for name, count in FILES.items():
            client = self.open()
            self.acknowledge(client)
            self.first_hit(client, name)
            for _ in range(count - 1):
                self.hit(client, name)
        self.figures["flows"] += len(FILES)

    def again(self):
        client, text = self.open(), GET % LONG
        client.send(text, PSH | ACK)
        before = client.next
        first = client.answer(acknowledge=False)
        client.send(text, PSH | ACK)
        expect("the same again", client.answer(), first)
        self.figures.update(hits=1, retransmissions=2, reset=1, sent_bytes=client.next - before & 0xffffffff)
        self.paths["/" + LONG.decode()] += 1
        self.answered += 1
        client.sequence += len(text)
        client.send(flags=RST)
        self.figures["absorbed"] += 1

    def close(self):
        client = self.open()
        self.hit(client, b"110.bin")
        client.send(flags=FIN | ACK)
        expect("FIN", client.receive().flags & FIN, FIN)
        client.send(ahead=1, beyond=1)
        self.figures.update(closed=1, absorbed=1)
        self.answered += 1

    def close_as_asked(self):
        """We close first, and the kernel half has the last word."""
        client, text = self.open(), GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") % b"110.bin"
        time.sleep(PAUSE)
        client.send(text, PSH | ACK)
        before = client.next
        client.answer()
        self.syn_ns.append(time.monotonic_ns() - self.begun)
        client.sequence += len(text)
        self.figures.update(hits=1, sent_bytes=client.next - before & 0xffffffff)
        self.paths["/110.bin"] += 1
        client.next += 1  # the FIN
        client.send(flags=FIN | ACK)
        expect("the last word", client.receive().flags & (ACK | FIN), ACK)
        self.figures["closed"] += 1
        self.answered += 1

    def lie(self):
        client = self.open()
        client.send(GET % b"110.bin", PSH | ACK, beyond=5)
        with self.from_the_server():
            expect_reset(client)
        self.figures["bad_cookies"] += 1

    def miss(self, reason, text, behind_a_hit=False):
        client = self.open()
        if behind_a_hit:
            self.first_hit(client, b"110.bin")
        client.send(text, PSH | ACK)
        with self.from_the_server():
            expect("who answers " + reason, client.answer()[1], "nginx")
        self.misses[reason] += 1
        self.figures.update(misses=1, handed_over=1)


def main():
    wire = Wire(sys.argv[1])
    counts = Counts(wire)
    counts.files()
    counts.again()
    counts.close()
    counts.close_as_asked()
    counts.lie()
    for reason, text in MISSES:
        counts.miss(reason, text)
    counts.miss("unknown_path", GET % b"nothing", behind_a_hit=True)  # and it is no flow any more
    with open(sys.argv[2], "w", encoding="ascii") as file:
        json.dump({"figures": counts.figures, "paths": counts.paths, "misses": counts.misses, "rx_packets": wire.sent,
                   "rx_bytes": wire.sent_bytes,
                   "tx_packets": wire.got, "tx_bytes": wire.got_bytes,
                   "made_packets": wire.got - counts.answered - counts.figures["handshakes"] - counts.figures["hits"],
                   "get_most_ns": max(counts.get_ns), "syn_least_ns": int(PAUSE * 1e9), "syn_most_ns": max(counts.syn_ns)}, file)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
