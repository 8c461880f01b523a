"""To be written."""

from lab.actions import Model
from lab.outcome import CannotDo, Done, Line
from lab.stores import Stores


def beside(stores: Stores, action: Model, line: Line) -> Done:
    """To be written."""
    raise CannotDo("not yet")
