"""Keys: the values that name a row of a read model, and the rows that an event speaks of."""

import json
from typing import Any

from cqrs.events import RecordedEvent

Key = tuple[Any, ...]


def key_of(row: dict[str, Any], key: tuple[str, ...]) -> Key:
    """Return the values that name a row."""
    return tuple(row[column] for column in key)


def text_of(key: Key) -> str:
    """Write a key as one word, as it stands in an address."""
    return ",".join(map(str, key))


def keys_of(event: RecordedEvent, key: tuple[str, ...]) -> list[Key]:
    """Return the keys of the rows that an event speaks of, as far as its fields name them."""
    told = json.loads(event.payload)
    told["day"] = told.get("placed_on")
    by_line = "product_id" in key and "lines" in told
    facts = [told | line for line in told["lines"]] if by_line else [told]
    return [key_of(fact, key) for fact in facts if all(_is_name(fact.get(column, {})) for column in key)]


def _is_name(value: Any) -> bool:
    """Tell whether a field can name a row: a list of lines cannot."""
    return not isinstance(value, list | dict)
