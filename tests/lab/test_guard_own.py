"""Read models of one's own: looked over while they are typed, rehearsed in memory, made and kept up in read.db."""

import sqlite3
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import pytest

from cqrs.read.projection import BUILT_IN
from cqrs.read.projector import OutOfOrder
from lab import guard, limits
from lab.guard import Model, own_file, policy, projecting, rehearsing
from lab.guard.gates import Gate
from lab.guard.keeper import Keeper
from lab.guard.messages import Rehearsed
from lab.guard.own import OwnStore, Unfit
from lab.loose import Guards
from lab.sandbox import Sandbox

PAGES = (limits.MAX_READ_BYTES + policy.OWN_BYTES) // limits.PAGE_BYTES

SPENT = Model(
    "spent",
    dedent("""\
        -- key: customer_id
        CREATE TABLE spent (
            customer_id TEXT PRIMARY KEY,
            name        TEXT NOT NULL,
            cents       INTEGER NOT NULL DEFAULT 0
        );
        -- on OrderPlaced
        INSERT INTO spent VALUES (:customer_id, :customer_name, :total_cents)
        ON CONFLICT (customer_id) DO UPDATE SET cents = cents + excluded.cents;
        -- on OrderCancelled
        UPDATE spent SET cents = cents - :total_cents WHERE customer_id = :customer_id;
        """),
)


@pytest.fixture
def shop(sandbox: Sandbox) -> Sandbox:
    """Four orders, one of them cancelled: the log ends at event 10."""
    for line in (
        "cmd place_order customer=c1 product=lamp qty=1 order=o1",
        "cmd place_order customer=c2 product=mug qty=2 order=o2",
        "cmd place_order customer=c1 product=mug qty=1 order=o3",
        "cmd cancel_order order=o1",
        "cmd place_order customer=c1 product=mug qty=3 order=o4",
    ):
        assert sandbox.act(line).outcome == "accepted"
    return sandbox


def write_db(sandbox: Sandbox) -> Path:
    return sandbox.stores.folder / "write.db"


def read_db(sandbox: Sandbox) -> Path:
    return sandbox.stores.folder / "read.db"


def by_the_write_tables(sandbox: Sandbox) -> list[tuple[str, int]]:
    """The same figures, asked of the tables in which orders are kept."""
    return sandbox.stores.write.connection.execute(
        "SELECT customer_id, sum(qty * unit_price_cents) FROM orders JOIN order_lines ON orders.id = order_id"
        " WHERE status <> 'cancelled' GROUP BY 1 ORDER BY 1"
    ).fetchall()


def changed(model: Model, before: str, after: str) -> Model:
    assert before in model.source
    return Model(model.name, model.source.replace(before, after))


# Looked over


def test_a_file_that_will_do_has_no_findings_and_names_its_columns() -> None:
    assert guard.check(SPENT) == guard.Checked((), ("customer_id", "name", "cents"))


@pytest.mark.parametrize("name", ["customer_card", "order_list", "product_card", "sales"])
def test_a_built_in_one_will_do_as_a_copy_once_its_own_privileges_are_gone(name: str) -> None:
    source = (BUILT_IN / f"{name}.sql").read_text(encoding="utf-8").partition("-- rebuild")[0]
    assert own_file.check(own_file.Check(Model(f"my_{name}", source.replace(name, f"my_{name}")))).findings == ()


