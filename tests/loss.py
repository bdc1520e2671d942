# SPDX-License-Identifier: BSD-2-Clause
"""Loses frames that come in on an interface, by an XDP program, or go out, by a TC program, until SIGTERM.

usage: loss.py INTERFACE PER-MILLE in|out
"""
import ctypes
import signal
import socket
import struct
import sys

from xdp import ATTACH_XDP, FLAGS, LINK_CREATE, PROG_LOAD, PROG_TYPE_XDP, bpf

# type of program, what it is attached to, flags, lost, not lost: TC_ACT_STOLEN, of which the sender hears nothing; next
WAYS = {"in": (PROG_TYPE_XDP, ATTACH_XDP, FLAGS["native"], 1, 2), "out": (3, 47, 0, 4, -1)}


def instruction(code, registers=0, offset=0, value=0):
    return struct.pack("=BBhi", code, registers, offset, value)


def main():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    kind, place, flags, lost, passed = WAYS[sys.argv[3]]
    code = b"".join((
        instruction(0x85, value=7),  # r0 = bpf_get_prandom_u32()
        instruction(0x97, value=1000),  # r0 %= 1000
        instruction(0x35, offset=2, value=int(sys.argv[2])),  # if r0 >= PER-MILLE goto +2
        instruction(0xB7, value=lost), instruction(0x95),
        instruction(0xB7, value=passed), instruction(0x95)))
    code, licence = ctypes.create_string_buffer(code, len(code)), ctypes.create_string_buffer(b"GPL")
    program = bpf(PROG_LOAD, struct.pack("=IIQQIIQII16s", kind, len(code) // 8, ctypes.addressof(code),
                                         ctypes.addressof(licence), 0, 0, 0, 0, 0, b"loss"))
    bpf(LINK_CREATE, struct.pack("=IIII", program, socket.if_nametoindex(sys.argv[1]), place, flags))
    print("ready", flush=True)
    signal.sigwait([signal.SIGTERM])


if __name__ == "__main__":
    main()
