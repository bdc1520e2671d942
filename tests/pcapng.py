# SPDX-License-Identifier: BSD-2-Clause
"""Reads what tap writes.

usage: pcapng.py FILE frames|comments|lost|unseen
frames: each packet in hexadecimal on a line; comments: theirs; lost: what their drop counts add up to; unseen: what
the statistics at the end say that the system has dropped (isb_osdrop).
"""
import struct
import sys

STATISTICS, PACKET = 5, 6
COMMENT, DROP_COUNT, OS_DROP = 1, 4, 7


def options(block, at):
    while at + 4 <= len(block):
        code, size = struct.unpack_from("=HH", block, at)
        if not code:
            return
        yield code, block[at + 4:at + 4 + size]
        at += 4 + (size + 3 & ~3)


def blocks(data):
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("=II", data, at)
        assert struct.unpack_from("=I", data, at + length - 4)[0] == length
        yield kind, data[at + 8:at + length - 4]
        at += length


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    lost = unseen = 0
    for kind, block in blocks(data):
        if kind == STATISTICS:
            unseen += sum(struct.unpack("=Q", value)[0] for code, value in options(block, 12) if code == OS_DROP)
        if kind != PACKET:
            continue
        captured, length = struct.unpack_from("=II", block, 12)
        assert captured == length
        if sys.argv[2] == "frames":
            print(block[20:20 + captured].hex())
        for code, value in options(block, 20 + (captured + 3 & ~3)):
            if code == DROP_COUNT:
                lost += struct.unpack("=Q", value)[0]
            if code == COMMENT and sys.argv[2] == "comments":
                print(value.decode())
    if sys.argv[2] in ("lost", "unseen"):
        print(dict(lost=lost, unseen=unseen)[sys.argv[2]])


if __name__ == "__main__":
    main()
