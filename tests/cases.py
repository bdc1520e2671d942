# SPDX-License-Identifier: BSD-2-Clause
"""Single frames with the verdict that the documentation demands of them, and random ones for loads."""
import random
from collections import namedtuple

from frames import (DESTINATION, FRAGMENT, HOP_BY_HOP, IPV4, NOBODY_IP, NOBODY_IP6, PEER, PORT, ROUTING,
                    SERVICE_TAG, TAG, TCP, OURS_IP6, PEER_IP6, ethernet, ipv4, ipv6, payload_of,
                    probe, udp)

Case = namedtuple("Case", "name frame verdict")

ROUTER_ALERT, FORTY_NOPS = b"\x94\x04\0\0", b"\x01" * 40
FOREIGN = bytes.fromhex("020000000c03")
GROUP, ALL = bytes.fromhex("01005e000001"), b"\xff" * 6
GROUP_IP6 = bytes.fromhex("ff02" + "00" * 13 + "01")


def answered():
    yield "the shortest IPv4 frame", probe(1)
    yield "the shortest frame, padded by the sender's NIC", probe(2) + b"\0" * 6
    yield "padding that is not zero", probe(3) + b"\xa5" * 17
    yield "signature DATA:OT", probe(4, signature=b"DATA:OT")
    yield "signature LATENCY", probe(5, signature=b"LATENCY")
    yield "VLAN tag with priority 5", probe(6, tags=[(TAG, 5 << 13 | 100)])
    yield "VLAN tag with priority 7 and drop eligibility, id 4095", probe(7, tags=[(TAG, 0xFFFF)])
    yield "priority tag, id 0", probe(8, tags=[(TAG, 3 << 13)])
    yield "VLAN tag of zeros", probe(9, tags=[(TAG, 0)])
    yield "service tag", probe(10, tags=[(SERVICE_TAG, 6 << 13 | 7)])
    yield "service tag and VLAN tag", probe(11, tags=[(SERVICE_TAG, 6 << 13 | 7), (TAG, 1 << 13 | 0x1fff)])
    yield "two VLAN tags", probe(12, tags=[(TAG, 2 << 13 | 200), (TAG, 7 << 13 | 1)])
    yield "IPv4 options, 4 bytes", probe(13, options=ROUTER_ALERT)
    yield "IPv4 options, 40 bytes, behind a tag", probe(14, options=FORTY_NOPS, tags=[(TAG, 1)])
    yield "DSCP 46", probe(15, tos=46 << 2)
    yield "all bits of the TOS byte", probe(16, tos=0xFF)
    yield "TTL 2", probe(17, ttl=2)
    yield "TTL 255", probe(18, ttl=255)
    yield "Don't Fragment", probe(19, offset=0x4000)
    yield "no UDP checksum", probe(20, udp_check=0)
    yield "a wrong UDP checksum is kept", probe(21, udp_check=0x1234)
    yield "a wrong IPv4 checksum stays as wrong", probe(22, check=0x4321)
    yield "a datagram that ends before the IPv4 packet does", probe(23, udp_length=20, size=21)
    yield "both ports equal", probe(24, sport=PORT)
    yield "the shortest IPv6 frame", probe(30, ip6=True)
    yield "IPv6 traffic class and flow label", probe(31, ip6=True, traffic=46 << 2 | 1, flow=0xABCDE)
    yield "IPv6, all bits of both", probe(32, ip6=True, traffic=0xFF, flow=0xFFFFF)
    yield "IPv6 behind a VLAN tag", probe(33, ip6=True, tags=[(TAG, 4 << 13 | 9)])
    yield "IPv6 behind two tags", probe(34, ip6=True, tags=[(SERVICE_TAG, 1), (TAG, 2)], size=33)
    yield "IPv6 hop-by-hop options", probe(35, ip6=True, chain=[HOP_BY_HOP])
    yield "IPv6 destination options", probe(36, ip6=True, chain=[DESTINATION])
    yield "IPv6 hop-by-hop and three destination options", probe(
        37, ip6=True, chain=[HOP_BY_HOP] + 3 * [DESTINATION], size=13)
    yield "IPv6 without UDP checksum", probe(38, ip6=True, udp_check=0)
    yield "IPv6 hop limit 2", probe(39, ip6=True, hops=2)
    yield "IPv6 in the longest frame", probe(40, ip6=True, size=1452)
    yield "the longest frame, 1514 bytes", probe(41, size=1472)
    yield "the longest frame behind a tag, 1518 bytes", probe(42, size=1472, tags=[(TAG, 5 << 13 | 5)])
    yield "1513 bytes", probe(43, size=1471)
    for size in range(13, 30):
        yield "a payload of %d bytes" % size, probe(50 + size, size=size, ip6=size % 3 == 0)
    for size in 63, 64, 65, 127, 128, 255, 511, 1023, 1024, 1399:
        yield "a payload of %d bytes" % size, probe(100 + size, size=size)


