"""The lag chart and the times of an event: what was late, and what was filled later."""

import random
import re
import time
from statistics import median

import pytest
from bs4 import BeautifulSoup

from lab.actions import ModelWrite
from lab.clock import RealClock
from tests.lab.owned import ADD, EDIT, SPENT
from tests.web.visits import BUY, act
from web import drawing

BEGINNINGS = {
    "one's own": ("spent", [ADD]),
    "dropped and added": ("sales", ["model drop sales", "model add sales"]),
    "rebuilt": ("sales", ["model rebuild sales"]),
    "filled beside": ("sales", ["model rebuild sales beside=yes", "model fill sales", "model switch sales"]),
    "edited": ("spent", [ADD, "run", EDIT, "model fill spent", "model switch spent"]),
}


class Shop:
    """A visitor's shop in which nothing moves by itself, and whose time the test lets pass."""

    def __init__(self, client):
        self.client = client
        self.moment = time.time_ns() // 1000

    def do(self, *lines):
        for line in lines:
            assert act(self.client, line)["outcome"] in ("accepted", "done"), line

    def wait(self, seconds):
        self.moment += round(seconds * 1_000_000)

    def page(self, path="/"):
        return BeautifulSoup(self.client.get(path).get_data(as_text=True), "html.parser")

    def face(self, name):
        return words(self.page().select_one(f"#lag-chart .face.{name} .sum"))

    def times(self, position, model):
        """The cells of a read model on the page of an event, without its name."""
        rows = [row.select("td") for row in self.page(f"/event/{position}").select("tbody tr")]
        return next([words(cell) for cell in cells[1:]] for cells in rows if words(cells[0]) == model)


@pytest.fixture
def shop(client, parts, monkeypatch):
    parts.worker.stop()
    shop = Shop(client)
    monkeypatch.setattr(RealClock, "now", lambda clock: shop.moment)
    return shop


def words(tag):
    return " ".join(tag.get_text(" ").split())


@pytest.mark.parametrize(("model", "lines"), BEGINNINGS.values(), ids=BEGINNINGS)
def test_what_a_read_model_is_filled_with_was_not_late(shop, model, lines):
    shop.do(BUY)
    shop.wait(0.2)
    shop.do("run")
    shop.wait(700)
    shop.do(*lines)
    shop.wait(5)
    shop.do("run", BUY)
    shop.wait(1)
    shop.do("run")
    told = shop.face("visible")
    assert f"{model} 1.00 s" in told
    assert f"product_card {1000 * median([0.2, 1]):.0f} ms" in told
    assert "worst 1.00 s" in told
    assert "what was filled later is not counted" in told
    is_beside = "switch" in lines[-1]
    assert shop.times(6, model) == [
        "0",
        "+ 0.0 ms",
        "filled later" if is_beside else "filled later: + 705.20 s",
        "not yet",
    ]
    assert shop.times(7, model) == ["0", "+ 0.0 ms", "+ 1.00 s", "+ 1.00 s", "not yet"]
    assert shop.times(6, "product_card")[2:4] == ["+ 0.20 s", "+ 0.20 s"]


def test_an_event_that_every_read_model_was_filled_with_waited_for_none_of_them(shop):
    shop.do(BUY, "run")
    shop.wait(700)
    shop.do("model rebuild all")
    asleep = [words(row) for row in shop.page().select("#lag-chart .face.trace tbody tr")]
    assert asleep == ["#6 OrderPlaced 0.00 ms 700 s so far pending not yet"]
    shop.do("run")
    filled = [words(row) for row in shop.page().select("#lag-chart .face.trace tbody tr")]
    assert filled == ["#6 OrderPlaced 0.00 ms \N{EN DASH} filled later not yet"]
    assert "worst" not in shop.face("visible")


def test_who_sleeps_is_late(shop):
    shop.do("pause", BUY)
    shop.wait(300)
    shop.do("resume", "run")
    assert "worst 300 s" in shop.face("visible")
    assert "filled" not in shop.face("visible")
    assert shop.times(6, "sales") == ["0", "+ 0.0 ms", "+ 300.00 s", "+ 300.00 s", "not yet"]


def test_who_goes_back_to_the_old_one_has_not_read_what_the_new_one_had(shop):
    shop.do("model rebuild sales beside=yes", "model fill sales", "model switch sales", BUY, "run")
    assert shop.times(6, "sales")[2:4] == ["+ 0.0 ms", "+ 0.0 ms"]
    shop.do("model switch sales")
    assert shop.times(6, "sales")[2:4] == ["not yet", "not yet"]
    shop.wait(9)
    shop.do("run")
    assert shop.times(6, "sales")[2] == "filled later: + 9.00 s"


