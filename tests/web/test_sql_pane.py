"""The SQL pane over HTTP: asked with htmx, without a script, by a script; its files; and where it cannot ask."""

import csv
import io
import json
import re
import threading

import pytest
from bs4 import BeautifulSoup

from lab import guard, limits, questions
from lab.asked_before import MOST
from lab.guard import policy, workers
from lab.projections import BUILT_IN
from lab.values import in_quotes
from tests.web.visits import BUY, act, sandbox_ids
from web import sql_view
from web.sql_view import SIDES

HTMX = {"HX-Request": "true"}
JSON = {"Accept": "application/json"}

CATCH_UP = [f"run {model}" for model in BUILT_IN]

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {}) SELECT i FROM n"
NASTY = """<img src=x onerror="alert(1)">' onclick='x"""


def soup(response):
    return BeautifulSoup(response.text, "html.parser")


def words(node):
    return re.sub(r"\s+", " ", node.get_text(" ")).strip()


def ask(client, sql, store="read", **options):
    return client.post(f"/sql/{store}", data={"sql": sql}, **options)


def cells(response):
    return [[words(cell) for cell in row.find_all("td")] for row in soup(response).select(".answer-rows tbody tr")]


def work(text):
    return int(re.search(r"([\d,]+) work units?", text)[1].replace(",", ""))


# Opening


def test_it_opens_from_the_head_of_each_store_as_a_dialog_and_as_a_page_but_not_in_a_lesson_without_it(client):
    assert "/sql/" not in client.get("/lessons/L05").text
    home = soup(client.get("/"))
    for store in ("read", "write"):
        link = home.find("a", attrs={"aria-label": f"Ask the {store} store in SQL"})
        assert link["href"] == f"/sql/{store}"
        alone, page = client.get(link["href"], headers=HTMX), client.get(link["href"])
        assert "<html" not in alone.text
        assert "<html" in page.text
        for shown in (soup(alone), soup(page)):
            assert shown.find("label", attrs={"for": "sql-text"})
            assert shown.select_one("textarea#sql-text")["data-editor"] == "sql"


def test_a_store_that_is_none_is_not_found_and_makes_no_sandbox(client, parts):
    assert [client.get("/sql/lab").status_code, ask(client, "SELECT 1", "lab").status_code] == [404, 404]
    assert not sandbox_ids(parts)


def test_the_editor_is_given_the_tables_and_columns_of_this_store_alone(learner):
    for store, there, other in (("read", "sales", "orders"), ("write", "orders", "sales")):
        names = json.loads(soup(learner.get(f"/sql/{store}")).select_one("textarea")["data-names"])
        assert there in names
        assert other not in names
        assert not [name for name in names if name.startswith(("sqlite_", "_secret")) or name.endswith("_data")]
    act(learner, "model drop sales")
    assert "sales" not in json.loads(soup(learner.get("/sql/read")).select_one("textarea")["data-names"])


# Asking


def test_an_answer_has_rows_with_types_the_work_and_the_plan_in_words(learner):
    answer = ask(learner, "SELECT product_id, price_cents FROM product_card ORDER BY 1", headers=HTMX)
    assert answer.status_code == 200
    assert cells(answer) == [["lamp", "2500"], ["mug", "800"], ["rug", "9900"]]
    shown = soup(answer)
    assert [words(head) for head in shown.select(".answer-rows th")] == ["product_id text", "price_cents integer"]
    assert words(shown.select_one(".figures")).startswith("3 rows 1 work unit")
    assert words(
        shown.select_one(".plan li")
    ) == "reads every row of product_card, in the order of its key SCAN product_card" or (
        "SCAN product_card" in words(shown.select_one(".plan li"))
    )
    assert shown.select_one(".answer-rows td.n")


