"""The page of the experiments, and opening one."""

import html
import re

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


@pytest.mark.parametrize("experiment_id", [name for name, one in experiments().items() if one.pages])
def test_one_that_leads_further_leads_there(client, experiment_id):
    answer = opened(client, experiment_id)
    assert (answer.status_code, answer.location) == (303, experiments()[experiment_id].pages[0].path)
    assert client.get(answer.location).status_code == 200


def test_one_that_does_not_leads_to_the_stores(client):
    answer = opened(client, "honest-lag")
    assert (answer.status_code, answer.location) == (303, "/")
    state = client.get("/state").get_json()
    assert (state["head"], state["projections"]["sales"]["behind"]) == (46, 41)


@pytest.mark.parametrize("experiment_id", ["", "//elsewhere.test", "no-such-one"])
def test_an_experiment_that_there_is_not_leads_nowhere_else(client, experiment_id):
    answer = client.post("/open", data={"lines": "pause", "experiment": experiment_id})
    assert (answer.status_code, answer.location) == (303, "/")
