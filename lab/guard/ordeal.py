"""``python -m lab guard FILE``: tries a corpus of hostile SQL on the guard, and says which rows did not hold."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from lab.guard import policy
from lab.guard.corpus import OWN, PARAMETERS, NoCorpus, Row, build, dump, rows
from lab.guard.keeper import Keeper, clean
from lab.guard.messages import Refused, Steps

ENDS = {"rows": "ok", "done": "ok", "error": "denied", "limit": "limit", "late": "timeout"}
MOST_GROWTH_BYTES = 64_000_000
MEGABYTE = 1_000_000
TRIES = 10


class Times(NamedTuple):
    """How long a row took, in seconds: on the clock, of the worker's processor, and while somebody waited for one."""

    clock: float
    computed: float
    crowded: float


class Outcome(NamedTuple):
    """What became of a row: how it ended and why, in what time, what the worker grew, whether a store changed."""

    row: Row
    verdict: str
    said: str
    times: Times
    growth: int
    changed: bool
    died: bool

    @property
    def late(self) -> bool:
        """Whether it took more than twice its deadline, but for what a machine with too much to do added to it."""
        return max(self.times.computed, self.times.clock - self.times.crowded) > 2 * _deadline(self.row)

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
    except (OSError, NoCorpus) as problem:
        why_not = problem.strerror if isinstance(problem, OSError) else problem
        print(f"{arguments.file} is no corpus: {why_not}", file=sys.stderr)
        return 2
    if not corpus:
        print(f"{arguments.file} is no corpus: it has no rows", file=sys.stderr)
        return 2
    outcomes = []
    for outcome in attempt(corpus):
        outcomes.append(outcome)
        if not outcome.held or outcome.late:
            print(shown(outcome), flush=True)
    held, late = sum(outcome.held for outcome in outcomes), sum(outcome.late for outcome in outcomes)
    grew = max(outcome.growth for outcome in outcomes)
    print(f"held {held} of {len(outcomes)} late {late} grew {grew / MEGABYTE:.1f} MB")
    return int(held < len(outcomes) or late > 0)


def shown(outcome: Outcome) -> str:
    """Say in a line what became of a row."""
    expected, took = " or ".join(outcome.row.expected), f"{outcome.times.clock * 1000:.0f} ms"
    harm = {"late": outcome.late, "a store changed": outcome.changed, "the worker died": outcome.died}
    harms = "".join(f", {what}" for what, so in harm.items() if so)
    return f"{outcome.row.id} {outcome.verdict} (expected: {expected}) in {took}{harms}: {outcome.said}"


def attempt(corpus: Iterable[Row], look_after: int = 1) -> Iterator[Outcome]:
    """Try rows on fresh stores, one after the other, on one worker; look at the stores after so many of them."""
    with tempfile.TemporaryDirectory() as folder, closing(Keeper(workers=1)) as keeper:
        files, sizes = build(Path(folder)), dict[int, int]()
        before = dump(files)
        for number, row in enumerate(corpus, start=1):
            outcome = _try(keeper, files, row, sizes)
            for _ in range(TRIES - 1):
                if outcome.late or not (outcome.held or outcome.verdict != "timeout"):
                    # A busy machine may hold a row up. A row that is slow for its own sake is slow again.
                    outcome = _try(keeper, files, row, sizes)
            yield outcome._replace(changed=number % look_after == 0 and dump(files) != before)


def _try(keeper: Keeper, files: dict[str, Path], row: Row, sizes: dict[int, int]) -> Outcome:
    # A worker that has just been started is not measured while it starts.
    keeper.read({}, ["SELECT 1"])
    pid, deaths = keeper.process, keeper.deaths
    size = sizes.setdefault(pid, memory(pid, "VmRSS"))
    before, crowded, started = computed(pid), _crowded(), time.perf_counter()
    verdict, said = _ask(keeper, files, row)
    times = Times(time.perf_counter() - started, computed(pid) - before, _crowded() - crowded)
    growth = max(0, memory(pid, "VmHWM") - size)
    return Outcome(row, verdict, said, times, growth, changed=False, died=keeper.deaths > deaths)


def _ask(keeper: Keeper, files: dict[str, Path], row: Row) -> tuple[str, str]:
    """Ask as a person would be answered, or as a projection's statements would be run."""
    if row.kind == "readonly":
        answer = keeper.ask(files, row.steps[0], "a person")
        return "limit" if answer.cut else ENDS[answer.kind], answer.error or ""
    stepped = keeper.steps(Steps(str(files["read"]), tuple(map(clean, row.steps)), PARAMETERS, OWN))
    if isinstance(stepped, Refused):
        return "denied", stepped.reason
    return ENDS[stepped.kind], stepped.error or ""


def _deadline(row: Row) -> float:
    return policy.DEADLINE_SECONDS if row.kind == "readonly" else policy.STEP_SECONDS * len(row.steps)


def computed(pid: int) -> float:
    """Return for how many seconds a process has computed; 0 if it is gone, or no system says so."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    return 0.0


def _crowded() -> float:
    """Return for how many seconds something has waited for a processor that was not free; 0 where no system says so."""
    with suppress(OSError):
        return int(Path("/proc/pressure/cpu").read_text().split("total=")[1].split()[0]) / 1e6
    return 0.0


def memory(pid: int, which: str) -> int:
    """Return the memory of a process in bytes, now (VmRSS) or at its height (VmHWM); 0 where no system says so."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(which)), 0)
    return 0
