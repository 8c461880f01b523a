"""Servers forked from a process that has imported all of Lagoon: to start one takes a third of the time.

``python -m tests.warm DESCRIPTOR`` is that process. Over the socket it gets an environment and what a server is to
write to, and answers with the server's id.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import app
from tests.serving import ROOT

MOST_BYTES = 65_536


class Server:
    """A server in a process group of its own, to be waited for as if it had been started here."""

    def __init__(self, pid: int, written: int) -> None:
        self.pid = pid
        self.stdout = os.fdopen(written)

    def communicate(self) -> None:
        """Wait until nobody is left who could write a word."""
        with self.stdout:
            self.stdout.read()


class Nursery:
    """Starts servers as `app.py` would; they outlive nobody who kills their group. May be used by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        line = [sys.executable, "-m", "tests.warm", str(there.fileno())]
        with there:
            self._parent = subprocess.Popen(line, cwd=ROOT, pass_fds=[there.fileno()])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._here.close()
        self._parent.wait()

    def start(self, home: Path, port: int) -> Server:
        environment = {"HOST": "127.0.0.1", "PORT": str(port), "LAGOON_HOME": str(home)}
        reading, writing = os.pipe()
        with self._lock:
            socket.send_fds(self._here, [json.dumps(environment).encode()], [writing])
            os.close(writing)
            return Server(int(self._here.recv(MOST_BYTES)), reading)


def main() -> None:
    """Fork a server for each environment that comes, until nobody asks any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as asked:
        while True:
            environment, descriptors, *_ = socket.recv_fds(asked, MOST_BYTES, 1)
            if not environment:
                return
            child = os.fork()
            if child == 0:
                asked.close()
                serve(json.loads(environment), *descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            asked.send(str(child).encode())


def serve(environment: dict[str, str], written: int) -> None:
    """Be a server, and end with it."""
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for standard in (1, 2):
            os.dup2(written, standard)
        os.close(written)
        os.environ |= environment
        app.main()
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
