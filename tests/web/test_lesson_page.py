"""The page of a lesson, through its doors: what it asks, offers, keeps and tells, and what it never does by itself."""

import json
from dataclasses import dataclass
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from msgspec.structs import replace

from app import create_app
from lab.lesson_files import Option, lessons
from lab.lesson_path import AGAIN_AFTER
from lab.lesson_text import render_line
from tests.web.visits import act, sandbox_ids

HTMX = {"HX-Request": "true"}
BUY = "cmd place_order customer=c1 product=mug qty=2"
LOOK = "query product_card mug"
L05 = lessons()["L05"]
ADDRESSES = (f"10.0.0.{n}" for n in range(250))


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """One application for all of them, so that its templates are read once."""
    made = create_app(tmp_path_factory.mktemp("home"))
    yield made
    made.extensions["lagoon"].close()


@pytest.fixture
def client(app):
    """A visitor from an address of their own, so that nobody makes too many sandboxes from it."""
    visitor = app.test_client()
    visitor.environ_base["REMOTE_ADDR"] = next(ADDRESSES)
    return visitor


@dataclass
class Page:
    """A lesson's page as it was answered."""

    soup: BeautifulSoup
    status: int

    def __getitem__(self, selector: str) -> Tag:
        found = self.soup.select_one(selector)
        assert found is not None, selector
        return found

    def text(self, selector: str) -> str:
        return " ".join(self[selector].get_text(" ").split())

    def all(self, selector: str) -> list[str]:
        return [" ".join(found.get_text(" ").split()) for found in self.soup.select(selector)]

    def lines(self) -> set[str]:
        """Every line that a button of the stage writes."""
        return {str(button["value"]) for button in self.soup.select("main button[name=line][value]")}


def told(text: str, page: Page, selector: str) -> bool:
    """Tell whether a lesson's Markdown stands in a part of the page, as a reader reads it."""
    words = BeautifulSoup(render_line(text), "html.parser").get_text()
    return "".join(words.split()) in "".join(page[selector].get_text().split())


def get(client: FlaskClient, path: str = "/lessons/L05", **options) -> Page:
    response = client.get(path, **options)
    return Page(BeautifulSoup(response.text, "html.parser"), response.status_code)


def post(client: FlaskClient, path: str, lesson: str = "L05", **fields: str):
    return client.post(f"/lessons/{lesson}/{path}", data=fields)


def do(client: FlaskClient, *lines: str, lesson: str = "L05") -> None:
    for line in lines:
        response = client.post(
            "/actions", data={"line": line}, query_string={"lesson": lesson}, headers={"Accept": "application/json"}
        )
        assert response.status_code == 200, (line, response.get_json())


def finish(client: FlaskClient, lesson: str = "L05") -> None:
    do(client, *lessons()[lesson].reference.lines, lesson=lesson)


def bet(client: FlaskClient, choice: str) -> None:
    assert post(client, "bet", choice=choice).status_code == 303


def standing(client: FlaskClient, lesson: str = "L05") -> dict:
    return json.loads(client.get("/progress.json").data)["lessons"].get(lesson, {})


def right_option(lesson: str, kind: str) -> str:
    options = getattr(lessons()[lesson], kind).options
    return str(next(n for n, option in enumerate(options) if option.correct))


def wrong_option(lesson: str, kind: str) -> str:
    options = getattr(lessons()[lesson], kind).options
    return str(next(n for n, option in enumerate(options) if not option.correct))


# What it shows


@pytest.mark.parametrize("name", [name for name in lessons() if name != "L00"])
def test_every_lesson_opens_at_its_first_step_with_its_sandbox_beside_it(client, name):
    lesson, page = lessons()[name], get(client, f"/lessons/{name}")
    assert page.text("h1") == lesson.title
    assert page["[aria-current=step]"]["id"] == "step-1"
    assert page.all(".steps h3") == [f"{step.label} {'to come' if n else 'now'}" for n, step in enumerate(lesson.step)]
    assert {text.split()[-1] for text in page.all(".checks li")} == {"open"}
    assert page.soup.select("#write-tables, #event-log, #read-models")


