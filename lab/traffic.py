"""Shoppers: a steady stream of commands that make sense, so that lag can be seen to grow and drain."""

import random

from lab.stores import Stores


def shopper(stores: Stores, n: int) -> str:
    """Return the line that the next shopper writes; the journal's number is the seed, so a replay agrees."""
    chance = random.Random(n)
    ask = stores.write.connection.execute
    customers = [row[0] for row in ask("SELECT id FROM customers ORDER BY id LIMIT 50")]
    stock = dict(ask("SELECT product_id, on_hand FROM stock ORDER BY product_id LIMIT 50").fetchall())
    empty = [product for product, on_hand in stock.items() if on_hand < 5]
    if empty and chance.random() < 0.3:
        return f"cmd restock product={chance.choice(empty)} qty=25"
    roll = chance.random()
    if roll < 0.15:
        open_order = ask("SELECT id FROM orders WHERE status = 'placed' ORDER BY placed_on, id LIMIT 1").fetchone()
        if open_order:
            return f"cmd {'ship_order' if roll < 0.11 else 'cancel_order'} order={open_order[0]}"
    product = chance.choice(list(stock))
    return f"cmd place_order customer={chance.choice(customers)} product={product} qty={chance.randint(1, 3)}"
