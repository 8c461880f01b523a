"""All who are asked hold a read model of one's own against the truth of its task, or say that it is not known."""

from collections.abc import Iterator
from typing import Any

import pytest

from lab import broken, xray_read
from lab.actions import ModelWrite
from lab.sandbox import Sandbox
from lab.steady import subject
from lab.task_trial import truth_of
from lab.tasks import Task, tasks
from lab.trial import try_on
from tests.lab.breaking import act
from tests.lab.sandboxes import fresh

TASKS = tasks()
SALES, SELLERS, OPEN = (TASKS[name] for name in ("sales-per-customer", "best-sellers", "open-orders"))

SHOP = (
    "cmd place_order customer=c1 product=lamp qty=1 order=o1",
    "cmd place_order customer=c2 product=mug qty=3 order=o2",
    "cmd place_order customer=c1 product=mug qty=1 order=o3",
    "cmd place_order customer=c2 product=lamp qty=1 order=o4",
    "cmd cancel_order order=o3",
)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with fresh() as sandbox:
        act(sandbox, *SHOP)
        yield sandbox


def answers(sandbox: Sandbox, model: str) -> tuple[dict[str, Any], str, str]:
    """What the sheet says, what the oracle says, and what stands above the table."""
    sheet = broken.projection(sandbox, model)
    assert sheet is not None
    return sheet, str(act(sandbox, f"oracle {model}").reason), xray_read.read_tables(sandbox)[model].unknown


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_all_say_of_a_solution_that_nothing_differs_and_which_columns_they_saw(sandbox: Sandbox, task: Task) -> None:
    act(sandbox, str(ModelWrite(task.model, task.solution)), "run")
    sheet, said, above = answers(sandbox, task.model)
    assert (sheet["drift"], sheet["unknown"], above) == ([], None, "")
    assert sheet["compared"].startswith("Compared: ")
    assert said == f"no drift in {task.model}"


def test_all_say_of_a_wrong_text_what_is_it_true_says(sandbox: Sandbox) -> None:
    act(sandbox, str(ModelWrite(SALES.model, SALES.wrong[0].sql)), "run")
    sheet, said, _ = answers(sandbox, SALES.model)
    assert [(wrong.key, wrong.column, wrong.says, wrong.truth) for wrong in sheet["drift"]] == [
        ("c1", "sales_cents", 3300, 2500)
    ]
    assert said.startswith("customer_sales: c1 says sales_cents 3300, the write store says 2500: nothing befell")
    found = subject(sandbox.stores, SALES.model)
    tried = try_on(found.model, found.log, truth_of(SALES), found.live)
    assert "Ada (c1): sales_cents is 3300, the write store says 2500." in tried["truth"].said


def test_a_row_too_many_too_few_or_out_of_place_is_told_as_well(sandbox: Sandbox) -> None:
    act(sandbox, "cmd cancel_order order=o1", str(ModelWrite(SALES.model, SALES.wrong[0].sql)), "run")
    assert answers(sandbox, SALES.model)[1].startswith("customer_sales: c1 should not be there")
    assert [row.key for row in xray_read.read_tables(sandbox)[SALES.model].rows if row.side == "gone"] == ["c1"]
    lacking = SALES.solution.replace("(:customer_id, :customer_name, :total_cents)", "('c9', :customer_name, 1)")
    act(sandbox, "model forget customer_sales", str(ModelWrite(SALES.model, lacking)), "run")
    assert "c2 is missing" in answers(sandbox, SALES.model)[1]
    act(sandbox, str(ModelWrite(OPEN.model, OPEN.solution.replace(":position", "100 - :position"))), "run")
    assert "o4 says place in the order o4, the write store says o2" in answers(sandbox, OPEN.model)[1]


def test_what_befell_an_event_on_its_way_is_the_cause_and_not_the_text(sandbox: Sandbox) -> None:
    act(sandbox, str(ModelWrite(SALES.model, SALES.solution)), "run")
    act(sandbox, "patch \"UPDATE customer_sales SET sales_cents = 1 WHERE customer_id = 'c1'\"")
    assert "was changed by hand" in answers(sandbox, SALES.model)[1]


