"""The projections that Lagoon brings: the built-in ones, and later versions of some that can be deployed."""

from pathlib import Path

from cqrs.read.projection import Projection, built_in, parse

BUILT_IN = built_in()

LATER = {
    (name, int(version)): parse(name, path.read_text(encoding="utf-8"))
    for path in sorted(Path(__file__).with_name("handlers").glob("*.sql"))
    for name, version in [path.stem.split(".")]
}
"""Later versions, by name and version: lab/handlers/<name>.<version>.sql. Version 1 is built in."""


def versions_of(name: str) -> list[int]:
    """Return the versions that can be deployed of a projection."""
    return [1, *(version for model, version in LATER if model == name)]


def in_version(name: str, version: int) -> Projection | None:
    """Return a projection in one of its versions; None if Lagoon brings none of that name."""
    return LATER[name, version] if version > 1 else BUILT_IN.get(name)
