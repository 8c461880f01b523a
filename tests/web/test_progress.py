"""Whose progress: named by the signed cookie, kept over a restart, taken along as a file, brought in, forgotten."""

import io
import json

from bs4 import BeautifulSoup

from lab import limits
from lab.lesson_progress import Progress, Standing, exported
from tests.web.visits import sandbox_ids
from web import progress

PASSED = "2026-11-23T12:00:00Z"
FRIEND = Progress(lessons={"L00": Standing(1, begun=PASSED, passed=PASSED), "L01": Standing(1, begun=PASSED, over=1)})

NOT_PROGRESS = {
    b"": "No file was chosen",
    b"PK\x03\x04 a zip": "no progress file",
    b'{"format": 1, "lessons": {"L01": {"revision": 1, "points": 9}}}': "unknown field `points`",
    b'{"format": 2}': "format 2",
    b'{"<script>alert(1)</script>": 1}': "unknown field `<script>alert(1)</script>`",
    b" " * (limits.MAX_PROGRESS_BYTES + 1): "at most 60,000",
}


def take(client):
    """Return what the visitor's progress file holds."""
    response = client.get("/progress.json")
    assert response.status_code == 200
    return response.get_json()["lessons"]


def bring(client, content):
    return client.post("/progress", data={"file": (io.BytesIO(content), "lagoon-progress.json")})


def begin(client):
    """Place the bet that opens the first sixty seconds."""
    assert client.post("/lessons/L00/bet", data={"choice": "3"}).status_code == 303


def problem(response):
    return BeautifulSoup(response.text, "html.parser").select_one("#progress .problem").get_text(" ", strip=True)


# Whose it is


def test_to_look_makes_nothing(client, parts, tmp_path):
    for path in ("/lessons", "/lessons/L05", "/progress.json", "/words", "/"):
        client.get(path)
    assert take(client) == {}
    assert list((tmp_path / "progress").iterdir()) == []


def test_a_bet_is_there_for_its_visitor_and_for_nobody_else(client, app):
    begin(client)
    assert take(client)["L00"]["bets"]["0"]["choice"] == "3"
    assert take(app.test_client()) == {}


def test_it_outlives_the_server(make_app):
    app = make_app()
    client = app.test_client()
    begin(client)
    before = take(client)
    cookie = client.get_cookie("session")
    app.extensions["lagoon"].close()
    again = make_app().test_client()
    again.set_cookie("session", cookie.value)
    assert take(again) == before


def test_a_cookie_that_somebody_wrote_himself_names_nothing(client, app):
    begin(client)
    forged = app.test_client()
    signed = client.get_cookie("session").value
    forged.set_cookie("session", signed[:-4] + ("AAAA" if signed[-4:] != "AAAA" else "BBBB"))
    assert take(forged) == {}


def test_a_change_is_kept_and_a_look_is_not(app):
    with app.test_request_context("/"):
        progress.mine().of("L03", 1)
        assert progress.mine() == Progress()
        with progress.change() as mine:
            mine.of("L03", 1)
        assert list(progress.mine().lessons) == ["L03"]


def test_progress_that_cannot_be_written_is_answered_in_words_and_nothing_breaks(client, tmp_path):
    begin(client)
    kept = tmp_path / "progress"
    for file in kept.iterdir():
        file.unlink()
    kept.rmdir()
    kept.write_text("a file where the folder was")
    refused = client.post("/lessons/L01/answer", data={"owner": "L01", "kind": "concept", "choice": "0"})
    assert refused.status_code == 503
    assert "Your progress could not be written down" in refused.text
    assert client.get("/lessons").status_code == client.get("/lessons/L01").status_code == 200
    kept.unlink()
    kept.mkdir()
    assert bring(client, exported(FRIEND)).status_code == 303


def test_on_a_full_disk_progress_can_be_looked_at_and_taken_along(client, parts, monkeypatch):
    begin(client)
    monkeypatch.setattr(parts.shelf, "_free_bytes", lambda home: 0)
    refused = bring(client, exported(FRIEND))
    assert refused.status_code == 503
    assert "disk" in refused.text
    assert client.get("/lessons").status_code == 200
    assert "L00" in take(client)


# As a file


