# SPDX-License-Identifier: BSD-2-Clause
"""Loses frames that come in on an interface, by an XDP program, until SIGTERM.

usage: loss.py INTERFACE PER-MILLE native|generic
Generic mode does not see what another program has redirected.
"""
import ctypes
import signal
import socket
import struct
import sys

from xdp import ATTACH_XDP, FLAGS, LINK_CREATE, PROG_LOAD, PROG_TYPE_XDP, bpf


def instruction(code, registers=0, offset=0, value=0):
    return struct.pack("=BBhi", code, registers, offset, value)


def main():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    code = b"".join((
        instruction(0x85, value=7),  # r0 = bpf_get_prandom_u32()
        instruction(0x97, value=1000),  # r0 %= 1000
        instruction(0x35, offset=2, value=int(sys.argv[2])),  # if r0 >= PER-MILLE goto +2
        instruction(0xB7, value=1), instruction(0x95),  # return XDP_DROP
        instruction(0xB7, value=2), instruction(0x95)))  # return XDP_PASS
    code, licence = ctypes.create_string_buffer(code, len(code)), ctypes.create_string_buffer(b"GPL")
    program = bpf(PROG_LOAD, struct.pack("=IIQQIIQII16s", PROG_TYPE_XDP, len(code) // 8, ctypes.addressof(code),
                                         ctypes.addressof(licence), 0, 0, 0, 0, 0, b"loss"))
    bpf(LINK_CREATE, struct.pack("=IIII", program, socket.if_nametoindex(sys.argv[1]), ATTACH_XDP, FLAGS[sys.argv[3]]))
    print("ready", flush=True)
    signal.sigwait([signal.SIGTERM])


if __name__ == "__main__":
    main()
