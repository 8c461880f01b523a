"""Planted defects: mistakes that somebody could make in this project, and the check that must find each.

A check returns the problems that it sees, in words: none as the code is, some as soon as its defect is planted.
"""

import inspect
import json
import os
import textwrap
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from cqrs import sql
from cqrs.commands import Command
from cqrs.events import StockAdded
from cqrs.read import projector
from cqrs.read import store as read_store
from cqrs.read.store import ReadStore
from cqrs.write import handlers
from cqrs.write import store as write_store
from cqrs.write.model import Product
from cqrs.write.store import WriteStore
from lab import books, delivery, exchange, loose, taken_back, truth
from lab.loose import Guards
from lab.sandbox import Sandbox
from lab.settings import Settings
from tests.audit import audit
from tests.lab.breaking import differing, drifted
from tests.lab.faults_matrix import Cell, failures
from tests.lab.sandboxes import fresh
from tests.lab.test_crash import die_everywhere, in_child, sandbox_after

Plant = Callable[[pytest.MonkeyPatch], object]
Check = Callable[[Path], list[str]]


class Defect(NamedTuple):
    """A mistake, how to make it, and who must notice."""

    name: str
    plant: Plant
    check: Check


ORDER = "cmd place_order customer=c1 product=mug qty=2 order=o1"

# The checks


def cut_off(line: str, *before: str) -> Check:
    """A line that a SIGKILL cuts off anywhere is finished on opening, once."""

    def check(folder: Path) -> list[str]:
        root = sandbox_after(folder / "sandbox", before)
        try:
            between = die_everywhere(root, folder / "statements", lambda sandbox: sandbox.act(line))
        except AssertionError as wrong:
            return [str(wrong).splitlines()[0]]
        return [f"a state in between: {state}" for state in between]

    return check


def killed(folder: Path) -> list[str]:
    """What a process answered before it was killed stands in the stores, and they agree."""
    root, acks = sandbox_after(folder / "sandbox", ()), folder / "acks"

    def live_and_die() -> None:
        sandbox, told = Sandbox(root), {}
        for number, product in enumerate(("lamp", "mug", "rug", "rug", "lamp", "rug", "mug")):
            answer = sandbox.act(f"cmd place_order customer=c1 product={product} qty=1 id=k{number}")
            told[f"k{number}"] = (answer.outcome, answer.position)
            acks.write_text(json.dumps(told))
        os._exit(9)

    assert in_child(live_and_die) == 9
    return audit(root, {name: tuple(answer) for name, answer in json.loads(acks.read_text()).items()}, {}).problems


def ends_well(*lines: str) -> Check:
    """After faults and their repair the read models say what the write tables say."""

    def check(folder: Path) -> list[str]:
        with fresh() as sandbox:
            for line in lines:
                sandbox.act(line)
            found = [f"{name} is not the truth" for name in differing(sandbox, but=("from_event",))]
            stands = sandbox.state()["projections"].items()
            return found + [f"{name} is {at['status']}, {at['behind']} behind" for name, at in stands if at["behind"]]

    return check


def sees(folder: Path) -> list[str]:
    """Where the stores have really come apart, the sandbox's own oracle says so."""
    with fresh() as sandbox:
        for line in ("mode sales dedupe=off", ORDER, "run", "redeliver sales 6"):
            sandbox.act(line)
        assert differing(sandbox) == ["sales"]
        return [] if drifted(sandbox, "sales") else ["sales is wrong and the oracle sees nothing"]


def undoes(folder: Path) -> list[str]:
    """Undo leads back to the very same stores, line by line."""
    with fresh() as sandbox:
        prints = []
        for line in (ORDER, "step sales", "mode sales dedupe=off", "redeliver sales 6", "run"):
            prints.append(sandbox.stores.fingerprint())
            sandbox.act(line)
        for number, before in reversed(list(enumerate(prints))):
            sandbox.act("undo")
            if sandbox.stores.fingerprint() != before:
                return [f"undo of line {number + 1} leads elsewhere"]
    return []


def cell(fault: str, point: str) -> Check:
    """A cell of the fault matrix converges."""
    return lambda folder: failures(Cell(fault, point, "incremental"), seeds=1)


