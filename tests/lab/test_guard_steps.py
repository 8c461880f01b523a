"""The guard for read models of one's own: each defence has rows that fall without it, and what it protects stays."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lab.guard import canaries, corpus, gates, ordeal, own, patching, policy, projecting
from lab.guard.hardening import connect
from lab.guard.messages import Patch, Refused, Stepped, Steps
from lab.guard.own import OwnStore, Unfit
from lab.guard.words import LOST

FILES = (Path(__file__).parent / "guard" / f"{name}.tsv" for name in ("hostile_sql", "more_sql"))
CORPUS = {row.id: row for file in FILES for row in corpus.rows(file)}


@pytest.fixture(scope="module")
def read_db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return corpus.build(tmp_path_factory.mktemp("steps"))["read"]


@pytest.fixture
def untimed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends a statement is its work, on the slowest machine too."""
    monkeypatch.setattr(policy, "APPLY", replace(policy.APPLY, seconds=3600))


@pytest.fixture
def store(untimed: None) -> Iterator[OwnStore]:
    """A store in memory, in a transaction, with one table that is the learner's own."""
    with closing(connect(":memory:", 0)) as connection:
        connection.execute("CREATE TABLE others (a)")
        connection.execute("BEGIN")
        store = OwnStore(connection)
        store.make("CREATE TABLE mine (a PRIMARY KEY, b)")
        yield store


def tried(file: Path, *steps: str) -> Stepped:
    """Try steps in this process, so that a defence can be taken out."""
    stepped = projecting.steps(Steps(str(file), steps, corpus.PARAMETERS, corpus.OWN))
    assert isinstance(stepped, Stepped)
    return stepped


# Each defence bites


def with_functions(patch: pytest.MonkeyPatch) -> None:
    more = policy.CREATE.functions | policy.CHANCE | policy.CLOCK
    for name in ("CREATE", "APPLY"):
        patch.setattr(policy, name, replace(getattr(policy, name), functions=more))


ABLATIONS: dict[str, tuple[tuple[str, ...], Callable[[pytest.MonkeyPatch], None]]] = {
    "authorizer": (
        ("H178", "H179", "H181", "H202", "H210", "H226"),
        lambda patch: patch.setattr(gates.Gate, "__call__", lambda gate, *what: gate.changed.add("any") or 0),
    ),
    "functions": (("H215", "H217", "H218", "H219", "R414", "R415", "R420", "R422"), with_functions),
    "defaults": (
        ("H213", "H214", "H233", "H234", "H238"),
        lambda patch: patch.setattr(OwnStore, "_why_not_kept", lambda store, table: None),
    ),
    "reserved names": (
        ("H206", "R355", "R356", "R357", "R358", "R359"),
        lambda patch: patch.setattr(policy, "RESERVED", ("sqlite_",)),
    ),
    "words": (
        ("H241", "R328", "R329", "R912", "R913"),
        lambda patch: (
            patch.setattr(own, "first_word", lambda sql: "delete"),
            patch.setattr(gates.Gate, "_why_not_changed", lambda gate, name, schema: gate.changed.add(name)),
        ),
    ),
    "limits": (("H251", "R467", "R468", "R839", "R841"), lambda patch: patch.setattr(policy, "LIMITS", {})),
}


