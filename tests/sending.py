"""Clients of a real server: what they send again and again, all at once, or to a server that dies before it answers."""

import http.client
import json
import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tests.serving import free_port, running, start, wait_for_address

MOST_TIMES = 5
KEYS_A_SANDBOX = 1_500
NOT_COMPARED = {"took_ms", "n", "repeated"}
"""What differs where a command is answered again: the time it took, its line, and that it is a repetition."""


class Reply(NamedTuple):
    """What the server answered."""

    status: int
    body: dict[str, Any]
    retry_after: str | None

    @property
    def said(self) -> dict[str, Any]:
        """Return the part of the body that every answer to one command has in common."""
        return {name: value for name, value in self.body.items() if name not in NOT_COMPARED}


class Client:
    """One learner, for as many threads as like."""

    def __init__(self, address: str, cookie: str = "") -> None:
        self._host = address.removeprefix("http://").rstrip("/")
        self.cookie = cookie

    def send(self, line: str) -> Reply:
        """Send one action line as a script does."""
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        with closing(http.client.HTTPConnection(self._host, timeout=120)) as connection:
            connection.request("POST", "/actions", urlencode({"line": line}), headers)
            response = connection.getresponse()
            body = json.loads(response.read())
        if cookie := response.getheader("Set-Cookie"):
            self.cookie = cookie.split(";")[0]
        return Reply(response.status, body, response.getheader("Retry-After"))

    def send_at_once(self, lines: list[str]) -> list[Reply]:
        """Send lines at the same moment."""
        gate = threading.Barrier(len(lines))

        def send(line: str) -> Reply:
            gate.wait()
            return self.send(line)

        with ThreadPoolExecutor(len(lines)) as threads:
            return list(threads.map(send, lines))


def begin(address: str, home: Path) -> tuple[Client, Path]:
    """Begin a sandbox; return its learner and its folder."""
    folders = home / "sandboxes"
    before = set(folders.iterdir()) if folders.exists() else set()
    client = Client(address)
    client.send("set delay=0 batch=50")
    (root,) = set(folders.iterdir()) - before
    return client, root


def decided(root: Path) -> tuple[dict[str, str], Counter[str]]:
    """Return the outcome of every command of a sandbox, and how many events each has."""
    (generation,) = (path for path in root.iterdir() if path.name.isdigit())
    with closing(sqlite3.connect(generation / "write.db")) as write:
        outcomes = dict(write.execute("SELECT command_id, outcome FROM commands"))
        return outcomes, Counter(name for (name,) in write.execute("SELECT command_id FROM events"))


# A version, and a lock


def winners(client: Client, version: int, shoppers: int) -> list[str]:
    """Let shoppers change the price at once who all expect one version; return what is wrong with their answers."""
    lines = [f"cmd change_price product=lamp price={version}{name} expect={version}" for name in range(shoppers)]
    replies = client.send_at_once(lines)
    said = f"conflict: product-lamp is at version {version + 1}, the command expected {version}"
    answers = sorted((reply.status, reply.body["reason"]) for reply in replies if reply.status != 200)
    if answers == [(409, said)] * (shoppers - 1):
        return []
    return [f"version {version}: {sorted(reply.status for reply in replies)} {answers[:2]}"]


def held(root: Path) -> sqlite3.Connection:
    """Another program that holds the write lock of a sandbox's write store."""
    (folder,) = (path for path in root.iterdir() if path.name.isdigit())
    other = sqlite3.connect(folder / "write.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    return other


def locked_for(seconds: float, client: Client, root: Path) -> tuple[Reply, float, int]:
    """Send a command while the lock is held so long or until the answer; return it, its seconds and its events."""
    with closing(held(root)) as other:
        timer = threading.Timer(seconds, lambda: other.execute("ROLLBACK"))
        timer.start()
        started = time.perf_counter()
        reply = client.send("cmd restock product=mug qty=1 id=waits")
        took = time.perf_counter() - started
        timer.cancel()
    return reply, took, decided(root)[1]["waits"]


# One key, many times


def a_line(key: str, chance: random.Random) -> str:
    """Write a command under a key; about one in six is refused."""
    product = chance.choice(["mug", "mug", "rug"])
    order = f"cmd place_order customer=c1 lines={product}:1 order=o-{key} id={key}"
    return chance.choice([order, f"cmd restock product=mug qty=2 id={key}"])


def sent_again(address: str, home: Path, keys: int, seed: int) -> tuple[int, list[str]]:
    """Send each key one to five times, half of them at once; return how many were sent, and what went wrong."""
    chance, sent, problems = random.Random(seed), 0, []
    for first in range(0, keys, KEYS_A_SANDBOX):
        client, root = begin(address, home)
        names = [f"k{number}" for number in range(first, min(first + KEYS_A_SANDBOX, keys))]
        for name in names:
            line, times = a_line(name, chance), chance.randint(1, MOST_TIMES)
            at_once = chance.random() < 0.5
            replies = client.send_at_once([line] * times) if at_once else [client.send(line) for _ in range(times)]
            sent += times
            if any(reply.said != replies[0].said or reply.status != replies[0].status for reply in replies):
                problems.append(f"{name} was answered in more than one way")
            if [reply.body["repeated"] for reply in replies].count(False) != 1:
                problems.append(f"{name} was decided more or less than once")
        outcomes, events = decided(root)
        problems += [name for name in names if events[name] != (outcomes[name] == "accepted")]
    return sent, problems


# A server that dies between commit and reply


@contextmanager
def dying(home: Path) -> Iterator[str]:
    """A server that writes its answer into ``reply.json`` and kills itself instead of sending it; see tests.dying."""
    process = start(home, free_port(), "tests.dying")
    try:
        yield wait_for_address(process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def sent_again_after_a_kill(home: Path, kills: int, seed: int) -> list[str]:
    """Let the server die between commit and reply, so often; return what went wrong when the key was sent again."""
    chance, problems = random.Random(seed), []
    with running(home) as (_, address):
        client, root = begin(address, home)
    for number in range(kills):
        line = a_line(f"d{number}", chance)
        with dying(home) as address, suppress(OSError, http.client.HTTPException):
            Client(address, client.cookie).send(line)
            problems.append(f"d{number} was answered")
        never_sent = json.loads((home / "reply.json").read_text())
        with running(home) as (_, address):
            replies = [Client(address, client.cookie).send(line) for _ in range(2)]
        unlike = [reply for reply in replies if reply.said != Reply(0, never_sent, None).said]
        problems += [f"d{number}: {never_sent} then {reply.body}" for reply in unlike]
    outcomes, events = decided(root)
    keys = [f"d{number}" for number in range(kills)]
    return problems + [f"{key}: {events[key]} events" for key in keys if events[key] != (outcomes[key] == "accepted")]