def test_values_are_shown_as_what_they_are(learner):
    sql = "SELECT NULL, '', x'00ff', 9e999, 'a' || char(10) || 'b', char(0, 7), printf('%.*c', 400, 'x'), 'NULL'"
    answer = ask(learner, sql, headers=HTMX)
    row = soup(answer).select(".answer-rows td")
    assert [cell.get("class") for cell in row] == [["null"], ["null"], None, ["n"], None, None, None, None]
    assert [cell.text for cell in row[:6]] == ["NULL", "empty text", "x'00ff' 2 bytes", "9e999", "a\nb", "␀␇"]
    assert row[6].summary.text == "x" * 160 + "…"
    assert row[6].details.text.endswith("x" * 400)
    assert row[7].text == "NULL"


def test_nothing_that_stands_in_a_store_or_a_question_becomes_an_element(learner):
    name = NASTY.replace("'", "''")
    answer = ask(
        learner, f'SELECT \'{name}\' AS "{NASTY.replace(chr(34), "")}", 1 AS "</textarea><script>"', headers=HTMX
    )
    failed = ask(learner, f"SELECT '{name}', nothing\nFROM \"<script>\"", headers=HTMX)
    page = learner.get("/sql/read")
    for response in (answer, failed, page):
        shown = soup(response)
        assert not shown.select("img, [onclick], [onerror]")
        assert all(script.get("src") for script in shown.find_all("script"))
    assert NASTY in soup(answer).select_one(".answer-rows td").text


def test_what_is_not_there_stands_where_numbers_stand_and_a_text_of_many_lines_is_cut(learner):
    sql = "SELECT 1 AS n, 'a' AS t UNION ALL SELECT NULL, replace(hex(zeroblob(10)), '00', 'b' || char(10))"
    row = soup(ask(learner, sql, headers=HTMX)).select(".answer-rows tbody tr")[1].find_all("td")
    assert row[0]["class"] == ["null", "n"]
    assert row[1].summary.text == "\n".join("b" * 6) + "…"


def test_an_answer_stands_below_what_was_asked_and_says_as_of_which_event(learner):
    for sql, chosen in (("SELECT 1\nAS one", ".figures"), ("SELEC 1", ".went-wrong")):
        shown = soup(ask(learner, sql, "write", headers=HTMX))
        assert shown.select_one("[data-asked-of=sql-text]").text == sql
        assert words(shown.select_one(".asked p")).startswith("Asked of the write store")
        assert shown.select_one(f".asked ~ {chosen}")
    assert "as of event #5" in words(soup(ask(learner, "SELECT 1", "write")).select_one("#sql-said"))


def test_what_is_sent_with_the_line_ends_of_a_form_is_the_same_question(learner):
    ask(learner, "SELECT 1\nAS one")
    answer = ask(learner, "SELECT 1\r\nAS one")
    assert [words(entry) for entry in soup(answer).select(".past li")] == [
        "SELECT 1 AS one Ask again read store · the log stood at #5 · 1 row, 1 work unit · asked 2 times"
    ]


def test_a_name_that_was_taken_for_a_text_is_told_above_the_rows(learner):
    shown = soup(ask(learner, 'SELECT "nam" FROM product_card', headers=HTMX))
    assert "SQLite took “nam” for a text" in words(shown.select_one(".mind")).replace('"nam"', "“nam”")
    assert not soup(ask(learner, 'SELECT "name" FROM product_card', headers=HTMX)).select(".mind")


def test_what_the_guard_says_is_a_sentence_and_leads_to_where_it_can_be_done(learner):
    shown = soup(ask(learner, "CREATE TABLE mine (a)", headers=HTMX)).select_one(".went-wrong")
    assert words(shown).startswith(
        "Only SELECT, WITH, VALUES and EXPLAIN can be used here, not CREATE. A table of your own is a read model:"
    )
    assert shown.a["href"] == "/models"
    console = learner.post("/actions", data={"line": 'sql write "DELETE FROM orders"'}, headers=HTMX)
    assert "not DELETE. Commands change the write store" in words(soup(console))


def test_a_function_that_is_none_leads_to_those_that_are(learner):
    link = soup(ask(learner, "SELECT foo(1)", headers=HTMX)).select_one(".went-wrong a")["href"]
    page, _, place = link.partition("#")
    assert "substr" in words(soup(learner.get(page)).find(id=place))


