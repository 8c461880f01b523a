"""The long loop of SIGKILLs: ``python -m tests.soak --kills 500``.

A real server is killed, with its whole process group, at random moments while clients send commands. What
they were told is kept out here, and after every ten kills it is compared with what the stores hold.
"""

import argparse
import http.client
import itertools
import json
import os
import random
import re
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from tests.audit import Findings, audit
from tests.serving import free_port, wait_for_address
from tests.warm import Nursery, Server

CLIENTS = 4
LANES = 2
KILLS_BETWEEN_AUDITS = 10
LEAST_ANSWERS = 6
MOST_SECONDS_OF_TRAFFIC = 0.15
MOST_SECONDS_OF_START_UP = 0.3
START_UP_SHARE = 0.15
MOST_EVENTS = 3_000


@dataclass
class Told:
    """What clients were told about one sandbox: the answers to their commands, by id, and the bulks by number."""

    folder: Path
    cookie: str
    commands: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    bulks: dict[int, int] = field(default_factory=dict)
    acks: int = 0
    head: int = 0

    def note(self, line: str, answer: dict[str, object]) -> None:
        outcome, position, number = answer["outcome"], answer["position"], answer["n"]
        assert outcome != "failed", answer
        self.acks += 1
        if isinstance(position, int):
            self.head = max(self.head, position)
        if line.startswith("bulk"):
            self.bulks[int(str(number))] = int(line.split()[1])
        elif name := re.search(r"id=(\S+)", line):
            told = (str(outcome), position if isinstance(position, int) else None)
            assert self.commands.setdefault(name[1], told) == told, "one id was told two answers"


