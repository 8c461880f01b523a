"""A sandbox whose write store is damaged: every door says so, nothing is changed, and there is a way on."""

import re
import shutil
import sqlite3
from contextlib import closing

import pytest

from lab import limits
from lab.folding import TRANSCRIPT
from lab.shelf import FREE_PLAY, Shelf
from tests.web.routes import addresses
from tests.web.visits import BUY, act, sandbox_ids

WHAT = "table stock: mug has on_hand 7, the accepted commands lead to 20"
REASON = f"this sandbox's write store is damaged: {WHAT}; nothing was changed"
OF_THE_SANDBOX = {
    "/",
    "/state",
    "/panels",
    "/export",
    "/transcript",
    "/share",
    "/log",
    "/event/8",
    "/table/write/customers",
}


def folder_of(parts, sandbox_id):
    return max((parts.shelf._home / "sandboxes" / sandbox_id).glob("[0-9]*"), key=lambda path: int(path.name))


def harm(folder):
    with closing(sqlite3.connect(folder / "write.db", isolation_level=None)) as connection:
        connection.execute("UPDATE stock SET on_hand = 7 WHERE product_id = 'mug'")


@pytest.fixture
def frozen(parts, learner):
    """The folder of the learner's sandbox, whose write store was damaged while it was put away."""
    act(learner, BUY)
    (sandbox_id,) = sandbox_ids(parts)
    with parts.shelf._pool.without(f"sandboxes/{sandbox_id}"):
        harm(folder_of(parts, sandbox_id))
    return folder_of(parts, sandbox_id)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".db-shm"}


def test_the_page_says_what_is_damaged_and_how_to_go_on(frozen, learner):
    response = learner.get("/")
    assert response.status_code == 409
    text = re.sub(r"\s+", " ", response.text).replace("&#39;", "'")
    assert WHAT in text
    assert "Nothing was changed." in text
    assert "Begin a new sandbox" in text
    for name in ("write.db", "lab.db", "transcript.txt"):
        assert f'href="/damaged/{name}" download' in text


def test_every_door_answers_clearly_and_nothing_is_changed(frozen, learner):
    before = contents(frozen)
    for line in (BUY, "undo", "reset", "run", "query sales", "model rebuild all"):
        response = learner.post("/actions", data={"line": line}, headers={"Accept": "application/json"})
        assert (response.status_code, response.get_json()) == (409, {"error": "Damaged", "reason": REASON})
    damaged = set()
    for url in addresses("GET"):
        with learner.get(url) as response:
            assert response.status_code in (200, 404, 409), url
            if response.status_code == 409:
                damaged.add(url)
    assert damaged >= OF_THE_SANDBOX
    assert contents(frozen) == before


def test_a_page_that_is_open_is_told_to_load_again(frozen, learner):
    response = learner.get("/panels?seen=", headers={"HX-Request": "true"})
    assert (response.status_code, response.headers["HX-Refresh"]) == (409, "true")
    assert REASON in response.text.replace("&#39;", "'")


def test_an_open_stream_turns_to_asking_and_ends(frozen, learner):
    with learner.get("/live") as response:
        text = b"".join(response.iter_encoded()).decode()
    assert "/panels" in text


def test_the_files_are_handed_out_byte_for_byte_and_the_transcript_leads_there_again(frozen, learner):
    learner.get("/")
    for name in ("write.db", "lab.db"):
        response = learner.get(f"/damaged/{name}")
        assert response.data == (frozen / name).read_bytes()
        assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    transcript = learner.get("/damaged/transcript.txt").text
    assert BUY in transcript
    for name in ("seal.json", "read.db", "..", "secret.key"):
        assert learner.get(f"/damaged/{name}").status_code == 404
    learner.post("/damaged")
    learner.post("/open", data={"lines": transcript})
    assert act(learner, "query order_list via=write")["result"][0]["order_id"] == "o-1"


