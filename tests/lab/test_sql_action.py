"""The action ``sql``: a store is asked outside the lock; the line is journalled with what it came to."""

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from lab import asked, guard, replay
from lab.carry_out import Answer
from lab.guard import keeper, policy
from lab.guard.messages import Read
from lab.sandbox import Sandbox
from lab.values import in_quotes

CARDS = 'sql read "SELECT product_id, price_cents FROM product_card ORDER BY 1"'


def kept(sandbox: Sandbox) -> list[tuple[str, str | None, str | None]]:
    return [(entry.line, entry.outcome, entry.reason) for entry in sandbox.lab.entries() if entry.n > 0]


def rows(answer: Answer) -> list[list[Any]]:
    assert answer.outcome == "done", answer
    found: list[list[Any]] = answer.result["rows"]
    return found


def test_a_question_answers_rows_and_is_journalled_with_how_many_and_the_work(sandbox: Sandbox) -> None:
    answer = sandbox.act(CARDS)
    assert rows(answer) == [["lamp", 2500], ["mug", 800], ["rug", 9900]]
    assert (answer.result["columns"], answer.result["types"]) == (["product_id", "price_cents"], ["text", "integer"])
    assert not answer.result["cut"]
    assert (answer.result["work"], answer.reason) == (1, "3 rows, 1 work unit")
    assert kept(sandbox) == [(CARDS, "done", answer.reason)]


def test_rows_are_kept_of_the_last_answer_of_each_store_alone(sandbox: Sandbox) -> None:
    def told() -> int:
        return sum("Nowhere-else" in line for line in sandbox.lab.connection.iterdump())

    sandbox.act("cmd rename_product product=rug name=Nowhere-else-to-be-found")
    sandbox.act("run product_card")
    by_the_command = told()
    assert ["Nowhere-else-to-be-found"] in rows(sandbox.act('sql read "SELECT name FROM product_card"'))
    sandbox.act('sql write "SELECT 1"')
    assert told() == by_the_command + 1
    sandbox.act('sql read "SELECT 1"')
    assert told() == by_the_command
    assert not sandbox.lab.connection.execute("SELECT 1 FROM results").fetchall()


def test_the_same_question_over_the_same_rows_is_the_same_work(sandbox: Sandbox) -> None:
    sandbox.act("bulk 30")
    answers = [sandbox.act('sql write "SELECT customer_id, count(*) FROM orders GROUP BY 1"') for _ in range(3)]
    assert len({answer.reason for answer in answers}) == 1
    assert answers[0].result["work"] > 10


@pytest.mark.parametrize(("store", "other"), [("read", "orders"), ("write", "sales")])
def test_a_store_is_asked_alone_so_the_two_cannot_be_joined(sandbox: Sandbox, store: str, other: str) -> None:
    answer = sandbox.act(f'sql {store} "SELECT * FROM {other}"')
    assert (answer.outcome, answer.reason) == ("failed", f"SQLite says: no such table: {other}")


def test_an_error_tells_its_place_and_what_to_do_and_is_journalled_too(sandbox: Sandbox) -> None:
    answer = sandbox.act(r'sql write "SELECT id,\n  custmer_id\nFROM orders"')
    assert answer.outcome == "failed"
    assert answer.result["place"] == {"line": 2, "column": 3, "word": "custmer_id"}
    assert "did you mean customer_id?" in answer.result["hint"]
    assert kept(sandbox)[0][1:] == ("failed", "SQLite says: no such column: custmer_id")


