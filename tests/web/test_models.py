"""The pages of read models of one's own: writing one, having it looked over, trying it, adding it, taking it away."""

import io
import json

import pytest
from bs4 import BeautifulSoup

from lab import event_guide, guard, own_text
from lab.actions import ModelWrite
from lab.guard import policy, workers
from lab.projections import BUILT_IN
from lab.tasks import tasks
from tests.web.visits import act, dump, sandbox_ids

SPEND = """-- What each customer has ordered for.
-- key: customer_id

CREATE TABLE spend (
    customer_id TEXT PRIMARY KEY,
    cents       INTEGER NOT NULL,
    from_event  INTEGER NOT NULL
);

-- on OrderPlaced
INSERT INTO spend VALUES (:customer_id, :total_cents, :position)
ON CONFLICT (customer_id) DO UPDATE SET cents = cents + :total_cents, from_event = :position;"""

CANCELLED = "\n\n-- on OrderCancelled\nUPDATE spend SET cents = cents - :total_cents WHERE customer_id = :customer_id;"

UNGUARDED = SPEND.partition("\nON CONFLICT")[0] + ";"


def soup(response):
    return BeautifulSoup(response.text, "html.parser")


def send(client, source, name="spend", do="check", htmx=False, **more):
    headers = {"HX-Request": "true"} if htmx else {}
    form = {"name": name, "source": source.replace("\n", "\r\n"), "do": do, **more}
    return client.post("/models/edit", data=form, headers=headers)


def findings(page):
    return [" ".join(each.get_text().split()) for each in page.select(".findings li")]


def text_of(page):
    return page.select_one("#model-source").get_text().removeprefix("\n")


def state(client):
    return client.get("/state").get_json()


@pytest.fixture
def shop(learner):
    """Two customers who have ordered; one order is cancelled."""
    for line in (
        "cmd place_order customer=c1 product=lamp qty=2 order=a",
        "cmd place_order customer=c2 product=mug qty=1 order=b",
        "cmd place_order customer=c1 product=mug qty=1 order=c",
        "cmd cancel_order order=c",
    ):
        act(learner, line)
    return learner


# Where it begins


def test_a_copy_of_each_built_in_one_but_the_search_is_right_as_it_stands(shop):
    for name in BUILT_IN:
        answer = shop.get(f"/models/new?copy={name}")
        if name in own_text.NO_COPY:
            assert answer.status_code == 404
            continue
        page = soup(answer)
        assert page.select_one("[name=name]")["value"] == f"my_{name}"
        assert "reads well · not tried on events yet" in page.select_one("#model-checked").text, name
        assert "rebuild" not in text_of(page)


def test_why_the_search_cannot_be_copied_stands_beside_it(learner):
    page = soup(learner.get("/models"))
    assert {a["href"] for a in page.select("a[href*='copy=']")} == {
        f"/models/new?copy={name}" for name in BUILT_IN if name != "product_search"
    }
    assert "It cannot be copied. Its table is a virtual one" in page.text


def test_the_blank_start_is_right_as_it_stands_and_keeps_up_with_the_log(shop):
    page = soup(shop.get("/models/new"))
    name = page.select_one("[name=name]")["value"]
    assert send(shop, text_of(page), name, "add").status_code == 303
    act(shop, f"run {name}")
    assert state(shop)["projections"][name]["behind"] == 0
    assert state(shop)["rows"]["read"][name] == 1


def test_the_list_says_what_one_is_for_and_takes_no_key_for_that(shop):
    send(shop, SPEND, do="add")
    assert "What each customer has ordered for." in soup(shop.get("/models")).select_one("#own-spend").text
    send(shop, SPEND.partition("\n")[2], was="spend", do="add")
    assert "key:" not in soup(shop.get("/models")).select_one("#own-spend").text


def test_a_copy_gets_a_name_that_is_free(shop):
    send(shop, SPEND, do="add")
    assert soup(shop.get("/code/projection/spend")).select("a[href='/models/spend/edit']")
    assert soup(shop.get("/code/projection/sales")).select("a[href='/models/new?copy=sales']")
    page = soup(shop.get("/models/new?copy=spend"))
    assert page.select_one("[name=name]")["value"] == "spend_2"
    assert "CREATE TABLE spend_2 (" in text_of(page)


# Events that can be used


