"""What every response carries, what every request must fulfil, and whose sandbox a cookie opens."""

import re
import sqlite3

import pytest

from lab import limits
from tests.web.routes import ROWS
from tests.web.visits import BUY, act, assert_guarded, sandbox_ids

FOREIGN = {
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "same-site": {"Sec-Fetch-Site": "same-site"},
    "made up": {"Sec-Fetch-Site": "same-origin, none"},
    "cross-site with our Origin": {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    "another host": {"Origin": "http://evil.example"},
    "another port": {"Origin": "http://localhost:8001"},
    "another scheme": {"Origin": "https://localhost"},
    "our host as a prefix": {"Origin": "http://localhost.evil.example"},
    "null": {"Origin": "null"},
    "empty": {"Origin": ""},
    "malformed": {"Origin": "http:/\\localhost"},
}

OWN = {
    "a browser's form": {"Sec-Fetch-Site": "same-origin"},
    "typed into the address bar": {"Sec-Fetch-Site": "none"},
    "a browser on the local network": {"Origin": "http://localhost"},
    "a script": {},
}


def test_every_error_answers_with_the_security_headers(app, client):
    assert_guarded(client.get("/nowhere"))
    assert_guarded(client.get("/static/nowhere.js"))
    assert_guarded(client.delete("/actions"))
    assert_guarded(client.post("/actions", data=b"x" * (limits.MAX_BODY_BYTES + 1)))
    assert_guarded(client.post("/actions", headers={"Origin": "null"}))
    assert_guarded(client.post("/actions", data={"line": "nonsense"}))
    assert_guarded(client.get("/live"))
    nameless = client.get("/", headers={"Host": "x" * 70})
    assert (nameless.status_code, nameless.mimetype) == (400, "text/plain")
    assert_guarded(nameless)
    app.view_functions["page.sandbox"] = lambda: 1 / 0
    broken = client.get("/")
    assert broken.status_code == 500
    assert_guarded(broken)
    assert "ZeroDivisionError" not in broken.text


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_no_other_site_can_change_anything_on_any_route(client, parts, headers):
    for way, row in ROWS.items():
        if (method := way.split()[0]) != "GET":
            assert client.open(row.address, method=method, headers=headers).status_code == 403, way
    assert not sandbox_ids(parts)


@pytest.mark.parametrize("headers", OWN.values(), ids=OWN)
def test_our_own_pages_and_scripts_can(client, headers):
    assert client.post("/actions", data={"line": BUY}, headers=headers).status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client):
    cookie = client.post("/actions", data={"line": BUY}).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_what_a_page_asks_for_by_itself_leaves_the_cookie_alone(learner):
    for path in ("/panels", "/schema/read"):
        assert "Set-Cookie" not in learner.get(path, headers={"HX-Request": "true"}).headers
    with learner.get("/static/lagoon.css") as file:
        assert "Set-Cookie" not in file.headers


def test_each_page_lets_the_time_of_the_cookie_begin_anew(learner, client):
    assert "Expires=" in learner.get("/").headers["Set-Cookie"]


def test_a_forged_cookie_opens_nothing_and_is_replaced(app, learner, parts):
    [mine] = sandbox_ids(parts)
    forger = app.test_client()
    forger.set_cookie("session", learner.get_cookie("session").value[:-4] + "AAAA")
    assert forger.get("/state").get_json()["projections"]["sales"]["status"] == "running"
    act(forger, BUY)
    assert len(sandbox_ids(parts)) == 2
    with parts.shelf.open(mine) as sandbox:
        assert sandbox.write.head() == 5


def test_no_two_ids_are_alike_and_none_can_be_guessed(app, parts):
    ids = {parts.progress.new_id() for _ in range(10_000)}
    for _ in range(5):
        act(app.test_client(), "pause")
    assert len(ids | set(sandbox_ids(parts))) == 10_005
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", one) for one in (*ids, *sandbox_ids(parts)))


def test_an_id_is_never_taken_from_the_address(app, learner, parts):
    [mine] = sandbox_ids(parts)
    act(learner, BUY)
    stranger = app.test_client()
    for name in ("sandbox", "sandbox_id", "id", "session", "lesson"):
        response = stranger.get("/state", query_string={name: mine})
        assert response.status_code == 404 or response.get_json()["head"] == 5


def test_what_is_foreign_and_what_is_not_there_look_the_same(app, learner):
    act(learner, BUY)
    assert learner.get("/event/6").status_code == 200
    stranger = app.test_client()
    foreign, unknown = stranger.get("/event/6"), stranger.get("/event/7777")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.data == unknown.data


def test_a_cookie_works_after_the_server_was_started_again(make_app):
    first = make_app()
    learner = first.test_client()
    act(learner, "pause")
    act(learner, BUY)
    first.extensions["lagoon"].close()
    again = make_app().test_client()
    again.set_cookie("session", learner.get_cookie("session").value)
    assert again.get("/state").get_json()["head"] == 6


def test_a_store_that_another_program_holds_is_busy_and_nothing_is_done(learner, parts, monkeypatch):
    monkeypatch.setattr("cqrs.sql.BUSY_SECONDS", 0.05)
    [mine] = sandbox_ids(parts)
    parts.shelf._pool.close()
    with parts.shelf.open(mine) as sandbox:
        path = sandbox.stores.folder / "write.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    response = learner.post("/actions", data={"line": BUY}, headers={"Accept": "application/json"})
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "try again" in response.get_json()["reason"]
    other.execute("ROLLBACK")
    other.close()
    assert act(learner, BUY)["outcome"] == "accepted"


def test_the_eleventh_sandbox_in_a_minute_from_a_public_address_is_too_many(app):
    def come(address):
        headers = {"Accept": "application/json"}
        environment = {"REMOTE_ADDR": address}
        return app.test_client().post("/actions", data={"line": BUY}, headers=headers, environ_base=environment)

    assert [come("8.8.8.8").status_code for _ in range(10)] == [200] * 10
    refused = come("8.8.8.8")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert come("192.168.1.5").status_code == 200


def test_on_a_full_disk_everything_can_be_looked_at_and_nothing_changed(learner, parts):
    act(learner, BUY)
    parts.shelf._free_bytes = lambda home: 0
    refused = learner.post("/actions", data={"line": BUY})
    assert refused.status_code == 503
    assert "Retry-After" in refused.headers
    assert "disk" in refused.text
    assert learner.get("/").status_code == 200
    assert learner.get("/state").get_json()["head"] == 6
