"""The fault matrix: ``make faults``. Every fault at every named point, while a read model catches up or is rebuilt.

In each cell a fault strikes while a small seeded history is being projected; then faults stop, and the projector is
started again as a learner and the worker would start it. With safe guards, every read model must then say what the
write tables say, by two oracles, within a bounded number of the worker's steps. A second table takes the guards off:
there, exactly the damage that was foreseen must be seen.
"""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from cqrs.read.projector import POINTS
from lab.carry_out import Answer, Busy
from lab.delivery import At
from lab.sandbox import Sandbox
from tests.lab.breaking import checkpoint, differing, drifted
from tests.lab.sandboxes import HeldClock, fresh, hold, let_run, without_syncing
from tests.lab.stories import PLENTY, Shoppers

FAULTS = ("crash", "exception", "delay", "duplicate", "reorder", "poison", "busy", "disk full", "clock jump")
WAYS = ("incremental", "rebuild")
MODELS = ("order_list", "sales", "product_card", "customer_card", "product_search")
BATCH = 4
HOUR, DAY, YEAR = 3_600, 86_400, 31_536_000

CORRECT = ""
CAREFUL = "dedupe=on atomic=on poison=park"
SAFE = (CORRECT, CAREFUL)
IN_ORDER = "dedupe=position atomic=on poison=park"
"""Ids tell what came twice, not what came late: against reordering the second safe way checks positions."""

FAILING = ("order_list", "product_card", "sales")
"""The read models that an order without a quantity stops; their second version takes it."""

GROWING = ("order_list", "product_card")
"""The read models that need new pages for what the history of a full disk brings."""


class Cell(NamedTuple):
    """One fault at one point, on one way."""

    fault: str
    point: str
    way: str


CELLS = tuple(Cell(fault, point, way) for way in WAYS for fault in FAULTS for point in POINTS)


def safe_guards(fault: str) -> tuple[str, ...]:
    """Return both kinds of safe guards for a fault."""
    return (CORRECT, IN_ORDER) if fault == "reorder" else SAFE


@dataclass
class Scene:
    """A sandbox in which one read model is watched, and what was done to it."""

    sandbox: Sandbox
    clock: HeldClock
    model: str
    struck: bool = False
    twice: list[int] = field(default_factory=list)
    afterwards: list[Callable[[], object]] = field(default_factory=list)

    def act(self, *lines: str) -> Answer | None:
        """Do lines; a store that is locked is an answer like any other here."""
        answer = None
        for line in lines:
            with suppress(Busy):
                answer = self.sandbox.act(line)
        return answer

    @property
    def position(self) -> int:
        return checkpoint(self.sandbox, self.model)[0]

    @property
    def read(self) -> sqlite3.Connection:
        return self.sandbox.read.connection

    def strike(self, point: str, blow: Callable[[], object]) -> None:
        """Let something happen the first time that the projector of the model comes to a point."""

        def at(here: str) -> None:
            if here == point and not self.struck:
                self.struck = True
                blow()

        def points(name: str) -> At:
            return at if name == self.model else (lambda here: None)

        self.sandbox.stores.points = points

    def as_soon_as_possible(self, deed: Callable[[], object]) -> None:
        """Do something that wants the write lock of read.db: now, or when the projector has let go of it."""
        if self.read.in_transaction:
            self.afterwards.append(deed)
        else:
            deed()

    def redeliver(self) -> None:
        """Deliver the last two events once more."""
        for position in (self.position - 1, self.position):
            self.act(f"redeliver {self.model} {position}")
            self.twice.append(position)


# The faults


def crash(scene: Scene, point: str) -> None:
    scene.act(f"crash {scene.model} {point}")
    scene.struck = True


def exception(scene: Scene, point: str) -> None:
    def blow() -> None:
        raise RuntimeError("a mistake in the projector")

    scene.strike(point, blow)


def delay(scene: Scene, point: str) -> None:
    scene.strike(point, lambda: scene.clock.move(HOUR))


def duplicate(scene: Scene, point: str) -> None:
    scene.strike(point, lambda: scene.as_soon_as_possible(scene.redeliver))


def reorder(scene: Scene, point: str) -> None:
    scene.strike(point, lambda: scene.as_soon_as_possible(lambda: scene.act(f"reorder {scene.model} 2")))


