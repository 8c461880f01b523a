"""What is said between the server and a guard's worker, and how it is written: MessagePack behind its length.

MessagePack and not JSON, because a cell may hold bytes or an infinite number.
"""

import sqlite3
from typing import Any, BinaryIO, Literal

import msgspec

from cqrs.events import RecordedEvent
from lab.loose import Guards
from lab.outcome import Incident

MAX_FRAME_BYTES = 10_000_000
"""More than all events of a sandbox."""


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """A worker has started."""


# Requests


class Read(msgspec.Struct, frozen=True, tag="read"):
    """Ask each statement over the same files, opened read-only: the schema name of each, or ``main``.

    ``explained`` is how a person asks: with the plan, the types, and what to do about an error.
    """

    files: dict[str, str]
    statements: tuple[str, ...]
    rows: int
    explained: bool = False


class Patch(msgspec.Struct, frozen=True, tag="patch"):
    """Change rows of read.db by one statement, once for this line; without ``run``, only tell whether it happened."""

    file: str
    sql: str
    line: int
    pages: int
    run: bool = True


class Model(msgspec.Struct, frozen=True):
    """A read model of a learner's own: its name, and the text of its file."""

    name: str
    source: str


class Steps(msgspec.Struct, frozen=True, tag="steps"):
    """Run statements as those of a projection that made the tables ``own``, and roll everything back."""

    file: str
    steps: tuple[str, ...]
    parameters: dict[str, Any]
    own: tuple[str, ...] = ()


class Check(msgspec.Struct, frozen=True, tag="check"):
    """Say what will not do in the file of a read model, and at which place; the names ``taken`` belong to others."""

    model: Model
    taken: tuple[str, ...] = ()


class Rehearse(msgspec.Struct, frozen=True, tag="rehearse"):
    """Apply a log to a read model in memory, and show what its last events change."""

    model: Model
    log: str
    last: int


class Make(msgspec.Struct, frozen=True, tag="make"):
    """Make a read model's table in read.db, empty, with its checkpoint; one that is there is dropped first."""

    file: str
    model: Model
    position: int
    pages: int
    taken: tuple[str, ...] = ()


class Deliver(msgspec.Struct, frozen=True, tag="deliver"):
    """Deliver events to a read model in read.db, with these guards; ``crash`` is the point at which it dies.

    ``singly`` gives each event a transaction of its own, and the crash comes with the last. ``backwards`` lets SQLite
    read rows the other way round wherever a statement names no order, so that what is left to chance shows itself.
    ``retry`` is about one parked event, which is applied. What takes more than ``seconds`` to compute is given up.
    """

    file: str
    model: Model
    events: tuple[RecordedEvent, ...]
    guards: Guards
    crash: str | None
    line: int
    pages: int
    singly: bool = False
    backwards: bool = False
    retry: bool = False
    seconds: float | None = None


class Sing(msgspec.Struct, frozen=True, tag="sing"):
    """Try the canaries on this SQLite."""


# Replies


class Place(msgspec.Struct, frozen=True):
    """Where something is in a text: line and column count from 1, the offset in characters from 0."""

    line: int
    column: int
    offset: int
    word: str


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """What one statement came to: rows, or why there are none; and its work in units of ten machine steps.

    ``kind`` is 'rows', 'error', 'limit' (too big or too much) or 'late'. Rows that were cut off say so. What stands
    behind ``work`` is only there if it was asked for: the types of the values in each column, the plan as SQLite
    says it (id, parent, detail), the place of an error, and what to do about it or to mind with these rows.
    """

    kind: Literal["rows", "error", "limit", "late"]
    error: str | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    cut: bool = False
    work: int = 0
    types: tuple[str, ...] = ()
    took_us: int = 0
    plan: tuple[tuple[int, int, str], ...] = ()
    place: Place | None = None
    hint: str | None = None

    @property
    def value(self) -> Any:
        """The first value of the first row; None if there is none."""
        return self.rows[0][0] if self.rows else None


