# SPDX-License-Identifier: BSD-2-Clause
"""Sends packets whose payload names their port, for ring_reader to check.

usage: deliver_peer.py INTERFACE [ports=0-65535] [rounds=1] [rate=20000] [kinds=plain]
rounds=0: as many as there is time for until SIGTERM, from the line "ready" on; its last line is the number of packets.
kinds: plain (IPv4), or mixed: IPv4, IPv6, tags, a group, and fragments, which nobody may get.
socket=ADDRESS sends by an ordinary socket instead; write=FILE sends nothing and writes the frames, each in
hexadecimal on a line.
"""
import signal
import socket
import struct
import sys
import time

from frames import IPV4, IPV6, TAG, ethernet, ipv4, ipv6, udp, OURS_IP, OURS_IP6, PEER_IP, PEER_IP6
from peer import Sender, Volley

BURST = 64
GROUP = bytes([0x01, 0x00, 0x5E, 1, 2, 3])


def payload(port):
    return b"RING" + struct.pack("!H", port) + bytes(12 + port % 20)


def plain(port):
    return ethernet(ipv4(udp(PEER_IP, OURS_IP, payload(port), dport=port)), IPV4)


def mixed(port):
    datagram = udp(PEER_IP, OURS_IP, payload(port), dport=port)
    datagram6 = udp(PEER_IP6, OURS_IP6, payload(port), dport=port)
    yield ethernet(ipv4(datagram), IPV4)
    yield ethernet(ipv6(datagram6), IPV6)
    yield ethernet(ipv4(datagram), IPV4, tags=[(TAG, 0xA005)])
    yield ethernet(ipv6(datagram6), IPV6, tags=[(TAG, 5)])
    yield ethernet(ipv4(datagram, target=bytes([233, 1, 2, 3])), IPV4, target=GROUP)
    yield ethernet(ipv4(datagram, offset=0x2000), IPV4)
    yield ethernet(ipv4(datagram, offset=0x0010), IPV4)


def send(interface, frames, rate):
    sender, volley, sent = Sender(interface), Volley(frames), 0
    start = time.monotonic()
    while sent < len(frames):
        sent += volley.send(sender, sent, min(BURST, len(frames) - sent))
        late = sent / rate - (time.monotonic() - start)
        if late > 0:
            time.sleep(late)


def main():
    options = dict(ports="0-65535", rounds="1", rate="20000", kinds="plain", socket="", write="")
    options.update(argument.split("=", 1) for argument in sys.argv[2:])
    first, last = (int(port) for port in options["ports"].split("-"))
    ports = range(first, last + 1)
    if options["socket"]:
        ours = socket.socket(socket.AF_INET6 if ":" in options["socket"] else socket.AF_INET, socket.SOCK_DGRAM)
        for port in ports:
            ours.sendto(payload(port), (options["socket"], port))
        return
    if options["kinds"] == "plain":
        frames = [plain(port) for port in ports]
    else:
        frames = [frame for port in ports for frame in mixed(port)]
    if options["write"]:
        with open(options["write"], "w") as file:
            file.writelines(frame.hex() + "\n" for frame in frames)
        return
    rounds, sent, told_to_end = int(options["rounds"]), 0, []
    if not rounds:
        signal.signal(signal.SIGTERM, lambda *_: told_to_end.append(True))
        print("ready", flush=True)
    while sent < rounds * len(frames) or not rounds and not told_to_end:
        send(sys.argv[1], frames, float(options["rate"]))
        sent += len(frames)
    if not rounds:
        print(sent)


if __name__ == "__main__":
    main()