class Connection:
    """What one client needs to send action lines."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookie = cookie

    def close(self) -> None:
        self._http.close()

    def send(self, line: str) -> dict[str, object] | None:
        """Send a line; return its answer, None if it is to be sent again, or raise if the server is gone."""
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        self._http.request("POST", "/actions", urlencode({"line": line}), headers)
        response = self._http.getresponse()
        body = response.read()
        if response.status == 503:
            return None
        assert response.status in (200, 422), (response.status, body)
        if cookie := response.getheader("Set-Cookie"):
            self.cookie = cookie.split(";")[0]
        answer: dict[str, object] = json.loads(body)
        return answer


GONE = (OSError, http.client.HTTPException, json.JSONDecodeError)


class Client:
    """Sends one command after the other; what was not answered when the server died is sent again, with its id."""

    def __init__(self, name: str, seed: int) -> None:
        self._chance = random.Random(seed)
        self._lines = self._commands(name)
        self._unanswered: str | None = None

    def send_until_gone(self, port: int, told: Told, answered: threading.Semaphore, lock: threading.Lock) -> None:
        with closing(Connection(port, told.cookie)) as connection, suppress(*GONE):
            while True:
                self._unanswered = self._unanswered or next(self._lines)
                answer = connection.send(self._unanswered)
                if answer is not None:
                    with lock:
                        told.note(self._unanswered, answer)
                    self._unanswered = None
                    answered.release()
        # A bulk has no id of its own, so sent again it would be another.
        if self._unanswered and self._unanswered.startswith("bulk"):
            self._unanswered = None

    def _commands(self, name: str) -> Iterator[str]:
        for number in itertools.count(1):
            product = self._chance.choice(["lamp", "mug", "rug"])
            order = f"{name}-{self._chance.randint(max(1, number - 9), number)}"
            yield self._chance.choice(
                [
                    f"cmd place_order customer=c1 lines={product}:1 order={name}-{number} id={name}.{number}",
                    f"cmd place_order customer=c2 lines=lamp:2,mug:1 order={name}-{number} id={name}.{number}",
                    f"cmd restock product={product} qty=4 id={name}.{number}",
                    f"cmd ship_order order={order} id={name}.{number}",
                    f"cmd cancel_order order={order} id={name}.{number}",
                    f"cmd change_price product={product} price={number + 100} id={name}.{number}",
                    "bulk 5",
                ]
            )


class Lane:
    """One server, killed and started again, with its clients and what they were told."""

    def __init__(self, home: Path, seed: int, nursery: Nursery) -> None:
        self._home = home
        self._nursery = nursery
        self._port = free_port()
        self._chance = random.Random(seed)
        self._clients = [Client(f"k{seed}{name}", seed * 100 + name) for name in range(CLIENTS)]
        self._told: list[Told] = []

    def run(self, kills: int) -> Findings:
        """Kill the server so often; return what the audits found."""
        found = Findings()
        for number in range(1, kills + 1):
            server = self._nursery.start(self._home, self._port)
            try:
                self._live_and_die(server)
            finally:
                os.killpg(server.pid, signal.SIGKILL)
                server.communicate()
            if number % KILLS_BETWEEN_AUDITS == 0 or number == kills:
                found = self._audit()
                self._begin_anew_when_big()
        found.kills, found.acks = kills, sum(told.acks for told in self._told)
        return found

    def _live_and_die(self, server: Server) -> None:
        if self._told and self._chance.random() < START_UP_SHARE:
            self._let_pass(MOST_SECONDS_OF_START_UP)
            return
        wait_for_address(server)
        told = self._told[-1] if self._told else self._open()
        answered, lock = threading.Semaphore(0), threading.Lock()
        with ThreadPoolExecutor(CLIENTS) as threads:
            ends = [
                threads.submit(client.send_until_gone, self._port, told, answered, lock) for client in self._clients
            ]
            for _ in range(LEAST_ANSWERS):
                answered.acquire(timeout=60)
            self._let_pass(MOST_SECONDS_OF_TRAFFIC)
            os.killpg(server.pid, signal.SIGKILL)
            for end in ends:
                end.result()

    def _let_pass(self, most: float) -> None:
        """Choose the moment of death: this is the one wait that is meant."""
        threading.Event().wait(self._chance.uniform(0, most))

    def _open(self) -> Told:
        """Begin a sandbox whose projector is busy all the time."""
        before = self._folders()
        with closing(Connection(self._port)) as connection:
            connection.send("set delay=0 batch=7")
        (folder,) = self._folders() - before
        self._told.append(Told(folder, connection.cookie))
        return self._told[-1]

    def _folders(self) -> set[Path]:
        return set((self._home / "sandboxes").iterdir()) if (self._home / "sandboxes").exists() else set()

    def _audit(self) -> Findings:
        found = Findings()
        for told in self._told:
            found += audit(told.folder, told.commands, told.bulks)
        return found

    def _begin_anew_when_big(self) -> None:
        """Before a sandbox is full, let the next start in another; what was not answered stays with the old one."""
        if self._told and self._told[-1].head > MOST_EVENTS:
            server = self._nursery.start(self._home, self._port)
            try:
                wait_for_address(server)
                self._open()
            finally:
                os.killpg(server.pid, signal.SIGKILL)
                server.communicate()


def soak(kills: int, seed: int) -> Findings:
    """Kill servers in a few lanes at once; return what was found in all."""
    share = [kills // LANES + (lane < kills % LANES) for lane in range(LANES)]
    with tempfile.TemporaryDirectory() as home, Nursery() as nursery, ThreadPoolExecutor(LANES) as threads:
        lanes = [Lane(Path(home) / str(lane), seed + lane, nursery) for lane in range(LANES)]
        found = threads.map(Lane.run, lanes, share)
        return sum(found, Findings())


def main() -> int:
    """Run the command line; return 0 if nothing was lost, ahead or mismatched."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    arguments = parser.parse_args()
    found = soak(arguments.kills, arguments.seed)
    for problem in found.problems:
        print(problem)
    print(f"seed {arguments.seed}")
    print(found)
    return 0 if found.clean else 1


if __name__ == "__main__":
    sys.exit(main())
