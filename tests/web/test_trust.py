"""Where the guard's self-test fails, SQL that people type is off, the page says so, and the rest works."""

import subprocess
import sys

import pytest

from lab import guard
from lab.actions import ModelWrite
from lab.guard import Model, workers
from tests.web.visits import BUY, act

MINE = """-- title: Mine
-- key: order_id
CREATE TABLE mine (order_id TEXT PRIMARY KEY, from_event INTEGER NOT NULL);
-- on OrderPlaced
INSERT INTO mine VALUES (:order_id, :position);
"""

LEAKY = """
from dataclasses import replace
from lab.guard import policy, worker
policy.READONLY = replace(policy.READONLY, visible=policy.READONLY.visible | {"_secret"})
worker.main()
"""
"""A worker as it would be on a SQLite that does not ask its authorizer about one table: a canary is answered."""


@pytest.fixture
def untrusted(monkeypatch):
    """Try the canaries anew, on workers of that kind."""
    start = subprocess.Popen
    monkeypatch.setattr(workers, "_trusted", [])
    guard.close()
    with monkeypatch.context() as leaky:
        leaky.setattr(subprocess, "Popen", lambda command, **more: start([sys.executable, "-c", LEAKY], **more))
        yield str(guard.trusted())
        guard.close()


@pytest.fixture
def store(learner, parts):
    [mine] = parts.shelf._unfolded
    with parts.shelf.open(mine) as sandbox:
        yield sandbox.stores.folder


def test_a_canary_that_is_answered_switches_off_what_people_type_and_the_page_says_so(untrusted, learner, store):
    assert "SELECT v FROM _secret" in untrusted
    page = learner.get("/").text
    assert "switched off" in page
    assert "SELECT v FROM _secret" in page
    changed = act(learner, 'patch "UPDATE product_card SET in_stock = 99"')
    assert (changed["outcome"], changed["reason"]) == ("failed", untrusted)
    files, model = {"main": store / "write.db"}, Model("mine", MINE)
    assert guard.ask(files, "SELECT 1", "me").error == untrusted
    assert [finding.said for finding in guard.check(model).findings] == [untrusted]
    assert guard.rehearse(model, store / "write.db") == guard.make(store / "read.db", model, 100)
    assert guard.make(store / "read.db", model, 100) == guard.Refused(untrusted)
    with pytest.raises(guard.Overrun, match="switched off"):
        guard.deliver(store / "read.db", model, (), lambda: 0, 100)


def test_the_lines_fail_and_say_why_and_each_page_where_sql_is_typed_says_it(untrusted, learner):
    for line in ('sql read "SELECT 1"', str(ModelWrite("mine", MINE))):
        answer = act(learner, line)
        assert (answer["outcome"], answer["reason"]) == ("failed", untrusted)
    for address in ("/sql/read", "/sql/write", "/models", "/models/new", "/limits"):
        assert "switched off" in learner.get(address).text, address
    assert "switched off" in learner.post("/sql/read", data={"sql": "SELECT 1"}).text
    assert learner.get("/state").get_json()["projections"].keys().isdisjoint({"mine"})


def test_a_read_model_that_was_there_before_stops_and_says_why(learner, monkeypatch):
    for line in (str(ModelWrite("mine", MINE)), "run mine", BUY):
        assert act(learner, line)["outcome"] in ("done", "accepted")
    monkeypatch.setattr(workers, "_trusted", ["SQL is switched off"])
    act(learner, "run mine")
    mine = learner.get("/state").get_json()["projections"]["mine"]
    assert (mine["status"], mine["position"]) == ("stopped", 5)
    assert act(learner, "run sales")["outcome"] == "done"


def test_the_rest_works_on_then(untrusted, learner, client):
    assert act(learner, BUY)["outcome"] == "accepted"
    assert act(learner, "run product_card")["outcome"] == "done"
    assert act(learner, "query product_card lamp")["result"][0]["in_stock"] == 3
    assert guard.values({}, ["SELECT 6 * 7"])[0].value == 42
    assert client.post("/lessons/L00/restart").status_code == 303


def test_where_it_holds_no_page_speaks_of_it(learner):
    assert "switched off" not in learner.get("/").text
