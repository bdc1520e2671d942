# SPDX-License-Identifier: BSD-2-Clause
"""Segments that no ordinary stack sends, to http, from an address that no stack at the far end has.

usage: http_segments.py INTERFACE [family=4|6] [tag=HEX] [only=NAME,...] [port=FIRST]
port: of our connections; who is called again needs others, for the kernel may still know the ones before.

Each case is a connection of its own; the checksums of every packet that comes back are verified. Prints nothing
when all is well.
"""
import os
import random
import socket
import struct
import sys
import time

PATIENCE = 10  # seconds, on a loaded machine
QUIET = 0.1  # nothing comes for so long: there is nothing
OURS, THEIRS = bytes.fromhex("02000000 0a01"), bytes.fromhex("02000000 0b02")
SOL_PACKET, PACKET_STATISTICS, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING, SO_RCVBUFFORCE = 263, 6, 8, 23, 33
CSUMNOTREADY, VLAN_VALID = 8, 16
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
MSS = b"\x02\x04\x05\xb4"
SACK_OK, SCALE = b"\x04\x02", b"\x03\x03\x07"
GET = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"


class Failure(Exception):
    pass


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


class Segment:
    def __init__(self, ip, is_ipv6, is_left):
        header = 40 if is_ipv6 else 20
        total = 40 + struct.unpack("!H", ip[4:6])[0] if is_ipv6 else struct.unpack("!H", ip[2:4])[0]
        ip, tcp = ip[:total], ip[header:total]
        addresses = ip[8:40] if is_ipv6 else ip[12:20]
        if not is_ipv6 and checksum(ip[:20]) != 0xffff:
            raise Failure("a wrong IP checksum: %s" % ip.hex())
        if not is_left and checksum(addresses + struct.pack("!HH", 6, len(tcp)) + tcp) != 0xffff:
            raise Failure("a wrong TCP checksum: %s" % ip.hex())
        self.port, self.sequence, self.acknowledged = struct.unpack("!2xHII", tcp[:12])
        self.options = tcp[20:(tcp[12] >> 4) * 4]
        self.flags, self.window = tcp[13], struct.unpack("!H", tcp[14:16])[0]
        self.text = tcp[(tcp[12] >> 4) * 4:]


class Wire:
    """All of our connections by one packet socket; family 4 or 6, with a tag or without."""

    def __init__(self, interface, family=4, tag=None):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        # the other family's packets come, too: a buffer of the ordinary size is full of them, where we get no CPU for long
        self.socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
        self.socket.bind((interface, 0))
        self.verified = self.sent = self.sent_bytes = self.got = self.got_bytes = 0
        self.tag, self.tag_bytes = tag, b"" if tag is None else struct.pack("!HH", 0x8100, tag)
        self.is_ipv6 = family == 6
        if self.is_ipv6:
            self.client, self.server = (socket.inet_pton(socket.AF_INET6, "2001:db8::" + x) for x in ("77", "2"))
        else:
            self.client, self.server = (socket.inet_aton("192.0.2." + x) for x in ("77", "2"))
        # what does not depend on the run's luck can be found again
        self.port = random.Random(os.getpid()).randrange(20000, 50000)

    def send(self, port, sequence, acknowledged, flags, window=64240, options=b"", text=b"", spoil=0, offset=None,
             fragment=0):
        options += b"\1" * (-len(options) % 4)
        length = 20 + len(options) + len(text)
        words = offset if offset is not None else 5 + len(options) // 4
        tcp = struct.pack("!HHIIBBHHH", port, 80, sequence & 0xffffffff, acknowledged & 0xffffffff, words << 4, flags,
                          window, 0, 0) + options + text
        total = ~checksum(self.client + self.server + struct.pack("!HH", 6, length) + tcp) & 0xffff
        tcp = tcp[:16] + struct.pack("!H", total ^ spoil) + tcp[18:]
        if self.is_ipv6:
            ip = struct.pack("!IHBB", 6 << 28, length, 6, 64) + self.client + self.server
            proto = b"\x86\xdd"
        else:
            ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 1, fragment, 64, 6, 0) + self.client + self.server
            ip = ip[:10] + struct.pack("!H", ~checksum(ip) & 0xffff) + ip[12:]
            proto = b"\x08\0"
        frame = THEIRS + OURS + self.tag_bytes + proto + ip + tcp
        self.sent += 1
        self.sent_bytes += self.socket.send(frame + b"\0" * (60 - len(frame)))

    def lost(self):
        """Packets that the socket had no room for."""
        return struct.unpack("=II", self.socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]

    def receive(self, port, patience=PATIENCE):
        """The next segment to the port, or None."""
        end = time.monotonic() + patience
        while True:
            self.socket.settimeout(max(end - time.monotonic(), 0.001))
            try:
                frame, ancillary, _, _ = self.socket.recvmsg(4096, 256)
            except TimeoutError:
                return None
            proto, server = (b"\x86\xdd", frame[22:38]) if self.is_ipv6 else \
                (b"\x08\0", frame[26:30])
            if frame[12:14] != proto or server != self.server:
                continue
            # TCP's checksum may be left to be finished: of the kernel's own packets, and of what GRO puts together
            (_, _, words), = ancillary
            status, tag = struct.unpack("I12xH", words[:18])
            is_left = bool(status & CSUMNOTREADY)
            segment = Segment(frame[14:], self.is_ipv6, is_left)
            segment.tag = tag if status & VLAN_VALID else None
            self.verified += not is_left
            if segment.port == port:
                self.got += 1
                self.got_bytes += len(frame)
                return segment
            if time.monotonic() > end:
                return None


