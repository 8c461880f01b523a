"""A question that goes wrong: what is wrong, and what would be right, for the mistakes that are made most."""

import random
import re
import sqlite3
from collections.abc import Iterator

import pytest

from lab import questions
from lab.guard import hints
from lab.guard.complaint import names_of
from lab.guard.places import place_of
from lab.sandbox import Sandbox
from lab.values import in_quotes, sentence
from tests.lab.sandboxes import fresh


@pytest.fixture(scope="module")
def shop() -> Iterator[Sandbox]:
    with fresh() as sandbox:
        yield sandbox


MISTAKES = [
    # Tables and columns
    ("write", "SELECT * FROM odrers", "no such table: odrers", "did you mean orders?"),
    ("write", "SELECT * FROM product_card", "no such table", "product_card stands in the read store, and one store is"),
    ("read", "SELECT * FROM write.orders", "no such table", "orders stands in the write store, and one store is asked"),
    ("read", "SELECT * FROM read.sales", "no such table", "write sales without the store before it"),
    ("read", "SELECT * FROM xyz", "no such table: xyz", "The tables here are customer_card, order_list, product_card,"),
    ("read", "SELECT prise_cents FROM product_card", "no such column", "did you mean price_cents?"),
    ("read", "SELECT p.prise_cents FROM product_card p", "no such column", "did you mean price_cents?"),
    (
        "read",
        "SELECT price_cents FROM sales",
        "no such column",
        "FROM does not name product_card, where the column price_cents",
    ),
    ("read", "SELECT x.name FROM product_card p", "no such column: x.name", "Nothing in FROM is called x."),
    ("read", "SELECT product_card.name FROM product_card p", "no such column", "by another name here: write p.name."),
    (
        "read",
        "SELECT 1 FROM sales WHERE day = Lamp",
        "no such column: Lamp",
        "single quotes: 'Lamp'. The columns of sales are",
    ),
    ("read", "SELECT 1 FROM sales WHERE day = \u201cLamp\u201d", "no such column", "These quotes are bent"),
    ("write", "SELECT name", "no such column: name", "FROM is missing: SELECT name FROM "),
    ("write", "SELECT *", "no tables specified", "FROM is missing: say which table, as in SELECT * FROM "),
    ("write", "SELECT id FROM orders JOIN customers", "ambiguous column name: id", "such as customers.id"),
    ("write", "SELECT cust FROM orders", "no such column", "did you mean customer_id or customer_name?"),
    # Grammar
    ("read", "SELECT name, FROM product_card", "syntax error", "A comma too many: nothing stands between it and FROM."),
    ("read", "SELECT , name FROM product_card", "syntax error", "A comma too many: nothing stands before it."),
    ("read", "SELEC name FROM product_card", 'near "SELEC"', "did you mean SELECT where SELEC stands?"),
    ("read", "SELECT name FORM product_card", 'near "product_card"', "did you mean FROM where FORM stands?"),
    ("read", "SELECT name FROM product_card WERE 1", 'near "1"', "did you mean WHERE where WERE stands?"),
    ("read", "SELECT name FROM product_card ORDER name", 'near "name"', "Behind ORDER stands BY: ORDER BY name."),
    ("read", "SELECT 1 FROM sales ORDER BY day WHERE 1", 'near "WHERE"', "WHERE stands before ORDER BY: FROM, WHERE,"),
    ("read", "SELECT (day FROM sales", 'near "FROM"', "A bracket that is opened is not closed before FROM."),
    ("read", "SELECT day) FROM sales", 'near ")"', "This bracket closes none"),
    ("read", "SELECT CASE WHEN 1 THEN 2 FROM sales", 'near "FROM"', "CASE needs its END before FROM."),
    ("read", "SELECT order FROM order_list", 'near "order"', "the word ORDER, and no column here is called that. Did"),
    ("read", "SELECT 1 AS order FROM sales", 'near "order"', 'As a name it stands in double quotes: "order".'),
    ("read", "SELECT group FROM sales", 'near "group"', "the word GROUP, and no column here is called that."),
    ("write", "SELECT id FROM orders WHERE AND id", 'near "AND"', "Something is missing between WHERE and AND."),
    (
        "write",
        "SELECT id FROM orders WHERE id WHERE id",
        'near "WHERE"',
        "stands twice: join the two conditions by AND",
    ),
    (
        "write",
        "SELECT 1 WHERE 1 IN (SELECT max(version) FROM orders WHERE 1 WHERE 2)",
        'near "WHERE"',
        "WHERE stands twice",
    ),
    ("write", "SELECT o.nmae FROM orders o", "no such column: o.nmae", "The columns of orders are id, customer_id,"),
    ("write", "SELECT o.staus FROM orders AS o", "no such column: o.staus", "did you mean status?"),
    (
        "write",
        "SELECT EXTRACT(YEAR FROM placed_on) FROM orders",
        'near "FROM"',
        "SQLite has no EXTRACT: write strftime('%Y', placed_on).",
    ),
    ("write", "SELECT ISNULL(name, 'x') FROM products", 'near "ISNULL"', "it writes ifnull(a, b) for it."),
    ("write", "SELECT LEFT(name, 2) FROM products", 'near "("', "it writes substr(a, 1, n) for it."),
    (
        "write",
        "SELECT date(placed_on) + INTERVAL '1 day' FROM orders",
        "no such column",
        "date(day, '+1 day') is a day later",
    ),
    (
        "write",
        "SELECT 1 FROM orders WHERE placed_on > INTERVAL '1 day'",
        "syntax error",
        "'-1 month') a month earlier.",
    ),
    ("write", "SELECT DATEADD(placed_on, 1) FROM orders", "no such function", "date(a, '+1 day')"),
    ("write", "SELECT DATE_TRUNC('month', placed_on) FROM orders", "no such function", "date(a, 'start of month')"),
    ("write", "SELECT 1 WHERE 1 > ALL (SELECT 1)", "syntax error", "SQLite has no ALL here: compare with (SELECT max("),
    ("write", "SELECT a.x FROM (SELECT id FROM orders) a", "no such column: a.x", "What FROM calls a has no column x."),
    ("write", "SELECT * FROM orders, order", "syntax error", "and no table here is called that. Did you mean orders?"),
    (
        "write",
        "SELECT substring(name FROM 1 FOR 2) FROM products",
        "syntax error",
        "it writes substr(text, start, leng",
    ),
    ("write", "SELECT trim('x' FROM name) FROM products", "syntax error", "it writes trim(text, what)."),
    ("write", "SELECT FOO(1)", "no such function: FOO", "stands on the page of limits."),
    ("write", "SELECT price_cents::int FROM products", "unrecognized token", "CAST(price_cents AS INTEGER)."),
    ("write", "SELECT placed_on::date FROM orders", "unrecognized token", "it writes date(placed_on)."),
    ("read", "SELECT 1 FROM sales WHERE", "incomplete input", "is a word missing behind WHERE?"),
    ("read", "SELECT count(units", "incomplete input", "One that is opened is not closed."),
    ("read", "SELECT 1 FROM sales WHERE day = 'Lamp", "unrecognized token", "A quote that is opened has to be closed"),
    ("read", "SELECT day::text FROM sales", "unrecognized token", "CAST(day AS TEXT)"),
    ("read", "SELECT x'0'", "unrecognized token", "pairs of hexadecimal digits"),
    ("read", "SELECT a @ b", "unrecognized token", "SQL has no sign @ here."),
    ("read", "SELECT TOP 5 * FROM sales", "syntax error", "SQLite has no TOP: write LIMIT"),
    ("read", "SELECT 1 FROM sales WHERE day ILIKE 'x'", "syntax error", "SQLite has no ILIKE"),
    ("read", "SELECT 1; SELECT 2", "only one statement", "Take what stands behind the semicolon away"),
    ("read", "-- nothing", "there is no statement in it", "A question begins with SELECT, WITH, VALUES or EXPLAIN."),
    ("write", "SELECT FROM orders", 'near "FROM"', "Between SELECT and FROM, name a column, or write *"),
    ("write", "SELECT * orders", 'near "orders"', "FROM is missing before orders."),
    ("write", "SELECT id FROM orders WHERE ORDER BY id", 'near "ORDER"', "missing between WHERE and ORDER."),
    ("write", "SELECT id FROM orders WHERE id = GROUP BY id", 'near "GROUP"', "missing between = and GROUP."),
    ("write", "SELECT * FROM order", 'near "order"', "no table here is called that. Did you mean orders?"),
    (
        "write",
        "SELECT * FROM orders WHERE id = :id::text",
        "a question has no parameters",
        "Write the value itself in its place",
    ),
    # Functions and groups
    (
        "write",
        "SELECT 1 FROM orders WHERE count(*) > 1",
        "misuse of aggregate",
        "write HAVING, or SELECT from this SELECT",
    ),
    ("write", "SELECT count(*) AS n FROM orders WHERE n > 1", "misuse of aggregate", "cannot stand in WHERE"),
    ("write", "SELECT sum(count(*)) FROM orders", "misuse of aggregate", "nor in one another"),
    ("write", "SELECT 1 FROM orders GROUP BY count(*)", "not allowed in the GROUP BY", "GROUP BY names columns"),
    ("write", "SELECT 1 FROM orders HAVING id", "HAVING clause", "write GROUP BY before it, or use WHERE."),
    ("write", "SELECT id FROM orders ORDER BY 3", "out of range", "counts the columns of the answer: there are 1."),
    ("write", "SELECT rank() FROM orders", "misuse of window function", "write OVER (ORDER BY …) behind rank()."),
    ("write", "SELECT 1 FROM orders WHERE rank() OVER () = 1", "misuse of window", "cannot stand in WHERE"),
    ("write", "SELECT substr('a')", "wrong number of arguments", "It is called as substr(text, start, length)."),
    ("write", "SELECT now()", "no such function: now", "SQLite writes datetime('now') for it."),
    ("write", "SELECT lenght('a')", "no such function: lenght", "did you mean length?"),
    ("write", "SELECT randomblob(4)", "the function randomblob() is not allowed here", "can be used."),
    ("write", "SELECT 1 UNION SELECT 2, 3", "same number of result columns", "Both sides of UNION"),
    ("write", "SELECT id FROM orders LIMIT 1 UNION SELECT 2", "clause should come after", "behind the last SELECT"),
    ("write", "SELECT (SELECT 1, 2)", "sub-select returns 2 columns", "has one column."),
    ("write", "SELECT * FROM orders JOIN stock USING (nix)", "cannot join using column", "otherwise write ON"),
    ("write", "SELECT json_extract('{', '$')", "malformed JSON", "json_valid(text)"),
    ("write", "SELECT json_extract('{}', 'a')", "JSON path error", "A path begins with a dollar sign"),
    (
        "read",
        "SELECT 1 FROM product_search WHERE product_search MATCH 'a-b'",
        "no such column: b",
        "In MATCH, words with",
    ),
    ("read", "SELECT 1 FROM product_card WHERE name MATCH 'x'", "unable to use function MATCH", "Elsewhere write LIKE"),
    # What a question may not, and what does it
    (
        "write",
        "DELETE FROM orders",
        "only SELECT, WITH, VALUES and EXPLAIN can be used here, not DELETE",
        "Commands change the write store",
    ),
    ("read", "UPDATE sales SET units = 1", "not UPDATE", "Projectors change the read store, from the events."),
    ("read", "REPLACE INTO sales VALUES (1)", "not REPLACE", "Projectors change the read store"),
    ("read", "WITH n AS (SELECT 1) DELETE FROM sales", "not DELETE", "Projectors change the read store"),
    (
        "read",
        "CREATE TABLE mine (a)",
        "only SELECT, WITH, VALUES and EXPLAIN can be used here, not CREATE",
        "A table of your own is a read model",
    ),
    ("write", "CREATE UNIQUE INDEX i ON orders (id)", "not CREATE", "type the action line index"),
    ("read", "CREATE TEMP VIEW v AS SELECT 1", "not CREATE", "with its rows kept ready"),
    ("read", "EXPLAIN CREATE TABLE mine (a)", "nothing can be created", "A table of your own is a read model"),
    ("read", "DROP TABLE sales", "not DROP", "type the action line model drop"),
    ("write", "ALTER TABLE orders ADD x", "not ALTER", "The tables of the write store stay as they are"),
    ("read", "BEGIN", "not BEGIN", "sees the store at one moment"),
    ("read", "ATTACH 'write.db' AS w", "not ATTACH", "One store is asked at a time"),
    ("read", "VACUUM", "only SELECT, WITH, VALUES and EXPLAIN can be used here, not VACUUM", "looks after the files"),
    ("read", "PRAGMA table_info(sales)", "not PRAGMA", "sqlite_schema tells"),
    ("read", "SHOW TABLES", "syntax error", "sqlite_schema tells"),
    ("read", ".tables", "syntax error", "sqlite_schema tells"),
    ("read", "USE write", "syntax error", "One store is asked at a time"),
    (
        "read",
        "SELECT * FROM pragma_table_info('sales')",
        "that SQLite itself brings",
        "sqlite_schema tells",
    ),
    (
        "read",
        "SELECT * FROM _migrations",
        "the table _migrations cannot be read here",
        "the tables that the page shows",
    ),
    ("read", "query sales", "syntax error", "This is an action line"),
    (
        "read",
        "SELECT * FROM sales WHERE day = :day",
        "a question has no parameters",
        "Write the value itself in its place",
    ),
    # Too much
    ("read", "SELECT " + "1, " * 64 + "1", "too many columns", "An answer has at most 64 columns"),
    ("read", "SELECT 1" + " + 1" * 60, "Expression tree is too large", "take it apart by WITH"),
    ("read", " UNION ".join(["SELECT 1"] * 11), "too many terms", "join at most 10 SELECTs"),
    ("read", f"SELECT 'a' LIKE '{'x' * 51}'", "pattern too complex", "A pattern has at most 50 characters."),
    ("read", "SELECT zeroblob(100001)", "a value is too long: it has at most 100,000 bytes", "Cut it by substr"),
]


