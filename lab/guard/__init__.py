"""The guard: SQL that a person wrote runs in a worker process, held to a policy, and is ended when it overruns.

``values`` serves checks: one SELECT each, one value. ``read`` gives rows. ``patch`` changes rows of a read model.
"""

import atexit
import os
from collections.abc import Sequence
from pathlib import Path

from lab.guard.keeper import Keeper
from lab.guard.messages import Answer, Patched, Refused

__all__ = ["Answer", "Patched", "Refused", "close", "patch", "read", "values"]

_keepers: dict[int, Keeper] = {}


def values(files: dict[str, Path], statements: Sequence[str]) -> list[Answer]:
    """Ask statements for one value each, over files that are opened read-only, by schema name, in one round trip."""
    return _keeper().values(files, statements)


def read(files: dict[str, Path], statements: Sequence[str]) -> list[Answer]:
    """Ask statements for their rows, over files that are opened read-only, by schema name, in one round trip."""
    return _keeper().read(files, statements)


def patch(read_db: Path, sql: str, line: int, pages: int) -> Patched | Refused:
    """Change rows of the read models in read.db by one statement, once for a line of the journal.

    ``pages`` is how large read.db may become.
    """
    return _keeper().patch(read_db, sql, line, pages)


def close() -> None:
    """End the workers of this process; the next request starts others."""
    if (keeper := _keepers.pop(os.getpid(), None)) is not None:
        keeper.close()


def _keeper() -> Keeper:
    # A forked child must not talk to its parent's workers.
    return _keepers.setdefault(os.getpid(), Keeper())


atexit.register(close)
