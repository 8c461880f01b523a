"""The map: every lesson with its state and its minutes, what is next, and from every page the way back."""

import io

from bs4 import BeautifulSoup

from lab.lesson_files import lessons
from lab.lesson_progress import Attempt, Progress, Standing, exported

PASSED = "2026-11-23T12:00:00Z"
LESSONS = lessons()


def bring(client, **standings):
    """Come to a state by the file that a learner brings in."""
    made = {name: Standing(LESSONS[name].revision, begun=PASSED, **more) for name, more in standings.items()}
    content = exported(Progress(lessons=made))
    assert client.post("/progress", data={"file": (io.BytesIO(content), "p.json")}).status_code == 303


def passed(*names):
    return {name: {"passed": PASSED} for name in names}


def look(client, path="/lessons"):
    response = client.get(path)
    assert response.status_code == 200
    return BeautifulSoup(response.text, "html.parser")


def words(element):
    return " ".join(element.get_text(" ").split())


def stands(page, lesson):
    return [words(stand) for stand in page.select(f"#{lesson} .stand")]


# The map


def test_every_lesson_is_a_link_with_its_number_title_and_teaser_under_its_module(client):
    page = look(client)
    assert [li["id"] for li in page.select(".module .cards li")] == list(LESSONS)
    for lesson in LESSONS.values():
        card = page.select_one(f"#{lesson.id} a")
        assert card["href"] == f"/lessons/{lesson.id}"
        assert words(card).startswith(f"Lesson {int(lesson.id[1:])} {lesson.title} {lesson.teaser}".strip())
        heading = words(page.select_one(f".module:has(#{lesson.id}) h2"))
        assert heading.startswith(lesson.module or "Begin here")


def test_a_newcomer_sees_all_minutes_the_door_as_next_and_what_each_lesson_comes_after(client):
    page = look(client)
    everything = sum(lesson.minutes for lesson in LESSONS.values())
    assert words(page.select_one(".total")) == f"0 of {len(LESSONS)} passed · about {everything} min left"
    assert [li["id"] for li in page.select("li.next")] == ["L00"]
    assert stands(page, "L00") == ["next"]
    assert stands(page, "L05") == ["best after 4"]
    assert words(page.select_one("#L05 .min")) == f"{LESSONS['L05'].minutes} min"


def test_in_the_middle_it_says_what_is_passed_which_step_is_next_and_the_minutes_left(client):
    bring(client, **passed("L00", "L01", "L02", "L03", "L04"), L05={"over": 1})
    page = look(client)
    assert stands(page, "L04") == ["passed"]
    assert words(page.select_one("#L04 .min")) == ""
    assert stands(page, "L05") == [f"step 2 of {len(LESSONS['L05'].step)}"]
    assert "min left" in words(page.select_one("#L05 .min"))
    assert "all passed" in words(page.select_one(".module:has(#L04) h2"))
    assert page.select_one("progress")["value"] == "5"


def test_a_question_to_repeat_is_marked_where_it_will_be_met(client):
    wrong = Attempt(0, False, "L02", PASSED)
    bring(client, L02={"passed": PASSED, "concept": [wrong]})
    assert not look(client).select(".again")
    bring(client, **passed("L03"))
    page = look(client)
    assert [li["id"] for li in page.select("li:has(.again)")] == ["L04"]
    assert stands(page, "L04")[0] == "a question of lesson 2 again"


def test_when_all_is_passed_nothing_is_next_and_nothing_left(client):
    bring(client, **passed(*LESSONS))
    page = look(client)
    assert words(page.select_one(".total")) == f"{len(LESSONS)} of {len(LESSONS)} passed"
    assert not page.select("li.next, .min:not(:empty)")


def test_the_map_counts_no_points_and_no_speed(client):
    text = words(look(client).main).lower()
    assert not any(word in text for word in ("point", "badge", "score", "streak", "rank", "%"))


# Starting over


def test_a_lesson_that_was_begun_can_be_started_over_from_the_map(client):
    client.get("/lessons/L00")
    client.post("/lessons/L00/bet", data={"choice": "3"})
    assert "Back to L00" in look(client, "/words").header.get_text()
    [form] = look(client).select("#L00 form")
    assert form["action"] == "/lessons/L00/start-over"
    assert client.post(form["action"]).location == "/lessons"
    assert stands(look(client), "L00") == ["next"]
    assert "Back to" not in look(client, "/words").header.get_text()
    assert "Step 1 of" in client.get("/lessons/L00").text


def test_starting_over_keeps_what_was_answered(client):
    bring(client, L02={"over": 1, "retrieval": [Attempt(0, True, "L02", PASSED)]})
    client.post("/lessons/L02/start-over")
    standing = client.get("/progress.json").get_json()["lessons"]["L02"]
    assert standing["retrieval"]
    assert "over" not in standing
    assert "begun" not in standing


def test_a_lesson_that_was_not_begun_or_is_passed_has_nothing_to_start_over(client):
    bring(client, **passed("L01"))
    assert look(client).select("li form") == []


def test_an_unknown_lesson_cannot_be_started_over(client):
    assert client.post("/lessons/L99/start-over").status_code == 404


# The way back


def test_every_page_leads_back_to_the_lesson_under_way(client):
    client.get("/lessons/L05")
    for path in ("/", "/words", "/experiments", "/teach", "/lessons", "/event/1", "/race", "/nowhere"):
        back = BeautifulSoup(client.get(path).text, "html.parser").select_one("header .back")
        assert (words(back), back["href"]) == ("Back to L05, step 1", "/lessons/L05")


def test_the_way_back_says_the_step_that_the_lesson_stands_at(client):
    client.get("/lessons/L00")
    client.post("/lessons/L00/bet", data={"choice": "3"})
    assert words(look(client, "/words").select_one(".back")) == "Back to L00, step 2"


def test_there_is_none_on_the_page_of_the_lesson_itself_nor_before_a_lesson_was_opened(client):
    assert look(client, "/words").select(".back") == []
    for lesson in ("L00", "L05"):
        assert look(client, f"/lessons/{lesson}").select(".back") == []


def test_it_leads_to_the_lesson_that_was_opened_last(client):
    for lesson in ("L05", "L02"):
        client.get(f"/lessons/{lesson}")
    assert "L02" in words(look(client, "/words").select_one(".back"))


def test_it_goes_away_when_the_lesson_is_passed_or_all_is_forgotten(client):
    client.get("/lessons/L05")
    bring(client, **passed("L05"))
    assert look(client, "/words").select(".back") == []
    client.get("/lessons/L02")
    assert look(client, "/words").select(".back")
    client.post("/progress/forget")
    assert look(client, "/words").select(".back") == []


def test_who_brought_the_progress_along_goes_on_at_the_step_which_is_prepared(client):
    client.get("/lessons/L05")
    bring(client, L05={"over": 2}, L06={"over": 0})
    page = look(client)
    assert page.select_one("#L05 a")["href"] == page.select_one(".back")["href"] == "/lessons/L05?step=3"
    assert page.select_one("#L06 a")["href"] == "/lessons/L06"
    client.get("/lessons/L05?step=3")
    page = look(client)
    assert page.select_one("#L05 a")["href"] == page.select_one(".back")["href"] == "/lessons/L05"
    assert words(page.select_one(".back")) == "Back to L05, step 3"
