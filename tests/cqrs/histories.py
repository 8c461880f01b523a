"""Random histories: commands over few ids, so that they meet, are refused, and undo each other."""

import os

from hypothesis import strategies as st

from cqrs.commands import (
    AddProduct,
    CancelOrder,
    ChangePrice,
    OrderLine,
    PlaceOrder,
    RegisterCustomer,
    RenameProduct,
    Restock,
    ShipOrder,
)

EXAMPLES = int(os.environ.get("LAGOON_EXAMPLES", "0"))
"""How many examples a soak wants; 0 for as many as the suite has time for."""


def examples(suite: int) -> int:
    return EXAMPLES or suite


customers = st.sampled_from(["c1", "c2", "c3"])
products = st.sampled_from(["lamp", "mug", "rug", "chair"])
orders = st.sampled_from([f"o{n}" for n in range(1, 7)])
names = st.sampled_from(["Lamp", "Mug, big", 'The "rug"', "Ünder; 'x'", "a\nb", "%_*"])
cents = st.sampled_from([1, 800, 2500, 9900])
days = st.sampled_from(["2026-03-02", "2026-03-03", "2026-03-04"])

lines = st.lists(st.builds(OrderLine, products, st.integers(0, 3)), max_size=3).map(tuple)
buyable = st.lists(
    st.builds(OrderLine, products, st.integers(1, 2)), min_size=1, max_size=3, unique_by=lambda line: line.product_id
).map(tuple)

commands = st.one_of(
    st.builds(PlaceOrder, orders, customers, buyable),
    st.builds(PlaceOrder, orders, customers, buyable),
    st.builds(PlaceOrder, orders, customers, lines),
    st.builds(CancelOrder, orders),
    st.builds(CancelOrder, orders),
    st.builds(ShipOrder, orders),
    st.builds(Restock, products, st.integers(0, 5)),
    st.builds(ChangePrice, products, cents),
    st.builds(RenameProduct, products, names),
    st.builds(RegisterCustomer, customers, st.sampled_from(["Ada", "Cem"]), st.sampled_from(["a@x.test", "c@x.test"])),
    st.builds(AddProduct, products, names, cents, st.integers(-1, 3)),
)

histories = st.lists(st.tuples(days, commands), min_size=1, max_size=30)