def expired():
    yield "TTL 1", probe(2001, ttl=1)
    yield "TTL 0", probe(2002, ttl=0)
    yield "TTL 1 behind two tags", probe(2003, ttl=1, tags=[(SERVICE_TAG, 1), (TAG, 2)])
    yield "IPv6 hop limit 1", probe(2004, ip6=True, hops=1)
    yield "IPv6 hop limit 0", probe(2005, ip6=True, hops=0)


def left_alone():
    there = {"target_ip": NOBODY_IP}  # so that the stack behind has nothing to say
    there6 = {"target_ip": NOBODY_IP6, "ip6": True}
    yield "another port", probe(1001, dport=PORT + 1, **there)
    yield "our port as the source only", probe(1002, sport=PORT, dport=7, **there)
    yield "another signature", probe(1003, signature=b"PROBEOX", **there)
    yield "the signature one byte too early", probe(1004, **there).replace(b"PROBEOT", b"ROBEOTP")
    yield "the signature cut short by the datagram's end", probe(1005, udp_length=19, **there)
    yield "the signature behind the datagram's end", probe(1006, udp_length=13, **there)
    yield "an empty datagram, the signature in the padding", probe(1007, udp_length=8, total=28, **there)
    yield "a first fragment", probe(1008, offset=0x2000, **there)
    yield "a middle fragment that looks like a test packet", probe(1009, offset=0x2005, **there)
    yield "a last fragment that looks like a test packet", probe(1010, offset=5, **there)
    yield "a multicast MAC address", probe(1011, target=GROUP, target_ip=bytes([224, 0, 0, 1]))
    yield "a multicast IP address to our MAC address", probe(1012, target_ip=bytes([239, 1, 2, 3]))
    yield "broadcast", probe(1013, target=ALL, target_ip=bytes([255] * 4))
    yield "the broadcast IP address to our MAC address", probe(1014, target_ip=bytes([255] * 4))
    yield "somebody else's MAC address", probe(1015, target=FOREIGN)
    yield "from a multicast MAC address", probe(1016, source=GROUP, **there)
    yield "from a multicast IP address", probe(1017, source_ip=bytes([224, 0, 0, 5]), **there)
    yield "from 0.0.0.0", probe(1018, source_ip=bytes(4), **there)
    yield "TCP with the signature", ethernet(
        ipv4(udp(PEER_IP6, OURS_IP6, payload_of(1019)) + bytes(8), target=NOBODY_IP, protocol=TCP), IPV4)
    yield "three tags", probe(1020, tags=[(SERVICE_TAG, 1), (TAG, 2), (TAG, 3)])
    yield "an IPv4 length beyond the frame", probe(1021, total=41, **there)
    yield "an IPv4 length that cuts the datagram", probe(1022, total=39, **there)
    yield "a UDP length beyond the IPv4 packet", probe(1023, udp_length=21, **there)
    yield "a UDP length below 8", probe(1024, udp_length=7, **there)
    yield "an IPv4 header length below 20", probe(1025, first=0x44, **there)
    yield "IP version 5", probe(1026, first=0x55, **there)
    yield "an IPv4 frame cut in the UDP header", probe(1027, **there)[:40]
    yield "an Ethernet header and one byte", ethernet(b"\x45", IPV4)
    yield "a tag and nothing behind it", ethernet(b"", IPV4, tags=[(TAG, 1)])[:16]
    yield "an unknown protocol", ethernet(payload_of(1028, size=60), 0x88B5)
    yield "IPv6 to a multicast MAC address", probe(1030, ip6=True, target=bytes.fromhex("333300000001"))
    yield "IPv6 to a multicast address", probe(1031, ip6=True, target_ip=GROUP_IP6)
    yield "IPv6 from ::", probe(1032, source_ip=bytes(16), **there6)
    yield "IPv6, another port", probe(1033, dport=PORT + 1, **there6)
    yield "IPv6, a fragment header", probe(1034, chain=[FRAGMENT], **there6)
    yield "IPv6, a routing header", probe(1035, chain=[HOP_BY_HOP, ROUTING], **there6)
    yield "IPv6, five extension headers", probe(1036, chain=[HOP_BY_HOP] + 4 * [DESTINATION], **there6)
    yield "IPv6, a length beyond the frame", probe(1037, length=21, **there6)
    yield "IPv6, a length that cuts the datagram", probe(1038, length=19, **there6)
    yield "IPv6, an extension header beyond the frame", ethernet(
        ipv6(b"\x11\xff" + bytes(30), target=NOBODY_IP6, following=HOP_BY_HOP), 0x86DD)
    yield "IPv6 in the version field, IPv4 in the Ethernet header", probe(1039, first=0x65, **there)


