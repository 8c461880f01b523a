"""The script of the reading strategies, made from a seed: who buys what, and when by the script's own clock, in ms."""

import random
from typing import NamedTuple

RARE = "rug"
"""The fixture's shop has one, so of those who want it all but the first are refused."""

COMMON = ("lamp", "mug")

BETWEEN_SHOPPERS = (100, 900)
WAY = (100, 400)
FOLLOWED = 4
"""Behind one shopper in so many, a bunch of strangers orders before she comes back to look."""

BUNCH = (6, 16)


class Shopper(NamedTuple):
    """One who buys and then looks: ``way`` is what her browser needs from pressing Buy to asking for her order."""

    number: int
    buys_at: int
    way: int
    product: str


class Stranger(NamedTuple):
    """One who buys and is not watched."""

    buys_at: int
    product: str


class Script(NamedTuple):
    """The same for every strategy."""

    shoppers: tuple[Shopper, ...]
    strangers: tuple[Stranger, ...]


def write_script(seed: int, shoppers: int) -> Script:
    """Write the script of a seed."""
    chance = random.Random(seed)
    rare = set(chance.sample(range(shoppers), min(shoppers, max(2, shoppers // 10))))
    mine, moment = [], 0
    for number in range(shoppers):
        moment += chance.randint(*BETWEEN_SHOPPERS)
        product = RARE if number in rare else chance.choice(COMMON)
        mine.append(Shopper(number + 1, moment, chance.randint(*WAY), product))
    return Script(tuple(mine), tuple(sorted(_strangers(chance, mine))))


def _strangers(chance: random.Random, shoppers: list[Shopper]) -> list[Stranger]:
    followed = chance.sample(shoppers, -(-len(shoppers) // FOLLOWED))
    return [
        Stranger(shopper.buys_at + chance.randint(1, shopper.way), chance.choice(COMMON))
        for shopper in followed
        for _ in range(chance.randint(*BUNCH))
    ]
