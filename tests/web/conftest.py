"""An application over a folder of its own, closed at the end."""

import time
from contextlib import ExitStack

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from app import create_app
from lab.clock import RealClock
from tests.web.visits import act


class Compiled(BytecodeCache):
    """Compiled templates for all applications of a run: to compile them anew takes longer than most tests."""

    def __init__(self) -> None:
        self._kept = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.code


def compiled_once(compile_builder):
    """Compile what writes the addresses of a rule for all applications of a run: for sixty rules it takes as long."""
    kept = {}

    def compiled(rule, append_unknown=True):
        key = (*rule._trace, repr(rule.defaults), append_unknown)
        if key not in kept:
            kept[key] = compile_builder(rule, append_unknown)
        return kept[key]

    return compiled


@pytest.fixture(scope="session", autouse=True)
def compile_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": Compiled()})
        patch.setattr(Rule, "_compile_builder", compiled_once(Rule._compile_builder))
        yield


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
def learner(client, monkeypatch):
    """A visitor with a sandbox in which time stands still: no read model moves by itself, nor one added later."""
    act(client, "pause")
    moment = time.time_ns() // 1000
    monkeypatch.setattr(RealClock, "now", lambda clock: moment)
    return client
