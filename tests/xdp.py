# SPDX-License-Identifier: BSD-2-Clause
"""Keeps an XDP program that passes everything on an interface until SIGTERM; prints its id.

usage: xdp.py INTERFACE [native|generic]
A veth end without one never polls what the other end transmits by XDP; to the program under test it is
somebody else's program.
"""
import ctypes
import os
import platform
import signal
import socket
import struct
import sys

BPF = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "ppc64le": 361, "s390x": 351}.get(platform.machine())
PROG_LOAD, OBJ_GET_INFO_BY_FD, LINK_CREATE = 5, 15, 28
PROG_TYPE_XDP, ATTACH_XDP = 6, 37
FLAGS = {"native": 4, "generic": 2}
PASS = struct.pack("=BBhiBBhi", 0xB7, 0, 0, 2, 0x95, 0, 0, 0)  # r0 = XDP_PASS; exit

libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, fields):
    buffer = ctypes.create_string_buffer(fields, max(len(fields), 72))
    result = libc.syscall(BPF, command, buffer, len(buffer))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def main():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    code, licence = ctypes.create_string_buffer(PASS, 16), ctypes.create_string_buffer(b"GPL")
    program = bpf(PROG_LOAD, struct.pack("=IIQQIIQII16s", PROG_TYPE_XDP, 2, ctypes.addressof(code),
                                         ctypes.addressof(licence), 0, 0, 0, 0, 0, b"somebody_else"))
    about = ctypes.create_string_buffer(8)
    bpf(OBJ_GET_INFO_BY_FD, struct.pack("=IIQ", program, 8, ctypes.addressof(about)))
    flags = FLAGS[sys.argv[2] if len(sys.argv) > 2 else "native"]
    bpf(LINK_CREATE, struct.pack("=IIII", program, socket.if_nametoindex(sys.argv[1]), ATTACH_XDP, flags))
    print(struct.unpack("=II", about.raw)[1], flush=True)
    signal.sigwait([signal.SIGTERM])


if __name__ == "__main__":
    main()
