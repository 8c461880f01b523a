"""Why a read model stopped: each cause as it really comes."""

from pathlib import Path

import pytest

from lab import stopped
from lab.guard import own_models, policy, workers
from lab.own_motion import TOO_SLOW
from lab.sandbox import Sandbox
from tests.lab.owned import ADD, EDIT_TO_ONCE, ORDERS, do


@pytest.fixture
def shop(tmp_path: Path) -> Sandbox:
    sandbox = Sandbox.create(tmp_path / "shop", clock="manual")
    do(sandbox, *ORDERS)
    return sandbox


def why(shop: Sandbox, name: str) -> stopped.Stop | None:
    return stopped.why(shop.stores.checkpoints()[name])


@pytest.mark.parametrize("name", ["sales", "spent"])
def test_a_crash_is_called_injected_and_no_event_is_named_for_it(shop: Sandbox, name: str) -> None:
    do(shop, ADD, f"crash {name} after_event")
    assert why(shop, name) is None
    assert shop.act(f"run {name}").outcome == "crashed"
    found = why(shop, name)
    assert found
    assert (found.cause, found.in_words) == ("crash", "crashed (injected) at after_event: nothing kept")


def test_an_event_that_its_sql_cannot_apply_is_named_with_its_type(shop: Sandbox) -> None:
    do(shop, EDIT_TO_ONCE)
    assert shop.act("run spent").outcome == "stopped"
    found = why(shop, "spent")
    assert found
    assert (found.cause, found.event, found.type) == ("poison", 8, "OrderPlaced")
    assert found.in_words.startswith("stopped at event #8 OrderPlaced: SQLite says: ")
    assert stopped.is_at_poison(shop.stores.checkpoints()["spent"])


@pytest.mark.parametrize(("reason", "event"), [(TOO_SLOW.format(7, policy.TURN_SECONDS), 7), (None, 1)])
def test_what_takes_too_long_is_not_poison_and_skipping_it_is_no_cure(
    shop: Sandbox, monkeypatch: pytest.MonkeyPatch, reason: str | None, event: int
) -> None:
    do(shop, ADD)
    if reason is None:
        monkeypatch.setattr(own_models, "the_keeper", lambda: Endless())
        shop.act("run spent")
    else:
        shop.read.set_status("spent", "stopped", reason)
    found = why(shop, "spent")
    assert found
    assert (found.cause, found.event) == ("slow", event)
    do(shop, "mode spent poison=skip")
    assert why(shop, "spent") == found


class Endless:
    """Stands in for the keeper of the workers: each of them was lost over this delivery."""

    def deliver(self, *_: object) -> None:
        return None


def test_where_sql_is_switched_off_no_text_is_called_slow_or_wrong(
    shop: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    do(shop, ADD)
    monkeypatch.setattr(workers, "_trusted", ["SQLite 0 does not keep to the guard"])
    shop.act("run spent")
    found = why(shop, "spent")
    assert found
    assert (found.cause, found.said) == ("other", "SQLite 0 does not keep to the guard")
