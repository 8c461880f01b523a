"""Taking a sandbox home, and bringing one back: zip, transcript, link."""

import io
import sqlite3
import zipfile
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from bs4 import BeautifulSoup

from lab import limits
from lab.replay import read
from tests.web.visits import BUY, act, sandbox_ids

HTMX = {"HX-Request": "true"}


def fingerprint(parts, sandbox_id):
    with parts.shelf.open(sandbox_id) as sandbox:
        return sandbox.stores.fingerprint()


def test_the_export_holds_both_stores_whole_the_journal_and_how_to_open_them(learner, tmp_path):
    act(learner, BUY)
    act(learner, "run sales")
    archive = zipfile.ZipFile(io.BytesIO(learner.get("/export").data))
    assert sorted(archive.namelist()) == ["README.txt", "read.db", "transcript.txt", "write.db"]
    archive.extractall(tmp_path)
    write, read_ = (sqlite3.connect(tmp_path / name) for name in ("write.db", "read.db"))
    assert write.execute("SELECT max(position) FROM events").fetchone() == (6,)
    assert read_.execute("SELECT position FROM _checkpoint WHERE name = 'sales'").fetchone() == (6,)
    for store in (write, read_):
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        store.close()
    assert BUY in archive.read("transcript.txt").decode()
    for tool in ("sqlite3", "sqlite-utils", "datasette"):
        assert tool in archive.read("README.txt").decode()


def test_the_transcript_leads_to_the_same_stores(client, parts, app):
    for line in ("pause", BUY, "step sales", 'cmd rename_product product=lamp name="Desk lamp"', "query sales"):
        act(client, line)
    [mine] = sandbox_ids(parts)
    friend = app.test_client()
    transcript = io.BytesIO(client.get("/transcript").data)
    response = friend.post("/open", data={"transcript": (transcript, "transcript.txt")})
    assert (response.status_code, response.location) == (303, "/")
    [theirs] = set(sandbox_ids(parts)) - {mine}
    assert fingerprint(parts, theirs) == fingerprint(parts, mine)


def test_a_link_carries_the_lines_and_asks_before_it_replays_them(learner, app, parts):
    act(learner, 'cmd rename_product product=lamp name="Lampe & Söhne #1"')
    act(learner, "run")
    [mine] = sandbox_ids(parts)
    link = BeautifulSoup(learner.get("/share").text, "html.parser").select_one("input[readonly]")["value"]
    lines = parse_qs(urlsplit(link).query)["lines"][0]
    assert next(written.line for written in read(lines).lines) == "pause all"

    friend = app.test_client()
    asked = friend.get(link)
    assert asked.status_code == 200
    assert "Lampe & Söhne #1" in BeautifulSoup(asked.text, "html.parser").textarea.get_text()
    assert sandbox_ids(parts) == [mine]

    assert friend.post("/open", data={"lines": lines}).status_code == 303
    assert friend.get("/state").get_json()["head"] == 6
    assert len(sandbox_ids(parts)) == 2


def test_a_link_of_three_thousand_characters_is_the_longest_and_then_there_is_the_file(learner):
    assert "transcript" in learner.get("/share", headers=HTMX).text
    for number in range(40):
        act(learner, f'cmd rename_product product=lamp name="a longer name for a lamp {number}"')
    page = BeautifulSoup(learner.get("/share", headers=HTMX).text, "html.parser")
    assert page.select_one("input[readonly]") is None
    assert page.select_one('a[href="/transcript"]')


def test_opening_lines_replaces_the_sandbox_and_puts_the_old_one_away(learner, parts):
    [mine] = sandbox_ids(parts)
    learner.post("/open", data={"lines": BUY})
    assert sandbox_ids(parts) != [mine]
    assert parts.shelf.has(mine)
    assert learner.get("/state").get_json()["head"] == 6


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no line to replay"),
        ("# only a comment", "no line to replay"),
        ("run\nbuy a lamp", "line 2"),
        ("# fixture ../../etc/passwd\nrun", "no fixture"),
        ("run  # learner 2026-13-45T99:99:99Z 2026-03-02T09:00:00Z", ""),
        ("run  # learner 0001-01-01T00:00:00Z 9999-12-31T23:59:59.999999Z", None),
        ("run\n" * (limits.MAX_TRANSCRIPT_LINES + 1), "at most"),
    ],
)
def test_lines_that_cannot_be_replayed_are_told_why_and_stay_in_the_form(client, parts, text, words):
    response = client.post("/open", data={"lines": text})
    if words is None:
        assert response.status_code in (303, 422)
        return
    page = BeautifulSoup(response.text, "html.parser")
    assert response.status_code == 422
    assert words in page.select_one(".problem").get_text()
    assert page.textarea.get_text().strip() == text.strip()
    assert not sandbox_ids(parts)


def test_a_link_with_nonsense_in_it_is_shown_and_not_believed(client):
    page = client.get("/open?lines=" + quote("</textarea><script>alert(1)</script>"))
    assert page.status_code == 200
    assert "<script>alert" not in page.text
