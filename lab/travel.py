"""To be written."""

from lab.fault_actions import Travel
from lab.outcome import CannotDo, Done, Line
from lab.stores import Stores


def travel(stores: Stores, action: Travel, line: Line) -> Done:
    """To be written."""
    raise CannotDo("not yet")
