# SPDX-License-Identifier: BSD-2-Clause
"""Frames for the end-to-end tests, and what reflect has to make of them.

judge() is written from the documentation, not from the program: it parses each frame anew in Python and
says what becomes of it, and which bytes come back.
"""
import random
import struct
from collections import namedtuple

OURS = bytes.fromhex("020000000b02")  # the interface under test
PEER = bytes.fromhex("020000000a01")
OURS_IP, PEER_IP, NOBODY_IP = (bytes([192, 0, 2, n]) for n in (2, 1, 99))
OURS_IP6, PEER_IP6, NOBODY_IP6 = (bytes.fromhex("20010db8" + "00" * 11 + n) for n in ("02", "01", "99"))
PORT = 3842
UDP, TCP, HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION = 17, 6, 0, 43, 44, 60
IPV4, IPV6, ARP, TAG, SERVICE_TAG = 0x0800, 0x86DD, 0x0806, 0x8100, 0x88A8


def fold(data):
    """The sum of 16-bit words with end-around carry (RFC 1071)."""
    data = bytes(data) + b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def checksum(data):
    return 0xFFFF - fold(data)


def udp_sum(source, target, datagram):
    """Over the pseudo header too; 0xffff when the checksum in it is right."""
    return fold(source + target + struct.pack("!HH", UDP, len(datagram)) + datagram)


def udp(source, target, payload, sport=PORT, dport=PORT, length=None, check=None):
    length = len(payload) + 8 if length is None else length
    head = struct.pack("!HHH", sport, dport, length)
    if check is None:
        check = 0xFFFF - udp_sum(source, target, head + b"\0\0" + payload) or 0xFFFF
    return head + struct.pack("!H", check) + payload


def ipv4(body, source=PEER_IP, target=OURS_IP, protocol=UDP, ttl=64, tos=0, offset=0, options=b"",
         total=None, check=None, first=None):
    length = 20 + len(options)
    total = length + len(body) if total is None else total
    first = 0x40 | length // 4 if first is None else first
    head = struct.pack("!BBHHHBBH", first, tos, total, 0x1234, offset, ttl, protocol, 0)
    head += source + target + options
    check = checksum(head) if check is None else check
    return head[:10] + struct.pack("!H", check) + head[12:] + body


def ipv6(body, source=PEER_IP6, target=OURS_IP6, following=UDP, hops=64, traffic=0, flow=0, length=None,
         version=6):
    length = len(body) if length is None else length
    return struct.pack("!IHBB", version << 28 | traffic << 20 | flow, length, following, hops) + \
        source + target + body


def ethernet(body, proto, target=OURS, source=PEER, tags=()):
    """tags: (type, priority and id) pairs, outermost first."""
    return target + source + b"".join(struct.pack("!HH", *tag) for tag in tags) + \
        struct.pack("!H", proto) + body


def extension(following, units=0):
    """An IPv6 extension header full of padding."""
    return bytes([following, units, 1, 4 + 8 * units]) + b"\0" * (4 + 8 * units)


Rule = namedtuple("Rule", "ports signatures ouis swap checksum loop_guard mac")


def read_ports(text):
    """A list of ports and ranges; None: any."""
    ports = set()
    for item in text.split(","):
        first, _, last = item.strip().partition("-")
        if first == "any":
            return None
        ports.update(range(int(first), int(last or first) + 1))
    return ports


def read_signatures(text):
    signatures = []
    for item in text.split(",") if text != "any" else []:
        word, offset = item.strip().rsplit("@", 1)
        word = bytes.fromhex(word[2:]) if word.startswith("0x") else word.encode()
        signatures.append((int(offset), word))
    return signatures


def make_rule(keys):
    """From the keys of the INI section, as texts."""
    ouis = keys.get("source_oui", "any")
    return Rule(read_ports(keys.get("ports", str(PORT))),
                read_signatures(keys.get("signatures", "PROBEOT@5, DATA:OT@5, LATENCY@5")),
                [bytes.fromhex(oui.strip().replace(":", "")) for oui in ouis.split(",") if ouis != "any"],
                keys.get("swap", "mac+ip+port"), keys.get("checksum", "keep"),
                keys.get("loop_guard", "ttl"), bytes.fromhex(keys.get("mac", OURS.hex()).replace(":", "")))


