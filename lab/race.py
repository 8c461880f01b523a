"""To be written."""

from lab.fault_actions import Race
from lab.outcome import CannotDo, Done, Line
from lab.stores import Stores


def race(stores: Stores, action: Race, line: Line) -> Done:
    """To be written."""
    raise CannotDo("not yet")
