"""Texts that try to be more than text, in every field, looked for on every page and in every fragment.

``python -m tests.web.payloads`` puts each of them into each field. What is searched for was born of a text: an element,
an attribute, a handler, an address that runs; and a page that is full of them has the shape of one that is not.
"""

import io
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from itertools import product, zip_longest
from pathlib import Path
from typing import NamedTuple
from unittest import mock
from urllib.parse import quote

from app import create_app
from lab import limits
from lab.shelf import FREE_PLAY
from lab.values import in_quotes
from tests.web.routes import addresses
from tests.web.visits import act
from web import visitor

PAYLOADS = (
    "<script data-xss>window.__xss=1</script>",
    "<img data-xss src=x onerror=window.__xss=1>",
    "<svg data-xss onload=window.__xss=1>",
    '"><svg data-xss onload=window.__xss=1>',
    "'><img data-xss src=x onerror=window.__xss=1>",
    '" data-xss onfocus="window.__xss=1" autofocus x="',
    "' data-xss onfocus='window.__xss=1' autofocus x='",
    " data-xss onmouseover=window.__xss=1 x=",
    "` data-xss onmouseover=window.__xss=1 x=`",
    "</title><script data-xss>window.__xss=1</script>",
    "</textarea><script data-xss>window.__xss=1</script>",
    "</option></select><b data-xss>x</b>",
    "</td></tr></table><b data-xss>x</b>",
    "</script><script data-xss>window.__xss=1</script>",
    "</style><b data-xss>x</b><style>",
    "--><b data-xss>x</b><!--",
    "]]><b data-xss>x</b>",
    "</hx-partial><hx-partial hx-target='#log'><b data-xss>x",
    "<hx-partial hx-target=body><b data-xss>x</b></hx-partial>",
    "</template><b data-xss>x</b>",
    "<a data-xss href=javascript:window.__xss=1>x</a>",
    "javascript:window.__xss=1//",
    "JaVaScRiPt:window.__xss=1//",
    "java\u00adscript:window.__xss=1",
    "data:text/html,<script data-xss>window.__xss=1</script>",
    "<iframe data-xss srcdoc='<script>parent.__xss=1</script>'>",
    "<object data-xss data=javascript:window.__xss=1>",
    "<base data-xss href=//evil.example/>",
    "<meta data-xss http-equiv=refresh content='0;url=//evil.example'>",
    "<form data-xss action=//evil.example><input name=line>",
    "<link data-xss rel=stylesheet href=//evil.example>",
    "<b data-xss hx-get=/lessons hx-trigger=load>x</b>",
    "<b data-xss hx-on:load=window.__xss=1>x</b>",
    "&lt;b data-xss&gt;x&lt;/b&gt;",
    "&#60;b data-xss&#62;x&#60;/b&#62;",
    "\\u003cb data-xss\\u003ex",
    "%3Cb data-xss%3Ex",
    "{{ 7*7 }}{% raw %}${7*7}<b data-xss>x",
    "[x](javascript:window.__xss=1) <b data-xss>`x`",
    "\uff1cb data-xss\uff1e<b data-xss>x",
)

TOGETHER = 8
"""So many of them are named in one sandbox: as many rows as a table shows at once."""

RUNS = re.compile(r"(?i)^[\s\x00-\x20]*(javascript|vbscript|data:text)")
LEADS = {"href", "src", "action", "formaction", "xlink:href", "srcset", "data", "poster", "hx-get", "hx-post", "hx-put"}
VOID = {"path", "rect", "circle", "line"}


