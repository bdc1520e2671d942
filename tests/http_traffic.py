# SPDX-License-Identifier: BSD-2-Clause
"""Clients of http that keep asking, on connections that they keep for a while, until standard input ends.

usage: http_traffic.py root=DIRECTORY[,DIRECTORY] path=PATH,... [parallel=4] [address=] [port=]
Every body is the file's in one of the directories. Prints one line: "answers N resets N" and, by server, "NAME N".
A connection that was reset, or ended where the next answer was due, is counted, and another one goes on.
"""
import socket
import struct
import sys
import threading
from collections import Counter

from http_clients import Connection, Failure, read

ASKS = 20  # on one connection


class Traffic:
    def __init__(self, settings):
        self.settings = settings
        self.contents = {path: [read({"root": root}, path) for root in settings["root"].split(",")]
                         for path in settings["path"].split(",")}
        self.stop, self.failures, self.lock = threading.Event(), [], threading.Lock()
        self.servers, self.resets = Counter(), 0

    def ask(self, connection):
        for _ in range(ASKS // len(self.contents)):
            for path, contents in self.contents.items():
                answer = connection.ask(path)
                if answer.status != 200 or answer.body not in contents:
                    raise Failure("%s: status %d, %d bytes by %s" % (path, answer.status, len(answer.body), answer.server))
                with self.lock:
                    self.servers[answer.server or "unsaid"] += 1

    def run(self):
        while not self.stop.is_set() and not self.failures:
            try:
                connection = Connection(self.settings)
                self.ask(connection)
                # by a reset, or the other side of thousands of ports would wait for a minute
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
            except (ConnectionResetError, BrokenPipeError):
                with self.lock:
                    self.resets += 1
            except Failure as failure:
                # the server's side may close in order, between two answers
                if str(failure) != "closed within an answer" or connection.pending:
                    self.failures.append(str(failure))
                with self.lock:
                    self.resets += 1
            except OSError as error:
                self.failures.append("%s: %s" % (type(error).__name__, error))


def main():
    settings = {"address": "192.0.2.2", "port": "80"}
    settings.update(argument.split("=", 1) for argument in sys.argv[1:])
    traffic = Traffic(settings)
    threads = [threading.Thread(target=traffic.run) for _ in range(int(settings.get("parallel", 4)))]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.read()
    traffic.stop.set()
    for thread in threads:
        thread.join()
    if traffic.failures:
        sys.exit("FAILED: " + traffic.failures[0])
    print("answers %d resets %d" % (sum(traffic.servers.values()), traffic.resets),
          *("%s %d" % one for one in sorted(traffic.servers.items())), flush=True)


if __name__ == "__main__":
    main()
