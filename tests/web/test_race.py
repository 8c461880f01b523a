"""The page with two shoppers: what it offers, what it shows, and that it stays after a reload."""

import re

import pytest

from lab import race
from tests.web.visits import act, dump, sandbox_ids


def page(client):
    return client.get("/race").get_data(as_text=True)


def said(html):
    """The sentence under the figures, without its marks."""
    return " ".join(re.sub(r"<[^>]+>", "", html.split('role="status"')[1].split(">", 1)[1].split("</p>")[0]).split())


def figures(html):
    return [int(number) for number in re.findall(r"<dd>(\d+)</dd>", html.split('class="verdict')[1])[:4]]


def step(client, line):
    return client.post("/race", data={"line": line}, follow_redirects=True)


def test_a_step_a_button_and_the_page_stands_after_a_reload(client):
    assert "Ada: look at the stock</button>" in page(client)
    for who in ("ada", "ben", "ada", "ben", "ada", "ben"):
        html = page(client)
        assert f'value="race {who}"' in html
        step(client, f"race {who}")
    html = page(client)
    assert said(html) == "race ben oversold by 1: Ada and Ben were told yes for 1 rug, and the stock says 0"
    assert figures(html) == [1, 2, 0, 1]
    assert page(client) == html
    assert 'value="race ada"' not in html, "nothing is left to do"


def test_the_page_shows_what_the_language_answers(client):
    answer = act(client, "race guarded steps=ada,ben,ada,ben,ada")
    html = page(client)
    assert answer["result"] == race.run("guarded", ["ada", "ben", "ada", "ben", "ada"])
    assert said(html).endswith(answer["reason"])
    for row in answer["result"]["rows"]:
        assert row["said"] in html
    assert "Ada still has the write lock" in html
    assert "tried again" in html


@pytest.mark.parametrize("way", ["read_then_write", "guarded"])
def test_the_ready_made_orders_come_to_their_end(client, way):
    step(client, f"race {way}")
    ready = re.findall(r'value="(race \w+ steps=[\w,]+)"', page(client))
    assert len(ready) == 2
    sold = [figures(step(client, line).get_data(as_text=True)) for line in ready]
    assert sold == [[1, 1, 0, 0], [1, 2, 0, 1] if way == "read_then_write" else [1, 1, 0, 0]]


def test_undo_takes_a_step_back_and_is_offered_for_steps_only(client):
    undo = '<button class="quiet sm" name="line" value="undo"'
    assert f"{undo} disabled>" in page(client)
    step(client, "race ada")
    before = page(client)
    step(client, "race ben")
    assert step(client, "undo").get_data(as_text=True) == before
    act(client, "cmd restock product=lamp qty=1")
    assert f"{undo} disabled>" in page(client), "an undo here would take something else back"


def test_what_cannot_be_done_is_said_on_the_page(client):
    step(client, "race guarded steps=ada,ben,ada,ben")
    answer = step(client, "race ben")
    assert answer.status_code == 422
    assert said(answer.get_data(as_text=True)) == "failed: Ben waits for the lock; it is Ada&#39;s turn: race ada"
    assert said(page(client)) == said(answer.get_data(as_text=True)), "also after a reload"
    partial = client.post("/race", data={"line": "race ben"}, headers={"HX-Request": "true"})
    assert partial.status_code == 422
    assert partial.get_data(as_text=True).lstrip().startswith('<div id="race">')


@pytest.mark.parametrize("line", ["", "cmd restock product=lamp qty=5", "reset", "racer ada"])
def test_this_door_takes_no_other_line(client, parts, line):
    step(client, "race ada")
    (own,) = sandbox_ids(parts)
    before = dump(parts, own)
    assert step(client, line).status_code == 422
    assert dump(parts, own) == before


def test_the_code_on_the_page_is_the_code_that_runs(client):
    source = (race.Path(race.__file__).parent / "shoppers.py").read_text(encoding="utf-8")
    for way in ("read_then_write", "guarded"):
        step(client, f"race {way}")
        shown = page(client).split('aria-label="Code"><code>')[1].split("</code>")[0]
        assert f"def {way}" in shown
        lines = [line for line in re.sub(r"<[^>]+>", "", shown).splitlines() if line.strip() and "&" not in line]
        assert all(line in source for line in lines)
