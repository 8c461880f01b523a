"""What the same faults do where a guard is off: foreseen here, point by point, and then really seen.

The letters of a row stand for the six points in their order: ``.`` nothing is damaged, ``2`` the events of the fault
count twice, ``-`` they are missing, ``~`` an older value stands where a newer one should.
"""

import json
import random
from typing import NamedTuple

from cqrs.read.projector import POINTS
from lab import oracle
from tests.lab.faults_matrix import STRIKES, Scene, let_work, scene_of
from tests.lab.stories import PLENTY


class Row(NamedTuple):
    """A fault and loosened guards, and what must become of one read model at each of the six points."""

    fault: str
    guards: str
    foreseen: str
    model: str = "sales"


APART = "dedupe=off atomic=off"
ROWS = (
    # Apart, there is one moment in which the rows are committed and the checkpoint is not: before_checkpoint.
    Row("crash", APART, "...2.."),
    Row("crash", "dedupe=position atomic=off", "...2.."),
    Row("crash", "dedupe=on atomic=off", "......"),
    Row("crash", "dedupe=off atomic=on", "......"),
    Row("exception", APART, "...2.."),
    Row("exception", "dedupe=on atomic=off", "......"),
    # The same moment is the only one in which somebody else can take the lock away in the middle.
    Row("busy", APART, "...2.."),
    Row("busy", "dedupe=on atomic=off", "......"),
    # Moving a checkpoint needs no new page.
    Row("disk full", APART, "......", "order_list"),
    # Without a memory whatever comes twice counts twice, when it comes and however rows are committed.
    Row("duplicate", "dedupe=off atomic=on", "222222"),
    Row("duplicate", "dedupe=on atomic=off", "......"),
    Row("duplicate", "dedupe=position atomic=off", "......"),
    # Sums do not mind the order. But where the lock is free while the batch is under way, its events come once more.
    Row("reorder", APART, "2..2.."),
    Row("reorder", "dedupe=on atomic=on", "......"),
    # Prices do, and ids do not help. Only if the batch itself comes after all that, its newest price wins again.
    Row("reorder", "dedupe=on atomic=on", "~~~~~~", "product_card"),
    Row("reorder", APART, ".~~~~~", "product_card"),
    Row("reorder", "dedupe=position atomic=on poison=park", "......", "product_card"),
    # Skipped is lost, whenever it came; parked is missing for as long as nobody repairs and retries.
    Row("poison", "poison=skip", "------"),
    Row("poison", "poison=park", "------", "order_list"),
    Row("delay", APART, "......"),
    Row("clock jump", APART, "......"),
)


def seen(row: Row, point: str, seed: int) -> str:
    """Let a fault strike at one point, start again as a worker would, and return the letter for the damage."""
    with scene_of(row.model, row.guards) as scene:
        chance = random.Random(f"{row} {point} {seed}")
        scene.act("set delay=0", *PLENTY, _order(chance), _order(chance), "run")
        scene.act(*_triple(row, chance, "lamp"), *_triple(row, chance, "rug"))
        before, to = scene.position, scene.sandbox.write.head() - 3
        _strike(scene, row, point, to)
        _start_again(scene)
        return _letter(scene, row, before, to)


def _order(chance: random.Random) -> str:
    return f"cmd place_order customer=c1 product=mug qty={chance.randint(1, 9)}"


def _triple(row: Row, chance: random.Random, product: str) -> list[str]:
    """Three events of which the first and the second speak of one row, so that their order matters."""
    if row.model == "product_card":
        prices = zip((product, product, "mug"), chance.sample(range(1, 1000), 3), strict=True)
        return [f"cmd change_price product={changed} price={cents}" for changed, cents in prices]
    return [_order(chance) for _ in range(3)]


def _strike(scene: Scene, row: Row, point: str, to: int) -> None:
    usual = scene.sandbox.stores.points
    STRIKES[row.fault][0](scene, point)
    scene.act(f"run {scene.model} to={to}")
    for deed in scene.afterwards:
        deed()
    scene.sandbox.stores.points = usual
    assert scene.struck, f"{row.fault} was never reached at {point}"


def _start_again(scene: Scene) -> None:
    scene.act(f"resume {scene.model}")
    let_work(scene)
    scene.act("mode all poison=skip")
    let_work(scene)
    assert scene.position == scene.sandbox.write.head()


def _letter(scene: Scene, row: Row, before: int, to: int) -> str:
    """Compare with the truth, in figures: twice is exactly as much too much as the events of the fault hold."""
    wrong = [found for found in oracle.drift(scene.sandbox.stores, row.model) if found.column != "revenue_cents"]
    if not wrong:
        return "."
    (found,) = wrong
    again = scene.twice if row.fault == "duplicate" else range(before + 1, to + 1)
    if found.column == "units" and found.says - found.truth == sum(_units(scene, position) for position in again):
        return "2"
    if found.column == "units" and found.truth - found.says == 1 and found.cause.what == "skipped":
        return "-"
    if found.says is None and found.cause.what == "parked":
        return "-"
    if found.column == "price_cents" and found.cause.what == "late":
        return "~"
    return f"? {found}"


def _units(scene: Scene, position: int) -> int:
    (event,) = scene.sandbox.write.events_after(position - 1, 1)
    return sum(line["qty"] for line in json.loads(event.payload)["lines"])


def mistaken(row: Row, seeds: int) -> list[str]:
    """Return what was seen and not foreseen."""
    return [
        f"{row.fault} at {point} with {row.guards} in {row.model}, seed {seed}: foreseen {letter}, seen {found}"
        for seed in range(seeds)
        for point, letter in zip(POINTS, row.foreseen, strict=True)
        if (found := seen(row, point, seed)) != letter
    ]
