"""The house rules that no linter knows: who may import whom, and what stays out of cqrs. Read from the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
ROOMS = ("cqrs", "lab", "web")
"""From the inside out: a room may import itself and the rooms before it."""

FOREIGN_TO_CQRS = {"flask", "threading", "time", "datetime", "random"}


def modules(room: str) -> list[Path]:
    return sorted((HOUSE / room).rglob("*.py"))


def imports(module: Path) -> Iterator[str]:
    """The full name of everything that a module imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported(module: Path, *names: str) -> set[str]:
    """What a module imports of the packages or modules with these names."""
    return {full for full in imports(module) if any(f"{full}.".startswith(f"{name}.") for name in names)}


def offenders(among: list[Path], *names: str) -> dict[str, set[str]]:
    """The modules that import any of these, and what."""
    found = {str(module.relative_to(HOUSE)): imported(module, *names) for module in among}
    return {module: names for module, names in found.items() if names}


@pytest.mark.parametrize("room", ROOMS)
def test_imports_go_from_web_to_lab_to_cqrs_and_never_back(room: str) -> None:
    further_out = [*ROOMS[ROOMS.index(room) + 1 :], "app", "tests", "bench"]
    assert modules(room)
    assert not offenders(modules(room), *further_out)


@pytest.mark.parametrize(("side", "other"), [("write", "read"), ("read", "write")])
def test_the_write_side_and_the_read_side_do_not_know_each_other(side: str, other: str) -> None:
    assert modules(f"cqrs/{side}")
    assert not offenders(modules(f"cqrs/{side}"), f"cqrs.{other}", "cqrs.repository")


def test_only_the_repository_stands_over_both_sides() -> None:
    over_both = [
        module.name for module in modules("cqrs") if imported(module, "cqrs.write") and imported(module, "cqrs.read")
    ]
    assert over_both == ["repository.py"]


def test_commands_and_events_import_nothing_of_the_house() -> None:
    assert not offenders([HOUSE / "cqrs/commands.py", HOUSE / "cqrs/events.py"], *ROOMS)


def test_cqrs_has_no_clock_no_thread_no_chance_and_no_flask() -> None:
    assert not offenders(modules("cqrs"), *FOREIGN_TO_CQRS)


@pytest.mark.parametrize("room", [*ROOMS, "tests", "bench"])
def test_imports_are_absolute(room: str) -> None:
    relative = [
        f"{module.relative_to(HOUSE)}:{node.lineno}"
        for module in modules(room)
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not relative


def test_every_module_of_cqrs_can_be_read_at_a_sitting() -> None:
    lengths = {str(module.relative_to(HOUSE)): len(module.read_text().splitlines()) for module in modules("cqrs")}
    assert not {module: length for module, length in lengths.items() if length > 250}


def test_every_built_in_projection_has_a_truth_to_be_compared_with() -> None:
    projections = {path.name for path in (HOUSE / "cqrs/read/projections").glob("*.sql")}
    truths = {path.name for path in (HOUSE / "lab/truth").glob("*.sql")}
    assert projections
    assert projections <= truths
