"""B8 and B9: the whole server in a process of its own, watched by many streams, and full of sandboxes at rest."""

import atexit
import json
import os
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path
from urllib.parse import urlencode

from bench.instrument import Measure, lasting_folder
from tests.serving import running

WATCHED = 100
STREAMS_EACH = 2
CLIENTS = 8
SECONDS = 2.0

TOUCHED = 200
REST_SECONDS = 5.0
DESCRIPTORS_ALLOWED = 8.0
MEGABYTES_ALLOWED = 0.6
CORES_ALLOWED = 0.01


class Learner:
    """Somebody with a sandbox: all that the server knows of them is a cookie."""

    def __init__(self, connection: HTTPConnection) -> None:
        self.cookie = ""
        self.act(connection, "set delay=0")

    def act(self, connection: HTTPConnection, line: str) -> None:
        """Send an action line, which must be accepted."""
        answer = self._ask(connection, "POST", "/actions", urlencode({"line": line}))
        assert answer["outcome"] in ("accepted", "done"), answer

    def behind(self, connection: HTTPConnection) -> int:
        """Return how many events the slowest read model is behind."""
        projections = self._ask(connection, "GET", "/state")["projections"]
        return max(projection["behind"] for projection in projections.values())

    def stream(self, host: str, port: int) -> socket.socket:
        """Open a live stream; whoever asks for one has to read it. Those of the last round may still be ending."""
        while True:
            opened = socket.create_connection((host, port))
            opened.sendall(f"GET /live HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {self.cookie}\r\n\r\n".encode())
            if opened.recv(12) == b"HTTP/1.1 200":
                return opened
            opened.close()
            time.sleep(0.05)

    def _ask(self, connection: HTTPConnection, method: str, path: str, body: str | None = None) -> dict:
        headers = {"Accept": "application/json", "Cookie": self.cookie}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        self.cookie = (response.headers["Set-Cookie"] or self.cookie).partition(";")[0]
        return json.loads(response.read())


class School:
    """One server for all rounds, and a class whose every member has a sandbox there."""

    def __init__(self) -> None:
        opened = ExitStack()
        atexit.register(opened.close)
        _, address = opened.enter_context(running(lasting_folder()))
        self.host, port = address.removeprefix("http://").split(":")
        self.port = int(port)
        connection = HTTPConnection(self.host, self.port)
        self.learners = [Learner(connection) for _ in range(WATCHED)]
        connection.close()

    def posts(self) -> float:
        """Return how many actions a second all connections together get done, each for learners of its own."""
        counts = [0] * CLIENTS
        deadline = time.perf_counter() + SECONDS

        def work(number: int) -> None:
            connection = HTTPConnection(self.host, self.port)
            for learner in cycle(self.learners[number::CLIENTS]):
                learner.act(connection, "cmd restock product=mug qty=1")
                counts[number] += 1
                if time.perf_counter() > deadline:
                    break
            connection.close()

        start = time.perf_counter()
        threads = [threading.Thread(target=work, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts) / (time.perf_counter() - start)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Let every learner's page be open in two tabs, which read what they are sent."""
        streams = [learner.stream(self.host, self.port) for learner in self.learners for _ in range(STREAMS_EACH)]
        ending = threading.Event()
        reader = threading.Thread(target=_drain, args=(streams, ending))
        reader.start()
        yield
        ending.set()
        reader.join()
        for stream in streams:
            stream.close()


def _drain(streams: list[socket.socket], ending: threading.Event) -> None:
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            selector.register(stream, selectors.EVENT_READ)
        while not ending.is_set():
            for key, _ in selector.select(0.1):
                assert key.fileobj.recv(1 << 16), "the server ended a stream"


@cache
def _school() -> School:
    return School()


def posts_watched(folder: Path) -> float:
    """Return actions a second while each sandbox that is acted in is watched by two streams."""
    with _school().watched():
        return _school().posts()


def posts_unwatched(folder: Path) -> float:
    """Return actions a second in the same sandboxes while nobody watches."""
    return _school().posts()


def full_house(folder: Path) -> float:
    """Return the worst share of what is allowed that many touched sandboxes take: files, memory, processor at rest."""
    with running(folder) as (process, address):
        host, port = address.removeprefix("http://").split(":")
        connection = HTTPConnection(host, int(port))
        _touch(connection, 1)
        before = _descriptors(process.pid), _megabytes(process.pid)
        _touch(connection, TOUCHED)
        descriptors = (_descriptors(process.pid) - before[0]) / TOUCHED
        megabytes = (_megabytes(process.pid) - before[1]) / TOUCHED
        cores = _cores(process.pid)
        connection.close()
    return max(descriptors / DESCRIPTORS_ALLOWED, megabytes / MEGABYTES_ALLOWED, cores / CORES_ALLOWED)


def _touch(connection: HTTPConnection, count: int) -> None:
    """Make sandboxes, order in each, and wait until all five read models of each know of it."""
    learners = [Learner(connection) for _ in range(count)]
    for learner in learners:
        learner.act(connection, "cmd place_order customer=c1 product=lamp qty=1")
    for learner in learners:
        while learner.behind(connection):
            time.sleep(0.01)


def _family(pid: int) -> list[Path]:
    """Return the process and its children, as Linux describes them."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [Path(f"/proc/{pid}"), *(member for child in children for member in _family(int(child)))]


def _descriptors(pid: int) -> int:
    return sum(len(list((member / "fd").iterdir())) for member in _family(pid))


def _megabytes(pid: int) -> float:
    pages = sum(int((member / "statm").read_text().split()[1]) for member in _family(pid))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _cores(pid: int) -> float:
    """Return how much of a processor is used while nobody asks for anything."""
    start, before = time.perf_counter(), _ticks(pid)
    time.sleep(REST_SECONDS)
    return (_ticks(pid) - before) / os.sysconf("SC_CLK_TCK") / (time.perf_counter() - start)


def _ticks(pid: int) -> int:
    fields = [(member / "stat").read_text().rpartition(")")[2].split() for member in _family(pid)]
    return sum(int(field[11]) + int(field[12]) for field in fields)


def allowed(folder: Path) -> float:
    """Return one: what is measured beside it is already told in parts of the allowance."""
    return 1.0


MEASURES = (
    Measure("B8", "actions watched by 200 streams ÷ unwatched", "at-least", 0.7, posts_watched, posts_unwatched),
    Measure("B9", "200 touched sandboxes, worst of measured ÷ allowed", "at-most", 1.0, full_house, allowed, unit=""),
)
