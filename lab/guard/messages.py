"""What is said between the server and a guard's worker, and how it is written: MessagePack behind its length.

MessagePack and not JSON, because a cell may hold bytes or an infinite number.
"""

from typing import Any, BinaryIO, Literal

import msgspec

MAX_FRAME_BYTES = 4_000_000


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """A worker has started."""


class Read(msgspec.Struct, frozen=True, tag="read"):
    """Ask each statement over the same files, opened read-only: the schema name of each, or ``main``."""

    files: dict[str, str]
    statements: tuple[str, ...]
    rows: int


class Patch(msgspec.Struct, frozen=True, tag="patch"):
    """Change rows of read.db by one statement, once for this line; without ``run``, only tell whether it happened."""

    file: str
    sql: str
    line: int
    pages: int
    run: bool = True


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """What one statement came to: rows, or why there are none; and its work in units of ten machine steps.

    ``kind`` is 'rows', 'error', 'limit' (too big or too much) or 'late'. Rows that were cut off say so.
    """

    kind: Literal["rows", "error", "limit", "late"]
    error: str | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    cut: bool = False
    work: int = 0

    @property
    def value(self) -> Any:
        """The first value of the first row; None if there is none."""
        return self.rows[0][0] if self.rows else None


class Patched(msgspec.Struct, frozen=True, tag="patched"):
    """Rows were changed, in these tables."""

    changed: int
    tables: tuple[str, ...]


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Nothing was changed, and why. A ``code`` is SQLite's, and says that it was the store's trouble."""

    reason: str
    code: int = 0


Request = Read | Patch
Reply = Ready | Answer | Patched | Refused

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
