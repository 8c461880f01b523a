"""What came of a trial: one entry for each thing that was tried, and the live rows that it was given to look at."""

from dataclasses import dataclass

from lab.trial_rows import Difference, Table
from lab.trial_words import TITLES


@dataclass(frozen=True, slots=True)
class Tried:
    """One thing that was tried: ``passed`` is None where it only informs, or could not be tried.

    ``name`` is one of ``lab.trial_words.TITLES``, ``said`` a sentence. Where rows differ, ``difference`` is the first
    of them, with the event that did it; ``at`` is the event at which it stopped.
    """

    name: str
    passed: bool | None
    said: str
    difference: Difference | None = None
    at: int | None = None

    @property
    def event(self) -> int | None:
        """The position of the event at which it failed, if it was one."""
        about = self.difference.event if self.difference else None
        return about.position if about else self.at

    @property
    def title(self) -> str:
        """What stands above the sentence."""
        return TITLES[self.name]


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying a read model: one entry for each thing that was tried, in order.

    ``events`` is how many it applied of the ``head`` that the log has, ``rows`` what it had then, ``work`` what one
    rebuild took in work units. ``digests`` are those of both rebuilds and of the rows that came event by event.
    ``untried`` are the types of event that it has a block for and the log has not; without ``ran``, no block ever ran.
    ``missed`` are the types that neither the file has a block for nor the log has.
    """

    model: str
    head: int
    events: int
    rows: int
    work: int
    digests: tuple[str, ...]
    tried: tuple[Tried, ...]
    untried: tuple[str, ...] = ()
    ran: bool = True
    missed: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Tell whether nothing that was tried has failed."""
        return all(entry.passed is not False for entry in self.tried)

    @property
    def text_good(self) -> bool:
        """Tell whether nothing has failed that the text answers for: live rows can be broken by what befell them."""
        return all(name == "live" for name in self.failed)

    @property
    def failed(self) -> tuple[str, ...]:
        """Name what has failed."""
        return tuple(entry.name for entry in self.tried if entry.passed is False)

    def __getitem__(self, name: str) -> Tried:
        return next(entry for entry in self.tried if entry.name == name)


@dataclass(frozen=True, slots=True)
class Live:
    """The rows of a read model as they stand in read.db, and the position of its checkpoint."""

    table: Table
    position: int
