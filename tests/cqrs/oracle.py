"""The oracle: what every read model must show, worked out from the write tables and never from the event log.

A fold of the log would repeat the mistakes of the fold that it judges. Which event a row comes from is
worked out from the table of commands: the last accepted command that touched what the row is about.
"""

import hashlib
import sqlite3

from tests.cqrs.shop import Rows

TOUCHES = """
WITH accepted AS (SELECT name, args, position FROM commands WHERE outcome = 'accepted'),
placed AS (SELECT args ->> 'order_id' AS order_id, position FROM accepted WHERE name = 'PlaceOrder'),
shipped AS (SELECT args ->> 'order_id' AS order_id, position FROM accepted WHERE name = 'ShipOrder'),
cancelled AS (SELECT args ->> 'order_id' AS order_id, position FROM accepted WHERE name = 'CancelOrder'),
moved AS (SELECT * FROM placed UNION ALL SELECT * FROM cancelled)
"""

PRODUCT_CARD = """
SELECT id AS product_id, products.name, price_cents, on_hand AS in_stock, max(
    (SELECT max(position) FROM accepted WHERE args ->> 'product_id' = id),
    (SELECT coalesce(max(position), 0) FROM moved JOIN order_lines USING (order_id) WHERE product_id = id)
) AS from_event
FROM products JOIN stock ON product_id = id ORDER BY id
"""

PRODUCT_SEARCH = """
SELECT id AS product_id, products.name, (
    SELECT max(position) FROM accepted
    WHERE accepted.name IN ('AddProduct', 'RenameProduct') AND args ->> 'product_id' = id
) AS from_event
FROM products ORDER BY id
"""

CUSTOMER_CARD = """
SELECT customers.id AS customer_id, customers.name,
       (SELECT count(*) FROM orders WHERE customer_id = customers.id AND status <> 'cancelled') AS orders,
       (SELECT coalesce(sum(qty * unit_price_cents), 0) FROM orders JOIN order_lines ON order_id = orders.id
        WHERE customer_id = customers.id AND status <> 'cancelled') AS spent_cents,
       max((SELECT position FROM accepted WHERE accepted.name = 'RegisterCustomer' AND args ->> 'customer_id' = id),
           (SELECT coalesce(max(position), 0) FROM moved JOIN orders ON orders.id = order_id
            WHERE customer_id = customers.id)) AS from_event
FROM customers ORDER BY id
"""

SALES = """
SELECT product_id, placed_on AS day, sum((status <> 'cancelled') * qty) AS units,
       sum((status <> 'cancelled') * qty * unit_price_cents) AS revenue_cents,
       max((SELECT max(position) FROM moved WHERE moved.order_id = orders.id)) AS from_event
FROM orders JOIN order_lines ON order_id = orders.id
GROUP BY product_id, placed_on ORDER BY product_id, placed_on
"""

ORDERS = """
SELECT id, customer_name, placed_on, status, (
    SELECT max(position) FROM (SELECT * FROM moved UNION ALL SELECT * FROM shipped) WHERE order_id = id
) AS from_event
FROM orders ORDER BY id
"""


def truth(write: sqlite3.Connection) -> dict[str, Rows]:
    """What the five read models show once they have applied every event."""
    return {
        "customer_card": _rows(write, TOUCHES + CUSTOMER_CARD),
        "order_list": [_order(write, *values) for values in write.execute(TOUCHES + ORDERS)],
        "product_card": _rows(write, TOUCHES + PRODUCT_CARD),
        "product_search": _rows(write, TOUCHES + PRODUCT_SEARCH),
        "sales": _rows(write, TOUCHES + SALES),
    }


def _rows(write: sqlite3.Connection, sql: str) -> Rows:
    cursor = write.execute(sql)
    columns = [column[0] for column in cursor.description]
    return [dict(zip(columns, values, strict=True)) for values in cursor]


def _order(
    write: sqlite3.Connection, id: str, customer_name: str, placed_on: str, status: str, from_event: int
) -> dict[str, object]:
    lines = write.execute(
        "SELECT qty, name, unit_price_cents FROM order_lines WHERE order_id = ? ORDER BY product_id", (id,)
    ).fetchall()
    return {
        "order_id": id,
        "customer_name": customer_name,
        "items": ", ".join(f"{qty} {name}" for qty, name, _ in lines),
        "total_cents": sum(qty * cents for qty, _, cents in lines),
        "placed_on": placed_on,
        "status": status,
        "from_event": from_event,
    }


def first_broken_link(write: sqlite3.Connection) -> int | None:
    """Go along the chain as an auditor would, with nothing but the file; return where it does not hold."""
    before = "0" * 64
    for *columns, hash in write.execute("SELECT * FROM events ORDER BY position"):
        told = "\n".join([before, *map(str, columns)])
        if hashlib.sha256(told.encode()).hexdigest() != hash:
            return int(columns[0])
        before = hash
    return None
