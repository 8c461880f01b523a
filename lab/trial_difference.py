"""A row that differs, in words: what it is called, what it says, what it should say, and the event that did it."""

from typing import Any

from lab.keys import text_of
from lab.trial_rows import Difference

WRITE_STORE = "the write store says"
REBUILD = "a rebuild says"
BUILT_IN_SAYS = "the write store, by what the built-in {} calls so, says"

SHOWN_CHARS = 60


def in_words(wrong: Difference, who: str) -> str:
    """Say what differs, and the event that did it."""
    return " ".join([_what(wrong, who), *_which_event(wrong)])


def _what(wrong: Difference, who: str) -> str:
    label = label_of(wrong)
    if wrong.says is None:
        return f"{label} is missing."
    if wrong.should is None:
        return f"{label} should not be there."
    if wrong.times > 1:
        return f"{label} is there {wrong.times} times."
    column = wrong.wrong or wrong.columns[0]
    number = wrong.columns.index(column)
    says, should = wrong.says[number], wrong.should[number]
    said, right = shown(says), shown(should)
    if said == right or str(says) == str(should):
        said, right = f"{said} ({kind_of(says)})", f"{right} ({kind_of(should)})"
    return f"{label}: {column} is {said}, {who} {right}."


def _which_event(wrong: Difference) -> list[str]:
    about = wrong.event
    if about is None:
        return []
    came = f"event #{about.position} {about.type}"
    if about.exact:
        nothing = "" if about.handled else ", for which the file has no block"
        return [f"It was right until {came} came{nothing}."]
    nothing = "" if about.handled else "; the file has no block for it"
    return [f"The last event about it: {came.removeprefix('event ')}{nothing}."]


def label_of(wrong: Difference) -> str:
    """Name a row as a person would: by a name that it has, and by its key."""
    row = wrong.should or wrong.says or ()
    key = text_of(tuple(shown(value) for value in wrong.key))
    wanted = {"name", *(f"{column.removesuffix('_id')}_name" for column in wrong.named)} - set(wrong.named)
    names = [value for column, value in zip(wrong.columns, row, strict=True) if column in wanted]
    return f"{shown(names[0])} ({key})" if names and isinstance(names[0], str) else key


def shown(value: Any) -> str:
    """Write a value as it stands in its column."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return value if len(value) <= SHOWN_CHARS else f"{value[:SHOWN_CHARS]}…"
    if isinstance(value, bytes):
        return f"x'{value[:SHOWN_CHARS].hex()}'"
    return repr(value)


KINDS = {int: "an integer", float: "a real number", str: "a text", bytes: "a blob"}


def kind_of(value: Any) -> str:
    """Say of which type a value is, where it cannot be seen."""
    return KINDS.get(type(value), "NULL")