class Shape(HTMLParser):
    """What a text is to a parser of HTML: its elements with the names of their attributes; and what runs in it."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, ...]] = []
        self.forms: list[tuple[dict[str, str], list[tuple[str, str]]]] = []
        self.born: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements.append((tag, *given))
        for name, value in given.items():
            foreign = "xss" in name or name.startswith(("on", "hx-on", "srcdoc", "style"))
            if foreign or (name in LEADS and (RUNS.match(value) or value.startswith("//"))):
                self.born.append(f"<{tag} {name}={value[:80]}>")
        if "xss" in tag or (tag == "script" and not given.get("src", "").startswith("/static/")):
            self.born.append(f"<{tag}>")
        if tag == "form":
            self.forms.append((given, []))
        elif tag in ("input", "button", "select", "textarea") and given.get("name") and self.forms:
            self.forms[-1][1].append((given["name"], given.get("value", "")))

    handle_startendtag = handle_starttag


def harmless(text: str) -> str:
    """Return a text of the same length and words that nobody can take for more than text."""
    return re.sub(r"[^\w .,:*]", "x", text).replace("javascript:", "javascriptx")


class Field(NamedTuple):
    """One field of one form: where the form goes, what else stands in it, and the field's name."""

    address: str
    rest: tuple[tuple[str, str], ...]
    name: str

    def form(self, value: str) -> dict[str, object]:
        """Return the form with this value in the field."""
        form: dict[str, object] = dict(self.rest) | {self.name: value}
        if self.name in ("file", "transcript"):
            form[self.name] = (io.BytesIO(value.encode()), value[:40].replace('"', "'"))
        return form


# A sandbox full of texts


@contextmanager
def sandbox(values: tuple[str, ...]):
    """Lend a client whose sandbox is full of these texts, wherever a text may be, and in which time stands still."""
    still = replace(FREE_PLAY, clock="manual")
    with tempfile.TemporaryDirectory() as folder, mock.patch.object(visitor, "FREE_PLAY", still):
        app = create_app(Path(folder))
        try:
            client = app.test_client()
            fill(client, values)
            yield client
        finally:
            app.extensions["lagoon"].close()


def fill(client, values: tuple[str, ...]) -> None:
    """Name everything that can be named by these texts."""
    for number, value in enumerate(values):
        send(client, verb="register_customer", customer=f"x{number}", name=value, email=f"x{number}@example.test")
        send(client, verb="add_product", product=f"p{number}", name=value, price="1.00", stock="9")
        send(client, verb="place_order", customer=f"x{number}", product=f"p{number}", qty="1", order=f"n{number}")
    for line in ("run", "query product_card p0", "query order_list", "query customer_card x0", "resume sales"):
        act(client, line)
    for number, value in enumerate(values):
        told, column = value.replace("'", "''"), value.replace('"', '""')
        patch = f"UPDATE sales SET day = '{told}' WHERE product_id = 'p{number}'"
        named = f"""SELECT name AS "{column}", '{told}' FROM product_card"""
        act(client, f"patch {in_quotes(patch)}")
        act(client, f"sql read {in_quotes(named)}")
        act(client, "sql write " + in_quotes(f'SELECT * FROM "{column}"'))
        if number < limits.MAX_OWN_MODELS:
            act(client, f"model write m{number} {in_quotes(own(f'm{number}', value))}")
        act(client, value)
    act(client, 'sql read "SELECT * FROM product_card"')
    act(client, "poison")
    act(client, "run order_list")
    act(client, "run m0")


def own(name: str, value: str) -> str:
    """Write the file of a read model of one's own whose texts are this one."""
    told = value.replace("'", "''")
    return (
        f"-- title: {value}\n-- key: order_id\n"
        f"CREATE TABLE {name} (order_id TEXT PRIMARY KEY, said TEXT, from_event INTEGER NOT NULL);\n-- on OrderPlaced\n"
        f"INSERT INTO {name} VALUES (:order_id, '{told}', :position);\n"
    )


def send(client, **form: str) -> None:
    """Send a form, which must be accepted."""
    answer = client.post("/actions", data=form, headers={"Accept": "application/json"}).get_json()
    assert answer["outcome"] == "accepted", answer


# Where they may be shown


def pages(values: tuple[str, ...]) -> list[str]:
    """Return the address of every page, and of those that show most of such a sandbox."""
    more = [f"/table/write/{name}" for name in ("customers", "products", "orders", "order_lines", "events", "commands")]
    more += [
        f"/table/read/{name}" for name in ("product_card", "customer_card", "order_list", "sales", "_parked", "m0")
    ]
    more += ["/row/product_card/p0", "/row/customer_card/x0", "/row/order_list/n0", "/row/m0/n0", "/break/order_list"]
    more += [
        "/event/6",
        "/event/8",
        "/?presenter=1",
        "/travel?at=9&since=7",
        "/code/projection/m0",
        "/code/projection/m1",
    ]
    more += [f"/sql/read?n={number}" for number in range(1, 60, 9)]
    more += [
        f"/open?lines={quote(values[0])}",
        f"/lessons?x={quote(values[1])}",
        f"/lessons/{quote(values[2], safe='')}",
    ]
    more += [f"/nowhere/{quote(values[3], safe='')}", f"/travel?at={quote(values[4])}", f"/?lesson={quote(values[5])}"]
    return [*(address for address in addresses("GET") if not address.startswith("/static")), *more]


