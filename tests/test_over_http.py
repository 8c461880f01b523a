"""What a real server promises to those who send again, at once, or while another program holds a store."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.sending import begin, locked_for, sent_again, sent_again_after_a_kill, winners
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
    assert [found for version in range(1, 6) for found in winners(client, version, SHOPPERS)] == []


def test_a_lock_held_for_a_second_is_waited_for_and_one_held_for_long_is_503_and_no_event(
    address: str, home: Path
) -> None:
    one, other = begin(address, home), begin(address, home)
    with ThreadPoolExecutor(1) as threads:
        waited = threads.submit(locked_for, 1.0, *one)
        long, _, events = locked_for(60.0, *other)
        assert (long.status, long.retry_after, events) == (503, "2", 0)
        short, _, events = waited.result()
        assert (short.status, events) == (200, 1)


def test_a_server_that_is_told_to_end_closes_and_seals_the_stores(tmp_path: Path) -> None:
    with running(tmp_path, module="tests.patient") as (_, its_address):
        client, root = begin(its_address, tmp_path)
        assert client.send("bulk 3").status == 200
    assert {path.name for path in (root / "1").iterdir()} == {"lab.db", "read.db", "seal.json", "write.db"}
