"""A process that dies in the middle of a line: on opening, the line is as if it had been done once, or never."""

import os
import shutil
import sqlite3
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lab.actions import ModelWrite
from lab.guard import workers
from lab.language import VERBS
from lab.sandbox import Sandbox
from tests.lab.owned import ADD, EDIT, EDIT_TO_ONCE, NAMED, ORDERS, SPENT, AtHome
from tests.lab.sandboxes import hold

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

Deed = Callable[[Sandbox], object]

MOST_DEATHS = 14
DIED = 9

BEFORE = (
    "cmd place_order customer=c1 product=lamp qty=2",
    "bulk 2",
    "step sales",
    "pause order_list",
    "model drop customer_card",
)
LINES = (
    "cmd place_order customer=c1 lines=lamp:1,mug:2",
    "cmd place_order customer=c1 product=rug qty=2",
    "cmd cancel_order order=o-1",
    "bulk 2",
    "model add customer_card",
    "model add customer_card from=end",
    "model add sales",
    "model rebuild sales",
    "model rebuild order_list",
    "model rebuild all",
    "model drop sales",
    "model drop customer_card",
    "model drop all",
    "step sales",
    "step all 2",
    "step customer_card",
    "run",
    "run order_list to=7",
    "pause sales",
    "pause",
    "resume",
    "wait 5",
    "query product_card lamp",
    "query product_card lamp via=token",
    "query order_list via=wait",
    "query sales via=write",
    'sql read "SELECT * FROM sales"',
    "set delay=2 batch=3",
    "traffic 5",
    "undo",
    "reset",
    "mode all dedupe=on atomic=on poison=park",
    "crash sales before_commit",
    "redeliver sales 6",
    "reorder sales 2",
    "retry sales",
    "handler sales v=2",
    "poison order=old1",
    "dual on crash=yes",
    "oracle",
    "strategies shoppers=1",
    "race guarded steps=ada,ben",
    "travel 6 since=5",
    "patch \"UPDATE product_card SET in_stock = in_stock + 5 WHERE product_id = 'lamp'\"",
    "measure crud",
    "index",
    "trial sales",
)

BESIDE_BEFORE = (
    *BEFORE,
    "model rebuild sales beside=yes",
    "model fill sales 7",
    "model rebuild product_search beside=yes",
    "model fill product_search",
    "model switch product_search",
)
BESIDE_LINES = (
    "model rebuild order_list beside=yes",
    "model fill sales",
    "model switch sales",
    "model switch product_search",
    "model cancel sales",
    "model drop product_search old=yes",
    "model drop all",
    "set sales delay=3",
)

LOOSE_BEFORE = (
    "cmd place_order customer=c1 product=lamp qty=2",
    "poison order=old1",
    "mode sales atomic=off dedupe=off poison=park",
    "mode order_list dedupe=on poison=park",
    "run",
    "cmd cancel_order order=old1",
    "run order_list",
    "handler sales v=2",
    "handler order_list v=2",
    "resume",
    "bulk 3",
)
"""Guards are off, an event is parked in two read models, another waits behind it, and more is pending."""

LOOSE_LINES = (
    "step sales",
    "run sales",
    "run",
    "redeliver sales 6",
    "redeliver sales 11",
    "reorder sales 2",
    "retry sales",
    "retry order_list",
    "retry order_list 7",
    "retry order_list 12",
    "reorder order_list 19",
    'patch "UPDATE sales SET units = units + 5"',
)
ARMED_LINES = ("step sales 2", "run sales", "run", "redeliver sales 6", "reorder sales")
ARMED_POINTS = ("after_event", "before_checkpoint", "after_commit")

OWN_BEFORE = (
    *ORDERS,
    ADD,
    "run spent",
    str(ModelWrite("other", SPENT.replace("spent", "other"))),
    "model drop other",
    "mode spent poison=park",
    "bulk 2",
)
"""One of one's own stands at the head of then, another was dropped, and keeps its text."""

OWN_LINES = (
    EDIT,
    str(ModelWrite("third", SPENT.replace("spent", "third"))),
    str(ModelWrite("other", NAMED.replace("spent", "other"))),
    "model rebuild spent",
    "model forget spent",
    "run spent",
    "mode spent dedupe=off atomic=off; crash spent before_checkpoint; run spent",
    "mode spent dedupe=off atomic=off; redeliver spent 6",
)
EDITED_BEFORE = (*OWN_BEFORE, EDIT, "model fill spent 9")
EDITED_LINES = ("model fill spent", "model switch spent", ADD, EDIT_TO_ONCE, "model cancel spent", "model forget spent")

