"""An application over a folder of its own, closed at the end."""

from contextlib import ExitStack

import pytest

from app import create_app
from tests.web.visits import act


@pytest.fixture
def make_app(tmp_path):
    """Make applications over the same home, one after the other, as a server that is started again does."""
    with ExitStack() as opened:

        def make():
            app = create_app(tmp_path)
            opened.callback(app.extensions["lagoon"].close)
            return app

        yield make


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture
def parts(app):
    return app.extensions["lagoon"]


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def learner(client):
    """A visitor who has a sandbox, with time standing still in it."""
    act(client, "pause")
    return client