MISTAKES = [
    (":total_cents)", ":total)", "OrderPlaced has no field :total", (8, 57), "did you mean :total_cents?"),
    ("cents = cents + ex", "cents = cent + ex", "SQLite says: no such column: cent", (9, 49), "did you mean cents?"),
    (":total_cents)", ":total_cents::int)", "has no field :total_cents::int", (8, 57), "did you mean :total_cents?"),
    ("INSERT INTO spent", "INSERT INTO spend", "SQLite says: no such table: spend", (8, 13), "its own table only"),
    (
        "cents - :total",
        "random() - :total",
        "the function random() is not allowed here",
        (11, 26),
        "Take :position: it comes with the event",
    ),
    ("UPDATE spent SET", "UPDATE spent SETT", 'SQLite says: near "SETT": syntax error', (11, 14), "one before it"),
    ("OrderCancelled", "OrderCanceled", "there is no event OrderCanceled", (10, 7), "did you mean OrderCancelled?"),
    ("-- on OrderCancelled", "-- on OrderPlaced", "there are two blocks for OrderPlaced", (10, 7), None),
    ("-- key: customer_id", "-- key: customer", "the key customer is no column", (1, 1), "did you mean customer_id?"),
    ("-- key: customer_id", "-- key: name) OR (1", "the key name) OR (1 is no column", (1, 1), "there is"),
    ("-- key: customer_id", "-- key: name\n-- find: 1 = 1", "-- find: is only for the built-in", (2, 1), None),
    ("-- on OrderPlaced", "-- rebuild", "a block -- rebuild reads the whole log", (7, 1), "one by one"),
    ("-- key: customer_id", "", "the read model spent has no line", None, "such as -- key: customer_id"),
    ("cents       INTEGER", '"a b" INTEGER', "the name a b needs letters, digits and _ only", (5, 6), None),
    ("-- on OrderPl", 'CREATE INDEX "x "" y" ON spent (cents);\n-- on OrderPl', "needs letters, digits", None, None),
    ("-- key: customer_id\n", "-- key: order\n", "the key order is no column", (1, 1), "there is"),
    ("NOT NULL DEFAULT 0", "AS (1 + 1)", "the column cents is computed", (5, 5), None),
    ("DEFAULT 0", "DEFAULT (random())", "the DEFAULT of cents must be a plain number", (5, 5), None),
    ("DEFAULT 0", "CHECK (abs(cents) > 0)", "the function abs() is not allowed here", (5, 41), None),
    ("TABLE spent", "TABLE spend", "it bears the name of the read model: spent", (2, 14), None),
    (");\n-- on OrderPl", ");\nCREATE TABLE b (a);\n-- on OrderPl", "a file makes one table", (7, 14), None),
    ("(:customer_id", "(customer_id", "no such column: customer_id", (8, 27), "has a colon: :customer_id"),
    (":customer_name", "name", "no such column: name", (8, 41), "has a colon: did you mean :customer_name?"),
    (
        "VALUES (:customer_id, :customer_name",
        "VALUES (:customer_id, :name",
        "no field :name",
        (8, 41),
        ":customer_name?",
    ),
    (
        ":customer_name",
        "NEW.customer_name",
        "no such column: NEW.customer_name",
        (8, 41),
        "has a colon: :customer_name",
    ),
    ("excluded.cents;", "excluded.cents\nDELETE FROM spent;", 'near "DELETE"', (10, 1), "ends with a semicolon"),
    ("cents - :total_cents", "0 FROM :lines", 'near ":lines": syntax error', (11, 33), "json_each(:lines)"),
    (
        ":customer_name",
        "datetime('now')",
        "the function datetime() is not allowed here",
        (8, 41),
        "Take :placed_on: it comes",
    ),
    (":customer_name", "current_Date", "CURRENT_DATE is not allowed here", (8, 41), "Take :placed_on: it comes"),
    ("UPDATE spent", "SELECT 1; UPDATE spent", "by nothing else", (11, 1), None),
    ("UPDATE spent", "-- " + "x" * 10_000 + "\nUPDATE spent", "longer than 10,000 characters", None, None),
]


@pytest.mark.parametrize(("before", "after", "said", "place", "hint"), MISTAKES)
def test_a_mistake_is_found_at_its_place(
    before: str, after: str, said: str, place: tuple[int, int] | None, hint: str | None
) -> None:
    findings = own_file.check(own_file.Check(changed(SPENT, before, after))).findings
    finding = next(finding for finding in findings if said in finding.said)
    assert (finding.place and (finding.place.line, finding.place.column)) == place
    assert (hint or "") in (finding.hint or "")


def told(model: Model) -> list[tuple[str, str]]:
    """What is found in a file, each with the word that is underlined."""
    found = own_file.check(own_file.Check(model)).findings
    return [(finding.said, finding.place.word if finding.place else "") for finding in found]