DUAL_BEFORE = ("dual on", "cmd place_order customer=c1 product=lamp qty=2")
DUAL_ARMED_BEFORE = (*DUAL_BEFORE, "dual on crash=yes")


def in_child(task: Callable[[], None]) -> int:
    """Do something in a child process; return its exit code."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            task()
            code = 0
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def a_moment_passes(sandbox: Sandbox) -> None:
    """A shopper comes and the projector applies a batch, both by themselves."""
    hold(sandbox).move(2)
    assert sandbox.advance()


def watched(root: Path, deed: Deed, watch: Callable[[str], None]) -> Callable[[], None]:
    """A task: open a sandbox and do something, with every SQL statement shown to somebody before it runs."""
    connect: Any = sqlite3.connect
    armed: list[bool] = []

    def connect_and_watch(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **options)
        connection.set_trace_callback(lambda sql: watch(sql) if armed else None)
        return connection

    def task() -> None:
        sqlite3.connect = connect_and_watch  # type: ignore[assignment]
        sandbox = Sandbox(root)
        armed.append(True)
        deed(sandbox)

    return task


def die_at(number: int) -> Callable[[str], None]:
    """Die just before the n-th statement, counted from 0."""
    left = [number]

    def count(sql: str) -> None:
        if left[0] == 0:
            os._exit(DIED)
        left[0] -= 1

    return count


def picture(root: Path) -> tuple[str, dict[int, str | None], int]:
    """Open a sandbox; return its fingerprint, the outcome of every line, and the last number in its journal."""
    with closing(Sandbox(root)) as sandbox:
        outcomes = {entry.n: entry.outcome for entry in sandbox.lab.entries()}
        return sandbox.stores.fingerprint(), outcomes, max(outcomes)


def on_a_copy(root: Path, deed: Deed, watch: Callable[[str], None]) -> int:
    scene = root.with_name("scene")
    shutil.rmtree(scene, ignore_errors=True)
    shutil.copytree(root, scene)
    return in_child(watched(scene, deed, watch))


def deaths(statements: list[str], most: int) -> list[int]:
    """Return where to die: first of all, and after each statement that made something last."""
    points = [0]
    inside = False
    for number, sql in enumerate(statements):
        verb = sql.split(maxsplit=1)[0].upper()
        inside = (inside or verb == "BEGIN") and verb not in ("COMMIT", "ROLLBACK")
        if not inside and verb not in ("SELECT", "PRAGMA", "ROLLBACK", "ATTACH", "--"):
            points.append(number + 1)
    return points[:: max(1, len(points) // most)]


def sandbox_after(root: Path, lines: tuple[str, ...]) -> Path:
    with closing(Sandbox.create(root, clock="manual")) as sandbox:
        for line in lines:
            assert sandbox.act(line).outcome != "failed"
    return root


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a line makes for the moment stays in the test's folder when its process dies."""
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert workers.trusted() is None  # Once here, and not in every child.
    return sandbox_after(tmp_path_factory.mktemp("crash") / "sandbox", BEFORE)


@pytest.fixture(scope="module")
def prepared_beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sandbox_after(tmp_path_factory.mktemp("crash") / "sandbox", BESIDE_BEFORE)


@pytest.fixture(scope="module")
def owning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sandbox_after(tmp_path_factory.mktemp("crash") / "sandbox", OWN_BEFORE)


@pytest.fixture(scope="module")
def editing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sandbox_after(tmp_path_factory.mktemp("crash") / "sandbox", EDITED_BEFORE)


@pytest.fixture(scope="module")
def loosened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sandbox_after(tmp_path_factory.mktemp("crash") / "sandbox", LOOSE_BEFORE)