def test_a_new_sandbox_begins_and_the_old_one_is_kept(frozen, parts, learner):
    learner.get("/")
    before = contents(frozen)
    response = learner.post("/damaged")
    assert (response.status_code, response.location) == (303, "/")
    assert learner.get("/").status_code == 200
    assert act(learner, BUY)["outcome"] == "accepted"
    assert contents(frozen) == before


def test_where_nothing_is_damaged_these_addresses_lead_to_the_sandbox(parts, learner):
    assert learner.get("/damaged/write.db").location == "/"
    assert learner.post("/damaged").location == "/"
    assert len(sandbox_ids(parts)) == 1


def test_nobody_else_gets_the_files(app, frozen, learner):
    learner.get("/")
    assert app.test_client().get("/damaged/write.db").location == "/"


def test_a_journal_that_is_damaged_too_offers_no_transcript(frozen, learner):
    (frozen / "lab.db").write_bytes(b"not a database " * 1000)
    response = learner.get("/")
    assert response.status_code == 409
    assert "The journal cannot be read" in response.text
    assert learner.get("/damaged/transcript.txt").status_code == 404


def test_a_lesson_in_a_damaged_sandbox_begins_again_as_that_lesson(parts, client):
    client.post("/lessons/L00/do", data={"button": "0"})
    client.post("/lessons/L00/bet", data={"choice": "3"})
    (sandbox_id,) = sandbox_ids(parts)
    with parts.shelf._pool.without(f"sandboxes/{sandbox_id}"):
        harm(folder_of(parts, sandbox_id))
    response = client.get("/lessons/L00")
    assert response.status_code == 409
    assert 'action="/damaged?lesson=L00"' in response.text
    assert client.post("/damaged?lesson=L00").location == "/lessons/L00"
    assert client.get("/lessons/L00").status_code == 200


def test_a_read_store_made_again_is_told_on_the_page_and_in_the_state(parts, learner):
    act(learner, BUY)
    (sandbox_id,) = sandbox_ids(parts)
    with parts.shelf._pool.without(f"sandboxes/{sandbox_id}"):
        (folder_of(parts, sandbox_id) / "read.db").unlink()
    said = "was gone and was made again from the event log"
    assert f"<code>read.db</code> {said}." in learner.get("/").text
    assert learner.get("/state").get_json()["read_made_again"] == said


# On the shelf


class Time:
    def __init__(self):
        self.now = 1_000_000_000.0

    def __call__(self):
        return self.now


def test_a_frozen_sandbox_is_not_folded_and_is_deleted_in_its_time(tmp_path):
    time = Time()
    with closing(Shelf(tmp_path, now=time)) as shelf:
        frozen, other = (shelf.create(FREE_PLAY, f"10.0.0.{n}") for n in range(2))
        folder = tmp_path / "sandboxes" / frozen
        harm(folder / "1")
        before = contents(folder / "1")
        time.now += limits.FOLD_AFTER_SECONDS
        while shelf.sweep() == 0.0:
            pass
        assert (tmp_path / "sandboxes" / other / TRANSCRIPT).exists()
        assert contents(folder / "1") == before
        assert str(shelf.damage_of(frozen)) == WHAT
        time.now += limits.DELETE_AFTER_SECONDS - limits.FOLD_AFTER_SECONDS - 1
        shelf.sweep()
        assert shelf.has(frozen)
        time.now += 1
        while shelf.sweep() == 0.0:
            pass
        assert not shelf.has(frozen)
        assert not folder.exists()


def test_after_a_restart_a_frozen_sandbox_is_found_frozen_again_and_mended_by_hand_it_goes_on(make_app):
    app = make_app()
    client, parts = app.test_client(), app.extensions["lagoon"]
    act(client, "pause")
    (sandbox_id,) = sandbox_ids(parts)
    folder = folder_of(parts, sandbox_id)
    parts.close()
    good = shutil.copy(folder / "write.db", folder.parent / "good")
    harm(folder)
    for status in (409, 200):
        again = make_app()
        response = again.test_client()
        response.set_cookie("session", client.get_cookie("session").value)
        assert response.get("/").status_code == status
        again.extensions["lagoon"].close()
        shutil.copy(good, folder / "write.db")
