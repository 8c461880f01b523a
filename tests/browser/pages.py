"""Every page and every state of it that somebody can come to, for what must hold on all of them."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from playwright.sync_api import BrowserContext, Page, expect

from lab import own_text
from lab.actions import ModelWrite
from lab.lesson_files import lessons
from lab.lesson_progress import Attempt, Progress, Standing, exported
from lab.tasks import tasks
from tests.browser.visits import enter

BUSY = (
    "set delay=0",
    "cmd place_order customer=c1 product=lamp qty=2",
    "cmd register_customer customer=c3 name=Cem email=cem@example.test",
    "bulk 30",
    "query order_list",
    "pause sales",
    "cmd change_price product=lamp price=2750",
    "query product_card lamp",
)
"""A shop after a while: long tables, one read model asleep, a page that is older than the head."""


REBUILDING = (
    "model rebuild sales beside=yes",
    "set sales delay=3",
    "model rebuild product_search beside=yes",
    "model fill product_search",
    "model switch product_search",
    "pause order_list",
    "model rebuild order_list",
    "query order_list",
)
"""One read model built again beside, one switched, one emptied in place, and one that is slow."""


def own(do: str, name: str, source: str) -> Callable[[BrowserContext], Page]:
    """Come to the editor of read models with a text, after one of its buttons was pressed."""

    def come(context: BrowserContext) -> Page:
        page = enter(context, *BUSY, path="/models/new")
        page.get_by_label("Name").fill(name)
        page.locator("#model-source").evaluate(
            "(area, source) => { area.value = source; area.dispatchEvent(new Event('input', { bubbles: true })) }",
            source,
        )
        page.locator(f"button[value={do}]").last.click()
        expect(page.locator(".poisoned, .findings")).to_be_visible()
        return page

    return come


def failed(context: BrowserContext) -> Page:
    """Come to the editor with a text that failed its task, with all that is folded away opened."""
    task = tasks()["sales-per-customer"]
    line = str(ModelWrite(task.model, task.wrong[0].sql.strip()))
    page = enter(context, *BUSY, line, path=f"/models/{task.model}/edit")
    page.get_by_role("button", name="Check the task").click()
    expect(page.locator("#model-task .no")).to_be_visible()
    for folded in ("#model-task .no summary", "#model-task .others > summary"):
        page.locator(folded).click()
    return page


LONG = "a_name_that_is_as_long_as_a_name_may_be"
SMALL = own_text.starter(LONG)
POISON = SMALL.replace("ON CONFLICT (placed_on) DO UPDATE\nSET orders = orders + 1, from_event = :position", "")
OWN = (
    *BUSY[:2],
    str(ModelWrite(LONG, SMALL)),
    str(ModelWrite("dropped", own_text.starter("dropped"))),
    "model drop dropped",
)


class Stop(NamedTuple):
    """A place to look at: how to come there."""

    name: str
    come: Callable[[BrowserContext], Page]


LEFT: dict[tuple[str, ...], list[Any]] = {}
"""The cookies of whoever did these lines first."""


def look(context: BrowserContext, *lines: str, path: str = "/") -> Page:
    """Open a page of a sandbox in which these lines were done, once for all who only look."""
    if lines not in LEFT:
        page = enter(context, *lines, path=path)
        LEFT[lines] = page.context.cookies()
        return page
    page = context.new_page()
    page.context.add_cookies(LEFT[lines])
    page.goto(path)
    return page


def at(path: str, *lines: str) -> Callable[[BrowserContext], Page]:
    return lambda context: look(context, *lines, path=path) if lines else enter(context, path=path)


def lesson(*labels: str) -> Callable[[BrowserContext], Page]:
    """Come to the first sixty seconds after these choices."""

    def come(context: BrowserContext) -> Page:
        page = enter(context, path="/lessons/L00")
        for label in labels:
            page.locator("#lesson").get_by_role("button", name=re.compile(rf"{label}$")).click()
        expect(page.locator("#lesson .gulf")).to_contain_text(f"{('0', '1', '0', '1', '2')[len(labels)]} behind")
        return page

    return come


def guided(name: str, *done: str, then: str = "", bet: str = "", **said: str) -> Callable[[BrowserContext], Page]:
    """Come to a lesson after a bet, these lines, and what else was said in it."""

    def come(context: BrowserContext) -> Page:
        context.request.get(f"/lessons/{name}")
        if bet:
            context.request.post(f"/lessons/{name}/bet", form={"choice": bet})
        for line in done:
            context.request.post(f"/actions?lesson={name}", form={"line": line}, headers={"Accept": "application/json"})
        for path, choice in said.items():
            form = {"owner": name, "kind": "concept", "choice": choice} if path == "answer" else {}
            context.request.post(f"/lessons/{name}/{path}", form=form)
        page = context.new_page()
        page.goto(f"/lessons/{name}{then}")
        expect(page.locator("#rail")).to_be_visible()
        return page

    return come


def begun(path: str) -> Callable[[BrowserContext], Page]:
    """Come to a page when some lessons are passed, one is under way, and a question waits to be repeated."""

    def come(context: BrowserContext) -> Page:
        context.request.get("/lessons/L05")
        file = {"name": "lagoon-progress.json", "mimeType": "application/json", "buffer": exported(SOME)}
        context.request.post("/progress", multipart={"file": file})
        return enter(context, path=path)

    return come


def with_a_wrong_file(context: BrowserContext) -> Page:
    page = enter(context, path="/lessons")
    page.get_by_label("progress file").set_input_files({"name": "a.json", "mimeType": "", "buffer": b'{"points": 9}'})
    page.get_by_role("button", name="Bring it in").click()
    expect(page.get_by_role("alert")).to_contain_text("unknown field")
    return page


NOON = "2026-11-23T12:00:00Z"
SOME = Progress(
    lessons={
        "L00": Standing(1, begun=NOON, passed=NOON),
        "L02": Standing(1, begun=NOON, passed=NOON, concept=[Attempt(0, False, "L02", NOON)]),
        "L04": Standing(1, begun=NOON, over=1),
        "L05": Standing(1, begun=NOON, over=2),
    }
)

GAP = lessons()["L05"].reference.lines


def middle(name: str) -> tuple[str, ...]:
    """Return the first two thirds of a lesson's reference: its tables, pages and badges at their widest."""
    lines = lessons()[name].reference.lines
    return lines[: len(lines) * 2 // 3 + 1]


def after_click(name: str, role: str = "link") -> Callable[[BrowserContext], Page]:
    """Come to a busy sandbox with what this link or button opens."""

    def come(context: BrowserContext) -> Page:
        page = look(context, *BUSY)
        page.get_by_role(role, name=name).first.click()
        expect(page.locator("dialog[open], .meaning:popover-open")).to_have_count(1)
        return page

    return come


def sql(store: str, button: str, then: str = "") -> Callable[[BrowserContext], Page]:
    """Come to the SQL pane after one of its buttons; or, after a line, back to an answer that is older by now."""

    def come(context: BrowserContext) -> Page:
        page = enter(context, *BUSY[:4], 'sql read "SELECT order_id FROM order_list"')
        page.get_by_role("link", name=f"Ask the {store} store in SQL").click()
        page.get_by_role("button", name=button).click()
        expect(page.locator("#sql-editor .cm-content")).to_be_visible()
        expect(page.locator("#sql-answer .figures").first).to_be_visible()
        if then:
            context.request.post("/actions", form={"line": then})
            page.get_by_role("link", name=f"{store.capitalize()} store {store}.db").click()
            expect(page.locator("#sql-answer .since-then")).to_be_visible()
        return page

    return come


def sql_mistyped(context: BrowserContext) -> Page:
    page = enter(context, path="/sql/write")
    page.locator("#sql-editor .cm-content").click()
    page.keyboard.press("End")
    page.keyboard.type("s WHERE")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("SQLite says")
    return page


STORY = ("3", "Wake the projector", "Buy a mug", "Buy a lamp")

STOPS = (
    Stop("sandbox, new", at("/")),
    Stop("sandbox, busy", at("/", *BUSY)),
    Stop("sandbox, rebuilding", at("/", *BUSY, *REBUILDING)),
    Stop("sandbox, presented", at("/?presenter=1", *BUSY)),
    Stop("dialog of an event", after_click("PriceChanged")),
    Stop("dialog of a row", after_click("where product_card lamp comes from")),
    Stop("dialog of a command's code", after_click("Show me the code")),
    Stop("dialog of a schema", after_click("Schema of the write store")),
    Stop("dialog of a table", after_click("rows in orders")),
    Stop("dialog of the log", after_click("show the whole log")),
    Stop("dialog to share", after_click("Share")),
    Stop("a word explained", after_click("Event log", "button")),
    Stop("reset asks", after_click("Reset", "button")),
    *(Stop(f"sixty seconds, {count} taps", lesson(*STORY[:count])) for count in range(5)),
    Stop("lessons", at("/lessons")),
    Stop("lessons, some passed", begun("/lessons")),
    Stop("lessons, a file that is none", with_a_wrong_file),
    Stop("words, a lesson under way", begun("/words")),
    Stop("a lesson, new", guided("L05")),
    Stop("a lesson, a bet and its hint", guided("L05", *GAP[:1], bet="3", hint="")),
    Stop("a lesson, what happened", guided("L05", *GAP[:2], bet="3")),
    Stop("a lesson, over", guided("L05", *GAP, bet="5", answer="0")),
    Stop("a lesson, its solution", guided("L05", then="?solution=1")),
    Stop("a lesson, asked for a step", guided("L05", *GAP[:1], then="?step=3")),
    Stop("a lesson, with lines of its own", guided("L01", "measure crud", "bulk 900", "measure crud")),
    Stop("a lesson, with a poison event", guided("L10", "run")),
    *(Stop(f"a lesson, {name} in the middle", guided(name, *middle(name))) for name in ("L03", "L06", "L09")),
    Stop("two shoppers, new", at("/race")),
    Stop("two shoppers, sold twice", at("/race", "race read_then_write steps=ada,ben,ada,ben,ada,ben")),
    Stop("two shoppers, one waits", at("/race", "race guarded steps=ada,ben,ada,ben")),
    Stop("two shoppers, sold once", at("/race", "race guarded steps=ada,ben,ada,ben,ada")),
    Stop("experiments", at("/experiments")),
    Stop("an experiment", at("/experiments/poison")),
    Stop(
        "an experiment, opened",
        at("/experiments/honest-lag", "pause sales", "set sales delay=5", "bulk 40", "run"),
    ),
    Stop("time travel, far apart", at("/travel?at=38&since=5", *BUSY)),
    Stop("time travel, with a poison event", at("/travel?at=7&since=9", *BUSY[:2], "poison", *BUSY[2:4])),
    Stop("read models of your own", at("/models", *OWN)),
    Stop("a read model, with things to mend", own("try", LONG, own_text.starter("mine").replace(":placed_on", ":day"))),
    Stop("a read model, tried, with a poison event", own("try", LONG, POISON)),
    Stop("a read model, failed", failed),
    Stop("words", at("/words")),
    Stop("limits", at("/limits")),
    Stop("teach", at("/teach")),
    Stop("reading strategies, new", at("/strategies")),
    Stop("reading strategies, run", at("/strategies", "strategies shoppers=100 seed=3 timeout=0.8 late=stale")),
    Stop(
        "SQL, what an order left behind, before the next line",
        sql("write", "What did the newest order leave behind?", "cmd restock product=lamp qty=1"),
    ),
    Stop("SQL, both stores", sql("read", "The ten largest orders")),
    Stop("SQL on its own page, mistyped", sql_mistyped),
    Stop("open, empty", at("/open")),
    Stop("open, with lines", at("/open?lines=cmd%20restock%20product%3Dlamp%20qty%3D5")),
    Stop("event on its own page", at("/event/6", *BUSY)),
    Stop("table on its own page", at("/table/write/commands", *BUSY)),
    Stop("not found", at("/nowhere")),
)
