"""Every fault at every named point: with safe guards all comes right in the end, without them as foreseen."""

import pytest

from cqrs.read.projector import POINTS
from tests.lab.faults_damage import ROWS, Row, mistaken
from tests.lab.faults_matrix import FAULTS, WAYS, Cell, failures


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", FAULTS)
def test_with_safe_guards_the_read_models_converge_to_the_oracle(fault: str, way: str) -> None:
    assert [problem for point in POINTS for problem in failures(Cell(fault, point, way), seeds=1)] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.fault}, {row.guards}, {row.model}")
def test_without_a_guard_exactly_the_damage_is_seen_that_was_foreseen(row: Row) -> None:
    assert mistaken(row, seeds=1) == []


def test_every_guard_that_can_be_taken_off_is_taken_off() -> None:
    guards = {guard for row in ROWS for guard in row.guards.split()}
    assert guards >= {"dedupe=off", "dedupe=on", "dedupe=position", "atomic=off", "poison=skip", "poison=park"}
    assert {row.fault for row in ROWS} == set(FAULTS)
