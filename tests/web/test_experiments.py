"""The page of the experiments, and opening one."""

import html
import re
import time

import pytest

from lab.experiments import experiments
from tests.web.visits import act


def opened(client, experiment_id):
    """Follow an experiment's button, and say yes on the page that asks."""
    page = client.get("/experiments").get_data(as_text=True)
    here = page.split(f'id="{experiment_id}"')[1]
    link = html.unescape(re.search(r'class="button" href="([^"]+)"', here)[1])
    asks = client.get(link).get_data(as_text=True)
    fields = {"experiment": re.search(r'name="experiment" value="([^"]+)"', asks)[1]}
    fields["lines"] = html.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", asks, re.DOTALL)[1])
    return client.post("/open", data=fields)


def test_every_experiment_is_on_the_page_with_its_question_and_its_lines(client):
    page = html.unescape(client.get("/experiments").get_data(as_text=True))
    for experiment in experiments().values():
        assert experiment.title in page
        assert "\n".join(experiment.lines) in page
        assert all(seen.say in page for seen in experiment.seen)


def test_the_link_asks_first_and_says_what_to_watch_for(client):
    act(client, "cmd restock product=lamp qty=1")
    page = client.get("/experiments").get_data(as_text=True)
    link = html.unescape(re.search(r'class="button" href="([^"]+)"', page)[1])
    asks = html.unescape(client.get(link).get_data(as_text=True))
    assert "Replay these lines?" in asks
    assert next(iter(experiments().values())).watch in asks
    assert client.get("/state").get_json()["head"] == 6, "nothing was replayed yet"


@pytest.mark.parametrize("experiment", experiments().values(), ids=lambda experiment: experiment.id)
def test_opened_it_tells_what_each_line_answered_and_leads_on(client, experiment):
    answer = opened(client, experiment.id)
    assert (answer.status_code, answer.location) == (303, f"/experiments/{experiment.id}")
    page = html.unescape(client.get(answer.location).get_data(as_text=True))
    shown = re.findall(r"<li><code>(.*?)</code>", page)
    assert shown == list(experiment.lines)
    left_out = any(line.split()[0] in ("strategies", "travel") for line in experiment.lines)
    assert left_out or page.count("checked: so it is in your stores") == len(experiment.seen)
    for leads in experiment.pages:
        assert f'href="{leads.path}"' in page
        assert client.get(leads.path).status_code == 200


def test_the_broken_run_and_the_mended_run_stand_side_by_side(client):
    page = html.unescape(client.get(opened(client, "crash-window").location).get_data(as_text=True))
    assert "crashed</b>: sales crashed at before_checkpoint: rows kept, checkpoint lost" in page
    assert "says units 4, the write store says 2: event #6" in page
    assert "no drift in sales" in page


def test_what_a_query_read_is_told_with_its_event(client):
    page = client.get(opened(client, "my-own-write").location).get_data(as_text=True)
    assert "in_stock 5, from_event 3 (as of event 5 of 6)" in page
    assert "in_stock 3, from_event 6 (as of event 6 of 6)" in page


def test_in_another_sandbox_it_shows_its_lines_only(client):
    pristine = client.get("/experiments/honest-lag").get_data(as_text=True)
    act(client, "pause sales")
    begun = client.get("/experiments/honest-lag").get_data(as_text=True)
    opened(client, "poison")
    other = client.get("/experiments/honest-lag").get_data(as_text=True)
    for page in (pristine, begun, other):
        assert "What each line answered" not in page
        assert "set sales delay=5" in page
    assert client.get("/experiments/no-such-one").status_code == 404


def test_what_waits_has_waited_since_it_was_opened(client):
    """The fixture's shop opened long ago; who opens an experiment now sees the seconds begin now."""
    before = time.time()
    opened(client, "honest-lag")
    sales = client.get("/state").get_json()["projections"]["sales"]
    assert sales["behind"] == 41
    assert 0 < sales["age"] <= time.time() - before + 1


@pytest.mark.parametrize("experiment_id", ["", "//elsewhere.test", "no-such-one"])
def test_an_experiment_that_there_is_not_leads_nowhere_else(client, experiment_id):
    answer = client.post("/open", data={"lines": "pause", "experiment": experiment_id})
    assert (answer.status_code, answer.location) == (303, "/")
