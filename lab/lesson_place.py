"""Where in a TOML file something stands: msgspec names a place by its path, a person wants the line."""

import re
from collections.abc import Iterator

_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.\-]+)\s*\]\]?\s*(#.*)?$")
_PATH = re.compile(r"at `\$((?:\.[\w\-]+|\[\d+\]|\[\.\.\.\])*)`")


def line_of(text: str, told: str) -> int:
    """Return the line that an error of msgspec is about: the key that it names, or the table that it names."""
    path = _steps(told)
    field = match[1] if (match := re.search(r"unknown field `([\w\-]+)`", told)) else None
    wanted = [*path, field] if field else path
    region = _longest(text, path)
    keys = [step for step in wanted if isinstance(step, str)]
    nth = next((step for step in reversed(path) if isinstance(step, int)), 0)
    for key in reversed(keys[-2:]):
        found = [number for number, line in region if re.search(rf'(^\s*|[{{,]\s*)"?{re.escape(key)}"?\s*=', line)]
        if found:
            return found[min(nth, len(found) - 1) if key == field is None else 0]
    return region[0][0] if region else 1


def _steps(told: str) -> list[str | int]:
    match = _PATH.search(told)
    parts = re.findall(r"\.([\w\-]+)|\[(\d+)\]", match[1]) if match else []
    return [name or int(number) for name, number in parts]


def _longest(text: str, path: list[str | int]) -> list[tuple[int, str]]:
    """Return the lines of the innermost table that lies on a path, with their numbers."""
    best: tuple[str | int, ...] = ()
    regions: dict[tuple[str | int, ...], list[tuple[int, str]]] = {}
    for table, number, line in _lines(text):
        regions.setdefault(table, []).append((number, line))
        if len(table) > len(best) and list(table) == path[: len(table)]:
            best = table
    return regions.get(best, [])


def _lines(text: str) -> Iterator[tuple[tuple[str | int, ...], int, str]]:
    """Yield each line that holds no prose, with its number and the table that it belongs to."""
    table: tuple[str | int, ...] = ()
    counts: dict[str, int] = {}
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        was_inside, inside = inside, inside ^ (line.count('"""') % 2 == 1)
        if was_inside:
            continue
        if header := _HEADER.match(line):
            if header[1] == "[[":
                counts[header[2]] = counts.get(header[2], -1) + 1
            table = _with_numbers(header[2], counts)
        yield table, number, line


def _with_numbers(name: str, counts: dict[str, int]) -> tuple[str | int, ...]:
    """Write the name of a table as a path: step.predict of the second step is ("step", 1, "predict")."""
    path: list[str | int] = []
    parts = name.split(".")
    for index, part in enumerate(parts):
        path.append(part)
        whole = ".".join(parts[: index + 1])
        if whole in counts:
            path.append(counts[whole])
    return tuple(path)
