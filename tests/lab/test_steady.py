"""The line ``trial``: whether a read model of one's own is steady, and why its live rows are not what they should."""

import json
import threading

import pytest

from lab import guard, replay, steady
from lab.carry_out import Answer
from lab.sandbox import Sandbox
from lab.values import in_quotes
from tests.lab.test_trial import SPENT

WRITE = f"model write spent {in_quotes(SPENT)}"


@pytest.fixture
def mine(sandbox: Sandbox) -> Sandbox:
    """A read model of one's own that has heard of two orders; the log ends at event 7."""
    done(sandbox, WRITE)
    done(sandbox, "cmd place_order customer=c1 product=lamp qty=1 order=o1")
    done(sandbox, "cmd place_order customer=c2 product=mug qty=1 order=o2")
    done(sandbox, "run")
    return sandbox


def done(sandbox: Sandbox, line: str) -> Answer:
    answer = sandbox.act(line)
    assert answer.outcome in ("done", "accepted"), answer
    return answer


def live(answer: Answer) -> tuple[bool, str]:
    entry = next(entry for entry in answer.result["tried"] if entry["name"] == "live")
    return entry["passed"], entry["said"]


def test_one_that_is_steady_is_told_so_and_neither_store_changes(mine: Sandbox) -> None:
    before = mine.stores.fingerprint()
    answer = done(mine, "trial spent")
    assert (
        answer.reason
        == "spent is steady: 7 things tried on 7 events, and none failed; not tried: the block of OrderCancelled"
    )
    assert answer.result["good"]
    assert [entry["name"] for entry in answer.result["tried"]] == [
        "file",
        "log",
        "blocks",
        "passed_by",
        "same",
        "order",
        "twice",
        "crash",
        "memory",
        "live",
    ]
    assert live(answer) == (True, "They are what a rebuild gives, as of event #7.")
    assert mine.stores.fingerprint() == before
    kept = mine.lab.connection.execute("SELECT result FROM results WHERE n = ?", (answer.n,)).fetchone()[0]
    assert json.loads(kept) == answer.result


def test_one_that_lags_is_compared_as_of_where_it_stands(mine: Sandbox) -> None:
    done(mine, "cmd cancel_order order=o1")
    answer = done(mine, "trial spent")
    assert (answer.result["events"], live(answer)) == (
        8,
        (True, "They are what a rebuild gives, as of event #7; 1 event is still to come."),
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            ("mode spent dedupe=off", "redeliver spent 6"),
            "Ada (c1): sales_cents is 5000, a rebuild says 2500. "
            "Why: event #6 OrderPlaced was delivered and applied a second time.",
        ),
        (
            ('patch "UPDATE spent SET sales_cents = 7"',),
            "Ada (c1): sales_cents is 7, a rebuild says 2500. "
            "Why: spent was changed by hand: UPDATE spent SET sales_cents = 7.",
        ),
        (
            ("model drop spent", "model add spent from=end"),
            "Ada (c1) is missing. Why: event #1 CustomerRegistered came before this read model: it began at #7.",
        ),
    ],
)
def test_live_rows_that_no_rebuild_would_give_are_told_with_what_befell_them(
    mine: Sandbox, lines: tuple[str, ...], said: str
) -> None:
    for line in lines:
        done(mine, line)
    answer = done(mine, "trial spent")
    assert live(answer) == (False, f"As of event #7, {said}")
    assert answer.reason == f"spent: As of event #7, {said}"
    done(mine, "model rebuild spent")
    done(mine, "run")
    assert done(mine, "trial spent").result["good"]


