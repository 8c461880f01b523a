"""What is looked at more closely: code, schemas, events, rows, tables, the log."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from cqrs.read import projector
from cqrs.read.projection import BUILT_IN
from cqrs.write import handlers
from tests.web.visits import BUY, act

HTMX = {"HX-Request": "true"}


def words(response):
    return BeautifulSoup(response.text, "html.parser").get_text(" ", strip=True)


def squeezed(text):
    return "".join(text.split())


def test_the_code_of_a_projection_is_the_very_file(client):
    source = (BUILT_IN / "sales.sql").read_text()
    assert squeezed(source) in squeezed(words(client.get("/code/projection/sales", headers=HTMX)))


def test_the_code_of_a_command_is_the_very_handler(client):
    shown = squeezed(words(client.get("/code/command/place_order", headers=HTMX)))
    assert squeezed("def place_order(") in shown
    assert squeezed(handlers.place_order.__doc__.splitlines()[0]) in shown


def test_the_code_of_the_projector_is_the_very_file(client):
    source = Path(projector.__file__).read_text()
    assert squeezed(source) in squeezed(words(client.get("/code/projector", headers=HTMX)))


@pytest.mark.parametrize(("store", "table"), [("write", "events"), ("read", "_checkpoint")])
def test_the_schema_shows_the_create_statements(client, store, table):
    assert f"CREATE TABLE {table}" in words(client.get(f"/schema/{store}", headers=HTMX))


def test_an_event_shows_its_payload_its_command_and_when_each_read_model_had_it(learner):
    act(learner, f"{BUY} id=k1")
    act(learner, "run sales")
    shown = words(learner.get("/event/6", headers=HTMX))
    for word in ("OrderPlaced", "k1", "lamp", "sales"):
        assert word in shown


def test_a_row_leads_back_to_its_event(client):
    shown = words(client.get("/row/product_card/lamp", headers=HTMX))
    assert "ProductAdded" in shown


def test_a_sheet_is_a_partial_with_htmx_and_a_page_without(client):
    alone, whole = client.get("/event/1", headers=HTMX), client.get("/event/1")
    assert "<html" not in alone.text
    assert "<html" in whole.text
    assert squeezed(words(alone)) in squeezed(words(whole))


@pytest.mark.parametrize(
    "url",
    [
        "/event/0",
        "/event/99",
        "/event/-1",
        "/event/99999999999999999999",
        "/event/x",
        "/event/٣",
        "/row/product_card/nothing",
        "/row/nothing/lamp",
        "/row/sales/lamp",
        "/row/_checkpoint/sales",
        "/code/command/handle",
        "/code/command/__doc__",
        "/code/projection/..%2f..%2fapp",
        "/code/projection/%2e%2e",
        "/schema/lab",
        "/table/write/sqlite_schema",
        "/table/read/_checkpoint",
        "/table/write/orders?start=-1",
        "/table/write/orders?start=1e3",
        "/log?before=x",
        "/lessons/L99",
        "/lessons/%2e%2e",
        "/state?lesson=../../etc",
        "/live?lesson=%00",
    ],
)
def test_what_is_not_there_is_not_found_and_says_so_in_the_same_words(client, url):
    response, nowhere = client.get(url), client.get("/nowhere")
    assert response.status_code == 404
    assert response.data == nowhere.data


def told_beside_sales(client):
    """What stands beside the name of the read model sales, in words."""
    return BeautifulSoup(client.get("/").text, "html.parser").select_one("#model-sales .head").get_text(" ", strip=True)


def test_a_number_that_drifted_is_not_called_stale_and_one_that_waits_is(learner):
    act(learner, BUY)
    act(learner, "run sales")
    act(learner, 'patch "UPDATE sales SET units = 9"')
    assert "stale" not in told_beside_sales(learner)
    act(learner, BUY)
    assert "stale" in told_beside_sales(learner)
