"""The live page: who gets a stream, what it sends, and how those without one keep up."""

import re
import threading

import pytest

from lab import limits
from tests.web.visits import BUY, act, sandbox_ids
from web import frames
from web.hub import TooManyStreams


def messages(response):
    """Read a stream's messages as they come: (id, the names of the panels in it, its text)."""
    silence = 0
    for chunk in response.response:
        text = chunk.decode()
        silence = silence + 1 if chunk == frames.HEARTBEAT else 0
        assert silence < 4, "nothing but heartbeats"
        if "data:" in text:
            number = re.search(r"^id: (.*)$", text, re.M)[1]
            yield number, set(re.findall(r'hx-target="#([a-z-]+)"', text)), text


def listen(client, **options):
    """Open a stream as a page does; reading it waits until there is something."""
    response = client.get("/live", buffered=False, **options)
    assert response.status_code == 200
    assert response.mimetype == "text/event-stream"
    return response


def test_a_stream_begins_with_what_the_page_has_not_seen(learner):
    act(learner, BUY)
    with listen(learner) as stream:
        _, panels, text = next(messages(stream))
        assert {"write-tables", "event-log", "read-models", "projector", "page-seen", "lag-chart"} <= panels
        assert "OrderPlaced" in text


def test_a_page_that_is_up_to_date_is_sent_only_what_changes_from_then_on(learner):
    page = learner.get("/")
    seen = re.search(r"/live\?seen=([\w-]+)", page.text)[1]
    with listen(learner, query_string={"seen": seen}) as stream:
        assert [next(stream.response) for _ in range(2)] == [frames.HEARTBEAT] * 2
        act(learner, "query product_card lamp")
        _, panels, _ = next(messages(stream))
        assert "page-seen" in panels
        assert "write-tables" not in panels


def test_only_panels_that_changed_are_sent(learner):
    with listen(learner) as stream:
        heard = messages(stream)
        next(heard)
        act(learner, "query product_card lamp")
        _, panels, _ = next(heard)
        assert "page-seen" in panels
        assert not {"write-tables", "choices", "projector"} & panels


def test_two_streams_see_the_same_change_and_it_is_rendered_once(learner, parts, monkeypatch):
    rendered = []
    render = parts.hub._render
    monkeypatch.setattr(parts.hub, "_render", lambda name, context: rendered.append(name) or render(name, context))
    with listen(learner) as one, listen(learner) as two:
        first, second = messages(one), messages(two)
        next(first), next(second)
        rendered.clear()
        act(learner, BUY)
        assert next(first) == next(second)
        assert len(rendered) == len(set(rendered))


def test_a_stream_that_reconnects_gets_what_it_missed_and_nothing_else(learner):
    with listen(learner) as stream:
        last, _, _ = next(messages(stream))
    act(learner, "query product_card lamp")
    with listen(learner, headers={"Last-Event-ID": last}) as stream:
        number, panels, _ = next(messages(stream))
        assert number != last
        assert "page-seen" in panels
        assert "write-tables" not in panels


@pytest.mark.parametrize("last", ["ffffffff-9", "", "nonsense", "1", "9" * 50, "ffffffff-" + "9" * 40])
def test_an_id_from_another_life_of_the_server_gets_everything(learner, last):
    with listen(learner, headers={"Last-Event-ID": last}) as stream:
        assert "write-tables" in next(messages(stream))[1]


def test_the_third_stream_is_refused_and_its_page_polls_instead(learner):
    with listen(learner), listen(learner):
        refused = learner.get("/live")
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert 'hx-target="#live"' in refused.text
        poll = re.search(r'hx-get="(/panels\?seen=[^"]+)"', refused.text)[1]
        everything = learner.get(poll)
        assert everything.status_code == 200
        assert 'hx-target="#event-log"' in everything.text
        poll = re.search(r'hx-get="(/panels\?seen=[^"]+)"', everything.text)[1]
        assert learner.get(poll).status_code == 204
        act(learner, BUY)
        news = learner.get(poll)
        assert 'hx-target="#event-log"' in news.text
        assert "OrderPlaced" in news.text


def test_a_stream_that_reconnects_when_all_are_taken_is_told_to_poll_in_the_only_words_it_reads(learner):
    with listen(learner), listen(learner):
        with listen(learner, headers={"Last-Event-ID": "ffffffff-1"}) as stream:
            text = "".join(chunk.decode() for chunk in stream.response)
        assert 'hx-get="/panels' in text


def test_a_polling_page_gets_a_stream_again_when_one_is_free(learner):
    with listen(learner), listen(learner):
        assert "hx-sse:connect" not in learner.get("/panels").text
    assert "hx-sse:connect" in learner.get("/panels").text


def test_nobody_evicts_another_and_there_are_only_so_many_in_all(learner, parts, monkeypatch):
    monkeypatch.setattr(limits, "MAX_STREAMS", 1)
    with listen(learner) as stream:
        with pytest.raises(TooManyStreams):
            parts.hub.enter("another")
        next(messages(stream))
    parts.hub.leave(parts.hub.enter("another"))


def test_a_stream_that_was_never_read_gives_its_place_back(learner, parts):
    for _ in range(3 * limits.MAX_STREAMS_PER_SANDBOX):
        listen(learner).close()
    assert parts.hub._streams == 0


def test_whoever_has_no_sandbox_yet_polls_and_hears_of_it_when_there_is_one(client):
    refused = client.get("/live")
    assert refused.status_code == 503
    assert 'hx-get="/panels' in refused.text
    assert client.get("/panels").status_code == 204
    act(client, BUY)
    assert "OrderPlaced" in client.get("/panels").text


def test_a_quiet_stream_sends_a_heartbeat_and_keeps_no_sandbox_open(learner, parts, monkeypatch):
    monkeypatch.setattr(limits, "HEARTBEAT_SECONDS", 0.01)
    with listen(learner) as stream:
        next(messages(stream))
        [mine] = sandbox_ids(parts)
        with parts.shelf._pool.without(f"sandboxes/{mine}"):
            assert next(stream.response) == frames.HEARTBEAT


def test_a_stream_ends_after_ten_minutes(learner, monkeypatch):
    monkeypatch.setattr(limits, "STREAM_MAX_SECONDS", 0.05)
    monkeypatch.setattr(limits, "HEARTBEAT_SECONDS", 0.01)
    with listen(learner) as stream:
        assert list(stream.response)


def test_streams_end_when_the_server_does(learner, parts):
    with listen(learner) as stream:
        heard = messages(stream)
        next(heard)
        ending = threading.Timer(0, parts.hub.close)
        ending.start()
        assert list(heard) == []
        ending.join()


def test_the_worker_is_heard_too(client):
    act(client, "set delay=0")
    with listen(client) as stream:
        heard = messages(stream)
        next(heard)
        act(client, BUY)
        for _, panels, _ in heard:
            if "read-models" in panels and client.get("/state").get_json()["projections"]["sales"]["behind"] == 0:
                break


def test_a_lesson_has_a_stream_of_its_own(client):
    client.post("/lessons/L00/bet", data={"choice": "3"})
    with listen(client, query_string={"lesson": "L00"}) as stream:
        _, panels, text = next(messages(stream))
        assert "lesson" in panels
        assert "lesson=L00" in text or "/lessons/L00" in text
