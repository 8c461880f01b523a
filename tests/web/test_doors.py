"""One visitor cannot take all the threads of the server, whatever they send at once."""

from concurrent.futures import ThreadPoolExecutor

from lab import limits
from tests.web.visits import BUY, act, assert_guarded, sandbox_ids


def send(app, cookie, line):
    client = app.test_client()
    client.set_cookie("session", cookie)
    return client.post("/actions", data={"line": line}, headers={"Accept": "application/json"})


def send_until_let_in(app, cookie, line):
    """Send once more what found no place, as the one who looks whether there is one takes it for a moment."""
    while (answer := send(app, cookie, line)).status_code == 503:
        pass
    return answer


def test_who_has_enough_requests_under_way_is_told_and_nobody_else_is(app, learner, parts):
    [mine] = sandbox_ids(parts)
    cookie = learner.get_cookie("session").value
    with ThreadPoolExecutor(limits.MAX_REQUESTS_AT_ONCE) as threads:
        with parts.shelf.open(mine) as sandbox, sandbox.lock:
            waiting = [threads.submit(send_until_let_in, app, cookie, BUY) for _ in range(limits.MAX_REQUESTS_AT_ONCE)]
            while (one_more := send_quickly(app, cookie)).status_code != 503:
                assert not any(future.done() for future in waiting)
            assert "under way already" in one_more.get_json()["reason"]
            assert int(one_more.headers["Retry-After"]) > 0
            assert_guarded(one_more)
            assert act(app.test_client(), BUY)["outcome"] == "accepted"
        answered = [future.result() for future in waiting]
    assert {response.status_code for response in answered} <= {200, 422}
    assert send(app, cookie, "query sales").status_code == 200


def send_quickly(app, cookie):
    """Ask for what needs no lock, as long as there is a place for it."""
    client = app.test_client()
    client.set_cookie("session", cookie)
    return client.get("/words", headers={"Accept": "application/json"})
