"""A read model of a learner's own is one more read model of the sandbox, in everything the laboratory does."""

import json
import os
import re
import sqlite3
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import pytest

from cqrs.read.projector import POINTS
from lab import guard, limits, xray, xray_read
from lab.actions import ModelWrite
from lab.broken import projection as broken_sheet
from lab.carry_out import Busy
from lab.guard import policy, workers
from lab.sandbox import Sandbox
from lab.sources import code_of_projection
from tests.lab.owned import (
    ADD,
    EDIT,
    EDIT_TO_ONCE,
    NAMED,
    ORDERS,
    SPENT,
    AtHome,
    at,
    by_the_write_tables,
    do,
    refused,
    rows,
    spent,
)
from tests.lab.sandboxes import fresh, hold, let_run, replayed


@pytest.fixture
def shop() -> Iterator[Sandbox]:
    """A sandbox with four orders, one cancelled, and a read model of one's own that has yet to hear of them."""
    with fresh() as sandbox:
        do(sandbox, *ORDERS, "run", ADD)
        yield sandbox


@pytest.fixture
def live() -> Iterator[Sandbox]:
    """The same on a real clock, held by nobody yet."""
    with fresh("real") as sandbox:
        do(sandbox, *ORDERS, "run", ADD)
        yield sandbox


# Added


def test_it_is_one_more_read_model_and_says_what_the_write_tables_say(shop: Sandbox) -> None:
    assert at(shop) == (0, "running")
    assert do(shop, "step spent 6").reason == "events #1 to #6 applied"
    do(shop, "run")
    assert at(shop) == (9, "running")
    assert spent(shop) == by_the_write_tables(shop) == {"c1": 800, "c2": 1600}
    assert [name for name, state in shop.state()["projections"].items() if state["own"]] == ["spent"]
    assert do(shop, "query spent c2").query["result"] == [{"customer_id": "c2", "cents": 1600, "from_event": 7}]


def test_what_will_not_do_is_the_reason_with_its_place(shop: Sandbox) -> None:
    before = shop.stores.fingerprint()
    said = refused(
        shop, str(ModelWrite("other", SPENT.replace("spent", "other").replace(":total_cents, :pos", ":total, :pos", 1)))
    )
    assert said == "line 10: OrderPlaced has no field :total; did you mean :total_cents?"
    said = refused(shop, str(ModelWrite("other", SPENT)))
    assert said == "line 3: a file makes one table, and it bears the name of the read model: other"
    for name in ("sales", "product_search_data", "dual_orders"):
        taken = refused(shop, str(ModelWrite(name, SPENT.replace("spent", name))))
        assert taken.startswith(f"there is a read model {name} already; another name is free")
    assert shop.stores.fingerprint() == before
    assert list(shop.stores.own()) == ["spent"]


def test_there_are_not_too_many(shop: Sandbox) -> None:
    names = [f"own_{number}" for number in range(1, limits.MAX_OWN_MODELS)]
    do(shop, *(str(ModelWrite(name, SPENT.replace("spent", name))) for name in names))
    one_more = str(ModelWrite("own_0", SPENT.replace("spent", "own_0")))
    assert refused(shop, one_more) == "a sandbox has at most 8 read models of your own; forget one first"
    do(shop, "model forget own_1", one_more)


def test_dropped_it_keeps_its_text_and_forgotten_it_does_not(shop: Sandbox) -> None:
    do(shop, "run spent", "mode spent dedupe=off", "model drop spent")
    assert "spent" not in shop.state()["projections"]
    assert refused(shop, "step spent").endswith("this line would add it: model add spent")
    do(shop, "model add spent", "run spent")
    assert spent(shop) == by_the_write_tables(shop)
    assert do(shop, "model forget spent").reason == "spent is gone, and so is its text"
    assert refused(shop, "model add spent").startswith("there is no read model spent; ")
    assert refused(shop, "model forget spent") == "there is no read model spent of your own"
    assert refused(shop, "model forget sales").startswith("sales is built in: model drop sales drops it")
    do(shop, ADD)
    assert not shop.stores.settings.by_model("modes")
    assert replayed(shop) == shop.stores.fingerprint()