def test_of_a_long_line_the_part_around_the_error_is_shown(learner):
    sql = f"SELECT {', '.join(str(n) for n in range(60))}, nowhere, {', '.join(str(n) for n in range(3))}"
    shown = soup(ask(learner, sql, headers=HTMX)).select_one(".went-wrong pre")
    assert (shown.text[0], shown.mark.text, len(shown.text) < 140) == ("…", "nowhere", True)


def test_more_than_the_most_rows_are_cut_and_it_is_said(learner):
    answer = ask(learner, NUMBERS.format(policy.ROWS + 1), headers=HTMX)
    assert len(cells(answer)) == policy.ROWS
    assert "the first 500 rows" in words(soup(answer).select_one(".figures"))
    assert "Cut at 500 rows" in words(soup(answer))
    assert "before the rows can be counted or sorted" in words(soup(answer))
    whole = ask(learner, NUMBERS.format(policy.ROWS), headers=HTMX)
    assert "Cut at" not in words(soup(whole))


def test_no_row_is_said_with_the_columns_that_there_would_be(learner):
    answer = ask(learner, "SELECT day, units FROM sales WHERE false", headers=HTMX)
    assert "No row" in words(soup(answer))
    assert "day, units" in words(soup(answer))


@pytest.mark.parametrize(
    ("behind", "why"),
    [
        ("LIMIT 5, 10", "or OFFSET skips all that does (in LIMIT 5, … the first number is the OFFSET)."),
        ("LIMIT 5 OFFSET 10", "or OFFSET skips all that does."),
        ("LIMIT 0", "No row: LIMIT 0 takes none."),
        ("WHERE name = 'OFFSET 9' LIMIT 5", "or nothing is there yet."),
    ],
)
def test_no_row_is_not_said_to_be_missing_where_it_was_skipped(learner, behind, why):
    assert why in words(soup(ask(learner, f"SELECT name FROM product_card {behind}", headers=HTMX)))


def test_what_is_too_long_to_be_asked_stands_above_its_answer(learner):
    sql = "SELECT 1 -- " + "x" * 10_000
    assert soup(ask(learner, sql, headers=HTMX)).select_one("[data-asked-of=sql-text]").text == sql


def test_an_error_says_what_sqlite_said_where_and_what_to_do(learner):
    answer = ask(learner, "SELECT name,\n  prise_cents FROM product_card", headers=HTMX)
    assert answer.status_code == 422
    shown = soup(answer)
    assert "no such column: prise_cents" in words(shown.select_one("[role=alert]"))
    assert words(shown.select_one(".at-place")) == "line 2, column 3"
    assert shown.mark.text == "prise_cents"
    assert "Did you mean price_cents?" in words(shown)
    [mark] = json.loads(shown.select_one("[data-marks-for=sql-text]")["data-marks"])
    assert (mark["line"], mark["column"], mark["length"]) == (2, 3, 11)


def test_a_table_of_the_other_store_is_a_link_that_takes_the_text_along(learner):
    sql = "SELECT * FROM product_card -- ü & 'x'"
    shown = soup(ask(learner, sql, "write"))
    assert "The table product_card stands in the read store" in words(shown.select_one(".went-wrong"))
    there = soup(learner.get(shown.select_one(".went-wrong a")["href"]))
    assert there.textarea.text.strip() == sql
    assert there.select_one("#sql.to-read")


def test_an_answer_from_the_read_store_says_how_old_it_is(learner):
    act(learner, "pause order_list")
    act(learner, "cmd place_order customer=c1 product=mug qty=1")
    said = words(soup(ask(learner, "SELECT * FROM order_list")).select_one(".read-at"))
    assert re.fullmatch(r"order_list as of event #5 of 6: 1 behind( · [\d.]+ s)?, and the projector sleeps", said)


