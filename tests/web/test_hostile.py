"""Requests that no page of ours would send: each gets an answer, none an accident. ``make soak`` sends 5,000."""

import pytest

from lab import limits
from tests.web.hostile import Stranger, run
from tests.web.visits import dump, sandbox_ids

# A form of several parts that breaks off leaves its parser's scratch file to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

REQUESTS = 250
SEED = 36_748


def test_hostile_requests_each_get_a_clear_answer_and_break_no_store(app, monkeypatch):
    monkeypatch.setattr(limits, "MAX_WAIT_SECONDS", 0.01)
    answered = run(app, REQUESTS, SEED)
    assert {200, 303, 400, 403, 404, 405, 413, 422} <= set(answered)


def test_what_strangers_send_never_reaches_a_sandbox_of_another(app, learner, parts):
    [mine] = sandbox_ids(parts)
    before = dump(parts, mine)
    stranger, client = Stranger(SEED + 1), app.test_client()
    for _ in range(60):
        client.open(**stranger.request(), buffered=False).close()
    assert dump(parts, mine) == before
