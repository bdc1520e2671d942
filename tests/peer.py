# SPDX-License-Identifier: BSD-2-Clause
"""The far end of the end-to-end tests: sends frames through packet sockets and looks at what comes back.

usage: peer.py COMMAND INTERFACE [ARGUMENT=VALUE]...; further arguments are keys of [service reflect]
  cases   every single case, byte by byte; stack=yes: ARP, ND and ping go on in between, and are answered
  load    count= random frames at rate= a second (0: as fast as it goes), from seed=; count=0: until SIGTERM, for which
          it is ready once the file of expect= is there
  probes  count= answerable frames, at rate= a second; all are answered within patience= seconds
  until   probes every 20 ms until the first answer, for at most patience= seconds
  silent  count= probes that nobody answers, while the stack answers its ping
  ping    ARP, ND and ping by IPv4 and IPv6 are answered by the stack within patience=
  watch   counts the answers that arrive until SIGTERM
  sink    takes what comes to the port by the ordinary stack and keeps silent, until SIGTERM
  write   file=: all cases into a capture file;  read  file=: and the answers out of one
shortest=: sends no frame of fewer bytes, for NICs that make those longer.
expect=FILE receives as JSON what a snapshot has to say of all this.
"""
import ctypes
import json
import random
import select
import signal
import socket
import struct
import sys
import time

from cases import all_cases, random_frames
from frames import (ARP, DESTINATION, HOP_BY_HOP, IPV4, IPV6, OURS, OURS_IP, OURS_IP6, PEER, PEER_IP, PEER_IP6,
                    PORT, SERVICE_TAG, TAG, UDP, checksum, ethernet, fold, ipv4, ipv6, is_admitted, judge, make_rule,
                    probe)

ETH_P_ALL, SOL_PACKET, SO_RCVBUFFORCE, SO_ATTACH_FILTER = 3, 263, 33, 26
PACKET_STATISTICS, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 6, 8, 23
TAG_IS_VALID, TAG_TYPE_IS_VALID = 0x10, 0x40
BURST = 64


class Failure(Exception):
    pass


class Sender:
    def __init__(self, interface):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.bind((interface, 0))

    def send(self, frame):
        self.socket.send(frame)


class Message(ctypes.Structure):
    """struct mmsghdr"""
    _fields_ = [("name", ctypes.c_void_p), ("name_bytes", ctypes.c_uint32), ("parts", ctypes.c_void_p),
                ("parts_count", ctypes.c_size_t), ("control", ctypes.c_void_p),
                ("control_bytes", ctypes.c_size_t), ("flags", ctypes.c_size_t), ("sent", ctypes.c_size_t)]


class Part(ctypes.Structure):
    """struct iovec"""
    _fields_ = [("base", ctypes.c_char_p), ("bytes", ctypes.c_size_t)]


class Volley:
    """Frames that one system call sends."""
    libc = ctypes.CDLL(None, use_errno=True)

    def __init__(self, frames):
        self.parts = (Part * len(frames))(*[Part(frame, len(frame)) for frame in frames])
        self.messages = (Message * len(frames))()
        for i in range(len(frames)):
            self.messages[i].parts = ctypes.addressof(self.parts[i])
            self.messages[i].parts_count = 1

    def send(self, sender, first, count):
        """Returns how many have left: none when the queue behind is full."""
        at = ctypes.byref(self.messages, first * ctypes.sizeof(Message))
        sent = self.libc.sendmmsg(sender.socket.fileno(), at, count, 0)
        if sent < 0 and ctypes.get_errno() not in (11, 105):  # EAGAIN, ENOBUFS
            raise OSError(ctypes.get_errno(), "sendmmsg")
        return max(sent, 0)


class Receiver:
    def __init__(self, interface):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.socket.bind((interface, ETH_P_ALL))

    def receive(self, seconds):
        """One frame with its tag back where it was, or None when none comes."""
        if not select.select([self.socket], [], [], max(seconds, 0))[0]:
            return None
        frame, controls, _, _ = self.socket.recvmsg(65536, 256)
        for level, kind, data in controls:
            if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
                status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", data)
                if status & TAG_IS_VALID:
                    tpid = tpid if status & TAG_TYPE_IS_VALID else 0x8100
                    frame = frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]
        return frame


def icmp6(kind, body, hops=64):
    head = struct.pack("!BBH", kind, 0, 0) + body
    pseudo = PEER_IP6 + OURS_IP6 + struct.pack("!II", len(head), 58)
    head = head[:2] + struct.pack("!H", checksum(pseudo + head)) + head[4:]
    return ethernet(ipv6(head, following=58, hops=hops), IPV6)