def poison(scene: Scene, point: str) -> None:
    scene.strike(point, lambda: scene.act("poison order=old1", "cmd cancel_order order=old1"))


def busy(scene: Scene, point: str) -> None:
    """Another connection takes the write lock of read.db, or tries to, and then takes it as soon as it is free."""
    scene.read.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(scene.sandbox.stores.folder / "read.db", isolation_level=None, timeout=0)

    def blow() -> None:
        if scene.read.in_transaction:
            with suppress(sqlite3.OperationalError):
                other.execute("BEGIN IMMEDIATE")
            assert not other.in_transaction, "two hold the write lock of read.db"
        else:
            other.execute("BEGIN IMMEDIATE")

    def hold_it_for_a_line() -> None:
        if not other.in_transaction:
            other.execute("BEGIN IMMEDIATE")
        scene.act(f"run {scene.model}")

    scene.strike(point, blow)
    scene.afterwards += [hold_it_for_a_line, other.close]


def disk_full(scene: Scene, point: str) -> None:
    """No page more from that point on, and for one line after it."""
    left = [2]

    def at(here: str) -> None:
        if left[0] and (here == point or scene.struck):
            scene.struck = True
            pages = scene.read.execute("PRAGMA page_count").fetchone()[0]
            scene.read.execute(f"PRAGMA max_page_count = {pages}")

    def again() -> None:
        left[0] -= 1
        scene.act(f"run {scene.model}")
        left[0] = 0

    scene.read.execute("VACUUM")
    scene.sandbox.stores.points = lambda name: at
    scene.afterwards.append(again)


def clock_jump(seconds: float) -> Callable[[Scene, str], None]:
    return lambda scene, point: scene.strike(point, lambda: scene.clock.move(seconds))


STRIKES: dict[str, tuple[Callable[[Scene, str], None], ...]] = {
    "crash": (crash,),
    "exception": (exception,),
    "delay": (delay,),
    "duplicate": (duplicate,),
    "reorder": (reorder,),
    "poison": (poison,),
    "busy": (busy,),
    "disk full": (disk_full,),
    "clock jump": (clock_jump(-DAY), clock_jump(10 * YEAR)),
}

SIGNS = {
    "crash": "SELECT 1 FROM journal WHERE outcome = 'crashed'",
    "exception": "SELECT 1 FROM journal WHERE outcome = 'stopped' AND reason LIKE '%a mistake in the projector%'",
    "duplicate": "SELECT 1 FROM incidents WHERE what IN ('known', 'again')",
    "reorder": "SELECT 1 FROM incidents WHERE what IN ('waited', 'late')",
    "poison": "SELECT 1 FROM journal WHERE outcome = 'done' AND line LIKE 'poison%'",
    "busy": "SELECT 1 FROM journal WHERE outcome = 'failed' AND reason LIKE '%holds the lock%'",
    "disk full": "SELECT 1 FROM journal WHERE outcome = 'failed' AND reason LIKE '%is full%'",
}
"""What a fault leaves in lab.db, so that none is counted that never came; the clock's leave nothing."""

# The story of a cell


def history(fault: str, shoppers: Shoppers) -> Iterator[str]:
    """What is pending when the fault strikes: something for every read model, and enough to fill pages."""
    yield shoppers.order("mug")
    yield shoppers.rename()
    if fault == "disk full":
        yield from (line for n in range(0, 60, 3) for line in three_products_and_an_order(n))
    yield from shoppers.some(5)
    yield from (shoppers.order("lamp"), shoppers.order("mug"), shoppers.rename())


def three_products_and_an_order(n: int) -> Iterator[str]:
    """What fills a page of a read model in a few lines."""
    products = [f"p{n}", f"p{n + 1}", f"p{n + 2}"]
    yield from (f"cmd add_product product={product} name={'w' * 200} price=1 stock=1" for product in products)
    yield f"cmd place_order customer=c1 lines={','.join(f'{product}:1' for product in products)}"


LEFT = {"disk full": 46}
"""The events that are still pending when the line ends in which a fault strikes, if they are not three."""


