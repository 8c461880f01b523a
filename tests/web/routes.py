"""Every route of the application, one row each, with what it answers to whom. ``test_roles`` compares it with the app.

The people: *owner* has a sandbox with an order of their own and a progress file; *nobody* comes without a cookie;
*visitor* has another sandbox; *forged* brings the owner's cookie with a signature that does not fit it; *gone* brings a
good cookie that names a sandbox which is no more.
"""

import io
from typing import Any, NamedTuple

from lab import own_text
from lab.actions import ModelWrite
from tests.web.visits import BUY

PEOPLE = ("owner", "nobody", "visitor", "forged", "gone")

SECRET = "Only-the-owner-knows"
"""The name of the owner's customer and of the owner's product, which nobody else may ever see."""

OWNERS_LINES = (
    "pause",
    f"cmd register_customer customer=c9 name={SECRET} email=c9@example.test",
    f"cmd add_product product=p9 name={SECRET} price=100 stock=9",
    "cmd place_order customer=c9 product=p9 qty=1 order=o9",
    "run product_card",
    str(ModelWrite("own9", f"-- {SECRET}\n{own_text.starter('own9')}")),
    "run own9",
    "pause",
)
OWNERS_EVENT = 8


class Row(NamedTuple):
    """One way into the application: an address, the status for each of the people, what they send, and before that."""

    address: str
    statuses: tuple[int, ...]
    form: dict[str, Any] | None = None
    first: tuple[str, dict[str, Any]] | None = None


def everybody(status: int) -> tuple[int, ...]:
    return (status,) * len(PEOPLE)


def owner_only(status: int = 200, others: int = 404) -> tuple[int, ...]:
    return (status, *everybody(others)[1:])


ROWS = {
    # What tells only, and is the same for all
    "GET /static/<path:filename>": Row("/static/lagoon.css", everybody(200)),
    "GET /words": Row("/words", everybody(200)),
    "GET /teach": Row("/teach", everybody(200)),
    "GET /limits": Row("/limits", everybody(200)),
    "GET /experiments": Row("/experiments", everybody(200)),
    "GET /experiments/<experiment_id>": Row("/experiments/poison", everybody(200)),
    "GET /code/command/<name>": Row("/code/command/place_order", everybody(200)),
    "GET /code/projector": Row("/code/projector", everybody(200)),
    "GET /open": Row("/open?lines=run", everybody(200)),
    # A sandbox is looked at: one's own, or the shop as it begins
    "GET /": Row("/", (200, 303, 200, 303, 200)),
    "GET /state": Row("/state", everybody(200)),
    "GET /live": Row("/live", (200, 503, 200, 503, 503)),
    "GET /panels": Row("/panels", (200, 204, 200, 204, 204)),
    "GET /log": Row("/log", everybody(200)),
    "GET /event/<position>": Row(f"/event/{OWNERS_EVENT}", owner_only()),
    "GET /row/<model>/<key>": Row("/row/product_card/p9", owner_only()),
    "GET /table/<store>/<name>": Row("/table/write/customers", everybody(200)),
    "GET /schema/<store>": Row("/schema/read", everybody(200)),
    "GET /break/<name>": Row("/break/sales", everybody(200)),
    "GET /broken/<name>": Row("/broken/sales", everybody(200)),
    "GET /code/projection/<name>": Row("/code/projection/sales", everybody(200)),
    "GET /export": Row("/export", everybody(200)),
    "GET /transcript": Row("/transcript", everybody(200)),
    "GET /share": Row("/share", everybody(200)),
    "GET /models": Row("/models", everybody(200)),
    "GET /models/own": Row("/models/own", everybody(200)),
    "GET /models/new": Row("/models/new", everybody(200)),
    "GET /models/<name>/edit": Row("/models/own9/edit", owner_only(others=303)),
    "GET /models/<name>/standing": Row("/models/own9/standing", owner_only(others=204)),
    "GET /models/<name>.sql": Row("/models/own9.sql", owner_only()),
    "GET /race": Row("/race", everybody(200)),
    "GET /strategies": Row("/strategies", everybody(200)),
    "GET /travel": Row(f"/travel?at={OWNERS_EVENT}", everybody(200)),
    "GET /travel/head": Row("/travel/head", everybody(200)),
    "GET /damaged/<filename>": Row("/damaged/write.db", everybody(303)),
    "GET /sql/<store>": Row("/sql/write", everybody(200)),
    "GET /lessons": Row("/lessons", everybody(200)),
    "GET /lessons/<lesson_id>": Row("/lessons/L00", everybody(200)),
    "GET /progress.json": Row("/progress.json", everybody(200)),
    # Something is changed: in one's own sandbox, which is made if there is none
    "POST /actions": Row("/actions", everybody(303), {"line": BUY}),
    "POST /open": Row("/open", everybody(303), {"lines": BUY}),
    "POST /models": Row("/models", owner_only(303, 422), {"do": "drop", "name": "own9"}),
    "POST /models/edit": Row(
        "/models/edit", everybody(303), {"do": "add", "name": "mine", "source": own_text.starter("mine")}
    ),
    "POST /models/import": Row("/models/import", everybody(200), {"source": own_text.starter("mine")}),
    "POST /race": Row("/race", everybody(303), {"line": "race read_then_write steps=ada"}),
    "POST /strategies": Row("/strategies", everybody(303), {"verb": "strategies", "shoppers": "2"}),
    "POST /travel/leave": Row("/travel/leave", everybody(204)),
    "POST /damaged": Row("/damaged", everybody(303)),
    "POST /sql/<store>": Row("/sql/write", everybody(200), {"sql": "SELECT name FROM customers"}),
    "POST /sql/<store>/rows": Row(
        "/sql/write/rows", everybody(200), {"sql": "SELECT name FROM customers", "as": "csv"}
    ),
    "POST /sql/compare": Row("/sql/compare", everybody(200), {"store": "read", "pair": "card"}),
    "POST /lessons/<lesson_id>/open": Row("/lessons/L00/open", everybody(303), {"step": "2"}),
    "POST /lessons/<lesson_id>/bet": Row("/lessons/L00/bet", everybody(303), {"choice": "3"}),
    "POST /lessons/<lesson_id>/do": Row(
        "/lessons/L00/do", everybody(303), {"button": "0"}, first=("/lessons/L00/open", {"step": "2"})
    ),
    "POST /lessons/<lesson_id>/restart": Row("/lessons/L00/restart", everybody(303)),
    "POST /lessons/<lesson_id>/start-over": Row("/lessons/L00/start-over", everybody(303)),
    "POST /lessons/<lesson_id>/answer": Row(
        "/lessons/L01/answer", everybody(303), {"owner": "L01", "kind": "concept", "choice": "0"}
    ),
    "POST /lessons/<lesson_id>/hint": Row("/lessons/L00/hint", everybody(303)),
    "POST /progress": Row("/progress", everybody(303), {"file": b'{"format": 1, "lessons": {}}'}),
    "POST /progress/forget": Row("/progress/forget", everybody(303)),
}


def addresses(method: str) -> list[str]:
    """Return the address of every route that takes a method."""
    return [row.address for way, row in ROWS.items() if way.split()[0] == method]


def sent(row: Row) -> dict[str, Any]:
    """Return the form of a row, fresh, with its files as files."""
    form = row.form or {}
    return {name: (io.BytesIO(one), "file") if isinstance(one, bytes) else one for name, one in form.items()}
