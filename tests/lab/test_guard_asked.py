"""What a person is told who asks a store in SQL: the answer and its work, or what is wrong, where, and what to do."""

import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from lab import guard
from lab.__main__ import main
from lab.guard import corpus, policy, workers
from lab.guard.keeper import Keeper
from lab.guard.messages import Answer, Trusted
from lab.guard.places import place_of
from tests.lab.guard import fuzz
from tests.lab.guard.mutants import mutants


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return corpus.build(tmp_path_factory.mktemp("asked"))


@pytest.fixture(scope="module")
def one() -> Iterator[Keeper]:
    with closing(Keeper(workers=1)) as one:
        yield one


def asked(files: dict[str, Path], one: Keeper, sql: str) -> Answer:
    return one.ask(files, sql, "me")


def test_an_answer_has_columns_types_work_time_and_the_plan(files: dict[str, Path], one: Keeper) -> None:
    left = "iif(stock > 2, stock, 'few') AS left"
    sql = f"SELECT sku, price, price / 2.0 AS half, NULL AS none, {left} FROM products LIMIT 4"
    answer = asked(files, one, sql)
    assert answer.columns == ("sku", "price", "half", "none", "left")
    assert answer.types == ("text", "integer", "real", "null", "integer or text")
    assert [detail for *_, detail in answer.plan] == ["SCAN products"]
    assert (answer.cut, len(answer.rows), answer.took_us > 0) == (False, 4, True)
    assert answer.work == asked(files, one, sql).work > 1
    assert asked(files, one, "SELECT 1").work == 1


def test_the_work_of_a_key_and_of_a_scan_differ_by_far(files: dict[str, Path], one: Keeper) -> None:
    by_key = asked(files, one, "SELECT * FROM events WHERE seq = 4711")
    by_scan = asked(files, one, "SELECT * FROM events WHERE stream = 'order-4711'")
    assert by_key.work * 500 < by_scan.work
    assert [plan[0][2].split()[0] for plan in (by_key.plan, by_scan.plan)] == ["SEARCH", "SCAN"]


MISTAKES = [
    ("SELECT *\nFORM events", 'near "FORM": syntax error', (2, 1), "FROM where FORM stands"),
    ("SELECT 1 AS a, 'a,' , , 2", 'near ",": syntax error', (1, 23), "A comma too many"),
    ("SELECT streem FROM events", "no such column: streem", (1, 8), "did you mean stream?"),
    ("SELECT 'red' FROM products WHERE name = red", "no such column: red", (1, 41), "single quotes: 'red'"),
    ("SELECT e.nam FROM events e", "no such column: e.nam", (1, 8), "The columns of events are seq, stream"),
    ("SELECT * FROM event", "no such table: event", (1, 15), "did you mean events?"),
    ("SELECT * FROM read.order_sum", "no such table: read.order_sum", (1, 15), "order_summary"),
    ("SELECT concat_up(name) FROM products", "no such function: concat_up", (1, 8), "on the page of limits"),
    ("SELECT now()", "no such function: now", (1, 8), "datetime('now')"),
    ("SELECT sku FROM products a, products b", "ambiguous column name: sku", (1, 8), "table.column"),
    ("SELECT count(*) FROM events WHERE count(*) > 1", "misuse of aggregate", (1, 35), "HAVING"),
    ("SELECT (1", "incomplete input", (1, 10), "ends too early"),
    ("SELECT 'it", "unrecognized token", (1, 8), "quote that is opened"),
    ("SELECT 1; SELECT 2", "only one statement", None, "by itself"),
    (
        "UPDATE products SET price = 0",
        "only SELECT, WITH, VALUES and EXPLAIN can be used here, not UPDATE",
        None,
        "patch",
    ),
    ("vacuum", "only SELECT, WITH, VALUES and EXPLAIN can be used here, not VACUUM", None, "patch"),
    ("/* all */ Analyze", "only SELECT, WITH, VALUES and EXPLAIN can be used here, not ANALYZE", None, "patch"),
    ("EXPLAIN CREATE TABLE t (a)", "nothing can be created or dropped", None, "patch"),
    ("CREATE TEMP TABLE t (a)", "nothing can be created or dropped", None, "patch"),
    ("SELECT * FROM pragma_database_list", "that SQLite itself brings cannot be read here", None, "the page shows"),
    ("SELECT * FROM dbstat", "that SQLite itself brings cannot be read here", None, "the page shows"),
    ("SELECT randomblob(4)", "the function randomblob() is not allowed here", (1, 8), None),
    ("SELECT * FROM _secret", "the table _secret cannot be read here", (1, 15), "the page shows"),
    ("SELECT count(*) FROM events a, events b, events c", "longer than 250 ms", None, "Narrow it by WHERE"),
]