def test_how_far_behind_an_answer_is_is_told_in_seconds_too(client):
    act(client, "pause")
    act(client, "cmd place_order customer=c1 product=mug qty=1")
    act(client, "wait 60")
    [at] = ask(client, "SELECT * FROM order_list", headers=JSON).get_json()["result"]["read_at"]
    assert at["age"] >= 0.06
    assert re.search(
        r"1 behind · \d+\.\d s", words(soup(ask(client, "SELECT * FROM order_list")).select_one(".read-at"))
    )
    [now] = ask(client, "SELECT * FROM product_search", headers=JSON).get_json()["result"]["read_at"]
    assert (now["age"] > 0) == (now["from"] < now["head"])


def test_an_answer_that_names_no_read_model_is_as_of_no_event(learner):
    act(learner, "pause")
    act(learner, "cmd place_order customer=c1 product=mug qty=1")
    for sql in ("SELECT 1", "SELECT name, position FROM _checkpoint"):
        figures = words(soup(ask(learner, sql)).select_one(".figures"))
        assert "as of" not in figures
        assert figures.endswith("the log stands at event #6")
        assert download(learner, sql, "json").get_json()["as_of_event"] is None
    assert words(soup(ask(learner, "SELECT 1", "write")).select_one(".figures")).endswith("as of event #6")
    shown = soup(ask(learner, "SELECT * FROM order_list"))
    assert words(shown.select_one(".read-at")).startswith("order_list as of event #5 of 6: 1 behind")
    assert "the log stood at #6" in words(shown.select_one(".past li"))


def test_without_a_script_the_answer_is_the_page_and_what_was_typed_stays(learner):
    for sql, status in (("SELECT 1 AS one", 200), ("SELEC 1 AS one", 422)):
        page = ask(learner, sql)
        assert page.status_code == status
        assert "<html" in page.text
        assert soup(page).textarea.text.strip() == sql


def test_what_cannot_be_a_question_is_told_and_stays(learner):
    for typed in ("", "  \n ", "SELECT \x07", "SELECT 1" * 2_000, "SELECT '\u202e'"):
        page = ask(learner, typed)
        assert page.status_code == 422
        assert soup(page).select_one("[role=alert]")
        assert soup(page).textarea.text.removeprefix("\n") == typed


def test_a_script_gets_the_same_answer_as_from_the_action(learner):
    posted = ask(learner, "SELECT name FROM product_card", headers=JSON).get_json()
    acted = act(learner, 'sql read "SELECT name FROM product_card"')
    assert posted["result"]["rows"] == acted["result"]["rows"] == [["Lamp"], ["Mug"], ["Rug"]]
    assert ask(learner, "SELECT nothing", headers=JSON).status_code == 422


def test_a_question_typed_as_an_action_leads_to_where_its_rows_are_shown(learner):
    said = learner.post("/actions", data={"line": 'sql write "SELECT id FROM orders"'}, headers=HTMX)
    link = soup(said).find("a", string=re.compile("rows are shown"))
    assert soup(learner.get(link["href"])).textarea.text.strip() == "SELECT id FROM orders"


def test_names_of_people_can_be_hidden_in_an_answer_too(learner):
    answer = ask(learner, "SELECT name FROM customers WHERE id = 'c1'", "write")
    [cell] = soup(answer).select("td.person > span")
    assert cell.text == "Ada"


def test_asking_changes_neither_store(learner, parts):
    [mine] = sandbox_ids(parts)

    def stores():
        with parts.shelf.open(mine, visit=False) as sandbox:
            return sandbox.stores.fingerprint()

    before = stores()
    ask(learner, "SELECT * FROM events", "write")
    learner.post("/sql/compare", data={"store": "read", "pair": "card"})
    assert stores() == before


def test_who_comes_first_and_asks_is_given_a_sandbox_and_news_of_it(client, parts):
    answer = ask(client, "SELECT 1", headers={**HTMX, "HX-Current-URL": "http://localhost/"})
    assert len(sandbox_ids(parts)) == 1
    assert "/live" in answer.text


# Again, and ready-made


