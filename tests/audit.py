"""The audit of one sandbox from outside: what its clients were told, against what its files hold."""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from cqrs.write.store import GENESIS, chain
from lab import truth
from lab.sandbox import Sandbox

Commands = dict[str, tuple[str, int | None]]


@dataclass
class Findings:
    """What audits found, in figures and in words."""

    kills: int = 0
    acks: int = 0
    lost: int = 0
    ahead: int = 0
    mismatch: int = 0
    problems: list[str] = field(default_factory=list)

    def __add__(self, other: "Findings") -> "Findings":
        return Findings(
            self.kills + other.kills,
            self.acks + other.acks,
            self.lost + other.lost,
            self.ahead + other.ahead,
            self.mismatch + other.mismatch,
            self.problems + other.problems,
        )

    def __str__(self) -> str:
        return f"kills {self.kills} acks {self.acks} lost {self.lost} ahead {self.ahead} mismatch {self.mismatch}"

    @property
    def clean(self) -> bool:
        return not (self.lost or self.ahead or self.mismatch)


def audit(root: Path, told: Commands, bulks: dict[int, int]) -> Findings:
    """Open a sandbox whose server is dead, let it catch up, and compare."""
    ahead = [f"ahead: {problem}" for problem in ahead_of_the_log(root)]
    with closing(Sandbox(root)) as sandbox:
        sandbox.act("run")
        write = sandbox.write.connection
        lost = [f"lost: {problem}" for problem in lost_commands(write, told, bulks)]
        mismatch = [f"mismatch: {problem}" for check in (broken_chain, stock_not_conserved) for problem in check(write)]
        mismatch += [f"mismatch: {problem}" for problem in wrong_read_models(sandbox)]
        mismatch += [f"mismatch: {problem}" for problem in journal_against_commands(sandbox)]
    return Findings(0, 0, len(lost), len(ahead), len(mismatch), lost + ahead + mismatch)


def ahead_of_the_log(root: Path) -> Iterator[str]:
    """Look before anybody opens the sandbox, at what the killed process left."""
    folder = max((path for path in root.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))
    with closing(sqlite3.connect(folder / "write.db")) as write, closing(sqlite3.connect(folder / "read.db")) as read:
        head = write.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()[0]
        for name, position in read.execute("SELECT name, position FROM _checkpoint"):
            if position > head:
                yield f"{name} stands at {position}, the head is {head}"


def lost_commands(write: sqlite3.Connection, told: Commands, bulks: dict[int, int]) -> Iterator[str]:
    """Every answer that a client got stands in the store, and every accepted command has one event, at its receipt."""
    kept: dict[str, tuple[str, int | None]] = {
        name: (outcome, position)
        for name, outcome, position in write.execute("SELECT command_id, outcome, position FROM commands")
    }
    events = Counter(name for (name,) in write.execute("SELECT command_id FROM events"))
    at = dict(write.execute("SELECT position, command_id FROM events"))
    for name, (outcome, position) in told.items():
        if kept.get(name) != (outcome, position):
            yield f"{name} was told {outcome} {position}, the store has {kept.get(name)}"
        elif outcome == "accepted" and (events[name] != 1 or at[position] != name):
            yield f"{name} was accepted at {position} and has {events[name]} events"
    for number, orders in bulks.items():
        for part in range(orders + 1):
            if events[f"cmd-{number}-{part}"] != 1:
                yield f"bulk {number} has no event {part}"
    for name, (outcome, _) in kept.items():
        if events[name] != (outcome == "accepted"):
            yield f"{name} is {outcome} and has {events[name]} events"


def broken_chain(write: sqlite3.Connection) -> Iterator[str]:
    """The positions have no gap, and each hash covers its event and the hash before."""
    rows = write.execute("SELECT * FROM events ORDER BY position").fetchall()
    for before, row in pairwise([(0, GENESIS), *rows]):
        if row[0] != before[0] + 1 or row[-1] != chain(before[-1], *row[:-1]):
            yield f"event {row[0]} does not follow event {before[0]}"
    if write.execute("PRAGMA integrity_check").fetchone() != ("ok",):
        yield "write.db is damaged"


def stock_not_conserved(write: sqlite3.Connection) -> Iterator[str]:
    """What came in and did not go out is there."""
    moved: Counter[str] = Counter()
    for kind, payload in write.execute("SELECT type, payload FROM events"):
        fact = json.loads(payload)
        if kind in ("ProductAdded", "StockAdded"):
            moved[fact["product_id"]] += fact["stock" if kind == "ProductAdded" else "qty"]
        elif kind in ("OrderPlaced", "OrderCancelled"):
            for line in fact["lines"]:
                moved[line["product_id"]] += line["qty"] * (-1 if kind == "OrderPlaced" else 1)
    for product, on_hand in write.execute("SELECT product_id, on_hand FROM stock"):
        if on_hand != moved[product]:
            yield f"there are {on_hand} {product}, the log says {moved[product]}"


def wrong_read_models(sandbox: Sandbox) -> Iterator[str]:
    """Every caught-up read model says what the write tables say."""
    head = sandbox.write.head()
    for name, projection in sandbox.projections.items():
        if sandbox.read.position(name) != head:
            yield f"{name} did not catch up: {sandbox.read.position(name)} of {head}"
        true = truth.rows(sandbox.write.connection, projection, limit=100_000)
        columns = ", ".join(true[0]) if true else "*"
        shown = sandbox.read.connection.execute(f"SELECT {columns} FROM {name}").fetchall()
        if sorted(shown) != sorted(tuple(row.values()) for row in true):
            yield f"{name} differs from the truth"


def journal_against_commands(sandbox: Sandbox) -> Iterator[str]:
    """Each command that a journal line tells of is in the store with the same outcome, and the other way about."""
    kept: dict[str, tuple[Any, ...]] = {
        row[0]: row[1:]
        for row in sandbox.write.connection.execute("SELECT command_id, outcome, position FROM commands")
        if not row[0].startswith("shop-")
    }
    journalled: dict[str, tuple[Any, ...]] = {}
    for entry in sandbox.lab.entries():
        name = re.search(r" id=(\S+)", entry.line)
        if entry.outcome is None:
            yield f"line {entry.n} has no outcome: {entry.line}"
        elif name and entry.outcome != "failed":
            journalled[name[1]] = (entry.outcome, entry.position)
            if kept.get(name[1]) != (entry.outcome, entry.position):
                yield f"line {entry.n} says {entry.outcome} {entry.position}, commands has {kept.get(name[1])}"
        elif entry.line.startswith("bulk"):
            parts = range(int(entry.line.split()[1]) + 1)
            journalled |= {f"cmd-{entry.n}-{part}": kept.get(f"cmd-{entry.n}-{part}", ()) for part in parts}
    for missing in kept.keys() ^ journalled.keys():
        yield f"{missing} is in {'commands' if missing in kept else 'the journal'} alone"