def test_a_read_model_that_begins_at_the_end_never_hears_of_what_was_before(shop):
    shop.do(BUY, "model drop sales", "model add sales from=end", BUY, "run")
    assert shop.times(6, "sales")[2] == "never"
    assert shop.times(7, "sales")[2:4] == ["+ 0.0 ms", "+ 0.0 ms"]


def test_what_is_rebuilt_has_no_age_as_nobody_waited_for_it(shop):
    shop.do(BUY, "run")
    shop.wait(700)
    shop.do("model rebuild sales")
    shop.do("run sales to=5")
    assert words(shop.page().select_one("#model-sales .lag")) == "1 behind"
    shop.do(BUY, "run sales to=6")
    shop.wait(2)
    assert words(shop.page().select_one("#model-sales .lag")) == "1 behind \N{MIDDLE DOT} 2.0 s"


# The drawing


def stretches(path):
    """The level stretches of a path: (from, to, height)."""
    x = y = 0.0
    for way, one, two in re.findall(r"([MHV])([\d.]+)(?: ([\d.]+))?", path):
        if way == "H":
            yield x, float(one), y
        x, y = (float(one), float(two)) if way == "M" else (float(one), y) if way == "H" else (x, float(one))


def test_each_line_is_drawn_at_its_values_and_those_that_lie_on_each_other_take_turns():
    chance = random.Random(5)
    for _ in range(40):
        top = chance.choice([2, 10, 400])
        moments = sorted(chance.sample(range(1000), 12))
        values = {name: [chance.randrange(min(top, 4)) for _ in moments] for name in "abcdefgh"[: chance.randint(1, 8)]}
        points = {name: [(x / 1000, v) for x, v in zip(moments, own, strict=True)] for name, own in values.items()}
        drawn = [(name, *each) for name, path in drawing.shared(points, top).items() for each in stretches(path)]
        for begin, end, now in zip(moments, [*moments[1:], 1000], range(12), strict=True):
            for x in (begin + (end - begin) * part for part in (0.01, 0.37, 0.99)):
                here = {(name, round((100 - y) / 90 * top)) for name, left, right, y in drawn if left < x < right}
                heights = [height for _, height in here]
                assert sorted(heights) == sorted({own[now] for own in values.values()})
                assert all(values[name][now] == height for name, height in here)
    alike = drawing.shared({name: [(0, 1)] for name in "abcde"}, 2)
    assert all(sum(right - left for left, right, _ in stretches(path)) >= 1000 / 5 - 24 for path in alike.values())


def test_a_line_that_leaves_the_others_is_joined_to_where_it_goes():
    paths = drawing.shared({"a": [(0, 0), (0.5, 2)], "b": [(0, 0), (0.51, 2)], "c": [(0, 0)]}, 2)
    for name, x in (("a", 500), ("b", 510)):
        assert re.search(rf"(?:M{x} 100|H{x})V10", paths[name]), paths[name]


def test_marks_of_eight_read_models_differ_in_shape_and_the_legend_says_whose_they_are(shop):
    names = ["mine", "yours", "theirs"]
    for name in names:
        shop.do(str(ModelWrite(name, SPENT.replace("spent", name))))
    shop.do("run", BUY, "run")
    chart = shop.page().select_one("#lag-chart")
    legend = {words(item): item.use["href"] for item in chart.select(".legend li")}
    assert len(set(legend.values())) == len(legend) == 8
    assert all(chart.select_one(f"defs [id={shape[1:]}]") for shape in legend.values())
    for face in ("behind", "visible"):
        marks = [mark["href"] for mark in chart.select(f".face.{face} use")]
        assert sorted(marks) == sorted(legend.values())


@pytest.mark.parametrize("events", [1, 2, 5])
def test_the_first_and_the_newest_event_stand_above_their_numbers(shop, events):
    for _ in range(events):
        shop.do(BUY if events < 3 else "cmd restock product=mug qty=1", "run")
    face = shop.page().select_one("#lag-chart .face.visible")
    across = sorted(float(mark["x"].rstrip("%")) for mark in face.select("use"))
    labels = [words(each) for each in face.select(".x > span:not(.sum)")]
    assert across[0] < 100 / 12
    assert labels == ["#6", f"#{5 + events}" if events > 1 else ""]
    assert events == 1 or across[-1] > 100 - 100 / 12