def test_every_wrong_field_of_a_statement_is_found_and_not_the_column_of_that_name() -> None:
    model = changed(
        SPENT, "spent VALUES (:customer_id, :customer_name", "spent (customer_id, name, cents) VALUES (:id, @name"
    )
    assert told(model) == [
        ("OrderPlaced has no field :id", ":id"),
        ("OrderPlaced has no field @name", "@name"),
    ]
    source = model.source.replace("cents = cents +", "cents = cent +").replace(":id", "':no', random(), random()")
    assert [word for _, word in told(Model("spent", source))] == ["random", "random", "@name"]


def test_a_table_of_another_name_hides_nothing_else() -> None:
    source = changed(SPENT, "SET cents = cents +", "SET cents = cent +").source
    assert [word for _, word in told(Model("other", source))] == ["spent", "cent"]


@pytest.mark.parametrize("under", ["", "-- what it changes\n"])
def test_a_file_in_which_no_event_changes_anything_is_told_so_at_its_first_block(under: str) -> None:
    head = SPENT.source.partition("-- on OrderPlaced")[0]
    empty = Model("spent", f"{head}-- on OrderPlaced\n{under}\n-- on OrderCancelled\n")
    assert told(empty) == [("there is no SQL under -- on OrderPlaced yet", "-- on OrderPlaced")]
    assert told(Model("spent", f"{empty.source}DELETE FROM spent;")) == []


def test_a_file_is_looked_over_once_more_where_the_worker_was_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    assert guard.trusted() is None
    lost = iter([None, guard.Checked(())])
    monkeypatch.setattr(Keeper, "once", lambda *asked: next(lost))
    assert guard.check(SPENT) == guard.Checked(())


def test_a_key_that_is_a_word_of_sql_is_found() -> None:
    source = SPENT.source.replace("key: customer_id", "key: order").replace(" customer_id", ' "order"')
    model = Model("spent", source.replace("(customer_id)", '("order")'))
    said = [finding.said for finding in own_file.check(own_file.Check(model)).findings]
    assert said == ["the name order is a word of SQL; another one is needed"]


@pytest.mark.parametrize(
    "name", ["sales", "taken", "_mine", "order", "all", "Mine", "1st", "a b", 'x"; --', "é", "x" * 41, ""]
)
def test_a_name_that_is_taken_or_could_be_more_than_a_name_is_refused(name: str) -> None:
    model = Model(name, SPENT.source.replace("spent", f'"{name}"'))
    assert own_file.check(own_file.Check(model, ("taken",))).findings


# Rehearsed


def test_a_rehearsal_shows_what_the_last_events_change_and_touches_no_store(shop: Sandbox) -> None:
    before = shop.stores.fingerprint()
    rehearsed = guard.rehearse(SPENT, write_db(shop), last=3)
    assert isinstance(rehearsed, Rehearsed)
    assert rehearsed.columns == ("customer_id", "name", "cents")
    assert [(change.key, change.before, change.after) for change in rehearsed.changes] == [
        (("c1",), ("c1", "Ada", 2500), ("c1", "Ada", 3200))
    ]
    assert [(effect.position, effect.type, effect.changed) for effect in rehearsed.effects] == [
        (8, "OrderPlaced", 1),
        (9, "OrderCancelled", 1),
        (10, "OrderPlaced", 1),
    ]
    assert (rehearsed.rows, rehearsed.position, rehearsed.stopped) == (2, 10, None)
    assert rehearsed.digest == guard.rehearse(SPENT, write_db(shop), last=10).digest
    assert shop.stores.fingerprint() == before


def test_rows_that_share_a_key_are_all_there(shop: Sandbox) -> None:
    source = """-- key: customer_id
        CREATE TABLE orders_of (customer_id, order_id);
        -- on OrderPlaced
        INSERT INTO orders_of VALUES (:customer_id, :order_id);"""
    rehearsed = guard.rehearse(Model("orders_of", dedent(source.replace("\n        ", "\n"))), write_db(shop), last=2)
    assert isinstance(rehearsed, Rehearsed)
    assert (rehearsed.rows, [change.after for change in rehearsed.changes]) == (4, [("c1", "o4")])


