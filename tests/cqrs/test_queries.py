"""Queries read and cannot do anything else, and each page says as of which event it is true."""

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cqrs.commands import AddProduct, RenameProduct
from cqrs.read.queries import query
from tests.cqrs.histories import examples
from tests.cqrs.oracle import truth
from tests.cqrs.shop import MODELS, ONE_OF_EACH, START, Shop, fresh_shop


@pytest.fixture
def old(shop: Shop) -> Shop:
    shop.accept(*ONE_OF_EACH)
    shop.catch_up()
    return shop


def test_a_query_gives_the_rows_of_a_key_or_all_of_them_in_the_order_of_the_key(old: Shop) -> None:
    assert [row["product_id"] for row in old.rows("product_card")] == ["chair", "lamp", "mug", "rug"]
    assert [row["product_id"] for row in old.rows("product_card", "mug")] == ["mug"]
    assert old.rows("product_card", "gift") == []
    assert [row["product_id"] for row in old.rows("sales")] == ["lamp", "mug", "rug"]


def test_a_query_gives_no_more_rows_than_it_was_asked_for(old: Shop) -> None:
    page = query(old.reader, MODELS["order_list"], limit=2)
    assert [row["order_id"] for row in page.rows] == ["o1", "o2"]
    assert page.as_of == old.write.head()


def test_a_page_tells_as_of_which_event_it_is_true(shop: Shop) -> None:
    for behind in (3, 2, 0):
        shop.project("product_card", 3 - behind)
        assert query(shop.reader, MODELS["product_card"]).as_of == shop.read.position("product_card")


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM product_card",
        "UPDATE _checkpoint SET position = 0",
        "INSERT INTO customer_card VALUES ('c9', 'Eve', 0, 0, 0)",
        "DROP TABLE sales",
        "CREATE TABLE mine (x)",
    ],
)
def test_a_reader_cannot_write(old: Shop, sql: str) -> None:
    shown = old.shown()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        old.reader.execute(sql)
    assert old.shown() == shown


def test_a_reader_that_lifts_its_own_ban_still_cannot_write(old: Shop) -> None:
    old.reader.execute("PRAGMA query_only = OFF")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        old.reader.execute("DELETE FROM product_card")


def test_rows_and_as_of_agree_even_when_the_projector_commits_in_between(shop: Shop) -> None:
    said = {0: truth_of_nothing()}
    shop.accept(*ONE_OF_EACH)
    with fresh_shop() as twin:
        for position, command in enumerate((*START, *ONE_OF_EACH), start=1):
            twin.accept(command)
            said[position] = truth(twin.write.connection)
    for model in MODELS:
        pages = []
        shop.reader.set_trace_callback(lambda sql, model=model: shop.project(model, 1) and None)
        while not pages or pages[-1].as_of < 12:
            pages.append(query(shop.reader, MODELS[model]))
        shop.reader.set_trace_callback(None)
        for page in pages:
            assert page.rows == said[page.as_of][model]


def truth_of_nothing() -> dict[str, list[dict[str, object]]]:
    return {model: [] for model in MODELS}


def test_a_query_that_fails_leaves_the_reader_ready_for_the_next(old: Shop) -> None:
    old.read.drop(MODELS["sales"])
    for _ in range(2):
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            old.rows("sales")
    assert old.rows("product_card")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("lantern", ["lamp"]),
        ("LANTERN", ["lamp"]),
        ("oil lan", ["lamp"]),
        ("lan", ["lamp"]),
        ("mug", ["cup", "mug"]),
        ("über", ["cup"]),
        ("UBER", ["cup"]),
        ("lamp", []),
        ("antern", []),
        ("mug OR lantern", []),
        ("name:mug", []),
    ],
)
def test_a_product_is_found_by_words_of_its_name(shop: Shop, words: str, found: list[str]) -> None:
    shop.accept(RenameProduct("lamp", "Old oil lantern"), AddProduct("cup", "Über-mug", 100, 1))
    shop.catch_up()
    assert [row["product_id"] for row in shop.rows("product_search", words)] == found


def test_a_renamed_product_is_no_longer_found_by_its_old_name(shop: Shop) -> None:
    shop.catch_up()
    assert shop.rows("product_search", "mug") == [{"product_id": "mug", "name": "Mug", "from_event": 4}]
    shop.accept(RenameProduct("mug", "Cup"))
    shop.catch_up()
    assert shop.rows("product_search", "mug") == []
    assert shop.rows("product_search", "cup") == [{"product_id": "mug", "name": "Cup", "from_event": 6}]


@pytest.fixture(scope="module")
def searched() -> Shop:
    with fresh_shop() as shop:
        shop.accept(*START, AddProduct("odd", """"it's" (50%) * -- AND""", 100, 1))
        shop.catch_up()
        yield shop


def test_a_name_full_of_odd_characters_is_found(searched: Shop) -> None:
    for words in ('"it\'s"', "it's (50%)", "50", "AND", "s 50 and", "it"):
        assert [row["product_id"] for row in searched.rows("product_search", words)] == ["odd"], words


@settings(max_examples=examples(300), deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.text("\"'*()-+:^{}, ANDORNEAR", max_size=12))
def test_whatever_is_looked_for_a_search_answers_with_rows(searched: Shop, words: str) -> None:
    assert {row["product_id"] for row in searched.rows("product_search", words)} <= {"lamp", "mug", "rug", "odd"}


@settings(max_examples=examples(100), deadline=None)
@given(st.text(st.characters(codec="utf-8")))
def test_whatever_the_key_a_query_finds_it_or_nothing(searched: Shop, key: str) -> None:
    for model in ("customer_card", "order_list", "product_card", "sales"):
        assert all(key in row.values() for row in searched.rows(model, key))
