"""Seeded stories of lines: the same seed tells the same story, and most of it makes sense to the shop."""

import random
from collections.abc import Iterator

CUSTOMERS = ("c1", "c2")
PRODUCTS = ("lamp", "mug", "rug")


class Shoppers:
    """Writes command lines that a shop accepts, for the most part."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._number = 0
        self._open: list[str] = []

    def order(self, *products: str) -> str:
        """An order of one to three pieces of each product, or of any products."""
        self._number += 1
        self._open.append(f"s{self._number}")
        chosen = products or self._chance.sample(PRODUCTS, self._chance.randint(1, 3))
        lines = ",".join(f"{product}:{self._chance.randint(1, 3)}" for product in chosen)
        return f"cmd place_order customer={self._chance.choice(CUSTOMERS)} lines={lines} order=s{self._number}"

    def rename(self) -> str:
        self._number += 1
        return f"cmd rename_product product={self._chance.choice(PRODUCTS)} name=Name{self._number}"

    def anything(self) -> str:
        """An order, the end of one, or a change of a product."""
        self._number += 1
        chance = self._chance
        kind = chance.choice(["order", "order", "order", "end", "end", "restock", "price", "rename", "customer"])
        if kind == "end" and self._open:
            order = self._open.pop(chance.randrange(len(self._open)))
            return f"cmd {chance.choice(['ship_order', 'cancel_order'])} order={order}"
        if kind == "restock":
            return f"cmd restock product={chance.choice(PRODUCTS)} qty={chance.randint(1, 9)}"
        if kind == "price":
            return f"cmd change_price product={chance.choice(PRODUCTS)} price={chance.randint(1, 9999)}"
        if kind == "rename":
            return self.rename()
        if kind == "customer":
            return f"cmd register_customer customer=n{self._number} name=New email=n{self._number}@example.test"
        return self.order()

    def some(self, number: int) -> Iterator[str]:
        """So many commands of any kind."""
        for _ in range(number):
            yield self.anything()


PLENTY = tuple(f"cmd restock product={product} qty=400" for product in PRODUCTS)
"""What lets the orders be accepted."""
