"""Two shoppers, one rug: every order in which their steps can come, in both ways, on real connections."""

from collections.abc import Iterator
from itertools import permutations, product
from typing import Any

import pytest

from lab.actions import Action
from lab.fault_actions import Race
from lab.language import parse
from lab.sandbox import Sandbox
from lab.values import BadLine
from tests.lab.sandboxes import replayed

BOTH = ("ada", "ben")
LONGEST = 6


def orders() -> list[tuple[str, ...]]:
    """Every way to shuffle three steps of one with three of the other."""
    return sorted(set(permutations(BOTH * 3)))


def began(way: str, steps: tuple[str, ...]) -> str:
    return f"race {way} steps={','.join(steps)}"


def finished(sandbox: Sandbox, way: str) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every run that comes to an end: of all sequences of steps, those whose every step can be taken."""
    for length in range(1, LONGEST + 1):
        for steps in product(BOTH, repeat=length):
            answer = sandbox.act(began(way, steps))
            if answer.outcome == "done" and answer.result["verdict"]["over"]:
                yield steps, answer.result


def when(steps: tuple[str, ...], who: str, count: int) -> int:
    """At which moment somebody takes their first, second, third step."""
    return [moment for moment, taker in enumerate(steps) if taker == who][count - 1]


def test_the_naive_way_oversells_exactly_when_both_looked_before_the_first_wrote(sandbox: Sandbox) -> None:
    """Whoever looks after the other wrote sees no rug, and is told so; the third step is then not there to take."""
    seen = set()
    for steps, result in finished(sandbox, "read_then_write"):
        looked = [when(steps, who, 1) for who in BOTH]
        wrote = min(when(steps, who, 3) for who in BOTH if steps.count(who) == 3)
        both_looked_first = max(looked) < wrote
        verdict = result["verdict"]
        assert verdict["oversold"] == (1 if both_looked_first else 0), steps
        assert verdict["accepted"] == (2 if both_looked_first else 1), steps
        assert verdict["stock"] == 0
        seen.add(steps)
    full = {steps for steps in orders() if steps in seen}
    assert len(full) == 18, "of the 20 shuffles, in two somebody has no third step: they looked too late"
    assert {("ada",) * 3 + ("ben",) * 2, ("ben",) * 3 + ("ada",) * 2} == seen - full


def test_the_guarded_way_sells_the_rug_once_in_every_order(sandbox: Sandbox) -> None:
    waited = 0
    runs = list(finished(sandbox, "guarded"))
    for steps, result in runs:
        verdict, rows = result["verdict"], result["rows"]
        assert (verdict["accepted"], verdict["oversold"], verdict["stock"]) == (1, 0, 0), steps
        assert sorted(row["then"] for row in rows if row["then"] in ("yes", "no")) == ["no", "yes"]
        (refused,) = (row["said"] for row in rows if row["then"] == "no")
        assert refused == "refused: out of stock: the order asks for 1 rug, there are 0"
        first_to_write = min(BOTH, key=lambda who: when(steps, who, 2))
        (winner,) = verdict["orders"]
        assert winner["order"] == f"{first_to_write}-1"
        waited += any(row["then"] == "waits" for row in rows)
    assert 0 < waited < len(runs)


def test_who_comes_while_the_lock_is_held_gets_the_error_of_sqlite_and_is_let_in_after_the_commit(
    sandbox: Sandbox,
) -> None:
    rows = sandbox.act(began("guarded", ("ada", "ben", "ada", "ben", "ada"))).result["rows"]
    assert [(row["who"], row["then"], row["lock"]) for row in rows] == [
        ("ada", "on", None),
        ("ben", "on", None),
        ("ada", "on", "ada"),
        ("ben", "waits", "ada"),
        ("ada", "yes", "ada"),
        ("ben", "no", "ben"),
    ]
    assert "database is locked" in rows[3]["said"]
    assert rows[3]["sql"] == ["BEGIN IMMEDIATE"]
    assert rows[4]["sql"] == ["COMMIT"]
    assert rows[5]["again"]


def test_one_who_waits_or_has_an_answer_cannot_take_a_step(sandbox: Sandbox) -> None:
    sandbox.act(began("guarded", ("ada", "ben", "ada", "ben")))
    waits = sandbox.act("race ben")
    assert (waits.outcome, waits.reason) == ("failed", "Ben waits for the lock; it is Ada's turn: race ada")
    sandbox.act("race ada")
    answered = sandbox.act("race ada")
    assert (answered.outcome, answered.reason) == (
        "failed",
        "Ada has an answer already; to begin again: race guarded",
    )


def test_a_race_that_ends_in_an_open_transaction_leaves_nothing_of_it(sandbox: Sandbox) -> None:
    result = sandbox.act(began("guarded", ("ada", "ada"))).result
    assert (result["rows"][-1]["lock"], result["next"]["ada"]) == ("ada", "commit")
    assert (result["verdict"]["accepted"], result["verdict"]["stock"]) == (0, 1)


def test_the_statements_shown_are_those_that_ran(sandbox: Sandbox) -> None:
    naive = sandbox.act(began("read_then_write", ("ada", "ben", "ada", "ben", "ada", "ben"))).result["rows"]
    assert naive[2]["sql"] == [], "to decide, nothing is asked"
    for row, who in zip(naive[4:], BOTH, strict=True):
        assert row["sql"][0] == "BEGIN IMMEDIATE"
        assert row["sql"][-1] == "COMMIT"
        assert "UPDATE stock SET on_hand = 0 WHERE product_id = 'rug'" in row["sql"]
        assert any(text.startswith(f"INSERT INTO orders VALUES ('{who}-1'") for text in row["sql"])
        assert not any("JOIN stock" in text for text in row["sql"]), "it does not look again"
    checked = sandbox.act(began("guarded", ("ada", "ada"))).result["rows"][1]["sql"]
    assert checked[0] == "BEGIN IMMEDIATE"
    assert any("JOIN stock" in text for text in checked), "it looks again"
    assert "COMMIT" not in checked


def test_a_race_touches_neither_store_of_the_sandbox(sandbox: Sandbox) -> None:
    before = sandbox.stores.fingerprint()
    for way in ("read_then_write", "guarded"):
        sandbox.act(f"race {way}")
        for who in ("ada", "ben", "ada", "ben", "ada", "ben"):
            sandbox.act(f"race {who}")
    assert sandbox.stores.fingerprint() == before


def test_undo_takes_a_step_back_and_a_replay_leads_to_the_same_race(sandbox: Sandbox) -> None:
    lines = ("race guarded", "race ada", "race ben", "race ada", "race ben", "race ada")
    results = [sandbox.act(line).result for line in lines]
    assert sandbox.lab.setting("race") == "guarded ada ben ada ben ada"
    sandbox.act("undo")
    assert sandbox.lab.setting("race") == "guarded ada ben ada ben"
    assert sandbox.act("race ada").result == results[-1]
    assert sandbox.act(began("guarded", ("ada", "ben", "ada", "ben", "ada"))).result == results[-1]
    assert replayed(sandbox) == sandbox.stores.fingerprint()


def test_without_a_beginning_it_is_the_naive_way(sandbox: Sandbox) -> None:
    result = sandbox.act("race ada").result
    assert (result["way"], result["steps"]) == ("read_then_write", ["ada"])


MEANINGS: dict[str, Action] = {
    "race guarded": Race("guarded"),
    "race ben": Race("ben"),
    "race read_then_write steps=ada,ben,ada": Race("read_then_write", ("ada", "ben", "ada")),
}


@pytest.mark.parametrize(("line", "action"), MEANINGS.items())
def test_a_race_line_is_read_and_written_back(line: str, action: Action) -> None:
    assert parse(line) == action
    assert str(action) == line


@pytest.mark.parametrize(
    ("line", "told"),
    {
        "race": "race is read_then_write or guarded to begin, then ada or ben",
        "race eve": "for example: race guarded steps=ada,ben,ada",
        "race guarded steps=ada,eve": "each of steps= must be ada or ben, not “eve”",
        "race guarded steps=": "steps=",
        "race ada steps=ben": "race guarded steps=ada,ben,ada",
    }.items(),
)
def test_a_bad_race_line_is_told_what_is_right(line: str, told: str) -> None:
    with pytest.raises(BadLine) as bad:
        parse(line)
    assert told in str(bad.value)
