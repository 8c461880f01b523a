"""The plan in words: every kind of step that SQLite names, seen in the plan of a real question, and what it means."""

import re
from collections.abc import Iterator

import pytest

from lab import plan, questions
from lab.sandbox import Sandbox
from lab.values import in_quotes
from tests.lab.sandboxes import fresh


@pytest.fixture(scope="module")
def shop() -> Iterator[Sandbox]:
    with fresh() as sandbox:
        for line in ("bulk 30", "run", "index"):
            assert sandbox.act(line).outcome in ("accepted", "done")
        yield sandbox


def steps(shop: Sandbox, store: str, sql: str) -> dict[str, str | None]:
    answer = shop.act(f"sql {store} {in_quotes(sql)}")
    assert answer.outcome == "done", answer.reason
    return {step["detail"]: step["said"] for step in answer.result["plan"]}


ENTRY = "the index orders_by_customer, a list of its own that is sorted"

# The store, the question, a step of its plan as SQLite says it, and in words.
SAID = [
    ("write", "SELECT 1", "SCAN CONSTANT ROW", "makes one row out of what you wrote; no table is read"),
    ("write", "VALUES (1), (2)", "SCAN 2 CONSTANT ROWS", "makes 2 rows out of what you wrote; no table is read"),
    ("write", "SELECT * FROM orders", "SCAN orders", "reads every row of orders"),
    ("write", "SELECT * FROM orders LIMIT 3", "SCAN orders", "reads rows of orders, as many as it needs"),
    ("write", "SELECT * FROM orders ORDER BY placed_on LIMIT 3", "SCAN orders", "reads every row of orders"),
    ("write", "SELECT count(*) FROM orders WHERE id <> 'x' LIMIT 3", "SCAN orders", "reads every entry of the index"),
    (
        "write",
        "SELECT customer_id FROM orders LIMIT 3",
        "SCAN orders",
        "reads entries of the index orders_by_customer,",
    ),
    (
        "write",
        "SELECT (SELECT count(*) FROM orders WHERE placed_on = 'x')",
        "SCAN orders",
        "reads every row of orders",
    ),
    (
        "write",
        "SELECT (SELECT id FROM orders WHERE placed_on = 'x')",
        "SCAN orders",
        "reads rows of orders, as many as it",
    ),
    (
        "write",
        "SELECT max(placed_on), min(placed_on) FROM orders LIMIT 3",
        "SCAN orders",
        "goes through the rows of orders",
    ),
    ("write", "SELECT * FROM (SELECT * FROM orders LIMIT 3)", "SCAN orders", "goes through the rows of orders"),
    ("write", "SELECT * FROM orders WHERE 'LIMIT' < status", "SCAN orders", "reads every row of orders"),
    ("write", "SELECT a.id b, b.id a FROM orders a, products b", "SCAN b", "reads every row of products (b)"),
    ("write", "SELECT placed_on orders FROM orders", "SCAN orders", "reads every row of orders"),
    ("read", "SELECT * FROM main.sales AS s", "SCAN s", "reads every row of sales (s)"),
    ("write", "SELECT * FROM orders WHERE id = 'o-1'", "(id=?)", "by the key (id) without reading the others"),
    ("write", "SELECT * FROM orders WHERE id > 'o-1'", "(id>?)", "by the key (a range of id) without"),
    ("write", "SELECT * FROM events WHERE position = 3", "(rowid=?)", "finds rows of events by the row number,"),
    ("write", "SELECT * FROM events WHERE position BETWEEN 3 AND 9", "AND rowid<?)", "by a range of the row number,"),
    (
        "read",
        "SELECT * FROM sales WHERE product_id = 'mug' AND day BETWEEN 'a' AND 'b'",
        "(product_id=? AND day>? AND day<?)",
        "by the key (product_id and a range of day) without",
    ),
    ("read", "SELECT * FROM sales WHERE (product_id, day) > ('a', 'b')", "(?,?)", "(a range of product_id, day)"),
    ("write", "SELECT * FROM orders WHERE customer_id = 'c1'", "INDEX orders_by", f"by customer_id with {ENTRY}"),
    (
        "write",
        "SELECT * FROM events WHERE event_id = 'x'",
        "sqlite_autoindex",
        "with the index of a key, a list of its",
    ),
    ("write", "SELECT count(*) FROM orders WHERE customer_id = 'c1'", "COVERING", "so orders itself is not read"),
    ("write", "SELECT count(*) FROM orders", "SCAN orders USING COVERING", f"reads every entry of {ENTRY}"),
    (
        "write",
        "SELECT * FROM orders ORDER BY customer_id",
        "SCAN orders USING INDEX",
        "in the order of the index orders_by",
    ),
    ("write", "SELECT min(customer_id) FROM orders", "COVERING INDEX", "from one end until it has the smallest"),
    ("write", "SELECT min(placed_on) FROM orders", "SEARCH orders", "one row where the key itself is asked for, else"),
    (
        "write",
        "SELECT max(recorded_at) FROM events",
        "SEARCH events",
        "one row where the key itself is asked for, else",
    ),
    (
        "write",
        "WITH b AS (SELECT customer_id, count(*) AS n FROM orders GROUP BY 1) SELECT * FROM b JOIN b AS c USING (n)",
        "AUTOMATIC COVERING INDEX",
        "first makes an index of b for this one answer, then finds rows in it by n",
    ),
    ("write", "SELECT * FROM orders ORDER BY placed_on", "FOR ORDER BY", "sorts what it found"),
    ("write", "SELECT * FROM orders ORDER BY customer_id, placed_on", "RIGHT PART OF ORDER BY", "by the later columns"),
    (
        "write",
        "SELECT status, count(*) FROM orders GROUP BY 1",
        "FOR GROUP BY",
        "sorts the rows, to put them into groups",
    ),
    ("write", "SELECT DISTINCT status FROM orders", "FOR DISTINCT", "keeps a list of what was there already"),
    ("write", "SELECT count(DISTINCT status) FROM orders", "count(DISTINCT)", "keeps a list, to take each value once"),
    ("write", "SELECT id FROM orders UNION SELECT id FROM products", "COMPOUND QUERY", "puts several SELECTs together"),
    ("write", "SELECT id FROM orders UNION SELECT id FROM products", "LEFT-MOST SUBQUERY", "the first SELECT"),
    (
        "write",
        "SELECT id FROM orders UNION SELECT id FROM products",
        "UNION USING TEMP",
        "each row once: a list of them",
    ),
    (
        "write",
        "SELECT id FROM orders UNION ALL SELECT id FROM products",
        "UNION ALL",
        "then all rows of the next SELECT",
    ),
    (
        "write",
        "SELECT id FROM orders EXCEPT SELECT id FROM products",
        "EXCEPT USING",
        "takes the rows of the next SELECT a",
    ),
    (
        "write",
        "SELECT id FROM orders INTERSECT SELECT id FROM products",
        "INTERSECT USING",
        "that the next SELECT has too",
    ),
    (
        "write",
        "SELECT id FROM orders UNION ALL SELECT id FROM products ORDER BY 1",
        "MERGE (UNION ALL)",
        "rows of both",
    ),
    ("write", "SELECT id FROM orders UNION SELECT id FROM products ORDER BY 1", "MERGE (UNION)", "takes each row once"),
    (
        "write",
        "SELECT id FROM orders EXCEPT SELECT id FROM products ORDER BY 1",
        "MERGE (EXCEPT)",
        "only the first has",
    ),
    (
        "write",
        "SELECT id FROM orders INTERSECT SELECT id FROM products ORDER BY 1",
        "MERGE (INTERSECT)",
        "what both have",
    ),
    ("write", "SELECT id FROM orders UNION SELECT id FROM products ORDER BY 1", "RIGHT", "the second SELECT"),
    (
        "write",
        "SELECT name, (SELECT max(id) FROM orders) FROM customers",
        "SCALAR SUBQUERY",
        "asked once: the SELECT in",
    ),
    (
        "write",
        "SELECT name FROM customers WHERE EXISTS (SELECT 1 FROM orders WHERE customer_id || '' = customers.id)",
        "CORRELATED SCALAR SUBQUERY",
        "asked again for every row: the SELECT in brackets, for its value",
    ),
    (
        "write",
        "SELECT name, (SELECT status FROM orders WHERE version = length(name)) FROM customers",
        "SCAN orders",
        "reads rows of orders, as many as it needs",
    ),
    (
        "write",
        "SELECT name FROM customers WHERE id IN (SELECT product_id FROM order_lines)",
        "LIST SUBQUERY",
        "behind IN",
    ),
    (
        "write",
        "SELECT name FROM customers WHERE id IN (SELECT customer_id FROM orders WHERE version = length(name))",
        "CORRELATED LIST SUBQUERY",
        "asked again for every row: the SELECT behind IN",
    ),
    (
        "write",
        "SELECT name FROM customers WHERE name IN (SELECT id FROM products)",
        "FOR IN-OPERATOR",
        "each value up by",
    ),
    (
        "write",
        "SELECT * FROM events WHERE position = 1 OR event_id = 'x'",
        "MULTI-INDEX OR",
        "looks up each side of OR",
    ),
    ("write", "SELECT * FROM events WHERE position = 1 OR event_id = 'x'", "INDEX 2", "one side of OR"),
    (
        "write",
        "SELECT * FROM customers AS c LEFT JOIN orders AS o ON o.version = length(c.id)",
        "LEFT-JOIN",
        "; where none fits, the row stays, with NULL",
    ),
    ("write", "SELECT * FROM customers RIGHT JOIN orders ON 0", "RIGHT-JOIN orders", "orders that nothing fitted to"),
    (
        "write",
        "WITH b AS MATERIALIZED (SELECT status FROM orders) SELECT * FROM b",
        "MATERIALIZE b",
        "works out b first, and keeps its rows",
    ),
    (
        "write",
        "SELECT * FROM (SELECT status, count(*) AS n FROM orders GROUP BY 1)",
        "CO-ROUTINE",
        "works out the inner S",
    ),
    (
        "write",
        "SELECT * FROM (SELECT status, count(*) AS n FROM orders GROUP BY 1)",
        "SCAN (subq",
        "row of the inner SEL",
    ),
    (
        "write",
        "SELECT rank() OVER (ORDER BY status) FROM orders",
        "CO-ROUTINE",
        "works out the inner SELECT row by row",
    ),
    (
        "write",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5) SELECT i FROM n",
        "RECURSIVE STEP",
        "again and again, until no new row comes",
    ),
    (
        "write",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5) SELECT i FROM n",
        "SETUP",
        "the rows to begin with",
    ),
    (
        "write",
        "SELECT * FROM events, json_each(payload, '$.lines')",
        "INDEX 3:",
        "takes the JSON apart, value by value",
    ),
    ("write", "SELECT * FROM json_tree('[1]') AS t", "SCAN t VIRTUAL", "takes the JSON apart, value by value"),
    ("write", "SELECT * FROM json_each", "INDEX 0:", "makes no row: json_each was given no JSON"),
    ("read", "SELECT * FROM product_search WHERE product_search MATCH 'lamp'", "0:M", "asks the full-text index of"),
    (
        "read",
        "SELECT * FROM product_search('lamp') ORDER BY rank",
        "32:M",
        "asks the full-text index of product_search",
    ),
    ("read", "SELECT * FROM product_search('lamp') ORDER BY rowid DESC", "192:M", "asks the full-text index of"),
    ("read", "SELECT * FROM product_search ORDER BY rowid DESC", "192:", "reads every row of product_search"),
    ("read", "SELECT * FROM product_search WHERE rowid = 1", "0:=", "the row of product_search by its number"),
    ("read", "SELECT * FROM product_search WHERE rowid > 1", "0:>", "by a range of their numbers"),
]