@pytest.mark.parametrize(("sql", "said", "place", "hint"), MISTAKES)
def test_an_error_says_what_and_where_and_what_to_do(
    files: dict[str, Path], one: Keeper, sql: str, said: str, place: tuple[int, int] | None, hint: str | None
) -> None:
    answer = asked(files, one, sql)
    assert said in str(answer.error)
    assert (answer.place and (answer.place.line, answer.place.column)) == place
    assert (hint or "") in (answer.hint or "")
    assert answer.place is None or sql[answer.place.offset :].startswith(answer.place.word)


LOOKING = ("SELECT 1", "WITH a AS (SELECT 1) SELECT * FROM a", "VALUES (1)", "EXPLAIN SELECT 1")


def test_what_can_be_used_is_said_whole(files: dict[str, Path], one: Keeper) -> None:
    named = [word for word in policy.READONLY.may.replace(",", "").split() if word.isupper()]
    assert named == [sql.split()[0] for sql in LOOKING]
    for sql in LOOKING:
        assert asked(files, one, sql).kind == "rows"
    begins = str(asked(files, one, "-- nothing").hint)
    assert [word for word in named if word not in begins] == []


@pytest.mark.parametrize(("sql", "offset"), [("SELECT a FORM t", 9), ("SELECT a, b FROM t, , u", None)])
def test_of_several_places_none_is_told_where_there_is_no_time_to_find_out_which(sql: str, offset: int | None) -> None:
    word = "FORM" if offset else ","
    place = place_of(sql, f'near "{word}": syntax error', lambda start: "interrupted")
    assert (place and place.offset) == offset


def test_no_hint_names_what_is_the_program_s(files: dict[str, Path], one: Keeper) -> None:
    assert "_secret" not in str(asked(files, one, "SELECT * FROM secrets").hint)


