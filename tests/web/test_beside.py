"""A rebuild as the page tells it: the strip of one beside, the chip of one in place, and what a reader is told."""

import re

import pytest

from tests.lab.sandboxes import hold
from tests.web.visits import act, sandbox_ids

BESIDE = "model rebuild sales beside=yes"


@pytest.fixture
def sold(learner, parts):
    """Somebody whose shop has sold something; all has been applied, and from here on nothing moves by itself."""
    parts.worker.stop()
    for line in ("bulk 6", "run product_card", "run sales", "run order_list"):
        assert act(learner, line)["outcome"] == "done"
    return learner


def strip(client, model="sales"):
    """The words of the strip of one read model, and its markup."""
    text = client.get("/").get_data(as_text=True)
    section = re.search(rf'<section class="beside" id="beside-{model}".*?</section>', text, re.DOTALL)
    if section is None:
        return "", ""
    return " ".join(re.sub("<[^>]*>", " ", section[0]).split()), section[0]


def chips(client, model):
    text = client.get("/").get_data(as_text=True)
    head = re.search(rf'id="model-{model}">.*?<div class="under">', text, re.DOTALL)[0]
    return " ".join(re.sub("<[^>]*>", " ", head).split())


def test_nothing_is_shown_while_nothing_stands_beside(sold):
    assert strip(sold) == ("", "")


def test_the_strip_counts_events_and_says_why_the_switch_has_to_wait(sold):
    act(sold, BESIDE)
    act(sold, "model fill sales 5")
    words, markup = strip(sold)
    assert "green 5 of 12 events" in words
    assert "readers read blue, at #12; Switch waits until green is there" in words
    assert '<progress max="12" value="5"' in markup
    assert re.search(r'value="model switch sales" disabled aria-describedby="why-sales"', markup)
    assert "events/s" not in words, "one fill is no measure of a rate"


def test_the_rate_and_the_time_left_are_measured_over_the_last_fills(sold, parts):
    act(sold, BESIDE)
    (own,) = sandbox_ids(parts)
    with parts.shelf.open(own, visit=False) as sandbox, sandbox.lock:
        clock = hold(sandbox)
        for _ in range(3):
            clock.move(2)
            sandbox.act("model fill sales 2")
    assert "green 6 of 12 events · 1 events/s · about 6 s left" in strip(sold)[0]


def test_once_it_has_caught_up_it_can_be_switched_and_switched_back_and_dropped(sold):
    act(sold, BESIDE)
    act(sold, "model fill sales")
    words, markup = strip(sold)
    assert "caught up, follows the log" in words
    assert 'value="model switch sales">Switch' in markup
    act(sold, "model switch sales")
    words, markup = strip(sold)
    assert "Readers read the new one, at #12. The old one is kept as it was, at #12, in read.next.db" in words
    assert "Switch back" in markup
    assert 'value="model drop sales old=yes"' in markup
    act(sold, "model drop sales old=yes")
    assert strip(sold) == ("", "")


def test_poison_beside_is_told_where_it_stands_and_can_be_tried_again(sold):
    for line in ("poison", BESIDE, "model fill sales"):
        act(sold, line)
    words, markup = strip(sold)
    assert "green stopped at event 13 OrderPlaced" in words
    assert '<button class="sm quiet" name="line" value="model fill sales">Try again' in markup


def test_a_lost_file_is_told(sold, tmp_path):
    act(sold, BESIDE)
    act(sold, "model fill sales 3")
    next(tmp_path.rglob("read.next.db")).unlink()
    words, _ = strip(sold)
    assert "green 0 of 12 events" in words
    assert "read.next.db was lost, so it began again at event 1" in words


def test_a_rebuild_in_place_is_told_at_the_read_model_and_on_the_page_that_was_read(sold):
    act(sold, "model rebuild order_list")
    act(sold, "step order_list 8")
    assert "being rebuilt in place: 8 of 12" in chips(sold, "order_list")
    act(sold, "query order_list")
    act(sold, "run order_list")
    text = sold.get("/").get_data(as_text=True)
    assert "order_list is being rebuilt: 8 of 12 events" in text, "the page stays as it was read"
    assert "being rebuilt in place" not in chips(sold, "order_list")
    act(sold, "query order_list")
    assert "is being rebuilt" not in sold.get("/").get_data(as_text=True)


def test_a_slow_projection_says_so_and_that_it_is_injected(sold):
    act(sold, "set sales delay=3")
    assert "own delay: 3 s injected" in chips(sold, "sales")
    assert "own delay" not in chips(sold, "product_card")


def test_a_script_sees_what_stands_beside(sold):
    act(sold, BESIDE)
    act(sold, "model fill sales 5")
    assert sold.get("/state").get_json()["beside"] == {
        "sales": {"stage": "filling", "position": 5, "status": "running", "reason": None}
    }
