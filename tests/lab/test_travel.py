"""Time travel: both stores as of an event, compared with sandboxes that never went any further."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lab import limits, travel_moments
from lab.carry_out import Answer
from lab.projections import BUILT_IN
from lab.sandbox import Sandbox
from lab.tables import tables
from lab.travel import set_out
from lab.travel_difference import WRITE_TABLES
from tests.lab.sandboxes import fresh

Rows = dict[str, set[Any]]

LINES = (
    "cmd place_order customer=c1 lines=lamp:2,mug:1 order=o1",
    "cmd place_order customer=c2 product=rug qty=5",
    "cmd change_price product=lamp price=2750",
    "cmd place_order customer=c2 product=rug qty=1 order=o2",
    "bulk 2",
    "cmd cancel_order order=o1",
    'cmd rename_product product=mug name="Mug, big"',
    "cmd add_product product=chair name=Chair price=4000 stock=2",
    "cmd ship_order order=o2",
    "poison",
    "cmd register_customer customer=c3 name=Cem email=cem@example.test",
    "cmd place_order customer=c3 product=chair qty=1",
)
"""A refused command and an event that cannot be applied are among them."""


def rows(connection: sqlite3.Connection) -> Rows:
    """All rows of every table, but for what was refused, and for what the naive ways to project keep beside."""
    kept = [table for table in tables(connection) if not table.startswith("_") and table != "commands"]
    if "sales" in kept:
        kept.append("_checkpoint")
    return {table: set(connection.execute(f'SELECT * FROM "{table}"')) for table in kept}


def rows_of(store: Path) -> Rows:
    with closing(sqlite3.connect(store)) as connection:
        return rows(connection)


def both(sandbox: Sandbox, position: int) -> Rows:
    """Both stores as of an event, as time travel has them."""
    moment = set_out(sandbox.stores, position, 0).at
    return rows_of(moment.write) | rows_of(moment.read)


def told(answer: Answer) -> dict[str, Any]:
    assert answer.outcome == "done", answer
    found: dict[str, Any] = answer.result
    return found


@pytest.fixture(scope="module")
def travelled() -> Iterator[Sandbox]:
    with fresh() as sandbox:
        for line in LINES:
            sandbox.act(line)
        yield sandbox


@pytest.mark.parametrize("count", range(len(LINES) + 1))
def test_both_stores_as_of_an_event_are_those_of_a_sandbox_that_went_no_further(travelled: Sandbox, count: int) -> None:
    with fresh() as other:
        for line in LINES[:count]:
            other.act(line)
        other.act("run")
        expected = rows(other.write.connection) | rows(other.read.connection)
        assert both(travelled, other.write.head()) == expected


def test_the_log_made_again_is_the_same_log_with_the_same_hashes(travelled: Sandbox) -> None:
    again = rows_of(set_out(travelled.stores, travelled.write.head(), 0).at.write)
    assert again == rows(travelled.write.connection)


@pytest.mark.parametrize(("at", "since"), [(6, 5), (12, 6), (16, 0), (9, 14), (7, 7)])
def test_the_difference_is_what_comparing_the_tables_by_hand_finds(travelled: Sandbox, at: int, since: int) -> None:
    result = told(travelled.act(f"travel {at} since={since}"))
    now, then = both(travelled, at), both(travelled, since)
    keys = WRITE_TABLES | {name: projection.key for name, projection in BUILT_IN.items()}
    for table, found in (result["models"] | result["write"]).items():
        width = len(keys[table])
        came = {row[:width]: row for row in now[table] - then[table]}
        went = {row[:width]: row for row in then[table] - now[table]}
        assert {tuple(row.values()) for row in found["added"]} == {came[key] for key in came.keys() - went.keys()}
        assert {tuple(row.values()) for row in found["gone"]} == {went[key] for key in went.keys() - came.keys()}
        assert {tuple(row.values())[:width] for row in found["changed"]} == came.keys() & went.keys()
        for row in found["changed"]:
            cells = list(row.values())
            assert [tuple(cell) for cell in cells[width:]] == [
                (old, new) for old, new in zip(went[tuple(cells[:width])], came[tuple(cells[:width])], strict=True)
                if old != new
            ]  # fmt: skip


def test_without_a_second_moment_one_sees_what_the_event_did(travelled: Sandbox) -> None:
    result = told(travelled.act("travel 7"))
    assert (result["position"], result["since"]) == (7, 6)
    assert result["models"]["product_card"]["changed"] == [
        {"product_id": "lamp", "price_cents": [2500, 2750], "from_event": [6, 7]}
    ]
    assert result["write"]["products"]["changed"] == [{"id": "lamp", "price_cents": [2500, 2750], "version": [1, 2]}]
    assert not any(result["models"]["sales"].values())


def test_before_the_first_event_there_is_nothing(travelled: Sandbox) -> None:
    result = told(travelled.act("travel 0 since=5"))
    assert [row["id"] for row in result["write"]["customers"]["gone"]] == ["c1", "c2"]


def test_an_event_that_is_not_there_is_told_with_where_the_log_ends(travelled: Sandbox) -> None:
    head = travelled.write.head()
    for line in (f"travel {head + 1}", f"travel 3 since={head + 1}", "travel 999999999"):
        answer = travelled.act(line)
        assert answer.outcome == "failed"
        assert f"the log ends at #{head}: travel {head}" in (answer.reason or "")


def test_many_rows_are_cut_and_the_rest_is_counted(sandbox: Sandbox) -> None:
    sandbox.act("bulk 60")
    found = told(sandbox.act("travel 66 since=5"))["models"]["order_list"]
    assert len(found["added"]) == limits.MAX_DIFFERENCE_ROWS
    assert found["more"] == 60 - limits.MAX_DIFFERENCE_ROWS


def test_a_read_model_that_has_drifted_is_shown_as_it_ought_to_have_been(sandbox: Sandbox) -> None:
    sandbox.act(LINES[0])
    sandbox.act("run")
    ought = both(sandbox, 6)["sales"]
    sandbox.read.connection.execute("UPDATE sales SET units = 99")
    assert both(sandbox, 6)["sales"] == ought == both(sandbox, 6)["sales"]
    assert 99 not in {row[2] for row in ought}


def test_where_even_the_correct_projector_stops_is_told(travelled: Sandbox) -> None:
    poisoned = next(
        e.position for e in travelled.write.events_after(0, 99) if '"qty"' not in e.payload and "lines" in e.payload
    )
    assert "order_list" not in told(travelled.act(f"travel {poisoned - 1}"))["stopped"]
    for later in (poisoned, poisoned + 1, travelled.write.head()):
        assert f"event {poisoned} OrderPlaced" in told(travelled.act(f"travel {later}"))["stopped"]["sales"]


def test_looking_back_changes_neither_store(sandbox: Sandbox) -> None:
    for line in LINES:
        sandbox.act(line)
    before = sandbox.stores.fingerprint()
    for line in ("travel 9", "travel 0", "travel 12 since=3", "travel 99"):
        sandbox.act(line)
    assert sandbox.stores.fingerprint() == before


# What is kept, and what it costs


def moments(sandbox: Sandbox) -> set[str]:
    return {path.name for path in (sandbox.stores.folder / "travel").glob("*")}


def test_an_undo_takes_the_moments_with_it(sandbox: Sandbox) -> None:
    sandbox.act("cmd restock product=lamp qty=1")
    sandbox.act("travel 6")
    sandbox.act("undo")
    sandbox.act("undo")
    assert not moments(sandbox)
    sandbox.act("cmd restock product=mug qty=1")
    assert told(sandbox.act("travel 6"))["write"]["stock"]["changed"][0]["product_id"] == "mug"


def test_a_read_model_that_is_dropped_is_in_no_moment_any_more(sandbox: Sandbox) -> None:
    assert "sales" in told(sandbox.act("travel 5"))["models"]
    sandbox.act("model drop sales")
    assert "sales" not in told(sandbox.act("travel 5"))["models"]
    sandbox.act("model add sales")
    assert "sales" in told(sandbox.act("travel 5"))["models"]


def test_nothing_is_left_behind(sandbox: Sandbox) -> None:
    sandbox.act("travel 5")
    assert moments(sandbox)
    sandbox.close()
    assert not moments(sandbox)


def test_what_a_crash_left_is_cleared_away_on_opening(sandbox: Sandbox) -> None:
    leftover = sandbox.stores.folder / "travel" / "7"
    leftover.mkdir(parents=True)
    with closing(Sandbox(sandbox.root)) as again:
        assert not moments(again)
        assert told(again.act("travel 5"))["position"] == 5


def test_a_move_issues_no_more_commands_than_lie_between_two_moments_on_the_way(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As 250 are to 2,000 events, so are 5 to 40."""
    stride, head = 5, 40
    monkeypatch.setattr(travel_moments, "STRIDE", stride)
    sandbox.act(f"bulk {head - 6}")
    kept = sandbox.stores.moments
    set_out(sandbox.stores, head, head - 1)
    assert kept.issued == head
    chance = random.Random(12)
    # The first nine are a way that costs more where moments on the way are not kept longest.
    for position in (29, 17, 15, 32, 3, 7, 22, 40, 7, *(chance.randint(1, head) for _ in range(60))):
        issued = kept.issued
        set_out(sandbox.stores, position, position - 1)
        assert kept.issued - issued <= stride
    for position in (21, 22, 23):
        issued = kept.issued
        set_out(sandbox.stores, position, position - 1)
    assert kept.issued - issued == 1


