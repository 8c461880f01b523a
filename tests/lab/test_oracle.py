"""The oracle: it tells drift from lag, says which event did it, and is not taken in by the same mistake twice."""

from collections.abc import Iterator

import pytest

from lab.sandbox import Sandbox
from tests.lab.breaking import act, drifted
from tests.lab.sandboxes import fresh, replayed

MODELS = ("customer_card", "order_list", "product_card", "product_search", "sales")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with fresh() as sandbox:
        yield sandbox


def test_what_is_pending_is_lag_and_never_drift(sandbox: Sandbox) -> None:
    act(sandbox, "bulk 3", "cmd rename_product product=mug name=Cup", "cmd cancel_order order=o-1-2")
    for _ in range(7):
        answer = act(sandbox, "oracle")
        assert answer.reason == f"no drift in {', '.join(MODELS)}"
        assert answer.result == {model: [] for model in MODELS}
        act(sandbox, "step sales", "step order_list", "step product_card 2")


def test_drift_is_seen_while_other_rows_lag(sandbox: Sandbox) -> None:
    act(sandbox, "mode sales dedupe=off", "cmd place_order customer=c1 product=mug qty=2", "run", "redeliver sales 6")
    act(sandbox, "cmd place_order customer=c1 product=lamp qty=1")
    assert {key.split(",")[0] for key, *_ in drifted(sandbox, "sales")} == {"mug"}
    act(sandbox, "cmd place_order customer=c1 product=mug qty=1")
    assert drifted(sandbox, "sales") == []
    act(sandbox, "run sales")
    assert {key.split(",")[0] for key, *_ in drifted(sandbox, "sales")} == {"mug"}


def test_it_says_what_is_wrong_in_words_and_as_data(sandbox: Sandbox) -> None:
    act(sandbox, "mode sales dedupe=off", "cmd place_order customer=c1 product=mug qty=2", "run", "redeliver sales 6")
    answer = act(sandbox, "oracle sales")
    assert answer.reason == (
        "sales: mug,2026-03-02 says units 4, the write store says 2: "
        "event #6 OrderPlaced was delivered and applied a second time"
    )
    assert [(found["column"], found["says"], found["truth"]) for found in answer.result["sales"]] == [
        ("units", 4, 2),
        ("revenue_cents", 3200, 1600),
    ]
    assert answer.result["sales"][0]["cause"]["position"] == 6


def test_a_read_model_that_begins_at_the_end_lacks_what_was_before(sandbox: Sandbox) -> None:
    act(sandbox, "mode sales poison=skip", "poison", "run sales", "model drop sales", "model add sales from=end")
    assert [(column, says, cause, what) for _, column, says, _, cause, what in drifted(sandbox, "sales")] == [
        (None, None, 6, "before")
    ]
    assert "event #6 OrderPlaced came before this read model: it began at #6" in str(act(sandbox, "oracle").reason)
    act(sandbox, "model rebuild sales", "handler sales v=2", "run sales")
    assert drifted(sandbox, "sales") == []


def test_what_befell_events_before_a_rebuild_is_blamed_no_more(sandbox: Sandbox) -> None:
    act(sandbox, "mode sales dedupe=off", "cmd place_order customer=c1 product=mug qty=2", "run", "redeliver sales 6")
    act(sandbox, "model rebuild sales", "run sales")
    sandbox.read.connection.execute("UPDATE sales SET units = 9")
    assert [(column, says, cause) for _, column, says, _, cause, _ in drifted(sandbox, "sales")] == [("units", 9, 0)]


def test_a_row_that_should_not_be_there_is_drift_too(sandbox: Sandbox) -> None:
    sandbox.read.connection.execute("INSERT INTO customer_card VALUES ('c9', 'Nobody', 0, 0, 5)")
    assert [(key, column, true) for key, column, _, true, _, _ in drifted(sandbox, "customer_card")] == [
        ("c9", None, None)
    ]
    assert str(act(sandbox, "oracle").reason).startswith("customer_card: c9 should not be there")


@pytest.mark.parametrize("model", MODELS)
def test_every_column_of_every_read_model_is_compared(sandbox: Sandbox, model: str) -> None:
    projection = sandbox.stores.projection(model)
    assert projection is not None
    columns = [row[1] for row in sandbox.read.connection.execute(f"PRAGMA table_info({model})")]
    for column in sorted(set(columns) - {*projection.key, "from_event"}):
        act(sandbox, f"model rebuild {model}", "bulk 1", "run")
        assert drifted(sandbox, model) == []
        sandbox.read.connection.execute(f"UPDATE {model} SET {column} = 77")
        assert {found for _, found, *_ in drifted(sandbox, model)} == {column}


def test_a_question_changes_nothing_and_is_kept(sandbox: Sandbox) -> None:
    act(sandbox, "bulk 2", "step sales")
    before = sandbox.stores.fingerprint()
    answer = act(sandbox, "oracle")
    assert sandbox.stores.fingerprint() == before == replayed(sandbox)
    kept = sandbox.lab.connection.execute("SELECT result FROM results WHERE n = ?", (answer.n,)).fetchone()
    assert kept is not None
    assert str(sandbox.act("oracle slaes").reason).startswith("there is no read model slaes now")
