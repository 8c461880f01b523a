"""The answer that a store gave last: it is there as it was, and it is known whether the store has changed since."""

import pytest

from lab.asked_last import kept
from lab.sandbox import Sandbox

SALES = 'sql read "SELECT * FROM sales"'
CARDS = 'sql read "SELECT name FROM product_card"'
ORDERS = 'sql write "SELECT count(*) FROM orders"'
LONG = (
    'sql read "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100) '
    'SELECT hex(zeroblob(2000)) FROM n"'
)
BUY = "cmd place_order customer=c1 product=lamp qty=1"


def changed(sandbox: Sandbox, store: str) -> bool:
    last = kept(sandbox, store)
    assert last
    return last.changed


def test_each_store_keeps_what_it_answered_last_an_error_too(sandbox: Sandbox) -> None:
    assert kept(sandbox, "read") is None
    for line in (CARDS, ORDERS, 'sql read "SELEC"'):
        given = sandbox.act(line)
        last = kept(sandbox, line.split()[1])
        assert last
        assert last.answer == given
        assert not last.changed
    last = kept(sandbox, "write")
    assert last
    assert last.answer.result["rows"] == [[0]]


@pytest.mark.parametrize(
    ("asked", "line", "differs"),
    [
        (ORDERS, BUY, True),
        (ORDERS, "index", True),
        (ORDERS, "run", False),
        (ORDERS, "cmd place_order customer=c1 product=rug qty=9", False),
        (SALES, "run sales", True),
        (SALES, "run product_card", False),
        (SALES, "pause sales", False),
        (SALES, CARDS.replace("read", "write"), False),
        ('sql read "SELECT * FROM _checkpoint"', "run product_card", True),
        (CARDS, "patch \"UPDATE product_card SET name = 'x'\"", True),
        (CARDS, 'patch "UPDATE product_card SET nam = 1"', False),
        (CARDS, "model drop product_card", True),
        (CARDS, "redeliver product_card 1", True),
    ],
)
def test_a_store_has_changed_once_its_answer_may_be_another(
    sandbox: Sandbox, asked: str, line: str, differs: bool
) -> None:
    sandbox.act("model rebuild sales")
    sandbox.act(BUY)
    sandbox.act(asked)
    sandbox.act(line)
    assert changed(sandbox, asked.split()[1]) is differs


def test_rows_that_a_crash_left_without_a_checkpoint_are_a_change(sandbox: Sandbox) -> None:
    for line in (BUY, "mode sales atomic=off", "crash sales before_checkpoint", SALES, "run sales"):
        sandbox.act(line)
    assert sandbox.stores.positions()["sales"] == 5
    assert changed(sandbox, "read")


def test_where_the_store_has_not_changed_it_is_told_how_far_behind_it_is_by_now(sandbox: Sandbox) -> None:
    sandbox.act(SALES)
    sandbox.act(BUY)
    last = kept(sandbox, "read")
    assert last
    assert not last.changed
    [at] = last.answer.result["read_at"]
    assert (at["from"], at["head"], last.answer.result["head"]) == (5, 6, 6)


def test_where_it_has_it_is_told_where_it_stands(sandbox: Sandbox) -> None:
    sandbox.act(SALES)
    sandbox.act(ORDERS)
    for line in (BUY, "run"):
        sandbox.act(line)
    read, write = kept(sandbox, "read"), kept(sandbox, "write")
    assert read
    assert write
    assert (read.now, write.now) == ({"sales": 6}, {"log": 6})
    assert read.answer.result["read_at"][0]["from"] == 5


def test_an_answer_that_finds_no_room_is_given_all_the_same_and_none_stands_for_it(sandbox: Sandbox) -> None:
    sandbox.act(CARDS)
    ask = sandbox.lab.connection.execute
    ask(f"PRAGMA max_page_count = {ask('PRAGMA page_count').fetchone()[0] + 40}")
    assert len(sandbox.act(LONG).result["rows"]) == 100
    assert kept(sandbox, "read") is None


def test_what_was_answered_is_forgotten_before_anything_that_was_measured(sandbox: Sandbox) -> None:
    sandbox.act(LONG)
    samples = "SELECT count(*) FROM samples"
    ask = sandbox.lab.connection.execute
    before = ask(samples).fetchone()
    ask(f"PRAGMA max_page_count = {ask('PRAGMA page_count').fetchone()[0]}")
    assert sandbox.lab.make_room()
    assert (kept(sandbox, "read"), ask(samples).fetchone()) == (None, before)


def test_an_undo_and_a_reset_leave_no_answer_of_what_was_before_them(sandbox: Sandbox) -> None:
    for back in ("undo", "reset"):
        for line in (BUY, ORDERS, back):
            sandbox.act(line)
        assert kept(sandbox, "write") is None