def test_where_too_many_are_asking_it_says_so_and_a_replay_is_let_in(
    shop: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crowded(model: guard.Model, taken: object, who: str | None) -> guard.Checked:
        if who is not None:
            raise guard.Busy("too many people are asking just now; ask again in a moment")
        return check(model, ())

    check = guard.check
    monkeypatch.setattr(guard, "check", crowded)
    said = refused(shop, str(ModelWrite("other", SPENT.replace("spent", "other"))))
    assert said == "too many people are asking just now; ask again in a moment"
    assert replayed(shop) == shop.stores.fingerprint()


def test_nothing_is_added_where_sqlite_is_not_trusted(shop: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_trusted", ["SQLite 0 does not keep to the guard"])
    assert "SQLite 0 does not keep to the guard" in refused(shop, str(ModelWrite("other", SPENT)))
    do(shop, "bulk 1")
    assert "SQLite 0 does not keep to the guard" in refused(shop, "run", "stopped")
    assert (at(shop)[1], at(shop, "sales")) == ("stopped", (11, "running"))


# Broken, and mended


def test_it_can_be_broken_and_mended_like_the_others(shop: Sandbox) -> None:
    do(shop, "run", "mode spent dedupe=off")
    assert do(shop, "redeliver spent 7").reason == "applied event #7 a second time"
    assert spent(shop)["c2"] == 3200
    do(shop, "mode spent dedupe=position")
    assert do(shop, "redeliver spent 7").reason == "left out: spent had applied event #7 before"
    do(shop, "model rebuild spent")
    assert "the projector took neither" in str(do(shop, "reorder spent 2").reason)
    do(shop, "crash spent before_commit")
    assert refused(shop, "run", "crashed") == "spent crashed at before_commit: nothing kept"
    assert at(shop) == (0, "stopped")
    do(shop, "run spent")
    assert spent(shop) == by_the_write_tables(shop)
    incidents = broken_sheet(shop, "spent")["incidents"]  # type: ignore[index]
    assert [incident["words"].partition(":")[0] for incident in incidents][:2] == [
        "the projector died (injected) at before_commit",
        "came out of order and was not taken",
    ]
    assert replayed(shop) == shop.stores.fingerprint()


@pytest.mark.parametrize("point", POINTS)
def test_wherever_the_projector_dies_it_says_in_the_end_what_the_write_tables_say(shop: Sandbox, point: str) -> None:
    for guards in ("dedupe=position poison=halt", "dedupe=on poison=park"):
        do(shop, f"mode spent {guards}", f"crash spent {point}", "bulk 2")
        refused(shop, "run", "crashed")
        do(shop, "run spent", "redeliver spent 8", "bulk 3", "reorder spent", "run", f"crash spent {point}")
        do(shop, "model rebuild spent")
        refused(shop, "run spent", "crashed")
        do(shop, "run spent")
        assert spent(shop) == by_the_write_tables(shop)
    assert replayed(shop) == shop.stores.fingerprint()


@pytest.mark.parametrize("line", ["run spent", "model rebuild spent", ADD.replace("spent", "other")])
def test_a_locked_read_store_is_busy_and_lets_the_next_try_through(
    shop: Sandbox, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(workers._keepers, os.getpid(), AtHome())
    monkeypatch.setattr(policy, "LOCK_SECONDS", 0.001)
    before = shop.stores.fingerprint()
    other = sqlite3.connect(shop.stores.folder / "read.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy, match="another program holds the lock of a store"):
        shop.act(line)
    other.execute("ROLLBACK")
    assert shop.stores.fingerprint() == before
    assert "other" not in shop.stores.own()
    do(shop, line)
    assert replayed(shop) == shop.stores.fingerprint()


def test_a_poison_event_stops_it_and_nothing_else(shop: Sandbox) -> None:
    do(shop, "model drop spent", EDIT_TO_ONCE)
    assert refused(shop, "run", "stopped").startswith("spent stopped at event 8 OrderPlaced: SQLite says: UNIQUE")
    assert at(shop) == (7, "stopped")
    assert replayed(shop) == shop.stores.fingerprint()
    do(shop, "bulk 1", "mode spent poison=park", "run")
    assert at(shop) == (11, "running")
    assert "0 of 2 parked events applied" in str(do(shop, "retry spent").reason)
    assert replayed(shop) == shop.stores.fingerprint()
    do(shop, "cmd place_order customer=c2 product=mug qty=1", "undo")
    assert at(shop) == (11, "running")


def test_a_parked_event_is_applied_once_its_statements_let_it(shop: Sandbox) -> None:
    moody = SPENT.replace(":total_cents, :position)", "CASE WHEN :position < 8 THEN NULL ELSE :total_cents END, 0)")
    calm = "ON CONFLICT (customer_id) DO UPDATE SET cents = excluded.cents, from_event = excluded.from_event"
    do(shop, "model drop spent", str(ModelWrite("spent", moody)), "mode spent poison=park", "run spent")
    assert shop.state()["projections"]["spent"]["parked"] == 3
    assert calm not in SPENT
    assert "0 of 3 parked events applied" in str(do(shop, "retry spent").reason)
    shop.lab.set("own", json.dumps({"spent": SPENT}))
    assert do(shop, "retry spent").reason == "3 of 3 parked events applied"
    assert spent(shop) == by_the_write_tables(shop)
    assert do(shop, "query spent").query["as_of"] == 9
    assert shop.act("retry spent").outcome == "failed"


def test_an_overrun_stops_it_and_the_rest_of_the_line_goes_on(shop: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def overrun(*args: object) -> None:
        raise guard.Overrun("its events take longer than 15 s")

    monkeypatch.setattr(guard, "deliver", overrun)
    do(shop, "bulk 1")
    assert refused(shop, "run", "stopped") == "spent stopped at its events take longer than 15 s"
    assert (at(shop), at(shop, "sales")) == ((0, "stopped"), (11, "running"))
    assert broken_sheet(shop, "spent")["stop"].said == "its events take longer than 15 s"  # type: ignore[index]


def test_a_worker_that_is_lost_after_its_commit_has_not_delivered_twice(
    shop: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, asked = workers.the_keeper(), []

    def lost_at_first(*args: Any) -> Any:
        asked.append(args)
        reply = type(keeper).deliver(keeper, *args)
        return None if len(asked) == 1 else reply

    monkeypatch.setattr(keeper, "deliver", lost_at_first)
    assert do(shop, "run spent").reason == "events #1 to #9 applied"
    assert len(asked) == 2
    assert spent(shop) == by_the_write_tables(shop)


# Not too much at once


def test_no_delivery_has_more_events_than_a_batch(shop: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes, deliver = [], guard.deliver
    monkeypatch.setattr(
        guard,
        "deliver",
        lambda file, model, events, *rest: sizes.append(len(events)) or deliver(file, model, events, *rest),
    )
    do(shop, "bulk 240", "run", "model rebuild spent beside=yes", "model fill spent", "travel 200 since=0")
    assert at(shop) == (250, "running")
    assert sizes == [100, 100, 50, 100, 100, 50, 100, 100]
    assert spent(shop) == by_the_write_tables(shop)


def test_where_a_guard_is_off_a_line_leads_it_on_by_one_batch(shop: Sandbox) -> None:
    do(shop, "bulk 240", "mode spent atomic=off dedupe=off")
    assert do(shop, "run spent").position == policy.BATCH_EVENTS
    assert shop.lab.entries()[-1].target == f'{{"spent": {policy.BATCH_EVENTS}}}'
    do(shop, "run", "run")
    assert at(shop) == (250, "running")
    assert spent(shop) == by_the_write_tables(shop)
    assert replayed(shop) == shop.stores.fingerprint()


# Edited


def test_another_text_fills_a_new_one_beside_and_is_switched_to_on_a_line(shop: Sandbox) -> None:
    do(shop, "run", "model write spent " + ADD.partition("spent ")[2])
    assert do(shop, EDIT).reason == (
        "the new spent begins beside, from event 1; readers go on reading the old one until it has come as far"
    )
    assert refused(shop, "model switch spent").endswith("fill it first")
    do(shop, "model fill spent 4", "bulk 3", "run", "model fill spent")
    assert set(rows(shop)[0]) == {"customer_id", "cents", "from_event"}
    do(shop, "model switch spent")
    assert (shop.state()["beside"], list(shop.stores.folder.glob("read.next.db*"))) == ({}, [])
    assert shop.stores.own() == {"spent": NAMED.rstrip()}
    do(shop, "undo")
    assert set(rows(shop)[0]) == {"customer_id", "cents", "from_event"}
    do(shop, "model switch spent")
    assert set(rows(shop)[0]) == {"customer_id", "name", "cents", "orders"}
    assert spent(shop) == by_the_write_tables(shop)
    assert replayed(shop) == shop.stores.fingerprint()
    do(shop, "model rebuild spent", "run spent")
    assert spent(shop) == by_the_write_tables(shop)


def test_the_same_text_changes_nothing_and_a_third_one_takes_the_place_of_the_second(shop: Sandbox) -> None:
    do(shop, "run")
    assert do(shop, ADD).reason == "nothing changed: spent has this very text"
    do(shop, EDIT, "model fill spent")
    assert do(shop, EDIT).reason == "nothing changed: spent is being filled by this very text beside"
    do(shop, EDIT_TO_ONCE)
    assert shop.state()["beside"]["spent"]["position"] == 0
    assert do(shop, ADD).reason == "spent has this very text; the other one is given up"
    assert not shop.state()["beside"]
    do(shop, EDIT, "model cancel spent")
    assert shop.stores.own() == {"spent": SPENT.rstrip()}
    assert replayed(shop) == shop.stores.fingerprint()


def test_an_edit_that_stops_at_a_poison_event_leaves_the_live_one_alone(shop: Sandbox) -> None:
    do(shop, "run", EDIT_TO_ONCE)
    said = refused(shop, "model fill spent", "stopped")
    assert said.startswith("spent stopped beside at event 8 OrderPlaced: ")
    assert said.endswith("; readers go on reading the one there was. Mend the text, or give it up: model cancel spent")
    do(shop, "bulk 1", "run")
    assert spent(shop) == by_the_write_tables(shop)
    assert replayed(shop) == shop.stores.fingerprint()
    do(shop, EDIT, "model fill spent", "model switch spent")
    assert spent(shop) == by_the_write_tables(shop)


def test_on_the_real_clock_the_new_one_is_switched_to_by_itself(live: Sandbox) -> None:
    clock = hold(live)
    let_run(live, clock)
    do(live, EDIT)
    assert live.due() is None
    let_run(live, clock)
    assert live.stores.own() == {"spent": NAMED.rstrip()}
    assert spent(live) == by_the_write_tables(live)
    by_itself = [entry.line for entry in live.lab.entries() if entry.origin == "projector"]
    assert by_itself[-2:] == ["model fill spent 9", "model switch spent"]
    do(live, "bulk 2")
    let_run(live, clock)
    assert spent(live) == by_the_write_tables(live)
    assert replayed(live) == live.stores.fingerprint()


def test_a_switch_that_cannot_be_made_stops_what_is_beside(live: Sandbox) -> None:
    clock = hold(live)
    let_run(live, clock)
    do(live, str(ModelWrite("other", SPENT.replace("spent", "other").replace("other_by_cents", "by_name"))))
    do(
        live,
        str(
            ModelWrite("spent", NAMED.replace("-- on OrderPl", "CREATE INDEX by_name ON spent (name);\n-- on OrderPl"))
        ),
    )
    let_run(live, clock)
    assert "index by_name already exists" in live.state()["beside"]["spent"]["reason"]
    assert (live.due(), live.due(own=True)) == (None, None)
    assert spent(live) == by_the_write_tables(live)


def test_a_rebuild_beside_goes_on_by_itself_and_its_guards_and_sleep_stay(live: Sandbox) -> None:
    clock = hold(live)
    let_run(live, clock)
    do(live, "mode spent dedupe=on", "pause spent", EDIT)
    let_run(live, clock)
    assert at(live) == (9, "paused")
    do(live, "resume spent")
    assert do(live, "redeliver spent 7").reason == "left out: spent had applied event #7 before"
    do(live, "model rebuild spent beside=yes")
    let_run(live, clock)
    do(live, "model switch spent", "model drop spent old=yes")
    assert spent(live) == by_the_write_tables(live)


def test_what_is_due_for_it_is_due_apart(live: Sandbox) -> None:
    clock = hold(live)
    assert live.due() is None
    assert live.due(own=True) is not None
    do(live, "bulk 1", "set spent delay=3")
    clock.move(2)
    assert live.advance()
    assert (at(live, "sales"), at(live)) == ((11, "running"), (0, "running"))
    clock.move(2)
    assert live.advance(own=True)
    assert at(live) == (10, "running")


# The files may vanish, and have their size


def test_a_read_store_that_is_gone_is_made_again_with_it(shop: Sandbox) -> None:
    do(shop, "run", EDIT, "model fill spent 5")
    before = rows(shop)
    for file in shop.stores.folder.glob("read*.db*"):
        file.unlink()
    assert rows(shop) == before
    assert shop.state()["beside"]["spent"]["position"] == 0
    do(shop, "model fill spent", "model switch spent")
    assert spent(shop) == by_the_write_tables(shop)


def test_the_read_store_has_room_for_them_beside_that_of_the_others(shop: Sandbox) -> None:
    def most() -> list[int]:
        connections = [shop.read.connection, shop.stores.next.store().connection]
        return [c.execute("PRAGMA max_page_count").fetchone()[0] * limits.PAGE_BYTES for c in connections]

    do(shop, "run", EDIT)
    do(shop, "run")
    whole = limits.MAX_READ_BYTES + policy.OWN_BYTES
    assert whole - 2 * limits.PAGE_BYTES <= sum(most()) <= whole
    do(shop, "model cancel spent", "model forget spent", "run")
    assert (
        shop.read.connection.execute("PRAGMA max_page_count").fetchone()[0]
        == limits.MAX_READ_BYTES // limits.PAGE_BYTES
    )


# Looked at


def test_the_oracle_and_the_page_say_that_there_is_no_truth_to_compare_with(shop: Sandbox) -> None:
    do(shop, "run")
    nobody = "nobody wrote how the write store would answer spent"
    answer = do(shop, "oracle spent")
    assert (answer.reason, answer.result) == (f"spent is not known: {nobody}", {"spent": None})
    assert str(do(shop, "oracle").reason).startswith("no drift in customer_card, ")
    assert "only built-in read models" in refused(shop, "query spent via=write")
    table = xray_read.read_tables(shop)["spent"]
    sheet = broken_sheet(shop, "spent")
    assert sheet is not None
    assert (sheet["unknown"], table.unknown) == (nobody, nobody)
    assert [(row.key, row.from_event, row.side) for row in table.rows] == [("c1", 9, ""), ("c2", 7, "")]
    assert not any(cell.stale for row in table.rows for cell in row.cells)


def test_its_code_is_its_text(shop: Sandbox) -> None:
    code = code_of_projection(shop, "spent")
    assert code is not None
    assert (code["path"], code["kind"]) == ("spent.sql", "own")
    assert "\n".join(line for _, line in code["parts"][0]) == SPENT.rstrip()


def test_whatever_it_holds_it_can_be_looked_at(shop: Sandbox) -> None:
    """Bytes, half a character, an infinite number, texts too long to show, a key of many rows, a key of a list."""
    odd = """
    -- key: k
    CREATE TABLE odd (k, from_event, v);
    -- on CustomerRegistered
    INSERT INTO odd VALUES (NULL, 'x', x'00ff'), (1, 9e999, CAST(x'ff' AS TEXT)),
    ('1', -1, replace(hex(zeroblob(900)), '0', 'é'));
    -- on OrderPlaced
    INSERT INTO odd VALUES (json_array(1), 1, :lines), (:order_id, 99999999999, char(55296));"""
    one = "-- key: lines\nCREATE TABLE one (lines);\n-- on OrderPlaced\nINSERT INTO one VALUES (:lines);"
    do(
        shop,
        str(ModelWrite("odd", dedent(odd))),
        str(ModelWrite("one", one)),
        "run",
        "bulk 1",
        "model rebuild odd beside=yes",
    )
    do(shop, "model fill odd", "model switch odd", "run", "travel 9 since=2", "query odd 1")
    found = xray_read.read_tables(shop)["odd"]
    assert json.loads(json.dumps(rows(shop, "odd"), allow_nan=False))
    assert max(len(str(cell.value)) for row in found.rows for cell in row.cells) <= 500
    assert len({(row.key, row.again) for row in found.rows}) == len(found.rows)
    assert shop.stores.fingerprint()
    assert xray.table_page(shop, "read", "odd", 0)
    shop.stores.write.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    root = shop.root
    shop.close()
    for seal in root.rglob("seal.json"):
        seal.unlink()
    again = Sandbox(root)
    assert again.stores.notices.now() == {}
    again.close()


# Only the worker runs its statements

EVIL = "DELETE FROM _checkpoint WHERE 1 = 1"
NOT_TO_BE_MADE = SPENT.replace("cents       INTEGER NOT NULL", "cents       INTEGER DEFAULT (abs(-1))")
NOT_TO_BE_APPLIED = SPENT.replace("INSERT INTO spent VALUES", f"{EVIL};\nINSERT INTO spent VALUES")

MAKING = {
    "model add spent": ("model drop spent",),
    "model rebuild spent": (),
    "model rebuild all": (),
    "model rebuild spent beside=yes": (),
    "travel 9": (),
    "read.db": (),
    "read.next.db": ("model rebuild spent beside=yes",),
    "undo": ("pause order_list",),
}
FILLING = {
    "step spent 7": (),
    "run": (),
    "run spent to=8": (),
    "query spent via=wait": (),
    "redeliver spent 6": ("run", "mode spent dedupe=off"),
    "reorder spent": ("step spent 5", "mode spent dedupe=off"),
    "retry spent": ("mode spent dedupe=on poison=park",),
    "model fill spent": ("model rebuild spent beside=yes",),
    "travel 9 since=5": (),
    "by itself": (),
    "read.db": ("run",),
}
"""Every place where a read model is made, and every one where it is filled, with what comes before the text changes."""


@pytest.mark.parametrize(
    ("text", "place", "before"),
    [(NOT_TO_BE_MADE, place, before) for place, before in MAKING.items()]
    + [(NOT_TO_BE_APPLIED, place, before) for place, before in FILLING.items()],
    ids=[f"made: {place}" for place in MAKING] + [f"filled: {place}" for place in FILLING],
)
def test_a_text_that_never_went_by_the_guard_is_refused_wherever_it_would_be_run(
    text: str, place: str, before: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with fresh("real" if place == "by itself" else "manual") as sandbox:
        do(sandbox, *ORDERS, "run sales", ADD, *before)
        if place == "retry spent":
            sandbox.lab.set("own", json.dumps({"spent": SPENT.replace("VALUES (:", "VALUES (:missing, :")}))
            do(sandbox, "run spent")
        sold = at(sandbox, "sales")
        smuggle(sandbox, text)
        with no_statement_of(sandbox, monkeypatch):
            come(sandbox, place)
        do(sandbox, "run sales")
        assert at(sandbox, "sales") == sold
        assert place == "read.next.db" or why_not(sandbox)
        assert place != "read.next.db" or not sandbox.state()["beside"]


def smuggle(sandbox: Sandbox, text: str) -> None:
    """Put a text where the deployed ones are, and where a replay finds it, past every check."""
    sandbox.lab.set("own", json.dumps({"spent": text}))
    line = str(ModelWrite("spent", text))
    sandbox.lab.connection.execute("UPDATE journal SET line = ? WHERE line LIKE 'model write%'", (line,))


REFUSED = re.compile("the rows of _checkpoint cannot be changed here|no such table: _checkpoint|must be a plain number")


def why_not(sandbox: Sandbox) -> str:
    """Everything that a sandbox says of what the guard refused: a default, or a table that is another's."""
    told = (
        "SELECT reason FROM journal UNION ALL SELECT detail FROM incidents UNION ALL SELECT result FROM results"
        " UNION ALL SELECT value FROM settings WHERE name = 'notices'"
    )
    said = [*sandbox.lab.connection.execute(told), *sandbox.read.connection.execute("SELECT reason FROM _parked")]
    said += sandbox.read.connection.execute("SELECT reason FROM _checkpoint").fetchall()
    return "; ".join(found for (words,) in said for found in REFUSED.findall(words or ""))


def come(sandbox: Sandbox, place: str) -> None:
    """Let a read model be made or filled in one of the ways there are."""
    if place == "by itself":
        let_run(sandbox, hold(sandbox))
    elif place.endswith(".db"):
        for file in sandbox.stores.folder.glob(f"{place}*"):
            file.unlink()
        sandbox.state()
    else:
        sandbox.act(place)


class no_statement_of:
    """See every statement that this process gives to SQLite, and let none of them be a learner's."""

    def __init__(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[str] = []
        connect: Any = sqlite3.connect

        def watched(*args: Any, **options: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = connect(*args, **options)
            connection.set_trace_callback(self.seen.append)
            return connection

        monkeypatch.setattr(sqlite3, "connect", watched)
        for store in (sandbox.read, sandbox.write):
            store.connection.set_trace_callback(self.seen.append)
        if sandbox.stores.next.standing():
            sandbox.stores.next.store().connection.set_trace_callback(self.seen.append)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        theirs = (EVIL.upper(), "CREATE TABLE SPENT", "INSERT INTO SPENT VALUES", "UPDATE SPENT")
        assert [sql for sql in self.seen if sql.lstrip().upper().startswith(theirs)] == []
        assert self.seen