class Client:
    def __init__(self, wire, options=MSS, window=64240, extra_flags=0, first=None):
        wire.port += 1
        self.wire, self.port, self.window = wire, wire.port, window
        self.sequence = random.randrange(1 << 32) if first is None else first
        self.stamps = b"\x08\x0a" in options
        self.clock = 1000
        self.flags = extra_flags
        wire.send(self.port, self.sequence, 0, SYN | extra_flags, window, options)
        self.synack = wire.receive(self.port)
        if not self.synack:
            raise Failure("no answer to a SYN; our socket has lost %d packets" % wire.lost())
        if self.synack.flags & (SYN | ACK) == SYN | ACK:
            self.sequence += 1
            self.next = self.synack.sequence + 1 & 0xffffffff
            if self.synack.acknowledged != self.sequence & 0xffffffff:
                raise Failure("the SYN-ACK acknowledges something else")
            at = self.synack.options.find(b"\x08\x0a")
            self.echo = self.synack.options[at + 2:at + 6] if at >= 0 else None
            self.stamps = self.stamps and at >= 0

    def send(self, text=b"", flags=ACK, ahead=0, beyond=0, options=None, **more):
        if options is None:
            self.clock += 1
            options = b"\1\1\x08\x0a" + struct.pack("!I", self.clock) + self.echo if self.stamps else b""
        self.wire.send(self.port, self.sequence + ahead, self.next + beyond, flags, options=options, text=text,
                       **{"window": self.window, **more})

    def receive(self, patience=PATIENCE):
        return self.wire.receive(self.port, patience)

    def answer(self, acknowledge=True, each=False):
        """A whole answer, in the order of its bytes, however they come: status, server, body. each: acknowledges whatever
        comes, for a server that has to cut it into more segments than it may send at first."""
        text, pieces = b"", []
        while True:
            segment = self.receive()
            if not segment:
                raise Failure("no answer, or not all of it: %r" % text[:80])
            if segment.flags & RST:
                raise Failure("reset")
            begin = segment.sequence - self.next & 0xffffffff
            pieces.append((begin, segment.text))
            text = b""
            for at, piece in sorted(pieces):
                if at <= len(text) < at + len(piece):
                    text = text[:at] + piece
            if each:
                self.send(beyond=len(text))
            head, found, body = text.partition(b"\r\n\r\n")
            size = [int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
            if found and size and len(body) >= size[0]:
                break
        self.tag = segment.tag
        if acknowledge:
            self.next = self.next + len(text) & 0xffffffff
        server = [line[8:].split(b"/")[0] for line in head.split(b"\r\n") if line.lower().startswith(b"server:")]
        return int(head.split(b" ")[1]), server[0].decode(), body

    def get(self, name=b"110.bin", **more):
        text = GET % name
        self.send(text, PSH | ACK, **more)
        answer = self.answer()
        self.sequence += len(text)
        return answer


def expect(what, found, wanted):
    if found != wanted:
        raise Failure("%s: %r instead of %r" % (what, found, wanted))


def expect_hit(client, name=b"110.bin"):
    with open(os.path.join(os.environ["root"], name.decode()), "rb") as file:
        expect("the answer", client.get(name), (200, "ringside", file.read()))
    expect("its tag", client.tag, client.wire.tag)


def expect_server(client):
    expect("the answer", client.get()[:2], (200, "nginx"))


def expect_nothing(client):
    segment = client.receive(QUIET)
    if segment:
        raise Failure("answered: flags %#x, %d bytes" % (segment.flags, len(segment.text)))


def expect_reset(client):
    while True:
        segment = client.receive()
        if not segment:
            raise Failure("not reset")
        if segment.flags & RST:
            return


def stamps(value=1000, echo=0):
    return b"\x08\x0a" + struct.pack("!II", value, echo)


OFFERS = (MSS, MSS + SACK_OK, MSS + SCALE, MSS + SACK_OK + SCALE, MSS + stamps(), MSS + SACK_OK + stamps(),
          MSS + stamps() + SCALE, MSS + SACK_OK + stamps() + b"\1" + SCALE)


def offers(wire):
    """Clients with and without timestamps, SACK, window scaling: offered is what was offered, and the server goes on
    with it."""
    for options in OFFERS:
        client = Client(wire, options)
        found = client.synack.options
        for what in b"\x04\x02", b"\x03\x03", b"\x08\x0a":
            expect("option %r of %r" % (what, options), what in found, what in options)
        expect_hit(client)
        client.send()
        expect_hit(client, b"2500.bin")
        client.send()
        expect("the miss", client.get(b"nothing")[:2], (404, "nginx"))
        client.send()
        expect_server(client)
        client.send(flags=RST | ACK)


def resets(wire):
    """A reset counts at the very next number only."""
    client = Client(wire)
    expect_hit(client)
    for ahead in 1, -1, 100, 65000, 1 << 31:
        client.send(flags=RST, ahead=ahead)
        client.send(flags=RST | ACK, ahead=ahead)
    expect_hit(client)
    client.send(flags=RST)
    client.send(GET % b"110.bin", PSH | ACK)
    expect_reset(client)


def cookies(wire):
    """Who has not seen the SYN-ACK gets nothing but a reset."""
    for beyond in 1, -1, 0x100, 1 << 6, 1 << 2, 1 << 31:
        client = Client(wire)
        client.send(GET % b"110.bin", PSH | ACK, beyond=beyond)
        expect_reset(client)
    client = Client(wire)
    client.send(GET % b"110.bin", PSH | ACK, ahead=1)
    expect_reset(client)
    client.send(beyond=77)
    expect_reset(client)
    expect_hit(client)


def syns(wire):
    """A SYN in the middle of a connection, and flags that make no sense, change nothing."""
    client = Client(wire)
    expect_hit(client)
    for flags in SYN, SYN | FIN, SYN | RST, SYN | URG, 0, FIN | URG | PSH, 0x3f:
        wire.send(client.port, client.sequence - 5000000, 0, flags, options=MSS)
        while client.receive(QUIET / 3):
            pass
    expect_hit(client)
    # a client that begins anew, in a way that is the kernel's, is told where the old connection stands, and resets it
    wire.send(client.port, 99, 0, SYN | URG, options=MSS)
    segment = client.receive()
    expect("the challenge", (segment.flags, segment.sequence, segment.acknowledged),
           (ACK, client.next, client.sequence & 0xffffffff))
    client.send(flags=RST)
    wire.send(client.port, 99, 0, SYN | URG, options=MSS)
    expect("the kernel's", client.receive().flags, SYN | ACK)


def order(wire):
    """What comes too early is no reason to end a connection: the client sends it again."""
    client = Client(wire)
    expect_hit(client)
    text = GET % b"110.bin"
    client.send(text[20:], PSH | ACK, ahead=20)
    client.send(b"", FIN | ACK, ahead=len(text))
    expect_nothing(client)
    client.send(text[:20], PSH | ACK)
    client.send(text[20:], PSH | ACK, ahead=20)
    expect("a request in pieces", client.answer()[:2], (200, "nginx"))


def again(wire):
    """A request that is sent again has the same answer, whole or from where the client has it."""
    client = Client(wire, MSS + SACK_OK + SCALE)
    text = GET % b"2500.bin"
    client.send(text, PSH | ACK)
    first = client.answer(acknowledge=False)
    client.send(text, PSH | ACK)
    expect("the same again", client.answer(acknowledge=False), first)
    client.send(text[10:], PSH | ACK, ahead=10)
    expect("an overlapping part", client.answer(acknowledge=False), first)
    # its last byte, which is not acknowledged yet, with the first segment acknowledged
    client.send(text[-1:], PSH | ACK, ahead=len(text) - 1, beyond=1424)
    segment = client.receive()
    expect("the rest begins", segment.sequence - client.next & 0xffffffff <= 1424, True)
    expect("the rest ends", segment.text, first[2][-len(segment.text):])
    while client.receive(QUIET):
        pass
    # more than was asked: not what it has sent before
    client.send(text + b"x", PSH | ACK, beyond=1)
    expect_reset(client)


def closing(wire):
    """FIN is acknowledged once, in order, and a request with FIN is the server's."""
    client = Client(wire)
    expect_hit(client)
    client.send(flags=FIN | ACK, ahead=7)
    client.send(flags=FIN | ACK, beyond=-1)
    expect_nothing(client)
    client.send(flags=FIN | ACK)
    segment = client.receive()
    expect("the answer to FIN", (segment.flags & FIN, segment.acknowledged - client.sequence & 0xffffffff), (FIN, 1))
    client.send(flags=FIN | ACK)
    expect("the same again", client.receive().flags & FIN, FIN)
    client.send(ahead=1, beyond=1)
    expect_nothing(client)
    client.send(GET % b"110.bin", PSH | ACK, ahead=1, beyond=1)
    expect_reset(client)
    client = Client(wire)
    client.send(GET % b"110.bin", PSH | ACK | FIN)
    expect("a request with FIN", client.answer()[:2], (200, "nginx"))
    client = Client(wire)
    expect_hit(client)
    client.send(GET % b"110.bin", PSH | ACK | FIN)
    expect("a request with FIN behind a hit", client.answer()[:2], (200, "nginx"))
    client = Client(wire)
    client.send(flags=FIN | ACK)
    segment = client.receive()
    expect("FIN without a request", bool(segment.flags & (FIN | ACK)), True)


def windows(wire):
    """What the client's window does not hold is the server's, who can wait."""
    for window in 0, 1, 200:
        client = Client(wire)
        text = GET % b"1000.bin"
        client.send(text, PSH | ACK, window=window)
        while True:
            segment = client.receive(QUIET)
            if not segment:
                break
            expect("within the window", len(segment.text) <= max(window, 1), True)
        client.sequence += len(text)
        client.send()
        expect("the answer", client.answer(each=True)[:2], (200, "nginx"))


def segments(wire):
    """Short segments: what fits, or the server."""
    for mss, server in (1460, "ringside"), (1300, "ringside"), (1220, "ringside"), (536, "ringside"), (300, "nginx"), (1, "nginx"):
        if wire.is_ipv6 and mss < 1220:
            server = "nginx"
        client = Client(wire, b"\x02\x04" + struct.pack("!H", mss))
        expect("MSS %d" % mss, client.get()[1], server)


def options(wire):
    """Options that make no sense are the server's at a SYN, and harm nothing behind it."""
    for garbage in (b"\x02\x00\x05\xb4", b"\x02\x28\x05\xb4", b"\xfd\x04\xf9\x89", b"\x1e\x0c\0\x81" + b"\0" * 8,
                    b"\x22\x02", MSS + b"\x03\x03\x07\x08", b"\x08\x03\x01\x01", MSS + b"\x05\x02\1\1", b"\0" * 40):
        client = Client(wire, garbage)
        expect("%r is the server's" % garbage, client.get()[:2], (200, "nginx"))
        client = Client(wire)
        expect("%r at a request" % garbage, client.get(options=garbage)[0], 200)
    for offset in 0, 4, 15:
        client = Client(wire)
        client.send(GET % b"110.bin", PSH | ACK, offset=offset)
        expect_nothing(client)
        expect_hit(client)


def times(wire):
    """A connection that has agreed on timestamps has them everywhere (RFC 7323)."""
    client = Client(wire, MSS + stamps())
    expect_hit(client)
    client.send(GET % b"110.bin", PSH | ACK, options=b"")
    expect_nothing(client)
    expect_hit(client)


def spoilt(wire):
    """Nothing is done for a packet that has changed on its way, or comes in parts."""
    client = Client(wire)
    client.send(GET % b"110.bin", PSH | ACK, spoil=0x100)
    expect_nothing(client)
    if not wire.is_ipv6:
        client.send(GET % b"110.bin", PSH | ACK, fragment=0x2000)
        expect_nothing(client)
    expect_hit(client)
    client.send(GET % b"110.bin", PSH | ACK | URG)
    expect("urgent", client.answer()[1], "nginx")


def probes(wire):
    """Is anybody there? A keep-alive probe is answered."""
    client = Client(wire)
    expect_hit(client)
    client.send(ahead=-1)
    segment = client.receive()
    expect("the probe", (segment.flags, segment.sequence, segment.acknowledged),
           (ACK, client.next, client.sequence & 0xffffffff))
    expect_hit(client)
    for first in 0xfffffff0, 0xffffffff, 0x7ffffff8:  # numbers go round
        client = Client(wire, first=first)
        expect_hit(client)
        expect_hit(client, b"2500.bin")
        client.send()
        expect_server(client) if client.get(b"nothing")[0] == 404 else expect("the miss", 0, 404)


CASES = (offers, resets, cookies, syns, order, again, closing, windows, segments, options, times, spoilt, probes)


def main():
    settings = dict(argument.split("=", 1) for argument in sys.argv[2:])
    wire = Wire(sys.argv[1], int(settings.get("family", 4)), int(settings["tag"], 16) if "tag" in settings else None)
    wire.port = int(settings.get("port", wire.port))
    random.seed(7)
    for case in CASES:
        if case.__name__ not in settings.get("only", case.__name__).split(","):
            continue
        try:
            case(wire)
        except Failure as failure:
            print("%s, IPv%d: %s" % (case.__name__, 6 if wire.is_ipv6 else 4, failure))
    if not wire.verified:
        print("%d checksums were seen" % wire.verified)


if __name__ == "__main__":
    main()