@pytest.mark.parametrize("defence", ABLATIONS)
def test_without_this_defence_rows_fall(read_db: Path, defence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, take_out = ABLATIONS[defence]
    assert [row for row in rows if verdict(read_db, row) not in CORPUS[row].expected] == []
    take_out(monkeypatch)
    assert [row for row in rows if verdict(read_db, row) in CORPUS[row].expected] == []


def verdict(read_db: Path, row: str) -> str:
    return ordeal.ENDS[tried(read_db, *CORPUS[row].steps).kind]


@pytest.mark.parametrize(
    "sql", ["INSERT INTO mine SELECT a, 1 FROM others", "INSERT INTO mine SELECT count(*), 1 FROM others"]
)
def test_without_this_rule_another_read_model_would_be_read(store: OwnStore, sql: str) -> None:
    with pytest.raises(Unfit, match="another state"):
        store.run(sql, {})
    store._gate.held_to = replace(policy.APPLY, own_only=False)
    store.run(sql, {})


def work_and_clock(read_db: Path) -> str:
    error = str(tried(read_db, *CORPUS["H246"].steps).error)
    return next(what for what in ("30,000 units", "1 ms", "100 ms") if what in error)


def twofold(columns: int) -> tuple[str, ...]:
    """Steps for which SQLite writes a program that is twice as long with each column."""
    each = "".join(f", c{number} AS (c{number - 1} + c{number - 1})" for number in range(1, columns))
    return f"CREATE TABLE t (c0{each})", "INSERT INTO t (c0) VALUES (1)", f"DELETE FROM t WHERE c{columns - 1} = 0"


@pytest.mark.usefixtures("untimed")
def test_the_program_of_a_statement_has_a_length(read_db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [tried(read_db, *twofold(columns)).kind for columns in (12, 15)] == ["done", "limit"]
    monkeypatch.delitem(policy.LIMITS, sqlite3.SQLITE_LIMIT_VDBE_OP)
    monkeypatch.setattr(policy, "EVENT_WORK", 10**12)
    assert tried(read_db, *twofold(15)).kind == "done"


@pytest.mark.usefixtures("untimed")
def test_endless_work_is_ended_by_the_same_figure_everywhere_and_else_by_the_processor_s_time(
    read_db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert work_and_clock(read_db) == "30,000 units"
    monkeypatch.setattr(policy, "EVENT_WORK", 10**12)
    monkeypatch.setattr(policy, "APPLY", replace(policy.APPLY, seconds=0.001))
    assert work_and_clock(read_db) == "1 ms"


def test_the_statements_of_an_event_share_one_allowance_and_the_next_event_has_another(
    store: OwnStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "EVENT_WORK", 1_000)
    hundreds = (
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300) DELETE FROM mine WHERE a IN n"
    )
    for sql in ("COMMIT", "BEGIN"):
        store.connection.execute(sql)
    store.run(hundreds, {"position": 1})
    with pytest.raises(Unfit, match="units of work"):
        store.run(hundreds, {"position": 1})
    store.connection.execute("BEGIN")
    store.run(hundreds, {"position": 2})


# Transactions


ENDS_IT = (
    "INSERT OR ROLLBACK INTO mine VALUES (1, 2)",
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) DELETE FROM mine WHERE a IN n",
)


@pytest.mark.parametrize("sql", ENDS_IT)
def test_a_statement_that_ends_the_transaction_is_found_out_before_anything_else_runs(
    store: OwnStore, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.run("INSERT INTO mine VALUES (1, 1)", {})
    with pytest.raises(Unfit):
        store.run(sql, {})
    assert not store.connection.in_transaction
    assert [name for (name,) in store.connection.execute("SELECT name FROM sqlite_schema WHERE name = 'mine'")] == []


def test_a_change_by_hand_that_ends_its_transaction_is_not_noted_as_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = a_file(tmp_path)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE _lines (projection TEXT PRIMARY KEY, n, position)")
    # The authorizer denies this before; here it lets everything pass.
    monkeypatch.setattr(gates.Gate, "__call__", lambda gate, *what: gate.changed.add("mine") or 0)
    assert patching.patch(Patch(str(file), "COMMIT", 1, 100)) == Refused(LOST)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT * FROM _lines").fetchall() == []


def test_a_statement_that_fails_halfway_leaves_nothing_behind(store: OwnStore) -> None:
    store.run("INSERT INTO mine VALUES (3, 0)", {})
    with pytest.raises(Unfit, match="UNIQUE"):
        store.run("INSERT OR FAIL INTO mine SELECT value, 1 FROM json_each('[1, 2, 3, 4]')", {})
    assert store.connection.execute("SELECT a, b FROM mine").fetchall() == [(3, 0)]


@pytest.mark.parametrize(
    ("guilty", "code"),
    [(ENDS_IT[0], sqlite3.SQLITE_ERROR), (ENDS_IT[1], sqlite3.SQLITE_ERROR), ("nonsense", sqlite3.SQLITE_ERROR)],
)
def test_to_the_projector_it_is_the_event_s_fault(store: OwnStore, guilty: str, code: int) -> None:
    store.run("INSERT INTO mine VALUES (1, 1)", {})
    with pytest.raises(Unfit) as caught:
        store.run(guilty, {})
    assert caught.value.sqlite_errorcode == code


def test_only_the_clock_is_not(store: OwnStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "EVENT_WORK", 10**12)
    store._gate.held_to = replace(policy.APPLY, seconds=0.001)
    with pytest.raises(Unfit) as caught:
        store.run(ENDS_IT[1], {})
    assert caught.value.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT


# Tables


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("INSERT INTO others VALUES (1)", "the rows of others cannot be changed here; those of mine can"),
        ("INSERT INTO mine SELECT a, 1 FROM others", "the table others cannot be read here"),
        ("INSERT INTO mine SELECT count(*), 1 FROM others", "the table others cannot be read here"),
        ("WITH x AS (SELECT * FROM main.others) DELETE FROM mine WHERE a IN x", "the table others cannot be read here"),
        ("INSERT INTO mine VALUES (random(), 1)", "a rebuild would get another answer"),
        ("SELECT 1", "by nothing else"),
        ("EXPLAIN DELETE FROM mine", "by nothing else"),
        ("; /* */ -- \n EXPLAIN DELETE FROM mine", "by nothing else"),
        ("DELETE FROM mine; DELETE FROM mine", "only one statement"),
        ("INSERT INTO mine VALUES (:a, 1)", "the event has no field :a"),
        ("INSERT INTO mine VALUES (?, 1)", "a parameter needs the name of a field"),
    ],
)
def test_what_a_projection_may_not_do_is_said(store: OwnStore, sql: str, said: str) -> None:
    with pytest.raises(Unfit, match=said):
        store.run(sql, {"order_id": "o1"})
    with pytest.raises(Unfit, match=said):
        store.prepare(sql, {"order_id": "o1"})


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("CREATE TABLE IF NOT EXISTS others (a)", "there is one of that name already"),
        ("CREATE INDEX i ON others (a)", "not one that this read model made"),
        ("CREATE TABLE x (a REFERENCES others (a))", "no REFERENCES"),
        ("CREATE TABLE x (a DEFAULT (1 + 1))", "must be a plain number"),
        ("CREATE TABLE json_each (a)", "taken by the program"),
        ("CREATE TABLE temp.x (a)", "by nothing else"),
        ("CREATE TABLE x AS SELECT 1", "by nothing else"),
        ("CREATE TRIGGER t AFTER INSERT ON mine BEGIN SELECT 1; END", "by nothing else"),
    ],
)
def test_what_cannot_be_made_is_said(store: OwnStore, sql: str, said: str) -> None:
    with pytest.raises(Unfit, match=said):
        store.make(sql)


