"""Whether a read model of one's own tells the truth: what a trial tries, what it finds, and what it says then."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cqrs.write.store import WriteStore
from lab import guard
from lab.guard import Model, policy
from lab.loose import CORRECT, Guards
from lab.sandbox import Sandbox
from lab.trial import _turns, try_out
from lab.trial_scratch import Filling
from lab.trial_told import Trial
from lab.trial_truth import Truth
from tests.cqrs.histories import examples
from tests.lab.own_projections import BAD, good

SPENT = """\
-- key: customer_id
CREATE TABLE spent (customer_id TEXT PRIMARY KEY, name TEXT, sales_cents INTEGER);
-- on OrderPlaced
INSERT INTO spent VALUES (:customer_id, :customer_name, :total_cents)
ON CONFLICT (customer_id) DO UPDATE SET sales_cents = sales_cents + excluded.sales_cents;
-- on OrderCancelled
UPDATE spent SET sales_cents = sales_cents - :total_cents WHERE customer_id = :customer_id;
"""

TRUTH = Truth(
    "SELECT customer_id, customer_name AS name, sum(qty * unit_price_cents) AS sales_cents"
    " FROM orders JOIN order_lines ON orders.id = order_id WHERE status <> 'cancelled' GROUP BY 1 ORDER BY 1",
    ("customer_id",),
)

LINES = (
    "cmd place_order customer=c1 product=lamp qty=1 order=o1",
    "cmd place_order customer=c2 lines=mug:2,lamp:1 order=o2",
    "cmd place_order customer=c1 product=mug qty=1 order=o3",
    "cmd cancel_order order=o1",
    'cmd rename_product product=mug name="Big mug"',
    "cmd place_order customer=c1 lines=mug:3,rug:1 order=o4",
    "cmd ship_order order=o2",
    "cmd change_price product=mug price=900",
    "cmd restock product=rug qty=2",
    "cmd place_order customer=c2 product=mug qty=1 order=o5",
)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The write store of a shop with every type of event; its log ends at event 15."""
    root = tmp_path_factory.mktemp("trial") / "sandbox"
    with closing(Sandbox.create(root, clock="manual")) as sandbox:
        assert all(sandbox.act(line).outcome == "accepted" for line in LINES)
        return sandbox.stores.folder / "write.db"


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where trials make their scratch stores in this test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def tried(log: Path, source: str = SPENT, truth: Truth | None = TRUTH) -> Trial:
    return try_out(Model(source.partition("CREATE TABLE ")[2].split()[0], source), log, truth)


def changed(before: str, after: str) -> str:
    assert before in SPENT
    return SPENT.replace(before, after)


# One that is right


def test_one_that_is_right_passes_all_and_leaves_nothing_behind(log: Path, scratch: Path) -> None:
    before = hashlib.sha256(log.read_bytes()).digest()
    trial = tried(log)
    assert [(entry.name, entry.passed) for entry in trial.tried] == [
        ("file", True),
        ("log", True),
        ("passed_by", None),
        ("same", True),
        ("order", True),
        ("twice", True),
        ("crash", True),
        ("memory", None),
        ("truth", True),
    ]
    assert (trial.good, trial.failed, trial.head, trial.events, trial.rows) == (True, (), 15, 15, 2)
    assert len(trial.digests) == 3
    assert len(set(trial.digests)) == 1
    assert "each of the 15 events came twice" in trial["twice"].said
    assert "the projector died 6 times" in trial["crash"].said
    assert hashlib.sha256(log.read_bytes()).digest() == before
    assert list(scratch.iterdir()) == []


