"""Show me the code: the very lines that run, and the shape of both stores."""

import inspect
import re
from pathlib import Path
from typing import Any

from cqrs.read import projector
from cqrs.write import handlers
from lab import shoppers
from lab.composer import COMMANDS
from lab.own import is_own
from lab.race_stage import WAYS
from lab.sandbox import Sandbox

ROOT = Path(__file__).parent.parent


def code_of_command(name: str) -> dict[str, Any] | None:
    """Return the source of a command's handler, and of the door that all commands go through."""
    if name not in COMMANDS:
        return None
    handler = getattr(handlers, name)
    return _source(
        name,
        "command",
        Path(handlers.__file__),
        inspect.getsource(handler),
        inspect.getsource(handlers.handle),
    )


def code_of_projection(sandbox: Sandbox, name: str) -> dict[str, Any] | None:
    """Return the file of a projection."""
    projection = sandbox.projections.get(name)
    if projection is None:
        return None
    if is_own(projection):
        found = _source(name, "own", Path(f"{name}.sql"), projection.source)
        return {**found, "stopped": sandbox.stores.checkpoints()[name].status == "stopped"}
    version = sandbox.stores.settings.versions().get(name, 1)
    path = f"lab/handlers/{name}.{version}.sql" if version > 1 else f"cqrs/read/projections/{name}.sql"
    return _source(name, "projection", ROOT / path, projection.source)


def code_of_way(name: str) -> dict[str, Any]:
    """Return the source of one of the two ways to sell the last rug."""
    return _source(name, "way", Path(shoppers.__file__), inspect.getsource(WAYS[name]))


def code_of_projector() -> dict[str, Any]:
    """Return the source of the projector."""
    path = Path(projector.__file__)
    return _source("projector", "projector", path, path.read_text(encoding="utf-8"))


def _source(name: str, kind: str, path: Path, *parts: str) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "path": (path.relative_to(ROOT) if path.is_absolute() else path).as_posix(),
        "parts": [[(_is_comment(line), line) for line in part.rstrip().splitlines()] for part in parts],
    }


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith(("--", "#"))


def schema(sandbox: Sandbox, store: str) -> dict[str, Any] | None:
    """Return the CREATE statements of a store, tables first; None if there is no such store."""
    connection = {"write": sandbox.write.connection, "read": sandbox.reader}.get(store)
    if connection is None:
        return None
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type <> 'table', rowid"
    ).fetchall()
    virtual = [name for name, sql in rows if sql.upper().startswith("CREATE VIRTUAL")]
    shadow = re.compile("|".join(f"{re.escape(name)}_" for name in virtual) or r"(?!)")
    return {"store": store, "statements": [(name, sql) for name, sql in rows if not shadow.match(name)]}
