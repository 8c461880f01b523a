"""How a cell of a raw table looks; asked for every cell, so it is remembered."""

from datetime import date
from functools import cache

LONG = {"name", "customer_name", "items", "args", "reason", "email", "recorded_at"}
OF_PEOPLE = {"customer_name", "email", "args"}
TABLES_OF_PEOPLE = {"customers", "customer_card"}


def kind(table: str, column: str, value: object) -> str:
    """Return a cell's classes: numbers stand to the right, long texts give way, names of people can be hidden."""
    return _kind(table, column, isinstance(value, int | float))


@cache
def _kind(table: str, column: str, is_number: bool) -> str:
    person = column in OF_PEOPLE or (column == "name" and table in TABLES_OF_PEOPLE)
    classes = {"n": is_number or column == "from_event", "flex": column in LONG, "person": person, f"c-{column}": True}
    return " ".join(name for name, holds in classes.items() if holds)


def short_day(value: object) -> str:
    """Return a date as a page for customers says it, 2 Mar; what is no date stays as it is."""
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return f"{day.day} {day:%b}"
