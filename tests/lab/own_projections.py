"""Read models of one's own, made rather than written: fifty that are steady, and ten that are not."""

from collections.abc import Iterator
from itertools import islice, product

from lab.guard import Model

LINE = "FROM json_each(:lines) AS line"
PIECES = "line.value ->> 'qty'"
WORTH = "(line.value ->> 'qty') * (line.value ->> 'unit_price_cents')"

MEASURES = {
    "count": ("1", "value + 1", "value - 1"),
    "sum": (":total_cents", "value + :total_cents", "value - :total_cents"),
    "most": (":total_cents", "max(value, :total_cents)", "value"),
    "last": (":position", ":position", ":position"),
    "text": (":order_id", "value || ' ' || :order_id", "replace(value, :order_id, '-')"),
    "rank": (
        "(SELECT count(*) FROM {name})",
        "value + (SELECT count(*) FROM {name} AS other WHERE other.value > {name}.value)",
        "(SELECT coalesce(max(value), 0) FROM {name})",
    ),
}
"""What is kept of an order: at first, with every other, and when one is cancelled."""

GROUPS = {"customer": ":customer_id", "day": ":placed_on", "name": ":customer_name", "size": "length(:lines)"}
TABLES = (
    "CREATE TABLE {name} (grp PRIMARY KEY, value);",
    "CREATE TABLE {name} (grp PRIMARY KEY, value) WITHOUT ROWID;",
    "CREATE TABLE {name} (n INTEGER PRIMARY KEY AUTOINCREMENT, grp UNIQUE, value);\n"
    "CREATE INDEX {name}_v ON {name} (value);",
)


def grouped() -> Iterator[Model]:
    """One value a group of orders."""
    for number, (table, group, measure) in enumerate(product(TABLES, GROUPS, MEASURES)):
        name = f"grouped_{number}"
        first, other, taken_back = (sql.format(name=name) for sql in MEASURES[measure])
        yield Model(
            name,
            f"-- key: grp\n{table.format(name=name)}\n"
            f"-- on OrderPlaced\nINSERT INTO {name} (grp, value) SELECT {GROUPS[group]}, {first} WHERE true\n"
            f"ON CONFLICT (grp) DO UPDATE SET value = {other};\n"
            f"-- on OrderCancelled\nUPDATE {name} SET value = {taken_back} WHERE grp = {GROUPS[group]};\n",
        )


def by_line() -> Iterator[Model]:
    """One value a product, from the lines of the orders, with what else befalls a product."""
    blocks = {
        "ProductRenamed": "UPDATE {name} SET note = :name WHERE product_id = :product_id;",
        "StockAdded": "UPDATE {name} SET note = coalesce(note, '') || :qty WHERE product_id = :product_id;",
        "PriceChanged": "DELETE FROM {name} WHERE product_id = :product_id AND units < 0;",
        "OrderShipped": "UPDATE {name} SET note = (SELECT min(product_id) FROM {name});",
        "CustomerRegistered": "INSERT INTO {name} VALUES ('who ' || :customer_id, 0, :email);",
    }
    for number, ((event, sql), value) in enumerate(product(blocks.items(), (PIECES, WORTH))):
        name = f"by_line_{number}"
        yield Model(
            name,
            f"-- key: product_id\nCREATE TABLE {name} (product_id PRIMARY KEY, units INTEGER, note);\n"
            f"-- on OrderPlaced\nINSERT INTO {name} SELECT line.value ->> 'product_id', {value}, NULL {LINE}\n"
            "WHERE true ON CONFLICT (product_id) DO UPDATE SET units = units + excluded.units;\n"
            f"-- on OrderCancelled\nUPDATE {name} SET units = units - {value} {LINE}\n"
            "WHERE product_id = line.value ->> 'product_id';\n"
            f"-- on {event}\n{sql.format(name=name)}\n",
        )