def strike(scene: Scene, cell: Cell, variant: int, shoppers: Shoppers) -> None:
    """Let the fault of a cell happen in the middle of a line, and what it brings with it after that line."""
    scene.act(f"set delay=0 batch={BATCH}", *PLENTY, *shoppers.some(3), "run")
    if cell.way == "rebuild":
        scene.act(f"model rebuild {scene.model}", f"step {scene.model} {BATCH}")
    scene.act(*history(cell.fault, shoppers))
    usual = scene.sandbox.stores.points
    STRIKES[cell.fault][variant](scene, cell.point)
    scene.act(f"run {scene.model} to={scene.sandbox.write.head() - LEFT.get(cell.fault, 3)}")
    for deed in scene.afterwards:
        deed()
    scene.sandbox.stores.points = usual


def never_came(scene: Scene, cell: Cell) -> list[str]:
    """A cell in which nothing happened proves nothing: say so."""
    sign = SIGNS.get(cell.fault, "SELECT 1")
    left = scene.struck and scene.sandbox.lab.connection.execute(sign).fetchone()
    return [] if left else ["the fault left no sign"]


def start_again(scene: Scene) -> None:
    """Do what a learner does who has read why a projection stopped; the rest is the worker's."""
    stores = scene.sandbox.stores
    for name, at in stores.checkpoints().items():
        if at.status == "stopped" and "NOT NULL" in str(at.reason):
            scene.act(f"handler {name} v=2")
        if at.status == "stopped":
            scene.act(f"resume {name}")


def let_work(scene: Scene) -> None:
    """Let the worker take as many steps as there are batches, and not one more; time is no part of it."""
    behind = max(at["behind"] for at in scene.sandbox.state()["projections"].values())
    let_run(scene.sandbox, scene.clock, steps=-(-behind // BATCH))


def bring_home(scene: Scene) -> None:
    """Repair and retry what was parked."""
    parked = scene.read.execute("SELECT DISTINCT projection FROM _parked WHERE NOT resolved ORDER BY 1").fetchall()
    for (name,) in parked:
        scene.act(f"handler {name} v=2", f"retry {name}")


def problems(scene: Scene) -> list[str]:
    """What is not as it should be, now that faults have stopped."""
    sandbox = scene.sandbox
    state = sandbox.state()
    found = [
        f"{name} is {at['status']} and {at['behind']} behind"
        for name, at in state["projections"].items()
        if at["behind"] or at["status"] != "running" or at["age"]
    ]
    found += ["something is still due"] if sandbox.due() is not None else []
    found += [f"{name} drifted: {drift[0]}" for name in MODELS if (drift := drifted(sandbox, name))]
    # What an older program imported is in no command that the second oracle knows of.
    imported = sandbox.write.connection.execute("SELECT 1 FROM commands WHERE name = 'ImportOrder'").fetchone()
    found += [f"{name} is not the truth" for name in differing(sandbox, but=("from_event",) if imported else ())]
    found += [f"line {entry.n} has no outcome" for entry in sandbox.lab.entries(unfinished=True)]
    return found


@contextmanager
def scene_of(model: str, guards: str) -> Iterator[Scene]:
    with fresh("real") as sandbox:
        without_syncing(sandbox)
        scene = Scene(sandbox, hold(sandbox), model)
        if guards:
            scene.act(f"mode {model} {guards}", f"model rebuild {model}", f"run {model}")
        yield scene


def model_of(cell: Cell, seed: int) -> str:
    """Choose the read model that is watched: with the seeds, each gets its turn."""
    among = {"poison": FAILING, "disk full": GROWING}.get(cell.fault, MODELS)
    return among[(seed + CELLS.index(cell)) % len(among)]


def live_through(cell: Cell, guards: str, variant: int, seed: int) -> list[str]:
    """Play one cell once; return what is wrong in the end."""
    with scene_of(model_of(cell, seed), guards) as scene:
        shoppers = Shoppers(random.Random(f"{cell} {seed}"))
        strike(scene, cell, variant, shoppers)
        idle = never_came(scene, cell)
        scene.act(*shoppers.some(2))
        for _ in range(2):
            start_again(scene)
            let_work(scene)
        bring_home(scene)
        return idle + problems(scene)


def failures(cell: Cell, seeds: int) -> list[str]:
    """Return what goes wrong in a cell, with either kind of safe guards."""
    return [
        f"{cell.fault} at {cell.point}, {cell.way}, {guards or 'the correct projector'}, seed {seed}: {problem}"
        for seed in range(seeds)
        for guards in safe_guards(cell.fault)
        for variant in range(len(STRIKES[cell.fault]))
        for problem in live_through(cell, guards, variant, seed)
    ]
