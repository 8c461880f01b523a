"""What a real server promises to those who send again, at once, or while another program holds a store."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.sending import Client, begin, decided, sent_again, sent_again_after_a_kill
from tests.serving import running

SHOPPERS = 8


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with running(home) as (_, address):
        yield address


def test_each_key_has_one_event_and_one_answer_however_often_it_is_sent(address: str, home: Path) -> None:
    sent, problems = sent_again(address, home, keys=60, seed=2026)
    assert problems == []
    assert sent > 120


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_a_key_sent_again_after_a_kill_between_commit_and_reply_gets_the_answer_that_was_lost(tmp_path: Path) -> None:
    assert sent_again_after_a_kill(tmp_path, kills=2, seed=2026) == []


def test_of_eight_who_expect_one_version_one_wins_and_the_others_get_409(address: str, home: Path) -> None:
    client, _ = begin(address, home)
    for version in range(1, 6):
        lines = [f"cmd change_price product=lamp price={version}{name} expect={version}" for name in range(SHOPPERS)]
        replies = client.send_at_once(lines)
        assert sorted(reply.status for reply in replies) == [200, *[409] * (SHOPPERS - 1)]
        reasons = {reply.body["reason"] for reply in replies if reply.status == 409}
        said = f"conflict: product-lamp is at version {version + 1}, the command expected {version}"
        assert reasons == {said}


def held(root: Path) -> sqlite3.Connection:
    """Another program that holds the write lock of a sandbox's write store."""
    (folder,) = (path for path in root.iterdir() if path.name.isdigit())
    other = sqlite3.connect(folder / "write.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    return other


def test_a_lock_held_for_a_second_is_waited_for_and_one_held_for_long_is_503_and_no_event(
    address: str, home: Path
) -> None:
    (short, short_root), (long, long_root) = (begin(address, home) for _ in range(2))
    line = "cmd restock product=mug qty=1 id=waits"

    def behind_a_short_one(client: Client) -> int:
        with closing(held(short_root)) as other:
            threading.Timer(1.0, lambda: other.execute("ROLLBACK")).start()
            return client.send(line).status

    with closing(held(long_root)), ThreadPoolExecutor(2) as threads:
        waited = threads.submit(behind_a_short_one, short)
        gave_up = threads.submit(long.send, line).result()
        assert waited.result() == 200
    assert (gave_up.status, gave_up.retry_after) == (503, "2")
    assert "waits" not in decided(long_root)[0]
    assert long.send(line).status == 200
    assert decided(long_root)[1]["waits"] == decided(short_root)[1]["waits"] == 1
