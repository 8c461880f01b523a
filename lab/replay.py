"""Replay: the same lines on a fresh copy of the fixture lead to the same stores.

Undo, share links, folded sandboxes, ``python -m lab replay`` and tests all come here. A transcript is
text, one action a line; one that a sandbox exported also says who wrote each line and when:

    cmd ship_order order=o-1 id=cmd-1  # learner 2026-03-02T09:00:00.001000Z 2026-03-02T09:00:00.002000Z
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from lab import fixtures
from lab.actions import Query
from lab.carry_out import Answer, carry_out
from lab.clock import ManualClock, RealClock, ReplayClock, from_iso
from lab.journal import Entry, Journal
from lab.language import parse
from lab.projections import BUILT_IN
from lab.stores import Stores
from lab.values import BadLine, shown

FREE_PLAY = (*(f"model add {name}" for name in BUILT_IN), "run")
"""How a sandbox for free play is set up: every built-in read model, caught up."""

FAILED_BEFORE = "failed when it was first done"

_MARK = re.compile(r"\s+# (setup|learner|projector|traffic) (\S+Z) (\S+Z)( failed)?(?: waited=(\d{1,9}))?$")
EXPORTED = "# Lagoon transcript"
_HEADER = re.compile(r"# (clock|fixture|at) (\S+)$")


@dataclass(frozen=True, slots=True)
class Written:
    """One line of a transcript; who, when and how are known only if a sandbox exported it."""

    line: str
    origin: str = "learner"
    at: int | None = None
    answered_at: int | None = None
    failed: bool = False
    waited: int = 0


@dataclass(frozen=True, slots=True)
class Transcript:
    """Everything needed to make a sandbox again."""

    fixture: str = "shop"
    clock: Literal["real", "manual"] = "manual"
    lines: list[Written] = field(default_factory=list)
    exported: bool = False


def build(folder: Path, transcript: Transcript, setup: Iterable[str] = FREE_PLAY) -> Iterator[Answer]:
    """Make the stores of a transcript in an empty folder, and yield the answer of each of its lines.

    A transcript that a sandbox exported brings its own setup lines, others get ``setup``.
    Raise BadLine for a line that is none.
    """
    stores = Stores(folder, ManualClock(fixtures.start_of(transcript.fixture)), fast=True)
    try:
        stores.journal.set("fixture", transcript.fixture)
        stores.journal.set("clock", transcript.clock)
        # The ground that everything stands on, so it is not part of the journal.
        fixtures.open_shop(stores.write, stores.clock, transcript.fixture)
        prelude = [written for written in transcript.lines if written.origin == "setup"]
        _set_up(stores, prelude if transcript.exported else [Written(line, "setup") for line in setup])
        if transcript.clock == "real" and not transcript.exported:
            # Else what waits would seem to have waited since the day on which the fixture's shop opened.
            stores.clock = ManualClock(RealClock(stores.clock.now()).now())
        for written in transcript.lines:
            if written.origin != "setup":
                yield _play(stores, written)
    finally:
        stores.close()


def _set_up(stores: Stores, lines: list[Written]) -> None:
    for number, written in enumerate(lines, start=1 - len(lines)):
        carry_out(stores, parse(written.line), "setup", n=number)
        stores.clock.pass_time(1)
    stores.journal.set("setup_head", stores.write.head())


def _play(stores: Stores, written: Written) -> Answer:
    action = parse(written.line)
    if written.at is None or written.answered_at is None:
        waited = freshen(stores, action) if isinstance(action, Query) else 0
        answer = carry_out(stores, action, written.origin, waited=waited)
        stores.clock.pass_time(1)
        return answer
    manual = stores.clock
    stores.clock = ReplayClock(written.at, written.answered_at)
    try:
        failed = FAILED_BEFORE if written.failed else None
        return carry_out(stores, action, written.origin, waited=written.waited, failed=failed)
    finally:
        manual.pass_time(max(0, written.answered_at - manual.now()) // 1000 + 1)
        stores.clock = manual


def freshen(stores: Stores, query: Query) -> int:
    """Where time is manual, bring a read model as far as a query asks for; return the events applied."""
    goal = goal_of(stores, query)
    before = stores.positions().get(query.model)
    if before is None or goal <= before:
        return 0
    carry_out(stores, parse(f"run {query.model} to={goal}"), "projector")
    return stores.positions()[query.model] - before


def goal_of(stores: Stores, query: Query) -> int:
    """Return the position that a query wants its read model to have reached before it reads."""
    if query.via == "token":
        return stores.settings.receipt
    return stores.write.head() if query.via == "wait" else 0


# Transcripts as text


def export(stores: Stores) -> str:
    """Write a sandbox's journal as a transcript that leads to the same stores."""
    return written(stores.journal)


def written(journal: Journal) -> str:
    """Write a journal as a transcript."""
    fixture, clock = journal.setting("fixture"), journal.setting("clock")
    lines = [EXPORTED, f"# fixture {fixture}", f"# clock {clock}"]
    lines += [_with_mark(entry) for entry in journal.entries()]
    return "\n".join(lines) + "\n"


def _with_mark(entry: Entry) -> str:
    failed = " failed" if entry.outcome == "failed" else ""
    waited = f" waited={entry.waited}" if entry.waited else ""
    return f"{entry.line}  # {entry.origin} {entry.at} {entry.answered_at or entry.at}{failed}{waited}"


def read(text: str) -> Transcript:
    """Read a transcript: a sandbox's export, or plain lines that a person wrote."""
    headers: dict[str, str] = {}
    lines: list[Written] = []
    for raw in text.splitlines():
        line = raw.strip()
        if header := _HEADER.match(line):
            headers[header[1]] = header[2]
        elif line and not line.startswith("#"):
            mark = _MARK.search(line)
            lines.append(_exported(line[: mark.start()], mark) if mark else Written(line))
    fixture = headers.get("fixture", "shop")
    if not fixtures.exists(fixture):
        raise BadLine(f"there is no fixture {fixture}")
    clock: Literal["real", "manual"] = "real" if headers.get("clock") == "real" else "manual"
    return Transcript(fixture, clock, lines, exported=text.startswith(EXPORTED))


def _exported(line: str, mark: re.Match[str]) -> Written:
    origin, at, answered_at, failed, waited = mark.groups()
    return Written(line, origin, _reading(at), _reading(answered_at), bool(failed), int(waited or 0))


def _reading(text: str) -> int:
    try:
        if not "1970" < text < "9000":
            raise ValueError
        return from_iso(text)
    except ValueError:
        raise BadLine(f"a time must be written 2026-03-02T09:00:00.001000Z, not {shown(text)}") from None


def of_entries(entries: Iterable[Entry], journal: Journal) -> Transcript:
    """Make a transcript of those lines of a journal that have their outcome."""
    clock: Literal["real", "manual"] = "real" if journal.setting("clock") == "real" else "manual"
    lines = [
        Written(
            entry.line,
            entry.origin,
            from_iso(entry.at),
            from_iso(entry.answered_at or entry.at),
            entry.outcome == "failed",
            entry.waited or 0,
        )
        for entry in entries
    ]
    return Transcript(journal.setting("fixture"), clock, lines, exported=True)