def test_each_event_tells_its_fields_how_many_there_are_and_the_newest(shop):
    page = soup(shop.get("/models/new"))
    events = page.select(".events>li>details")
    assert [each.summary.get_text().split()[0] for each in events] == list(event_guide.FIELDS)
    placed = next(each for each in events if each.summary.get_text().startswith("OrderPlaced"))
    assert [li.code.text for li in placed.select(".fields-of li")] == [
        ":order_id",
        ":customer_id",
        ":customer_name",
        ":lines",
        ":total_cents",
        ":placed_on",
    ]
    assert "list of product_id, name, qty, unit_price_cents" in placed.text
    assert placed.small.text.split()[0] == "3"
    assert json.loads(placed.pre.text)["order_id"] == "c"


# Looked over


TO_MEND = (
    (
        SPEND.replace(":total_cents,", ":total,"),
        "spend",
        "line 11 OrderPlaced has no field :total. Did you mean :total_cents?",
    ),
    (SPEND.replace("cents = cents", "cents = cent"), "spend", "line 12 SQLite says: no such column: cent."),
    (
        SPEND.replace("OrderPlaced", "OrderPlace"),
        "spend",
        "line 10 There is no event OrderPlace. Did you mean OrderPlaced?",
    ),
    (SPEND.replace("-- key: customer_id", ""), "spend", "The read model spend has no line '-- key: <column>'."),
    (SPEND, "sales", "There is a read model sales already; another name is free."),
    (SPEND, "other", "line 4 A file makes one table, and it bears the name of the read model: other."),
    ("", "spend", "The read model spend has no line '-- key: <column>'."),
)


def test_what_is_to_be_mended_is_said_at_its_place_with_and_without_a_script(learner):
    for source, name, said in TO_MEND:
        whole, part = send(learner, source, name), send(learner, source, name, htmx=True)
        assert (whole.status_code, part.status_code) == (422, 200)
        for page in (soup(whole), soup(part)):
            assert any(each.startswith(said) for each in findings(page)), findings(page)
        assert text_of(soup(whole)) == source


def test_what_is_to_be_mended_stands_in_the_order_of_its_lines_in_whole_sentences(shop):
    wrong = SPEND.replace("spend VALUES", "spend (customer) VALUES").replace("+ :total_cents", "+ :day")
    said = findings(soup(send(shop, wrong)))
    lines = [int(each.split()[1]) for each in said]
    assert lines == [11, 12]
    assert all(each.endswith((".", "?")) for each in said)


def test_the_marks_tell_the_editor_where(learner):
    page = soup(send(learner, SPEND.replace("cents = cents", "cents = cent"), htmx=True))
    [mark] = json.loads(page.select_one("#model-checked")["data-marks"])
    assert (mark["line"], mark["length"]) == (12, 4)
    assert SPEND.splitlines()[mark["line"] - 1][mark["column"] - 1 :].startswith("cents + ")


def test_how_many_statements_were_read_is_counted(learner):
    assert "2 of 2 statements read" in send(learner, SPEND).text
    assert "3 of 3 statements read" in send(learner, SPEND + CANCELLED).text
    assert "2 of 2 statements read" in send(learner, SPEND, "other").text
    assert "0 of 0 statements read" in send(learner, "nothing").text


def test_the_read_model_takes_the_name_of_its_table_on_demand(learner):
    page = soup(send(learner, SPEND, "spending"))
    offered = {button["value"]: button.text for button in page.select("#model-checked button")}
    assert list(offered) == ["name", "rename"]
    assert "spend, as its table" in offered["name"]
    page = soup(send(learner, SPEND, "spending", do="name"))
    assert page.select_one("[name=name]")["value"] == "spend"
    assert text_of(page) == SPEND
    assert not findings(page)


def test_the_table_takes_the_name_of_the_read_model_on_demand(learner):
    page = soup(send(learner, SPEND, "spent"))
    assert page.select_one("[value=rename]")
    page = soup(send(learner, SPEND, "spent", "rename"))
    assert text_of(page) == SPEND.replace(" spend ", " spent ")
    assert not findings(page)


# Tried


def test_a_dry_run_shows_what_changes_and_stores_nothing(shop, parts):
    [mine] = sandbox_ids(parts)
    before = dump(parts, mine)
    page = soup(send(shop, SPEND + CANCELLED, do="try"))
    rows = [[cell.get_text(" ", strip=True) for cell in row.select("td")] for row in page.select(".diff tbody tr")]
    assert rows == [["c1 added", "5000", "8"], ["c2 added", "800", "7"]]
    effects = [row.get_text(" ", strip=True) for row in page.select(".effects tbody tr")]
    assert effects[0].startswith("9 OrderCancelled 1 ")
    assert dump(parts, mine) == before


def test_of_a_long_log_only_the_last_events_are_shown_with_the_old_value_beside_the_new(shop):
    act(shop, "bulk 18 customer=c2")
    page = soup(send(shop, SPEND, do="try", htmx=True))
    cells = page.select(".diff .changed .chg")
    assert [cell.get_text(" ", strip=True) for cell in cells] == ["800 15200", "7 28"]
    assert "1 row changed; 2 rows in all, after event #28" in page.caption.text