@pytest.mark.parametrize(("store", "sql", "said", "hint"), MISTAKES)
def test_a_mistake_is_told_with_what_would_be_right(shop: Sandbox, store: str, sql: str, said: str, hint: str) -> None:
    answer = shop.act(f"sql {store} {in_quotes(sql)}")
    assert answer.outcome == "failed"
    assert said in str(answer.reason)
    assert hint in (answer.result["hint"] or ""), answer.result["hint"]
    for text in (sentence(str(answer.reason)), sentence(answer.result["hint"])):
        assert re.match(r"[A-Z\u201c\"'(a-z_]", text)
        assert text.endswith((".", "?", "'")) or text.startswith("SQLite says")


ODD = [
    *"'\"`[](),;:*%",
    "::",
    "--",
    "/*",
    "x'0",
    "case",
    "end",
    "order",
    "by",
    "from",
    "where",
    "as",
    "select",
    "match",
]


def test_no_statement_is_too_odd_to_be_told_something(shop: Sandbox) -> None:
    chance = random.Random(5)
    names = names_of(shop.reader)
    for _ in range(300):
        sql = chance.choice(MISTAKES)[1][:200]
        for _ in range(chance.randint(1, 4)):
            at = chance.randint(0, len(sql))
            sql = f"{sql[:at]} {chance.choice(ODD)} {sql[at + chance.choice((0, 1, 5)) :]}"
        said = f"SQLite says: {complaint(shop, sql)}"
        told = hints.hint(said, names, sql, place_of(sql, said, lambda start: complaint(shop, start)))
        assert told or not re.search("syntax|token|incomplete|no such", said), (sql, said)