def by_order() -> Iterator[Model]:
    """One row an order, or one an event."""
    texts = (
        "group_concat(line.value ->> 'name', ', ') {line}",
        "json_group_array(line.value ->> 'name') {line}",
        "sum(line.value ->> 'qty') {line}",
        "printf('%.2f', avg(line.value ->> 'unit_price_cents') / 100) {line}",
        "(SELECT group_concat(items) FROM (SELECT items FROM {name} ORDER BY order_id))",
        "(SELECT items FROM {name} ORDER BY order_id DESC LIMIT 1) || ' ' || :position",
    )
    for number, text in enumerate(texts):
        name = f"by_order_{number}"
        yield Model(
            name,
            f"-- key: order_id\nCREATE TABLE {name} (order_id TEXT, items TEXT, state TEXT);\n"
            f"-- on OrderPlaced\nINSERT INTO {name} SELECT :order_id, coalesce("
            f"(SELECT {text.format(name=name, line=LINE)}), 'nothing'), 'placed';\n"
            f"-- on OrderShipped\nUPDATE {name} SET state = 'shipped' WHERE order_id = :order_id;\n"
            f"-- on OrderCancelled\nDELETE FROM {name} WHERE order_id = :order_id;\n",
        )


def good() -> list[Model]:
    """Fifty that give the same rows however they are filled."""
    return [*by_order(), *by_line(), *islice(grouped(), 1, None, 2)][:50]


def changed(*statements: str, table: str = "(order_id TEXT PRIMARY KEY, value)") -> str:
    """The file of a read model with these statements for an order that is placed."""
    return f"-- key: order_id\nCREATE TABLE mine {table};\n-- on OrderPlaced\n" + "\n".join(statements)


BAD = {
    "the clock": (
        changed("INSERT INTO mine VALUES (:order_id, datetime('now'));"),
        "file",
        "The function datetime() is not allowed here",
    ),
    "the clock, by another name": (
        changed("INSERT INTO mine (order_id) VALUES (:order_id);", table="(order_id, value DEFAULT CURRENT_TIMESTAMP)"),
        "file",
        "The DEFAULT of value must be a plain number",
    ),
    "today's date of a text": (
        changed("INSERT INTO mine VALUES (:order_id, strftime('%s', 'now'));"),
        "file",
        "The function strftime() is not allowed here",
    ),
    "chance": (
        changed("INSERT INTO mine VALUES (:order_id, random() % 10);"),
        "file",
        "The function random() is not allowed here",
    ),
    "what the connection did before": (
        changed("INSERT INTO mine VALUES (:order_id, last_insert_rowid());"),
        "file",
        "The function last_insert_rowid() is not allowed here",
    ),
    "the position of another": (
        changed("INSERT INTO mine VALUES (:order_id, (SELECT max(position) FROM _checkpoint));"),
        "file",
        "_checkpoint",
    ),
    "the rows of another": (
        changed("INSERT INTO mine SELECT :order_id, status FROM order_list WHERE order_id = :order_id;"),
        "file",
        "A read model reads and changes its own table only",
    ),
    "the first row that comes": (
        changed("INSERT INTO mine VALUES (:order_id, (SELECT order_id FROM mine LIMIT 1));"),
        "order",
        "another order gives other rows: ORDER BY would say which.",
    ),
    "a list in the order of the table": (
        changed("INSERT INTO mine SELECT :order_id, group_concat(order_id) FROM mine;"),
        "order",
        "another order gives other rows: ORDER BY would say which.",
    ),
    "a number that SQLite draws": (
        changed(
            "INSERT OR IGNORE INTO mine VALUES (9223372036854775807, 'the last');",
            "INSERT INTO mine (order_id) VALUES (:order_id);",
            table="(n INTEGER PRIMARY KEY, order_id TEXT)",
        ),
        "same",
        "so SQLite draws the numbers of others by lot.",
    ),
}
"""Ten that do not, or would not: the file, what of the trial it fails, and what is said."""