def test_a_poison_event_is_named_in_the_dry_run(shop):
    page = soup(send(shop, SPEND.replace("ON CONFLICT", "-- ON CONFLICT"), do="try", htmx=True))
    assert "Your SQL for OrderPlaced cannot apply event #8: SQLite" in page.select_one(".poisoned").text
    assert "(line 11). There is such a row: INSERT … ON CONFLICT" in page.select_one(".poisoned").text
    assert "UNIQUE constraint failed" in page.select_one(".poisoned").text
    assert "poison" in page.select_one(".effects .lost").text


def test_nothing_is_tried_while_there_is_something_to_mend(shop):
    for do in ("try", "truth"):
        page = soup(send(shop, SPEND, "sales", do, htmx=True))
        assert "1 to mend first" in page.text or "2 to mend first" in page.text
        assert findings(page)


def tried(page):
    return {each.b.text: each for each in page.select(".tried li")}


def test_whether_it_is_true_is_told_step_by_step_and_its_live_rows_are_looked_at_too(shop):
    told = tried(soup(send(shop, SPEND + CANCELLED, do="truth")))
    steady = ("Same twice over, and event by event", "Everything delivered twice", "A crash in the middle")
    assert all("yes" in told[title]["class"] for title in steady)
    assert "The rows in read.db" not in told, "nothing stands there yet"
    send(shop, SPEND, do="add")
    act(shop, "run spend")
    assert "yes" in tried(soup(send(shop, SPEND, was="spend", do="truth")))["The rows in read.db"]["class"]
    act(shop, "patch \"UPDATE spend SET cents = 1 WHERE customer_id = 'c1'\"")
    first, *_ = tried(soup(send(shop, SPEND, was="spend", do="truth"))).items()
    assert first[0] == "The rows in read.db"
    assert "by hand" in first[1].text


def test_in_a_shop_without_orders_a_dry_run_offers_some(learner, parts):
    page = soup(send(learner, SPEND, do="try"))
    assert page.select_one("#model-dry button[value=orders]")
    page = soup(send(learner, SPEND, do="orders", htmx=True))
    assert [row.td.get_text(" ", strip=True) for row in page.select(".diff tbody tr")] == ["c1 added", "c2 added"]
    assert "12" in page.select_one("#model-events").text, "the events at the left are told anew"


# Tasks


def test_a_task_is_solved_by_a_check_and_by_nothing_else(shop):
    task = tasks()["sales-per-customer"]
    page = soup(shop.get(f"/models/new?task={task.id}"))
    assert text_of(page).strip() == task.start.strip()
    assert task.question in page.select_one("#model-task").text
    wrong = soup(send(shop, task.wrong[0].sql, task.model, "task", task=task.id))
    assert wrong.select_one("#model-task .tried li")["class"] == ["no"], "what failed comes first"
    assert not soup(shop.get("/models")).select(".passed")
    right = soup(send(shop, task.solution, task.model, "task", htmx=True))
    assert "Solved." in right.select_one(".take-away").text
    assert len(soup(shop.get("/models")).select(".passed")) == 1
    assert task.id in shop.get("/progress.json").get_json()["tasks"]


def test_a_task_that_was_begun_goes_on_where_it_was_left(shop):
    task = tasks()["sales-per-customer"]
    send(shop, task.solution, task.model, "add", task=task.id)
    answer = shop.get(f"/models/new?task={task.id}")
    assert answer.location == f"/models/{task.model}/edit"
    assert task.question in soup(shop.get(answer.location)).select_one("#model-task").text
    assert shop.get("/models/new?task=nothing").status_code == 404


def test_who_is_crowded_out_is_told_and_keeps_the_text(shop, monkeypatch):
    def busy(*given, **more):
        raise guard.Busy("too many are asking just now")

    monkeypatch.setattr(guard, "check", busy)
    page = soup(send(shop, SPEND, do="add"))
    assert "too many are asking just now" in page.text
    assert text_of(page) == SPEND


# Added, edited, dropped, forgotten


def test_an_added_one_is_in_the_read_store_and_its_page_says_since_when(shop):
    answer = send(shop, SPEND, do="add")
    assert (answer.status_code, answer.location) == (303, "/models/spend/edit")
    act(shop, "run spend")
    page = soup(shop.get(answer.location))
    assert "as of event #9" in page.select_one("#model-standing").text
    assert text_of(page) == SPEND
    assert page.select_one("#model-rows a")["href"] == "/#model-spend"
    home = soup(shop.get("/"))
    assert home.select_one("#model-spend")
    assert "spend" in [tag.text.strip() for tag in home.select(".mark .tag")]


