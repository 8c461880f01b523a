"""The SQL pane as one comes back to it: each store's last answer is there, and the work of both can be compared."""

import json
import re

from bs4 import BeautifulSoup

from tests.web.visits import act

HTMX = {"HX-Request": "true"}

BUY = "cmd place_order customer=c1 product=mug qty=1"
ORDERS = "SELECT id FROM orders"
LIST = "SELECT order_id FROM order_list"


def pane(client, path, **options):
    return BeautifulSoup(client.get(path, **options).text, "html.parser").find(id="sql")


def ask(client, sql, store, **options):
    return client.post(f"/sql/{store}", data={"sql": sql}, **options)


def words(node):
    return re.sub(r"\s+", " ", node.get_text(" ")).strip()


def rows(shown):
    return [words(row) for row in shown.select(".answer-rows tbody tr")]


def lines(client):
    return client.get("/transcript").text.count('"sql ')


def test_each_store_has_its_last_question_and_answer_when_one_comes_back_and_is_not_asked_again(learner):
    act(learner, f"{BUY} order=o-1")
    ask(learner, ORDERS, "write", headers=HTMX)
    ask(learner, LIST, "read", headers=HTMX)
    asked = lines(learner)
    for headers in (HTMX, {}):
        write, read = pane(learner, "/sql/write", headers=headers), pane(learner, "/sql/read", headers=headers)
        assert (write.textarea.text.strip(), rows(write)) == (ORDERS, ["o-1"])
        assert write.select_one("[data-asked-of]").text == ORDERS
        assert read.textarea.text.strip() == LIST
        assert words(read.select_one("#sql-answer .hint")).startswith("order_list as of event #5 of 6")
        assert not pane(learner, "/sql/write").select(".since-then")
    assert lines(learner) == asked


def test_an_answer_of_a_store_that_has_changed_since_says_so_and_is_asked_again_by_one_press(learner):
    ask(learner, ORDERS, "write")
    ask(learner, LIST, "read")
    act(learner, f"{BUY} order=o-1")
    act(learner, "run order_list")
    write, read = pane(learner, "/sql/write"), pane(learner, "/sql/read")
    said = "This is what it said then. The {} store has changed since: {} stands at event #6 now."
    assert words(write.select_one(".since-then p")) == said.format("write", "it")
    assert words(read.select_one(".since-then p")) == said.format("read", "order_list")
    assert "as of event #5" in words(write.select_one(".figures"))
    assert "order_list as of event #5 of 5" in words(read.select_one(".read-at"))
    for shown, found in ((write, "o-1"), (read, "o-1")):
        form = shown.select_one(".since-then")
        again = {field["name"]: field["value"] for field in form.select("[name]")}
        answer = BeautifulSoup(learner.post(form["action"], data=again, headers=HTMX).text, "html.parser")
        assert rows(answer) == [found]
        assert not answer.select(".since-then")


def test_an_answer_tells_what_the_other_store_took_for_the_same_rows(learner):
    act(learner, f"{BUY} order=o-1")
    act(learner, "run order_list")
    assert not BeautifulSoup(ask(learner, ORDERS, "write").text, "html.parser").select(".there")
    answer = BeautifulSoup(ask(learner, LIST, "read", headers=HTMX).text, "html.parser")
    told = answer.select_one(".there")
    said = rf"The write store took \d+ work units? for the same 1 row, when it was last asked {ORDERS} ?\."
    assert re.fullmatch(said, words(told))
    assert told.a["href"] == "/sql/write"
    act(learner, f"{BUY} order=o-2")
    ask(learner, ORDERS, "write")
    told = words(pane(learner, "/sql/read").select_one(".there"))
    assert "for 2 rows, when" in told
    act(learner, f"{BUY} order=o-3")
    assert "it has changed since" in words(pane(learner, "/sql/read").select_one(".there"))


def test_an_error_is_still_there_with_its_place_and_marks_nothing_in_another_text(learner):
    ask(learner, "SELECT nam FROM product_card", "read")
    there = pane(learner, "/sql/read")
    assert there.select_one(".went-wrong mark").text == "nam"
    assert not there.select("[role=alert]")
    assert len(json.loads(there.select_one("#sql-answer")["data-marks"])) == 1
    other = pane(learner, "/sql/read?text=SELECT+1")
    assert other.select_one(".went-wrong mark").text == "nam"
    assert json.loads(other.select_one("#sql-answer")["data-marks"]) == []


def test_a_pair_leaves_its_answers_on_both_panes(learner):
    learner.post("/sql/compare", data={"store": "read", "pair": "card"}, headers=HTMX)
    for store in ("write", "read"):
        assert pane(learner, f"/sql/{store}").select_one(".asked")
