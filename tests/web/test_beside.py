"""A rebuild as the page tells it: the strip of one beside, the chip of one in place, and what a reader is told."""

import re

import pytest

from tests.web.visits import act

BESIDE = "model rebuild sales beside=yes"


@pytest.fixture
def sold(learner, parts):
    """Somebody whose shop has sold something; all has been applied, and from here on nothing moves by itself."""
    parts.worker.stop()
    do(learner, "bulk 6", "run product_card", "run sales", "run order_list")
    return learner


def do(client, *lines):
    for line in lines:
        assert act(client, line)["outcome"] == "done"


def words_of(markup):
    return " ".join(re.sub("<[^>]*>", " ", markup).split())


def strip(client):
    """The words of the strip of sales, and its markup."""
    text = client.get("/").get_data(as_text=True)
    section = re.search(r'<section class="beside" id="beside-sales".*?</section>', text, re.DOTALL)
    return (words_of(section[0]), section[0]) if section else ("", "")


def chips(text, model):
    """The words beside the name of a read model."""
    return words_of(re.search(rf'id="model-{model}">.*?<div class="under">', text, re.DOTALL)[0])


def test_the_strip_tells_how_far_it_is_and_offers_what_can_be_done_now(sold):
    do(sold, BESIDE, "model fill sales 5")
    words, markup = strip(sold)
    assert "new (green): 5 of 12 events" in words
    assert "old (blue): read by all readers, at #12. Switch waits until the new one has come as far." in words
    assert '<progress max="12" value="5"' in markup
    assert re.search(r'value="model switch sales" disabled aria-describedby="why-sales"', markup)
    do(sold, "model fill sales")
    words, markup = strip(sold)
    assert "caught up, follows the log" in words
    assert 'value="model switch sales">Switch' in markup
    do(sold, "model switch sales")
    words, markup = strip(sold)
    assert "Readers read the new one, at #12. The old one is kept as it was, at #12, in read.next.db" in words
    assert 'value="model switch sales">Switch back' in markup
    do(sold, "model drop sales old=yes")
    assert strip(sold) == ("", "")


def test_the_strip_tells_of_poison_and_of_a_lost_file(sold, tmp_path):
    act(sold, "poison")
    do(sold, BESIDE)
    assert act(sold, "model fill sales")["outcome"] == "stopped"
    words, markup = strip(sold)
    assert "stopped at event #13 OrderPlaced" in words
    assert "new (green): 12 of 13 events" in words
    assert "caught up" not in words
    assert '<button class="sm quiet" name="line" value="model fill sales">Try again' in markup
    next(tmp_path.rglob("read.next.db")).unlink()
    words, _ = strip(sold)
    assert "new (green): 0 of 13 events" in words
    assert "read.next.db was lost, so it began again at event 1" in words


def test_a_rebuild_in_place_and_a_slow_projection_are_told_where_they_are_read(sold):
    do(sold, "set sales delay=3", "model rebuild order_list", "step order_list 8", "query order_list")
    text = sold.get("/").get_data(as_text=True)
    assert "being rebuilt in place: 8 of 12" in chips(text, "order_list")
    assert "own delay: 3 s injected" in chips(text, "sales")
    assert "own delay" not in chips(text, "product_card")
    do(sold, "run order_list")
    text = sold.get("/").get_data(as_text=True)
    assert "order_list is being rebuilt: 8 of 12 events" in text, "the page stays as it was read"
    assert "being rebuilt in place" not in chips(text, "order_list")
    do(sold, "query order_list")
    assert "is being rebuilt" not in sold.get("/").get_data(as_text=True)