def test_nothing_is_added_while_there_is_something_to_mend(shop):
    answer = send(shop, SPEND.replace("cents = cents", "cents = cent"), do="add")
    assert answer.status_code == 422
    assert len(findings(soup(answer))) == 1
    assert "model write" not in shop.get("/transcript").text


def test_an_edit_is_filled_beside_and_then_read(shop):
    send(shop, SPEND, do="add")
    act(shop, "run spend")
    assert send(shop, SPEND + CANCELLED, do="add", was="spend").status_code == 303
    page = soup(shop.get("/models/spend/edit"))
    assert text_of(page) == SPEND + CANCELLED


def test_a_line_of_the_list_drops_adds_and_forgets(shop):
    send(shop, SPEND, do="add")
    for do, there, kept in (("drop", False, True), ("add", True, True), ("forget", False, False)):
        assert shop.post("/models", data={"do": do, "name": "spend"}).status_code == 303
        assert ("spend" in state(shop)["projections"]) is there, do
        assert bool(soup(shop.get("/models")).select("#own-spend")) is kept, do
    assert shop.get("/models/spend/edit").location == "/models", "what is gone leads to the list"
    answer = shop.post("/models", data={"do": "forget", "name": "spend"})
    assert answer.status_code == 422
    assert "spend" in soup(answer).select_one("[role=alert]").text


def test_one_that_was_deleted_is_offered_back_and_undo_says_that_it_is_there_again(shop):
    send(shop, SPEND, do="add")
    assert "Undo brings both back" in soup(shop.get("/models")).select_one("#forget-spend").text
    page = soup(shop.post("/models", data={"do": "forget", "name": "spend"}, follow_redirects=True))
    assert "spend is dropped, with its text" in page.select_one("#done").text
    assert page.select_one("#done button[value=undo]")
    assert not soup(shop.get("/models")).select("#done"), "it is said once"
    page = soup(shop.post("/models", data={"do": "undo", "name": "spend"}, follow_redirects=True))
    said = "Taken back: model forget spend; there again, of your own read models: spend"
    assert said in " ".join(page.select_one("#done").text.split())
    assert text_of(soup(shop.get("/models/spend/edit"))) == SPEND


def test_a_deleted_one_is_not_brought_back_by_taking_back_something_else(shop):
    send(shop, SPEND, do="add")
    shop.post("/models", data={"do": "forget", "name": "spend"})
    act(shop, "cmd restock product=lamp qty=1")
    answer = shop.post("/models", data={"do": "undo", "name": "spend"})
    assert answer.status_code == 422
    assert "done since" in soup(answer).select_one("[role=alert]").text
    assert "cmd restock" in shop.get("/transcript").text


def test_the_list_takes_no_other_act(shop):
    assert shop.post("/models", data={"do": "reset", "name": "x"}).status_code == 400
    assert shop.post("/models/edit", data={"do": "reset"}).status_code == 400
    assert send(shop, SPEND, do="task").status_code == 400, "there is no task of that name"


# What is said of a text that was not tried, stopped, or took another's place


def test_a_text_looked_over_while_it_is_typed_leaves_the_cookie_alone_and_a_trial_does_not(shop):
    """Its answer may come after that of the trial, and would put the cookie of before in the place of the newer."""
    assert "Set-Cookie" not in send(shop, SPEND, htmx=True).headers
    assert "Set-Cookie" in send(shop, SPEND, do="truth", htmx=True).headers


def looked(page):
    return " ".join(page.select_one("#model-checked").text.split())


def test_a_text_is_called_good_only_after_it_passed_on_events(shop):
    assert "reads well · not tried on events yet" in looked(soup(send(shop, SPEND, htmx=True)))
    for do in ("try", "truth"):
        assert "nothing to mend" in looked(soup(send(shop, SPEND + CANCELLED, do=do)))
    page = soup(send(shop, UNGUARDED, do="try"))
    assert "it reads well, but did not pass on events" in looked(page)


def test_saving_a_text_that_failed_makes_it_no_better(shop):
    task = tasks()["sales-per-customer"]
    wrong = task.solution.partition("-- on OrderCancelled")[0].rstrip()
    failed = "but failed “Is it true?”"
    assert f"it reads well, {failed}" in looked(soup(send(shop, wrong, task.model, "truth", htmx=True)))
    send(shop, wrong, task.model, "add")
    act(shop, "run")
    page = looked(soup(shop.get(f"/models/{task.model}/edit")))
    assert f"it runs, {failed}" in page
    assert "nothing to mend" not in page
    assert failed not in looked(soup(send(shop, task.solution, was=task.model, htmx=True))), "that is another text"
    assert "it runs, but failed “Is it true?” and its task" in looked(
        soup(send(shop, wrong, was=task.model, do="task"))
    )


