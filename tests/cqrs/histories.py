"""Random histories: commands over few ids, so that they meet, are refused, and undo each other."""

import os

from hypothesis import strategies as st

from cqrs.commands import (
    AddProduct,
    CancelOrder,
    ChangePrice,
    Command,
    OrderLine,
    PlaceOrder,
    RegisterCustomer,
    RenameProduct,
    Restock,
    ShipOrder,
)
from tests.cqrs.shop import Shop

EXAMPLES = int(os.environ.get("LAGOON_EXAMPLES", "0"))
"""How many examples a soak wants; 0 for as many as the suite has time for."""


def examples(suite: int) -> int:
    return EXAMPLES or suite


customers = st.sampled_from(["c1", "c2", "c3"])
products = st.sampled_from(["lamp", "mug", "rug", "chair"])
orders = st.sampled_from(["o1", "o2", "o3"])
names = st.sampled_from(["Lamp", "Mug, big", 'The "rug"', "Ünder; 'x'", "a\nb", "%_*"])
cents = st.sampled_from([1, 800, 2500, 9900])
days = st.sampled_from(["2026-03-02", "2026-03-03", "2026-03-04"])
lines = st.lists(st.builds(OrderLine, products, st.integers(0, 9)), max_size=3).map(tuple)

wild = st.one_of(
    st.builds(PlaceOrder, orders, customers, lines),
    st.builds(CancelOrder, orders),
    st.builds(ShipOrder, orders),
    st.builds(Restock, products, st.integers(0, 5)),
    st.builds(ChangePrice, products, cents),
    st.builds(RenameProduct, products, names),
    st.builds(RegisterCustomer, customers, st.sampled_from(["Ada", "Cem"]), st.sampled_from(["a@x.test", "c@x.test"])),
    st.builds(AddProduct, products, names, cents, st.integers(-1, 3)),
)
"""Any command, often one that is refused."""

buyers = st.sampled_from(["c1", "c2"])
basket = st.lists(
    st.builds(OrderLine, st.sampled_from(["lamp", "mug", "rug"]), st.integers(1, 3)),
    min_size=1,
    max_size=3,
    unique_by=lambda line: line.product_id,
).map(tuple)

PLENTY = (Restock("lamp", 500), Restock("mug", 500), Restock("rug", 500))
"""What lets most of the orders be accepted."""


def next_command(shop: Shop) -> st.SearchStrategy[Command]:
    """A command that means something to this shop, most of the time: an order, the end of an order, or any."""
    new = st.builds(PlaceOrder, st.just(f"new-{shop.write.head()}"), buyers, basket)
    placed = [
        id for (id,) in shop.write.connection.execute("SELECT id FROM orders WHERE status = 'placed' ORDER BY id")
    ]
    if not placed:
        return st.sampled_from([new, wild]).flatmap(lambda chosen: chosen)
    known = st.sampled_from(placed)
    ends = [st.builds(CancelOrder, known), st.builds(ShipOrder, known)]
    return st.sampled_from([new, new, wild, wild, *ends]).flatmap(lambda chosen: chosen)
