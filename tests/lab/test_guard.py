"""The guard: SQL that a person wrote is answered, or refused in words, and harms neither the stores nor the server."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import replace
from itertools import islice, product
from pathlib import Path
from types import SimpleNamespace
from typing import IO

import pytest

from lab import guard
from lab.guard import corpus, hardening, keeper, linear, looking, ordeal, policy
from lab.guard.keeper import Keeper, Worker
from lab.guard.messages import Answer, Read, Stepped, Steps
from lab.guard.turns import Busy
from lab.guard.words import DIED, LATE
from lab.sandbox import Sandbox

PROC = Path("/proc")
CORPORA = {
    name: list(corpus.rows(Path(__file__).parent / "guard" / f"{name}.tsv")) for name in ("hostile_sql", "more_sql")
}
ROWS = {row.id: row for rows in CORPORA.values() for row in rows}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return corpus.build(tmp_path_factory.mktemp("guard"))


@pytest.fixture(scope="module")
def one() -> Iterator[Keeper]:
    """A keeper with one worker, so that a test can say which."""
    with closing(Keeper(workers=1)) as one:
        one.read({}, ["SELECT 1"])
        yield one


@pytest.fixture
def fresh() -> Iterator[Keeper]:
    """One that no other test has, whose workers may be killed and counted."""
    with closing(Keeper(workers=1)) as fresh:
        fresh.read({}, ["SELECT 1"])
        yield fresh


def process(one: Keeper) -> int:
    """The id of the process that waits to be asked."""
    return one.process


def worker(one: Keeper) -> Worker:
    """The worker that waits to be asked."""
    waiting = one._warm.get()
    one._warm.put(waiting)
    assert waiting is not None
    return waiting


def verdict(answer: Answer) -> str:
    """What became of a statement, in the words of the corpus; 'work' if only the other limit ended it."""
    if "units of work" in str(answer.error):
        return "work"
    return "limit" if answer.cut else ordeal.ENDS[answer.kind]


# The corpus


def test_no_row_got_lost() -> None:
    assert {name: len(rows) for name, rows in CORPORA.items()} == {"hostile_sql": 191, "more_sql": 913}
    assert [row.kind for row in CORPORA["hostile_sql"]].count("readonly") == 127
    assert len(ROWS) == 191 + 913


@pytest.mark.parametrize("kind", corpus.KINDS)
@pytest.mark.parametrize("name", CORPORA)
def test_every_hostile_row_holds_and_changes_nothing_and_takes_little_memory(name: str, kind: str) -> None:
    rows = [row for row in CORPORA[name] if row.kind == kind]
    assert [outcome for outcome in ordeal.attempt(rows) if not outcome.held] == []


SINGLE_CALLS = ("H109", "H111", "H113", "H117", "H247")
"""Rows in which one call of a function takes long: nothing is looked at meanwhile."""

SET = "printf('%.8300c', 'b') || 'a'"
HAY, NEEDLE = "printf('%.99000c', 'a')", "printf('%.49000c', 'a') || order_id"
QUADRATIC = [
    corpus.Row(sql, "projection", (sql,), ())
    for sql in (
        f"UPDATE order_summary SET total = instr({HAY}, {NEEDLE})",
        f"UPDATE order_summary SET status = replace({HAY}, {NEEDLE}, '')",
        f"UPDATE order_summary SET status = trim({HAY} || order_id, {SET})",
        f"UPDATE order_summary SET status = rtrim(order_id || {HAY}, {SET})",
    )
]


@pytest.mark.skipif(not PROC.exists(), reason="needs /proc")
@pytest.mark.parametrize("row", [*QUADRATIC, *(ROWS[number] for number in SINGLE_CALLS)], ids=lambda row: row.id[:40])
def test_a_row_that_escapes_the_meter_still_computes_for_less_than_two_deadlines(
    files: dict[str, Path], one: Keeper, row: corpus.Row
) -> None:
    pid, spent = process(one), ordeal.computed(process(one))
    request: Read | Steps = Steps(str(files["read"]), row.steps, corpus.PARAMETERS, corpus.OWN)
    if row.kind == "readonly":
        request = Read({name: str(path) for name, path in files.items()}, row.steps, policy.ROWS)
    # Nobody outside ends it, so that it can be seen what it does by itself.
    assert one.once(request, Answer | Stepped, seconds=600) is not None
    assert process(one) == pid
    assert ordeal.computed(pid) - spent < 2 * policy.DEADLINE_SECONDS


def test_a_row_does_not_hold_if_a_store_changed_or_the_worker_grew_or_died(monkeypatch: pytest.MonkeyPatch) -> None:
    row = corpus.Row("A", "readonly", ("SELECT 1",), ("ok",))
    good = next(ordeal.attempt([row]))
    assert good.held
    assert not good._replace(died=True).held
    assert not good._replace(growth=ordeal.MOST_GROWTH_BYTES).held
    dumps = iter(("before", "after"))
    monkeypatch.setattr(ordeal, "dump", lambda files: next(dumps))
    changed = next(ordeal.attempt([row]))
    assert not changed.held
    assert "a store changed" in ordeal.shown(changed)


@pytest.mark.parametrize(
    ("clock", "computed", "crowded", "late"),
    [(0.49, 0.3, 0, False), (0.51, 0.3, 0, True), (0.9, 0.3, 0.5, False), (0.9, 0.51, 0.9, True), (9, 0, 8, True)],
)
def test_a_row_is_late_by_its_own_time_and_not_by_what_a_busy_machine_adds(
    clock: float, computed: float, crowded: float, *, late: bool
) -> None:
    row = corpus.Row("A", "readonly", ("SELECT 1",), ("ok",))
    times = ordeal.Times(clock, computed, crowded)
    assert ordeal.Outcome(row, "ok", "", times, 0, changed=False, died=False).late is late


@pytest.mark.skipif(not (PROC / "pressure" / "cpu").exists(), reason="needs /proc/pressure")
def test_what_a_row_computes_is_seen_and_so_is_a_machine_with_too_much_to_do() -> None:
    # It ends well before its deadline: of a worker that had to be ended nobody knows what it computed.
    row = corpus.Row("A", "readonly", ("SELECT count(*) FROM events a, products b WHERE a.seq <= 500",), ("ok",))
    # They give way to the worker, and wait: it is enough that anybody waits.
    spin = [sys.executable, "-c", "import os\nos.nice(19)\nprint(flush=True)\nwhile True: pass"]
    spinning = [subprocess.Popen(spin, stdout=subprocess.PIPE) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        assert all(spinner.stdout.readline() for spinner in spinning if spinner.stdout)
        times = next(ordeal.attempt([row])).times
    finally:
        for spinner in spinning:
            spinner.kill()
            spinner.communicate()
    assert 0 < times.computed < times.clock
    assert times.crowded > 0


def test_a_change_of_either_store_is_seen(tmp_path: Path) -> None:
    files, seen = corpus.build(tmp_path), set[str]()
    for store, sql in (("main", "DELETE FROM events WHERE seq = 7"), ("read", "UPDATE _checkpoint SET position = 1")):
        seen.add(corpus.dump(files))
        with closing(sqlite3.connect(files[store])) as connection, connection:
            connection.execute(sql)
    assert len(seen | {corpus.dump(files)}) == 3


VALUES = [None, "", "a", "aXa", "Xß😀X", "aX1", "X\0X", b"", b"aXa", 0, -12, 10**15, 1.0, -0.5, 1e300, 1 / 3, 9e999]


def test_what_python_searches_is_found_where_sqlite_finds_it() -> None:
    with closing(sqlite3.connect(":memory:")) as plain, closing(sqlite3.connect(":memory:")) as ours:
        linear.put(ours)
        for values in product(VALUES, ["X", "", "a", "aX", "😀X", "a\0X", 1, b"X", 0.5, None], ["yy", "", 7, None]):
            sql = "SELECT instr(?1, ?2), replace(?1, ?2, ?3), trim(?1, ?2), ltrim(?1, ?2), rtrim(?1, ?2)"
            assert ours.execute(sql, values).fetchall() == plain.execute(sql, values).fetchall(), values


# Each defence bites


def answers(files: dict[str, Path], *statements: str) -> list[Answer]:
    """Ask in this process, so that a defence can be taken out."""
    request = Read({name: str(path) for name, path in files.items()}, statements, policy.ROWS)
    return list(looking.read(request))


ABLATIONS = {
    "authorizer": ("H045", "H058", "H059", "H073", "H074", "H077"),
    "functions": ("H067", "H073", "H121", "R129", "R130", "R131"),
    "hidden": ("H077", "H078", "H079", "H081", "R141", "R142", "R145", "R146"),
    "limits": ("H110", "H141", "H142", "H143", "H147"),
    "caps": ("H129", "H161", "H162", "H163", "R248", "R249"),
    "deadline": ("H093", "H095", "H097", "H106", "H107"),
}


def take_out(defence: str, patch: pytest.MonkeyPatch) -> None:
    readonly = policy.READONLY
    match defence:
        case "authorizer":
            patch.setattr(hardening.Gate, "__call__", lambda *what: sqlite3.SQLITE_OK)
        case "functions":
            every = {"fts3_tokenizer", "hex", "randomblob", "sqlite_source_id", "sqlite_version"}
            every |= {"sqlite_compileoption_get", "sqlite_compileoption_used"}
            patch.setattr(policy, "READONLY", replace(readonly, functions=frozenset(every)))
        case "hidden":
            patch.setattr(policy, "READONLY", replace(readonly, visible=readonly.visible | {"_secret"}))
        case "limits":
            patch.setattr(policy, "LIMITS", {})
        case "caps":
            patch.setattr(policy, "RESULT_BYTES", 1_000_000_000)
            patch.setattr(policy, "ROWS", 1_000_000_000)
        case "deadline":
            # Something has to end these statements; that it is this and not the deadline can be seen.
            patch.setattr(policy, "READONLY", replace(readonly, seconds=3600, work=50_000))


@pytest.mark.parametrize("defence", ABLATIONS)
def test_without_this_defence_rows_fall(files: dict[str, Path], defence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [ROWS[number] for number in ABLATIONS[defence]]
    held = {row.id for row in rows if verdict(answers(files, row.steps[0])[0]) in row.expected}
    assert held == set(ABLATIONS[defence])
    take_out(defence, monkeypatch)
    assert [row.id for row in rows if verdict(answers(files, row.steps[0])[0]) in row.expected] == []


EDGES = {
    sqlite3.SQLITE_LIMIT_LENGTH: ("SELECT length(zeroblob(100000))", "SELECT length(zeroblob(100001))"),
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: (f"SELECT '{'x' * 9_991}'", f"SELECT '{'x' * 9_992}'"),
    sqlite3.SQLITE_LIMIT_COLUMN: ("SELECT " + "1, " * 63 + "1", "SELECT " + "1, " * 64 + "1"),
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: ("SELECT 1" + " + 1" * 49, "SELECT 1" + " + 1" * 50),
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: ("SELECT 1" + " UNION SELECT 1" * 9, "SELECT 1" + " UNION SELECT 1" * 10),
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: ("SELECT max(" + "1, " * 15 + "1)", "SELECT max(" + "1, " * 16 + "1)"),
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: (f"SELECT 'a' LIKE '{'a' * 50}'", f"SELECT 'a' GLOB '{'a' * 51}'"),
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: ("EXPLAIN SELECT ?32", "EXPLAIN SELECT ?33"),
}


@pytest.mark.parametrize("limit", EDGES)
def test_each_limit_is_met_just_behind_its_edge_and_by_nothing_else(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, over = EDGES[limit]
    without_a_value = "error" if limit == sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER else "rows"
    assert [answer.kind for answer in answers({}, at, over)] == [without_a_value, "limit"]
    monkeypatch.delitem(policy.LIMITS, limit)
    assert answers({}, over)[0].kind == without_a_value


def test_a_value_that_printf_would_make_too_long_is_null_as_the_page_of_limits_says() -> None:
    most = policy.LIMITS[sqlite3.SQLITE_LIMIT_LENGTH]
    assert answers({}, f"SELECT printf('%.*c', {most + 1}, 'x')")[0].rows == ((None,),)


def test_what_is_not_tried_at_its_edge_is_set_all_the_same(files: dict[str, Path]) -> None:
    with closing(hardening.connect(hardening.uri(str(files["main"]), "ro"), 0)) as connection:
        hardening.harden(connection, policy.READONLY)
        assert {limit: connection.getlimit(limit) for limit in policy.LIMITS} == policy.LIMITS
        assert connection.getlimit(sqlite3.SQLITE_LIMIT_ATTACHED) == 0
        names = ("query_only", "trusted_schema", "cell_size_check", "mmap_size", "temp_store", "cache_size")
        settings = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names}
        assert settings == dict(zip(names, (1, 0, 1, 0, 2, -2000), strict=True))


@pytest.mark.skipif(not (PROC / "self" / "limits").exists(), reason="needs /proc")
def test_the_system_limits_a_worker_too(fresh: Keeper) -> None:
    lines = (PROC / str(process(fresh)) / "limits").read_text().splitlines()
    soft = {line[:26].strip(): line[26:].split()[0] for line in lines[1:]}
    assert int(soft["Max address space"]) == policy.ADDRESS_BYTES
    assert int(soft["Max file size"]) == policy.FILE_BYTES
    assert int(soft["Max core file size"]) == 0
    assert policy.CPU_SECONDS <= int(soft["Max cpu time"]) <= policy.CPU_SECONDS + 60


def test_the_clock_is_looked_at_while_a_statement_is_planned_too(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "READONLY", replace(policy.READONLY, seconds=0))
    assert answers(files, "SELECT sku FROM products LIMIT 1")[0].kind == "late"
    monkeypatch.setattr(hardening.Meter, "is_late", lambda meter: False)
    assert answers(files, "SELECT sku FROM products LIMIT 1")[0].kind == "rows"


def test_a_question_is_late_by_the_clock_and_a_projection_by_what_it_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(monotonic=lambda: at.clock, thread_time=lambda: at.computed)
    at = SimpleNamespace(clock=0.0, computed=0.0)
    monkeypatch.setattr(hardening, "time", clock)
    question, event = hardening.Meter(policy.ASK, None), hardening.Meter(policy.APPLY, None)
    assert not question.is_late()
    at.clock = 60.0
    assert (question.is_late(), event.is_late()) == (True, False)
    at.clock, at.computed = 120.0, 60.0
    assert event.is_late()


def test_what_is_said_beside_an_answer_has_a_time_of_its_own(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = Read({"main": str(files["main"])}, ("SELECT sku FROM products LIMIT 1",), policy.ROWS, explained=True)
    assert len(next(looking.read(request)).plan) == 1
    monkeypatch.setattr(policy, "ASIDE_SECONDS", 0)
    answer = next(looking.read(request))
    assert (answer.value, answer.plan) == ("sku-1", ())


def test_without_query_only_a_table_could_be_made_once_the_authorizer_is_gone(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    take_out("authorizer", monkeypatch)
    make = ("CREATE TABLE t (a)", "SELECT count(*) FROM t")
    assert answers({}, *make)[1].kind == "error"
    monkeypatch.setattr(policy, "READONLY", replace(policy.READONLY, changes=True))
    assert answers({}, *make)[1].value == 0
    # A store is opened so that nothing can be written even then.
    assert "readonly database" in str(answers(files, make[0])[0].error)


GREEDY = (
    "WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c LIMIT 1000)"
    " SELECT i FROM c ORDER BY zeroblob(99000 + i % 2), i LIMIT 1 OFFSET 499"
)


UNTIMED = """
from dataclasses import replace
from lab.guard import policy, worker
policy.READONLY = replace(policy.READONLY, seconds=3600)
worker.main()
"""


def test_memory_has_a_limit_of_its_own_in_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "COMMAND", (sys.executable, "-c", UNTIMED))
    with closing(Keeper(workers=1)) as one:
        answer = one.once(Read({}, (GREEDY,), 1), Answer, seconds=600)
    assert (answer.kind, answer.error) == ("limit", "it needs more memory than one statement gets here")
    monkeypatch.setattr(policy, "READONLY", replace(policy.READONLY, seconds=3600))
    assert answers({}, GREEDY)[0].value == 1000


# Answers


def test_many_checks_are_answered_in_one_round_trip_in_order(sandbox: Sandbox) -> None:
    folder = sandbox.stores.folder
    files = {"w": folder / "write.db", "r": folder / "read.db", "lab": folder / "lab.db"}
    given = guard.values(
        files,
        [
            "SELECT max(position) FROM w.events",
            "SELECT nonsense",
            "SELECT position FROM r._checkpoint WHERE name = 'sales'",
            "SELECT count(*) FROM r.product_search WHERE product_search MATCH 'lamp'",
            "SELECT behind FROM lab.lag WHERE projection = 'sales' ORDER BY n DESC LIMIT 1",
            "SELECT 1 WHERE false",
        ],
    )
    assert [answer.value for answer in given] == [5, None, 5, 1, 0, None]
    assert [answer.kind for answer in given] == ["rows", "error", "rows", "rows", "rows", "rows"]


@pytest.mark.parametrize(
    ("sql", "kind", "said"),
    [
        ("INSERT INTO r.t VALUES (1)", "error", "SQLite says: no such table: r.t"),
        ("PRAGMA journal_mode", "error", "only SELECT, WITH, VALUES and EXPLAIN can be used here, not PRAGMA"),
        (
            "CREATE TABLE x (a)",
            "error",
            "only SELECT, WITH, VALUES and EXPLAIN can be used here; nothing can be created or dropped",
        ),
        ("SELECT 1; SELECT 2", "error", "only one statement can be used at a time"),
        ("SELECT random()", "error", "the function random() is not allowed here"),
        ("SELECT * FROM main._secret", "error", "the table _secret cannot be read here"),
        ("SELECT colour", "error", "SQLite says: no such column: colour"),
        ("-- nothing", "error", "there is no statement in it"),
        ("SELECT '\ud800'", "rows", None),
        ("SELECT zeroblob(200000)", "limit", "a value or the statement is too long"),
        ("SELECT '" + "x" * 20_000_000 + "'", "limit", "a value or the statement is too long"),
        ("SELECT max(" + "1, " * 30 + "1)", "limit", "too many arguments"),
    ],
)
def test_an_error_is_an_answer_in_words(
    files: dict[str, Path], one: Keeper, sql: str, kind: str, said: str | None
) -> None:
    answer = one.read({"main": files["main"]}, [sql])[0]
    assert answer.kind == kind
    assert (answer.error is None) if said is None else (said in str(answer.error))


def test_work_is_counted_and_the_same_every_time(files: dict[str, Path], one: Keeper) -> None:
    sql = "SELECT count(*) FROM events WHERE payload LIKE '%customer 7%'"
    first, second, small = one.read(files, [sql, sql, "SELECT 1"])
    assert first.work == second.work > 1000
    assert small.work < 10


def test_bytes_and_infinite_numbers_come_through(one: Keeper) -> None:
    answer = one.read({}, ["SELECT x'ff00', 9e999, -9e999, NULL, 'é', 0.5, 9223372036854775807"])[0]
    assert answer.rows == ((b"\xff\x00", float("inf"), float("-inf"), None, "é", 0.5, 2**63 - 1),)


def test_rows_are_cut_off_and_it_is_told(files: dict[str, Path], one: Keeper) -> None:
    whole, cut = one.read(files, ["SELECT seq FROM events LIMIT 500", "SELECT seq FROM events LIMIT 501"])
    assert (len(whole.rows), whole.cut, len(cut.rows), cut.cut) == (500, False, 500, True)


def test_a_store_that_is_not_there_is_an_answer_too_and_none_is_made(tmp_path: Path, one: Keeper) -> None:
    answer = one.read({"w": tmp_path / "none.db"}, ["SELECT 1"])[0]
    assert "cannot be read" in str(answer.error)
    (tmp_path / "junk.db").write_bytes(b"junk" * 500)
    assert one.read({"w": tmp_path / "junk.db"}, ["SELECT 1"])[0].kind == "error"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["junk.db"]


def test_the_files_are_let_go_before_the_last_answer(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path)) as owner:
        owner.execute("PRAGMA journal_mode = WAL")
        owner.execute("CREATE TABLE t (x)")
        answers = looking.read(Read({"w": str(path)}, ("SELECT 1", "SELECT count(*) FROM w.t"), 1))
        assert [next(answers).value for _ in range(2)] == [1, 0]
    assert not path.with_name("store.db-wal").exists(), "its owner was not the last to close it"


# Workers come and go


BY_THE_CLOCK = Worker._now


def ends_by_the_clock(pid: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clock go on for one worker, which has to be ended, and for no other: those have to answer."""
    monkeypatch.setattr(Worker, "_now", lambda worker: BY_THE_CLOCK(worker) if worker.process.pid == pid else 0.0)


ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
IN_ONE_STEP = "printf('" + "%.2000000000c" * 100 + "', 'x')"
"""One call that keeps SQLite busy for minutes, in a single step of its machine."""


