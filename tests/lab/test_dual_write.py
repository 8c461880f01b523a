"""The naive double write: two stores, one after the other, and a moment in between."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from lab.sandbox import Sandbox
from tests.lab.breaking import act, differing
from tests.lab.sandboxes import fresh, replayed


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with fresh() as sandbox:
        yield sandbox


def copies(sandbox: Sandbox) -> list[tuple[str, str, int]]:
    return sandbox.read.connection.execute("SELECT * FROM dual_orders ORDER BY order_id, product_id").fetchall()


def test_while_it_goes_well_both_stores_have_every_order(sandbox: Sandbox) -> None:
    act(sandbox, "dual on", "cmd place_order customer=c1 lines=mug:2,lamp:1 order=o1")
    assert sandbox.act("cmd place_order customer=c1 product=rug qty=9 order=o2").outcome == "refused"
    assert copies(sandbox) == [("o1", "lamp", 1), ("o1", "mug", 2)]
    assert replayed(sandbox) == sandbox.stores.fingerprint()


def test_a_death_in_between_leaves_an_order_that_one_store_does_not_know(sandbox: Sandbox) -> None:
    act(sandbox, "dual on crash=yes")
    died = act(sandbox, "cmd place_order customer=c1 product=lamp qty=1 order=o1", ends="crashed")
    assert "write.db has order o1" in str(died.reason)
    assert copies(sandbox) == []
    assert sandbox.write.connection.execute("SELECT id FROM orders").fetchall() == [("o1",)]
    assert sandbox.state()["receipt"] is None
    answer = act(sandbox, "oracle")
    assert answer.result["dual_orders"] == [{"key": "o1", "position": 6}]
    assert "dual_orders: order o1 is missing" in str(answer.reason)
    assert replayed(sandbox) == sandbox.stores.fingerprint()


def test_it_dies_once(sandbox: Sandbox) -> None:
    act(sandbox, "dual on crash=yes")
    act(sandbox, "cmd place_order customer=c1 product=lamp qty=1 order=o1", ends="crashed")
    act(sandbox, "cmd place_order customer=c1 product=lamp qty=1 order=o2")
    assert copies(sandbox) == [("o2", "lamp", 1)]


def test_other_commands_and_refusals_do_not_set_it_off(sandbox: Sandbox) -> None:
    act(sandbox, "dual on crash=yes", "cmd restock product=lamp qty=1")
    assert sandbox.act("cmd place_order customer=c1 product=rug qty=9").outcome == "refused"
    act(sandbox, "cmd place_order customer=c1 product=rug qty=1", ends="crashed")


def test_the_log_knows_what_the_copy_does_not(sandbox: Sandbox) -> None:
    act(sandbox, "dual on crash=yes")
    act(sandbox, "cmd place_order customer=c1 product=lamp qty=1 order=o1", ends="crashed")
    act(sandbox, "dual off", "cmd place_order customer=c2 product=mug qty=1 order=o2", "run")
    assert copies(sandbox) == []
    assert differing(sandbox) == []


def test_switched_off_before_it_died_it_does_not_die(sandbox: Sandbox) -> None:
    act(sandbox, "dual on crash=yes", "dual off", "cmd place_order customer=c1 product=lamp qty=1", "dual on")
    act(sandbox, "cmd place_order customer=c1 product=lamp qty=1")


def test_an_order_sent_again_is_not_written_twice(sandbox: Sandbox) -> None:
    line = "cmd place_order customer=c1 product=lamp qty=1 order=o1 id=k1"
    act(sandbox, "dual on", line, line)
    assert copies(sandbox) == [("o1", "lamp", 1)]


def test_a_second_store_that_does_not_take_it_splits_the_two_as_well(sandbox: Sandbox) -> None:
    act(sandbox, "dual on")
    sandbox.read.connection.execute("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(sandbox.stores.folder / "read.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        failed = act(sandbox, "cmd place_order customer=c1 product=lamp qty=1 order=o1", ends="crashed")
        other.execute("ROLLBACK")
    assert "dual_orders in read.db does not" in str(failed.reason)
    assert act(sandbox, "oracle").result["dual_orders"] == [{"key": "o1", "position": 6}]
    act(sandbox, "cmd place_order customer=c1 product=lamp qty=1 order=o2", "undo")
    assert sandbox.state()["head"] == 6
