"""One visitor cannot take all the threads of the server, whatever they send at once."""

import time
from concurrent.futures import ThreadPoolExecutor

from lab import limits
from tests.web.visits import BUY, act, assert_guarded, sandbox_ids


def send(app, cookie, line):
    client = app.test_client()
    client.set_cookie("session", cookie)
    return client.post("/actions", data={"line": line}, headers={"Accept": "application/json"})


def test_who_has_enough_requests_under_way_is_told_and_nobody_else_is(app, learner, parts):
    [mine] = sandbox_ids(parts)
    cookie = learner.get_cookie("session").value
    with ThreadPoolExecutor(limits.MAX_REQUESTS_AT_ONCE) as threads:
        with parts.shelf.open(mine) as sandbox:
            sandbox.lock.acquire()
            waiting = [threads.submit(send, app, cookie, BUY) for _ in range(limits.MAX_REQUESTS_AT_ONCE)]
            give_up = time.monotonic() + 20
            while (one_more := send_quickly(app, cookie)).status_code != 503:
                assert time.monotonic() < give_up
            assert "under way already" in one_more.get_json()["reason"]
            assert int(one_more.headers["Retry-After"]) > 0
            assert_guarded(one_more)
            assert act(app.test_client(), BUY)["outcome"] == "accepted"
            sandbox.lock.release()
        answered = [future.result() for future in waiting]
    assert {response.status_code for response in answered} <= {200, 422}
    assert send(app, cookie, "query sales").status_code == 200


def send_quickly(app, cookie):
    """Ask for what needs no lock, as long as there is a place for it."""
    client = app.test_client()
    client.set_cookie("session", cookie)
    return client.get("/words", headers={"Accept": "application/json"})