@pytest.fixture
def sales(shop):
    """The solution of a task, added to a shop."""
    task = tasks()["sales-per-customer"]
    send(shop, task.solution, task.model, "add")
    act(shop, f"mode {task.model} dedupe=off")
    act(shop, f"run {task.model}")
    return task


def test_rows_that_something_befell_are_no_failure_of_the_text_and_a_button_rebuilds_them(shop, sales):
    act(shop, f"redeliver {sales.model} 6")
    page = soup(send(shop, sales.solution, was=sales.model, do="truth", htmx=True))
    (failed,) = page.select("#model-truth .tried .no")
    assert failed.b.text == "The rows in read.db"
    assert "has others: no memory" in " ".join(page.select_one("#model-truth").text.split())
    assert "nothing to mend in the text, but its rows in read.db are others" in looked(page)
    assert "failed" not in looked(soup(send(shop, sales.solution, was=sales.model, htmx=True)))
    assert failed.button["value"] == "rebuild"
    page = soup(send(shop, sales.solution, was=sales.model, do="rebuild", htmx=True))
    assert not page.select("#model-truth .no")
    assert "yes" in tried(page)["The rows in read.db"]["class"]
    assert page.select_one("#model-rows"), "its rows are told anew"


def test_a_verdict_goes_when_the_log_is_another_one(shop):
    task = tasks()["sales-per-customer"]
    wrong = task.solution.partition("-- on OrderCancelled")[0].rstrip()
    failed = "but failed “Is it true?”"
    send(shop, wrong, task.model, "truth", htmx=True)
    assert failed in looked(soup(send(shop, wrong, task.model, htmx=True)))
    act(shop, "cmd place_order customer=c1 product=mug qty=1")
    assert "failed" not in looked(soup(send(shop, wrong, task.model, htmx=True)))
    send(shop, wrong, task.model, "task", htmx=True, task=task.id)
    act(shop, "cmd place_order customer=c1 product=mug qty=1")
    assert "but failed its task" in looked(soup(send(shop, wrong, task.model, htmx=True))), "a task's log is its own"


def test_a_text_that_forgets_an_event_is_offered_that_event_as_the_right_one_is(learner):
    task = tasks()["sales-per-customer"]
    act(learner, "cmd place_order customer=c1 product=mug qty=1 order=a")
    wrong = task.solution.partition("-- on OrderCancelled")[0].rstrip()
    for text in (task.solution, wrong):
        page = soup(send(learner, text, task.model, "truth", htmx=True))
        offered = [button["value"] for button in page.select("#model-truth button[name=do]")]
        assert offered == ["make-OrderCancelled", "make-OrderShipped"]
    page = soup(send(learner, wrong, task.model, "make-OrderCancelled", htmx=True))
    assert page.select_one("#model-truth .no"), "now it shows"
    assert "failed “Is it true?”" in looked(soup(send(learner, wrong, task.model, htmx=True)))


def test_what_failed_stands_alone_and_all_else_is_folded_below(shop):
    task = tasks()["sales-per-customer"]
    page = soup(send(shop, task.wrong[0].sql, task.model, "task", task=task.id))
    assert len(page.select("#model-task > [role=status] > .tried > li")) == 1
    assert page.select_one("#model-task .others summary").text == "All else: 5 passed, 2 to know"
    assert not soup(send(shop, task.solution, task.model, "task", task=task.id)).select(".others")


def test_a_word_of_the_pattern_is_explained_where_a_check_uses_it(shop):
    page = soup(send(shop, SPEND + CANCELLED, do="truth"))
    for title in ("Everything delivered twice", "Delivered twice, and nothing remembered"):
        assert tried(page)[title].select_one("button.word").text == "checkpoint"
    assert page.select_one("#word-checkpoint")


def test_what_passed_before_it_was_added_is_no_text_that_was_never_tried(shop):
    send(shop, SPEND + CANCELLED, do="truth", htmx=True)
    act(shop, "pause")
    page = soup(shop.get(send(shop, SPEND + CANCELLED, do="add").location))
    assert "nothing to mend" in looked(page)


