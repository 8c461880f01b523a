"""Requests that no page of ours would send, over every route: ``python -m tests.web.hostile 5000``.

Each must get an answer, none an accident: no status of 5xx but 503, the security headers on every one, the work for it
bounded, and all three files of the sandbox sound afterwards.
"""

import argparse
import random
import re
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import get_ident

from app import create_app
from lab import limits
from tests.web.routes import ROWS
from tests.web.visits import act, assert_guarded, sandbox_ids

STATEMENTS = 600
ENDLESS = b"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"

VALUES = [
    b"",
    b"0",
    b"-1",
    b"7",
    b"lamp",
    b"c1",
    b"sales",
    b"all",
    b"9" * 9,
    b"9" * 40,
    b"9" * 5_000,
    b"1e999",
    b"NaN",
    b"1_000",
    b"0x10",
    b" 7 ",
    "٣".encode(),
    b"\x00",
    b"a\x00b",
    b"\xed\xa0\x80",
    b"\xff\xfe\xfa",
    b"half \xe2\x82",
    "a\u202eb".encode(),
    "e\u0301".encode(),
    "😀".encode() * 60,
    b"\r\nSet-Cookie: session=stolen",
    b"../../etc/passwd",
    b"..\\..\\windows",
    b"%2e%2e%2f",
    b"%252e%252e%252f",
    b"/etc/passwd",
    b"//evil.example/",
    b"https://evil.example/",
    b"'; DROP TABLE events; --",
    b'" OR 1=1 --',
    ENDLESS,
    b"SELECT * FROM events, events, events",
    b"CREATE TABLE mine (a PRIMARY KEY)",
    b"-- key: a\\nCREATE TABLE m (a TEXT PRIMARY KEY);\\n-- on OrderPlaced\\nINSERT INTO m VALUES (:order_id);",
    b"<script>alert(1)</script>",
    b"{{ 7 * 7 }}",
    b"%s%n%d{0}",
    b"data: x\n\nid: 9\n\n",
    b'{"line": ["run"]}',
    b'{"format": 1, "lessons": {"L00": {"revision": 1e400}}}',
    b'{"format":1,"lessons":{"L01":{"revision":1,"hints":{"\\ud800":1}}}}',
    b"[" * 3_000,
    b'{"a":' * 9_000,
    b"x" * 300,
    b"x" * (limits.MAX_LINE_CHARS + 1),
    b"x" * limits.MAX_BODY_BYTES,
    b'name="open',
    b"lamp:1," * 300,
    b"a=b=c",
    b"\\",
    b'"\\',
]

SOUND = [b"lamp", b"c1", b"sales", b"read", b"1", b"SELECT 1", b"mine"]

LINES = [
    b"cmd place_order customer=%s product=%s qty=%s",
    b"cmd place_order customer=%s lines=%s id=%s",
    b"cmd add_product product=%s name=%s price=%s stock=1",
    b"cmd register_customer customer=%s name=%s email=%s",
    b"cmd rename_product product=%s name=%s expect=%s",
    b"cmd restock product=%s qty=%s id=%s",
    b"cmd %s %s=%s",
    b"query %s %s via=%s",
    b"query product_search %s%s%s",
    b"step %s %s%s",
    b"run %s to=%s%s",
    b"set delay=%s batch=%s%s",
    b"model %s %s from=%s",
    b'model write %s "%s"%s',
    b'sql %s "%s"%s',
    b'sql read "%s"%s%s',
    b'patch "%s"%s%s',
    b"mode %s dedupe=%s atomic=%s",
    b"crash %s %s%s",
    b"redeliver %s %s%s",
    b"travel %s since=%s%s",
    b"strategies shoppers=%s seed=%s%s",
    b"race %s steps=%s%s",
    b"pause %s%s%s",
    b"wait %s%s%s",
    b"bulk %s%s%s",
    b"traffic %s%s%s",
    b"%s %s %s",
    b"undo%s%s%s",
]

FIELDS = ["line", "verb", "slot", "customer", "product", "qty", "price", "name", "email", "id", "expect", "lines"]
FIELDS += ["model", "key", "via", "delay", "batch", "rate", "choice", "button", "transcript", "text", "seen", "lesson"]
FIELDS += ["start", "before", "presenter", "step", "owner", "kind", "at", "of", "since", "play", "back", "experiment"]
FIELDS += ["seed", "shoppers", "timeout", "late", "position", "file", "sql", "store", "source", "n", "solution"]
FIELDS += ["\x00", "line[]", "__proto__"]

HEADERS = ["Accept", "Last-Event-ID", "HX-Request", "Origin", "Sec-Fetch-Site", "Content-Type", "Cookie", "Range"]
HEADERS += ["Accept-Language", "If-None-Match", "X-Forwarded-For", "X-HTTP-Method-Override", "Referer", "Host"]
METHODS = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"]
KINDS = ["application/x-www-form-urlencoded"] * 6 + ["application/json", "text/plain", "multipart/form-data", "x"]