def test_in_the_longest_log_few_moments_are_kept_and_they_lie_apart(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    stride = 5
    monkeypatch.setattr(travel_moments, "STRIDE", stride)
    head = limits.MAX_EVENTS // 250 * stride
    sandbox.act(f"bulk {head - 6}")
    kept = sandbox.stores.moments
    chance = random.Random(4)
    for position in (head, *(chance.randint(1, head) for _ in range(40))):
        issued = kept.issued
        journey = set_out(sandbox.stores, position, position - 1)
        assert (journey.at.position, journey.since.position) == (position, position - 1)
        assert len(kept) == len(moments(sandbox)) <= limits.MAX_MOMENTS
        assert position == head or kept.issued - issued <= 3 * stride


def test_a_long_way_is_gone_in_steps_that_end(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(travel_moments, "STRIDE", 5)
    sandbox.act("bulk 34")
    kept, projections = sandbox.stores.moments, tuple(BUILT_IN.values())
    stages = []
    while kept.reach(sandbox.write, projections, [40, 39], most=10) is None:
        stages.append(kept.nearest(40))
    assert stages == [10, 20, 30]
    assert kept.issued == 40


def test_where_no_copy_can_be_made_it_says_so_and_goes_on_when_it_can(sandbox: Sandbox) -> None:
    in_the_way = sandbox.stores.folder / "travel"
    in_the_way.write_text("not a folder")
    answer = sandbox.act("travel 5")
    assert answer.outcome == "failed"
    assert "no copy of the stores can be made now" in (answer.reason or "")
    in_the_way.unlink()
    assert told(sandbox.act("travel 5"))["position"] == 5


def test_a_log_that_does_not_come_again_from_its_commands_is_not_passed_off_as_the_same(sandbox: Sandbox) -> None:
    sandbox.act("cmd restock product=lamp qty=5 id=k1")
    sandbox.act("cmd restock product=mug qty=5")
    sandbox.write.connection.execute("UPDATE commands SET args = replace(args, '5', '6') WHERE command_id = 'k1'")
    assert told(sandbox.act("travel 5"))["position"] == 5
    assert "differs from this one at event #6" in (sandbox.act("travel 7").reason or "")
    sandbox.write.connection.execute("UPDATE commands SET args = replace(args, 'lamp', 'none') WHERE command_id = 'k1'")
    assert "event #6 does not come again" in (sandbox.act("travel 7").reason or "")