def test_a_solved_task_says_of_which_text(shop):
    task = tasks()["sales-per-customer"]

    def said(text, do="check"):
        page = soup(send(shop, text, task.model, do, task=task.id))
        told = page.select_one("#model-task header .stand")
        assert ("passed" in told["class"]) == (told.text == "solved by this text"), "green is for this text only"
        return told.text

    assert said(task.solution, "task") == "solved by this text"
    assert said(task.wrong[0].sql, "task") == "solved before, not by this text"
    assert said(task.wrong[0].sql) == "solved before, not by this text"
    assert said(task.solution + "\n-- ") == "solved before"
    assert said(task.solution) == "solved by this text"


def test_one_that_stops_after_it_was_added_says_why_and_what_to_do(shop):
    send(shop, UNGUARDED, do="add")
    act(shop, "run spend")
    page = soup(shop.get("/models/spend/edit"))
    said = " ".join(page.select_one("#model-standing [role=alert]").text.split())
    assert said.startswith("It stopped at event #8, OrderPlaced.")
    assert "ON CONFLICT" in said
    assert "Mend the text and save it" in page.select_one("#model-standing").text
    assert "nothing to mend" not in looked(page)
    home = soup(shop.get("/"))
    assert home.select_one("#model-spend a[href='/models/spend/edit']")
    assert "which has stopped" in shop.get("/code/projection/spend").text


def test_after_an_edit_its_page_says_that_readers_read_the_new_text_until_the_next(shop):
    send(shop, SPEND, do="add")
    act(shop, "run spend")
    send(shop, SPEND + CANCELLED, do="add", was="spend")
    act(shop, "model fill spend")
    act(shop, "model switch spend")
    said = "The new text is what readers read now: filled with 9 events, then switched."
    assert said in shop.get("/models/spend/standing").text
    send(shop, SPEND, do="add", was="spend")
    assert said not in shop.get("/models/spend/standing").text


def test_one_that_is_filled_for_the_first_time_has_no_age(shop):
    send(shop, SPEND, do="add")
    assert "data-since" not in shop.get("/models/spend/standing").text


def test_the_editor_shows_the_first_rows_as_they_stand_and_where_to_go_on(shop):
    send(shop, SPEND, do="add")
    act(shop, "run spend")
    page = soup(shop.get("/models/spend/edit")).select_one("#model-rows")
    assert "as of event #9" in page.text
    assert page.caption.text == "2 rows"
    assert "<caption>2 rows" in shop.get("/models/spend/standing").text, "it follows"
    assert [[cell.text for cell in row.select("td")] for row in page.select("tbody tr")] == [
        ["c1", "5800", "8"],
        ["c2", "800", "7"],
    ]
    assert [a["href"] for a in page.select("a")] == ["/#model-spend", "/sql/read?text=SELECT+*+FROM+spend"]
    assert "SELECT * FROM spend" in soup(shop.get(page.select("a")[1]["href"])).select_one("textarea").text
    act(shop, "model drop spend")
    assert "hidden" in soup(shop.get("/models/spend/edit")).select_one("#model-rows").attrs


def test_of_a_long_table_five_rows_are_shown(shop):
    for n in range(7):
        act(shop, f"cmd register_customer customer=d{n} name=D email=d{n}@example.test")
        act(shop, f"cmd place_order customer=d{n} product=mug qty=1")
    send(shop, SPEND, do="add")
    act(shop, "run spend")
    page = soup(shop.get("/models/spend/edit")).select_one("#model-rows")
    assert page.caption.text == "the first 5 of 9 rows"
    assert len(page.select("tbody tr")) == 5


def test_while_it_fills_the_pace_is_told_and_it_can_catch_up_at_once(shop):
    act(shop, "pause")
    send(shop, SPEND, do="add")
    said = " ".join(soup(shop.get("/models/spend/standing")).text.split())
    assert "The projector takes 10 events at a time, each time after 1 s (injected)." in said
    answer = shop.post("/models", data={"do": "run", "name": "spend"}, headers={"HX-Request": "true"})
    assert "as of event #9 0 behind" in " ".join(soup(answer).text.split())
    assert shop.post("/models", data={"do": "run", "name": "spend"}).location == "/models/spend/edit"


def test_the_list_follows_while_one_is_filled_and_then_rests(shop):
    send(shop, SPEND, do="add")
    assert soup(shop.get("/models")).select_one("#models-own")["hx-get"] == "/models/own"
    act(shop, "run spend")
    page = soup(shop.get("/models/own"))
    assert "0 behind" in page.select_one("#own-spend").text
    assert "hx-get" not in page.select_one("#models-own").attrs


