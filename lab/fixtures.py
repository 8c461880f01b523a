"""Fixtures: the shops that sandboxes and scratch copies begin with, each a file of commands in lessons/fixtures."""

import re
from pathlib import Path

from cqrs.write.handlers import handle
from cqrs.write.store import WriteStore
from lab.actions import Cmd
from lab.clock import Clock, from_iso, iso
from lab.language import parse
from lab.values import BadLine

FOLDER = Path(__file__).parent.parent / "lessons" / "fixtures"

_OPENED_AT = re.compile(r"# at (\S+)$")


def exists(fixture: str) -> bool:
    """Tell whether there is a fixture of that name."""
    return fixture.isidentifier() and _path(fixture).is_file()


def start_of(fixture: str) -> int:
    """Return the clock reading at which a fixture's shop opens."""
    for line in _lines(fixture):
        if opened := _OPENED_AT.match(line):
            return from_iso(opened[1])
    raise ValueError(f"the fixture {fixture} has no line '# at <time>'")


def open_shop(write: WriteStore, clock: Clock, fixture: str) -> None:
    """Fill a write store as the fixture says, a millisecond a line."""
    for line in _lines(fixture):
        if line and not line.startswith("#"):
            action = parse(line)
            if not isinstance(action, Cmd) or action.command_id is None:
                raise BadLine(f"a fixture holds commands with an id, not {line}")
            handle(write, action.command(), command_id=action.command_id, now=iso(clock.now()))
            clock.pass_time(1)


def _path(fixture: str) -> Path:
    return FOLDER / f"{fixture}.txt"


def _lines(fixture: str) -> list[str]:
    return _path(fixture).read_text(encoding="utf-8").splitlines()