def test_every_question_stands_in_the_history_and_can_be_put_back(learner):
    ask(learner, "SELECT 'first'\nFROM sales")
    ask(learner, "SELECT nothing", "write")
    pane = soup(learner.get("/sql/read"))
    said = [words(entry) for entry in pane.select(".past li")]
    assert said[0].startswith("SELECT nothing Ask again write store · the log stood at #5 · failed : SQLite says: ")
    assert said[1] == "SELECT 'first' FROM sales Ask again read store · the log stood at #5 · 0 rows, 1 work unit"
    link = pane.select(".past a")[1]["href"]
    assert soup(learner.get(link)).textarea.text.strip() == "SELECT 'first'\nFROM sales"
    assert act(learner, "undo")["dropped"] == 1
    assert "SELECT nothing" in learner.get("/sql/read").text


def test_of_many_questions_the_last_three_are_in_sight_and_one_is_asked_again_by_one_click(learner):
    for n in range(5):
        ask(learner, f"SELECT {n}", "write")
    act(learner, "cmd restock product=lamp qty=1")
    pane = soup(learner.get("/sql/read"))
    assert len(pane.select("#sql-history > .past li")) == 3
    earlier = pane.select_one("#sql-history > details")
    assert words(earlier.summary) == "2 earlier"
    form = earlier.select(".past form")[-1]
    data = {field["name"]: field["value"] for field in form.select("input, button")}
    again = learner.post(form["action"], data=data, headers=HTMX)
    assert soup(again).select_one("#sql.to-write")
    assert soup(again).textarea.text.strip() == "SELECT 0"
    assert cells(again) == [["0"]]
    first = soup(again).select_one(".past li")
    assert words(first) == "SELECT 0 Ask again write store · the log stood at #6 · 1 row, 1 work unit · asked 2 times"


def test_it_is_said_how_many_of_the_questions_stand_there(learner):
    assert f"The last {MOST} different questions will stand here." in words(soup(learner.get("/sql/read")))
    for n in range(MOST + 1):
        ask(learner, f"SELECT {n}")
    history = soup(learner.get("/sql/read")).select_one("#sql-history")
    assert len(history.select(".past li")) == MOST
    assert f"The last {MOST} different questions in the journal" in words(history)


def test_which_event_changed_a_row_is_asked_of_every_built_in_read_model(learner):
    sql = questions.question("from-event").sql
    assert not [model for model in BUILT_IN if f"from_event FROM {model}" not in " ".join(sql.split())]


def test_a_table_is_told_with_the_types_of_its_columns_and_the_bookkeeping_in_words(learner):
    pane = soup(learner.get("/sql/read"))
    assert "units integer, revenue_cents integer" in words(pane.find(id="columns-read-sales")).replace(" ,", ",")
    listed = [details for details in pane.select(".columns details") if details.code.text.startswith("_")]
    assert listed
    for details in listed:
        assert words(details.small) == sql_view.BOOKKEEPING[details.code.text]
    assert soup(learner.get("/sql/write")).find(id="columns-write-orders").i


def test_what_is_asked_again_keeps_its_button_and_an_opened_table_belongs_to_its_name(learner):
    for sql in ("SELECT 1", "SELECT 2"):
        ask(learner, sql)
    before = soup(learner.get("/sql/read"))
    ask(learner, "SELECT 1")
    after = soup(learner.get("/sql/read"))
    first, second = ([button["id"] for button in pane.select("#sql-history button[id]")] for pane in (before, after))
    assert first == second[::-1]
    assert before.find(id="columns-read-sales").code.text == "sales"
    assert not soup(learner.get("/sql/write")).find(id="columns-read-sales")


def test_an_action_line_that_is_advised_has_a_link_to_where_it_is_typed(learner):
    link = soup(ask(learner, "DELETE FROM orders", "write", headers=HTMX)).select_one(".went-wrong a")["href"]
    page, _, place = link.partition("#")
    assert soup(learner.get(page)).find(id=place)["aria-label"] == "Action line"