def test_a_person_that_asks_too_much_is_told(files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(policy, "QUEUED_PER_SANDBOX", -1)
    monkeypatch.setattr(guard, "time", SimpleNamespace(sleep=slept.append))
    with pytest.raises(guard.Busy, match="waiting already"):
        guard.ask(files, "SELECT 1", "me")
    assert slept == [policy.HELD_UP_SECONDS]
    monkeypatch.setattr(guard, "_held_up", threading.BoundedSemaphore(1))
    with guard._held_up, pytest.raises(guard.Busy):
        guard.ask(files, "SELECT 1", "me")
    assert len(slept) == 1
    assert guard.values(files, ["SELECT 1"])[0].value == 1


# Trust


def test_this_sqlite_is_trusted() -> None:
    assert guard.trusted() is None


@pytest.mark.parametrize("told", [Trusted("'x' should end with 'error'"), None])
def test_one_that_breaks_a_rule_or_dies_is_not_and_it_is_found_out_once(
    told: Trusted | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []
    monkeypatch.setattr(workers, "_trusted", [])
    monkeypatch.setattr(Keeper, "once", lambda *asked: tries.append(asked) or told)
    assert "does not keep to the guard" in str(guard.trusted())
    assert guard.trusted() is not None
    assert len(tries) == 1


# The command line, and mutants


def test_the_command_line_says_which_rows_did_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = tmp_path / "few.tsv"
    few.write_text(
        "id\tkind\tsql\texpected\tnote\n"
        "A\treadonly\tselect 1\tok\t\n"
        "B\treadonly\tselect randomblob(4)\tok|limit\t\n"
        "C\tprojection\tcreate table t(a) ;; insert into t values(:qty)\tok\t\n"
        "D\tprojection\tdelete from _checkpoint\tlimit\t\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(sys, "argv", ["lab", "guard", str(few)])
    assert main() == 1
    *rows, last = capsys.readouterr().out.splitlines()
    assert [row.split(" in ")[0] for row in rows] == ["B denied (expected: ok or limit)", "D denied (expected: limit)"]
    assert last.startswith("held 2 of 4 late 0 grew ")


HEAD = "id\tkind\tsql\texpected\tnote\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "No such file"),
        (b"", "it is empty"),
        (b"sql\nselect 1\n", "does not name the column id; it should begin, with a tab between two: id kind sql"),
        (HEAD.replace("\t", ",").encode(), "line 1 does not name the column id"),
        (f"{HEAD}A\treadonly\t'<<x|99999999999>>'\tlimit\t\n".encode(), "line 2 has 100,000,000,018 characters"),
        (b"id\tsql\n1\tselect 1\n", "does not name the column kind"),
        (HEAD.encode(), "it has no rows"),
        (b"\xff\xfe" + HEAD.encode(), "not UTF-8 at byte 0"),
        (f"{HEAD}A\treadonly\tselect 1\n".encode(), "line 2 ends before the column expected"),
        (f"{HEAD}\nA\treadonly\tselect\t1\tok\t\n".encode(), "line 3 has more columns than line 1"),
        (f"{HEAD}A\treading\tselect 1\tok\t\n".encode(), "the kind is readonly or projection, not 'reading'"),
        (f"{HEAD}A\treadonly\tselect 1\tok|fine\t\n".encode(), "is one or more of ok|denied|limit|timeout, not 'fine'"),
        (f"{HEAD}A\treadonly\tselect 1\t\t\n".encode(), "not ''"),
    ],
)
def test_a_file_that_is_no_corpus_is_said_to_be_none(
    tmp_path: Path, text: bytes | None, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.tsv"
    if text is not None:
        file.write_bytes(text)
    monkeypatch.setattr(sys, "argv", ["lab", "guard", str(file)])
    assert main() == 2
    error = capsys.readouterr().err
    assert "x.tsv is no corpus: " in error
    assert said in error


def test_a_corpus_may_come_from_any_system_and_editor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.tsv"
    rows = ["", "A\treadonly\tselect 'a\u2028b', '<<x|3>>{{NL}}'\tok\tnote", "  ", "B\tprojection\t\tdenied"]
    file.write_bytes("\r\n".join([HEAD.strip(), *rows]).encode("utf-8-sig"))
    assert [row.steps for row in corpus.rows(file)] == [("select 'a\u2028b', 'xxx\n'",), ("",)]
    monkeypatch.setattr(sys, "argv", ["lab", "guard", str(file)])
    assert main() == 0
    assert capsys.readouterr().out.startswith("held 2 of 2 late 0 grew ")


@pytest.mark.parametrize(
    "text",
    [
        "A\treadonly\tselect 1\tok\tnote",
        "# mine\n\nA\tprojection\tdelete from order_summary\tok",
        f"# mine\n{HEAD}# more\nA\treadonly\tselect 1\tlimit | ok\t\nA\treadonly\tselect 2\tok\t",
        "note\texpected\tsql\tkind\tid\nx\tok\tselect 1\treadonly\tA\n",
    ],
)
def test_a_corpus_needs_no_first_line_and_may_have_comments_and_another_order(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.tsv"
    file.write_text(text, encoding="utf-8")
    rows = list(corpus.rows(file))
    assert {row.id for row in rows} == {"A"}
    assert all("ok" in row.expected for row in rows)


def test_mutants_of_hostile_sql_do_no_harm() -> None:
    ended, harmful = fuzz.run(300, "suite")
    assert harmful == []
    assert ended["denied"] < 300 == sum(ended[verdict] for verdict in corpus.VERDICTS)


def test_mutants_are_the_same_for_the_same_seed() -> None:
    first, again, other = (list(mutants(fuzz.ROWS, 20, seed)) for seed in "aab")
    assert first == again != other
