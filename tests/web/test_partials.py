"""Partials and templates keep the form that the stream and the content security policy rely on."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import render_template
from werkzeug.datastructures import MultiDict

from lab import broken, own_text, sources, trail, xray
from lab.actions import ModelWrite
from lab.lesson_files import lessons
from lab.lesson_progress import Progress
from lab.sandbox import Sandbox
from lab.tasks import tasks
from lab.values import in_quotes
from web import model_answers, model_views, race, rail, sql_view, stage, travel, view
from web.forms import line_of
from web.model_typed import Typed
from web.panels import PANELS

TEMPLATES = Path(__file__).parents[2] / "templates"

NASTY = "<b onclick=x>&\"'"

LINES = (
    f'cmd add_product product=x-1 name="{NASTY.replace(chr(34), "")}" price=100 stock=5',
    "run",
    "query product_card lamp",
    "cmd place_order customer=c1 lines=lamp:1,mug:2",
    "cmd place_order customer=c1 product=rug qty=7",
    "step product_card",
    "query order_list",
    "pause sales",
    "model drop customer_card",
    "race read_then_write steps=ada,ben",
    "poison order=old-1",
    "mode order_list poison=park atomic=off",
    "run order_list",
    "crash order_list before_commit",
    "model rebuild order_list beside=yes",
)


@pytest.fixture
def sandbox(tmp_path):
    made = Sandbox.create(tmp_path / "sandbox", clock="manual")
    for line in LINES:
        made.act(line)
    yield made
    made.close()


def partials(sandbox):
    """Every partial with what it shows, by the name of its template."""
    for name, panel in PANELS.items():
        yield name, {"panel": panel(sandbox)}
    yield "undo", {"panel": view.undo(sandbox)}
    answer = view.answer(sandbox, sandbox.act("cmd restock product=lamp qty=1"))
    for slot in ("write", "read", "line", "break"):
        yield f"answer_{slot}", {"answer": answer}
        yield f"answer_{slot}", {"answer": None}
    yield "lesson", {"panel": stage.lesson(lessons()["L00"], sandbox, Progress())}
    yield "rail", {"panel": rail.rail(lessons()["L05"], sandbox, Progress())}
    yield "live", {"live": {"mode": "stream", "seen": ""}}
    yield "live", {"live": {"mode": "poll", "seen": ""}}
    yield "error", {"title": "Not here", "text": NASTY}
    yield "event", {"sheet": trail.event(sandbox, 6)}
    yield "row", {"sheet": trail.row(sandbox, "product_card", "lamp")}
    yield "log", {"sheet": trail.log_page(sandbox)}
    yield "code", {"sheet": sources.code_of_command("place_order")}
    yield "code", {"sheet": sources.code_of_projection(sandbox, "sales")}
    yield "code", {"sheet": sources.code_of_projector()}
    yield "schema", {"sheet": sources.schema(sandbox, "read")}
    yield "table", {"sheet": xray.table_page(sandbox, "write", "commands", 0)}
    for name in ("travel", "travel_wait", "travel_head"):
        yield name, {"panel": travel.panel(sandbox)}
    for name in ("break", "broken", "broken_now"):
        yield name, {"sheet": broken.projection(sandbox, "order_list")}
    hostile = "SELECT '" + NASTY.replace("'", "") + "', NULL"
    for line in (None, f"sql read {in_quotes(hostile)}", 'sql read "SELECT no"'):
        asked = sandbox.act(line) if line else None
        for name in ("sql", "sql_answer", "sql_history"):
            yield name, {"sheet": sql_view.sheet(sandbox, "read", None, asked)}
    yield "race", {"panel": race.panel(sandbox)}
    for name, panel in models(sandbox):
        yield f"model_{name}", {"panel": panel, "here": {}}
    yield "models_own", {"panel": model_views.own(sandbox), "here": {}}
    yield "share", {"sheet": {"link": "http://localhost/open", "lines": ["run"], "too_long": False}}


def models(sandbox):
    """The parts of the page on which a read model is written, with all that can stand in them."""
    source = own_text.starter("mine")
    sandbox.act(str(ModelWrite("mine", source)))
    for name in ("standing", "rows"):
        yield name, model_views.standing(sandbox, "mine")
    yield "events", model_views.events(sandbox)
    for wanted in ("try", "truth"):
        yield from model_answers.parts(sandbox, Typed("mine", source), wanted).items()
    hostile = f"-- key: {NASTY}\nCREATE TABLE mine ({NASTY});\n-- on {NASTY}"
    yield from model_answers.parts(sandbox, Typed("mine", hostile), "try").items()
    solved = next(iter(tasks().values()))
    yield from model_answers.parts(sandbox, Typed(solved.model, solved.solution), "task").items()


def test_every_partial_has_one_root_whose_id_is_its_name(app, sandbox):
    seen = set()
    with app.test_request_context():
        for name, context in partials(sandbox):
            html = render_template(f"_{name}.html", **context)
            roots = BeautifulSoup(html, "html5lib").body.find_all(recursive=False)
            assert [root.get("id") for root in roots] == [name.replace("_", "-")], name
            seen.add(f"_{name}.html")
    assert seen == {path.name for path in TEMPLATES.glob("_*.html")}


def test_what_a_learner_types_never_becomes_an_element(app, sandbox):
    with app.test_request_context():
        for name, context in partials(sandbox):
            page = BeautifulSoup(render_template(f"_{name}.html", **context), "html5lib")
            assert not page.select("[onclick]"), name


def test_no_id_stands_twice_on_a_page(learner):
    for address in ("/", "/lessons/L00", "/travel", "/event/5", "/words", "/share"):
        page = BeautifulSoup(learner.get(address).text, "html5lib")
        ids = [element["id"] for element in page.select("[id]")]
        assert len(ids) == len(set(ids)), (address, sorted(id for id in ids if ids.count(id) > 1))


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_templates_hold_no_inline_handler_style_or_script_and_trust_no_text(path):
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"\son\w+\s*=|\sstyle\s*=|hx-on|<style|\bjs:|\|\s*safe|Markup|autoescape", source)
    assert all("src=" in script for script in re.findall(r"<script[^>]*>", source))
    assert not re.search(r"=\{\{", source), "an attribute without quotes"


ORDER = [("verb", "place_order"), ("customer", "c1"), ("product", "lamp"), ("qty", "2")]
MUG = [("product", "mug")]


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ([("line", "run")], "run"),
        (
            [
                ("verb", "place_order"),
                ("customer", "c1"),
                ("product", "lamp"),
                ("qty", "2"),
                ("product", ""),
                ("qty", "1"),
            ],
            "cmd place_order customer=c1 product=lamp qty=2",
        ),
        (
            [
                ("verb", "place_order"),
                ("customer", "c1"),
                ("product", "lamp"),
                ("qty", "2"),
                ("product", "mug"),
                ("qty", "1"),
            ],
            "cmd place_order customer=c1 lines=lamp:2,mug:1",
        ),
        ([("verb", "change_price"), ("product", "mug"), ("price", "8.5")], "cmd change_price product=mug price=850"),
        (
            [("verb", "change_price"), ("product", "mug"), ("price", "cheap")],
            "cmd change_price product=mug price=cheap",
        ),
        (
            [("verb", "rename_product"), *MUG, ("name", 'A "big" mug'), ("id", "k1"), ("expect", "3")],
            'cmd rename_product product=mug name="A \\"big\\" mug" id=k1 expect=3',
        ),
        ([("verb", "query"), ("model", "sales"), ("key", ""), ("via", "wait")], "query sales via=wait"),
        ([("verb", "set"), ("delay", "1.5")], "set delay=1.5"),
        ([("verb", "traffic"), ("rate", "0")], "traffic off"),
    ],
)
def test_a_form_writes_the_line_that_it_stands_for(fields, line):
    assert line_of(MultiDict(fields)) == line
