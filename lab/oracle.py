"""To be written."""

from lab.fault_actions import Oracle
from lab.outcome import CannotDo, Done, Line
from lab.stores import Stores


def oracle(stores: Stores, action: Oracle, line: Line) -> Done:
    """To be written."""
    raise CannotDo("not yet")
