"""``python -m lab guard FILE``: tries a corpus of hostile SQL on the guard, and says which rows did not hold."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from lab.guard import policy
from lab.guard.corpus import OWN, PARAMETERS, Row, build, dump, rows
from lab.guard.keeper import Keeper, clean
from lab.guard.messages import Answer, Read, Refused, Stepped, Steps

VERDICTS = {"rows": "ok", "done": "ok", "error": "denied", "limit": "limit", "late": "timeout"}
MOST_GROWTH_BYTES = 64_000_000
MEGABYTE = 1_000_000
TRIES = 3
PATIENCE = 10
"""After so many deadlines a worker is ended; a row is late after two."""

LOST = Answer("late", "the worker was lost")


class Outcome(NamedTuple):
    """What became of a row: how it ended and why, in what time, what the worker grew, whether a store changed."""

    row: Row
    verdict: str
    said: str
    seconds: float
    growth: int
    changed: bool
    died: bool

    @property
    def late(self) -> bool:
        """Whether it took more than twice its deadline."""
        return self.seconds > 2 * _deadline(self.row)

    @property
    def held(self) -> bool:
        """Whether it ended in a way that it may end, and harmed nothing."""
        harmless = not self.changed and not self.died and self.growth < MOST_GROWTH_BYTES
        return harmless and self.verdict in self.row.expected


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``guard`` to a command line."""
    command = commands.add_parser("guard", help="try a corpus of hostile SQL on the guard")
    command.add_argument("file", type=Path, help="tab-separated: id, kind, sql, expected, note")
    command.set_defaults(run=_guard)


def _guard(arguments: argparse.Namespace) -> int:
    try:
        corpus = list(rows(arguments.file))
    except (OSError, UnicodeDecodeError, KeyError, AttributeError) as problem:
        print(f"{arguments.file} is no corpus: {problem!r}", file=sys.stderr)
        return 2
    if not corpus:
        print(f"{arguments.file} is no corpus: it has no rows", file=sys.stderr)
        return 2
    outcomes = []
    for outcome in attempt(corpus):
        outcomes.append(outcome)
        if not outcome.held or outcome.late:
            print(_shown(outcome))
    held, late = sum(outcome.held for outcome in outcomes), sum(outcome.late for outcome in outcomes)
    grew = max((outcome.growth for outcome in outcomes), default=0)
    print(f"held {held} of {len(outcomes)} late {late} grew {grew / MEGABYTE:.1f} MB")
    return int(held < len(outcomes) or late > 0)


def _shown(outcome: Outcome) -> str:
    expected, took = " or ".join(outcome.row.expected), f"{outcome.seconds * 1000:.0f} ms"
    harm = {"late": outcome.late, "a store changed": outcome.changed, "the worker died": outcome.died}
    harms = "".join(f", {what}" for what, so in harm.items() if so)
    return f"{outcome.row.id} {outcome.verdict} (expected: {expected}) in {took}{harms}: {outcome.said}"


def attempt(corpus: Iterable[Row], look_after: int = 1) -> Iterator[Outcome]:
    """Try rows on fresh stores, one after the other, on one worker; look at the stores after so many of them."""
    with tempfile.TemporaryDirectory() as folder, closing(Keeper(workers=1)) as keeper:
        files = build(Path(folder))
        keeper.read(files, ["SELECT 1"])
        before, sizes = dump(files), dict[int, int]()
        for number, row in enumerate(corpus, start=1):
            outcome = _try(keeper, files, row, sizes)
            for _ in range(TRIES - 1):
                if outcome.late and not outcome.died:
                    # A busy machine may hold a row up. A row that is late for its own sake is late again.
                    outcome = _try(keeper, files, row, sizes)
            yield outcome._replace(changed=number % look_after == 0 and dump(files) != before)


def _try(keeper: Keeper, files: dict[str, Path], row: Row, sizes: dict[int, int]) -> Outcome:
    pid = keeper.process
    size = sizes.setdefault(pid, memory(pid, "VmRSS"))
    started = time.perf_counter()
    verdict, said = _ask(keeper, files, row)
    seconds = time.perf_counter() - started
    died = keeper.process != pid
    growth = 0 if died else max(0, memory(pid, "VmHWM") - size)
    return Outcome(row, verdict, said, seconds, growth, changed=False, died=died)


def _ask(keeper: Keeper, files: dict[str, Path], row: Row) -> tuple[str, str]:
    if row.kind == "readonly":
        names = {name: str(path) for name, path in files.items()}
        looking = Read(names, (clean(row.steps[0]),), policy.ROWS, explained=True)
        answer: Answer = keeper.once(looking, Answer, PATIENCE * _deadline(row)) or LOST
        return "limit" if answer.cut else VERDICTS[answer.kind], answer.error or ""
    stepping = Steps(str(files["read"]), tuple(map(clean, row.steps)), PARAMETERS, OWN)
    stepped: Stepped | Refused | Answer = keeper.once(stepping, Stepped | Refused, PATIENCE * _deadline(row)) or LOST
    if isinstance(stepped, Refused):
        return "denied", stepped.reason
    return VERDICTS[stepped.kind], stepped.error or ""


def _deadline(row: Row) -> float:
    return policy.DEADLINE_SECONDS if row.kind == "readonly" else policy.STEP_SECONDS * len(row.steps)


def memory(pid: int, which: str) -> int:
    """Return the memory of a process in bytes, now (VmRSS) or at its height (VmHWM); 0 where no system says so."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(which)), 0)
