"""B7: one read model from a log of orders, batch by batch, tracking once a batch on both sides."""

from functools import cache
from pathlib import Path

from bench.instrument import ROUNDS, Measure, Stopwatch, lasting_folder
from bench.peer import Sales, environment, open_peer, place_orders
from bench.shop import NOW, OPENING, mixed_orders, open_shop
from cqrs.read.projection import built_in
from cqrs.read.projector import catch_up
from cqrs.read.store import ReadStore
from cqrs.write.handlers import handle
from cqrs.write.store import WriteStore

ORDERS = 10_000
BATCH = 1_000


def ours(folder: Path) -> float:
    """Return orders a second that the ordinary projector adds to the sales."""
    log, read = WriteStore(_our_log()), ReadStore(folder / "read.db")
    sales = built_in()["sales"]
    read.add(sales, position=OPENING)
    watch = Stopwatch()
    with watch():
        while catch_up(read, [sales], log.events_after, BATCH):
            pass
    assert read.position("sales") == OPENING + ORDERS
    read.close()
    log.close()
    return ORDERS / watch.seconds


def peer(folder: Path) -> float:
    """Return orders a second that the peer's follower adds to the same table, by its own means."""
    shop = open_peer(_peer_log())
    sales = Sales(environment(folder))
    sales.follow(shop.name, shop.notification_log)
    watch = Stopwatch()
    with watch():
        for notifications in sales.pull_notifications(shop.name, start=0, inclusive_of_start=False):
            sales.process_batch(sales.convert_notifications(shop.name, notifications))
    assert sales.recorder.max_tracking_id(shop.name) == ORDERS
    sales.close()
    shop.close()
    return ORDERS / watch.seconds


@cache
def _our_log() -> Path:
    path = lasting_folder() / "write.db"
    store = open_shop(path)
    for order in mixed_orders(ORDERS):
        handle(store, order, command_id=order.order_id, now=NOW.format(day=1))
    store.close()
    return path


@cache
def _peer_log() -> Path:
    folder = lasting_folder()
    shop = open_peer(folder)
    place_orders(shop, mixed_orders(ORDERS))
    shop.close()
    return folder


MEASURES = (Measure("B7", "one read model, batches of 1000", "at-least", 1.5, ours, peer, rounds=3 * ROUNDS),)
