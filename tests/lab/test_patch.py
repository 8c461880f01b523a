"""Rows changed by hand: only those of read models, once for a line, kept on record, and made again by a replay."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lab import carry_out
from lab.carry_out import Busy
from lab.guard import policy, workers
from lab.language import parse
from lab.sandbox import Sandbox
from lab.values import BadLine
from tests.lab.breaking import act, befell, drifted, units
from tests.lab.owned import AtHome
from tests.lab.sandboxes import replayed

MORE = 'patch "UPDATE sales SET units = units + 1"'


@pytest.fixture
def sold(sandbox: Sandbox) -> Sandbox:
    """A shop that sold two mugs, with every read model caught up."""
    act(sandbox, "cmd place_order customer=c1 product=mug qty=2", "run")
    return sandbox


def test_a_change_by_hand_is_done_and_stays_on_record_with_its_sql(sold: Sandbox) -> None:
    assert act(sold, MORE).reason == "1 row of sales changed by hand"
    assert units(sold, "mug") == 3
    assert befell(sold, "sales") == [("edited", 6, 6)]
    assert [(wrong[1:4], wrong[4:]) for wrong in drifted(sold, "sales")] == [(("units", 3, 2), (0, "edited"))]
    assert str(act(sold, "oracle sales").reason).endswith(
        "the write store says 2: sales was changed by hand: UPDATE sales SET units = units + 1"
    )


def test_a_rebuild_undoes_it_and_so_does_undo(sold: Sandbox) -> None:
    act(sold, MORE, "model rebuild sales", "run sales")
    assert (units(sold, "mug"), drifted(sold, "sales")) == (2, [])
    act(sold, MORE)
    sold.act("undo")
    assert units(sold, "mug") == 2


def test_a_change_of_no_row_is_no_edit(sold: Sandbox) -> None:
    answer = act(sold, "patch \"UPDATE sales SET units = 9 WHERE product_id = 'nothing'\"")
    assert answer.reason == "0 rows of sales changed by hand"
    assert befell(sold, "sales") == []


def test_the_copy_of_a_double_write_can_be_mended_by_hand(sandbox: Sandbox) -> None:
    act(sandbox, "dual on", "patch \"INSERT INTO dual_orders VALUES ('o1', 'lamp', 1)\"")
    assert befell(sandbox, "dual_orders") == [("edited", 5, 5)]


def test_every_change_is_made_again_by_a_replay_and_those_that_failed_are_not(sold: Sandbox) -> None:
    act(sold, MORE, 'patch "DELETE FROM product_card"')
    assert sold.act('patch "DROP TABLE sales"').outcome == "failed"
    act(
        sold,
        "patch \"REPLACE INTO order_list SELECT 'x', name, '\\\"', 1, 'd', 's', 1 FROM customer_card LIMIT 1\"",
        MORE,
    )
    assert replayed(sold) == sold.stores.fingerprint()
    assert units(sold, "mug") == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("before_it_acted", [True, False])
def test_a_server_that_dies_around_a_change_makes_it_once(sold: Sandbox, before_it_acted: bool) -> None:
    root = sold.root
    sold.close()
    child = os.fork()
    if child == 0:
        # The worker commits before the outcome is recorded: die on this side of that, or on the other.
        setattr(carry_out, "_perform" if before_it_acted else "_record", lambda *what: os._exit(9))
        Sandbox(root).act(MORE)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    with closing(Sandbox(root)) as again:
        assert units(again, "mug") == 3
        assert again.lab.entries()[-1].reason == "1 row of sales changed by hand"
        assert befell(again, "sales") == [("edited", 6, 6)]


def test_while_another_program_holds_the_lock_it_is_to_be_tried_again(
    sold: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(workers._keepers, os.getpid(), AtHome())
    monkeypatch.setattr(policy, "LOCK_SECONDS", 0.001)
    with closing(sqlite3.connect(sold.stores.folder / "read.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy):
            sold.act(MORE)
    act(sold, MORE)
    assert units(sold, "mug") == 3


ENDLESS = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
HOSTILE = [
    "DROP TABLE sales",
    "CREATE TABLE t (a)",
    "CREATE TABLE t AS SELECT * FROM sales",
    "CREATE INDEX i ON sales (units)",
    "CREATE VIEW v AS SELECT * FROM sales",
    "CREATE TRIGGER g AFTER INSERT ON sales BEGIN DELETE FROM _checkpoint; END",
    "CREATE TEMP TRIGGER g AFTER INSERT ON sales BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE v USING fts5 (a)",
    "ALTER TABLE sales ADD COLUMN z",
    "UPDATE _checkpoint SET position = 0",
    "DELETE FROM _lines",
    "INSERT INTO _seen VALUES ('sales', 'x')",
    'UPDATE main."_CHECKPOINT" SET position = 0',
    "UPDATE sales SET units = (SELECT max(position) FROM _checkpoint)",
    "INSERT INTO sqlite_schema VALUES ('table', 'z', 'z', 2, 'create table z (a)')",
    "UPDATE sqlite_master SET sql = ''",
    "DELETE FROM product_search",
    "INSERT INTO product_search (product_search) VALUES ('delete-all')",
    "DELETE FROM product_search_data",
    "ATTACH ':memory:' AS m",
    "DETACH main",
    "PRAGMA writable_schema = ON",
    "PRAGMA max_page_count = 1000000",
    "PRAGMA hard_heap_limit = 0",
    "VACUUM",
    "VACUUM INTO '/tmp/lagoon-stolen.db'",
    "REINDEX",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT s",
    "RELEASE s",
    "UPDATE sales SET units = 7; COMMIT",
    "UPDATE sales SET units = 7; DELETE FROM _checkpoint",
    "INSERT OR ROLLBACK INTO sales SELECT * FROM sales",
    "INSERT INTO sales SELECT * FROM sales",
    "UPDATE sales SET units = NULL",
    "UPDATE sales SET units = random()",
    "UPDATE sales SET day = date('now')",
    "UPDATE sales SET day = current_timestamp",
    "UPDATE sales SET units = last_insert_rowid()",
    "UPDATE sales SET units = load_extension('/tmp/x.so')",
    "UPDATE sales SET day = fts3_tokenizer('simple')",
    "UPDATE sales SET day = zeroblob(10000000)",
    "UPDATE sales SET units = (SELECT count(*) FROM pragma_database_list)",
    "UPDATE sales SET units = (SELECT count(*) FROM dbstat)",
    "UPDATE sales SET units = 1 RETURNING units",
    "EXPLAIN DELETE FROM sales",
    "SELECT * FROM sales",
    "VALUES (1)",
    "-- nothing",
    "UPDATE nowhere SET a = 1",
    "UPDATE sales SET",
    f"INSERT INTO sales {ENDLESS} SELECT x, 'd', 1, 1, 1 FROM c",
    f"INSERT INTO sales {ENDLESS} SELECT x, zeroblob(90000), 1, 1, 1 FROM c",
    f"DELETE FROM sales WHERE units IN ({ENDLESS} SELECT x FROM c)",
]


def test_no_hostile_change_happens_and_each_is_told_why(sold: Sandbox) -> None:
    before = sold.stores.fingerprint()
    schema = "SELECT group_concat(sql) FROM sqlite_master"
    tables = sold.read.connection.execute(schema).fetchone()
    for sql in HOSTILE:
        answer = sold.act(str(parse('patch "' + sql.replace('"', '\\"') + '"')))
        assert (answer.outcome, bool(answer.reason)) == ("failed", True), answer
        assert sold.stores.fingerprint() == before, sql
    assert sold.read.connection.execute(schema).fetchone() == tables
    assert not Path("/tmp/lagoon-stolen.db").exists()
    act(sold, MORE)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (
            "UPDATE _checkpoint SET position = 0",
            "the rows of _checkpoint cannot be changed by hand; those of customer_",
        ),
        ("DROP TABLE sales", "only one INSERT, UPDATE or DELETE on the rows of a read model can be used here; nothing"),
        ("UPDATE sales SET units = random()", "the function random() is not allowed here"),
        (f"DELETE FROM sales WHERE units IN ({ENDLESS} SELECT x FROM c)", "it took more than 200,000 units of work"),
        ("INSERT OR ROLLBACK INTO sales SELECT * FROM sales", "SQLite says: UNIQUE constraint failed"),
        (f"INSERT INTO sales {ENDLESS} SELECT x, zeroblob(90000), 1, 1, 1 FROM c", "read.db is full"),
    ],
)
def test_a_refused_change_says_what_was_wrong(sold: Sandbox, sql: str, said: str) -> None:
    assert str(sold.act(f'patch "{sql}"').reason).startswith(said)


def test_a_change_is_written_in_one_way_and_read_in_two() -> None:
    other = parse('model edit "sql=UPDATE sales SET day = \'a \\"b\\" \\\\c\'"')
    assert str(other) == 'patch "UPDATE sales SET day = \'a \\"b\\" \\\\c\'"'
    assert parse(str(other)) == other


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("patch", "needs one SQL statement in double quotes"),
        ("patch UPDATE sales SET units = 1", "needs one SQL statement in double quotes"),
        ('patch " "', "an empty statement does nothing"),
        ('patch "UPDATE sales\nSET units = 1"', "must stand on one line"),
        ("patch \"UPDATE sales SET day = '\u2028'\"", "must stand on one line"),
        ("model edit sales", "changed by hand with patch"),
    ],
)
def test_a_change_that_cannot_be_read_says_how_to_write_it(line: str, said: str) -> None:
    with pytest.raises(BadLine, match=said):
        parse(line)
