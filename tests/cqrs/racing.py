"""Racers on one file: two threads or processes that send their commands at the same moment, or a crowd of them."""

import multiprocessing
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from cqrs.commands import Command
from cqrs.read.store import ReadStore
from cqrs.write.handlers import handle
from cqrs.write.store import Answer, WriteStore

RACERS = ("threads", "processes")
PATIENCE = 60.0

_gate: Any = None


class Attempt(NamedTuple):
    """A command as a racer sends it."""

    command: Command
    id: str
    expect: int | None = None


def race(
    by: Literal["threads", "processes"], file: Path, one: Sequence[Attempt], other: Sequence[Attempt]
) -> list[tuple[Answer, Answer]]:
    """Let two racers send their attempts, the n-th of both at once; return both answers of each round."""
    with _racers(by) as racers:
        return list(zip(*racers.map(_send, (file, file), (one, other)), strict=True))


def crowd(file: Path, attempts: Sequence[Sequence[Attempt]]) -> list[list[Answer]]:
    """Let as many processes as there are lists send them, each as fast as it can; return the answers of each."""
    with _racers("processes", len(attempts)) as racers:
        return list(racers.map(_send_at_will, [file] * len(attempts), attempts))


def open_at_once(folders: Sequence[Path]) -> None:
    """Let two processes open the stores of each folder, which are not there yet, at the same moment."""
    with _racers("processes") as racers:
        list(racers.map(_open, (folders, folders)))


def _racers(by: Literal["threads", "processes"], count: int = 2) -> ThreadPoolExecutor | ProcessPoolExecutor:
    if by == "threads":
        return ThreadPoolExecutor(count, initializer=_meet_at, initargs=(threading.Barrier(count, timeout=PATIENCE),))
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(count, timeout=PATIENCE)
    return ProcessPoolExecutor(count, mp_context=context, initializer=_meet_at, initargs=(gate,))


def _meet_at(gate: Any) -> None:
    global _gate
    _gate = gate


@contextmanager
def _at_the_gate() -> Iterator[Any]:
    """The gate where the racers meet; one that falls opens it, so that the other does not wait in vain."""
    try:
        yield _gate
    except threading.BrokenBarrierError:
        raise
    except BaseException:
        _gate.abort()
        raise


def _send(file: Path, attempts: Sequence[Attempt]) -> list[Answer]:
    answers = []
    with _at_the_gate() as gate, closing(WriteStore(file, synchronous="OFF")) as store:
        for attempt in attempts:
            gate.wait()
            answers.append(_issue(store, attempt))
    return answers


def _send_at_will(file: Path, attempts: Sequence[Attempt]) -> list[Answer]:
    with _at_the_gate() as gate, closing(WriteStore(file, synchronous="OFF")) as store:
        gate.wait()
        return [_issue(store, attempt) for attempt in attempts]


def _issue(store: WriteStore, attempt: Attempt) -> Answer:
    """Send an attempt; again, if the crowd kept the lock for longer than it is waited for: nothing was decided."""
    while True:
        try:
            return handle(
                store,
                attempt.command,
                command_id=attempt.id,
                now="2026-03-02T10:00:00.000000+00:00",
                expected_version=attempt.expect,
            )
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise


def _open(folders: Sequence[Path]) -> None:
    with _at_the_gate() as gate:
        for folder in folders:
            gate.wait()
            for store in (WriteStore(folder / "write.db"), ReadStore(folder / "read.db")):
                store.close()