def test_the_file_is_an_attachment_of_that_name(client):
    response = client.get("/progress.json")
    assert response.headers["Content-Disposition"] == 'attachment; filename="lagoon-progress.json"'
    assert response.content_type == "application/json"


def test_what_was_taken_along_is_brought_in_by_a_friend_and_added_to_his(client, app):
    begin(client)
    friend = app.test_client()
    assert bring(friend, exported(FRIEND)).status_code == 303
    told = BeautifulSoup(friend.get("/lessons").text, "html.parser").select_one('#progress [role="status"]').get_text()
    assert told.startswith("Brought in: 1 of ")
    assert bring(friend, client.get("/progress.json").data).location == "/lessons#progress"
    both = take(friend)
    assert both["L00"]["passed"] == PASSED
    assert both["L00"]["bets"] == take(client)["L00"]["bets"]
    assert both["L01"]["over"] == 1


def test_bringing_the_same_file_twice_changes_nothing(client):
    bring(client, exported(FRIEND))
    once = take(client)
    bring(client, exported(FRIEND))
    assert take(client) == once


def test_a_file_that_is_none_is_told_so_beside_the_form_and_what_would_be_right(client):
    begin(client)
    before = take(client)
    for content, words in NOT_PROGRESS.items():
        response = bring(client, content)
        assert response.status_code == 422
        assert words in problem(response)
        assert "lagoon-progress.json" in problem(response)
        assert "<script>alert" not in response.text
    assert take(client) == before


def test_a_file_beyond_what_a_request_may_bring_is_told_so_beside_the_form_too(client):
    response = bring(client, b" " * (limits.MAX_BODY_BYTES + 1))
    assert response.status_code == 413
    assert "at most 60,000" in problem(response)


def test_a_field_that_is_missing_or_is_no_file_is_told_so(client):
    for data in ({}, {"file": "text"}):
        response = client.post("/progress", data=data)
        assert response.status_code == 422
        assert "No file was chosen" in problem(response)


# Forgotten


def test_forgetting_deletes_the_file_and_lets_the_lessons_begin_anew(client, parts, tmp_path):
    begin(client)
    page = BeautifulSoup(client.get("/lessons").text, "html.parser")
    [form] = page.select('#progress details form[action="/progress/forget"]')
    assert form.button.get_text() == "Forget it"
    assert client.post("/progress/forget").status_code == 303
    assert take(client) == {}
    assert list((tmp_path / "progress").iterdir()) == []
    assert "Step 1 of" in client.get("/lessons/L00").text


def test_forgetting_leaves_the_sandbox_of_free_play(client, parts):
    client.post("/actions", data={"line": "pause"})
    [free] = sandbox_ids(parts)
    begin(client)
    client.post("/progress/forget")
    client.get("/lessons")
    assert json.loads(client.get("/state").text)["head"] == 5
    client.post("/actions", data={"line": "cmd restock product=lamp qty=1"})
    with parts.shelf.open(free) as sandbox:
        assert sandbox.write.head() == 6


def test_who_has_nothing_is_not_offered_to_forget_it(client):
    assert "/progress/forget" not in client.get("/lessons").text
    assert client.post("/progress/forget").status_code == 303


def test_a_file_with_strange_values_in_its_place_breaks_no_page(client):
    bet = {"choice": "<b>none of these</b>", "at": PASSED, "over_at": PASSED, "actual": 1e300}
    odd = [{"choice": 999, "right": False, "lesson": "L77", "at": PASSED}]
    strange = {"revision": 1, "begun": PASSED, "over": 999, "bets": {"0": bet, "99": bet}}
    strange |= {"hints": {"left-open": 999, "none": 1}, "retrieval": odd, "concept": odd}
    content = json.dumps({"format": 1, "lessons": {"L05": strange, "L00": strange, "L77": strange}}).encode()
    assert bring(client, content).status_code == 303
    for path in ("/lessons", "/lessons/L05", "/lessons/L05?step=2", "/lessons/L00", "/words"):
        assert client.get(path, follow_redirects=True).status_code == 200
    assert client.post("/lessons/L05/hint").status_code == 303
    assert bring(client, content.replace(b'"99"', b'"../99"')).status_code == 422
