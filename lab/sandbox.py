"""A sandbox: one learner's stores, with everything that can be done to them through action lines."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from cqrs.read.projection import Projection
from cqrs.read.store import ReadStore
from cqrs.write.store import WriteStore
from lab import asked, generations, replay, steady, taken_back, truth, waiting
from lab.actions import Action, Query, Reset, Sql, TryOut, Undo, Wait
from lab.carry_out import Answer, carry_out, locked_means_busy, settle
from lab.journal import Journal
from lab.language import parse
from lab.motion import Motion
from lab.outcome import CannotDo
from lab.own_motion import OwnMotion
from lab.state import state_of
from lab.values import BadLine


class Sandbox:
    """The stores of one learner. Its folder holds one subfolder a generation; undo and reset begin a new one.

    Everything that changes it holds ``lock``. After each change ``version`` is higher, and ``on_change`` is called.
    """

    def __init__(self, root: Path, on_change: "Callable[[Sandbox], None] | None" = None) -> None:
        self.root = root
        self.lock = threading.RLock()
        self.progressed = threading.Condition(self.lock)
        self.version = 0
        self.on_change = on_change
        self.stores = generations.newest(root)
        self._set_in_motion()

    @classmethod
    def create(
        cls,
        root: Path,
        fixture: str = "shop",
        clock: Literal["real", "manual"] = "real",
        setup: Iterable[str] = replay.FREE_PLAY,
    ) -> "Sandbox":
        """Make a sandbox in an empty folder: a fixture, and the lines that set it up."""
        return cls.load(root, replay.Transcript(fixture, clock), setup)

    @classmethod
    def load(cls, root: Path, transcript: replay.Transcript, setup: Iterable[str] = replay.FREE_PLAY) -> "Sandbox":
        """Make a sandbox in an empty folder by replaying a transcript."""
        generations.first(root, transcript, setup)
        return cls(root)

    def close(self) -> None:
        """Close the files."""
        with self.lock:
            with suppress(sqlite3.Error):
                settle(self.stores)
            self.stores.close()

    # What the page and the scripts look at

    @contextmanager
    def still(self) -> Iterator[None]:
        """Keep everybody from changing anything, so that it need not be read twice; read.db is there at the start."""
        with self.lock:
            self.stores.ensure_read()
            with self.stores.once.held():
                yield

    @property
    def write(self) -> WriteStore:
        """The write store."""
        return self.stores.write

    @property
    def read(self) -> ReadStore:
        """The read store, as the projector writes it."""
        return self.stores.read

    @property
    def reader(self) -> sqlite3.Connection:
        """A read-only connection to read.db, which is made again if it has vanished."""
        self.stores.ensure_read()
        return self.stores.reader

    @property
    def lab(self) -> Journal:
        """The journal and what was measured."""
        return self.stores.journal

    @property
    def head(self) -> int:
        """The position of the newest event; 0 if there is none."""
        return self.stores.head()

    @property
    def projections(self) -> Mapping[str, Projection]:
        """The projections whose read models are in read.db now, by name."""
        self.stores.ensure_read()
        return self.stores.once("the projections", self._projections)

    def _projections(self) -> dict[str, Projection]:
        names = self.stores.checkpoints()
        return {name: found for name in names if (found := self.stores.projection(name)) is not None}

    def truth(self, model: str, keys: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], dict[str, Any]]:
        """Return what the write store says of these rows of a read model, by key."""
        projection = self.stores.projection(model)
        return truth.rows_of(self.write.connection, projection, keys) if projection else {}

    def state(self) -> dict[str, Any]:
        """Return where both stores stand, as ``GET /state`` answers."""
        with self.still():
            return state_of(self.stores)

    # Acting

    def act(self, line: str, origin: str = "learner") -> Answer:
        """Do one action line. A bad line and an action that makes no sense now are answers too.

        Raise Busy if another process holds a store's lock for too long, guard.Busy if too many ask in SQL.
        """
        try:
            action = parse(line)
        except BadLine as bad:
            return Answer(line, "failed", str(bad))
        answer = self._act(action, origin)
        self._changed()
        return answer

    def _act(self, action: Action, origin: str) -> Answer:
        match action:
            case Undo() | Reset():
                with self.lock:
                    return self._go_back(action)
            case Wait(milliseconds) if self.stores.clock.kind == "real":
                failed = waiting.let_pass(milliseconds)
                with self.lock:
                    return carry_out(self.stores, action, origin, failed=failed)
            case Query():
                return self._query(action, origin)
            case Sql():
                return self._ask(action, origin)
            case TryOut():
                return self._try(action, origin)
            case _:
                with self.lock:
                    answer = carry_out(self.stores, action, origin)
                    self._tick()
                    self._plan()
                    return answer

    def _query(self, query: Query, origin: str) -> Answer:
        with self.lock:
            self.stores.ensure_read()
            waited, failed = 0, None
            if self.stores.clock.kind == "manual":
                waited = replay.freshen(self.stores, query)
            else:
                waited, failed = waiting.until_fresh(query, lambda: self.stores, self.progressed)
            answer = carry_out(self.stores, query, origin, waited=waited, failed=failed)
            self._tick()
            return answer

    def _ask(self, question: Sql, origin: str) -> Answer:
        """Ask a store in SQL. Others may be before us, so the lock is let go while the guard works."""
        while True:
            with self.lock, locked_means_busy():
                self.stores.ensure_read()
                folder, before = self.stores.folder, self.stores.positions()
            found = asked.ask(folder, question, self.root.name)
            with self.lock:
                # Where an undo came meanwhile, these stores are gone.
                if folder != self.stores.folder:
                    continue
                elsewhere = asked.elsewhere(self.stores, question, found)
                read_at, head = asked.read_at(self.stores, question, before), self.stores.write.head()
                answer = carry_out(self.stores, question, origin, known=asked.done(found))
                self._tick()
                if answer.n is None:
                    return answer
                result = asked.result(question, found, elsewhere, read_at, head)
                # An answer that finds no room is given all the same.
                with suppress(sqlite3.OperationalError):
                    self.lab.keep_answer(question.store, answer.n, result)
            return replace(answer, took_ms=found.took_us / 1000, result=result)

    def _try(self, action: TryOut, origin: str) -> Answer:
        """Try a read model of one's own, with the lock let go meanwhile."""
        while True:
            with self.lock, locked_means_busy():
                self.stores.ensure_read()
                folder = self.stores.folder
                try:
                    subject = steady.subject(self.stores, action.model)
                except CannotDo as cannot:
                    return carry_out(self.stores, action, origin, failed=str(cannot))
            started = time.perf_counter()
            trial = steady.trial(subject, self.root.name)
            took = (time.perf_counter() - started) * 1000
            with self.lock:
                if folder == self.stores.folder:
                    answer = carry_out(self.stores, action, origin, known=steady.done(self.stores, subject, trial))
                    self._tick()
                    return replace(answer, took_ms=round(took, 2))

    def _tick(self) -> None:
        """On a manual clock every action takes a millisecond."""
        if self.stores.clock.kind == "manual":
            self.stores.clock.pass_time(1)

    def _changed(self) -> None:
        with self.lock:
            self.version += 1
            self.progressed.notify_all()
        if self.on_change is not None:
            self.on_change(self)

    # Going back

    def _go_back(self, action: Undo | Reset) -> Answer:
        with locked_means_busy():
            settle(self.stores)
        try:
            cut = taken_back.cut(action, self.lab.entries(), self.stores.clock.kind)
        except CannotDo as cannot:
            return Answer(str(action), "failed", str(cannot))
        before = taken_back.own(self.stores)
        self.replace(replay.of_entries(cut.kept, self.lab))
        said = cut.said + taken_back.of_ones_own(before, taken_back.own(self.stores))
        return Answer(str(action), "done", said, self.write.head(), dropped=len(cut.dropped))

    def replace(self, transcript: replay.Transcript, setup: Iterable[str] = replay.FREE_PLAY) -> list[Answer]:
        """Put stores made by a transcript in the place of the present ones, in one rename; return its answers.

        Raise BadLine for a line that is none; the present stores then stay.
        """
        with self.lock:
            answers = generations.follow(self.stores, transcript, setup)
            self.stores = generations.newest(self.root)
            self._set_in_motion()
            return answers

    # The real clock

    def _set_in_motion(self) -> None:
        self._motions = {motion.own: motion for motion in (Motion(self.stores), OwnMotion(self.stores))}
        self._plan()

    def _plan(self) -> None:
        """Settle what moves next by itself; on a manual clock nothing does."""
        if self.stores.clock.kind == "real":
            room = self.stores.journal.make_room()
            with self.stores.once.held():
                for motion in self._motions.values():
                    motion.plan(room=room)

    def due(self, *, own: bool = False) -> float | None:
        """Return in how many seconds the projector or a shopper has something to do, or None.

        With ``own`` it is the projector with the learner's own read models.
        """
        with self.lock:
            return self._motions[own].due()

    def advance(self, *, own: bool = False) -> bool:
        """Do what is due: a shopper's command, a batch of events. Tell whether anything was done."""
        with self.lock:
            self.stores.ensure_read()
            moved = self._motions[own].advance()
            self._plan()
        if moved:
            self._changed()
        return moved