def test_a_rehearsal_stops_in_front_of_a_poison_event(shop: Sandbox) -> None:
    model = changed(SPENT, "ON CONFLICT (customer_id) DO UPDATE SET cents = cents + excluded.cents", "")
    rehearsed = rehearsing.rehearse(rehearsing.Rehearse(model, str(write_db(shop)), 4))
    assert isinstance(rehearsed, Rehearsed)
    assert "UNIQUE constraint failed: spent.customer_id" in str(rehearsed.stopped)
    assert [(effect.position, bool(effect.error)) for effect in rehearsed.effects] == [(7, False), (8, True)]
    assert (rehearsed.position, [change.key for change in rehearsed.changes]) == (7, [("c2",)])


# Made, and kept up


def test_a_read_model_of_one_s_own_says_what_the_write_tables_say(shop: Sandbox) -> None:
    assert guard.make(read_db(shop), SPENT, PAGES) is None
    events = shop.stores.write.events_after(0, 100)
    for start in range(0, len(events), 4):
        progress = guard.deliver(read_db(shop), SPENT, events[start : start + 4], lambda: 7, PAGES)
        assert progress.applied == [("spent", min(start + 4, 10), start, 7, 7)]
    asked = guard.ask({"main": read_db(shop)}, "SELECT customer_id, cents FROM spent ORDER BY 1", "me")
    assert list(asked.rows) == by_the_write_tables(shop)
    assert shop.stores.checkpoints()["spent"].position == 10


def test_it_can_be_broken_like_any_other(shop: Sandbox) -> None:
    guard.make(read_db(shop), SPENT, PAGES)
    events = shop.stores.write.events_after(0, 100)
    crashed = guard.deliver(read_db(shop), SPENT, events, lambda: 0, PAGES, crash="before_commit")
    assert (crashed.crashed, crashed.applied) == (["spent"], [])
    assert shop.stores.checkpoints()["spent"][1:3] == (0, "stopped")
    guard.deliver(read_db(shop), SPENT, events, lambda: 0, PAGES)
    again = guard.deliver(read_db(shop), SPENT, events[-1:], lambda: 0, PAGES, Guards(dedupe="off"), line=9)
    assert [incident.what for incident in again.incidents] == ["again"]
    assert spent(shop)["c1"] == dict(by_the_write_tables(shop))["c1"] + 2400
    assert guard.make(read_db(shop), SPENT, PAGES) is None
    assert (spent(shop), shop.stores.checkpoints()["spent"].position) == ({}, 0)


def test_an_event_that_is_not_the_next_one_is_not_taken_and_the_worker_lives(shop: Sandbox) -> None:
    guard.make(read_db(shop), SPENT, PAGES)
    events = shop.stores.write.events_after(0, 100)
    guard.deliver(read_db(shop), SPENT, events[:8], lambda: 0, PAGES)
    for wrong, got in ((events[7:], 8), (events[9:], 10)):
        with pytest.raises(OutOfOrder, match=f"spent stands at 8 and was given event {got}"):
            guard.deliver(read_db(shop), SPENT, wrong, lambda: 0, PAGES)
    assert shop.stores.checkpoints()["spent"][1:3] == (8, "running")


def test_events_can_be_delivered_each_in_a_transaction_of_its_own(shop: Sandbox) -> None:
    guard.make(read_db(shop), SPENT, PAGES)
    events = shop.stores.write.events_after(0, 100)
    died = guard.fill(read_db(shop), SPENT, events[:8], PAGES, crash="before_commit", singly=True)
    assert (died.crashed, died.moved) == (True, (7, 0))
    shop.stores.read.set_status("spent", "running")
    filled = guard.fill(read_db(shop), SPENT, events[7:], PAGES, singly=True)
    assert (filled.crashed, filled.moved, filled.incidents) == (False, (10, 7), ())
    assert spent(shop) == dict(by_the_write_tables(shop))


