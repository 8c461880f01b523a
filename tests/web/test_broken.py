"""The page on which a read model is broken and mended, and what is said elsewhere of one that stopped."""

import pytest
from bs4 import BeautifulSoup

from lab.own_motion import TOO_SLOW
from tests.lab.owned import ADD, EDIT_TO_ONCE
from tests.web.visits import BUY, act

WITH_HTMX = {"HX-Request": "true"}


def soup(response):
    return BeautifulSoup(response.get_data(as_text=True), "html.parser")


def words(tag):
    return " ".join(tag.get_text(" ").split())


@pytest.fixture
def owner(learner):
    """Somebody whose read model spent has had all events, in a shop in which time stands still."""
    for line in (BUY, BUY, "run", ADD, "run spent"):
        assert act(learner, line)["outcome"] in ("accepted", "done")
    return learner


def crashed(owner, name="spent"):
    act(owner, f"crash {name} after_event")
    assert act(owner, "cmd place_order customer=c1 product=mug qty=1")["outcome"] == "accepted"
    assert act(owner, f"run {name}")["outcome"] == "crashed"


def stands(page):
    return page.select_one("#broken-now")


# It follows


@pytest.mark.parametrize("name", ["sales", "spent"])
def test_the_page_asks_what_is_new_by_itself_and_is_told_once(owner, name):
    now = stands(soup(owner.get(f"/break/{name}")))
    assert "every 2s" in now["hx-trigger"]
    assert owner.get(now["hx-get"]).status_code == 204, "nothing has changed"
    crashed(owner, name)
    news = soup(owner.get(now["hx-get"]))
    assert "It crashed (injected) at after_event: nothing kept." in words(stands(news))
    assert "the projector died (injected) at after_event" in words(news.select_one("hx-partial #broken"))
    assert owner.get(stands(news)["hx-get"]).status_code == 204


def test_what_a_worker_does_by_itself_is_news_too(owner, parts):
    now = stands(soup(owner.get("/break/spent")))
    [sandbox_id] = list(parts.shelf._unfolded)
    with parts.shelf.open(sandbox_id) as sandbox:
        sandbox.act("model rebuild spent", origin="projector")
    assert "spent stands at #0" in words(stands(soup(owner.get(now["hx-get"]))))


def test_in_a_lesson_nothing_moves_by_itself_so_nothing_is_asked(client):
    client.get("/lessons/L09")
    assert "every" not in stands(soup(client.get("/break/sales?lesson=L09")))["hx-trigger"]


# Whose fault it is


def test_after_a_crash_no_page_blames_the_text_and_each_lets_it_go_on(owner):
    crashed(owner)
    edit, home, index, sheet = (
        soup(owner.get(path)) for path in ("/models/spent/edit", "/", "/models", "/break/spent")
    )
    told, notice = edit.select_one("#model-standing"), home.select_one("#read-models > .notice")
    assert "The projector crashed at after_event ( injected ): nothing kept. Your text is not to blame." in words(told)
    assert told.select_one("button[value=run]").text == "Let it go on"
    assert "did not pass" not in words(edit.select_one("#model-checked"))
    assert "nothing to mend" in words(edit.select_one("#model-checked"))
    assert "spent stopped: the projector crashed ( injected ), and its text is not to blame." in words(notice)
    assert notice.select_one("button[value='run spent']").text == "Let it go on"
    assert "Mend" not in notice.text
    assert "Its text is not to blame" in words(index.select_one("#own-spent"))
    assert stands(sheet).select_one("button[value='run spent']").text == "Let it go on"
    owner.post("/models", data={"do": "run", "name": "spent"}, headers=WITH_HTMX)
    assert "not to blame" not in owner.get("/models/spent/edit").text + owner.get("/").text