def test_nothing_is_tried_in_this_process(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*args: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("cqrs.read.store.ReadStore.run", never)
    monkeypatch.setattr("cqrs.read.store.ReadStore.add", never)
    assert tried(log).good


def test_without_a_truth_it_is_not_compared(log: Path) -> None:
    assert "truth" not in [entry.name for entry in tried(log, truth=None).tried]


# Where it leaves the truth


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            SPENT.partition("-- on OrderCancelled")[0],
            "Ada (c1): sales_cents is 15600, the write store says 13100. "
            "It was right until event #9 OrderCancelled came, for which the file has no block.",
        ),
        (
            changed("= sales_cents - :total_cents", "= 0"),
            "Ada (c1): sales_cents is 12300, the write store says 13100. "
            "It was right until event #9 OrderCancelled came.",
        ),
        (
            changed(
                "-- on OrderPlaced",
                "-- on ProductAdded\nINSERT INTO spent VALUES (:product_id, :name, 0);\n-- on OrderPlaced",
            ),
            "Lamp (lamp) should not be there. It was right until event #3 ProductAdded came.",
        ),
        (
            changed("customer_id TEXT PRIMARY KEY", "customer_id TEXT").replace(
                "ON CONFLICT (customer_id) DO UPDATE SET sales_cents = sales_cents + excluded.sales_cents", ""
            ),
            "Ada (c1) is there 3 times. It was right until event #8 OrderPlaced came.",
        ),
        (
            changed("name TEXT, sales_cents INTEGER", "name TEXT, sales_cents TEXT"),
            "Ada (c1): sales_cents is 13100 (a text), the write store says 13100 (an integer). "
            "It was right until event #6 OrderPlaced came.",
        ),
        (
            changed("sales_cents INTEGER", "cents INTEGER").replace("sales_cents", "cents"),
            "The read model spent has no column sales_cents; what is compared is customer_id, name, sales_cents.",
        ),
    ],
)
def test_the_first_row_that_is_wrong_is_named_with_the_event_that_did_it(log: Path, source: str, said: str) -> None:
    trial = tried(log, source)
    assert trial.failed == ("truth",)
    assert trial["truth"].said == said


