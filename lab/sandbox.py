"""A sandbox: one learner's stores, with everything that can be done to them through action lines."""

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

from cqrs.read.projection import Projection
from cqrs.read.store import ReadStore
from cqrs.write.store import WriteStore
from lab import limits, replay, truth
from lab.actions import Action, Query, Reset, Run, Traffic, Undo, Wait
from lab.carry_out import Answer, carry_out, finish_again
from lab.clock import Clock, ManualClock, RealClock, from_iso
from lab.journal import Journal
from lab.language import parse
from lab.stores import Stores, tables
from lab.traffic import shopper
from lab.values import BadLine

SECOND = 1_000_000
"""Clock readings are microseconds."""

_waits = threading.BoundedSemaphore(limits.MAX_WAITS_AT_ONCE)


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
        self._next_batch_at: int | None = None
        self._next_traffic_at: int | None = None
        self.stores = self._open()
        self._plan()

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
        first = root / "next"
        first.mkdir(parents=True)
        for _ in replay.build(first, transcript, setup):
            pass
        first.rename(root / "1")
        return cls(root)

    def close(self) -> None:
        """Close the files."""
        with self.lock:
            self.stores.close()

    # What the page and the scripts look at

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
    def projections(self) -> dict[str, Projection]:
        """The projections whose read models are in read.db now, by name."""
        names = self.stores.checkpoints()
        return {name: found for name in names if (found := self.stores.projection(name)) is not None}

    def truth(self, model: str, keys: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], dict[str, Any]]:
        """Return what the write store says of these rows of a read model, by key."""
        projection = self.stores.projection(model)
        return truth.rows_of(self.write.connection, projection, keys) if projection else {}

    def state(self) -> dict[str, Any]:
        """Return where both stores stand, as ``GET /state`` answers."""
        with self.lock:
            self.stores.ensure_read()
            head = self.write.head()
            settings = {name: self.lab.setting(name, "0") for name in ("traffic", "batch", "delay", "receipt")}
            return {
                "head": head,
                "clock": self.stores.clock.kind,
                "delay": self.delay,
                "batch": self.batch,
                "traffic": int(settings["traffic"]),
                "receipt": int(settings["receipt"]) or None,
                "projections": {
                    checkpoint.name: {
                        "position": checkpoint.position,
                        "behind": head - checkpoint.position,
                        "age": self._age(checkpoint.position),
                        "status": checkpoint.status,
                        "reason": checkpoint.reason,
                    }
                    for checkpoint in self.stores.checkpoints().values()
                },
                "rows": {
                    "write": _row_counts(self.write.connection),
                    "read": _row_counts(self.reader),
                },
            }

    @property
    def delay(self) -> float:
        """The injected delay before each batch, in seconds."""
        return float(self.lab.setting("delay", str(limits.START_DELAY_SECONDS)))

    @property
    def batch(self) -> int:
        """How many events the projector applies at once."""
        return int(self.lab.setting("batch", str(limits.START_BATCH_EVENTS)))

    def _age(self, position: int) -> float:
        """Return for how many seconds the oldest event behind a position has been waiting; 0 if there is none."""
        row = self.write.connection.execute(
            "SELECT recorded_at FROM events WHERE position = ?", (position + 1,)
        ).fetchone()
        return round(max(0, self.stores.clock.now() - from_iso(row[0])) / SECOND, 3) if row else 0.0

    # Acting

    def act(self, line: str, origin: str = "learner") -> Answer:
        """Do one action line. A bad line and an action that makes no sense now are answers too.

        Raise Busy if another process holds a store's lock for too long.
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
                failed = self._let_pass(milliseconds)
                with self.lock:
                    return carry_out(self.stores, action, origin, failed=failed)
            case Query():
                return self._query(action, origin)
            case _:
                with self.lock:
                    answer = carry_out(self.stores, action, origin)
                    self._tick()
                    self._plan()
                    return answer

    def _let_pass(self, milliseconds: int) -> str | None:
        """Sleep on the real clock; return why not, if that is not to be had."""
        if milliseconds > limits.MAX_WAIT_SECONDS * 1000:
            return f"on the real clock a wait lasts at most {limits.MAX_WAIT_SECONDS * 1000:,.0f} milliseconds"
        if not _waits.acquire(blocking=False):
            return "too many are waiting on this server now; try again in a moment"
        try:
            time.sleep(milliseconds / 1000)
        finally:
            _waits.release()
        return None

    def _query(self, query: Query, origin: str) -> Answer:
        with self.lock:
            waited, failed = 0, None
            if self.stores.clock.kind == "manual":
                waited = replay.freshen(self.stores, query)
            else:
                waited, failed = self._until_fresh(query)
            answer = carry_out(self.stores, query, origin, waited=waited, failed=failed)
            self._tick()
            return answer

    def _until_fresh(self, query: Query) -> tuple[int, str | None]:
        """Wait for the projector; return the events that it applied meanwhile, and why it was not enough."""
        goal = replay.goal_of(self.stores, query)
        before = at = self.stores.positions().get(query.model, goal)
        give_up = time.monotonic() + limits.MAX_WAIT_SECONDS
        while at < goal:
            left = give_up - time.monotonic()
            if left <= 0 or not self.progressed.wait(left):
                break
            at = self.stores.positions().get(query.model, goal)
        if at >= goal:
            return at - before, None
        wanted = "your receipt" if query.via == "token" else "the head"
        return at - before, (
            f"gave up after {limits.MAX_WAIT_SECONDS:g} s: {query.model} stands at #{at}, {wanted} is #{goal}"
        )

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
        entries = self.lab.entries()
        mine = [entry.n for entry in entries if entry.origin == "learner"]
        if not mine and isinstance(action, Undo):
            return Answer("undo", "failed", "there is nothing to undo: you have not done anything yet")
        first_dropped = mine[-1] if isinstance(action, Undo) else 1
        kept = [entry for entry in entries if entry.n < first_dropped]
        dropped = [entry for entry in entries if entry.n >= first_dropped]
        self.replace(replay.of_entries(kept, self.lab.setting("fixture"), self._clock_kind()))
        said = f"{len(dropped):,} {'line' if len(dropped) == 1 else 'lines'} dropped"
        if isinstance(action, Undo):
            said += f", from: {next(entry.line for entry in dropped)}"
        return Answer(str(action), "done", said, self.write.head(), dropped=len(dropped))

    def replace(self, transcript: replay.Transcript, setup: Iterable[str] = replay.FREE_PLAY) -> list[Answer]:
        """Put stores made by a transcript in the place of the present ones, in one rename; return its answers.

        Raise BadLine for a line that is none; the present stores then stay.
        """
        with self.lock:
            following = self.root / "next"
            shutil.rmtree(following, ignore_errors=True)
            following.mkdir()
            answers = list(replay.build(following, transcript, setup))
            generation = int(self.stores.folder.name) + 1
            self.stores.close()
            following.rename(self.root / str(generation))
            self.stores = self._open()
            self._next_batch_at = self._next_traffic_at = None
            self._plan()
            return answers

    def _clock_kind(self) -> Literal["real", "manual"]:
        return "real" if self.lab.setting("clock") == "real" else "manual"

    def _open(self) -> Stores:
        """Open the newest generation, clear away what a crash left, and finish the lines that were under way."""
        generations = sorted((int(path.name) for path in self.root.iterdir() if path.name.isdigit()), reverse=True)
        for stale in [*map(str, generations[1:]), "next"]:
            shutil.rmtree(self.root / stale, ignore_errors=True)
        stores = Stores(self.root / str(generations[0]), ManualClock(0))
        stores.clock = _clock_of(stores.journal)
        for entry in stores.journal.entries(unfinished=True):
            finish_again(stores, entry)
        return stores

    # The real clock: what the projector and the shoppers have to do, and when

    def due(self) -> float | None:
        """Return in how many seconds there is something to do, or None."""
        with self.lock:
            times = [at for at in (self._next_batch_at, self._next_traffic_at) if at is not None]
            return max(0.0, (min(times) - self.stores.clock.now()) / SECOND) if times else None

    def advance(self) -> bool:
        """Do what is due: a shopper's command, a batch of events. Tell whether anything was done."""
        with self.lock:
            now = self.stores.clock.now()
            shopping = self._next_traffic_at is not None and self._next_traffic_at <= now
            projecting = self._next_batch_at is not None and self._next_batch_at <= now
            if shopping:
                self._shop(now)
            if projecting:
                self._project()
        if shopping or projecting:
            self._changed()
        return shopping or projecting

    def _shop(self, now: int) -> None:
        rate = int(self.lab.setting("traffic", "0"))
        if rate and self.write.head() < limits.TRAFFIC_STOPS_AT_EVENTS:
            carry_out(self.stores, parse(shopper(self.stores, self.lab.next_number())), "traffic")
        elif rate:
            carry_out(self.stores, Traffic(0), "traffic")
            rate = 0
        late_by_at_most = now - SECOND
        self._next_traffic_at = max((self._next_traffic_at or now) + SECOND // rate, late_by_at_most) if rate else None
        self._plan()

    def _project(self) -> None:
        """Let every running projection apply its next batch; each target is journalled before the batch."""
        head = self.write.head()
        running = {c.name: c.position for c in self.stores.read.checkpoints() if c.status == "running"}
        goals = {name: min(at + self.batch, head) for name, at in running.items() if at < head}
        together = len(set(goals.values())) == 1 and len(goals) == len(running)
        lines = [Run(to=max(goals.values()))] if together else [Run(name, to) for name, to in goals.items()]
        for line in lines:
            carry_out(self.stores, line, "projector")
        self._next_batch_at = None
        self._plan()

    def _plan(self) -> None:
        """Settle when there is something to do next. On a manual clock nothing moves by itself."""
        if self.stores.clock.kind != "real":
            return
        now = self.stores.clock.now()
        head = self.write.head()
        if any(c.status == "running" and c.position < head for c in self.stores.read.checkpoints()):
            soonest = now + int(self.delay * SECOND)
            self._next_batch_at = min(self._next_batch_at or soonest, soonest)
        else:
            self._next_batch_at = None
        if self.lab.setting("traffic", "0") == "0":
            self._next_traffic_at = None
        elif self._next_traffic_at is None:
            self._next_traffic_at = now


def _clock_of(journal: Journal) -> Clock:
    """Return a clock that goes on after the journal's last reading."""
    last = journal.last_reading()
    reading = from_iso(last) + 1000 if last else 0
    return RealClock(reading) if journal.setting("clock") == "real" else ManualClock(reading)


def _row_counts(connection: sqlite3.Connection) -> dict[str, int]:
    return {
        table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
        for table in tables(connection)
        if table != "_migrations"
    }
