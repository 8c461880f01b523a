"""What doing an action comes to: how it ended, what was measured on the way, and what broke."""

from typing import Any, NamedTuple

Applied = tuple[str, int, int, int, int]
"""A batch that was applied: (projection, to_position, from_position, picked_up_at, applied_at)."""


class CannotDo(Exception):
    """An action fails; the message says why, and what would be right."""


class Incident(NamedTuple):
    """Something out of the ordinary that befell the events ``first`` to ``last`` on their way to a read model.

    ``what`` is 'crashed' (and ``kept`` tells whether the rows had been committed), 'again' (applied once more),
    'known' (delivered once more, and left out), 'early' or 'late' (applied out of order), 'skipped', 'parked',
    'held' (parked behind another of its stream), 'retried', 'stopped', 'split' (a dual write that died), or
    'edited' (no event: rows were changed by hand when the read model stood there).
    """

    projection: str
    what: str
    first: int
    last: int
    point: str | None = None
    kept: bool = False
    detail: str | None = None


class Done(NamedTuple):
    """How an action ended, and what was measured on the way.

    ``outcome`` is 'accepted' or 'refused' for a command; 'done' or 'failed' for the rest; 'stopped' if a
    projection stopped at an event, and 'crashed' if it died on the way: what was done before then stands.
    ``settings`` are changed in the transaction that records the outcome.
    """

    outcome: str = "done"
    reason: str | None = None
    position: int | None = None
    repeated: bool = False
    query: dict[str, Any] | None = None
    result: Any = None
    trace: tuple[tuple[int, int, int], ...] = ()
    applied: tuple[Applied, ...] = ()
    incidents: tuple[Incident, ...] = ()
    settings: dict[str, object] | None = None


class Line(NamedTuple):
    """The journal's line that is being carried out."""

    n: int
    at: int
    target: dict[str, int] | None
    waited: int = 0
    again: bool = False