def test_where_it_stopped_is_marked_in_the_text_and_said_once(shop):
    [mark] = json.loads(soup(send(shop, UNGUARDED, do="try", htmx=True)).select_one("#model-checked")["data-marks"])
    assert (mark["line"], mark["column"], mark["length"]) == (11, 1, len(UNGUARDED.splitlines()[10]))
    send(shop, UNGUARDED, do="add")
    act(shop, "run spend")
    page = soup(shop.get("/models/spend/edit"))
    assert [mark["line"] for mark in json.loads(page.select_one("#model-checked")["data-marks"])] == [11]
    said = " ".join(page.select_one("#model-standing [role=alert]").text.split())
    assert said.startswith("It stopped at event #8, OrderPlaced. SQLite says: ")
    assert said.lower().count("event") == 1
    other = soup(send(shop, SPEND, was="spend", htmx=True))
    assert json.loads(other.select_one("#model-checked")["data-marks"]) == []
    home = soup(shop.get("/")).select_one("#read-models > .notice")
    assert "1 stopped" in soup(shop.get("/")).select_one("#projector").text
    assert "spend stopped at event #8: its SQL cannot apply it." in " ".join(home.text.split())


def test_a_text_that_stands_as_it_is_needs_no_saving(shop):
    def same(page):
        return "data-same" in page.select_one("#model-checked").attrs

    send(shop, SPEND, do="add")
    assert same(soup(shop.get("/models/spend/edit")))
    assert not same(soup(send(shop, SPEND + CANCELLED, was="spend", htmx=True)))
    act(shop, "model drop spend")
    assert not same(soup(shop.get("/models/spend/edit"))), "saving adds it again"


def test_the_shop_asks_it_only_where_it_can_be_asked(shop):
    send(shop, SPEND, do="add")

    def roads():
        fields = soup(shop.get("/")).select("#asker form:has([value=spend]) option[value]")
        return {field["value"] for field in fields} & {"read", "write"}

    assert roads() == {"read"}
    act(shop, "model drop spend")
    assert not roads()


def test_a_reset_says_what_of_ones_own_goes_too(shop):
    assert "read model" not in soup(shop.get("/")).select_one("#reset p").text
    send(shop, SPEND, do="add")
    told = soup(shop.get("/")).select_one("#reset p")
    assert "Your read model spend goes too" in told.text
    assert told.a["href"] == "/models"


def test_an_import_whose_name_is_taken_can_be_a_new_text_of_the_one_that_is_there(shop):
    send(shop, SPEND, do="add")
    page = soup(shop.post("/models/import", data={"source": SPEND + CANCELLED}))
    assert page.select_one("#model-checked a[href='/models/spend/edit']")
    page = soup(send(shop, SPEND + CANCELLED, do="over"))
    assert page.select_one("[name=was]")["value"] == "spend"
    assert text_of(page) == SPEND + CANCELLED
    assert "not saved yet" in looked(page)
    assert send(shop, SPEND, "other", do="over").status_code == 400


def test_an_answer_shows_a_written_text_as_being_there_and_not_its_letters(shop):
    act(shop, str(ModelWrite("spend", SPEND)))
    assert 'model write spend "…"' in soup(shop.get("/")).select_one("#answer-line").text
    undone = shop.post("/actions", data={"line": "undo"}, headers={"HX-Request": "true"})
    said = 'taken back: model write spend "…"; gone, of your own read models: spend'
    assert said in soup(undone).select_one("#answer-line").text


# Files


def test_what_is_exported_comes_back_as_it_was(shop):
    send(shop, SPEND, do="add")
    answer = shop.get("/models/spend.sql")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="spend.sql"'
    shop.post("/models", data={"do": "forget", "name": "spend"})
    brought = shop.post("/models/import", data={"file": (io.BytesIO(answer.data), "spend.sql")})
    page = soup(brought)
    assert page.select_one("[name=name]")["value"] == "spend"
    assert text_of(page) == SPEND
    assert not findings(page)


def test_the_built_in_ones_are_such_files(learner):
    for name, found in BUILT_IN.items():
        assert learner.get(f"/models/{name}.sql").get_data(as_text=True) == found.source
    assert learner.get("/models/nobody.sql").status_code == 404


def test_a_file_gives_its_name_and_a_pasted_text_that_of_its_table(learner):
    nameless = "-- nothing here yet"
    names = {"spend.sql": "spend", "Spend (2).sql": "spend", "spend(1).sql": "spend", "2020.sql": "my_2020"}
    for filename, name in names.items():
        page = soup(learner.post("/models/import", data={"file": (io.BytesIO(nameless.encode()), filename)}))
        assert page.select_one("[name=name]")["value"] == name
    for filename in ("spend (1).sql", "mine.sql"):
        page = soup(learner.post("/models/import", data={"file": (io.BytesIO(SPEND.encode()), filename)}))
        assert page.select_one("[name=name]")["value"] == "spend", "the table says how it is called"
        assert not findings(page)
    page = soup(learner.post("/models/import", data={"source": SPEND}))
    assert page.select_one("[name=name]")["value"] == "spend"