def test_an_event_that_its_sql_cannot_apply_is_named_alike_everywhere_and_its_text_is_to_be_mended(owner):
    act(owner, "model forget spent")
    act(owner, EDIT_TO_ONCE)
    act(owner, "run spent")
    home, sheet, edit = soup(owner.get("/")), soup(owner.get("/break/spent")), soup(owner.get("/models/spent/edit"))
    notice = home.select_one("#read-models > .notice")
    assert "spent stopped at event #7: its SQL cannot apply it." in words(notice)
    assert notice.select_one("a[href='/models/spent/edit']").text == "Mend its text"
    assert "It stopped at event #7 OrderPlaced: " in words(stands(sheet))
    assert "It stopped at event #7, OrderPlaced." in words(edit.select_one("#model-standing"))
    assert "before event" not in words(home) + words(sheet) + words(edit)


def test_one_that_is_too_slow_is_called_slow_and_nobody_offers_to_skip_an_event(owner, parts):
    [sandbox_id] = list(parts.shelf._unfolded)
    with parts.shelf.open(sandbox_id) as sandbox:
        sandbox.read.set_status("spent", "stopped", TOO_SLOW.format(8, 0.5))
    home = soup(owner.get("/"))
    assert "spent stopped at event #8: its SQL takes too long." in words(home.select_one("#read-models > .notice"))
    assert not home.select("#model-spent button[value*='poison=']")
    assert "Its statements together take longer" in words(soup(owner.get("/models/spent/edit")))


# What the page offers, in words that it teaches


def test_a_version_stands_there_only_where_there_is_another_and_says_what_it_is(owner):
    assert not soup(owner.get("/break/spent")).select("button[value^='handler ']")
    parked = soup(owner.get("/break/sales")).select_one("#parked")
    assert len(parked.select("button[value^='handler ']")) == 2
    assert "Version 1 came with the shop." in words(parked)


def test_how_it_stands_its_drift_and_the_answer_are_one_head_that_stays_in_sight(owner):
    act(owner, "run sales")
    head = soup(owner.get("/break/sales")).select_one("#break > .in-sight")
    assert "sales stands at #7, the log ends at #7 Drift : none" in words(head)
    assert head.select_one("#answer-break")
    act(owner, 'patch "UPDATE sales SET units = 9"')
    assert "Drift : 1 row" in words(stands(soup(owner.get("/break/sales"))))


def test_each_word_of_the_trade_opens_where_it_stands(owner):
    sheet, home = soup(owner.get("/break/sales")), soup(owner.get("/"))
    taught = {button["popovertarget"] for button in sheet.select("#break button.word")}
    assert taught >= {"word-drift", "word-oracle", "word-parked-event", "word-projector"}
    for page in (sheet, home):
        for button in page.select("button.word"):
            assert page.find(id=button["popovertarget"]), button
    guards = home.select_one("#model-sales .guards button.word")
    means = home.find(id=guards["popovertarget"])
    explained = {term.text: term.find_next("dd").text for term in means.select("dt")}
    for guard in guards.select("span"):
        assert explained[guard.text] == guard["title"]


def test_what_opens_something_ends_in_dots_and_what_acts_at_once_says_now(owner):
    form = soup(owner.get("/")).select_one("#projector .break")
    assert all(link.text.endswith("…") for link in form.select("a"))
    assert [button.text for button in form.select("button")] == ["Record a poison event now"]
    assert not {"danger"} & {name for link in form.select("a") for name in link["class"]}


@pytest.mark.parametrize(
    "path",
    [
        "/break/sales",
        "/event/6",
        "/schema/read",
        "/table/read/sales",
        "/code/projector",
        "/row/product_card/lamp",
        "/log",
        "/sql/read",
        "/models",
    ],
)
def test_each_page_of_the_sandbox_is_marked_as_that_in_the_head(owner, path):
    [here] = soup(owner.get(path)).select("header.bar nav [aria-current]")
    assert here.text == "Sandbox"


def test_a_chosen_command_from_the_menu_leaves_the_menu_its_name(owner):
    act(owner, "cmd cancel_order order=o-1")
    for menu in soup(owner.get("/")).select(".tabs details.menu > summary"):
        assert words(menu).endswith("More")