def all_cases():
    """Those to answer come last: an answer says that whatever came before it in the queue has been judged."""
    return [Case(name, frame, "pass") for name, frame in left_alone()] + \
        [Case(name, frame, "ttl_exceeded") for name, frame in expired()] + \
        [Case(name, frame, "tx") for name, frame in answered()]


def damage(frame, rng):
    """Some bytes behind the Ethernet addresses changed, or the end cut off."""
    frame = bytearray(frame)
    for _ in range(rng.randint(1, 3)):
        frame[rng.randrange(12, min(len(frame), 90))] = rng.choice((0, 1, 0xFF, rng.randrange(256)))
    return bytes(frame[:rng.randint(15, len(frame))] if rng.random() < 0.3 else frame)


def random_frame(rng):
    """To somebody whom the stack does not know, so that it stays silent."""
    number = rng.randrange(1 << 32)
    ip6 = rng.random() < 0.3
    header = {"hops" if ip6 else "ttl": rng.choice((64, 64, 64, 64, 64, 64, 2, 1)),
              "target_ip": NOBODY_IP6 if ip6 else NOBODY_IP}
    frame = probe(number, size=rng.choice((12, 13, 30, 64, 200, 511, 1000, 1440)), ip6=ip6,
                  tags=rng.choice(([], [], [(TAG, rng.randrange(65536))], [(SERVICE_TAG, 1), (TAG, 2)])),
                  dport=rng.choice((PORT, PORT, PORT, PORT, PORT, PORT, 9)),
                  signature=rng.choice((b"PROBEOT", b"DATA:OT", b"LATENCY", b"LATENCY", b"LATENCX")),
                  source=rng.choice([PEER] * 19 + [GROUP]), **header)
    kind = rng.random()
    if kind < 0.15:
        return damage(frame, rng)
    if kind < 0.2:
        return ethernet(rng.randbytes(rng.randint(1, 300)), rng.choice((0x88B5, IPV4, 0x86DD)))
    return frame


def random_frames(seed, count):
    rng = random.Random(seed)
    return [random_frame(rng) for _ in range(count)]
