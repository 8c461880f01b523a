"""Whatever happens in whatever order, a read model at position N shows what the write store said at event N."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cqrs.commands import Command
from cqrs.read.projector import POINTS
from cqrs.write.store import Answer
from tests.cqrs.histories import PLENTY, days, examples, next_command, wild
from tests.cqrs.oracle import first_broken_link, truth
from tests.cqrs.shop import MODELS, START, Rows, Shop, tables

pytestmark = pytest.mark.long

models = st.sampled_from(sorted(MODELS))
batches = st.integers(1, 7)


class Crash(Exception):
    """The process dies here."""


class ShopMachine(RuleBasedStateMachine):
    """A shop to which anything may happen between two steps of its projector."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.shop = Shop(self.home)
        self.sent: list[tuple[str, Command, Answer]] = []
        self.said: dict[int, dict[str, Rows]] = {0: {model: [] for model in MODELS}}
        for command in (*START, *PLENTY):
            self.send(command)

    def teardown(self) -> None:
        try:
            for model in set(MODELS) - set(self.shop.models):
                self.shop.add(model, MODELS[model])
            self.shop.catch_up()
            self.read_models_show_what_the_write_store_said()
            assert self.shop.shown() == truth(self.shop.write.connection)
            assert first_broken_link(self.shop.write.connection) is None
        finally:
            self.shop.close()
            shutil.rmtree(self.home)

    # The write side

    def send(self, command: Command, expect: int | None = None) -> None:
        id, head, before = f"id-{len(self.sent)}", self.shop.write.head(), tables(self.shop.write.connection)
        answer = self.shop.do(command, id, expect)
        self.sent.append((id, command, answer))
        if answer.outcome == "accepted":
            assert answer.position == self.shop.write.head() == head + 1
            [event] = self.shop.write.events_after(head, 1)
            assert expect in (None, event.stream_version - 1)
            self.said[answer.position] = truth(self.shop.write.connection)
        else:
            after = tables(self.shop.write.connection)
            assert {name for name in after if after[name] != before[name]} == {"commands"}

    def trade(self, data: st.DataObject, number: int) -> None:
        for _ in range(number):
            self.shop.on(data.draw(days))
            self.send(data.draw(next_command(self.shop)))

    @initialize(data=st.data(), number=st.integers(8, 15))
    def the_shop_has_a_history(self, data: st.DataObject, number: int) -> None:
        self.trade(data, number)

    @rule(data=st.data(), number=st.integers(2, 6))
    def shoppers_come(self, data: st.DataObject, number: int) -> None:
        self.trade(data, number)

    @rule(command=wild, expect=st.integers(0, 4))
    def a_shopper_expects_a_version(self, command: Command, expect: int) -> None:
        self.send(command, expect)

    @rule(data=st.data())
    def a_command_is_sent_again(self, data: st.DataObject) -> None:
        id, command, first = data.draw(st.sampled_from(self.sent))
        before = tables(self.shop.write.connection)
        again = self.shop.do(command, id)
        assert again.repeated
        assert again[:3] == first[:3]
        assert tables(self.shop.write.connection) == before

    # The projector

    @rule(model=models, batch=batches)
    def one_read_model_moves(self, model: str, batch: int) -> None:
        if model in self.shop.models:
            self.shop.project(model, batch)

    @rule(batch=batches)
    def all_move(self, batch: int) -> None:
        self.shop.catch_up(batch)

    @rule(model=models, batch=batches, point=st.sampled_from(POINTS), time=st.integers(1, 4), harshly=st.booleans())
    def the_projector_dies(self, model: str, batch: int, point: str, time: int, harshly: bool) -> None:
        if model not in self.shop.models:
            return
        left, scene = [time], self.home / "scene"

        def at(here: str) -> None:
            left[0] -= here == point
            if left[0] == 0:
                scene.mkdir()
                for file in [*self.home.glob("*.db"), *self.home.glob("*.db-wal")]:
                    shutil.copy(file, scene)
                raise Crash

        before = self.shop.as_of(model)
        try:
            self.shop.project(model, batch, at)
        except Crash:
            assert point == "after_commit" or self.shop.as_of(model) == before
            if harshly:
                self.shop.close()
                for file in self.home.glob("*.db*"):
                    file.unlink()
                shutil.copytree(scene, self.home, dirs_exist_ok=True)
                self.shop.open()
            shutil.rmtree(scene)

    # What an operator does

    @rule(model=models)
    def a_rebuild_begins(self, model: str) -> None:
        if model in self.shop.models:
            self.shop.read.empty(MODELS[model])

    @rule(model=models)
    def a_read_model_is_rebuilt_at_once(self, model: str) -> None:
        if model in self.shop.models:
            self.shop.read.rebuild_at_once(MODELS[model], self.home / "write.db")
            assert self.shop.as_of(model) == self.shop.write.head()

    @rule(model=models)
    def a_read_model_is_dropped_or_added(self, model: str) -> None:
        if self.shop.models.pop(model, None):
            self.shop.read.drop(MODELS[model])
        else:
            self.shop.add(model, MODELS[model])

    @rule()
    def the_shop_is_restarted(self) -> None:
        self.shop.close()
        self.shop.open()

    @rule()
    def the_read_store_is_deleted(self) -> None:
        self.shop.close()
        for file in self.home.glob("read.db*"):
            file.unlink()
        self.shop.open()

    @invariant()
    def read_models_show_what_the_write_store_said(self) -> None:
        assert {checkpoint.name for checkpoint in self.shop.read.checkpoints()} == set(self.shop.models)
        for checkpoint in self.shop.read.checkpoints():
            assert (checkpoint.status, checkpoint.reason) == ("running", None)
            assert self.shop.rows(checkpoint.name) == self.said[checkpoint.position][checkpoint.name]


TestShopMachine = ShopMachine.TestCase
TestShopMachine.settings = settings(
    max_examples=examples(70), stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