def test_a_question_that_was_late_without_any_work_is_asked_once_more(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, late = guard.ask, [guard.Answer("late", "it took longer", work=3)]
    monkeypatch.setattr(guard, "ask", lambda *asked: late.pop() if late else real(*asked))
    assert rows(sandbox.act(CARDS))
    late += [guard.Answer("late", "it took longer", work=90_000)]
    assert sandbox.act(CARDS).reason == "it took longer"


def test_a_question_without_an_end_and_one_with_a_parameter_are_told_what_to_write(sandbox: Sandbox) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    assert "a WHERE, or a LIMIT" in sandbox.act(f'sql read "{endless}"').result["hint"]
    for parameter in (":order_id", "?", "$1"):
        answer = sandbox.act(f'sql write "SELECT * FROM orders WHERE id = {parameter}"')
        assert answer.reason == f"a question has no parameters, and {parameter} is one"
        assert "such as 'o-1'" in answer.result["hint"]
    assert "stand beside the editor" in sandbox.act('sql read "PRAGMA table_info(sales)"').result["hint"]
    assert rows(sandbox.act("sql read \"SELECT count(*) FROM sqlite_schema WHERE name = 'sales'\"")) == [[1]]


@pytest.mark.parametrize("verb", ["DELETE FROM orders", "UPDATE stock SET on_hand = 99", "DROP TABLE events", "VACUUM"])
def test_nothing_can_be_changed(sandbox: Sandbox, verb: str) -> None:
    before = sandbox.stores.fingerprint()
    answer = sandbox.act(f'sql write "{verb}"')
    assert (answer.outcome, sandbox.stores.fingerprint()) == ("failed", before)


def test_more_than_the_most_rows_are_cut_and_it_is_said(sandbox: Sandbox) -> None:
    cut = 'sql read "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {}) SELECT i FROM n"'
    whole, more = sandbox.act(cut.format(policy.ROWS)), sandbox.act(cut.format(policy.ROWS + 1))
    assert (len(rows(whole)), whole.result["cut"]) == (500, False)
    assert (len(rows(more)), more.result["cut"]) == (500, True)
    assert more.reason is not None
    assert more.reason.startswith("the first 500 rows, ")


def test_bytes_and_what_is_infinite_do_not_break_json(sandbox: Sandbox) -> None:
    answer = sandbox.act("sql read \"SELECT x'00ff' AS b, 9e999 AS more, -9e999 AS less, NULL AS no, char(0, 9) AS t\"")
    text = json.dumps(answer.as_json(), allow_nan=False)
    assert json.loads(text)["result"]["rows"] == [["x'00ff'", "9e999", "-9e999", None, "\0\t"]]
    assert answer.result["types"] == ["blob", "real", "real", "null", "text"]


def test_a_statement_of_many_lines_is_one_line_of_the_journal_and_reads_back_the_same(sandbox: Sandbox) -> None:
    sql = "SELECT '\"\\n\\', '''' -- \"why\"\r\nFROM sales\r\n\tWHERE day > '%'\n"
    answer = sandbox.act(f"sql read {in_quotes(sql)}")
    assert "\n" not in answer.line
    assert answer.outcome == "done"
    assert sandbox.act(answer.line).line == answer.line


@pytest.mark.parametrize("line", ["sql", "sql read", 'sql lab "SELECT 1"', 'sql read ""', 'sql read "SELECT 1" x=1'])
def test_a_line_that_is_none_is_told_with_an_example(sandbox: Sandbox, line: str) -> None:
    answer = sandbox.act(line)
    assert (answer.outcome, answer.n) == ("failed", None)
    assert "for example" in str(answer.reason)


def test_a_statement_may_be_as_long_as_the_guard_takes_and_no_longer(sandbox: Sandbox) -> None:
    sql = "SELECT 1 -- " + '"' * (10_000 - 12)
    assert sandbox.act(f"sql read {in_quotes(sql)}").outcome == "done"
    assert "1 to 10,000 characters, not 10,001" in str(sandbox.act(f"sql read {in_quotes(sql + '-')}").reason)


# Replay


def test_a_replay_keeps_the_line_and_asks_nothing(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.act(CARDS)
    sandbox.act('sql read "SELECT nothing"')
    sandbox.act("cmd restock product=lamp qty=1")
    monkeypatch.setattr(guard, "ask", lambda *_: pytest.fail("a replay asked"))
    sandbox.act("undo")
    assert [(line, outcome) for line, outcome, _ in kept(sandbox)] == [
        (CARDS, "done"),
        ('sql read "SELECT nothing"', "failed"),
    ]
    assert "not asked again" in str(kept(sandbox)[0][2])
    transcript = replay.read(replay.export(sandbox.stores))
    assert [written.line for written in transcript.lines if written.origin == "learner"] == [
        kept(sandbox)[0][0],
        kept(sandbox)[1][0],
    ]


def test_a_question_changes_neither_store_nor_the_receipt(sandbox: Sandbox) -> None:
    sandbox.act("cmd restock product=lamp qty=1")
    before = (sandbox.stores.fingerprint(), sandbox.state()["receipt"])
    sandbox.act(CARDS)
    assert (sandbox.stores.fingerprint(), sandbox.state()["receipt"]) == before


# The lock, and stores that vanish


@pytest.fixture
def at_the_guard(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Hold a question where it is handed to the guard: it came there, and it may go on."""
    came, go_on = threading.Event(), threading.Event()
    ask = guard.ask

    def held(files: dict[str, Path], sql: str, who: str) -> guard.Answer:
        came.set()
        assert go_on.wait(60)
        return ask(files, sql, who)

    monkeypatch.setattr(guard, "ask", held)
    yield came, go_on
    go_on.set()


def test_while_a_question_waits_others_act_in_the_sandbox(
    sandbox: Sandbox, at_the_guard: tuple[threading.Event, threading.Event]
) -> None:
    came, go_on = at_the_guard
    answers: list[Answer] = []
    asking = threading.Thread(target=lambda: answers.append(sandbox.act(CARDS)))
    asking.start()
    assert came.wait(60)
    assert sandbox.act("cmd restock product=lamp qty=1").n == 1
    go_on.set()
    asking.join(60)
    assert (answers[0].outcome, answers[0].n) == ("done", 2)


def test_an_undo_passes_over_questions_and_keeps_them(sandbox: Sandbox) -> None:
    assert "you have not done anything" in str(sandbox.act("undo").reason)
    sandbox.act(CARDS)
    assert "what you asked changed nothing" in str(sandbox.act("undo").reason)
    sandbox.act("cmd restock product=lamp qty=70")
    sandbox.act(CARDS)
    answer = sandbox.act("undo")
    assert answer.dropped == 1
    assert "taken back: cmd restock product=lamp qty=70" in str(answer.reason)
    assert kept(sandbox) == [(CARDS, "done", asked.NOT_AGAIN)] * 2
    assert rows(sandbox.act("sql write \"SELECT on_hand FROM stock WHERE product_id = 'lamp'\"")) == [[5]]


def test_an_answer_says_where_the_read_models_stand_that_the_question_names(sandbox: Sandbox) -> None:
    sandbox.act("run")
    sandbox.act("cmd place_order customer=c1 product=mug qty=1")
    head = sandbox.write.head()
    sandbox.act("run sales")
    answer = sandbox.act('sql read "SELECT * FROM Order_List JOIN sales USING (from_event)"')
    assert {at["model"]: (at["from"], at["to"], at["head"]) for at in answer.result["read_at"]} == {
        "order_list": (head - 1, head - 1, head),
        "sales": (head, head, head),
    }
    assert sandbox.act('sql write "SELECT 1 AS sales"').result["read_at"] == []


def test_a_table_of_the_other_store_is_said_to_stand_there(sandbox: Sandbox) -> None:
    assert sandbox.act('sql write "SELECT * FROM product_card"').result["stands_in"] == "read"
    assert sandbox.act('sql read "SELECT * FROM orders"').result["stands_in"] == "write"
    assert sandbox.act('sql read "SELECT * FROM nothing"').result["stands_in"] is None


@pytest.mark.parametrize(
    ("store", "sql"),
    [
        ("write", "SELECT * FROM orders o JOIN order_list r ON r.order_id = o.id"),
        ("read", "SELECT * FROM order_list WHERE order_id IN (SELECT id FROM orders)"),
    ],
)
def test_what_joins_the_two_stores_is_not_sent_to_and_fro(sandbox: Sandbox, store: str, sql: str) -> None:
    result = sandbox.act(f'sql {store} "{sql}"').result
    assert result["stands_in"] is None
    assert "no question can join" in result["hint"]
    assert "orders stands in the write store alone" in result["hint"] or "orders in the write store" in result["hint"]


def test_a_table_of_both_stores_goes_along_to_the_other(sandbox: Sandbox) -> None:
    sql = "SELECT * FROM sqlite_schema, product_card"
    assert sandbox.act(f'sql write "{sql}"').result["stands_in"] == "read"


def test_a_question_that_an_undo_overtakes_is_asked_of_the_stores_that_are_there_then(
    sandbox: Sandbox, at_the_guard: tuple[threading.Event, threading.Event]
) -> None:
    came, go_on = at_the_guard
    sandbox.act("cmd restock product=lamp qty=70")
    answers: list[Answer] = []
    question = "sql write \"SELECT on_hand FROM stock WHERE product_id = 'lamp'\""
    asking = threading.Thread(target=lambda: answers.append(sandbox.act(question)))
    asking.start()
    assert came.wait(60)
    assert sandbox.act("undo").outcome == "done"
    go_on.set()
    asking.join(60)
    assert (answers[0].n, rows(answers[0])) == (1, [[5]])


def test_a_read_store_that_vanished_is_made_again_before_it_is_asked(sandbox: Sandbox) -> None:
    shutil.copy(sandbox.stores.folder / "read.db", sandbox.root / "aside")
    (sandbox.stores.folder / "read.db").unlink()
    assert rows(sandbox.act(CARDS)) == [["lamp", 2500], ["mug", 800], ["rug", 9900]]


def test_who_has_enough_questions_waiting_is_told_so_and_nothing_is_journalled(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 1 + policy.QUEUED_PER_SANDBOX
    busy: list[guard.Busy] = []
    put, two_were_told = keeper.put, threading.Event()

    def put_then(stream: IO[bytes], message: Read) -> None:
        two_were_told.wait()
        put(stream, message)

    def ask() -> None:
        try:
            sandbox.act(CARDS)
        except guard.Busy as error:
            busy.append(error)
            if len(busy) == 2:
                two_were_told.set()

    assert guard.trusted() is None
    monkeypatch.setattr(keeper, "put", put_then)
    asking = [threading.Thread(target=ask) for _ in range(most + 2)]
    for thread in asking:
        thread.start()
    assert two_were_told.wait(60)
    for thread in asking:
        thread.join(60)
    assert len(busy) == 2
    assert "waiting already" in str(busy[0])
    assert [outcome for _, outcome, _ in kept(sandbox)] == ["done"] * most


# The plan in words


@pytest.mark.parametrize(
    ("store", "sql", "said"),
    [
        ("read", "SELECT * FROM sales", ["reads every row of sales"]),
        ("read", "SELECT * FROM sales WHERE product_id = 'lamp'", ["finds rows of sales by the key"]),
        (
            "read",
            "SELECT * FROM product_search WHERE name MATCH 'lamp'",
            ["asks the full-text index of product_search"],
        ),
        (
            "write",
            "SELECT * FROM events WHERE event_id = 'x'",
            ["with the index of a key, a list of its own that is sorted"],
        ),
        (
            "write",
            "SELECT status, count(*) FROM orders GROUP BY 1",
            ["every row of orders", "sorts the rows, to put them"],
        ),
        ("write", "SELECT * FROM orders ORDER BY placed_on", ["reads every row", "sorts what it found"]),
        (
            "write",
            "SELECT id, (SELECT sum(qty) FROM order_lines WHERE order_id = orders.id) FROM orders",
            ["reads every row of orders", "again for every row", "finds rows of order_lines by the key"],
        ),
    ],
)
def test_the_plan_is_in_words(sandbox: Sandbox, store: str, sql: str, said: list[str]) -> None:
    steps = sandbox.act(f"sql {store} {in_quotes(sql)}").result["plan"]
    assert len(steps) == len(said)
    for step, words in zip(steps, said, strict=True):
        assert words in step["said"]


def test_an_index_that_is_kept_changes_the_plan(sandbox: Sandbox) -> None:
    question = "sql write \"SELECT count(*) FROM orders WHERE customer_id = 'c1'\""
    assert "reads every row of orders" in sandbox.act(question).result["plan"][0]["said"]
    sandbox.act("index")
    assert "the index orders_by_customer" in sandbox.act(question).result["plan"][0]["said"]
