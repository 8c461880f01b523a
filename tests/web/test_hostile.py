"""A thousand requests that no page of ours would send: each gets an answer, none an accident."""

import random

from lab import limits
from tests.web.visits import NAMES, act, dump, sandbox_ids

REQUESTS = 1_000
SEED = 36_748
STATEMENTS = 300

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
    "a\u202eb".encode(),
    "e\u0301".encode(),
    "😀".encode() * 60,
    b"\r\nSet-Cookie: session=stolen",
    b"../../etc/passwd",
    b"..\\..\\windows",
    b"%2e%2e%2f",
    b"//evil.example/",
    b"'; DROP TABLE events; --",
    b'" OR 1=1 --',
    b"<script>alert(1)</script>",
    b"{{ 7 * 7 }}",
    b"data: x\n\nid: 9\n\n",
    b'{"line": ["run"]}',
    b"[" * 3_000,
    b"x" * (limits.MAX_LINE_CHARS + 1),
    b"x" * limits.MAX_BODY_BYTES,
    b'name="open',
    b"lamp:1," * 300,
    b"a=b=c",
]

SOUND = [b"lamp", b"c1", b"sales", b"read", b"1"]

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
    b"pause %s%s%s",
    b"wait %s%s%s",
    b"bulk %s%s%s",
    b"traffic %s%s%s",
    b"%s %s %s",
    b"undo%s%s%s",
]

FIELDS = ["line", "verb", "slot", "customer", "product", "qty", "price", "name", "email", "id", "expect", "lines"]
FIELDS += ["model", "key", "via", "delay", "batch", "rate", "choice", "button", "transcript", "text", "seen", "lesson"]
FIELDS += ["start", "before", "presenter", "\x00", "line[]", "__proto__"]

HEADERS = ["Accept", "Last-Event-ID", "HX-Request", "Origin", "Sec-Fetch-Site", "Content-Type", "Cookie", "Range"]
HEADERS += ["Accept-Language", "If-None-Match", "X-Forwarded-For", "X-HTTP-Method-Override", "Referer"]
METHODS = ["GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"]


def percent(raw):
    return "".join(f"%{byte:02X}" for byte in raw)


class Stranger:
    """Makes up requests, the same ones for the same seed."""

    def __init__(self, app, seed):
        self.dice = random.Random(seed)
        self.rules = sorted({rule.rule for rule in app.url_map.iter_rules()})

    def value(self):
        return self.dice.choice(VALUES)

    def likely(self):
        return self.dice.choice(SOUND) if self.dice.random() < 0.7 else self.value()

    def address(self):
        path = self.dice.choice([*self.rules, "/actions", "/actions", "/actions"])
        for name in ("lesson_id", "name", "store", "position", "model", "key", "path:filename"):
            known = NAMES.get(name, "sales").encode()
            path = path.replace(f"<{name}>", percent(self.dice.choice([known, self.value()[:300]])))
        return path + "?" + self.pairs(self.dice.randrange(3))

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

    def headers(self):
        made_up = {
            name: self.value().decode("latin-1").replace("\r", "").replace("\n", "")
            for name in self.dice.sample(HEADERS, self.dice.randrange(3))
        }
        return {"Content-Type": "application/x-www-form-urlencoded", **made_up}


def test_a_thousand_hostile_requests_each_get_a_clear_answer(app, client, parts, monkeypatch):
    monkeypatch.setattr(limits, "MAX_WAIT_SECONDS", 0.01)
    act(client, "pause")
    [mine] = sandbox_ids(parts)
    cookie = client.get_cookie("session").value
    stranger = Stranger(app, SEED)
    answered = set()
    for number in range(REQUESTS):
        request = {"method": stranger.dice.choice(METHODS), "path": stranger.address(), "headers": stranger.headers()}
        with parts.shelf.open(mine) as sandbox:
            statements = []
            for connection in (sandbox.write.connection, sandbox.read.connection, sandbox.lab.connection):
                connection.set_trace_callback(statements.append)
            with client.open(**request, data=stranger.body(), buffered=False) as response:
                status = response.status_code
                answered.add(status)
                assert status < 500 or (status == 503 and "Retry-After" in response.headers), (number, request)
                if response.mimetype != "text/event-stream":
                    assert status < 400 or response.get_data() or request["method"] == "HEAD", (number, request)
            assert len(statements) <= STATEMENTS, (number, request)
        client.set_cookie("session", cookie)
    assert {200, 303, 403, 404, 405, 413, 422} <= answered


def test_what_strangers_send_never_reaches_a_sandbox_of_another(app, learner, parts):
    [mine] = sandbox_ids(parts)
    before = dump(parts, mine)
    stranger, client = Stranger(app, SEED + 1), app.test_client()
    for _ in range(200):
        request = {"method": stranger.dice.choice(METHODS), "path": stranger.address(), "headers": stranger.headers()}
        client.open(**request, data=stranger.body(), buffered=False).close()
    assert dump(parts, mine) == before