class Patched(msgspec.Struct, frozen=True, tag="patched"):
    """Rows were changed, in these tables."""

    changed: int
    tables: tuple[str, ...]


class Stepped(msgspec.Struct, frozen=True, tag="stepped"):
    """How steps that were rolled back had ended: 'done', or at which of them (from 1) and why not."""

    kind: Literal["done", "error", "limit", "late"]
    error: str | None = None
    step: int = 0


class Finding(msgspec.Struct, frozen=True):
    """What will not do in the file of a read model: in which block, at which place of the file, and what to do."""

    said: str
    block: str | None = None
    place: Place | None = None
    hint: str | None = None


class Checked(msgspec.Struct, frozen=True, tag="checked"):
    """What was found in a file; nothing means that it can be added. ``columns`` are those of its table."""

    findings: tuple[Finding, ...]
    columns: tuple[str, ...] = ()


class Change(msgspec.Struct, frozen=True):
    """A row before and after: None where it was not there."""

    key: tuple[Any, ...]
    before: tuple[Any, ...] | None
    after: tuple[Any, ...] | None


class Effect(msgspec.Struct, frozen=True):
    """What one event did to a read model: how many rows it changed, in how much work, or why it is poison."""

    position: int
    type: str
    changed: int
    work: int
    error: str | None = None


class Rehearsed(msgspec.Struct, frozen=True, tag="rehearsed"):
    """What the last events change in a read model that has heard everything before them.

    ``position`` is how far it came, ``stopped`` why not further. ``digest`` is a hash of all its rows at the end.
    """

    columns: tuple[str, ...]
    changes: tuple[Change, ...]
    effects: tuple[Effect, ...]
    rows: int
    position: int
    digest: str
    cut: bool = False
    stopped: str | None = None


class Trusted(msgspec.Struct, frozen=True, tag="trusted"):
    """Whether this SQLite can be trusted with what people type; if not, why."""

    why_not: str | None


class Made(msgspec.Struct, frozen=True, tag="made"):
    """The table is there."""


class Delivered(msgspec.Struct, frozen=True, tag="delivered"):
    """Events were delivered: the positions (after, before) if the checkpoint moved, what befell events, who crashed.

    ``out_of_order`` says that an event was not taken, because it is not the next one: (where it stands, what came).
    ``given_up`` says that it took too long, and that nothing of it is kept.
    """

    moved: tuple[int, int] | None
    incidents: tuple[Incident, ...]
    crashed: bool
    work: int = 0
    out_of_order: tuple[int, int] | None = None
    given_up: bool = False


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Nothing was changed, and why. A ``code`` is SQLite's, and says that it was the store's trouble."""

    reason: str
    code: int = 0

    @property
    def error(self) -> sqlite3.OperationalError:
        """The error that the worker met, as it would have been met here."""
        error = sqlite3.OperationalError(self.reason)
        error.sqlite_errorcode = self.code
        return error


def trouble(error: sqlite3.DatabaseError) -> Refused:
    """Return what to answer where the store itself is in trouble."""
    return Refused(str(error), getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR))


Request = Read | Patch | Steps | Check | Rehearse | Make | Deliver | Sing
Reply = Ready | Answer | Patched | Stepped | Checked | Rehearsed | Made | Delivered | Trusted | Refused

_encoder = msgspec.msgpack.Encoder()


def put(stream: BinaryIO, message: Request | Reply) -> None:
    """Write a message."""
    frame = _encoder.encode(message)
    stream.write(len(frame).to_bytes(4, "big") + frame)
    stream.flush()


def get(stream: BinaryIO, kind: Any) -> Any:
    """Read a message of a kind; None if the other side is gone, or does not say what it should."""
    size = int.from_bytes(head, "big") if len(head := stream.read(4)) == 4 else MAX_FRAME_BYTES + 1
    frame = stream.read(size) if size <= MAX_FRAME_BYTES else b""
    try:
        return msgspec.msgpack.decode(frame, type=kind) if len(frame) == size else None
    except msgspec.MsgspecError:
        return None