def die_everywhere(root: Path, log: Path, deed: Deed, most: int = MOST_DEATHS) -> set[str]:
    """Do something once undisturbed, then die in the middle of it again and again, and compare.

    Return the fingerprints that were seen other than the first and the last.
    """
    before = picture(root)
    with log.open("w") as statements:
        assert on_a_copy(root, deed, lambda sql: print(sql.split()[0], file=statements, flush=True)) == 0
    after = picture(root.with_name("scene"))
    seen = set()
    for number in deaths(log.read_text().splitlines(), most):
        assert on_a_copy(root, deed, die_at(number)) in (0, DIED)
        now = picture(root.with_name("scene"))
        assert None not in now[1].values()
        assert set(now[1]) <= set(before[1]) | set(after[1])
        if now[2] == after[2]:
            assert now[:2] == after[:2], f"died before statement {number}"
        seen.add(now[0])
    assert seen >= {before[0], after[0]}
    return seen - {before[0], after[0]}


@pytest.mark.parametrize("line", LINES)
def test_wherever_a_line_is_cut_off_it_is_finished_on_opening(prepared: Path, tmp_path: Path, line: str) -> None:
    assert die_everywhere(prepared, tmp_path / "statements", lambda sandbox: sandbox.act(line)) == set()


@pytest.mark.parametrize("line", BESIDE_LINES)
def test_wherever_a_rebuild_beside_is_cut_off_it_is_finished_on_opening(
    prepared_beside: Path, tmp_path: Path, line: str
) -> None:
    assert die_everywhere(prepared_beside, tmp_path / "statements", lambda sandbox: sandbox.act(line)) == set()


@pytest.mark.parametrize("line", LOOSE_LINES)
def test_without_guards_a_line_that_is_cut_off_is_done_once_all_the_same(
    loosened: Path, tmp_path: Path, line: str
) -> None:
    """Nothing in the projection would notice a second time: what keeps it from happening is the note of the line."""
    assert die_everywhere(loosened, tmp_path / "statements", lambda sandbox: sandbox.act(line)) == set()


@pytest.mark.parametrize(
    ("prepared_as", "line"),
    [("owning", line) for line in OWN_LINES] + [("editing", line) for line in EDITED_LINES],
    ids=lambda words: words[:24],
)
def test_wherever_a_line_about_one_s_own_read_model_is_cut_off_it_is_finished_on_opening(
    prepared_as: str, line: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The guard's worker dies too, as its requests are answered in the process that does the line."""
    root = shutil.copytree(request.getfixturevalue(prepared_as), tmp_path / "sandbox")
    *first, last = line.split("; ")
    with closing(Sandbox(root)) as sandbox:
        for other in first:
            assert sandbox.act(other).outcome == "done"
    assert die_everywhere(root, tmp_path / "statements", lambda sandbox: at_home(sandbox, last), most=4) == set()


def at_home(sandbox: Sandbox, line: str) -> None:
    workers._keepers[os.getpid()] = AtHome()
    assert sandbox.act(line).outcome != "failed"


@pytest.mark.parametrize("point", ARMED_POINTS)
def test_a_line_in_which_a_projector_dies_may_be_cut_off_too(loosened: Path, tmp_path: Path, point: str) -> None:
    for line in ARMED_LINES:
        root = tmp_path / line.replace(" ", "_") / "sandbox"
        shutil.copytree(loosened, root)
        with closing(Sandbox(root)) as sandbox:
            sandbox.act(f"crash sales {point}")
        assert die_everywhere(root, tmp_path / "statements", lambda sandbox, line=line: dies(sandbox, line)) == set()


def dies(sandbox: Sandbox, line: str) -> None:
    assert sandbox.act(line).outcome == "crashed"


@pytest.mark.parametrize("lines", [DUAL_BEFORE, DUAL_ARMED_BEFORE], ids=["whole", "split"])
def test_a_double_write_that_is_cut_off_ends_as_it_would_have(tmp_path: Path, lines: tuple[str, ...]) -> None:
    root = sandbox_after(tmp_path / "dual" / "sandbox", lines)
    order = "cmd place_order customer=c1 product=mug qty=1"
    assert die_everywhere(root, tmp_path / "statements", lambda sandbox: sandbox.act(order)) == set()


def test_what_moves_by_itself_is_finished_on_opening_too(tmp_path: Path) -> None:
    root = tmp_path / "sandbox"
    with closing(Sandbox.create(root)) as live:
        for line in ("pause", "bulk 3", "step sales", "resume", "pause product_search", "traffic 5", "set batch=2"):
            assert live.act(line).outcome == "done"
    die_everywhere(root, tmp_path / "statements", a_moment_passes)


def test_every_verb_is_cut_off_here() -> None:
    assert {line.split()[0] for line in LINES} == set(VERBS)