def test_one_that_stops_at_an_event_is_told_where(mine: Sandbox) -> None:
    stops = SPENT.replace(
        "ON CONFLICT (customer_id) DO UPDATE SET sales_cents = sales_cents + excluded.sales_cents", ""
    )
    done(mine, f"model write once {in_quotes(stops.replace('spent', 'once'))}")
    done(mine, "cmd place_order customer=c1 product=mug qty=1 order=o3")
    assert mine.act("run").outcome == "stopped"
    answer = done(mine, "trial once")
    said = "once is not steady: Your SQL for OrderPlaced cannot apply event #8: SQLite says: UNIQUE"
    assert str(answer.reason).startswith(said)
    assert live(answer) == (True, "They are what a rebuild gives, as of event #7; 1 event is still to come.")


def test_where_nothing_has_come_or_a_rebuild_cannot_follow_nothing_is_compared_and_nothing_green(mine: Sandbox) -> None:
    done(mine, "model rebuild spent")
    assert live(done(mine, "trial spent")) == (
        None,
        "It stands at event #0: no event has been applied here yet, so nothing was compared.",
    )
    done(mine, "step spent 5")
    assert live(done(mine, "trial spent")) == (
        None,
        "It stands at event #5, and no event up to there has a block in this file: nothing was compared.",
    )
    once = SPENT.replace("ON CONFLICT (customer_id) DO UPDATE SET sales_cents = sales_cents + excluded.sales_cents", "")
    done(mine, "cmd place_order customer=c1 product=mug qty=1 order=o3")
    done(mine, f"model write once {in_quotes(once.replace('spent', 'once'))}")
    done(mine, "mode once poison=skip")
    done(mine, "run once")
    assert live(done(mine, "trial once")) == (
        None,
        "They stand at event #8, and filled anew it comes to #7 only: nothing was compared.",
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("trial sales",), "sales is built in; a trial is for a read model of your own, such as a copy of it"),
        (("trial other",), "there is no read model other of your own; there is spent"),
        (("model drop spent", "trial spent"), "there is no read model spent now; this line brings it back"),
        (("trial",), "trial takes one read model of your own"),
    ],
)
def test_what_is_no_read_model_of_one_s_own_is_not_tried(mine: Sandbox, lines: tuple[str, ...], said: str) -> None:
    answer = [mine.act(line) for line in lines][-1]
    assert answer.outcome == "failed"
    assert str(answer.reason).startswith(said)


def test_the_sandbox_goes_on_while_one_is_tried(mine: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    trial, meanwhile = steady.trial, list[Answer]()

    def slowly(found: steady.Subject, who: str) -> steady.Trial:
        buyer = threading.Thread(target=lambda: meanwhile.append(mine.act("cmd cancel_order order=o1")))
        buyer.start()
        buyer.join(60)
        return trial(found, who)

    monkeypatch.setattr(steady, "trial", slowly)
    answer = done(mine, "trial spent")
    assert [other.outcome for other in meanwhile] == ["accepted"]
    assert answer.result["events"] == 7


def test_what_came_of_an_undo_meanwhile_is_tried(mine: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    trial, subjects = steady.trial, list[steady.Subject]()

    def after_an_undo(found: steady.Subject, who: str) -> steady.Trial:
        subjects.append(found)
        if len(subjects) == 1:
            assert mine.act("undo").outcome == "done"
        return trial(found, who)

    monkeypatch.setattr(steady, "trial", after_an_undo)
    assert done(mine, "trial spent").result["good"]
    assert len(subjects) == 2


def test_where_too_many_are_trying_nothing_is_journalled(mine: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(found: steady.Subject, who: str) -> steady.Trial:
        raise guard.Busy

    before = mine.lab.next_number()
    monkeypatch.setattr(steady, "trial", busy)
    with pytest.raises(guard.Busy):
        mine.act("trial spent")
    assert mine.lab.next_number() == before


def test_a_replay_keeps_the_line_and_does_not_try_again(mine: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    done(mine, "trial spent")
    done(mine, "set batch=3")
    monkeypatch.delattr(steady, "trial")
    done(mine, "undo")
    assert [entry.reason for entry in mine.lab.entries() if entry.line == "trial spent"] == [steady.NOT_AGAIN]
    assert "\ntrial spent  # learner" in replay.export(mine.stores)