Headers = namedtuple("Headers", "ip version udp udp_bytes source target")


def skip_tags(frame, most):
    """The protocol behind at most so many tags, and where its header begins."""
    at = 12
    for _ in range(most):
        if frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
            at += 4
    proto = int.from_bytes(frame[at:at + 2], "big") if len(frame) >= at + 2 else 0
    return proto, at + 2


def find_udp4(frame, ip):
    if len(frame) < ip + 20:
        return None
    length, fragment = (frame[ip] & 15) * 4, int.from_bytes(frame[ip + 6:ip + 8], "big") & 0x3FFF
    return None if frame[ip + 9] != UDP or fragment else ip + length


def find_udp6(frame, ip):
    if len(frame) < ip + 40:
        return None
    following, at = frame[ip + 6], ip + 40
    for _ in range(4):
        if following not in (HOP_BY_HOP, DESTINATION):
            break
        if len(frame) < at + 8:
            return None
        following, at = frame[at], at + (frame[at + 1] + 1) * 8
    return at if following == UDP else None


def find_udp(frame, tags=2):
    """Where the IP header and the UDP header begin, for whatever looks like an unfragmented datagram."""
    proto, ip = skip_tags(frame, tags)
    at = find_udp4(frame, ip) if proto == IPV4 else find_udp6(frame, ip) if proto == IPV6 else None
    return (ip, at) if at is not None and len(frame) >= at + 4 else None


def parse(frame):
    """None when the headers or the lengths in them are not as they should be."""
    found = find_udp(frame)
    if not found or len(frame) < found[1] + 8:
        return None
    ip, at = found
    version = frame[ip] >> 4
    udp_bytes = int.from_bytes(frame[at + 4:at + 6], "big")
    if skip_tags(frame, 2)[0] == IPV4:
        length = int.from_bytes(frame[ip + 2:ip + 4], "big")
        bad = version != 4 or frame[ip] & 15 < 5
        source, target = frame[ip + 12:ip + 16], frame[ip + 16:ip + 20]
    else:
        length = int.from_bytes(frame[ip + 4:ip + 6], "big") + 40
        bad = version != 6
        source, target = frame[ip + 8:ip + 24], frame[ip + 24:ip + 40]
    if bad or udp_bytes < 8 or at + udp_bytes > ip + length or ip + length > len(frame):
        return None
    return Headers(ip, version, at, udp_bytes, source, target)


def is_admitted(frame, rule):
    """Whether a packet socket's filter for the rule's ports lets it in: the kernel has taken the outer tag
    out by then."""
    found = find_udp(frame, 3)
    port = int.from_bytes(frame[found[1] + 2:found[1] + 4], "big") if found else None
    return port is not None and (rule.ports is None or port in rule.ports)


def is_host(address):
    if len(address) == 4:
        return any(address) and address[0] < 224
    return any(address) and address[0] != 0xFF


def is_ours(frame, h, rule):
    payload = frame[h.udp + 8:h.udp + h.udp_bytes]
    port = int.from_bytes(frame[h.udp + 2:h.udp + 4], "big")
    return (rule.ports is None or port in rule.ports) and frame[:6] == rule.mac and \
        not frame[6] & 1 and is_host(h.source) and is_host(h.target) and \
        (not rule.ouis or frame[6:9] in rule.ouis) and \
        (not rule.signatures or any(payload[o:o + len(word)] == word for o, word in rule.signatures))


def checksums_are_right(frame, h):
    if h.version == 4 and fold(frame[h.ip:h.ip + (frame[h.ip] & 15) * 4]) != 0xFFFF:
        return False
    if frame[h.udp + 6:h.udp + 8] == b"\0\0":
        return h.version == 4
    return udp_sum(h.source, h.target, frame[h.udp:h.udp + h.udp_bytes]) == 0xFFFF