class StackProbes:
    """What the stack behind the program under test has to answer all the time: name → question, test."""

    def __init__(self, shortest=0):
        arp = struct.pack("!HHBBH", 1, IPV4, 6, 4, 1) + PEER + PEER_IP + bytes(6) + OURS_IP
        echo = struct.pack("!BBHHH", 8, 0, 0, 77, 1) + b"ringside" * 4
        echo = echo[:2] + struct.pack("!H", checksum(echo)) + echo[4:]
        self.questions = {
            "ARP": ethernet(arp, ARP, target=b"\xff" * 6),
            "ping": ethernet(ipv4(echo, protocol=1), IPV4),
            "ND": icmp6(135, bytes(4) + OURS_IP6 + b"\x01\x01" + PEER, hops=255),
            "ping6": icmp6(128, struct.pack("!HH", 77, 1) + b"ringside" * 4),
        }
        self.questions = {name: frame.ljust(shortest, b"\0") for name, frame in self.questions.items()}
        self.sent, self.open = 0, set()

    def send(self, sender):
        self.open = set(self.questions)
        for question in self.questions.values():
            sender.send(question)
            self.sent += 1

    @property
    def sent_bytes(self):
        return self.sent // 4 * sum(len(question) for question in self.questions.values())

    def take(self, frame):
        """True when the frame is an answer or other talk of the stack; an ICMP error is neither."""
        proto, body = int.from_bytes(frame[12:14], "big"), frame[14:]
        kind = None
        if proto == ARP:
            kind = "ARP" if body[6:8] == b"\0\2" and body[8:18] == OURS + OURS_IP else "talk"
        elif proto == IPV4 and body[9] == 1 and body[20] == 0:
            kind = "ping" if fold(body[20:]) == 0xFFFF and body.endswith(b"ringside" * 4) else None
        elif proto == IPV6 and body[6] == 58 and body[40] in (129, 133, 135, 136):
            kind = {129: "ping6", 136: "ND"}.get(body[40], "talk")
        elif proto == IPV6 and body[6] == 0 and body[40] == 58:
            kind = "talk"  # multicast listener reports
        elif proto == IPV4 and body[9] == 2:
            kind = "talk"
        self.open.discard(kind)
        return kind is not None


class Tally:
    """What the books have to say of the frames that were sent."""

    def __init__(self):
        self.numbers = dict.fromkeys(
            ("rx_packets", "rx_bytes", "tx_packets", "tx_bytes", "pass_packets", "service_rx_packets",
             "admitted_packets", "admitted_bytes"), 0)
        self.numbers.update(ttl_exceeded=0, bad_checksum=0)

    def add(self, frame, verdict, answer, is_in, times=1):
        numbers = self.numbers
        numbers["rx_packets"] += times
        numbers["rx_bytes"] += times * len(frame)
        if is_in:
            numbers["admitted_packets"] += times
            numbers["admitted_bytes"] += times * len(frame)
        if verdict == "pass":
            numbers["pass_packets"] += times
            return
        numbers["service_rx_packets"] += times
        if verdict == "tx":
            numbers["tx_packets"] += times
            numbers["tx_bytes"] += times * len(answer)
        else:
            numbers[verdict] += times

    def add_stack(self, probes):
        self.numbers["rx_packets"] += probes.sent
        self.numbers["pass_packets"] += probes.sent
        self.numbers["rx_bytes"] += probes.sent_bytes

    def write(self, name):
        if name:
            with open(name, "w") as file:
                json.dump(self.numbers, file)


def differences(frame, wanted):
    if len(frame) != len(wanted):
        return "%d bytes instead of %d" % (len(frame), len(wanted))
    return ", ".join("byte %d: %02x instead of %02x" % (i, a, b)
                     for i, (a, b) in enumerate(zip(frame, wanted)) if a != b)


def explain(frame, expected, cases):
    """What is wrong with a frame that nobody expects."""
    for answer, case in expected.items():
        if frame[-7:] == answer[-7:] and len(frame) == len(answer):
            return "%s: %s" % (case.name, differences(frame, answer))
    for case in cases:
        if len(case.frame) > 30 and frame[-12:] == case.frame[-12:]:
            return "an answer to: %s: %s" % (case.name, frame.hex())
    return "unexpected: %s" % frame.hex()


def judged_cases(arguments, rule):
    """With the answers. Without keys of the service, the verdicts are those that the cases demand."""
    judged = []
    for case in all_cases():
        if len(case.frame) < arguments.shortest:
            continue
        verdict, answer = judge(case.frame, rule)
        if not arguments.keys and verdict != case.verdict:
            raise Failure("%s: the test itself takes it for %s" % (case.name, verdict))
        judged.append((case, verdict, answer))
    return sorted(judged, key=lambda one: one[1] == "tx")


