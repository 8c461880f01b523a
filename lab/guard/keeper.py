"""Keeps a few worker processes warm, lends one to each request, and ends and replaces one that overruns."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Any

from lab.guard.messages import Answer, Patch, Patched, Read, Ready, Refused, Request, Stepped, Steps, get, put
from lab.guard.policy import (
    DEADLINE_SECONDS,
    ENDED_AFTER,
    GRACE_SECONDS,
    LOCK_SECONDS,
    PATCH_SECONDS,
    ROWS,
    SENT_CHARS,
    STEP_SECONDS,
    WORKERS,
)
from lab.guard.turns import Turns
from lab.guard.words import DIED, LATE

START_SECONDS = 60.0

OVERRAN = {-getattr(signal, name) for name in ("SIGPROF", "SIGXCPU") if hasattr(signal, name)}
"""How a process ends that has computed for too long."""

HOUSE = Path(__file__).parent.parent.parent

COMMAND = (sys.executable, "-m", "lab.guard.worker")


class Gone(Exception):
    """The worker is gone: it was ended because it did not answer in time."""


class Died(Gone):
    """The worker is gone, and nobody had ended it."""


class Worker:
    """One worker process. It ends by itself when this process does."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(COMMAND, cwd=HOUSE, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ready = self._ended = False
        self._answer_by = 0.0

    def ask(self, request: Request, kind: Any, replies: int, seconds: float) -> Generator[Any, None, None]:
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
        self._answer_by = self._now() + seconds
        reply = get(self._pipe("stdout"), kind)
        if reply is None:
            raise Gone if self._overran() else Died
        return reply

    @contextmanager
    def _watched(self, seconds: float) -> Iterator[None]:
        """End the process as soon as a reply is late."""
        # A pipe cannot be waited for with a time limit on every system; a process can be ended on all.
        over = threading.Event()
        self._answer_by = self._now() + seconds
        threading.Thread(target=self._end_when_late, args=(over,), daemon=True).start()
        try:
            yield
        finally:
            over.set()

    def _end_when_late(self, over: threading.Event) -> None:
        while not over.wait(self._answer_by - self._now()):
            if self._answer_by <= self._now():
                self._ended = True
                self.process.kill()
                return

    def _now(self) -> float:
        return time.monotonic()

    def _pipe(self, name: str) -> Any:
        return getattr(self.process, name)

    @property
    def alive(self) -> bool:
        """Tell whether the process is there to be asked again."""
        return self.process.poll() is None

    def _overran(self) -> bool:
        """Tell whether a process that says no more was ended for overrunning, by this one or by the system's clock."""
        if not self._ended:
            self.process.kill()
        return self._ended or self.process.wait() in OVERRAN

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
        self._delivering = Turns(1)
        # One for each place. None stands for a worker that has still to be started.
        self._warm: LifoQueue[Worker | None] = LifoQueue()
        for _ in range(workers):
            self._warm.put(None)
        self._replacing = set[threading.Thread]()
        self.deaths = 0
        """How many workers died that nobody had ended."""

    def close(self) -> None:
        """End the workers that are not lent out."""
        for replacing in tuple(self._replacing):
            replacing.join()
        idle = list[Worker | None]()
        with suppress(Empty):
            while True:
                idle.append(self._warm.get_nowait())
        for worker in idle:
            if worker is not None:
                worker.close()
            self._warm.put(None)

    @property
    def process(self) -> int:
        """The id of the process that is asked next, as soon as one is free; 0 if it has still to be started."""
        worker = self._warm.get()
        self._warm.put(worker)
        return worker.process.pid if worker else 0

    @contextmanager
    def _lent(self, who: str | None = None) -> Iterator[Worker]:
        with self._turns.turn(who):
            worker = self._take()
            try:
                yield worker
            except BaseException as error:
                self.deaths += isinstance(error, Died)
                # What it was about to say belongs to a request that nobody waits for any more.
                replacing = threading.Thread(target=self._replace, args=(worker,), daemon=True)
                self._replacing.add(replacing)
                replacing.start()
                raise
            self._warm.put(worker)

    def _take(self) -> Worker:
        worker = self._warm.get()
        if worker is not None and worker.alive:
            return worker
        try:
            if worker is not None:
                worker.close()
            return Worker()
        except BaseException:
            self._warm.put(None)
            raise

    def _replace(self, worker: Worker) -> None:
        """End a worker and start another one in its place, while whoever asked it has the answer already."""
        worker.close()
        fresh = None
        try:
            fresh = Worker()
        finally:
            self._warm.put(fresh)
            self._replacing.discard(threading.current_thread())

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
        try:
            with suppress(Died):
                return self._answer(request, who)
            # Once may be somebody else's fault, twice is the statement's.
            return self._answer(request, who)
        except Died:
            return Answer("error", DIED)
        except Gone:
            return Answer("late", LATE.format(DEADLINE_SECONDS * 1000))

    def _answer(self, request: Request, who: str) -> Answer:
        answer: Answer = self._told(request, Answer, ENDED_AFTER * DEADLINE_SECONDS, who)
        return answer

    def steps(self, request: Steps) -> Stepped | Refused:
        """Run statements as those of a projection; whatever they did is rolled back."""
        seconds = ENDED_AFTER * STEP_SECONDS * len(request.steps)
        stepped: Stepped | Refused | None = self.once(request, Stepped | Refused, seconds)
        return stepped or Stepped("late", LATE.format(STEP_SECONDS * 1000))

    def deliver(self, request: Request, kind: Any, seconds: float) -> Any:
        """Return the one reply to a request for read models of people's own; they share one worker, in turns."""
        with self._delivering.turn(None):
            return self.once(request, kind, seconds)

    def once(self, request: Request, kind: Any, seconds: float, who: str | None = None) -> Any:
        """Return the one reply to a request; None if the worker had to be ended, or died."""
        with suppress(Gone):
            return self._told(request, kind, seconds, who)
        return None

    def _told(self, request: Request, kind: Any, seconds: float, who: str | None) -> Any:
        with self._lent(who) as worker, closing(worker.ask(request, kind, 1, seconds)) as replies:
            return next(replies)

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
    """Return a statement as it can be sent: half a character becomes a question mark, what is too long is cut.

    It is too long for SQLite and for a file as well, which say so.
    """
    return sql[:SENT_CHARS].encode("utf-8", "replace").decode()
