# SPDX-License-Identifier: BSD-2-Clause
"""Floods a veth's far end with SYNs from random addresses and ports, as fast as the CPUs can; prints how many.

usage: syn_flood.py INTERFACE SOURCE-MAC MAC ADDRESS PORT SECONDS [CPUS]
Every SYN is a right one: what is random in one place is taken back in a field that says nothing in a SYN, so that all
checksums stay what they are. The far end needs an XDP program or GRO. What comes back for the forged addresses is
dropped before the stack of this end has anything to do with it: they are somewhere else.
"""
import ctypes
import multiprocessing
import os
import socket
import struct
import sys
import time

from loss import instruction
from xdp import LINK_CREATE, PROG_LOAD, PROG_TYPE_XDP, bpf

PROG_TEST_RUN, LIVE_FRAMES, XDP_TX = 10, 2, 3
TCX_INGRESS, TC_ACT_SHOT, PROG_TYPE_TC = 46, 2, 3
REPEAT = 200000  # of a call; short ones are slow
BYTES = 60
FORGED = "198.18.0.0"  # and what follows it in 16 bits
# where the frame has what
IP_ID, SOURCE_LOW, PORT, SEQUENCE_LOW, URGENT = 18, 28, 34, 40, 52


def checksum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def make_frame(source_mac, mac, address, port):
    macs = bytes.fromhex((mac + source_mac).replace(":", ""))
    addresses = socket.inet_aton(FORGED) + socket.inet_aton(address)
    # the fields that vary, all zero, and their counterparts, all ones
    tcp = struct.pack(">HHIIBBHHHBBHH", 0, port, 0x5EED0000 | 0xFFFF, 0, 6 << 4, 2, 65535, 0, 0xFFFF, 2, 4, 1460, 0)[:24]
    pseudo = addresses + struct.pack(">HH", socket.IPPROTO_TCP, len(tcp))
    tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0xFFFF, 0x4000, 64, socket.IPPROTO_TCP, 0) + addresses
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    return (macs + b"\x08\0" + ip + tcp).ljust(BYTES, b"\0")


def make_program(frame):
    """Writes the frame anew each time: the kernel uses its memory again, with what the far end has left there."""
    words = struct.unpack("=%di" % (BYTES // 4), frame)
    code = [
        instruction(0x61, 0x17),  # r7 = ctx->data
        instruction(0x61, 0x12, 4),  # r2 = ctx->data_end
        instruction(0xBF, 0x73), instruction(0x07, 3, value=BYTES),  # r3 = r7 + BYTES
        instruction(0xBD, 0x23, 2),  # if r3 <= r2 goto +2
        instruction(0xB7, value=1), instruction(0x95),  # return XDP_DROP
        *(instruction(0x62, 7, 4 * i, word) for i, word in enumerate(words)),
        instruction(0x85, value=7),  # r0 = bpf_get_prandom_u32()
        instruction(0xBF, 0x08),  # r8 = r0
    ]
    for fields in ((PORT, (SEQUENCE_LOW,)), (SOURCE_LOW, (IP_ID, URGENT))):
        code.append(instruction(0x6B, 0x87, fields[0]))  # *(u16 *)(r7 + ...) = r8
        code += [instruction(0xBF, 0x89), instruction(0xA7, 9, value=-1)]  # r9 = ~r8
        code += [instruction(0x6B, 0x97, at) for at in fields[1]]
        code.append(instruction(0x77, 8, value=16))  # r8 >>= 16
    code += [instruction(0xB7, value=XDP_TX), instruction(0x95)]
    return b"".join(code)


def load(kind, text):
    code, licence = ctypes.create_string_buffer(text, len(text)), ctypes.create_string_buffer(b"GPL")
    return bpf(PROG_LOAD, struct.pack("=IIQQIIQII16s", kind, len(text) // 8, ctypes.addressof(code),
                                      ctypes.addressof(licence), 0, 0, 0, 0, 0, b"syn_flood"))


def drop_answers(interface):
    program = load(PROG_TYPE_TC, b"".join((
        instruction(0xBF, 0x16),  # r6 = ctx
        instruction(0x28, value=30),  # r0 = the upper half of IPv4's destination
        instruction(0x15, offset=2, value=int.from_bytes(socket.inet_aton(FORGED)[:2], "big")),  # if equal goto +2
        instruction(0xB7, value=-1), instruction(0x95),
        instruction(0xB7, value=TC_ACT_SHOT), instruction(0x95))))
    return bpf(LINK_CREATE, struct.pack("=IIII", program, socket.if_nametoindex(interface), TCX_INGRESS, 0))


def flood(interface, source_mac, mac, address, port, seconds):
    frame = make_frame(source_mac, mac, address, int(port))
    program = load(PROG_TYPE_XDP, make_program(frame))
    data = ctypes.create_string_buffer(frame, BYTES)
    context = struct.pack("=6I", 0, BYTES, 0, socket.if_nametoindex(interface), 0, 0)
    context_buffer = ctypes.create_string_buffer(context, len(context))
    sent, begin = 0, time.monotonic()
    while time.monotonic() - begin < float(seconds):
        bpf(PROG_TEST_RUN, struct.pack("=IIIIQQIIIIQQIII", program, 0, BYTES, 0, ctypes.addressof(data), 0, REPEAT, 0,
                                       len(context), 0, ctypes.addressof(context_buffer), 0, LIVE_FRAMES, 0, 0))
        sent += REPEAT
    return sent


def main():
    cpus = sorted(os.sched_getaffinity(0))[-int(sys.argv[7]) if len(sys.argv) > 7 else -1:]
    link = drop_answers(sys.argv[1])
    counts, begin = multiprocessing.Array("Q", len(cpus)), time.monotonic()
    for i, cpu in enumerate(cpus):
        if not os.fork():
            os.sched_setaffinity(0, {cpu})
            counts[i] = flood(*sys.argv[1:7])
            os._exit(0)
    failed = any(os.wait()[1] for _ in cpus)
    os.close(link)
    print("%d SYNs, %.2f Mpps" % (sum(counts), sum(counts) / (time.monotonic() - begin) / 1e6))
    sys.exit(failed)


if __name__ == "__main__":
    main()
