"""The actions: what a line means. ``str(action)`` writes it back in its normal form."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from cqrs.commands import Command, PlaceOrder
from lab.composer import COMMANDS
from lab.fault_actions import FaultAction
from lab.lesson_actions import LessonAction
from lab.values import READERS, in_quotes, order_lines, quoted

Via = Literal["read", "write", "token", "wait"]
VIAS: tuple[Via, ...] = ("read", "write", "token", "wait")

ModelAct = Literal["add", "rebuild", "drop", "fill", "switch", "cancel", "forget"]


@dataclass(frozen=True, slots=True)
class Cmd:
    """A command to the write side. ``values`` are as typed, in the order of the command's fields."""

    name: str
    values: tuple[tuple[str, str], ...]
    command_id: str | None = None
    expect: int | None = None

    def numbered(self, n: int, next_order: Callable[[], str]) -> "Cmd":
        """Fill in the ids that were not given: the command's from the number of the journal's line, and an order's."""
        values = self.values
        if self.name == "place_order" and "order" not in dict(values):
            values = (*values, ("order", next_order()))
        return replace(self, values=values, command_id=self.command_id or f"cmd-{n}")

    def command(self) -> Command:
        """Make the command; its fields were checked when the line was read."""
        given = dict(self.values)
        if self.name == "place_order":
            lines = given.get("lines") or f"{given['product']}:{given['qty']}"
            return PlaceOrder(given["order"], given["customer"], order_lines(lines, "lines"))
        spec = COMMANDS[self.name]
        return spec.make(*(READERS[field.kind](given[field.name], field.name) for field in spec.fields))

    def __str__(self) -> str:
        parts = ["cmd", self.name, *(f"{name}={quoted(value)}" for name, value in self.values)]
        if self.command_id is not None:
            parts.append(f"id={self.command_id}")
        if self.expect is not None:
            parts.append(f"expect={self.expect}")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Model:
    """Add, rebuild or drop a read model; or rebuild it beside, and fill, switch, cancel or drop what stands there.

    One of one's own can be forgotten too.
    """

    act: ModelAct
    name: str
    from_end: bool = False
    beside: bool = False
    old: bool = False
    events: int | None = None

    def __str__(self) -> str:
        said = f"model {self.act} {self.name}"
        said += f" {self.events}" if self.events is not None else ""
        return (
            said
            + (" from=end" if self.from_end else "")
            + (" beside=yes" if self.beside else "")
            + (" old=yes" if self.old else "")
        )


@dataclass(frozen=True, slots=True)
class ModelWrite:
    """Add a read model of one's own by the text of its file; or edit one, which rebuilds it beside."""

    name: str
    text: str

    def __str__(self) -> str:
        return f"model write {self.name} {in_quotes(self.text)}"


@dataclass(frozen=True, slots=True)
class Step:
    """Apply the next events to a read model, or to all."""

    model: str
    events: int = 1

    def __str__(self) -> str:
        return f"step {self.model}" + (f" {self.events}" if self.events != 1 else "")


@dataclass(frozen=True, slots=True)
class Run:
    """Apply what is pending, up to the head or up to a position; without a name, to all that are not paused."""

    model: str = "all"
    to: int | None = None

    def __str__(self) -> str:
        return "run" + (f" {self.model}" if self.model != "all" else "") + (f" to={self.to}" if self.to else "")


@dataclass(frozen=True, slots=True)
class Pause:
    """Let a projection sleep, or all."""

    model: str

    def __str__(self) -> str:
        return f"pause {self.model}"


@dataclass(frozen=True, slots=True)
class Resume:
    """Let a projection run again, or all."""

    model: str

    def __str__(self) -> str:
        return f"resume {self.model}"


@dataclass(frozen=True, slots=True)
class Wait:
    """Let milliseconds go by."""

    milliseconds: int

    def __str__(self) -> str:
        return f"wait {self.milliseconds}"


@dataclass(frozen=True, slots=True)
class Query:
    """Read a read model, as fresh as ``via`` says."""

    model: str
    key: str | None = None
    via: Via = "read"

    def __str__(self) -> str:
        key = f" {quoted(self.key)}" if self.key is not None else ""
        return f"query {self.model}{key}" + (f" via={self.via}" if self.via != "read" else "")


@dataclass(frozen=True, slots=True)
class Sql:
    """Ask one of the stores in SQL."""

    store: Literal["read", "write"]
    sql: str

    def __str__(self) -> str:
        return f"sql {self.store} {in_quotes(self.sql)}"


@dataclass(frozen=True, slots=True)
class TryOut:
    """Try whether a read model of one's own is steady, and whether its rows are what a rebuild would give."""

    model: str

    def __str__(self) -> str:
        return f"trial {self.model}"


@dataclass(frozen=True, slots=True)
class Bulk:
    """One restock and many orders at once: of one customer, or of all in turn."""

    orders: int
    customer: str | None = None

    def __str__(self) -> str:
        return f"bulk {self.orders}" + (f" customer={self.customer}" if self.customer else "")


@dataclass(frozen=True, slots=True)
class Set:
    """Set the projector's injected delay (seconds) or its batch (events); the delay also for one read model alone."""

    delay: float | None = None
    batch: int | None = None
    model: str | None = None

    def __str__(self) -> str:
        said = "set" + (f" {self.model}" if self.model else "")
        said += f" delay={self.delay:g}" if self.delay is not None else ""
        return said + (f" batch={self.batch}" if self.batch is not None else "")


@dataclass(frozen=True, slots=True)
class Traffic:
    """Let shoppers send so many commands a second; 0 is none."""

    per_second: int

    def __str__(self) -> str:
        return f"traffic {self.per_second or 'off'}"


@dataclass(frozen=True, slots=True)
class Undo:
    """Drop the learner's last line and all that came after it."""

    def __str__(self) -> str:
        return "undo"


@dataclass(frozen=True, slots=True)
class Reset:
    """Begin again from the fixture."""

    def __str__(self) -> str:
        return "reset"


ShopAction = (
    Cmd
    | Model
    | ModelWrite
    | Step
    | Run
    | Pause
    | Resume
    | Wait
    | Query
    | Sql
    | TryOut
    | Bulk
    | Set
    | Traffic
    | Undo
    | Reset
)
Action = ShopAction | FaultAction | LessonAction
