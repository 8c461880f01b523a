"""To be written."""

from lab.fault_actions import Strategies
from lab.outcome import CannotDo, Done, Line
from lab.stores import Stores


def strategies(stores: Stores, action: Strategies, line: Line) -> Done:
    """To be written."""
    raise CannotDo("not yet")
