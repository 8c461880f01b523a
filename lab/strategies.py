"""The reading strategies: one script of shoppers, run on real stores under each, and what it came to.

Only time is not real. It is the script's own clock, so nobody sleeps, and the same seed gives the same figures.
"""

import random
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import lru_cache, partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from lab import strategies_ways as ways
from lab.fault_actions import Strategies
from lab.outcome import CannotDo, Done, Line
from lab.stores import Stores
from lab.strategies_agenda import COMMANDS, Agenda, Steps
from lab.strategies_script import write_script
from lab.strategies_shop import STRANGER, Shop, StalledShop, open_for
from lab.strategies_ways import Visit

Way = Callable[[Visit], Steps]

WAYS: tuple[Way, ...] = (
    ways.just_read,
    ways.sleep_and_read,
    ways.read_from_the_write_store,
    ways.wait_for_my_receipt,
    ways.wait_for_everything,
    ways.show_before_it_is_true,
)

STALLED: dict[str, Way] = {"a_receipt_that_lies": ways.wait_for_my_receipt, "ask_for_my_event": ways.ask_for_my_event}
"""Both with a stalled writer, which is simulated."""

REMEMBERED = 16

_one_at_a_time = threading.Lock()


def strategies(stores: Stores, action: Strategies, line: Line) -> Done:
    """Run the script under every strategy, in scratch folders; the sandbox's own stores are not touched."""
    if stores.building:
        return Done(reason="left out of the replay: it changes neither store, and its page runs it when asked")
    try:
        rows = run(action)
    except OSError as error:
        raise CannotDo(f"there is no room for the scratch stores now: {error.strerror}") from None
    return Done(reason=f"{action.shoppers} shoppers, {len(WAYS)} strategies", result=rows)


def run(action: Strategies) -> list[dict[str, Any]]:
    """Return a row a strategy. One script runs at a time in this process, so that a class does not crowd itself out."""
    with _one_at_a_time:
        return _run(action)


# The same line gives the same rows, so a class that presses the same button runs its script once.
@lru_cache(REMEMBERED)
def _run(action: Strategies) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="lagoon-strategies-") as folder:
        bench = Bench(Path(folder), action)
        visited = {way.__name__: bench.run(way) for way in WAYS}
        stalling = partial(StalledShop, stalled=bench.one_to_stall(visited["wait_for_my_receipt"]))
        simulated = {name: bench.run(way, stalling) for name, way in STALLED.items()}
    return [
        *(_row(name, run, simulated=False) for name, run in visited.items()),
        *(_row(name, run, simulated=True) for name, run in simulated.items()),
    ]


class Run(NamedTuple):
    """What one strategy came to."""

    visits: list[Visit]
    write_reads: int
    write_work: int


class Bench:
    """A script, and the stores that every strategy begins with a copy of."""

    def __init__(self, folder: Path, action: Strategies) -> None:
        self._folder = folder
        self._action = action
        self._script = write_script(action.seed, action.shoppers)
        self._mould = folder / "mould"
        self._mould.mkdir()
        self._opened_at = open_for(action.shoppers, self._mould)

    def run(self, way: Way, make_shop: Callable[[Path, Agenda, int], Shop] = Shop) -> Run:
        """Run the script under one strategy, in a fresh copy of the stores."""
        folder, agenda = Path(tempfile.mkdtemp(dir=self._folder)), Agenda()
        shutil.copytree(self._mould, folder, dirs_exist_ok=True)
        with closing(make_shop(folder, agenda, self._opened_at)) as shop:
            visits = self._plan(shop, way)
            agenda.run()
            return Run(visits, shop.write_reads, shop.write_work)

    def _plan(self, shop: Shop, way: Way) -> list[Visit]:
        visits, patience = [], round(self._action.timeout * 1000)
        for shopper in self._script.shoppers:
            visit = Visit(shop, shopper, patience, self._action.late)
            shop.agenda.at(shopper.buys_at, COMMANDS, partial(shop.agenda.start, way(visit)))
            visits.append(visit)
        for number, stranger in enumerate(self._script.strangers):
            buy = partial(shop.buy, f"stranger-{number}", STRANGER, stranger.product)
            shop.agenda.at(stranger.buys_at, COMMANDS, buy)
        return visits

    def one_to_stall(self, receipts: Run) -> int | None:
        """Choose whose writer stalls: one whose page came with events behind hers, so that these overtake her."""
        overtaken = [visit.receipt for visit in receipts.visits if (visit.as_of or 0) > visit.receipt]
        return random.Random(self._action.seed).choice(overtaken) if overtaken else None


def _row(name: str, run: Run, *, simulated: bool) -> dict[str, Any]:
    looked = [visit for visit in run.visits if visit.outcome not in ("refused", "shown_then_refused")]
    counted = Counter(visit.outcome for visit in run.visits)
    return {
        "strategy": name,
        "simulated": simulated,
        "old_pages": counted["old"] + counted["late"],
        "late_pages": counted["late"],
        "median_ms": round(median([visit.waited_ms for visit in looked] or [0])),
        "max_ms": max((visit.waited_ms for visit in looked), default=0),
        "median_events": round(median([visit.waited_events for visit in looked] or [0])),
        "max_events": max((visit.waited_events for visit in looked), default=0),
        "gave_up": counted["gave_up"],
        "write_reads": run.write_reads,
        "write_work": run.write_work,
        "refused": counted["refused"] + counted["shown_then_refused"],
        "shown_then_refused": counted["shown_then_refused"],
        "each": [[visit.outcome, visit.waited_ms, visit.waited_events] for visit in run.visits],
    }
