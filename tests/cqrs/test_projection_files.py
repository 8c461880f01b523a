"""A projection is a .sql file: its key, how a query finds a key, its table, and a block for each event it heeds."""

from pathlib import Path

import pytest

from cqrs.read.projection import ProjectionError, built_in, load, parse
from tests.cqrs.shop import Shop

VISITS = """-- One row a customer; the first line is for people.
-- key: customer_id

CREATE TABLE visits (
    customer_id TEXT PRIMARY KEY, -- a comment; with a semicolon
    note        TEXT DEFAULT ';'
);
CREATE INDEX by_note ON visits (note);

-- on CustomerRegistered
-- Why this is so.
INSERT INTO visits VALUES (:customer_id, 'a;b');
UPDATE visits SET note = note || :name; DELETE FROM visits WHERE customer_id = 'c2';

-- on OrderPlaced
DELETE FROM visits WHERE customer_id = :customer_id

-- rebuild
INSERT INTO visits SELECT payload ->> 'customer_id', position FROM log.events WHERE position <= :head;
"""


def test_a_file_gives_its_key_its_table_and_a_block_for_each_event() -> None:
    visits = parse("visits", VISITS)
    assert (visits.name, visits.source) == ("visits", VISITS)
    assert visits.key == ("customer_id",)
    assert [sql.split("(")[0].strip() for sql in visits.create] == [
        "CREATE TABLE visits",
        "CREATE INDEX by_note ON visits",
    ]
    assert {type: len(statements) for type, statements in visits.on.items()} == {
        "CustomerRegistered": 3,
        "OrderPlaced": 1,
    }
    assert visits.on["OrderPlaced"] == ("DELETE FROM visits WHERE customer_id = :customer_id",)
    assert len(visits.rebuild) == 1


def test_what_was_parsed_runs(shop: Shop) -> None:
    shop.add("visits", parse("visits", VISITS))
    shop.catch_up()
    assert shop.rows("visits") == [{"customer_id": "c1", "note": "a;bAdaBen"}]
    assert shop.rows("visits", "c1") == shop.rows("visits")


def test_a_file_without_a_find_line_is_searched_by_the_first_column_of_its_key(shop: Shop) -> None:
    source = VISITS.replace("key: customer_id", "key:  customer_id , note ")
    visits = parse("visits", source)
    assert visits.key == ("customer_id", "note")
    shop.add("visits", visits)
    shop.catch_up()
    assert [row["customer_id"] for row in shop.rows("visits", "c1")] == ["c1"]
    assert shop.rows("visits", "c9") == []


def test_a_find_line_says_how_a_query_looks_for_a_key(shop: Shop) -> None:
    shop.add("visits", parse("visits", VISITS.replace("\n\n", "\n-- find: note LIKE '%' || :key\n\n", 1)))
    shop.catch_up()
    assert [row["customer_id"] for row in shop.rows("visits", "Ben")] == ["c1"]
    assert shop.rows("visits", "Ada") == []


def test_a_rebuild_block_may_be_left_out() -> None:
    assert parse("visits", VISITS.split("-- rebuild")[0]).rebuild == ()


def test_line_ends_of_another_system_change_nothing() -> None:
    theirs = parse("visits", VISITS.replace("\n", "\r\n"))
    ours = parse("visits", VISITS)
    assert (theirs.key, theirs.find, list(theirs.on)) == (ours.key, ours.find, list(ours.on))


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (VISITS.replace("-- key", "-- kee"), "visits has no line '-- key: <column>'"),
        ("", "visits has no line '-- key: <column>'"),
        ("-- key: id\n", "visits creates no table"),
        ("-- key: id\n-- a word on it;\n-- on OrderPlaced\nSELECT 1;\n", "visits creates no table"),
    ],
)
def test_a_file_that_lacks_something_is_refused_with_what_it_lacks(source: str, reason: str) -> None:
    with pytest.raises(ProjectionError) as refused:
        parse("visits", source)
    assert str(refused.value) == reason


def test_a_file_on_disk_bears_the_name_of_its_table(tmp_path: Path) -> None:
    (tmp_path / "visits.sql").write_text(VISITS, encoding="utf-8")
    assert load(tmp_path / "visits.sql") == parse("visits", VISITS)


def test_five_read_models_are_built_in() -> None:
    assert list(built_in()) == ["customer_card", "order_list", "product_card", "product_search", "sales"]
