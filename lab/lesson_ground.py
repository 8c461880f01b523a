"""Where the roads of a lesson are tried: its start is made once, and copied for each road."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from lab.carry_out import Answer
from lab.journal import Entry
from lab.lesson_files import Check, Lesson
from lab.lesson_values import values_of
from lab.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Moment:
    """How a road stands before its first line, and after each: its last answer, and what the checks say."""

    answer: Answer | None
    checks: dict[str, Any]
    failing: frozenset[str]
    broken: frozenset[str]
    extra: list[Any]

    @property
    def passes(self) -> bool:
        """Tell whether the lesson would be passed here."""
        return not self.failing


class Driven(NamedTuple):
    """A road that was driven to its end: what its lines answered, and how it stands after the last."""

    answers: list[Answer]
    end: Moment


@dataclass
class Ground:
    """The start of one lesson, in a folder of its own, and the count of the roads that were tried there."""

    lesson: Lesson
    folder: Path
    replays: int = 0
    broken: dict[str, str] = field(default_factory=dict)
    failed_setup: list[Entry] = field(default_factory=list)

    @cached_property
    def mould(self) -> Path:
        """A closed sandbox at the lesson's start, to be copied."""
        root = self.folder / "mould"
        with closing(Sandbox.create(root, self.lesson.fixture, "manual", self.lesson.setup)) as sandbox:
            self.failed_setup = [entry for entry in sandbox.lab.entries() if entry.outcome == "failed"]
        return root

    @contextmanager
    def fresh(self) -> Iterator[Sandbox]:
        """Lend a sandbox at the lesson's start. Nothing in it has to outlive a power cut, so nothing is synced."""
        self.replays += 1
        root = shutil.copytree(self.mould, self.folder / str(self.replays))
        with closing(Sandbox(root)) as sandbox:
            for connection in (sandbox.write.connection, sandbox.read.connection, sandbox.lab.connection):
                connection.execute("PRAGMA synchronous = OFF")
            yield sandbox
        shutil.rmtree(root)

    def walk(self, lines: Iterable[str], extra: Iterable[str] = (), *, name: str = "") -> Iterator[Moment]:
        """Do a road's lines one by one, and say how it stands before the first and after each.

        ``extra`` are SELECTs to be evaluated with the checks. An invariant that breaks is noted in ``broken``.
        """
        wanted = list(extra)
        with self.fresh() as sandbox:
            yield self._moment(sandbox, None, wanted, name)
            for line in lines:
                yield self._moment(sandbox, sandbox.act(line), wanted, name)

    def drive(self, lines: Iterable[str], extra: Iterable[str] = (), *, name: str = "") -> Driven:
        """Do a road's lines, and say what they answered and how it stands at the end.

        Between them only the invariants are looked at. ``extra`` are SELECTs to be evaluated with the checks.
        """
        invariants = [check for check in self.lesson.check if check.invariant]
        answers: list[Answer] = []
        with self.fresh() as sandbox:
            for line in lines:
                if invariants and answers:
                    said = values_of(sandbox, [check.sql for check in invariants])
                    self._note(invariants, said, answers[-1].line, name)
                answers.append(sandbox.act(line))
            return Driven(answers, self._moment(sandbox, answers[-1] if answers else None, list(extra), name))

    def _moment(self, sandbox: Sandbox, answer: Answer | None, extra: list[str], name: str) -> Moment:
        checks = self.lesson.check
        said = values_of(sandbox, [*(check.sql for check in checks), *extra])
        values = dict(zip((check.id for check in checks), said, strict=False))
        failing = frozenset(check.id for check in checks if values[check.id] != check.is_)
        invariants = [check for check in checks if check.invariant]
        line = answer.line if answer else "the start"
        self._note(invariants, [values[check.id] for check in invariants], line, name)
        broken = frozenset(check.id for check in invariants if check.id in failing)
        return Moment(answer, values, failing, broken, said[len(checks) :])

    def _note(self, invariants: list[Check], values: list[Any], line: str, name: str) -> None:
        for check, value in zip(invariants, values, strict=True):
            if value != check.is_:
                self.broken.setdefault(check.id, f"“{line}” on the road “{name}” makes it {value}, not {check.is_}")
