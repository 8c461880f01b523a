"""The actions that break things, and those that look at what broke. ``str(action)`` writes the line back."""

from dataclasses import dataclass
from typing import Literal

from lab import limits

Dedupe = Literal["position", "on", "off"]
Poisoned = Literal["halt", "skip", "park"]


@dataclass(frozen=True, slots=True)
class Mode:
    """Choose how a projection protects itself, or all of them; None leaves a choice as it is."""

    model: str
    dedupe: Dedupe | None = None
    atomic: Literal["on", "off"] | None = None
    poison: Poisoned | None = None

    def __str__(self) -> str:
        chosen = {"dedupe": self.dedupe, "atomic": self.atomic, "poison": self.poison}
        return f"mode {self.model}" + "".join(f" {name}={value}" for name, value in chosen.items() if value)


@dataclass(frozen=True, slots=True)
class Crash:
    """Let the projector die the next time that it comes to a point with this read model; 'off' lets it live."""

    model: str
    point: str

    def __str__(self) -> str:
        return f"crash {self.model} {self.point}"


@dataclass(frozen=True, slots=True)
class Redeliver:
    """Deliver one event once more."""

    model: str
    position: int

    def __str__(self) -> str:
        return f"redeliver {self.model} {self.position}"


@dataclass(frozen=True, slots=True)
class Reorder:
    """Deliver the next event so many events too late (simulated: one SQLite writer cannot cause it)."""

    model: str
    by: int = 1

    def __str__(self) -> str:
        return f"reorder {self.model}" + (f" {self.by}" if self.by != 1 else "")


@dataclass(frozen=True, slots=True)
class Retry:
    """Apply the parked events of a read model again, in order: all, or those up to one position's stream."""

    model: str
    position: int | None = None

    def __str__(self) -> str:
        return f"retry {self.model}" + (f" {self.position}" if self.position else "")


@dataclass(frozen=True, slots=True)
class Handler:
    """Deploy a version of a projection's statements."""

    model: str
    version: int

    def __str__(self) -> str:
        return f"handler {self.model} v={self.version}"


@dataclass(frozen=True, slots=True)
class Dual:
    """Let the command handler write a copy into read.db as well; with a crash, the next order dies in between."""

    on: bool
    crash: bool = False

    def __str__(self) -> str:
        return f"dual {'on' if self.on else 'off'}" + (" crash=yes" if self.crash else "")


@dataclass(frozen=True, slots=True)
class Poison:
    """Record an order as an older program wrote it: its event lacks the quantity."""

    order: str | None = None
    customer: str | None = None
    product: str | None = None

    def __str__(self) -> str:
        given = {"order": self.order, "customer": self.customer, "product": self.product}
        return "poison" + "".join(f" {name}={value}" for name, value in given.items() if value)


@dataclass(frozen=True, slots=True)
class Oracle:
    """Compare read models with the write tables, and name what drifted."""

    model: str = "all"

    def __str__(self) -> str:
        return "oracle" + (f" {self.model}" if self.model != "all" else "")


@dataclass(frozen=True, slots=True)
class Strategies:
    """Run one script of shoppers under every reading strategy."""

    seed: int = 7
    shoppers: int = 40
    timeout: float = limits.MAX_WAIT_SECONDS
    late: Literal["give_up", "stale"] = "give_up"

    def __str__(self) -> str:
        return f"strategies seed={self.seed} shoppers={self.shoppers} timeout={self.timeout:g} late={self.late}"


@dataclass(frozen=True, slots=True)
class Race:
    """Two shoppers, one rug: begin in one of two ways, with some steps or none, or let one of the two take a step."""

    step: Literal["read_then_write", "guarded", "ada", "ben"]
    steps: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"race {self.step}" + (f" steps={','.join(self.steps)}" if self.steps else "")


@dataclass(frozen=True, slots=True)
class Travel:
    """Look at both stores as of an event, and at what changed since another."""

    position: int
    since: int | None = None

    def __str__(self) -> str:
        return f"travel {self.position}" + (f" since={self.since}" if self.since is not None else "")


FaultAction = Mode | Crash | Redeliver | Reorder | Retry | Handler | Dual | Poison | Oracle | Strategies | Race | Travel