def complaint(shop: Sandbox, sql: str) -> str:
    try:
        shop.reader.execute(f"EXPLAIN {sql}").close()
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        return str(error)
    return ""


def test_a_name_in_double_quotes_that_became_a_text_is_told_beside_the_rows(shop: Sandbox) -> None:
    taken = 'SELECT "nam", \'"x"\', "name" AS "new" FROM product_card -- "y"'
    answer = shop.act(f"sql read {in_quotes(taken)}")
    assert answer.outcome == "done"
    assert answer.result["hint"].startswith('SQLite took "nam" for a text, because no column is called that.')
    meant = 'SELECT "name" AS "new", \'"nam"\' FROM "product_card" ORDER BY "new"'
    assert shop.act(f"sql read {in_quotes(meant)}").result["hint"] is None


MINDED = [
    ("SELECT name price_cents FROM products", "price_cents is only another name for name here."),
    ("SELECT p.name price_cents, id FROM products p", "price_cents is only another name for name here."),
    ("SELECT id, count(*) FROM orders GROUP BY customer_name", "id is neither behind GROUP BY nor"),
    ("SELECT customer_id, count(*) FROM orders", "SQLite takes customer_id from any one of them: GROUP BY customer_id"),
    ("SELECT o.id, sum(l.qty) AS n FROM orders o JOIN order_lines l ON l.order_id = o.id", "takes o.id from any one"),
    ("SELECT * FROM orders, order_lines", "Every row of orders stands beside every row of order_lines: JOIN … ON"),
    ("SELECT o.id FROM orders o JOIN order_lines l", "Every row of orders stands beside every row of order_lines"),
    ("SELECT name FROM products WHERE name = NULL", "= NULL is never true, whatever is compared: write IS NULL."),
    ("SELECT name FROM products WHERE name == null", "write IS NULL."),
    ("SELECT name FROM products WHERE name <> NULL", "<> NULL is never true, whatever is compared: write IS NOT NULL."),
]

