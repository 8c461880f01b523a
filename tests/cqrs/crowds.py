"""A crowd of processes that want more than there is, each sending what others send too."""

import random
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from cqrs.commands import AddProduct, OrderLine, PlaceOrder, RegisterCustomer
from cqrs.write.handlers import handle
from cqrs.write.store import Answer, WriteStore
from tests.cqrs.racing import Attempt, crowd

NOW = "2026-03-02T09:00:00.000000+00:00"
PROCESSES = 8


def oversell(file: Path, units: int, attempts: int, seed: int) -> list[str]:
    """Let processes send so many attempts each, every key twice by each of two of them; return what went wrong."""
    with closing(WriteStore(file, synchronous="OFF")) as store:
        for number, command in enumerate(
            (RegisterCustomer("c1", "Ada", "ada@example.test"), AddProduct("rug", "Rug", 9900, units))
        ):
            handle(store, command, command_id=f"s{number}", now=NOW)
    keys = PROCESSES * attempts // 4
    lists: list[list[Attempt]] = [[] for _ in range(PROCESSES)]
    for key in range(keys):
        order = PlaceOrder(f"o{key}", "c1", (OrderLine("rug", 1),))
        for sender in (key % PROCESSES, (key + 1 + key // PROCESSES % (PROCESSES - 1)) % PROCESSES):
            lists[sender] += 2 * [Attempt(order, f"k{key}")]
    chance = random.Random(seed)
    for attempt in lists:
        chance.shuffle(attempt)
    return list(_wrong(file, units, keys, lists, crowd(file, lists)))


def _wrong(
    file: Path, units: int, keys: int, lists: Sequence[Sequence[Attempt]], answers: Sequence[Sequence[Answer]]
) -> list[str]:
    told: dict[str, set[tuple[str, int | None]]] = {}
    for sent, got in zip(lists, answers, strict=True):
        for attempt, answer in zip(sent, got, strict=True):
            told.setdefault(attempt.id, set()).add((answer.outcome, answer.position))
    with closing(WriteStore(file)) as store:
        (left,) = store.connection.execute("SELECT on_hand FROM stock").fetchone()
        (orders,) = store.connection.execute("SELECT count(*) FROM events WHERE type = 'OrderPlaced'").fetchone()
        (decided,) = store.connection.execute("SELECT count(*) FROM commands WHERE command_id LIKE 'k%'").fetchone()
    won = sum(("accepted" in {outcome for outcome, _ in each}) for each in told.values())
    figures = {
        "left": (left, max(0, units - keys)),
        "orders": (orders, min(units, keys)),
        "won": (won, min(units, keys)),
    }
    figures["decided"] = (decided, keys)
    wrong = [f"{name}: {found}, should be {right}" for name, (found, right) in figures.items() if found != right]
    return wrong + [f"{key} was told {sorted(map(str, each))}" for key, each in told.items() if len(each) != 1]