def test_what_was_asked_comes_along_with_an_undo_and_a_transcript(learner):
    ask(learner, "SELECT 'kept'\nFROM sales")
    act(learner, "cmd restock product=lamp qty=1")
    act(learner, "undo")
    transcript = learner.get("/transcript").text
    assert "SELECT 'kept' FROM sales" in words(soup(learner.get("/sql/read")).select_one(".past"))
    act(learner, "reset")
    assert not soup(learner.get("/sql/read")).select(".past")
    learner.post("/open", data={"transcript": (io.BytesIO(transcript.encode()), "transcript.txt")})
    said = words(soup(learner.get("/sql/write")).select_one(".past li"))
    assert said == "SELECT 'kept' FROM sales Ask again read store · the log stood at #5 · not asked again since"


def test_a_pair_says_that_it_is_not_the_text_in_the_editor_and_puts_either_side_there(learner):
    shown = soup(learner.post("/sql/compare", data={"store": "read", "pair": "card"}, headers=HTMX))
    assert "the text in the editor is a question of its own" in words(shown)
    for side, link in zip(SIDES, shown.select(".both-sides a"), strict=True):
        assert soup(learner.get(link["href"])).textarea.text.strip() == questions.pair("card").sql(side).strip()
        assert f"/sql/{side}" in link["href"]


def test_the_history_is_drawn_anew_with_each_answer(learner):
    answer = soup(ask(learner, "SELECT 'look here'", headers=HTMX))
    partial = answer.find("hx-partial", attrs={"hx-target": "#sql-history"})
    assert "look here" in partial.text


def test_a_question_to_begin_with_is_asked_by_one_click_and_stands_in_the_editor(learner):
    for line in (f"{BUY} order=o-1", "cmd place_order customer=c1 product=rug qty=7", *CATCH_UP):
        act(learner, line)
    for question in questions.file().question:
        answer = learner.post(f"/sql/{question.store}", data={"question": question.id}, headers=HTMX)
        assert answer.status_code == 200, question.id
        assert soup(answer).textarea.text.strip() == question.sql.strip()
        assert cells(answer), question.id


def test_what_the_newest_order_left_behind_is_there_from_the_command_to_the_event(learner):
    act(learner, "cmd place_order customer=c1 lines=lamp:1,mug:2 order=mine")
    answer = learner.post("/sql/write", data={"question": "left-behind"}, headers=HTMX)
    assert [row[0] for row in cells(answer)] == ["commands", "orders", "order_lines", "order_lines", "events"]


@pytest.fixture
def busy_shop(learner):
    for line in ("bulk 40", "cmd cancel_order order=o-2-3", *CATCH_UP):
        assert act(learner, line)["outcome"] in ("done", "accepted")
    return learner


def test_a_pair_has_the_same_rows_from_both_stores_and_the_work_of_each_is_measured(busy_shop):
    for pair in questions.file().pair:
        shown = soup(busy_shop.post("/sql/compare", data={"store": "read", "pair": pair.id}, headers=HTMX))
        assert "Both say the same" in words(shown.select_one("[role=status]")), pair.id
        write, read = (act(busy_shop, f"sql {side} {in_quotes(pair.sql(side).strip())}")["result"] for side in SIDES)
        assert [work(words(figures)) for figures in shown.select(".figures")] == [write["work"], read["work"]]
        assert write["rows"] == read["rows"]
        assert write["work"] >= read["work"]


def test_the_ratio_is_that_of_the_work_and_rows_that_differ_are_explained(busy_shop):
    def compared():
        return soup(busy_shop.post("/sql/compare", data={"store": "read", "pair": "card"}, headers=HTMX))

    answer = compared()
    write, read = (work(words(figures)) for figures in answer.select(".figures"))
    assert read < 10 <= write
    assert f"write store at least {write // (read + 1)} times the work" in words(answer.select_one("[role=status]"))
    assert write / read > 5
    act(busy_shop, "cmd place_order customer=c1 product=mug qty=1")
    differs = compared()
    said = "differ. The projector sleeps: customer_card knows 47 of 48 events"
    assert said in words(differs.select_one("[role=status]"))
    assert not differs.select("svg.work")
    data = {"store": "read", "pair": "card", "run": differs.select_one("button[name=run]")["value"]}
    assert "Both say the same" in busy_shop.post("/sql/compare", data=data, headers=HTMX).text
    act(busy_shop, "patch \"UPDATE customer_card SET orders = 99 WHERE customer_id = 'c1'\"")
    assert "the read store has drifted" in words(compared().select_one("[role=status]"))