def test_in_a_long_log_it_is_the_last_event_that_speaks_of_the_row(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.trial_truth.WATCHED_EVENTS", 3)
    missed = tried(log, SPENT.partition("-- on OrderCancelled")[0])["truth"].said
    assert missed.endswith("The last event about it: #9 OrderCancelled; the file has no block for it.")
    wrong = changed("-- on OrderPlaced", "-- on CustomerRegistered\nDELETE FROM spent;\n-- on OrderPlaced")
    said = tried(log, wrong.replace("+ excluded", "- excluded"))["truth"].said
    assert said.endswith("The last event about it: #11 OrderPlaced.")


def test_what_a_page_asks_is_compared_in_its_order(log: Path) -> None:
    page = "SELECT customer_id FROM spent ORDER BY sales_cents LIMIT 1"
    truth = Truth("SELECT 'c1' AS customer_id", ("customer_id",), page)
    assert tried(log, truth=truth)["truth"].said.startswith("c1 is missing.")
    both = Truth("SELECT id AS customer_id FROM customers ORDER BY id", ("customer_id",), page.removesuffix("LIMIT 1"))
    said = tried(log, truth=both)["truth"].said
    assert said == "The rows are right, but in another order: c2 stands where the write store has c1."
    unasked = Truth("SELECT 1 AS orders_made", ("orders_made",), "SELECT orders_made FROM spent")
    assert "no such column: orders_made" in tried(log, truth=unasked)["truth"].said


def test_rows_that_the_page_leaves_out_are_not_said_to_be_in_the_write_store(log: Path) -> None:
    page = "SELECT customer_id FROM spent WHERE name = 'Ada'"
    half = Truth("SELECT 'c1' AS customer_id", ("customer_id",), page)
    assert tried(log, truth=half)["truth"].said == (
        f"The page of the task asks {page}: that is 1 of 2 rows, and the write store has the same. "
        "Compared: customer_id. Not compared: name, sales_cents, as the task does not ask for them."
    )
    same = "The write store has the same 2 rows. Compared: customer_id, name, sales_cents."
    assert tried(log)["truth"].said == same


# Where it stops


def test_a_poison_event_is_named_and_the_rest_is_tried_in_front_of_it(tmp_path: Path) -> None:
    with closing(Sandbox.create(tmp_path / "legacy", "legacy", clock="manual")) as sandbox:
        source = changed(":total_cents)", ":qty)")
        log = sandbox.stores.folder / "write.db"
        assert tried(log, source)["file"].said.startswith("OrderPlaced has no field :qty.")
        trial = tried(
            log, changed(":total_cents)", "json_extract(:lines, '$[0].qty') + 0)").replace("INTEGER", "NOT NULL")
        )
    assert trial.failed == ("log",)
    assert trial["log"].said.startswith("Your SQL for OrderPlaced cannot apply event #6: SQLite says: NOT NULL")
    assert (trial.head, trial.events) == (6, 5)
    assert trial["log"].said.endswith("spent.sales_cents (line 4).")
    assert trial["truth"].passed is None
    assert trial["same"].passed
    assert trial["same"].said.startswith("Up to event #5 only. ")
    assert "memory" not in [entry.name for entry in trial.tried]


def test_an_empty_log_is_no_fault_and_nothing_is_called_right(tmp_path: Path) -> None:
    WriteStore(tmp_path / "write.db").close()
    trial = tried(tmp_path / "write.db")
    assert trial.good
    assert [entry.name for entry in trial.tried if entry.passed] == ["file"]
    assert trial["log"].said == "Not tried: the log is empty."
    assert trial.digests == ()


def test_where_no_block_ran_nothing_is_called_right_but_a_row_that_is_missing_is_wrong(tmp_path: Path) -> None:
    with closing(Sandbox.create(tmp_path / "new", clock="manual")) as sandbox:
        path = sandbox.stores.folder / "write.db"
        trial = tried(path)
        told = [(entry.name, entry.passed) for entry in trial.tried]
        assert told == [("file", True), ("log", None), ("passed_by", None), ("truth", None)]
        assert trial["log"].said == "Not tried: none of the 5 events in the log has a block in this file."
        assert (trial.ran, trial.untried) == (False, ("OrderPlaced", "OrderCancelled"))
        assert sandbox.act(LINES[0]).outcome == "accepted"
        idle = tried(path, SPENT.partition("-- on OrderPlaced")[0] + "-- on OrderShipped\nDELETE FROM spent;")
        assert (idle["log"].passed, idle.failed) == (None, ("truth",))
        assert idle["truth"].said.startswith("Ada (c1) is missing.")


def test_a_block_whose_event_is_not_in_the_log_is_named_and_not_called_right(tmp_path: Path) -> None:
    with closing(Sandbox.create(tmp_path / "new", clock="manual")) as sandbox:
        assert sandbox.act(LINES[0]).outcome == "accepted"
        trial = tried(sandbox.stores.folder / "write.db")
    assert (trial["blocks"].passed, trial["truth"].passed, trial.untried) == (None, True, ("OrderCancelled",))
    assert trial["blocks"].said == (
        "OrderCancelled: no such event is in the log, so this block never ran, and nothing here speaks for it."
    )


def test_what_takes_too_much_work_is_stopped_by_the_work_it_took(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000) SELECT count(*) FROM n"
    slow = changed(":total_cents)\nON", f":total_cents + 0 * ({count}))\nON")
    work = tried(log, slow).work
    assert work == tried(log, slow).work > 1_000
    monkeypatch.setattr(policy, "TRIAL_WORK", work - 1)
    stopped = tried(log, slow)
    assert stopped.failed == ("log",)
    assert [entry.name for entry in stopped.tried] == ["file", "log", "passed_by", "truth"]
    assert "units of work to fill it, and a trial has no more" in stopped["log"].said


def test_an_overrun_stops_it_too(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def overrun(*args: Any, **how: Any) -> None:
        raise guard.Overrun("its events take longer than 15 s")

    monkeypatch.setattr(guard, "fill", overrun)
    assert tried(log)["log"].said == "It stops: its events take longer than 15 s."


def test_what_has_too_many_rows_to_compare_is_stopped(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "TRIAL_ROWS", 1)
    trial = tried(log)
    assert "rows, and a trial compares no more" in trial["log"].said
    assert [entry.name for entry in trial.tried] == ["file", "log", "passed_by", "truth"]


def test_only_a_few_are_tried_at_once(log: Path) -> None:
    taken = [_turns.acquire(blocking=False) for _ in range(policy.TRIALS_AT_ONCE)]
    try:
        with pytest.raises(guard.Busy, match="too many people"):
            tried(log)
    finally:
        for _ in taken:
            _turns.release()
    assert tried(log).good


# What no block is there for


def test_events_that_no_block_is_there_for_are_named_whether_they_came_or_not(tmp_path: Path) -> None:
    """A text that forgets one is told no less than the right one, which has a block that never ran."""
    with closing(Sandbox.create(tmp_path / "new", clock="manual")) as sandbox:
        assert sandbox.act(LINES[0]).outcome == "accepted"
        path = sandbox.stores.folder / "write.db"
        right, wrong = tried(path), tried(path, SPENT.partition("-- on OrderCancelled")[0])
        assert (right.failed, wrong.failed) == ((), ()), "no order was cancelled yet"
        assert ("OrderCancelled" in right.untried, "OrderCancelled" in wrong.missed) == (True, True)
        assert wrong["passed_by"].said == (
            "No block for CustomerRegistered (2 in the log), ProductAdded (3 in the log). "
            "No block for StockAdded, PriceChanged, ProductRenamed, OrderShipped, OrderCancelled; "
            "no such event is in the log. They pass it by: no row changes."
        )
        assert sandbox.act("cmd cancel_order order=o1").outcome == "accepted"
        assert "OrderCancelled (1 in the log)" in tried(path, SPENT.partition("-- on OrderC")[0])["passed_by"].said


def test_of_a_wrong_text_nothing_is_called_right_that_is_only_the_same(log: Path) -> None:
    trial = tried(log, SPENT.partition("-- on OrderCancelled")[0])
    assert trial.failed == ("truth",)
    assert not [entry.said for entry in trial.tried if "right would be" in entry.said or "Still right" in entry.said]
    assert trial["memory"].said.endswith(
        "sales_cents is 31200, applied once each it is 15600. That is no fault of your text."
    )


# Duplicates and crashes, where a guard of the projector is gone


@pytest.fixture
def loosened(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Guards]]:
    """Trials with another projector than the correct one: the one that the test names."""
    chosen: dict[str, Guards] = {}
    deliver = Filling._deliver

    def loosely(filling: Filling, events: Any, guards: Guards = CORRECT, crash: Any = None, **how: Any) -> Any:
        told = None
        for event in events:
            told = deliver(filling, [event], chosen.get("guards", guards), crash if event is events[-1] else None)
        return told

    monkeypatch.setattr(Filling, "_deliver", loosely)
    return chosen


def test_a_projector_that_forgets_fails_what_is_delivered_twice(log: Path, loosened: dict[str, Guards]) -> None:
    loosened["guards"] = Guards(dedupe="off")
    trial = tried(log)
    assert trial.failed == ("twice",)
    assert "Ada (c1): sales_cents is 26200, the first time it said 13100." in trial["twice"].said


def test_a_projector_that_commits_in_two_steps_fails_the_crash(log: Path, loosened: dict[str, Guards]) -> None:
    loosened["guards"] = Guards(dedupe="off", atomic=False)
    assert "crash" in tried(log).failed


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (SPENT, "is applied twice: Ada (c1): sales_cents is 26200, applied once each it is 13100. That is no fault"),
        (
            changed("sales_cents + excluded.sales_cents", "excluded.sales_cents").partition("-- on OrderC")[0],
            "be the same: they are set to a value",
        ),
        (
            changed("(:customer_id,", "(:order_id,").replace(
                SPENT[SPENT.index("\nON CONFLICT") : SPENT.index(";\n-- on OrderC")], ""
            ),
            "the second one would stop it at event #6",
        ),
    ],
)
def test_what_it_would_be_without_a_memory_is_told_and_is_no_fault(log: Path, source: str, said: str) -> None:
    memory = tried(log, source, None)["memory"]
    assert memory.passed is None
    assert memory.said.startswith("For information: ")
    assert said in memory.said