NOT_MINDED = [
    "SELECT name AS price_cents FROM products",
    "SELECT name price FROM products",
    "SELECT name name FROM products",
    "SELECT customer_name, count(*) FROM orders GROUP BY customer_name",
    "SELECT id, customer_name FROM orders GROUP BY id",
    "SELECT id, max(placed_on) FROM orders GROUP BY customer_name",
    "SELECT status AS s, count(*) FROM orders GROUP BY s",
    "SELECT status, count(*) FROM orders GROUP BY 1",
    "SELECT customer_id, count(*) FROM orders WHERE customer_id = 'c1'",
    "SELECT count(*), sum(price_cents) FROM products",
    "SELECT name, max(price_cents) FROM products",
    "SELECT id, count(*) OVER () FROM orders",
    "SELECT id, (SELECT count(*) FROM order_lines) FROM orders",
    "SELECT * FROM orders, order_lines WHERE id = order_id",
    "SELECT * FROM products CROSS JOIN customers",
    "SELECT position, value FROM events, json_each(events.payload)",
    "SELECT '= NULL', name FROM products WHERE name IS NULL OR 1 >= NULL",
]


@pytest.mark.parametrize(("sql", "said"), MINDED)
def test_rows_that_were_perhaps_not_meant_come_with_what_to_mind(shop: Sandbox, sql: str, said: str) -> None:
    answer = shop.act(f"sql write {in_quotes(sql)}")
    assert answer.outcome == "done"
    assert said in (answer.result["hint"] or "")