def test_what_takes_hardly_any_work_from_both_is_too_little_to_tell_apart(busy_shop):
    answer = soup(busy_shop.post("/sql/compare", data={"store": "read", "pair": "product"}, headers=HTMX))
    assert "Both took fewer than 10 work units: too little to tell apart." in words(answer.select_one("#sql-said"))


@pytest.mark.parametrize(
    ("less", "more", "said"),
    [(1, 9, None), (1, 11, "at least 5 times"), (9, 15, None), (10, 10, None), (11, 28, "2.5 times"), (1, 1, None)],
)
def test_a_ratio_is_said_as_far_as_whole_units_tell_it(less, more, said):
    assert sql_view._times(less, more) == said


def test_a_pair_of_which_one_side_has_no_table_says_so(busy_shop):
    act(busy_shop, "model drop customer_card")
    answer = soup(busy_shop.post("/sql/compare", data={"store": "write", "pair": "card"}, headers=HTMX))
    assert "One of the two did not answer" in words(answer)
    assert "no such table: customer_card" in words(answer)


# Files


def download(client, sql, kind, store="read"):
    return client.post(f"/sql/{store}/rows", data={"sql": sql, "as": kind})


def test_csv_and_json_have_the_rows_that_were_shown(learner):
    sql = "SELECT name, price_cents, NULL AS none, x'00ff' AS bytes FROM product_card"
    shown = cells(ask(learner, sql, headers=HTMX))
    made = download(learner, sql, "csv")
    assert made.headers["Content-Disposition"] == 'attachment; filename="read-as-of-event-5-3-rows.csv"'
    read = list(csv.reader(io.StringIO(made.text)))
    assert read[0] == ["name", "price_cents", "none", "bytes"]
    assert read[1:] == [["" if cell == "NULL" else cell.removesuffix(" 2 bytes") for cell in row] for row in shown]
    found = download(learner, sql, "json").get_json()
    assert found["rows"][0] == ["Lamp", 2500, None, "x'00ff'"]
    assert (found["columns"][1], found["types"][1], found["cut"]) == ("price_cents", "integer", False)


def test_a_file_that_was_cut_says_so_in_its_name(learner):
    made = download(learner, NUMBERS.format(900), "csv")
    assert "read-first-500-rows.csv" in made.headers["Content-Disposition"]
    assert len(made.text.splitlines()) == 501


def test_a_file_keeps_null_from_an_empty_text_and_a_number_from_one_in_a_text(learner):
    sql = "SELECT NULL AS a, '' AS b, 1 AS c, '1' AS d, 'x,\"y\"' AS e, ' z' AS f"
    assert download(learner, sql, "csv").text == 'a,b,c,d,e,f\r\n,"",1,1,"x,""y"""," z"\r\n'
    assert download(learner, "SELECT NULL AS a", "csv").text == 'a\r\n""\r\n'
    found = download(learner, sql, "json").get_json()
    assert found["rows"] == [[None, "", 1, "1", 'x,"y"', " z"]]
    assert (found["store"], found["sql"]) == ("read", sql)


def test_a_file_says_as_of_which_event_it_is(learner):
    act(learner, "run sales")
    act(learner, "cmd place_order customer=c1 product=mug qty=1")
    named = {}
    for store, sql in (("read", "SELECT * FROM sales"), ("write", "SELECT * FROM orders")):
        made = download(learner, sql, "json", store)
        named[store] = re.search(r"as-of-event-(\d+)-", made.headers["Content-Disposition"])[1]
        assert made.get_json()["as_of_event"] == int(named[store])
    assert named == {"read": "5", "write": "6"}