REPAIRED = ("handler order_list v=2", "handler sales v=2", "handler product_card v=2", "resume", "run")
HALTS = ends_well("poison order=old1", "run", *REPAIRED)
PARKS = ends_well(
    "mode all poison=park", "poison order=old1", "cmd cancel_order order=old1", "run",
    *REPAIRED, "retry order_list", "retry sales", "retry product_card",
)  # fmt: skip
REPEATS = ends_well(ORDER, "run", "redeliver sales 6", "run")
REBUILDS = ends_well(ORDER, "run", "model rebuild all", "run")
SWITCHES = ends_well(
    ORDER, "run", "model rebuild sales beside=yes", "bulk 3", "model fill sales", "model switch sales", "run"
)

# The defects


def rewritten(
    function: Callable[..., Any], old: str, new: str, home: ModuleType
) -> Callable[[pytest.MonkeyPatch], None]:
    """Plant a function with a piece of its source changed, where ``home`` uses it."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        source = textwrap.dedent(inspect.getsource(function))
        assert source.count(old) == 1, old
        space = dict(inspect.getmodule(function).__dict__)
        exec(source.replace(old, new), space)
        patch.setattr(home, function.__name__, space[function.__name__])

    return plant


def acknowledged_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    """The commit comes with the next command."""

    @contextmanager
    def later(connection: Any) -> Iterator[None]:
        if connection.in_transaction:
            connection.execute("COMMIT")
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    patch.setattr(write_store, "transaction", later)


def two_transactions(owner: type, method: str) -> Plant:
    """Commit what came before a step, and take the step in a transaction of its own."""
    usual = getattr(owner, method)

    def apart(store: Any, *values: Any) -> Any:
        if store.connection.in_transaction:
            store.connection.execute("COMMIT")
            store.connection.execute("BEGIN IMMEDIATE")
        return usual(store, *values)

    return lambda patch: patch.setattr(owner, method, apart)


def checkpoint_first(patch: pytest.MonkeyPatch) -> None:
    usual = projector.project

    def ahead(store: ReadStore, projection: Any, batch: Any, at: Any) -> int:
        before = store.position(projection.name)
        store.move_checkpoint(projection.name, batch[-1].event.position if batch else before)
        patch.setattr(ReadStore, "position", lambda store, name: before)
        try:
            return usual(store, projection, batch, at)
        finally:
            patch.setattr(ReadStore, "position", position)

    position = ReadStore.position
    patch.setattr(delivery, "project", ahead)


def remembered_afterwards(patch: pytest.MonkeyPatch) -> None:
    remember, project = books.remember, loose.project
    waiting: list[Any] = []

    def and_then(*values: Any) -> None:
        project(*values)
        while waiting:
            remember(*waiting.pop())

    patch.setattr(books, "remember", lambda *values: waiting.append(values))
    patch.setattr(loose, "project", and_then)


def skipping(patch: pytest.MonkeyPatch) -> None:
    usual = Settings.guards

    def guards(settings: Settings, name: str) -> Guards:
        found = usual(settings, name)
        return replace(found, poison="skip") if found.poison == "halt" else found

    patch.setattr(Settings, "guards", guards)


def retried_backwards(patch: pytest.MonkeyPatch) -> None:
    usual = books.parked
    patch.setattr(books, "parked", lambda store, name: usual(store, name)[::-1])


def refusal_with_an_event(patch: pytest.MonkeyPatch) -> None:
    usual = handlers._refuse

    def refuse(store: WriteStore, command: Command, command_id: str, now: str, reason: str) -> Any:
        with store.transaction():
            store.append(StockAdded("mug", 0), "refusals", store.head() + 1, command_id, now)
        return usual(store, command, command_id, now, reason)

    patch.setattr(handlers, "_refuse", refuse)


def stock_from_before(patch: pytest.MonkeyPatch) -> None:
    """The stock is what it was when somebody looked first."""
    usual, seen = WriteStore.product, dict[str, Product]()

    def product(store: WriteStore, product_id: str) -> Product | None:
        found = usual(store, product_id)
        return found and replace(seen.setdefault(product_id, found), version=found.version)

    patch.setattr(WriteStore, "product", product)


def oracle_of_the_copy(patch: pytest.MonkeyPatch) -> None:
    """The oracle asks the read model's own figures, and repeats their mistake."""
    usual = truth.rows

    def rows(write: Any, projection: Any, *values: Any, **options: Any) -> list[dict[str, Any]]:
        path = Path(write.execute("PRAGMA database_list").fetchone()[2]).with_name("read.db")
        true = usual(write, projection, *values, **options)
        columns = list(true[0]) if true else []
        with closing(sql.connect_read_only(path)) as read:
            said = read.execute(f"SELECT {', '.join(columns) or '*'} FROM {projection.name}").fetchall()
        return [dict(zip(columns, row, strict=True)) for row in said]

    patch.setattr(truth, "rows", rows)


