# SPDX-License-Identifier: BSD-2-Clause
"""Clients of http, at the far end: they ask, and compare answers with the files.

usage: http_clients.py COMMAND root=DIRECTORY [KEY=VALUE]...
  sizes       every file by GET and HEAD; the kernel half answers what its segments= hold
  every       every size from 0 to 100 bytes beyond the limit, of every/SIZE, each in as few segments as can be; make
              them by: make
  bare        sizes about one segment's, of every/SIZE, with optional_headers = no
  mixed       hits and misses by turns on one connection
  odd         requests that are not plainly hits, each answered as nginx alone does, on port direct=, and
              never by the kernel half
  conditions  304, by tag and by time; encodings with qualities
  own         what fallback = own answers
  transfers   count= GETs of path= (PATH,...), each on a connection of its own, parallel= at once; all complete and identical
  hold        one GET of path=, then waits for a line on standard input, then the next: says "reset" if the
              connection was reset, and that a new one works
  changes     rewrites a file while parallel= clients read it: each body is wholly one of those written, and no
              answer breaks off but those of which nginx's log= tells
further: address= (192.0.2.2), port= (80), server= who answers hits (ringside), family=
"""
import http.client
import os
import random
import socket
import struct
import sys
import threading
import time

SEGMENTS = 5  # what max_segments = auto stands for
PATIENCE = 20  # seconds, on a loaded machine


class Failure(Exception):
    pass


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.server = headers.get("server", "").split("/")[0]


class Connection:
    """A connection of which each byte is seen."""

    def __init__(self, settings):
        self.settings = settings
        self.socket = socket.create_connection((settings["address"], int(settings["port"])), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending, self.server = b"", None

    def send(self, data):
        self.socket.sendall(data)

    def receive(self, is_head=False):
        while b"\r\n\r\n" not in self.pending:
            self.more()
        head, self.pending = self.pending.split(b"\r\n\r\n", 1)
        self.head_bytes = len(head) + 4
        lines = head.decode("latin-1").split("\r\n")
        version, status = lines[0].split(" ")[:2]
        if not version.startswith("HTTP/1."):
            raise Failure("not a status line: %r" % lines[0])
        headers = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            if name.lower() in headers:
                raise Failure("%s twice" % name)
            headers[name.lower()] = value.strip()
        self.server = headers.get("server", "").split("/")[0]
        body = b""
        if not is_head and int(status) not in (304, 204) and int(status) >= 200:
            size = headers.get("content-length")
            while size is None or len(self.pending) < int(size):
                if not self.more(size is None):
                    break
            size = len(self.pending) if size is None else int(size)
            body, self.pending = self.pending[:size], self.pending[size:]
        return Answer(int(status), headers, body)

    def more(self, may_end=False):
        data = self.socket.recv(65536)
        if not data and not may_end:
            raise Failure("closed within an answer")
        self.pending += data
        return bool(data)

    def ask(self, path, *lines, method="GET"):
        host = self.settings["address"]
        host = "[%s]" % host if ":" in host else host
        self.send("\r\n".join(["%s %s HTTP/1.1" % (method, path), "Host: " + host, *lines, "", ""]).encode())
        return self.receive(method == "HEAD")

    def segments(self):
        """Segments with data that have come (tcpi_data_segs_in of linux/tcp.h)."""
        return struct.unpack_from("=I", self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192), 152)[0]

    def close(self):
        self.socket.close()


def read(settings, name):
    with open(os.path.join(settings["root"], name.lstrip("/")), "rb") as file:
        return file.read()


def expect(what, found, wanted):
    if found != wanted:
        raise Failure("%s: %r instead of %r" % (what, found, wanted))


def find_limit(settings):
    """The longest body: what the segments hold, less the header lines, of which the first three are a head."""
    connection = Connection(settings)
    connection.ask("/2500.bin" if "segments" in settings else "/6810.bin")  # of the header lines' length at the limit
    return 1336 + (int(settings.get("segments", SEGMENTS)) - 1) * 1424 - (connection.head_bytes - 78)