def run_cases(arguments, rule):
    judged = judged_cases(arguments, rule)
    sender, receiver, stack, tally = Sender(arguments.interface), Receiver(arguments.interface), \
        StackProbes(arguments.shortest), Tally()
    expected = {answer: case for case, _, answer in judged if answer}
    cases = [case for case, _, _ in judged]
    waiting, problems = dict(expected), []

    def take(seconds):
        frame = receiver.receive(seconds)
        if frame and waiting.pop(frame, None) is None and not stack.take(frame):
            problems.append(explain(frame, expected, cases))
        return frame

    for i, (case, verdict, answer) in enumerate(judged):
        if arguments.stack and i % 20 == 0:
            stack.send(sender)
        sender.send(case.frame)
        tally.add(case.frame, verdict, answer, is_admitted(case.frame, rule))
        while take(0):
            pass
    if not all(case.verdict == "tx" for case, verdict, _ in judged[-16:]) and not arguments.keys:
        raise Failure("the last cases are no fence")
    end = time.monotonic() + arguments.patience
    while (waiting or stack.open) and time.monotonic() < end:
        take(end - time.monotonic())
    while take(0):
        pass
    problems += ["no answer: " + case.name for case in waiting.values()]
    problems += ["the stack does not answer: " + name for name in sorted(stack.open)]
    if problems:
        raise Failure("\n".join(problems[:20]))
    tally.add_stack(stack)
    tally.write(arguments.expect)


def run_load(arguments, rule):
    """Random frames, in volleys from random places of a list that is sent again and again."""
    frames = random_frames(arguments.seed, 1024)
    judged = [judge(frame, rule) for frame in frames]
    sender, volley, times = Sender(arguments.interface), Volley(frames), [0] * len(frames)
    told_to_end = []
    if not arguments.count:
        signal.signal(signal.SIGTERM, lambda *_: told_to_end.append(True))
        with open(arguments.expect, "w"):
            pass
    rng, sent, start = random.Random(arguments.seed), 0, time.monotonic()
    while sent < arguments.count or not arguments.count and not told_to_end:
        due = arguments.count - sent if arguments.count else BURST
        if arguments.rate:
            due = min(due, int((time.monotonic() - start) * arguments.rate) + 1 - sent)
            if due <= 0:
                time.sleep(1e-4)
                continue
        first, due = rng.randrange(len(frames) - BURST), min(due, BURST)
        done = volley.send(sender, first, due)
        for i in range(first, first + done):
            times[i] += 1
        sent += done
    tally = Tally()
    for i, frame in enumerate(frames):
        tally.add(frame, *judged[i], is_admitted(frame, rule), times[i])
    tally.write(arguments.expect)


def run_probes(arguments, rule):
    """Sends all, at rate= a second if given, and waits for all answers."""
    sender, receiver, tally = Sender(arguments.interface), Receiver(arguments.interface), Tally()
    waiting, start = set(), time.monotonic()
    for number in range(arguments.seed, arguments.seed + arguments.count):
        frame = probe(number, size=arguments.least(12) + number % 50)
        verdict, answer = judge(frame, rule)
        waiting.add(answer)
        sender.send(frame)
        tally.add(frame, verdict, answer, True)
        pause = start + len(waiting) / arguments.rate - time.monotonic() if arguments.rate else 0
        waiting.discard(receiver.receive(pause))
    end = time.monotonic() + arguments.patience
    while waiting and time.monotonic() < end:
        waiting.discard(receiver.receive(end - time.monotonic()))
    tally.write(arguments.expect)
    if waiting:
        raise Failure("%d of %d probes were not answered" % (len(waiting), arguments.count))


def run_until(arguments, rule):
    """Probes every 20 ms until the first answer."""
    sender, receiver, tally = Sender(arguments.interface), Receiver(arguments.interface), Tally()
    end, answers, number = time.monotonic() + arguments.patience, set(), arguments.seed
    while time.monotonic() < end:
        frame = probe(number, size=arguments.least(12))
        verdict, answer = judge(frame, rule)
        answers.add(answer)
        try:
            sender.send(frame)
            tally.add(frame, verdict, answer, True)
        except OSError:
            pass  # a link that is down
        number += 1
        frame = receiver.receive(0.02)
        while frame:
            if frame in answers:
                tally.write(arguments.expect)
                return
            frame = receiver.receive(0)
    raise Failure("none of %d probes was answered" % (number - arguments.seed))


def run_silent(arguments, rule):
    sender, receiver, stack = Sender(arguments.interface), Receiver(arguments.interface), StackProbes()
    answers = set()
    for number in range(arguments.seed, arguments.seed + arguments.count):
        frame = probe(number, size=arguments.least(12))
        answers.add(judge(frame, rule)[1])
        sender.send(frame)
    end = time.monotonic() + arguments.patience
    stack.send(sender)
    while stack.open and time.monotonic() < end:
        frame = receiver.receive(0.05)
        if frame in answers:
            raise Failure("a probe was answered: " + frame.hex())
        if frame:
            stack.take(frame)
    if stack.open:
        raise Failure("the stack does not answer: " + ", ".join(sorted(stack.open)))