HTMX = {"HX-Request": "true"}
KINDS: dict[str, dict[str, str]] = {"page": {}, "fragment": HTMX}


def shown(client, values: tuple[str, ...], kinds: dict[str, dict[str, str]] = KINDS) -> Iterator[tuple[str, str]]:
    """Yield every page and fragment with the address that it is found at; those of the stream are the panels'."""
    for address in pages(values):
        for kind, headers in kinds.items():
            with client.get(address, headers=headers, buffered=False) as response:
                if response.mimetype == "text/html":
                    yield f"{kind} {address}", response.get_data().decode()
    yield "stream", client.get("/panels?seen=", headers=HTMX).text


def fields(client) -> list[Field]:
    """Return each field of each form that can be sent from any page, once."""
    found: dict[tuple[str, ...], Field] = {}
    for page in [*addresses("GET"), "/sql/read", "/models/m0/edit"]:
        with client.get(page, buffered=False) as response:
            text = response.get_data().decode() if response.mimetype == "text/html" else ""
        for form, controls in Shape(text).forms:
            address = form.get("action", "")
            if form.get("method", "").lower() != "post" or not address.startswith("/"):
                continue
            rest = tuple(dict(controls).items())
            for name, _ in rest:
                kind = (address, dict(rest).get("verb", ""), name, *sorted(dict(rest)))
                found.setdefault(kind, Field(address, tuple(one for one in rest if one[0] != name), name))
    return list(found.values())


# What is wrong


def born_on_pages(values: tuple[str, ...], kinds: dict[str, dict[str, str]] = KINDS) -> list[str]:
    """Return what was born of texts, on any page: what runs, or a shape that a harmless text does not have."""
    plain = tuple(map(harmless, values))
    with sandbox(plain) as one, sandbox(values) as other:
        shapes = [Shape(text) for _, text in shown(one, plain, kinds)]
        problems = []
        for (where, text), like in zip(shown(other, values, kinds), shapes, strict=True):
            found = Shape(text)
            problems += [f"{where}: {what}" for what in found.born]
            if found.elements != like.elements:
                pairs = enumerate(zip_longest(found.elements, like.elements))
                at = next(number for number, (one, other) in pairs if one != other)
                problems.append(f"{where}: {found.elements[at : at + 2]} in the place of {like.elements[at : at + 2]}")
    return problems


def born_of_answers(client, sent: Iterable[tuple[Field, str]], kinds: dict[str, dict[str, str]] = KINDS) -> list[str]:
    """Return what was born of texts in the answers to forms that have one of them in one field."""
    problems = []
    for field, value in sent:
        for headers in kinds.values():
            with client.post(field.address, data=field.form(value), headers=headers, buffered=False) as response:
                assert response.status_code < 500 or response.status_code == 503, (field, value)
                text = response.get_data().decode() if response.mimetype == "text/html" else ""
            problems += [f"{field}: {what}" for what in Shape(text).born]
            assert re.fullmatch(r"(/[^/].*)?|/", response.location or ""), (field, value, response.location)
    return problems


def main() -> None:
    """Put every text into every field, and look at every page."""
    problems: list[str] = []
    for first in range(0, len(PAYLOADS), TOGETHER):
        problems += born_on_pages(PAYLOADS[first : first + TOGETHER])
    with sandbox(tuple(map(harmless, PAYLOADS[:TOGETHER]))) as client:
        known = fields(client)
        problems += born_of_answers(client, product(known, PAYLOADS))
        count = len(list(shown(client, PAYLOADS[:TOGETHER])))
    for problem in problems:
        print(problem)
    print(f"texts {len(PAYLOADS)} fields {len(known)} pages and fragments {count} born {len(problems)}")


if __name__ == "__main__":
    main()
