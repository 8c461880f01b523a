"""What befalls the closed files is noticed: read.db is made again; with a damaged write.db the sandbox freezes."""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from cqrs.write.store import GENESIS, chain
from lab import limits
from lab.damage import Damaged
from lab.sandbox import Sandbox
from tests.lab.harm import (
    HARM,
    Harm,
    Used,
    cut_short,
    flip_write_stores,
    gone,
    harm_read_stores,
    stale_wal,
    swapped,
    use,
)

READ_CASES = 40
FLIPS = 200


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Used:
    return use(tmp_path_factory.mktemp("used"))


@pytest.fixture
def copy(used: Used, tmp_path: Path) -> Path:
    return shutil.copytree(used.root, tmp_path / "copy")


@contextmanager
def opened(root: Path) -> Iterator[Sandbox]:
    with closing(Sandbox(root)) as sandbox:
        yield sandbox


# D12: the read store


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """The files of another sandbox."""
    with closing(Sandbox.create(tmp_path / "other", clock="manual")) as sandbox:
        sandbox.act("bulk 20")
        sandbox.act("run")
        return sandbox.stores.folder


@pytest.mark.parametrize("harm", HARM)
def test_a_read_store_that_was_harmed_is_made_again_and_says_so(used: Used, other: Path, harm: Harm) -> None:
    assert list(harm_read_stores(used, other, harm, READ_CASES // len(HARM), seed=2026)) == []


@pytest.mark.parametrize("harm", [cut_short, gone, swapped])
def test_after_a_kill_too_a_read_store_that_is_not_whole_or_not_its_own_is_made_again(
    used: Used, other: Path, copy: Path, harm: Harm
) -> None:
    used.file("seal.json", copy).unlink()
    harm(used.file("read.db", copy), other, random.Random(1))
    with opened(copy) as sandbox:
        assert sandbox.stores.fingerprint() == used.fingerprint
        assert sandbox.state()["read_made_again"]


def test_after_a_kill_a_page_of_a_read_model_that_is_no_page_any_more_is_found_on_opening(
    used: Used, copy: Path
) -> None:
    used.file("seal.json", copy).unlink()
    path = used.file("read.db", copy)
    with closing(sqlite3.connect(path)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sales'").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * limits.PAGE_BYTES)
        file.write(b"\xff" * limits.PAGE_BYTES)
    with opened(copy) as sandbox:
        assert sandbox.state()["read_made_again"] == "was damaged and was made again from the event log"
        assert sandbox.stores.fingerprint() == used.fingerprint


def test_what_was_made_again_is_news_until_the_learner_has_gone_on(used: Used, copy: Path) -> None:
    used.file("read.db", copy).unlink()
    with opened(copy) as sandbox:
        sandbox.act("query order_list")
        assert sandbox.state()["read_made_again"]
        sandbox.act("query order_list")
        assert sandbox.state()["read_made_again"] is None


def test_a_read_store_deleted_under_an_open_sandbox_is_told_too(used: Used, copy: Path) -> None:
    with opened(copy) as sandbox:
        assert sandbox.state()["read_made_again"] is None
        used.file("read.db", copy).unlink()
        assert sandbox.act("query order_list").outcome == "done"
        assert sandbox.state()["read_made_again"] == HARM[gone]
        assert sandbox.stores.fingerprint() == used.fingerprint


DRIFT = (
    "mode sales atomic=off dedupe=off",
    "crash sales after_event",
    "crash sales before_checkpoint",
    "bulk 3",
    "run",
    "run",
    "redeliver sales 40",
)


@pytest.mark.parametrize("killed", [False, True])
def test_drift_that_a_learner_caused_on_purpose_stays(used: Used, copy: Path, tmp_path: Path, killed: bool) -> None:
    with opened(copy) as sandbox:
        for line in DRIFT:
            sandbox.act(line)
        drifted = sandbox.stores.fingerprint()
        sold = sandbox.reader.execute("SELECT sum(units) FROM sales").fetchone()
        assert sold != sandbox.write.connection.execute("SELECT sum(qty) FROM order_lines").fetchone()
        if killed:
            copy = shutil.copytree(copy, tmp_path / "as the kill left it")
    with opened(copy) as sandbox:
        assert sandbox.stores.fingerprint() == drifted
        assert sandbox.state()["read_made_again"] is None


# D13: the write store


def chain_is_broken(path: Path) -> bool:
    """Follow the hashes without the code that the sandbox uses."""
    with closing(sqlite3.connect(path)) as connection:
        before = GENESIS
        for number, row in enumerate(connection.execute("SELECT * FROM events ORDER BY position"), start=1):
            if row[0] != number or row[-1] != chain(before, *row[:-1]):
                return True
            before = row[-1]
        return False


def test_of_two_hundred_flips_none_is_silent_and_a_damaged_write_store_is_never_touched(
    used: Used, tmp_path: Path
) -> None:
    damaged, wrong = flip_write_stores(used, tmp_path, FLIPS, seed=2026)
    assert wrong == []
    assert FLIPS / 4 < damaged < FLIPS


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("UPDATE stock SET on_hand = 7 WHERE on_hand = 20", "stock: mug has on_hand 7, the accepted commands lead to"),
        ("UPDATE orders SET status = 'shipped'", "table orders: o-1 has status shipped, the accepted commands lead to"),
        ("DELETE FROM order_lines WHERE order_id = 'o-3-1'", "table order_lines: o-3-1, mug is missing, though"),
        ("INSERT INTO customers VALUES ('c9', 'Eve', 'e', 1)", "table customers: c9 is there, and no accepted command"),
        ("UPDATE commands SET reason = 'no' WHERE outcome = 'refused'", "are not those that were put away"),
        ("UPDATE commands SET args = '{}' WHERE command_id = 'cmd-1'", "a command cannot be issued again"),
        ("DROP TRIGGER events_are_never_changed", "its schema is not that of a write store: events_are_never_changed"),
        ("DELETE FROM commands WHERE outcome = 'refused'", "are not those that were put away"),
    ],
)
def test_what_another_program_changed_in_a_closed_write_store_is_named(
    used: Used, copy: Path, sql: str, what: str
) -> None:
    with closing(sqlite3.connect(used.file("write.db", copy), isolation_level=None)) as connection:
        connection.execute(sql)
    with pytest.raises(Damaged, match=what):
        Sandbox(copy)


@pytest.mark.parametrize("sealed", [True, False])
def test_a_header_that_lets_sqlite_read_and_not_write_freezes_the_sandbox(used: Used, copy: Path, sealed: bool) -> None:
    if not sealed:
        used.file("seal.json", copy).unlink()
    with used.file("write.db", copy).open("r+b") as file:
        file.seek(18)
        file.write(b"\x03")
    with pytest.raises(Damaged, match="its header asks for a newer SQLite"):
        Sandbox(copy)


def rewrite_history(path: Path, payload: str, *, rehash: bool = False) -> None:
    """Change an event as somebody would who takes the guards away first."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        trigger = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'events_are_never_changed'"
        ).fetchone()[0]
        connection.execute("DROP TRIGGER events_are_never_changed")
        connection.execute("UPDATE events SET payload = ? WHERE position = 8", (payload,))
        if rehash:
            before = connection.execute("SELECT hash FROM events WHERE position = 7").fetchone()[0]
            for row in connection.execute("SELECT * FROM events WHERE position > 7 ORDER BY position").fetchall():
                before = chain(before, *row[:-1])
                connection.execute("UPDATE events SET hash = ? WHERE position = ?", (before, row[0]))
        connection.execute(trigger)


@pytest.mark.parametrize("sealed", [True, False])
def test_an_event_that_was_rewritten_is_named_with_and_without_a_seal(used: Used, copy: Path, sealed: bool) -> None:
    if not sealed:
        used.file("seal.json", copy).unlink()
    rewrite_history(used.file("write.db", copy), "{}")
    with pytest.raises(Damaged, match="event #8 is not what was recorded"):
        Sandbox(copy)


def test_a_history_rewritten_with_all_its_hashes_is_found_by_the_seal(used: Used, copy: Path) -> None:
    path = used.file("write.db", copy)
    with closing(sqlite3.connect(path)) as connection:
        payload = connection.execute("SELECT payload FROM events WHERE position = 8").fetchone()[0]
    rewrite_history(path, payload.replace("Ben", "Bob").replace("Ada", "Eve"), rehash=True)
    assert not chain_is_broken(path)
    with pytest.raises(Damaged):
        Sandbox(copy)


@pytest.mark.parametrize("harm", [gone, swapped, cut_short, stale_wal])
def test_a_write_store_that_is_gone_or_another_ones_freezes_the_sandbox(
    used: Used, other: Path, copy: Path, harm: Harm
) -> None:
    harm(used.file("write.db", copy), other, random.Random(3))
    before = {path.name: path.read_bytes() for path in (copy / "1").glob("write.db*") if not path.name.endswith("-shm")}
    with pytest.raises(Damaged):
        Sandbox(copy)
    assert {name: used.file(name, copy).read_bytes() for name in before} == before
    assert used.file("write.db", copy).exists() == (harm is not gone)


def test_a_journal_that_is_no_database_any_more_freezes_the_sandbox(used: Used, copy: Path) -> None:
    used.file("lab.db", copy).write_bytes(b"not a database " * 1000)
    with pytest.raises(Damaged, match=r"SQLite cannot read lab\.db, the journal"):
        Sandbox(copy)


def test_a_seal_is_broken_before_anything_is_written_and_put_again_on_closing(used: Used, copy: Path) -> None:
    with opened(copy):
        assert not used.file("seal.json", copy).exists()
    assert used.file("seal.json", copy).exists()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"files": 3}', "\x00"])
def test_a_seal_that_cannot_be_read_is_none(used: Used, copy: Path, text: str) -> None:
    used.file("seal.json", copy).write_text(text)
    with opened(copy) as sandbox:
        assert sandbox.stores.fingerprint() == used.fingerprint
        assert sandbox.state()["read_made_again"] is None


def test_stores_that_another_program_holds_open_are_not_sealed(used: Used, copy: Path) -> None:
    with closing(sqlite3.connect(used.file("write.db", copy))) as reader:
        with opened(copy) as sandbox:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM events").fetchone()
            sandbox.act("cmd restock product=mug qty=1")
        assert not used.file("seal.json", copy).exists()
    with opened(copy) as sandbox:
        assert sandbox.write.head() == used.events + 1
        assert sandbox.state()["write_changed"] is None