def spent(sandbox: Sandbox) -> dict[str, int]:
    return dict(sandbox.stores.read.connection.execute("SELECT customer_id, cents FROM spent").fetchall())


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OR ROLLBACK INTO spent SELECT * FROM spent",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) DELETE FROM spent WHERE cents IN n",
        "INSERT INTO spent SELECT * FROM spent",
    ],
)
@pytest.mark.parametrize("guards", [Guards(), Guards(dedupe="on"), Guards(atomic=False, poison="park")])
def test_a_statement_that_will_not_do_stops_it_and_the_checkpoint_stays_in_front(
    shop: Sandbox, statement: str, guards: Guards
) -> None:
    model = changed(SPENT, "UPDATE spent SET cents = cents - :total_cents WHERE customer_id = :customer_id", statement)
    guard.make(read_db(shop), model, PAGES)
    before = others(shop)
    for events in (shop.stores.write.events_after(0, 8), shop.stores.write.events_after(8, 1)):
        progress = guard.deliver(read_db(shop), model, events, lambda: 0, PAGES, guards, line=len(events))
    ended = {incident.what for incident in progress.incidents}
    stands = shop.stores.checkpoints()["spent"]
    assert ended == {"parked"} if stands.status == "running" else (ended, stands.position) == ({"stopped"}, 8)
    assert spent(shop) == {"c1": 3300, "c2": 1600}
    assert others(shop) == before


def others(sandbox: Sandbox) -> list[object]:
    """The rows of another read model, and the checkpoints of all others."""
    statements = ["SELECT * FROM order_list", "SELECT * FROM _checkpoint WHERE name <> 'spent'"]
    return [answer.rows for answer in guard.read({"main": read_db(sandbox)}, statements)]


@pytest.mark.parametrize(("times", "position", "status"), [(1, 10, "running"), (2, 0, "stopped")])
def test_a_batch_that_the_clock_ended_is_tried_once_more(
    shop: Sandbox, times: int, position: int, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard.make(read_db(shop), SPENT, PAGES)
    tried, late = OwnStore._tried, iter(range(times))

    def late_at_first(store: OwnStore, gate: Gate, sql: str, parameters: dict[str, object]) -> Unfit | None:
        if "INSERT INTO spent" in sql and next(late, None) is not None:
            return Unfit("late", "it took longer", sql, by_clock=True)
        return tried(store, gate, sql, parameters)

    monkeypatch.setattr(OwnStore, "_tried", late_at_first)
    events = tuple(shop.stores.write.events_after(0, 100))
    projecting.deliver(projecting.Deliver(str(read_db(shop)), SPENT, events, Guards(), None, 1, PAGES))
    assert shop.stores.checkpoints()["spent"][1:3] == (position, status)


def test_nothing_is_made_or_dropped_under_a_name_that_belongs_to_another(shop: Sandbox) -> None:
    for name in ("product_search_content", "sales", "order_list"):
        model = Model(name, SPENT.source.replace("spent", name))
        assert isinstance(guard.make(read_db(shop), model, PAGES), guard.Refused)
    assert guard.values({"main": read_db(shop)}, ["SELECT count(*) FROM product_search_content"])[0].value == 3


def test_a_read_store_that_somebody_holds_is_the_store_s_trouble_and_no_event_s(
    shop: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard.make(read_db(shop), SPENT, PAGES)
    monkeypatch.setattr(policy, "LOCK_SECONDS", 0)
    with closing(sqlite3.connect(read_db(shop), isolation_level=None)) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        events = tuple(shop.stores.write.events_after(0, 100))
        told = projecting.deliver(projecting.Deliver(str(read_db(shop)), SPENT, events, Guards(), None, 1, PAGES))
    assert isinstance(told, guard.Refused)
    assert (told.code, shop.stores.checkpoints()["spent"][1:3]) == (sqlite3.SQLITE_BUSY, (0, "running"))


def test_the_store_s_trouble_is_raised_as_what_it_is(shop: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    guard.make(read_db(shop), SPENT, PAGES)
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        guard.deliver(read_db(shop).with_name("gone.db"), SPENT, [], lambda: 0, PAGES)
    monkeypatch.setattr(policy, "BATCH_SECONDS", -policy.LOCK_SECONDS - policy.GRACE_SECONDS)
    # Who waits for a lock cannot answer at once, however quick the machine is.
    with shop.stores.read.transaction(), pytest.raises(guard.Overrun):
        guard.deliver(read_db(shop), SPENT, shop.stores.write.events_after(0, 9), lambda: 0, PAGES)