def test_a_text_that_a_spreadsheet_would_take_for_a_formula_is_tamed_and_a_number_is_not(learner):
    for text in ("=1+1", "+1", "-1", "@x", "\t=1", "=cmd|' /C calc'!A0"):
        quoted = text.replace("'", "''")
        made = download(learner, f"SELECT '{quoted}' AS \"{text}\", -5 AS less", "csv")
        head, row = csv.reader(io.StringIO(made.text))
        assert (head[0], row) == (f"'{text}", [f"'{text}", "-5"])
        assert download(learner, f"SELECT '{quoted}'", "json").get_json()["rows"] == [[text]]


def test_a_file_is_not_asked_for_by_get_and_leaves_no_line(learner):
    assert learner.get("/sql/read/rows").status_code == 405
    download(learner, "SELECT 1", "csv")
    assert "SELECT 1" not in learner.get("/transcript").text


def test_what_cannot_be_a_file_is_told(learner):
    for sql, kind, status in (("", "csv", 400), ("SELECT 1", "xlsx", 400), ("SELEC", "csv", 422)):
        assert download(learner, sql, kind).status_code == status


# Where it cannot be asked


@pytest.fixture
def crowded(monkeypatch):
    def ask(*_):
        raise guard.Busy("too many people are asking just now; ask again in a moment")

    monkeypatch.setattr(guard, "ask", ask)


def test_who_finds_no_place_is_told_so_in_place_and_keeps_what_was_typed(learner, crowded):
    for headers in (HTMX, {}):
        answer = ask(learner, "SELECT 'typed'", headers=headers)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(limits.RETRY_AFTER_SECONDS))
        assert "Too many people are asking just now" in words(soup(answer).select_one("#sql-answer"))
    assert soup(answer).textarea.text.strip() == "SELECT 'typed'"
    assert "typed" not in learner.get("/transcript").text
    ready = learner.post("/sql/read", data={"question": "checkpoints"}, headers=HTMX)
    assert soup(ready).select_one("#sql #sql-answer")


def test_a_script_that_finds_no_place_is_told_when_to_come_again(learner, crowded):
    for answer in (
        ask(learner, "SELECT 1", headers=JSON),
        learner.post("/actions", data={"line": 'sql read "SELECT 1"'}, headers=JSON),
    ):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(limits.RETRY_AFTER_SECONDS))
        assert "too many people" in answer.get_json()["reason"].lower()


def test_where_sql_is_switched_off_the_pane_says_so_and_offers_nothing(learner, monkeypatch):
    monkeypatch.setattr(workers, "_trusted", ["SQL that people type is switched off on this server, because of a test"])
    pane = soup(learner.get("/sql/read"))
    assert "switched off" in words(pane.select_one("#sql"))
    assert not pane.select("#sql textarea, #sql form")
    answer = ask(learner, "SELECT 1", headers=JSON)
    assert (answer.status_code, "switched off" in answer.get_json()["reason"]) == (422, True)


def test_in_a_lesson_a_question_that_waits_holds_nobody_up(client, parts, monkeypatch):
    client.post("/actions?lesson=L05", data={"line": "pause"}, headers=JSON)
    came, go_on = threading.Event(), threading.Event()
    asked = guard.ask

    def held(*given):
        came.set()
        assert go_on.wait(20)
        return asked(*given)

    monkeypatch.setattr(guard, "ask", held)
    with client.session_transaction() as session:
        mine = dict(session)
    other = client.application.test_client()
    with other.session_transaction() as session:
        session.update(mine)
    asking = threading.Thread(target=lambda: other.post("/sql/read?lesson=L05", data={"sql": "SELECT 1"}))
    asking.start()
    try:
        assert came.wait(20)
        assert client.get("/lessons/L05").status_code == 200
        assert act_in_lesson(client, "cmd restock product=lamp qty=1")["outcome"] == "accepted"
        assert asking.is_alive()
    finally:
        go_on.set()
        asking.join(20)


def act_in_lesson(client, line):
    return client.post("/actions?lesson=L05", data={"line": line}, headers=JSON).get_json()