def sizes(settings):
    connection, hits = Connection(settings), 0
    limit = find_limit(settings)
    for name in sorted(os.listdir(settings["root"])):
        if not name.endswith(".bin"):
            continue
        content = read(settings, name)
        # beyond the limit a connection stays the server's
        if connection is None or len(content) > limit:
            connection = Connection(settings)
        answer = connection.ask("/" + name)
        expect("status of " + name, answer.status, 200)
        if answer.body != content:
            raise Failure("%s: another body, %d bytes" % (name, len(answer.body)))
        expect("who answers " + name, answer.server, settings["server"] if len(content) <= limit else "nginx")
        expect("type", answer.headers["content-type"], "application/octet-stream")
        hits += answer.server == "ringside"
        head = connection.ask("/" + name, method="HEAD")
        expect("HEAD", (head.status, head.headers["content-length"], head.headers["etag"]),
               (200, str(len(content)), answer.headers["etag"]))
        if len(content) > limit:
            connection = None
    segments = int(settings.get("segments", SEGMENTS))
    if not 1336 + (segments - 2) * 1424 < limit < 1336 + (segments - 1) * 1424 or not hits:
        raise Failure("a limit of %d bytes, %d hits" % (limit, hits))


BEYOND = 100  # bytes behind the limit
LONGEST = 1336 + (SEGMENTS - 1) * 1424 + BEYOND


def bodies():
    """A body of each size; one is no part of the next."""
    bytes_ = random.Random(6).randbytes(LONGEST * 4)
    return [bytes_[size * 3:size * 4] for size in range(LONGEST)]


def make(settings):
    folder = os.path.join(settings["root"], "every")
    os.mkdir(folder, 0o755)
    for size, body in enumerate(bodies()):
        with open(os.path.join(folder, str(size)), "wb") as file:
            file.write(body)


def least_segments(settings, head_bytes, size):
    """How many an answer has: one where it fits into a packet, else the first as if each head had its full length."""
    if head_bytes + size <= 1500 - 32 - (40 if ":" in settings["address"] else 20):
        return 1
    return 1 + (size + head_bytes - 78 - 1336 + 1423) // 1424


def ask_in_least(connection, path, size, *lines):
    """What comes again on a loaded machine counts twice: so one of three has to be as it should."""
    for _ in range(3):
        before = connection.segments()
        answer = connection.ask(path, *lines)
        came, wanted = connection.segments() - before, least_segments(connection.settings, connection.head_bytes, size)
        if came == wanted:
            return answer
    raise Failure("%s: %d segments instead of %d" % (path, came, wanted))