def test_the_frame_stands_in_its_order_and_its_headings_too(client):
    do(client, "step product_card", lesson="L04")
    finish(client)
    post(client, "answer", owner="L05", kind="concept", choice=right_option("L05", "concept"))
    rail = get(client)["#rail"]
    parts = [rail.select_one(at) for at in (".look-back", "#situation-later", ".steps", ".checks", "#concept")]
    parts += [rail.select_one(at) for at in (".take-away", ".world", ".onward")]
    order = list(rail.descendants)
    places = [next(n for n, each in enumerate(order) if each is part) for part in parts]
    assert places == sorted(places)
    levels = [int(heading.name[1]) for heading in rail.select("h1, h2, h3")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_opener_keeps_its_own_stage(client):
    page = get(client, "/lessons/L00")
    assert page.soup.select(".sixty")
    assert not page.soup.select("#rail")


def test_the_door_sleeps_in_words_and_shows_every_event(client):
    for number, posted in ((6, {"choice": "5"}), (6, {"button": "0"}), (7, {"button": "0"}), (8, {"button": "1"})):
        post(client, "bet" if "choice" in posted else "do", lesson="L00", **posted)
        page = get(client, "/lessons/L00")
        assert "asleep" in page.text("#mark .paused")
        assert [words.split()[0] for words in page.all(".tape .ev")] == [str(n) for n in range(number, 0, -1)]
        assert f"⋮ {number - 3} event" in page.text(".tape .on-a-phone")


def test_who_bet_right_at_the_door_is_told_so_and_the_others_that_nothing_is_broken(client):
    post(client, "bet", lesson="L00", choice="5")
    told = get(client, "/lessons/L00").text(".reveal")
    assert told.startswith("Right: it says 5. It knows")
    post(client, "restart", lesson="L00")
    post(client, "bet", lesson="L00", choice="3")
    told = get(client, "/lessons/L00").text(".reveal")
    assert told.startswith("You said 3. It says 5. Nothing is broken. It knows")


@pytest.mark.parametrize(
    ("page", "place"), [("/lessons", ".lead"), ("/lessons/L00", "#lesson"), ("/lessons/L01", ".take-away")]
)
def test_the_pattern_is_named_in_the_first_minutes_and_spelled_out(client, page, place):
    do(client, *lessons()["L00"].reference.lines, lesson="L00")
    finish(client, "L01")
    post(client, "answer", lesson="L01", owner="L01", kind="concept", choice=right_option("L01", "concept"))
    text = get(client, page).text(place)
    assert "CQRS" in text
    assert "Command Query Responsibility Segregation" in text


@pytest.mark.parametrize("name", [name for name in lessons() if name != "L00"])
def test_what_was_prepared_is_no_news_and_the_projector_is_asleep(client, name):
    page = get(client, f"/lessons/{name}")
    assert not page.soup.select("main .changed")
    assert page.all("#projector .asleep") in (["asleep"], ["stopped"])


def test_what_a_refused_command_left_alone_says_changed_no_more(client):
    rug = "cmd place_order product=rug qty=1 customer="
    do(client, rug + "c1", lesson="L02")
    assert "changed" in get(client, "/lessons/L02").text("#w-stock-rug")
    client.post("/actions?lesson=L02", data={"line": rug + "c2"})
    page = get(client, "/lessons/L02")
    assert page.all("#write-tables tr:has(.changed) td.c-outcome") == ["refused"]
    assert len(page.soup.select("#write-tables .changed")) == 1


def test_a_bulk_leaves_the_stock_as_it_was(client):
    do(client, "bulk 10", lesson="L01")
    page = get(client, "/lessons/L01")
    assert page.soup.select(".t-orders .changed")
    assert not page.soup.select(".t-stock .changed")


@pytest.mark.parametrize(
    ("lesson", "form", "field", "held"),
    [
        ("L07", "Place order", "product", "rug"),
        ("L07", "Place order", "qty", "1"),
        ("L07", "Change price", "price", "26.00"),
        ("L07", "Product page", "key", "rug"),
        ("L09", "Sales", "key", "mug"),
        ("L06", "Place order", "qty", "2"),
    ],
)
def test_the_forms_hold_what_the_lesson_is_about(client, lesson, form, field, held):
    control = get(client, f"/lessons/{lesson}")[f"form.one[aria-label='{form}'] [name={field}]"]
    chosen = control.select_one("option[selected]") or control
    assert chosen["value"] == held


def test_the_door_says_changed_where_the_newest_event_was_seen_last(client):
    for posted, store, gone in (
        ({"choice": "3"}, "w-lamp", "r-lamp"),
        ({"button": "0"}, "r-lamp", "w-lamp"),
        ({"button": "0"}, "w-mug", "r-lamp"),
    ):
        post(client, "bet" if "choice" in posted else "do", lesson="L00", **posted)
        page = get(client, "/lessons/L00")
        assert "changed" in page.text(f"#{store}")
        assert "changed" not in page.text(f"#{gone}")


# Bets


def test_a_bet_locks_and_its_reveal_comes_with_what_happened_when_the_step_is_over(client):
    keys = [button["data-key"] for button in get(client).soup.select(".bet-here button")]
    assert keys == [str(n) for n, _ in enumerate(L05.step[0].predict.options, 1)]
    bet(client, "18")
    page = get(client)
    assert "You said: 18" in page.text(".locked")
    assert not page.soup.select(".bet-here, .reveal")
    assert post(client, "bet", choice="20").status_code == 422
    do(client, BUY, LOOK)
    page = get(client)
    assert page.text("#step-1 .reveal").startswith("You said: 18. It was: 20. The page says itself")
    assert page["[aria-current=step]"]["id"] == "step-2"


def test_what_happened_is_what_was_true_when_the_step_was_over_and_not_later(client):
    bet(client, "18")
    do(client, BUY, LOOK, "run", LOOK, "cmd restock product=mug qty=9", LOOK)
    assert "It was: 20." in get(client).text("#step-1 .reveal")
    assert standing(client)["bets"]["0"]["actual"] == 20


def test_a_bet_on_a_moment_that_never_came_is_neither_right_nor_wrong(client):
    bet(client, "20")
    do(client, "cmd place_order customer=c1 product=rug qty=1", "query product_card rug", BUY, BUY)
    bet(client, "18")
    do(client, "run", LOOK, BUY, BUY, "step product_card", LOOK)
    page = get(client)
    for step, said in ((1, "20"), (3, "18")):
        told = page.text(f"#step-{step} .reveal")
        assert told.startswith(f"You said: {said}. You took another way, so that was not put to the test. ")
        assert "None" not in told
    assert [placed.get("right") for placed in standing(client)["bets"].values()] == [None, None]


def test_who_acts_without_a_bet_goes_on_without_a_reveal(client):
    do(client, BUY, LOOK)
    page = get(client)
    assert page["[aria-current=step]"]["id"] == "step-2"
    assert not page.soup.select(".reveal")


def test_a_bet_that_is_none_is_refused_in_words(client):
    response = post(client, "bet", choice="<b>7")
    assert response.status_code == 422
    assert "There is no such bet" in Page(BeautifulSoup(response.text, "html.parser"), 422).text(".problem")


def test_what_happened_is_told_in_the_words_of_the_option_that_says_it(client):
    predict = next(step.predict for step in lessons()["L07"].step if step.predict)
    post(client, "bet", lesson="L07", choice=predict.options[0].key)
    do(client, "cmd place_order customer=c1 product=rug qty=1", "query product_card rug", lesson="L07")
    post(client, "bet", lesson="L07", choice=predict.options[0].key)
    client.post("/actions?lesson=L07", data={"line": "cmd place_order customer=c2 product=rug qty=1"})
    told = next(option.key for option in predict.options if option.says(predict.expect))
    assert f"It was: {told}." in get(client, "/lessons/L07").text(".reveal")


# Checks


def test_what_a_step_looks_for_is_told_when_its_bet_is_placed_and_not_before(client):
    told = [check.say for check in L05.check]
    first, later = get(client).all(".checks li")[0], get(client).all(".checks li")[1:]
    assert first == "comes when you have bet open"
    assert later[0] == "comes with step 2 open"
    bet(client, "20")
    assert get(client).all(".checks li")[0] == f"{told[0]} open"


def test_checks_light_up_one_by_one_in_a_word_and_not_by_colour_alone(client):
    lit = []
    for line in L05.reference.lines:
        do(client, line)
        lit.append(sum(text.endswith("done") for text in get(client).all(".checks li")))
    assert lit[0] == 0
    assert lit == sorted(lit)
    assert lit[-1] == len(L05.check)


@pytest.mark.parametrize("slot", ["write", "line"])
def test_every_action_is_noted_when_it_is_done_whichever_form_it_came_by(client, slot):
    bet(client, "20")
    for line in L05.reference.lines:
        client.post("/actions?lesson=L05", data={"line": line, "slot": slot}, headers=HTMX)
    kept = standing(client)
    assert kept["passed"]
    assert kept["bets"]["0"]["right"] is True


def test_a_pass_that_was_noted_stays_though_everything_is_taken_back(client):
    finish(client)
    do(client, "undo", "undo", "undo")
    post(client, "restart")
    assert standing(client)["passed"]
    assert get(client)["[aria-current=step]"]["id"] == "step-1"


def test_free_play_notes_nothing_about_lessons(client):
    act(client, BUY)
    assert json.loads(client.get("/progress.json").data)["lessons"] == {}


def test_the_rail_comes_with_the_other_panels_to_who_listens(client):
    do(client, BUY)
    do(client, LOOK)
    news = client.get("/panels?lesson=L05&seen=").text
    assert 'hx-target="#rail"' in news
    assert 'id="step-2" aria-current="step"' in news


# What it offers


def test_only_the_verbs_of_the_lesson_are_offered(client):
    page = get(client)
    assert page.all("#composer .tabs label") == ["Place order"]
    assert page.all("#asker .tabs label") == ["Product page"]
    assert page.lines() == {"step product_card", "run"}
    assert not page.soup.select("main input[type=range], main details.menu")


def test_free_play_offers_everything(client):
    get(client)
    page = get(client, "/")
    assert {"pause", "resume", "step all", "run", "poison", "model drop sales"} <= page.lines()
    assert len(page.soup.select("#composer form.one")) == 8


@pytest.mark.parametrize(
    ("lesson", "there"),
    [
        ("L01", {"measure crud", "measure read_model", "bulk 900", "index", "model add customer_card", "run"}),
        ("L03", {"dual off", "model add order_list", "run"}),
        ("L08", {"model add sales from=end", "model add sales", "model add customer_card", "model rebuild sales"}),
    ],
)
def test_whole_lines_that_a_lesson_names_have_a_button_each(client, lesson, there):
    assert there <= get(client, f"/lessons/{lesson}").lines()


def test_what_is_broken_in_a_lesson_is_broken_only_as_the_lesson_says(client):
    sheet = client.get("/break/sales?lesson=L09").text
    assert "crash sales before_checkpoint" in sheet
    assert "mode sales atomic=on" in sheet
    assert "dual on" not in sheet
    assert "reorder sales" not in sheet
    assert "dual on" in client.get("/break/sales").text


def test_a_lesson_has_what_its_text_speaks_of(client):
    assert get(client, "/lessons/L02").soup.select("#composer input[name=id], #composer input[name=expect]")
    assert get(client, "/lessons/L04").soup.select('#read-models a[href*="/code/projection/product_card"]')


def test_nothing_that_is_typed_is_refused_for_not_being_offered(client):
    do(client, "cmd restock product=rug qty=3", "model add sales", "run sales", "query sales")


def test_measures_stand_beside_each_other(client):
    do(client, "measure crud", "bulk 900", "measure crud", lesson="L01")
    rows = get(client, "/lessons/L01").all("#measures li")
    assert [row.split(":")[0] for row in rows] == ["crud 100 orders", "crud 1,000 orders"]


# Questions


def test_the_look_back_may_be_skipped_and_each_answer_says_why(client):
    assert not get(client).soup.select(".look-back")
    do(client, "step product_card", lesson="L04")
    page = get(client)
    assert page.text(".look-back summary").endswith("may be skipped")
    assert page["button.choice[data-key='2'] kbd"].get_text() == "2"
    wrong, right = (int(pick("L05", "retrieval")) for pick in (wrong_option, right_option))
    post(client, "answer", owner="L05", kind="retrieval", choice=str(wrong))
    page = get(client)
    assert told(L05.retrieval.options[wrong].why, page, ".look-back")
    assert not told(L05.retrieval.options[right].why, page, ".look-back")
    post(client, "answer", owner="L05", kind="retrieval", choice=str(right))
    page = get(client)
    assert all(told(option.why, page, ".look-back") for option in L05.retrieval.options)
    assert not page.soup.select(".look-back button")
    assert [attempt["choice"] for attempt in standing(client)["retrieval"]] == [wrong, right]


def test_the_concept_question_comes_when_the_steps_are_over_and_the_take_away_after_its_answer(client):
    assert post(client, "answer", owner="L05", kind="nonsense", choice="0").status_code == 422
    assert not get(client).soup.select("#concept, .take-away")
    finish(client)
    page = get(client)
    assert len(page.soup.select("#concept button[data-key]")) == len(L05.concept.options)
    assert not page.soup.select(".take-away")
    post(client, "answer", owner="L05", kind="concept", choice=wrong_option("L05", "concept"))
    assert get(client)["details#give-up .take-away"]
    post(client, "answer", owner="L05", kind="concept", choice=right_option("L05", "concept"))
    page = get(client)
    assert all(told(option.why, page, "#concept") for option in L05.concept.options)
    assert page["a.button[href='/lessons/L06']"]
    assert "In the real world" in page.text(".world")
    assert not page.soup.select("#give-up")


def test_what_was_answered_wrong_comes_again_two_lessons_later(client):
    finish(client)
    post(client, "answer", owner="L05", kind="concept", choice=wrong_option("L05", "concept"))
    later = list(lessons())[list(lessons()).index("L05") + AGAIN_AFTER]
    assert len(get(client, f"/lessons/{later}").soup.select(".look-back")) == 1
    do(client, "query order_list", lesson="L06")
    page = get(client, f"/lessons/{later}")
    assert "Once more from lesson 5, may be skipped" in page.all(".look-back summary")
    assert not [text for text in get(client, "/lessons/L06").all(".look-back summary") if text.startswith("Once")]


# Hints


def test_a_hint_has_three_levels_and_the_full_line_only_in_the_third(client):
    do(client, BUY)
    levels = next(hint for hint in L05.hint if hint.id == "not-stale-yet").levels
    seen = []
    for _ in levels:
        post(client, "hint")
        seen.append(get(client).all("#hint .prose"))
    assert [len(texts) for texts in seen] == [1, 2, 3]
    assert "query product_card mug" not in " ".join(seen[1])
    assert "query product_card mug" in seen[2][2]
    assert "Another hint" not in get(client).text(".helps")


def test_the_page_asks_for_a_hint_by_itself_after_a_while_and_gets_the_first_level_once(client):
    do(client, BUY)
    waiting = get(client)["[id^=patience]"]
    assert waiting["hx-trigger"] == "load delay:20s"
    key = str(waiting.select_one("input[name=key]")["value"])
    post(client, "hint", key=key)
    page = get(client)
    assert len(page.all("#hint .prose")) == 1
    assert not page.soup.select("[id^=patience]")
    post(client, "hint", key=key)
    assert len(get(client).all("#hint .prose")) == 1


def test_a_page_that_waited_through_some_progress_waits_on(client):
    do(client, BUY)
    key = str(get(client)["[id^=patience] input[name=key]"]["value"])
    do(client, LOOK)
    post(client, "hint", key=key)
    assert not get(client).soup.select("#hint")


def test_who_has_done_nothing_yet_is_given_time_to_read(client):
    assert get(client)["[id^=patience]"]["hx-trigger"] == "load delay:60s"


# Going back, and help


def test_undo_takes_the_step_back(client):
    do(client, BUY, LOOK)
    assert client.post("/actions?lesson=L05", data={"line": "undo"}).status_code == 303
    assert get(client)["[aria-current=step]"]["id"] == "step-1"


def test_starting_again_says_what_is_lost_and_drops_bets_and_lines(client):
    bet(client, "18")
    do(client, BUY, LOOK)
    post(client, "hint")
    asks = get(client).text("#again")
    assert all(word in asks for word in ("lines", "bets", "hints", "passed", "answered"))
    assert post(client, "restart").status_code == 303
    page = get(client)
    assert page.soup.select(".bet-here")
    assert not page.soup.select("#hint, .reveal")
    assert client.get("/state?lesson=L05").get_json()["head"] == 5


def test_the_solution_is_written_line_by_line_with_its_steps_and_not_run(client):
    before = client.get("/state?lesson=L05").get_json()
    page = get(client, "/lessons/L05?solution=1")
    assert page.all("#solution code") == list(L05.reference.lines)
    assert page.all("#solution h3") == [f"Step {n}" for n, _ in enumerate(L05.step, 1)]
    assert client.get("/state?lesson=L05").get_json() == before
    assert not get(client).soup.select("#solution code")


def test_all_stands_as_it_was_after_a_reload_and_after_the_server_was_started_again(make_app):
    client = make_app().test_client()
    bet(client, "18")
    do(client, BUY, LOOK, "cmd place_order customer=c2 product=lamp qty=1")
    post(client, "answer", owner="L05", kind="retrieval", choice="0")
    post(client, "hint")
    before = str(get(client)["#rail"])
    assert str(get(client)["#rail"]) == before
    again = make_app().test_client()
    cookie = client.get_cookie("session")
    again.set_cookie("session", cookie.value)
    assert str(get(again)["#rail"]) == before
    assert post(again, "restart").status_code == 303


# Links to a step


@pytest.mark.parametrize("step", [1, 3, 4])
def test_who_has_begun_nothing_sees_a_step_by_its_link_at_once(client, step):
    response = client.get(f"/lessons/L05?step={step}")
    assert (response.status_code, response.location) == (303, "/lessons/L05")
    assert get(client)["[aria-current=step]"]["id"] == f"step-{step}"


def test_who_has_begun_is_asked_before_anything_is_replaced(client):
    do(client, BUY)
    state = client.get("/state?lesson=L05").get_json()
    page = get(client, "/lessons/L05?step=3")
    assert page.text(".asked-step button") == "Open step 3; what stands here now is replaced"
    assert client.get("/state?lesson=L05").get_json() == state
    assert post(client, "open", step="3").status_code == 303
    assert get(client)["[aria-current=step]"]["id"] == "step-3"


def test_a_step_opened_anew_has_its_bet_open_and_those_before_it_as_they_were(client):
    bet(client, "18")
    finish(client)
    post(client, "open", step="3")
    page = get(client)
    assert page["[aria-current=step]"].select(".bet-here")
    post(client, "open", step="1")
    assert get(client).soup.select("#step-1 .bet-here")


@pytest.mark.parametrize("step", ["0", "5", "99", "-1", "x", "", "3;DROP", "٣", "<b>"])
def test_a_step_that_there_is_not_is_said_in_words_and_makes_nothing(client, parts, step):
    before = sandbox_ids(parts)
    page = get(client, "/lessons/L05", query_string={"step": step})
    assert page.status == 404
    assert "L05 has 1 to 4" in page.text(".problem")
    assert post(client, "open", step=step).status_code == 404
    assert page.soup.select("#rail")
    assert sandbox_ids(parts) == before


def test_the_link_to_the_present_step_leads_there(client):
    do(client, BUY, LOOK)
    assert get(client)["#link-here input"]["value"] == "http://localhost/lessons/L05?step=2"


def test_looking_at_lessons_makes_no_sandbox(client, parts):
    before = sandbox_ids(parts)
    for name in lessons():
        client.get(f"/lessons/{name}")
    client.post("/lessons/L05/hint")
    client.post("/lessons/L05/answer", data={"owner": "L05", "kind": "retrieval", "choice": "0"})
    assert sandbox_ids(parts) == before


# Announced, and safe


def test_what_is_announced_is_marked_and_the_live_region_is_empty_when_the_page_comes(client):
    bet(client, "18")
    do(client, BUY, LOOK)
    post(client, "hint")
    page = get(client)
    marked = [str(tag["data-say"]) for tag in page.soup.select("[data-say]")]
    assert {"reveal-1", "check-stale-read-seen"} <= set(marked)
    assert any(name.startswith("hint-") for name in marked)
    assert len(set(marked)) == len(marked)
    region = page["#said-aloud"]
    assert (region["aria-live"], region.get_text()) == ("polite", "")
    assert not region.find_parent(id="rail")


NASTY = """<img src=x onerror=alert(1)><script>alert(2)</script> & "quoted" [x](javascript:alert(3))"""


def test_what_an_author_writes_is_shown_and_not_obeyed(client, monkeypatch):
    first = L05.step[0]
    bad_bet = replace(first.predict, stem=NASTY, explain=NASTY, options=(Option(key=NASTY), *first.predict.options))
    bad_step = replace(first, label=NASTY, text=NASTY, predict=bad_bet)
    bad_checks = tuple(replace(check, say=NASTY) for check in L05.check)
    hostile = replace(L05, title=NASTY, situation=NASTY, step=(bad_step, *L05.step[1:]), check=bad_checks)
    monkeypatch.setitem(lessons(), "L05", hostile)
    post(client, "bet", choice=NASTY)
    do(client, BUY, LOOK)
    page = get(client)
    assert not page.soup.select("#guide script, #guide img, #guide a[href^=javascript]")
    assert page.text("h1") == NASTY
    assert f"You said: {NASTY}" in page.text(".reveal")
