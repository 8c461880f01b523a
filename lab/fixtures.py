"""Fixtures: the shops that sandboxes and scratch copies begin with, each a file in lessons/fixtures.

It holds commands with an id, and orders as an older program took them: poison lines that leave nothing out.
"""

import re
from pathlib import Path

from cqrs.write.handlers import handle
from cqrs.write.store import WriteStore
from lab.actions import Action, Cmd
from lab.clock import Clock, from_iso, iso
from lab.fault_actions import Poison
from lab.language import parse
from lab.legacy import ImportOrder, import_order
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
            _do(write, parse(line), iso(clock.now()))
            clock.pass_time(1)


def _do(write: WriteStore, action: Action, now: str) -> None:
    match action:
        case Cmd(command_id=str(command_id)):
            handle(write, action.command(), command_id=command_id, now=now)
        case Poison(str(order), str(customer), str(product)):
            import_order(write, ImportOrder(order, customer, product), f"legacy-{order}", now)
        case _:
            raise BadLine(f"a fixture holds commands with an id and complete poison lines, not {action}")


def _path(fixture: str) -> Path:
    return FOLDER / f"{fixture}.txt"


def _lines(fixture: str) -> list[str]:
    return _path(fixture).read_text(encoding="utf-8").splitlines()