def test_behind_the_log_nobody_says_that_it_is_true_or_false(sandbox: Sandbox) -> None:
    act(
        sandbox,
        str(ModelWrite(SELLERS.model, SELLERS.solution)),
        "run",
        "cmd place_order customer=c1 product=mug qty=9",
    )
    sheet, said, above = answers(sandbox, SELLERS.model)
    why = "1 event is still to come; it is compared once it has had them all"
    assert (sheet["unknown"], sheet["drift"], above) == (why, [], "")
    assert said == f"best_sellers is not known: {why}"


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("key: customer_id", "key: name", "its key is name, and that of the task “Sales per customer” is customer_id"),
        ("sales_cents", "cents", "and cannot: no such column: sales_cents"),
    ],
)
def test_with_another_key_or_other_columns_it_is_not_known_and_never_called_true(
    sandbox: Sandbox, before: str, after: str, why: str
) -> None:
    act(sandbox, str(ModelWrite(SALES.model, SALES.solution.replace(before, after))), "run")
    sheet, said, above = answers(sandbox, SALES.model)
    assert all(why in each for each in (sheet["unknown"], said, above))
    assert "no drift" not in said


def test_a_column_that_nobody_compared_is_named(sandbox: Sandbox) -> None:
    more = SALES.solution.replace("NOT NULL\n)", "NOT NULL,\n    orders INTEGER DEFAULT 1\n)").replace(
        "customer_sales VALUES", "customer_sales (customer_id, name, sales_cents) VALUES"
    )
    act(sandbox, str(ModelWrite(SALES.model, more)), "run")
    said = "Compared: customer_id, name, sales_cents. Not compared: orders, as the task does not ask for it."
    assert answers(sandbox, SALES.model)[0]["compared"] == said
    found = subject(sandbox.stores, SALES.model)
    assert try_on(found.model, found.log, truth_of(SALES))["truth"].said.endswith(said)


def counting(started: str) -> str:
    """The solution with a column that counts orders, beginning with some figure."""
    more = SALES.solution.replace("INTEGER NOT NULL\n)", "INTEGER NOT NULL,\n    orders INTEGER\n)")
    more = more.replace(":total_cents)", f":total_cents, {started})")
    more = more.replace("excluded.sales_cents;", "excluded.sales_cents, orders = orders + 1;")
    return more.replace("- :total_cents WHERE", "- :total_cents, orders = orders - 1 WHERE")


def test_a_column_that_a_built_in_one_has_too_is_told_by_the_write_store_and_only_informs(sandbox: Sandbox) -> None:
    act(sandbox, str(ModelWrite(SALES.model, counting("1"))), "run")
    found = subject(sandbox.stores, SALES.model)
    tried = try_on(found.model, found.log, truth_of(SALES), found.live)
    assert tried["beside"].said == "orders: as the write store has it, by what the built-in customer_card calls so."
    act(sandbox, "model forget customer_sales", str(ModelWrite(SALES.model, counting("2"))), "run")
    found = subject(sandbox.stores, SALES.model)
    tried = try_on(found.model, found.log, truth_of(SALES), found.live)
    assert (tried["beside"].passed, tried.good) == (None, True)
    assert (
        "c1: orders is 2, the write store, by what the built-in customer_card calls so, says 1." in tried["beside"].said
    )


def test_live_rows_of_a_wrong_text_are_not_called_right(sandbox: Sandbox) -> None:
    act(sandbox, str(ModelWrite(SALES.model, SALES.wrong[0].sql)), "run")
    found = subject(sandbox.stores, SALES.model)
    tried = try_on(found.model, found.log, truth_of(SALES), found.live)
    said = "They are what a rebuild gives, as of event #10, so they are wrong in the same way."
    assert (tried["live"].passed, tried["live"].said) == (None, said)


def test_what_befell_the_live_rows_is_no_fault_of_the_text(sandbox: Sandbox) -> None:
    act(sandbox, str(ModelWrite(SALES.model, SALES.solution)), f"mode {SALES.model} dedupe=off", "run")
    act(sandbox, f"redeliver {SALES.model} 6")
    found = subject(sandbox.stores, SALES.model)
    tried = try_on(found.model, found.log, truth_of(SALES), found.live)
    assert (tried.failed, tried.good, tried.text_good) == (("live",), False, True)
    assert "Ada" in tried["live"].said


def test_without_from_event_the_rows_that_the_last_events_name_are_marked_as_changed(sandbox: Sandbox) -> None:
    act(sandbox, str(ModelWrite(SALES.model, SALES.solution)), "run")
    for line, changed in (
        ("cmd place_order customer=c2 product=mug qty=1 order=o5", ["c2"]),
        ("cmd ship_order order=o1", []),
        ("cmd cancel_order order=o5", ["c2"]),
    ):
        act(sandbox, line, "run")
        rows = xray_read.read_tables(sandbox)[SALES.model].rows
        assert [row.key for row in rows if row.fresh] == changed, line


def test_rows_without_end_are_not_compared_where_everybody_looks(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.truth_own.MOST_ROWS", 1)
    act(sandbox, str(ModelWrite(SALES.model, SALES.solution)), "run")
    assert "more than 1 rows, and no more are compared" in answers(sandbox, SALES.model)[1]
