"""read.db may vanish or be spoilt at any moment: it comes back from the log as it was."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lab.sandbox import Sandbox
from tests.lab.sandboxes import replayed

BEFORE = (
    "cmd place_order customer=c1 lines=lamp:2,mug:1",
    "bulk 30",
    "model drop customer_card",
    "model add customer_card from=end",
    "pause sales",
    "step sales 3",
    "run product_search to=9",
    "run order_list",
    "bulk 2",
    "step customer_card",
)


def delete(folder: Path) -> None:
    (folder / "read.db").unlink()


def delete_all(folder: Path) -> None:
    for path in folder.glob("read.db*"):
        path.unlink()


def spoil(folder: Path) -> None:
    (folder / "read.db").write_bytes(b"this is not a database, whatever its name says. " * 400)


def truncate(folder: Path) -> None:
    (folder / "read.db").write_bytes(b"")


def spoil_the_middle(folder: Path) -> None:
    with (folder / "read.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 60_000)


HARM = [delete, delete_all, spoil, truncate]


def picture(sandbox: Sandbox) -> tuple[Any, ...]:
    """What a learner sees: the positions and states, and every row of every read model."""
    projections = sandbox.state()["projections"]
    places = {name: (p["position"], p["status"]) for name, p in projections.items()}
    rows = {name: sandbox.reader.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in projections}
    return places, rows, sandbox.stores.fingerprint()


@pytest.fixture
def used(sandbox: Sandbox) -> Sandbox:
    for line in BEFORE:
        assert sandbox.act(line).outcome in ("accepted", "done")
    return sandbox


@pytest.mark.parametrize("harm", HARM)
def test_a_lost_read_store_comes_back_on_opening(used: Sandbox, harm: Callable[[Path], None]) -> None:
    before, folder = picture(used), used.stores.folder
    used.close()
    harm(folder)
    with closing(Sandbox(used.root)) as again:
        assert picture(again) == before


@pytest.mark.parametrize("harm", [delete, delete_all])
def test_a_read_store_deleted_while_it_is_open_comes_back(used: Sandbox, harm: Callable[[Path], None]) -> None:
    before = picture(used)
    harm(used.stores.folder)
    assert picture(used) == before
    harm(used.stores.folder)
    assert used.act("query sales").query == {**used.act("query sales").query, "as_of": 8}  # type: ignore[dict-item]
    assert used.act("run").outcome == "done"
    assert replayed(used) == used.stores.fingerprint()


@pytest.mark.parametrize("line", ["run", "step sales", "query order_list", "model rebuild all", "pause", "bulk 2"])
@pytest.mark.parametrize("harm", [delete, spoil, truncate, spoil_the_middle])
def test_harm_done_between_two_lines_is_mended_by_the_next(
    used: Sandbox, tmp_path: Path, harm: Callable[[Path], None], line: str
) -> None:
    # Checkpointed and shrunk caches make SQLite read the harmed pages, as it would on a busy day.
    for connection in (used.read.connection, used.stores.reader):
        connection.execute("PRAGMA cache_size = 1")
    used.read.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with closing(Sandbox.create(tmp_path / "unharmed", clock="manual")) as unharmed:
        for earlier in (*BEFORE, line):
            unharmed.act(earlier)
        harm(used.stores.folder)
        assert used.act(line).outcome == "done"
        used.close()
        with closing(Sandbox(used.root)) as again:
            assert again.stores.fingerprint() == unharmed.stores.fingerprint()


def test_the_read_store_of_somebody_else_is_not_taken_for_ones_own(used: Sandbox, tmp_path: Path) -> None:
    before = picture(used)
    with closing(Sandbox.create(tmp_path / "other", clock="manual")) as other:
        other.act("bulk 50")
        other.act("run")
        folder = other.stores.folder
    (folder / "read.db").rename(used.stores.folder / "read.db")
    assert picture(used) == before