def count_hop(answer, h):
    """One hop less; a wrong header checksum stays as wrong as it was (RFC 1624, equation 3)."""
    if h.version == 6:
        answer[h.ip + 7] -= 1
        return
    end = h.ip + (answer[h.ip] & 15) * 4
    was_right = fold(answer[h.ip:end]) == 0xFFFF
    old = int.from_bytes(answer[h.ip + 8:h.ip + 10], "big")
    check = int.from_bytes(answer[h.ip + 10:h.ip + 12], "big")
    answer[h.ip + 8] -= 1
    if was_right:
        answer[h.ip + 10:h.ip + 12] = b"\0\0"
        check = checksum(answer[h.ip:end])
    else:
        check = checksum(struct.pack("!HHH", 0xFFFF - check, 0xFFFF - old, old - 0x100))
    answer[h.ip + 10:h.ip + 12] = struct.pack("!H", check)


def recompute(answer, h):
    if h.version == 4:
        answer[h.ip + 10:h.ip + 12] = b"\0\0"
        check = checksum(answer[h.ip:h.ip + (answer[h.ip] & 15) * 4])
        answer[h.ip + 10:h.ip + 12] = struct.pack("!H", check)
    answer[h.udp + 6:h.udp + 8] = b"\0\0"
    total = udp_sum(h.source, h.target, bytes(answer[h.udp:h.udp + h.udp_bytes]))
    answer[h.udp + 6:h.udp + 8] = struct.pack("!H", 0xFFFF - total or 0xFFFF)


def answer_of(frame, h, rule):
    answer = bytearray(frame)
    answer[:6], answer[6:12] = frame[6:12], frame[:6]
    if "ip" in rule.swap:
        at, size = (h.ip + 12, 4) if h.version == 4 else (h.ip + 8, 16)
        answer[at:at + 2 * size] = h.target + h.source
    if "port" in rule.swap:
        answer[h.udp:h.udp + 4] = frame[h.udp + 2:h.udp + 4] + frame[h.udp:h.udp + 2]
    if rule.loop_guard == "ttl":
        count_hop(answer, h)
    if rule.checksum == "recompute":
        recompute(answer, h)
    return bytes(answer)


def judge(frame, rule):
    """("tx", answer), ("pass", None) or (the reason of a drop, None)."""
    h = parse(frame)
    if not h or not is_ours(frame, h, rule):
        return "pass", None
    if rule.checksum == "verify" and not checksums_are_right(frame, h):
        return "bad_checksum", None
    if rule.loop_guard == "ttl" and frame[h.ip + (8 if h.version == 4 else 7)] <= 1:
        return "ttl_exceeded", None
    return "tx", answer_of(frame, h, rule)


def payload_of(number, signature=b"PROBEOT", size=0):
    """A tester's payload: its 5 opaque bytes tell the frames apart."""
    payload = struct.pack("!BI", 9, number) + signature
    return payload + bytes(random.Random(number).randbytes(max(0, size - len(payload))))


def probe(number, sport=None, size=12, ip6=False, target=OURS, source=PEER, tags=(), dport=PORT,
          signature=b"PROBEOT", source_ip=None, target_ip=None, udp_length=None, udp_check=None, chain=(),
          tail=b"", **header):
    """A test frame; chain: types of IPv6 extension headers; header: further arguments of ipv4() or ipv6()."""
    source_ip = source_ip or (PEER_IP6 if ip6 else PEER_IP)
    target_ip = target_ip or (OURS_IP6 if ip6 else OURS_IP)
    sport = 1024 + number % 60000 if sport is None else sport
    body = udp(source_ip, target_ip, payload_of(number, signature, size), sport, dport, udp_length, udp_check)
    header.update(source=source_ip, target=target_ip)
    if not ip6:
        return ethernet(ipv4(body + tail, **header), IPV4, target, source, tags)
    types = list(chain) + [UDP]
    for i in range(len(chain) - 1, -1, -1):
        body = extension(types[i + 1], i % 2) + body
    return ethernet(ipv6(body + tail, following=types[0], **header), IPV6, target, source, tags)