@pytest.mark.parametrize("sql", NOT_MINDED)
def test_what_was_meant_comes_without(shop: Sandbox, sql: str) -> None:
    answer = shop.act(f"sql write {in_quotes(sql)}")
    assert (answer.outcome, answer.result["hint"]) == ("done", None)


def test_no_ready_made_question_needs_minding(shop: Sandbox) -> None:
    asked = [(question.store, question.sql) for question in questions.file().question]
    asked += [(side, pair.sql(side)) for pair in questions.file().pair for side in ("write", "read")]
    for store, sql in asked:
        assert shop.act(f"sql {store} {in_quotes(sql.strip())}").result["hint"] is None


@pytest.mark.parametrize(
    ("sql", "column", "word"),
    [
        ("SELECT 1 FROM orders GROUP BY count(*)", 22, "GROUP BY"),
        ("SELECT 1 FROM orders HAVING id", 22, "HAVING"),
        ("SELECT 1 UNION ALL SELECT 2, 3", 10, "UNION ALL"),
        ("SELECT 1 WHERE 1 IN (SELECT 1, 2)", 18, "IN (SELECT"),
        ("SELECT (SELECT 1, 2)", 8, "(SELECT"),
        ("SELECT 1 FROM orders WHERE id = ?", 33, "?"),
        ("SELECT ':no' FROM orders WHERE id = :x", 37, ":x"),
    ],
)
def test_what_sqlite_names_no_word_of_has_its_place(shop: Sandbox, sql: str, column: int, word: str) -> None:
    place = shop.act(f"sql write {in_quotes(sql)}").result["place"]
    assert (place["column"], place["word"]) == (column, word)


def test_what_may_be_about_one_of_two_places_has_none(shop: Sandbox) -> None:
    sql = "SELECT 1 WHERE 1 IN (SELECT 1) OR (SELECT 1, 2)"
    assert shop.act(f"sql write {in_quotes(sql)}").result["place"] is None


def test_what_is_said_becomes_a_sentence_and_what_sqlite_says_stays() -> None:
    assert (
        sentence("only SELECT, WITH, VALUES and EXPLAIN can be used here")
        == "Only SELECT, WITH, VALUES and EXPLAIN can be used here."
    )
    assert sentence("did you mean name?") == "Did you mean name?"
    assert sentence("SQLite says: no such column: a") == "SQLite says: no such column: a"
    assert sentence("read.db is full; undo or reset makes room") == "read.db is full; undo or reset makes room."
    assert sentence("") == ""