def test_a_long_log_is_rebuilt_whole_and_its_beginning_tried_in_all_other_ways(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "TRIAL_EVENTS", 8)
    trial = tried(log)
    assert trial.good
    assert trial.events == 15
    in_its_beginning = [entry.name for entry in trial.tried if "first 8 events" in entry.said]
    assert in_its_beginning == ["order", "twice", "crash", "memory"]
    assert trial["twice"].said.startswith("Tried on the first 8 events of the log. The same rows: each of the 8 events")
    assert "is 6600, applied once each it is 3300" in trial["memory"].said


# Deterministic, or told why not

GOOD = good()


@pytest.mark.parametrize("model", GOOD[:: max(1, len(GOOD) // examples(6))], ids=lambda model: model.name)
def test_good_ones_are_steady(log: Path, model: Model) -> None:
    trial = try_out(model, log)
    assert trial.failed == (), [entry.said for entry in trial.tried]
    assert trial.rows > 0
    assert len(set(trial.digests)) == 1


def test_there_are_fifty_good_ones() -> None:
    assert len({model.source for model in GOOD}) == 50


@pytest.mark.parametrize(("source", "fails", "said"), BAD.values(), ids=BAD)
def test_bad_ones_are_told_why_not(log: Path, source: str, fails: str, said: str) -> None:
    trial = try_out(Model("mine", source), log)
    assert trial.failed == (fails,), [entry.said for entry in trial.tried]
    assert said in trial[fails].said
