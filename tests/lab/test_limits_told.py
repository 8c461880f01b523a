"""Every limit has words, and its value is written as a person would."""

import pytest

from lab import limits
from lab.guard import policy
from lab.limits_told import groups, named, shown


def test_no_limit_is_without_words_and_no_words_without_a_limit() -> None:
    told = [limit.name for group in groups() for limit in group.limits]
    assert sorted(told) == sorted(named())
    assert {"MAX_EVENTS", "DEADLINE_SECONDS", "SQLITE_LIMIT_LENGTH", "BUSY_SECONDS"} <= set(told)


def test_a_new_limit_is_asked_for_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PATIENCE", 3, raising=False)
    monkeypatch.setitem(policy.LIMITS, 7, 0)
    assert set(named()) - {limit.name for group in groups() for limit in group.limits} >= {
        "MAX_PATIENCE",
        "SQLITE_LIMIT_ATTACHED",
    }


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("MAX_A_PER_SECOND", 50, "50 a second"),
        ("A_SECONDS", 0.25, "250 ms"),
        ("A_SECONDS", 2.0, "2 s"),
        ("A_SECONDS", 600.0, "10 min"),
        ("A_SECONDS", 30 * limits.DAY, "30 days"),
        ("A_BYTES", 4_096, "4,096 bytes"),
        ("A_BYTES", 64_000, "64 kB"),
        ("A_BYTES", 6_000_000, "6 MB"),
        ("A_ROWS", 1_000, "1,000"),
    ],
)
def test_a_value_is_written_with_its_unit(name: str, value: float, told: str) -> None:
    assert shown(name, value) == told
