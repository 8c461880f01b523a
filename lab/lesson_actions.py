"""The actions that lessons need beside the others: rows changed by hand, a page measured, an index made."""

from dataclasses import dataclass
from typing import Literal

from lab.values import in_quotes

Road = Literal["crud", "read_model"]


@dataclass(frozen=True, slots=True)
class Patch:
    """Change rows of a read model by hand, behind the projector's back."""

    sql: str

    def __str__(self) -> str:
        return f"patch {in_quotes(self.sql)}"


@dataclass(frozen=True, slots=True)
class Measure:
    """Ask for a customer's page, from the write tables or from the read model, and count the work."""

    road: Road
    customer: str | None = None

    def __str__(self) -> str:
        return f"measure {self.road}" + (f" {self.customer}" if self.customer else "")


@dataclass(frozen=True, slots=True)
class Index:
    """Make the indexes in the write store that help a customer's page."""

    def __str__(self) -> str:
        return "index"


LessonAction = Patch | Measure | Index