def test_whoever_asks_for_what_nothing_inside_can_end_has_an_answer_all_the_same(
    files: dict[str, Path], fresh: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = worker(fresh)
    ends_by_the_clock(before.process.pid, monkeypatch)
    answer = fresh.ask(files, f"SELECT {IN_ONE_STEP}", "me")
    assert (answer.kind, answer.error) == ("late", LATE.format(policy.DEADLINE_SECONDS * 1000))
    assert fresh.ask(files, "SELECT 1", "me").value == 1
    assert (before.process.returncode, fresh.deaths) == (-signal.SIGKILL, 0)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs setitimer")
def test_the_system_ends_a_projection_s_statement_that_computes_too_long_in_one_step(
    files: dict[str, Path], fresh: Keeper
) -> None:
    steps = Steps(str(files["read"]), (f"UPDATE order_summary SET status = {IN_ONE_STEP}",), {}, corpus.OWN)
    before = worker(fresh)
    assert fresh.once(steps, Stepped, seconds=600) is None
    assert (before.process.returncode, fresh.deaths) == (-signal.SIGPROF, 0)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs SIGSTOP")
def test_a_worker_that_dies_while_it_is_asked_is_counted_among_the_dead_and_replaced(
    fresh: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = process(fresh)
    os.kill(before, signal.SIGSTOP)
    with monkeypatch.context() as killing:
        killing.setattr(keeper, "put", lambda stream, message: os.kill(before, signal.SIGKILL))
        assert fresh.once(Read({}, ("SELECT 1",), 1), Answer, 600) is None
    assert fresh.deaths == 1
    assert fresh.read({}, ["SELECT 1"])[0].value == 1
    assert process(fresh) != before


@pytest.mark.parametrize(("times", "said"), [(1, (1, None)), (2, (None, DIED))])
def test_a_question_whose_worker_died_is_asked_once_more(
    fresh: Keeper, times: int, said: tuple[int | None, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    get, deaths = keeper.get, iter(range(times))

    def get_nothing(stream: IO[bytes], kind: object) -> object:
        return None if kind is Answer and next(deaths, None) is not None else get(stream, kind)

    monkeypatch.setattr(keeper, "get", get_nothing)
    answer = fresh.ask({}, "SELECT 1", "me")
    assert ((answer.value, answer.error), fresh.deaths) == (said, times)


def test_fifty_people_ask_without_end_and_two_processes_serve_them(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd, put, all_came, before = Keeper(), keeper.put, threading.Event(), threading.active_count()

    def put_later(stream: IO[bytes], message: Read) -> None:
        all_came.wait()
        put(stream, message)

    def ask(number: int) -> str:
        try:
            return crowd.ask(files, ENDLESS, f"sandbox {number}").kind
        except Busy:
            return "busy"

    monkeypatch.setattr(keeper, "put", put_later)
    served = policy.WORKERS + policy.QUEUED_IN_ALL
    with closing(crowd), ThreadPoolExecutor(50) as pool:
        told = [pool.submit(ask, number) for number in range(50)]
        try:
            sent_away = [future.result() for future in islice(as_completed(told, 600), 50 - served)]
        finally:
            all_came.set()
        assert sent_away == ["busy"] * (50 - served)
        assert Counter(future.result() for future in told) == {"late": served, "busy": 50 - served}
        asked = [crowd._warm.get(timeout=60) for _ in range(policy.WORKERS)]
        assert crowd._warm.empty()
        for worker in asked:
            crowd._warm.put(worker)
    assert [worker.process.returncode for worker in asked if worker] == [-signal.SIGKILL] * policy.WORKERS
    assert threading.active_count() < before + 50


def test_a_worker_that_was_killed_is_replaced_and_nothing_is_lost(files: dict[str, Path], fresh: Keeper) -> None:
    before = process(fresh)
    os.kill(before, signal.SIGTERM)
    assert fresh.read(files, ["SELECT count(*) FROM products"])[0].value == 200
    assert process(fresh) != before


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs SIGSTOP")
def test_a_worker_that_does_not_answer_is_ended_and_another_answers(
    files: dict[str, Path], fresh: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = process(fresh)
    ends_by_the_clock(before, monkeypatch)
    os.kill(before, signal.SIGSTOP)
    three = fresh.read(files, [f"SELECT {n}" for n in range(3)])
    assert [answer.value for answer in three] == [0, 1, 2]
    assert not (PROC / str(before)).exists()


def test_a_worker_that_dies_between_two_answers_loses_none(fresh: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    hear = Worker._hear

    def die_after_the_first(self: Worker, kind: object, seconds: float) -> object:
        reply = hear(self, kind, seconds)
        if reply == Answer("rows", None, ("1",), ((1,),)):
            self.process.kill()
            self.process.wait()
        return reply

    monkeypatch.setattr(Worker, "_hear", die_after_the_first)
    assert [answer.value for answer in fresh.read({}, ["SELECT 1", "SELECT 2", "SELECT 3"])] == [1, 2, 3]


@pytest.mark.skipif(not PROC.exists(), reason="needs /proc")
def test_a_statement_that_ends_two_workers_is_late_and_those_after_it_are_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stubborn = (
        "import signal\nfrom lab.guard import looking, worker\nask = looking._ask\n"
        "def stuck(connection, gate, sql, most):\n"
        "    return (sql == 'SELECT 2' and signal.raise_signal(signal.SIGSTOP)) or ask(connection, gate, sql, most)\n"
        "looking._ask = stuck\nworker.main()"
    )
    monkeypatch.setattr(keeper, "COMMAND", (sys.executable, "-c", stubborn))
    monkeypatch.setattr(keeper, "GRACE_SECONDS", 0.0)
    # The clock goes on for whoever stands still, and for nobody else.
    monkeypatch.setattr(Worker, "_now", lambda worker: BY_THE_CLOCK(worker) if is_stopped(worker.process.pid) else 0.0)
    with closing(Keeper(workers=1)) as one:
        given = one.read({}, ["SELECT 1", "SELECT 2", "SELECT 3"])
    assert [(answer.kind, answer.value) for answer in given] == [("rows", 1), ("late", None), ("rows", 3)]


def is_stopped(pid: int) -> bool:
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_a_check_that_came_late_is_asked_once_more(one: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    read = Keeper.read

    def slow_once(self: Keeper, files: dict[str, Path], statements: list[str], rows: int) -> list[Answer]:
        asked.append(len(statements))
        given = read(self, files, statements, rows)
        return [Answer("late") if len(asked) == 1 and answer.value == 2 else answer for answer in given]

    monkeypatch.setattr(Keeper, "read", slow_once)
    assert [answer.value for answer in one.values({}, ["SELECT 1", "SELECT 2"])] == [1, 2]
    assert asked == [2, 1]


def test_a_worker_ends_when_nobody_is_left_to_ask_it() -> None:
    alone = Worker()
    assert next(alone.ask(Read({}, ("SELECT 1",), 1), Answer, 1, 60)).value == 1
    alone.process.stdin.close()  # type: ignore[union-attr]
    assert alone.process.wait(timeout=60) == 0
    alone.close()


@pytest.mark.skipif(not (PROC / "self" / "fd").exists(), reason="needs /proc")
def test_a_worker_has_no_descriptor_of_the_server(files: dict[str, Path], fresh: Keeper) -> None:
    with files["main"].open("rb") as secret:
        os.set_inheritable(secret.fileno(), True)
        fresh.close()
        fresh.read({}, ["SELECT 1"])
        assert {int(path.name) for path in (PROC / str(process(fresh)) / "fd").iterdir()} == {0, 1, 2}
