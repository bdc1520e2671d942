# SPDX-License-Identifier: BSD-2-Clause
"""Clients that HTTP servers have to live with. Prints what became of them as Python.

usage: clients.py COMMAND ADDRESS [COUNT]     ADDRESS: a socket's path, or HOST:PORT
"""
import collections
import os
import selectors
import socket
import sys
import time

LIMIT_S = 40
GET = b'GET /api/v1/snapshot HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'


def connect(address, blocking=False):
    if '/' in address:
        one = socket.socket(socket.AF_UNIX)
        target = address
    else:
        host, port = address.rsplit(':', 1)
        one = socket.socket()
        target = (host, int(port))
    one.setblocking(blocking)
    try:
        one.connect(target)
    except BlockingIOError:
        if '/' in address:  # its backlog is full
            one.close()
            return None
    return one


def outcome(answer):
    if not answer:
        return 'closed'
    head, _, body = answer.partition(b'\r\n\r\n')
    length = [line for line in head.split(b'\r\n') if line.lower().startswith(b'content-length: ')]
    if length and int(length[0].split()[1]) != len(body):
        return 'cut'
    return int(head.split()[1])


def together(address, count):
    """count clients at once; each sends its whole request when it is connected and reads to the end."""
    clients = selectors.DefaultSelector()
    results = collections.Counter()
    for _ in range(count):
        one = connect(address)
        if one:
            clients.register(one, selectors.EVENT_WRITE, bytearray())
        else:
            results['closed'] += 1
    end = time.monotonic() + LIMIT_S
    while clients.get_map() and time.monotonic() < end:
        for key, events in clients.select(1):
            try:
                if events & selectors.EVENT_WRITE:
                    key.fileobj.send(GET)
                    clients.modify(key.fileobj, selectors.EVENT_READ, key.data)
                    continue
                part = key.fileobj.recv(1 << 16)
            except OSError:
                part = b''
            key.data.extend(part)
            if not part:
                results[outcome(bytes(key.data))] += 1
                clients.unregister(key.fileobj)
                key.fileobj.close()
    results['hanging'] = len(clients.get_map())
    print(dict(results))


def slow(address, count):
    """count clients send a byte of a header every half second; says how long the last one was borne."""
    clients = [one for one in (connect(address, True) for _ in range(count)) if one]
    start = time.monotonic()
    alive = []
    for one in clients:
        one.settimeout(0)
        try:
            one.send(b'GET / HTTP/1.1\r\nHost: x\r\nX: ')
            alive.append(one)
        except OSError:
            pass
    print(len(alive), flush=True)
    while alive and time.monotonic() < start + LIMIT_S:
        time.sleep(0.5)
        for one in list(alive):
            try:
                one.send(b'x')
                if one.recv(1) == b'':
                    raise ConnectionError
            except BlockingIOError:
                pass
            except OSError:
                alive.remove(one)
    print({'borne_s': time.monotonic() - start, 'alive': len(alive)})


def headers(address, megabytes):
    """Sends one request with so many megabytes of headers."""
    one = connect(address, True)
    one.settimeout(LIMIT_S)
    answer = b''
    try:
        one.sendall(b'GET /healthz HTTP/1.1\r\nHost: x\r\n')
        for _ in range(megabytes * 1024):
            one.sendall(b'X: ' + 1019 * b'x' + b'\r\n')
        one.sendall(b'\r\n')
    except OSError:
        pass
    try:
        while part := one.recv(1 << 16):
            answer += part
    except OSError:
        pass
    print({'status': outcome(answer)})


def readers(address, count):
    """count readers of the stream that never read; goes on until it is killed."""
    clients = []
    for _ in range(count):
        one = connect(address, True)
        one.sendall(b'GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n\r\n')
        clients.append(one)
    print(len(clients), flush=True)
    time.sleep(LIMIT_S)


def thread(pid, name):
    """The policy, the CPUs and the rights of a process's thread."""
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/comm', encoding='ascii') as comm:
            is_it = comm.read().strip() == name
        if not is_it:
            continue
        with open(f'/proc/{pid}/task/{task}/status', encoding='ascii') as status:
            lines = dict(line.split(':', 1) for line in status)
        print({'capabilities': int(lines['CapEff'], 16) | int(lines['CapPrm'], 16),
               'confined': int(lines['Seccomp']) == 2,
               'idle': os.sched_getscheduler(int(task)) == os.SCHED_IDLE,
               'cpus': sorted(os.sched_getaffinity(int(task)))})


COMMANDS = {'together': together, 'slow': slow, 'headers': headers, 'readers': readers, 'thread': thread}
argument = sys.argv[3] if len(sys.argv) > 3 else '1'
COMMANDS[sys.argv[1]](sys.argv[2], int(argument) if argument.isdigit() else argument)