ADDRESSES = [(*way.split(), row.address.partition("?")[0]) for way, row in ROWS.items()]
ADDRESSES += 9 * [("POST", "/actions", "/actions")]


def percent(raw):
    return "".join(f"%{byte:02X}" for byte in raw)


class Stranger:
    """Makes up requests, the same ones for the same seed."""

    def __init__(self, seed):
        self.dice = random.Random(seed)

    def request(self):
        """Return a request as the test client takes it."""
        kind = self.dice.choice(KINDS)
        body = self.parts() if kind == "multipart/form-data" and self.dice.random() < 0.9 else self.body()
        if kind == "multipart/form-data":
            kind += "; boundary=b"
        headers = {"Content-Type": kind, **self.headers()}
        usual, path = self.address()
        method = usual if self.dice.random() < 0.8 else self.dice.choice(METHODS)
        return {"method": method, "path": path, "headers": headers, "data": body}

    def value(self):
        return self.dice.choice(VALUES)

    def likely(self):
        return self.dice.choice(SOUND) if self.dice.random() < 0.7 else self.value()

    def address(self):
        """Return an address with its usual method."""
        method, rule, known = self.dice.choice(ADDRESSES)
        segments = [
            percent(self.value()[:300]) if part.startswith("<") and self.dice.random() < 0.5 else sound
            for part, sound in zip(rule.split("/"), known.split("/"), strict=True)
        ]
        return method, "/".join(segments) + "?" + self.pairs(self.dice.randrange(3))

    def pairs(self, count):
        return "&".join(f"{percent(self.dice.choice(FIELDS).encode())}={percent(self.value())}" for _ in range(count))

    def body(self):
        kind = self.dice.randrange(4)
        if kind == 0:
            return self.value()
        if kind == 1:
            return self.pairs(self.dice.randrange(40)).encode()
        line = self.dice.choice(LINES) % (self.likely(), self.likely(), self.likely())
        return b"line=" + percent(line).encode()

    def parts(self):
        """Return a body of several parts, some of them files."""
        said = b""
        for _ in range(self.dice.randrange(1, 5)):
            name = self.dice.choice(FIELDS).encode()
            file = b'; filename="%s"' % self.value()[:60] if self.dice.random() < 0.5 else b""
            said += b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (name, file, self.value())
        return said + b"--b--\r\n" * (self.dice.random() < 0.9)

    def headers(self):
        return {
            name: self.value().decode("latin-1").replace("\r", "").replace("\n", "")
            for name in self.dice.sample(HEADERS, self.dice.randrange(3))
        }


def run(app, requests, seed):
    """Send so many requests to an application; return how often each status came."""
    client, parts, stranger = app.test_client(), app.extensions["lagoon"], Stranger(seed)
    act(client, "pause")
    cookie = client.get_cookie("session").value
    answered = Counter()
    for number in range(requests):
        asked = stranger.request()
        [mine] = sandbox_ids(parts)[:1]
        with parts.shelf.open(mine) as sandbox:
            statements = []
            for store in (sandbox.write, sandbox.read, sandbox.lab):
                store.connection.set_trace_callback(partial(note, statements, get_ident()))
            with client.open(**asked, buffered=False) as response:
                judge(response, asked, number)
                answered[response.status_code] += 1
            assert len(statements) <= STATEMENTS, (number, asked)
            assert sound(sandbox.stores.folder), (number, asked)
        client.set_cookie("session", cookie)
    return answered


def note(statements, thread, statement):
    """Note a statement, if it runs for the request and not for the projector meanwhile."""
    if get_ident() == thread:
        statements.append(statement)


def judge(response, asked, number):
    """Assert that an answer is one: no accident, with words, and guarded."""
    status = response.status_code
    assert status < 500 or (status == 503 and "Retry-After" in response.headers), (number, asked, status)
    assert_guarded(response)
    assert re.fullmatch(r"(/[^/].*)?|/", response.location or ""), (number, asked, response.location)
    assert "stolen" not in str(response.headers), (number, asked)
    if response.mimetype != "text/event-stream":
        assert status < 400 or response.get_data() or asked["method"] == "HEAD", (number, asked)


def sound(folder):
    """Tell whether the three files of a sandbox can be opened, and nothing in them is broken."""
    for name in ("write.db", "read.db", "lab.db"):
        with closing(sqlite3.connect(f"{(folder / name).as_uri()}?mode=ro", uri=True)) as connection:
            if connection.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
                return False
    return True


def main():
    """Send them, and say how often each status came."""
    parser = argparse.ArgumentParser(description="hostile requests over every route")
    parser.add_argument("requests", type=int, nargs="?", default=5_000)
    parser.add_argument("--seed", type=int, default=36_748)
    asked = parser.parse_args()
    limits.MAX_WAIT_SECONDS = 0.01
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Path(folder))
        try:
            answered = run(app, asked.requests, asked.seed)
        finally:
            app.extensions["lagoon"].close()
    statuses = " ".join(f"{status}:{count}" for status, count in sorted(answered.items()))
    print(f"requests {answered.total()} accidents 0 answered {statuses}")


if __name__ == "__main__":
    main()