@pytest.mark.parametrize(("store", "sql", "detail", "said"), SAID)
def test_a_step_of_a_real_plan_says_what_it_does(shop: Sandbox, store: str, sql: str, detail: str, said: str) -> None:
    found = steps(shop, store, sql)
    assert None not in found.values(), found
    assert [words for step, words in found.items() if detail in step and said in (words or "")], found


def test_no_pair_is_said_to_read_what_it_needs_where_it_sorts_or_counts(shop: Sandbox) -> None:
    for pair in questions.file().pair:
        for store in ("write", "read"):
            said = steps(shop, store, pair.sql(store).strip()).values()
            assert not [words for words in said if "as many as it needs" in (words or "")], (pair.id, store, said)


def test_every_ready_made_question_has_a_plan_in_words(shop: Sandbox) -> None:
    asked = [(question.store, question.sql) for question in questions.file().question]
    asked += [(side, pair.sql(side)) for pair in questions.file().pair for side in ("write", "read")]
    for store, sql in asked:
        found = steps(shop, store, sql.strip())
        assert found
        assert None not in found.values(), found


RARE = [
    "SEARCH c USING AUTOMATIC COVERING INDEX (customer_id=?)",
    "SEARCH c USING AUTOMATIC PARTIAL COVERING INDEX (customer_id=?) LEFT-JOIN",
    "SEARCH o USING INDEX wide (ANY(a) AND b=? AND <expr>>?)",
    "SEARCH o USING INDEX wide ((a,b)=(?,?))",
    "SEARCH o USING INTEGER PRIMARY KEY (rowid>?)",
    "SCAN (join-3)",
    "USE TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY",
    "BLOOM FILTER ON o (id=?)",
    "BLOOM FILTER ON o (rowid=?)",
    "REUSE LIST SUBQUERY 3",
    "REUSE SUBQUERY 2",
    "USING ROWID SEARCH ON TABLE t FOR IN-OPERATOR",
    "SCAN t EXISTS",
]
"""What SQLite 3.40 and newer ones can say too, of large tables or of questions that are seldom asked."""


@pytest.mark.parametrize("detail", RARE)
def test_what_sqlite_seldom_says_has_words_without_its_signs(detail: str) -> None:
    said = plan.in_words(detail)
    assert said
    assert not re.search(r"[{}?]|=|rowid|subquery-|join-\d", said), said


def test_what_has_no_words_is_shown_as_it_is() -> None:
    assert plan.steps([(3, 0, "FLY TO THE MOON"), (5, 3, "SCAN t")]) == [
        (0, None, "FLY TO THE MOON"),
        (1, "reads every row of t", "SCAN t"),
    ]