def run_ping(arguments, _):
    arguments.count = 0
    run_silent(arguments, make_rule({}))


def answers_filter():
    """UDP over IPv4 or IPv6 from the interface under test to one host, whatever is behind a second tag: lets
    them in without a byte."""
    return [(0x30, 0, 0, 0), (0x45, 16, 0, 1),
            (0x20, 0, 0, 6), (0x15, 0, 14, int.from_bytes(OURS[:4], "big")),
            (0x28, 0, 0, 10), (0x15, 0, 12, int.from_bytes(OURS[4:], "big")),
            (0x28, 0, 0, 12), (0x15, 9, 0, TAG), (0x15, 8, 0, SERVICE_TAG), (0x15, 3, 0, IPV6), (0x15, 0, 7, IPV4),
            (0x30, 0, 0, 23), (0x15, 4, 5, UDP),
            (0x30, 0, 0, 20), (0x15, 2, 0, UDP), (0x15, 1, 0, HOP_BY_HOP), (0x15, 0, 1, DESTINATION),
            (0x06, 0, 0, 1), (0x06, 0, 0, 0)]


def run_watch(arguments, _):
    """The kernel counts; nobody needs to read."""
    receiver = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    packed = b"".join(struct.pack("=HBBI", *line) for line in answers_filter())
    program = ctypes.create_string_buffer(packed)
    receiver.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                        struct.pack("@HP", len(packed) // 8, ctypes.addressof(program)))
    receiver.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    receiver.bind((arguments.interface, ETH_P_ALL))
    with open(arguments.expect, "w") as file:
        print("ready", file=file)
    signal.sigwait([signal.SIGTERM])
    count, more = 0, 1
    while more:  # until nothing has come for a while
        more = struct.unpack("=II", receiver.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[0]
        count += more
        time.sleep(0.05)
    with open(arguments.expect, "w") as file:
        print(count, file=file)


def run_sink(_, __):
    """At the near end: an ordinary server on the port."""
    sinks = []
    for family in socket.AF_INET, socket.AF_INET6:
        sink = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            sink.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sink.bind(("", PORT))
        sinks.append(sink)
    print("ready", flush=True)
    signal.pause()


def run_write(arguments, rule):
    """Frame number n has the time stamp n.n."""
    tally = Tally()
    with open(arguments.file, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i, (case, verdict, answer) in enumerate(judged_cases(arguments, rule)):
            file.write(struct.pack("<IIII", i, i, len(case.frame), len(case.frame)) + case.frame)
            tally.add(case.frame, verdict, answer, True)
    tally.write(arguments.expect)


def read_capture(name):
    with open(name, "rb") as file:
        data = file.read()
    at = 24
    while at < len(data):
        seconds, micros, length, _ = struct.unpack_from("<IIII", data, at)
        yield (seconds, micros), data[at + 16:at + 16 + length]
        at += 16 + length


def run_read(arguments, rule):
    wanted = [((i, i), answer, case) for i, (case, _, answer) in enumerate(judged_cases(arguments, rule)) if answer]
    written = list(read_capture(arguments.file))
    for (stamp, frame), (wanted_stamp, answer, case) in zip(written, wanted):
        if frame != answer:
            raise Failure("%s: %s" % (case.name, differences(frame, answer)))
        if stamp != wanted_stamp:
            raise Failure("%s: time %s instead of %s" % (case.name, stamp, wanted_stamp))
    if len(written) != len(wanted):
        raise Failure("%d answers instead of %d" % (len(written), len(wanted)))


class Arguments:
    """KEY=VALUE words; those it does not know are keys of the service."""
    expect, file, stack, patience, count, rate, seed = None, None, False, 20.0, 20, 0, 5000
    shortest = 0

    def least(self, payload):
        """The payload's bytes, or as many as the shortest frame has behind its headers of 42."""
        return max(payload, self.shortest - 42)

    def __init__(self, interface, words):
        self.interface, self.keys = interface, {}
        for word in words:
            key, _, value = word.partition("=")
            if hasattr(Arguments, key):
                kind = type(getattr(Arguments, key))
                setattr(self, key, value == "yes" if kind is bool else value if kind is type(None) else kind(value))
            else:
                self.keys[key] = value


COMMANDS = {"cases": run_cases, "load": run_load, "probes": run_probes, "until": run_until,
            "silent": run_silent, "ping": run_ping,
            "watch": run_watch, "sink": run_sink, "write": run_write, "read": run_read}


def main():
    arguments = Arguments(sys.argv[2], sys.argv[3:])
    try:
        COMMANDS[sys.argv[1]](arguments, make_rule(arguments.keys))
    except Failure as failure:
        print(failure)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
