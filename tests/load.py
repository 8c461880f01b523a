"""Many learners who ask endless questions at once, and others who only want to buy: ``python -m tests.load``.

A real server, over HTTP. What the others were told is compared with the stores when all is over.
"""

import argparse
import json
import os
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple
from urllib.parse import urlencode

from tests.serving import running

ENDLESS = 'sql read "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"'
PAUSE_SECONDS = 0.1
TIMEOUT = 30


class Learner:
    """Somebody with a sandbox and a connection that stays open."""

    def __init__(self, address: str) -> None:
        self._http = HTTPConnection(address.removeprefix("http://"), timeout=TIMEOUT)
        self._cookie = ""
        self.send("set delay=0 batch=50")

    def close(self) -> None:
        self._http.close()

    def send(self, line: str) -> tuple[int, dict, float]:
        """Send a line; return the status, the answer, and how many seconds Retry-After says."""
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        self._http.request("POST", "/actions", urlencode({"line": line}), headers | {"Cookie": self._cookie})
        response = self._http.getresponse()
        body = response.read()
        if cookie := response.getheader("Set-Cookie"):
            self._cookie = cookie.split(";")[0]
        return response.status, json.loads(body), float(response.getheader("Retry-After") or 0)


class Report(NamedTuple):
    """What came of it: times in milliseconds, answers by status, commands accepted, and those that no store has."""

    took: list[float]
    to_questions: Counter[int]
    to_commands: Counter[int]
    accepted: int
    lost: int

    def __str__(self) -> str:
        if len(self.took) < 2:
            return f"commands {len(self.took)}"
        cuts = quantiles(self.took, n=100)
        questions = " ".join(f"{status}:{count}" for status, count in sorted(self.to_questions.items()))
        commands = " ".join(f"{status}:{count}" for status, count in sorted(self.to_commands.items()))
        return (
            f"commands {len(self.took)} ({commands}) p50 {cuts[49]:.0f} p95 {cuts[94]:.0f} max {max(self.took):.0f} ms"
            f" accepted {self.accepted} lost {self.lost} questions {sum(self.to_questions.values())} ({questions})"
        )


class Load:
    """One server with its learners: those who ask without end, and those who buy."""

    def __init__(self, address: str, askers: int, buyers: int, patient: bool) -> None:
        self._patient = patient
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._askers = [Learner(address) for _ in range(askers)]
        self._buyers = [Learner(address) for _ in range(buyers)]
        self.took: list[float] = []
        self.to_questions: Counter[int] = Counter()
        self.to_commands: Counter[int] = Counter()
        self.accepted: set[str] = set()

    def run(self, seconds: float) -> None:
        """Let all of them go on for so long."""
        threads = [threading.Thread(target=self._ask, args=(learner,)) for learner in self._askers]
        threads += [threading.Thread(target=self._buy, args=(learner, n)) for n, learner in enumerate(self._buyers)]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        self._ending.set()
        for thread in threads:
            thread.join()
        for learner in (*self._askers, *self._buyers):
            learner.close()

    def _ask(self, learner: Learner) -> None:
        while not self._ending.is_set():
            status, _, wait = learner.send(ENDLESS)
            with self._lock:
                self.to_questions[status] += 1
            self._ending.wait(wait if self._patient else 0)

    def _buy(self, learner: Learner, number: int) -> None:
        count = 0
        while not self._ending.is_set():
            count += 1
            name = f"k{number}.{count}"
            started = time.perf_counter()
            status, answer, _ = learner.send(f"cmd restock product=mug qty=1 id={name}")
            with self._lock:
                self.took.append((time.perf_counter() - started) * 1000)
                self.to_commands[status] += 1
                if answer.get("outcome") == "accepted":
                    self.accepted.add(name)
            self._ending.wait(PAUSE_SECONDS)


def in_the_logs(home: Path) -> set[str]:
    """Return the ids of all commands that have an event, in whatever sandbox."""
    found: set[str] = set()
    for store in home.glob("sandboxes/*/*/write.db"):
        with closing(sqlite3.connect(store)) as connection:
            found |= {name for (name,) in connection.execute("SELECT command_id FROM events")}
    return found


def load(askers: int, buyers: int, seconds: float, patient: bool = True) -> Report:
    """Run all of it on a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        with running(Path(folder)) as (_, address):
            them = Load(address, askers, buyers, patient)
            them.run(seconds)
        lost = them.accepted - in_the_logs(Path(folder))
        return Report(them.took, them.to_questions, them.to_commands, len(them.accepted), len(lost))


def main() -> None:
    """Run it, and print the figures."""
    parser = argparse.ArgumentParser(description="endless questions beside normal commands")
    parser.add_argument("--askers", type=int, default=50)
    parser.add_argument("--buyers", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--impatient", action="store_true", help="ask again at once, whatever Retry-After says")
    asked = parser.parse_args()
    print(f"load average before: {os.getloadavg()[0]:.1f}")
    print(load(asked.askers, asked.buyers, asked.seconds, not asked.impatient))


if __name__ == "__main__":
    main()
