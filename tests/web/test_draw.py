"""What a draw of the page costs in work that is the same every time: the statements that it sends to SQLite."""

import gzip
import threading
from collections import Counter
from contextlib import contextmanager

import pytest
from bs4 import BeautifulSoup

from lab.actions import ModelWrite
from lab.once import HeldStill
from tests.lab.owned import SPENT
from tests.web.visits import act, sandbox_ids

MOST_STATEMENTS = 80


@contextmanager
def counted(parts, sandbox_id):
    """Count the statements that this thread sends to a sandbox's files, but for those that SQLite adds by itself."""
    asked, mine = Counter(), threading.get_ident()

    def note(sql):
        if threading.get_ident() == mine and not sql.startswith("--"):
            asked[sql] += 1

    with parts.shelf.open(sandbox_id, visit=False) as sandbox:
        stores = sandbox.stores
        connections = (stores.write.connection, stores.read.connection, stores.reader, stores.journal.connection)
        for connection in connections:
            connection.set_trace_callback(note)
        try:
            yield asked
        finally:
            for connection in connections:
                connection.set_trace_callback(None)


@pytest.fixture
def busy(learner, parts):
    """A sandbox in which much happened: own read models, orders that only some have heard of, one that was hurt."""
    for name in ("spent", "spent_too"):
        act(learner, str(ModelWrite(name, SPENT.replace("spent", name))))
    for line in ("pause", "bulk 60", "crash order_list before_commit", "run order_list", "run sales", "query sales"):
        act(learner, line)
    (found,) = sandbox_ids(parts)
    return found


def test_a_draw_sends_few_statements_and_reads_each_setting_once(learner, parts, busy):
    for path in ("/", "/panels?seen="):
        with counted(parts, busy) as asked:
            assert learner.get(path).status_code == 200
        assert asked.total() <= MOST_STATEMENTS, asked
        assert {times for sql, times in asked.items() if sql.endswith("FROM settings")} == {1}
        assert max(asked.values()) <= 2, asked.most_common(3)


def test_nothing_changes_while_a_sandbox_is_held_still_and_nothing_is_remembered_afterwards(parts, busy):
    with parts.shelf.open(busy) as sandbox:
        with sandbox.still():
            head, delay = sandbox.head, sandbox.stores.settings.delay
            with sandbox.still():
                assert sandbox.stores.settings.delay == delay
            with pytest.raises(HeldStill):
                sandbox.act("set delay=2")
            with pytest.raises(HeldStill):
                sandbox.lab.set("delay", "2")
        assert sandbox.act("cmd restock product=mug qty=1").position == head + 1
        sandbox.act("set delay=2")
        assert (sandbox.head, sandbox.stores.settings.delay) == (head + 1, 2.0)
        sandbox.act("undo")
        assert (sandbox.head, sandbox.stores.settings.delay) == (head + 1, delay)


def test_script_and_style_of_the_first_page_weigh_at_most_40_kb_packed(learner):
    page = BeautifulSoup(learner.get("/").data, "html.parser")
    files = [tag["src"] for tag in page.select("script[src]")] + [
        tag["href"] for tag in page.select("link[rel=stylesheet]")
    ]
    assert len(files) >= 4
    weight = 0
    for file in files:
        with learner.get(file) as answer:
            weight += len(gzip.compress(answer.data))
    assert weight <= 40_000
