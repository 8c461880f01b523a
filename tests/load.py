"""Many learners who ask endless questions at once, and others who only want to buy: ``python -m tests.load``.

With ``--projecting`` there are some whose own read models know no end, and the first buyer has an honest one.
A real server, over HTTP. What the others were told is compared with the stores when all is over.
"""

import argparse
import itertools
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
from statistics import median, quantiles
from typing import NamedTuple
from urllib.parse import urlencode

from lab.actions import ModelWrite
from tests.serving import running

ENDLESS = 'sql read "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"'
OWN = """-- key: position
CREATE TABLE {} (position INTEGER PRIMARY KEY, many INTEGER);
-- on StockAdded
INSERT INTO {} SELECT :position, {};
-- on OrderPlaced
INSERT INTO {} SELECT :position, {};
"""
COUNTED = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n {}) SELECT count(*) FROM n)"
HONEST, SLOW, WITHOUT_END = "1", COUNTED.format("WHERE i < 15000"), COUNTED.format("")
"""What each event means to a read model: next to nothing, almost all the work that it may do, and more than that."""

PAUSE_SECONDS = 0.1
TIMEOUT = 120


class Learner:
    """Somebody with a sandbox and a connection that stays open."""

    def __init__(self, address: str) -> None:
        self._http = HTTPConnection(address.removeprefix("http://"), timeout=TIMEOUT)
        self._cookie = ""
        self.send("set delay=0 batch=50")

    def close(self) -> None:
        self._http.close()

    def add(self, name: str, value: str) -> None:
        """Add a read model of one's own that computes a value for each event."""
        status, answer, _ = self.send(str(ModelWrite(name, OWN.format(name, name, value, name, value))))
        assert status == 200, answer

    def lag(self, name: str) -> float:
        """Return for how many seconds the oldest event has waited for a read model."""
        self._http.request("GET", "/state", headers={"Cookie": self._cookie})
        return float(json.loads(self._http.getresponse().read())["projections"][name]["age"])

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
    lags: list[float]

    def __str__(self) -> str:
        if len(self.took) < 2:
            return f"commands {len(self.took)}"
        cuts = quantiles(self.took, n=100)
        questions = " ".join(f"{status}:{count}" for status, count in sorted(self.to_questions.items()))
        commands = " ".join(f"{status}:{count}" for status, count in sorted(self.to_commands.items()))
        lags = f" own p50 {median(self.lags):.2f} max {max(self.lags):.2f} s behind" if self.lags else ""
        return (
            f"commands {len(self.took)} ({commands}) p50 {cuts[49]:.0f} p95 {cuts[94]:.0f} max {max(self.took):.0f} ms"
            f" accepted {self.accepted} lost {self.lost} questions {sum(self.to_questions.values())} ({questions})"
            f"{lags}"
        )


class Load:
    """One server with its learners: those who ask without end, those who buy, those with endless read models."""

    def __init__(self, address: str, askers: int, buyers: int, patient: bool, projecting: int) -> None:
        self._patient = patient
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._askers = [Learner(address) for _ in range(askers)]
        self._buyers = [Learner(address) for _ in range(buyers)]
        if projecting:
            self._buyers[0].add("honest", HONEST)
            self._buyers[0].send("run honest")
        self._projecting = [self._with_an_endless_one(address, number) for number in range(projecting)]
        self.lags: list[float] = []
        self.took: list[float] = []
        self.to_questions: Counter[int] = Counter()
        self.to_commands: Counter[int] = Counter()
        self.accepted: set[str] = set()

    @staticmethod
    def _with_an_endless_one(address: str, number: int) -> Learner:
        learner = Learner(address)
        learner.send("bulk 400")
        learner.add("endless", SLOW if number % 2 else WITHOUT_END)
        return learner

    def run(self, seconds: float) -> None:
        """Let all of them go on for so long, and each of them have an answer at least once."""
        threads = [threading.Thread(target=self._ask, args=(learner,)) for learner in self._askers]
        threads += [threading.Thread(target=self._buy, args=(learner, n)) for n, learner in enumerate(self._buyers)]
        threads += [threading.Thread(target=self._project, args=(learner,)) for learner in self._projecting]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        self._ending.set()
        for thread in threads:
            thread.join()
        for learner in (*self._askers, *self._buyers, *self._projecting):
            learner.close()

    def _ask(self, learner: Learner) -> None:
        while True:
            status, _, wait = learner.send(ENDLESS)
            with self._lock:
                self.to_questions[status] += 1
            if self._ending.wait(wait if self._patient else 0):
                return

    def _buy(self, learner: Learner, number: int) -> None:
        for count in itertools.count(1):
            name = f"k{number}.{count}"
            started = time.perf_counter()
            status, answer, _ = learner.send(f"cmd restock product=mug qty=1 id={name}")
            with self._lock:
                self.took.append((time.perf_counter() - started) * 1000)
                self.to_commands[status] += 1
                if answer.get("outcome") == "accepted":
                    self.accepted.add(name)
            ending = self._ending.wait(PAUSE_SECONDS)
            if self._projecting and number == 0:
                self.lags.append(learner.lag("honest"))
            if ending:
                return

    def _project(self, learner: Learner) -> None:
        """Let a read model that stopped at once try again, and one that came to its end begin anew."""
        while not self._ending.is_set():
            learner.send("model rebuild endless")
            self._ending.wait(10 * PAUSE_SECONDS)


def in_the_logs(home: Path) -> set[str]:
    """Return the ids of all commands that have an event, in whatever sandbox."""
    found: set[str] = set()
    for store in home.glob("sandboxes/*/*/write.db"):
        with closing(sqlite3.connect(store)) as connection:
            found |= {name for (name,) in connection.execute("SELECT command_id FROM events")}
    return found


def load(askers: int, buyers: int, seconds: float, patient: bool = True, projecting: int = 0) -> Report:
    """Run all of it on a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        with running(Path(folder)) as (_, address):
            them = Load(address, askers, buyers, patient, projecting)
            them.run(seconds)
        lost = them.accepted - in_the_logs(Path(folder))
        return Report(them.took, them.to_questions, them.to_commands, len(them.accepted), len(lost), them.lags)


def main() -> None:
    """Run it, and print the figures."""
    parser = argparse.ArgumentParser(description="endless questions beside normal commands")
    parser.add_argument("--askers", type=int, default=50)
    parser.add_argument("--buyers", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--projecting", type=int, default=0)
    parser.add_argument("--impatient", action="store_true", help="ask again at once, whatever Retry-After says")
    asked = parser.parse_args()
    print(f"load average before: {os.getloadavg()[0]:.1f}")
    print(load(asked.askers, asked.buyers, asked.seconds, not asked.impatient, asked.projecting))


if __name__ == "__main__":
    main()