def bare(settings):
    connection, all_bodies, most = Connection(settings), bodies(), 0
    for size in range(1280, 1340):
        answer = ask_in_least(connection, "/every/%d" % size, size)
        expect("%d bytes" % size, (answer.status, answer.body == all_bodies[size]), (200, True))
        expect("headers", sorted(answer.headers), ["content-length", "content-type", "date", "etag"])
        most = size if least_segments(settings, connection.head_bytes, size) == 1 else most
    if not 1280 < most < 1339:
        raise Failure("one segment holds %d bytes" % most)
    tag = connection.ask("/every/1300").headers["etag"]
    answer = connection.ask("/every/1300", "If-None-Match: " + tag)
    expect("304", (answer.status, sorted(answer.headers)), (304, ["date", "etag"]))
    connection.send(b"GET /every/1300 HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
    expect("HTTP/1.0", connection.receive().headers["connection"], "keep-alive")
    expect("a close", connection.ask("/every/1300", "Connection: close").headers["connection"], "close")


def every(settings):
    limit, connection = find_limit(settings), Connection(settings)
    for size, body in enumerate(bodies()[:limit + BEYOND]):
        answer = ask_in_least(connection, "/every/%d" % size, size) if size <= limit else connection.ask("/every/%d" % size)
        if (answer.status, answer.server, answer.body) != (200, "ringside" if size <= limit else "nginx", body):
            raise Failure("%d bytes: status %d, %d bytes by %s" % (size, answer.status, len(answer.body), answer.server))
        if answer.headers["content-length"] != str(size):
            raise Failure("%d bytes: Content-Length %s" % (size, answer.headers["content-length"]))
        if size > limit:  # the connection is the server's now
            connection.close()
            connection = Connection(settings)


def mixed(settings):
    connection = Connection(settings)
    for name, status, server in (("/110.bin", 200, "ringside"), ("/", 200, "ringside"), ("/dir/", 200, "ringside"),
                                 ("/2500.bin", 200, "ringside"), ("/nothing", 404, "nginx"), ("/110.bin", 200, "nginx"),
                                 ("/200000.bin", 200, "nginx"), ("/nothing", 404, "nginx"), ("/0.bin", 200, "nginx")):
        answer = connection.ask(name)
        expect(name, (answer.status, answer.server), (status, server))
        if status == 200:
            file = name + "index.html" if name.endswith("/") else name
            expect("body of " + name, answer.body == read(settings, file), True)
    expect("closed", connection.ask("/110.bin", "Connection: close").status, 200)
    expect("behind the end", connection.socket.recv(1), b"")
    # and one that the kernel half closes
    connection = Connection(settings)
    answer = connection.ask("/110.bin", "Connection: close")
    expect("who closes", (answer.server, answer.headers["connection"]), ("ringside", "close"))
    expect("behind the end", connection.socket.recv(1), b"")
    connection.close()


# What must not be answered by the kernel half.
ODD = (
    ("POST", b"POST /110.bin HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"),
    ("GET with a body", b"GET /110.bin HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"),
    ("chunks", b"GET /110.bin HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("Range", b"GET /110.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=1-2\r\n\r\n"),
    ("If-Range", b"GET /110.bin HTTP/1.1\r\nHost: a\r\nIf-Range: x\r\nRange: bytes=1-2\r\n\r\n"),
    ("If-Match", b'GET /110.bin HTTP/1.1\r\nHost: a\r\nIf-Match: "x"\r\n\r\n'),
    ("If-Unmodified-Since",
     b"GET /110.bin HTTP/1.1\r\nHost: a\r\nIf-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"),
    ("an absolute URI", b"GET http://a/110.bin HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("no Host", b"GET /110.bin HTTP/1.1\r\n\r\n"),
    ("an empty Host", b"GET /110.bin HTTP/1.1\r\nHost:\r\n\r\n"),
    ("two Hosts", b"GET /110.bin HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
    ("a bad Host", b"GET /110.bin HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    ("dots in Host", b"GET /110.bin HTTP/1.1\r\nHost: a..b\r\n\r\n"),
    ("a line without colon", b"GET /110.bin HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n"),
    ("a blank in a name", b"GET /110.bin HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n"),
    ("a NUL", b"GET /110.bin HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"),
    ("a fragment", b"GET /110.bin#x HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("a query", b"GET /110.bin?x=1 HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("a way round", b"GET /dir/../110.bin HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("two slashes", b"GET //110.bin HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("an escape", b"GET /%31%31%30.bin HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("a blank in the path", b"GET /1 10.bin HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("two blanks", b"GET  /110.bin HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("HTTP/1.2", b"GET /110.bin HTTP/1.2\r\nHost: a\r\n\r\n"),
    ("HTTP/2.0", b"GET /110.bin HTTP/2.0\r\nHost: a\r\n\r\n"),
    ("small letters", b"get /110.bin HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("LF alone", b"GET /110.bin HTTP/1.1\nHost: a\n\n"),
    ("a line before", b"\r\nGET /110.bin HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("an unknown coding", b"GET /110.bin HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip;q=x\r\n\r\n"),
    ("no coding at all", b"GET /110.bin HTTP/1.1\r\nHost: a\r\nAccept-Encoding: identity;q=0, *;q=0\r\n\r\n"),
    ("Expect", b"GET /110.bin HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"),
    ("Upgrade", b"GET /110.bin HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"),
    ("a directory", b"GET /dir HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("OPTIONS", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("TRACE", b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"),
)


def odd(settings):
    for what, request in ODD:
        connection = Connection(dict(settings, port=settings["direct"]))
        connection.send(request)
        direct = connection.receive()
        expect(what + ", without us", direct.server != "ringside", True)
        connection = Connection(settings)
        connection.send(request)
        answer = connection.receive()
        expect(what, (answer.server, answer.status), (direct.server, direct.status))
        connection.close()
        # the same behind a hit
        connection = Connection(settings)
        expect("a hit", connection.ask("/110.bin").server, "ringside")
        connection.send(request)
        answer = connection.receive()
        expect(what + ", behind a hit", (answer.server, answer.status), (direct.server, direct.status))
        connection.close()
    connection = Connection(settings)
    request = b"GET /110.bin HTTP/1.1\r\nHost: a\r\n\r\n"
    connection.send(request * 2)
    expect("pipelined", [connection.receive().server, connection.receive().server], ["nginx", "nginx"])
    connection.send(request[:20])
    time.sleep(0.05)  # two segments
    connection.send(request[20:])
    expect("in two parts", connection.receive().server, "nginx")
    connection = Connection(settings)
    expect("a hit", connection.ask("/110.bin").server, "ringside")
    connection.send(request[:20])
    time.sleep(0.05)
    connection.send(request[20:])
    expect("in two parts, behind a hit", connection.receive().server, "nginx")
    connection = Connection(settings)
    connection.socket.shutdown(socket.SHUT_WR)
    expect("closed without asking", connection.socket.recv(1), b"")
    connection = Connection(settings)
    expect("a hit", connection.ask("/110.bin").server, "ringside")
    connection.socket.shutdown(socket.SHUT_WR)
    expect("closed behind a hit", connection.socket.recv(1), b"")


def conditions(settings):
    connection = Connection(settings)
    plain = connection.ask("/110.bin")
    tag, date = plain.headers["etag"], plain.headers["last-modified"]
    for lines, status in ((["If-None-Match: " + tag], 304), (["If-None-Match: W/" + tag], 304),
                          (["If-None-Match: \"other\""], 200), (["If-Modified-Since: " + date], 304),
                          (["If-None-Match: " + tag, "If-Modified-Since: " + date], 304),
                          (["If-None-Match: \"other\"", "If-Modified-Since: " + date], 200)):
        answer = connection.ask("/110.bin", *lines)
        expect("%s" % lines, (answer.status, answer.server), (status, "ringside"))
        expect("tag", answer.headers["etag"], tag)
    for lines, status in ((["If-None-Match: *"], 304), (["If-None-Match: \"a\", " + tag], 304),
                          (["If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"], 200)):
        answer = Connection(settings).ask("/110.bin", *lines)
        expect("%s" % lines, (answer.status, answer.server), (status, "nginx"))
    for accept, encoding in (("gzip", "gzip"), ("gzip, br", "br"), ("br;q=0.5, gzip;q=0.8", "gzip"), ("zstd", "zstd"),
                             ("gzip;q=0", None), ("identity", None), ("*", "br"), ("br;q=0, *", "zstd"),
                             ("deflate", None), ("GZIP", "gzip"), ("gzip ;q=0.3,identity;q=0.9", None)):
        answer = connection.ask("/style.css", "Accept-Encoding: " + accept)
        expect(accept, (answer.status, answer.server, answer.headers.get("content-encoding")),
               (200, "ringside", encoding))
        expect("Vary", answer.headers["vary"], "Accept-Encoding")
        expect("type", answer.headers["content-type"], "text/css")
        suffix = {"gzip": ".gz", "br": ".br", "zstd": ".zst", None: ""}[encoding]
        expect("body of " + accept, answer.body == read(settings, "/style.css" + suffix), True)
    expect("no Vary", "vary" in plain.headers, False)
    # the library's own client
    client = http.client.HTTPConnection(settings["address"], int(settings["port"]), timeout=PATIENCE)
    for _ in range(3):
        client.request("GET", "/style.css")
        expect("http.client", client.getresponse().read(), read(settings, "/style.css"))


def own(settings):
    """fallback = own: both halves say the same of a file, but for its length."""
    direct = Connection(settings)
    short = direct.ask("/110.bin")
    expect("no route", direct.ask("/nothing").status, 404)  # and now it is the server's
    same = direct.ask("/110.bin")
    for name in set(short.headers) | set(same.headers):
        if name not in ("date", "connection"):
            expect(name, same.headers.get(name), short.headers.get(name))
    expect("bodies", same.body, short.body)
    expect("headers", (same.headers["cache-control"], same.headers["x-own"]), ("max-age=60", "yes"))
    for path, lines, method, status in (
            ("/200000.bin", (), "GET", 200), ("/200000.bin", (), "HEAD", 200), ("/dir", (), "GET", 301),
            ("/110.bin", ("Range: bytes=10-19",), "GET", 206), ("/110.bin", ("Range: bytes=-5",), "GET", 206),
            ("/110.bin", ("Range: bytes=100-",), "GET", 206), ("/110.bin", ("Range: bytes=110-",), "GET", 416),
            ("/110.bin", ("Range: bytes=0-1", "If-Range: \"x\""), "GET", 200), ("/0.bin", (), "GET", 200),
            ("/0.bin", ("Range: bytes=0-1",), "GET", 416), ("/../../etc/passwd", (), "GET", 400),
            ("/%2e%2e/%2e%2e/etc/passwd", (), "GET", 400), ("/two%20words.txt", (), "GET", 200),
            ("/percent%2541.txt", (), "GET", 200), ("/110.bin", (), "DELETE", 405), ("/secret.txt", (), "GET", 403),
            ("/outside", (), "GET", 404), ("/inside", (), "GET", 200), ("/empty/", (), "GET", 404),
            ("/style.css", ("Accept-Encoding: gzip",), "GET", 200), ("/style.css", ("Accept-Encoding: *;q=0",), "GET", 406),
            ("/110.bin", ("If-None-Match: " + short.headers["etag"],), "GET", 304),
            ("/110.bin", ("If-Modified-Since: " + short.headers["last-modified"],), "GET", 304)):
        answer = direct.ask(path, *lines, method=method)
        expect("%s %s %s" % (method, path, lines), answer.status, status)
        if status == 200 and method == "GET" and "Accept" not in str(lines):
            name = {"/two%20words.txt": "/two words.txt", "/percent%2541.txt": "/percent%41.txt"}.get(path, path)
            expect("body of " + path, answer.body == read(settings, name), True)
        if status == 206:
            begin, end = answer.headers["content-range"].split(" ")[1].split("/")[0].split("-")
            expect("part", answer.body, short.body[int(begin):int(end) + 1])
        if status == 304:
            expect("who", answer.server, "ringside")
    connection = Connection(settings)
    connection.send(b"POST /110.bin HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
    expect("POST", connection.receive().status, 405)


def transfers(settings):
    paths = settings["path"].split(",")
    contents = [read(settings, path) for path in paths]
    left, failures, lock = int(settings["count"]), [], threading.Lock()
    slowest = [0.0]

    def run():
        nonlocal left
        while True:
            with lock:
                if left <= 0 or failures:
                    return
                left -= 1
                path, content = paths[left % len(paths)], contents[left % len(paths)]
            begun = time.monotonic()
            try:
                connection = Connection(settings)
                answer = connection.ask(path)
                if answer.status != 200 or answer.body != content or answer.server != settings["server"]:
                    raise Failure("status %d, %d bytes, %s" % (answer.status, len(answer.body), answer.server))
                connection.close()
            except (OSError, Failure) as error:
                failures.append("%s after %.1f s" % (error, time.monotonic() - begun))
            slowest[0] = max(slowest[0], time.monotonic() - begun)

    threads = [threading.Thread(target=run) for _ in range(int(settings.get("parallel", 1)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise Failure("%s (%d left)" % (failures[0], left))
    print("slowest: %.1f s" % slowest[0])


def hold(settings):
    connection = Connection(settings)
    print(connection.ask(settings["path"]).server, flush=True)
    sys.stdin.readline()
    try:
        print(connection.ask(settings["path"]).server, flush=True)
    except ConnectionResetError:
        print("reset", flush=True)
    print(Connection(settings).ask(settings["path"]).server, flush=True)


def changes(settings):
    name, stop, failures = os.path.join(settings["root"], settings["path"].lstrip("/")), threading.Event(), []
    seen, given_up = {"ringside": 0, "nginx": 0}, []

    def run():
        connection = Connection(settings)
        while not stop.is_set() and not failures:
            try:
                answer = connection.ask(settings["path"], "Connection: close")
                body = answer.body
                seen[answer.server] += 1
                # by a reset, or nginx's side of thousands of ports would wait for a minute, and be the kernel's
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
                # nginx may see a file that is being written; ours never is a mixture
                if answer.server == "ringside" and (len(body) % 7 or body != body[:7] * (len(body) // 7)):
                    failures.append("a torn body of %d bytes" % len(body))
                connection = Connection(settings)
            except (OSError, Failure) as error:
                # nginx gives up when a file gets shorter below its hands, before or behind the header, and says so:
                # "pread() read only 0 of 5700"
                if connection.server == "ringside" or not isinstance(error, Failure):
                    failures.append(str(error))
                given_up.append(error)
                connection = Connection(settings)

    threads = [threading.Thread(target=run) for _ in range(int(settings.get("parallel", 4)))]
    for thread in threads:
        thread.start()
    end, number = time.monotonic() + 2, 0
    while time.monotonic() < end and not failures:
        number += 1
        content = b"%06d\n" % number * (10 + number * 37 % 300)
        if number % 2:
            with open(name, "wb") as file:  # in place
                file.write(content[:700])
                file.flush()
                file.write(content[700:])
        else:
            with open(name + ".new", "wb") as file:
                file.write(content)
            os.chmod(name + ".new", 0o644)
            os.rename(name + ".new", name)
        # sometimes long enough for it to be answered from the kernel half
        time.sleep(0.3 if number % 5 == 0 else 0.02)
    stop.set()
    for thread in threads:
        thread.join()
    with open(settings["log"], encoding="utf-8", errors="replace") as log:
        short = sum("read only" in line for line in log)
    if len(given_up) > short:
        failures.append("%d answers broke off, nginx tells of %d: %s" % (len(given_up), short, given_up[0]))
    if failures:
        raise Failure(failures[0])
    if not seen["ringside"]:
        raise Failure("the kernel half has answered nothing: %r" % seen)


COMMANDS = {"sizes": sizes, "make": make, "every": every, "bare": bare, "mixed": mixed, "odd": odd, "conditions": conditions, "own": own, "transfers": transfers,
            "hold": hold, "changes": changes}


def main():
    settings = {"address": "192.0.2.2", "port": "80", "server": "ringside"}
    settings.update(argument.split("=", 1) for argument in sys.argv[2:])
    try:
        COMMANDS[sys.argv[1]](settings)
    except (Failure, OSError) as failure:
        sys.exit("%s: %s" % (type(failure).__name__, failure))


if __name__ == "__main__":
    main()