def death_that_commits(patch: pytest.MonkeyPatch) -> None:
    """What a dying projector had begun is kept."""

    @contextmanager
    def kept(connection: Any) -> Iterator[None]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("COMMIT")

    patch.setattr(read_store, "transaction", kept)


def undo_too_many(patch: pytest.MonkeyPatch) -> None:
    usual = taken_back._begin_of
    patch.setattr(taken_back, "_begin_of", lambda *where: usual(*where) - 1)


def switch_without_the_checkpoint(patch: pytest.MonkeyPatch) -> None:
    usual = exchange._replace

    def some(connection: Any, table: str, source: str, mine: str) -> None:
        if "_checkpoint" not in table:
            usual(connection, table, source, mine)

    patch.setattr(exchange, "_replace", some)


def rebuild_that_keeps(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ReadStore, "empty", lambda store, projection: store.move_checkpoint(projection.name, 0))


def going_on_without_a_transaction(patch: pytest.MonkeyPatch) -> None:
    """On a full disk SQLite may undo all by itself; then the missing savepoint passes for the event's own fault."""
    rewritten(loose._savepoint, "if store.connection.in_transaction:", "if True:", loose)(patch)
    rewritten(loose.deal_with, " or not store.connection.in_transaction", "", loose)(patch)


LOOSE = ("mode sales atomic=off dedupe=off", ORDER)
IDS = ("mode sales dedupe=on", ORDER)

DEFECTS = (
    Defect("a command is acknowledged before it is committed", acknowledged_before_the_commit, killed),
    Defect(
        "the event of a command has a transaction of its own", two_transactions(WriteStore, "append"), cut_off(ORDER)
    ),
    Defect(
        "the checkpoint has a transaction of its own",
        two_transactions(ReadStore, "move_checkpoint"),
        cut_off("run sales", ORDER),
    ),
    Defect("the checkpoint moves before the rows", checkpoint_first, cut_off("run sales", ORDER)),
    Defect(
        "the correct projector takes an event twice",
        rewritten(projector.project, "event.position != position + 1", "False", delivery),
        REPEATS,
    ),
    Defect("ids are remembered after the commit", remembered_afterwards, cut_off("run sales", *IDS)),
    Defect(
        "a line forgets that its rows were committed",
        lambda patch: patch.setattr(books, "note_line", lambda *values: None),
        cut_off("run sales", *LOOSE),
    ),
    Defect(
        "what follows a parked event does not wait",
        lambda patch: patch.setattr(books, "held_behind", lambda *values: None),
        PARKS,
    ),
    Defect("parked events are retried backwards", retried_backwards, PARKS),
    Defect("a poison event is skipped where it should halt", skipping, HALTS),
    Defect("a rebuild keeps the old rows", rebuild_that_keeps, REBUILDS),
    Defect("a refusal records an event", refusal_with_an_event, killed),
    Defect("the stock is read before the transaction", stock_from_before, killed),
    Defect("the oracle repeats the read model", oracle_of_the_copy, sees),
    Defect("a crash keeps what was under way", death_that_commits, cell("crash", "after_event")),
    Defect(
        "the loose projector goes on where its transaction is gone",
        going_on_without_a_transaction,
        cell("disk full", "after_statement"),
    ),
    Defect("undo drops one line too many", undo_too_many, undoes),
    Defect("a switch leaves the checkpoint behind", switch_without_the_checkpoint, SWITCHES),
)