def test_ordinary_statements_go_through(store: OwnStore) -> None:
    store.make(
        "CREATE TABLE more (a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT NOT NULL DEFAULT 'it''s', c DEFAULT -1.5)"
    )
    store.make("CREATE UNIQUE INDEX more_b ON more (b) WHERE c > 0")
    event = {"lines": '[{"k": "x", "n": 2}, {"k": "y", "n": 3}]'}
    for sql in (
        "INSERT INTO mine SELECT value ->> 'k', value ->> 'n' FROM json_each(:lines) WHERE true"
        " ON CONFLICT (a) DO UPDATE SET b = b + excluded.b",
        "WITH top AS (SELECT a FROM mine ORDER BY b DESC LIMIT 1) UPDATE mine SET b = 9 WHERE a IN top RETURNING b",
        "REPLACE INTO more (b) SELECT a FROM mine",
        "UPDATE mine SET b = b + line.value ->> 'n' FROM json_each(:lines) AS line WHERE a = line.value ->> 'k'",
    ):
        store.run(sql, event)
    assert store.connection.execute("SELECT * FROM mine ORDER BY a").fetchall() == [("x", 4), ("y", 12)]
    assert store.connection.execute("SELECT b, c FROM more ORDER BY b").fetchall() == [("x", -1.5), ("y", -1.5)]


# Room


def filled(file: Path, most_pages: int | None = None) -> int:
    """Insert until it is full; return the size of the file and what belongs to it, at its height."""
    with closing(connect(file.as_uri(), 0)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        store = OwnStore(connection, ["mine"], most_pages)
        for number in range(100):
            try:
                with store.transaction():
                    store.run("INSERT INTO mine VALUES (:n, zeroblob(60000))", {"n": number})
            except Unfit:
                break
        return sum(path.stat().st_size for path in file.parent.glob(f"{file.name}*"))


def a_file(folder: Path) -> Path:
    file = folder / "read.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("PRAGMA journal_mode = WAL; CREATE TABLE mine (a, b); CREATE TABLE sales (a)")
    return file


def test_learners_tables_have_two_megabytes_whatever_else_is_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = a_file(tmp_path)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("INSERT INTO sales VALUES (zeroblob(3000000))")
    assert 4_000_000 < filled(file) < 8_000_000
    held = rows_in(file)
    assert held == policy.OWN_BYTES // 61_500
    filled(file)
    assert rows_in(file) == held
    monkeypatch.setattr(own, "OWN_PAGES", 10_000)
    filled(file)
    assert rows_in(file) == held + 100


def test_pages_that_are_free_in_the_file_are_counted_too(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("INSERT INTO sales VALUES (zeroblob(9000000))")
        connection.execute("DELETE FROM sales")
    filled(file)
    assert 25 <= rows_in(file) <= policy.OWN_BYTES // 60_000


def test_the_file_s_own_limit_holds_beside_it(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    filled(file, most_pages=100)
    assert rows_in(file) <= 6


def rows_in(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        count: int = connection.execute("SELECT count(*) FROM mine").fetchone()[0]
        return count


# Canaries


def test_the_canaries_say_which_rule_this_sqlite_broke(monkeypatch: pytest.MonkeyPatch) -> None:
    assert canaries.sing().why_not == "its memory has no limit"
    monkeypatch.setattr(policy, "HEAP_BYTES", 0)
    assert canaries.sing().why_not is None
    take_out = ABLATIONS["defaults"][1]
    take_out(monkeypatch)
    assert "CREATE TABLE x (a DEFAULT (random()))" in str(canaries.sing().why_not)
