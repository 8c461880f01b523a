"""What stands beside the rail of a lesson tells one story: answers, tables, the customer's page and the chart."""

import pytest
from bs4 import BeautifulSoup

HTMX = {"HX-Request": "true"}
BUY = "cmd place_order customer=c1 product=mug qty=2"


def send(client, line, slot, lesson):
    """Send a line as the page does; return its answers by their place."""
    fields = {"line": line, "slot": slot}
    return places(client.post(f"/actions?lesson={lesson}", data=fields, headers=HTMX).text)


def places(text):
    soup = BeautifulSoup(text, "html.parser")
    return {found["id"]: " ".join(found.get_text(" ").split()) for found in soup.select(".said")}


def page(client, lesson):
    return BeautifulSoup(client.get(f"/lessons/{lesson}").text, "html.parser")


def test_after_undo_every_answer_tells_of_a_line_that_is_still_there(client):
    page(client, "L05")
    send(client, BUY, "write", "L05")
    send(client, "cmd place_order customer=c2 product=rug qty=1", "write", "L05")
    said = send(client, "undo", "line", "L05")
    assert "taken back: " in said["answer-line"]
    assert "receipt #6 OrderPlaced" in said["answer-write"]
    assert "product=mug" in said["answer-write"]
    said = send(client, "undo", "line", "L05")
    assert "Accepted" not in said["answer-write"]
    assert send(client, BUY, "write", "L05").keys() == {"answer-write"}


@pytest.mark.parametrize("by", ["the rail", "a line"])
def test_who_begins_again_sees_no_old_answer_and_composers_as_they_were(client, by):
    page(client, "L05")
    send(client, BUY, "write", "L05")
    send(client, "query product_card mug", "read", "L05")
    if by == "the rail":
        response = client.post("/lessons/L05/restart", headers=HTMX)
    else:
        response = client.post("/actions?lesson=L05", data={"line": "reset"}, headers=HTMX)
    assert "lagoon:reset" in response.headers["HX-Trigger"]
    said = places(response.text)
    assert "Its answer will stand here" in said["answer-write"]
    assert said["answer-read"] == ""
    assert BUY not in page(client, "L05").get_text()


def test_a_row_that_is_not_here_shows_its_key_and_no_value(client):
    page(client, "L06")
    send(client, BUY + " order=o-9", "write", "L06")
    ghost = page(client, "L06").select_one("tr.ghost")
    told = [cell.get_text(" ").split() for cell in ghost.select("td")]
    assert told[0] == ["o-9", "not", "here", "yet"]
    assert all(words == ["\N{EN DASH}"] for words in told[1:])
    send(client, "run", "line", "L06")
    row = page(client, "L06").select_one("#r-order_list-o-9")
    assert "placed" in row.get_text()


@pytest.mark.parametrize("lesson", ["L03", "L05", "L06", "L09"])
def test_the_chart_of_a_lesson_begins_with_its_learner(client, lesson):
    chart = page(client, lesson).select_one("#lag-chart .behind")
    assert "at most" not in chart.get_text()


def test_a_page_says_where_the_head_was_when_it_was_read_and_where_it_is_now(client):
    page(client, "L05")
    send(client, BUY, "write", "L05")
    send(client, "query product_card mug", "read", "L05")
    send(client, BUY, "write", "L05")
    told = " ".join(page(client, "L05").select_one("#page-seen").get_text().split())
    assert "when read: as of event #5, head #6, 1 behind" in told
    assert "Now: head #7." in told
