"""A read model of one's own on the page: one more mark on the log, one more panel with its own lag, one more query."""

import pytest
from bs4 import BeautifulSoup

from lab.actions import ModelWrite
from tests.lab.owned import ADD, EDIT, EDIT_TO_ONCE, NAMED, SPENT
from tests.web.visits import BUY, act


@pytest.fixture
def owner(learner, parts):
    """Somebody whose shop has sold something; nothing moves by itself, and a read model of their own has heard of 5."""
    parts.worker.stop()
    for line in (BUY, BUY, "run", ADD, "step spent 6"):
        assert act(learner, line)["outcome"] in ("accepted", "done")
    return learner


def page(client, path="/"):
    response = client.get(path)
    assert response.status_code == 200, path
    return BeautifulSoup(response.get_data(as_text=True), "html.parser")


def words(tag):
    return " ".join(tag.get_text(" ").split())


def test_it_is_one_more_mark_and_one_more_panel_with_a_lag_of_its_own(owner):
    shown = page(owner)
    panel = words(shown.select_one("#model-spent"))
    assert "1 behind" in panel
    told = shown.select_one("#model-spent a[href='/break/spent#drift']")
    why = "nobody wrote how the write store would answer spent"
    assert (words(told), why in told["aria-label"]) == ("not known whether it is true", True)
    assert f"Not known: {why}" in words(page(owner, "/break/spent").select_one("#drift"))
    assert "c1 changed 5000 #6" in panel
    assert "spent" in words(shown.select_one("#event-log"))
    assert "spent" in words(shown.select_one("#lag-chart"))
    assert "2 behind" in words(shown.select_one("#model-sales"))


def test_it_is_asked_for_by_its_key_from_the_form_of_the_page(owner):
    form = next(form for form in page(owner).select("#asker form") if form.select_one("[name=model][value=spent]"))
    fields = {field["name"]: field.get("value", "") for field in form.select("input[name]")} | {"key": "c1"}
    assert form["aria-label"] == "Spent by each customer"
    assert form.select_one("select[name=key]") is not None
    assert owner.post("/actions", data=fields).status_code == 303
    seen = words(page(owner).select_one("#page-seen"))
    assert "Spent by each customer" in seen
    assert "5000" in seen
    act(owner, "model forget spent")
    assert "spent" in words(page(owner).select_one("#page-seen"))


def test_what_there_is_to_look_at_more_closely_is_there_for_it_too(owner):
    assert "spent.sql" in words(page(owner, "/code/projection/spent"))
    assert "INSERT INTO spent VALUES" in words(page(owner, "/code/projection/spent"))
    assert "spent" in words(page(owner, "/break/spent"))
    assert "5000" in words(page(owner, "/row/spent/c1"))
    assert "5000" in words(page(owner, "/table/read/spent"))
    assert "CREATE TABLE spent" in words(page(owner, "/schema/read"))
    for path in ("/travel?at=6", "/share", "/log", "/event/6"):
        assert owner.get(path).status_code == 200, path


def test_dropped_it_can_be_brought_back_and_edited_it_says_so(owner):
    act(owner, EDIT)
    strip = words(page(owner).select_one("#beside-spent"))
    assert "filled beside by your new text" in strip
    act(owner, EDIT_TO_ONCE)
    assert act(owner, "model fill spent")["outcome"] == "stopped"
    assert "stopped" in words(page(owner).select_one("#beside-spent"))
    act(owner, "model drop spent")
    assert page(owner).select_one("#read-models button[value='model add spent']")


def test_a_long_line_is_shown_short_and_answered_whole(owner):
    text = SPENT.replace("spent", "other") + "-- " + "x" * 5_000
    assert act(owner, str(ModelWrite("other", text)))["line"] == str(ModelWrite("other", text.rstrip()))
    shown = words(page(owner))
    assert 'model write other "…"' in shown
    assert "x" * 10 not in shown


def test_a_shared_link_or_file_brings_it_along(owner):
    sheet = page(owner, "/share")
    link = sheet.select_one("input[value*='/open?lines=']")["value"]
    asked = page(owner, link[link.index("/open") :])
    lines = asked.select_one("textarea[name=lines]").get_text()
    assert owner.post("/open", data={"lines": lines}).status_code == 303
    act(owner, "run")
    assert "10000 #7" in words(page(owner).select_one("#model-spent"))
    act(owner, str(ModelWrite("other", NAMED.replace("spent", "other") + "-- " + "é" * 3_000)))
    transcript = owner.get("/transcript").get_data(as_text=True)
    assert owner.post("/open", data={"lines": transcript}).status_code == 303
    assert page(owner).select_one("#model-other")
    assert page(owner, "/share").select_one("input[value*='/open?lines=']") is None


def test_its_line_in_the_lag_chart_keeps_its_look_when_another_is_deleted(owner):
    def looks():
        legend = page(owner).select("#lag-chart .legend li")
        return {item.get_text(): item.path["class"] for item in legend}

    for name in ("mine", "yours"):
        act(owner, str(ModelWrite(name, SPENT.replace("spent", name))))
    before = looks()
    act(owner, "model forget mine")
    assert looks() == {name: look for name, look in before.items() if name != "mine"}
    act(owner, str(ModelWrite("theirs", SPENT.replace("spent", "theirs"))))
    now = [" ".join(look) for look in looks().values()]
    assert len(set(now)) == len(now)


def test_the_type_of_an_event_stands_in_one_piece_as_it_is_typed(owner):
    names = page(owner).select("#event-log .tape .name")
    assert names
    assert not any(name.find(True) for name in names)