def test_a_file_that_will_not_do_is_told_in_words_and_a_pasted_text_is_kept(learner):
    long = "-" * (policy.OWN_FILE_CHARS + 1)
    told = {b"\xff\xfe-\x00-\x00": "not UTF-8", b"": "There is nothing in it", long.encode(): "at most 10,000"}
    for content, said in told.items():
        answer = learner.post("/models/import", data={"file": (io.BytesIO(content), "a.sql")})
        assert answer.status_code == 422
        assert said in soup(answer).select_one("#h-import ~ [role=alert]").text
    page = soup(learner.post("/models/import", data={"source": long}))
    assert page.select_one("textarea").get_text().strip() == long


# Where SQL is switched off


def test_where_sql_is_switched_off_the_pages_say_so_and_can_be_read(shop, monkeypatch):
    send(shop, SPEND, do="add")
    monkeypatch.setattr(workers, "_trusted", ["SQL is switched off here"])
    for address in ("/models", "/models/new", "/models/spend/edit"):
        assert "SQL is switched off here" in shop.get(address).text
    assert shop.get("/models/spend.sql").status_code == 200
    for do in ("add", "try", "truth"):
        page = send(shop, SPEND, do=do)
        assert "SQL is switched off here" in page.text
        assert "to mend" not in page.text, "no text can mend that"
        assert text_of(soup(page)) == SPEND
    buttons = soup(shop.get("/models/new")).select("#model-form .row button[name=do]:not(.no-js)")
    assert {button["value"] for button in buttons if button.has_attr("disabled")} == {"add", "try", "truth"}


# What was not tried, and where to look


def test_a_block_that_never_ran_is_told_and_one_button_records_its_event_and_tries_again(learner):
    page = soup(send(learner, SPEND + CANCELLED, do="truth", htmx=True))
    assert {*(" ".join(each["class"]) for each in page.select("#model-truth .tried li"))} == {"informs"}, (
        "nothing green"
    )
    assert "not tried on events yet" in looked(page)
    assert "not tried on events yet" in looked(soup(send(learner, SPEND + CANCELLED, do="try")))
    send(learner, SPEND + CANCELLED, do="add")
    act(learner, "run spend")
    assert "not tried on events yet" in looked(soup(learner.get("/models/spend/edit"))), "five events, and none for it"
    assert [button["value"] for button in page.select("#model-truth button")] == ["make-OrderPlaced"]
    page = soup(send(learner, SPEND + CANCELLED, do="make-OrderPlaced", was="spend"))
    assert "OrderCancelled: no such event is in the log" in tried(page)["Not tried"].text
    page = soup(send(learner, SPEND + CANCELLED, do="make-OrderCancelled", htmx=True, was="spend"))
    assert "14 behind" in page.select_one("#model-standing").text
    assert "Not tried" not in tried(page)
    assert "nothing to mend" in looked(page)
    assert "OrderCancelled" in page.select_one("#model-events").text


def test_the_event_that_a_task_failed_at_is_shown_with_its_fields_and_as_one_of_the_tasks_log(shop):
    task = tasks()["sales-per-customer"]
    page = soup(send(shop, task.wrong[0].sql, task.model, "task", task=task.id))
    first = page.select_one("#model-task .tried li")
    assert "In the log of this task, not of your shop, #13 OrderCancelled o4 says:" in " ".join(first.text.split())
    assert ":total_cents 1800" in " ".join(first.dl.get_text(" ").split())
    stops = next(wrong for wrong in task.wrong if wrong.fails == ("log",))
    first = soup(send(shop, stops.sql, task.model, "task", task=task.id)).select_one("#model-task .tried li")
    assert "#11 OrderPlaced o4 says:" in " ".join(first.text.split())


def test_the_query_of_a_tasks_page_is_ready_to_ask_once_its_read_model_is_added(shop):
    task = tasks()["best-sellers"]
    page = soup(send(shop, task.solution, task.model, "task", task=task.id))
    assert "then the query of its page can be asked there" in page.select_one(".take-away").text
    assert not page.select("#model-task a"), "there is no such table yet"
    send(shop, task.solution, task.model, "add", task=task.id)
    page = soup(send(shop, task.solution, task.model, "task", was=task.model))
    above, below = page.select("#model-task a")
    assert above["href"] == below["href"]
    pane = soup(shop.get(above["href"]))
    assert pane.select_one("[name=sql]").get_text(strip=True) == task.page
