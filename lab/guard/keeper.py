"""Keeps a few worker processes warm, lends one to each request, and ends and replaces one that overruns."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lab.guard.messages import Answer, Patch, Patched, Read, Ready, Refused, Request, get, put
from lab.guard.policy import DEADLINE_SECONDS, GRACE_SECONDS, LOCK_SECONDS, PATCH_SECONDS, ROWS, WORKERS
from lab.guard.turns import Turns
from lab.guard.words import LATE

START_SECONDS = 60.0

HOUSE = Path(__file__).parent.parent.parent


class Gone(Exception):
    """The worker died, or was ended because it did not answer in time."""


class Worker:
    """One worker process. It ends by itself when this process does."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lab.guard.worker"], cwd=HOUSE, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.ready = False
        self._answer_by = 0.0

    def ask(self, request: Request, kind: Any, replies: int, seconds: float) -> Iterator[Any]:
        """Yield the replies to a request, each within so many seconds. Raise Gone."""
        if not self.ready:
            with self._watched(START_SECONDS):
                self._hear(Ready, START_SECONDS)
            self.ready = True
        with self._watched(seconds):
            with suppress(OSError):
                put(self._pipe("stdin"), request)
            for _ in range(replies):
                yield self._hear(kind, seconds)

    def _hear(self, kind: Any, seconds: float) -> Any:
        self._answer_by = time.monotonic() + seconds
        reply = get(self._pipe("stdout"), kind)
        if reply is None:
            self.close()
            raise Gone
        return reply

    @contextmanager
    def _watched(self, seconds: float) -> Iterator[None]:
        """End the process as soon as a reply is late."""
        # A pipe cannot be waited for with a time limit on every system; a process can be ended on all.
        over = threading.Event()
        self._answer_by = time.monotonic() + seconds
        threading.Thread(target=self._end_when_late, args=(over,), daemon=True).start()
        try:
            yield
        finally:
            over.set()

    def _end_when_late(self, over: threading.Event) -> None:
        while not over.wait(self._answer_by - time.monotonic()):
            if self._answer_by <= time.monotonic():
                self.process.kill()
                return

    def _pipe(self, name: str) -> Any:
        return getattr(self.process, name)

    @property
    def alive(self) -> bool:
        """Tell whether the process is there to be asked again."""
        return self.process.poll() is None

    def close(self) -> None:
        """End the process, and wait until it is gone."""
        self.process.kill()
        for name in ("stdin", "stdout"):
            with suppress(OSError):
                self._pipe(name).close()
        self.process.wait()


class Keeper:
    """The workers of this process. May be used by any thread."""

    def __init__(self, workers: int = WORKERS) -> None:
        self._turns = Turns(workers)
        self._delivering = threading.Lock()
        self._warm: list[Worker] = []

    def close(self) -> None:
        """End the workers that are not lent out."""
        while self._warm:
            self._warm.pop().close()

    @property
    def process(self) -> int:
        """The id of a process that waits to be asked; 0 if there is none."""
        return self._warm[-1].process.pid if self._warm else 0

    @contextmanager
    def _lent(self, who: str | None = None) -> Iterator[Worker]:
        with self._turns.turn(who):
            worker = self._take()
            try:
                yield worker
            except BaseException:
                # What it was about to say belongs to a request that nobody waits for any more.
                worker.close()
                raise
            finally:
                if not worker.alive:
                    worker.close()
                    worker = Worker()
                self._warm.append(worker)

    def _take(self) -> Worker:
        while self._warm:
            worker = self._warm.pop()
            if worker.alive:
                return worker
            worker.close()
        return Worker()

    def values(self, files: dict[str, Path], statements: Sequence[str]) -> list[Answer]:
        """Ask statements for one value each; one that came late is asked once more, as the machine may have been."""
        answers = self.read(files, statements, rows=1)
        late = [number for number, answer in enumerate(answers) if answer.kind == "late"]
        for number, again in zip(late, self.read(files, [statements[n] for n in late], rows=1), strict=True):
            answers[number] = again
        return answers

    def read(self, files: dict[str, Path], statements: Sequence[str], rows: int = ROWS) -> list[Answer]:
        """Ask statements over files opened read-only, by schema name; an answer each, in one round trip."""
        answers: list[Answer] = []
        lost_at = -1
        while len(answers) < len(statements):
            rest = tuple(clean(sql) for sql in statements[len(answers) :])
            request = Read({name: str(path) for name, path in files.items()}, rest, rows)
            try:
                with self._lent() as worker:
                    for answer in worker.ask(request, Answer, len(rest), DEADLINE_SECONDS + GRACE_SECONDS):
                        answers.append(answer)
            except Gone:
                # Once may be the machine's fault, twice is the statement's.
                if lost_at == len(answers):
                    answers.append(Answer("late", LATE.format(DEADLINE_SECONDS * 1000)))
                lost_at = len(answers)
        return answers

    def ask(self, files: dict[str, Path], sql: str, who: str) -> Answer:
        """Answer a person's statement with everything that can be said about it; raise Busy if they ask too much."""
        request = Read({name: str(path) for name, path in files.items()}, (clean(sql),), ROWS, explained=True)
        answer: Answer | None = self.once(request, Answer, 2 * DEADLINE_SECONDS, who)
        return answer or Answer("late", LATE.format(DEADLINE_SECONDS * 1000))

    def deliver(self, request: Request, kind: Any, seconds: float) -> Any:
        """Return the one reply to a request for read models of people's own; they share one worker at a time."""
        with self._delivering:
            return self.once(request, kind, seconds)

    def once(self, request: Request, kind: Any, seconds: float, who: str | None = None) -> Any:
        """Return the one reply to a request; None if the worker had to be ended, or died."""
        with suppress(Gone), self._lent(who) as worker:
            for reply in worker.ask(request, kind, 1, seconds):
                return reply
        return None

    def patch(self, file: Path, sql: str, line: int, pages: int) -> Patched | Refused:
        """Change rows of a read store by one statement, once for a line however often it is asked for."""
        # A worker that is lost may have committed; the note in read.db tells, so asking again is safe.
        for run in (True, True, False):
            request = Patch(str(file), clean(sql), line, pages, run)
            reply = self.once(request, Patched | Refused, LOCK_SECONDS + PATCH_SECONDS + GRACE_SECONDS)
            if isinstance(reply, Patched | Refused):
                return reply
        return Refused(LATE.format(PATCH_SECONDS * 1000))


def clean(sql: str) -> str:
    """Return a statement as it can be sent: half a character becomes a question mark."""
    return sql.encode("utf-8", "replace").decode()
