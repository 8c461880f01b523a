"""How a cell of a raw table looks; asked for every cell, so it is remembered."""

from datetime import date
from functools import cache

LONG = {"name", "customer_name", "items", "args", "reason", "email", "recorded_at"}

OF_PEOPLE = {"customer_name", "email", "args", "payload", "holds"}
OF_THINGS = {"products", "order_lines", "commands", "product_card", "product_search"}
"""The tables whose ``name`` is nobody's. In any other, such as one that a learner made, it may be somebody's."""


def kind(table: str, column: str, value: object) -> str:
    """Return a cell's classes: numbers stand to the right, long texts give way, names of people can be hidden."""
    return _kind(table, column, isinstance(value, int | float))


@cache
def _kind(table: str, column: str, is_number: bool) -> str:
    classes = {
        "n": is_number or column == "from_event",
        "flex": column in LONG,
        "person": may_name_somebody(column, table),
        f"c-{column}": True,
    }
    return " ".join(name for name, holds in classes.items() if holds)


def may_name_somebody(column: str, table: str = "") -> bool:
    """Tell whether a column of a table, or of nobody knows which, may name somebody: presenter view hides that."""
    return column in OF_PEOPLE or (column == "name" and table not in OF_THINGS and table[:1] != "_")


def short_day(value: object) -> str:
    """Return a date as a page for customers says it, 2 Mar; what is no date stays as it is."""
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return f"{day.day} {day:%b}"
