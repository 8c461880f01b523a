"""The frames of the stream: any text is one event, whatever it holds; and how often they may come."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from lab import limits
from web import frames
from web.throttle import Budget, Throttle


def read(stream):
    """Read a stream as the standard says, in the fewest words: a list of (id, data)."""
    events, data, number = [], [], None
    for line in re.split("\r\n|\r|\n", stream):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            events += [(number, "\n".join(data))] if data else []
            data = []
        elif field == "data":
            data.append(value)
        elif field == "id":
            number = value
    return events


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("a\n\ndata: forged\n\n")
@example("a\r\rid: 9\rdata: forged\r\r")
@example("a\r\n\r\nevent: forged\r\n\r\n")
@example("\x85\u2028\u2029\x0b\x0c\x1c")
@example("")
def test_any_text_is_exactly_one_event_and_comes_back(text):
    [(number, data)] = read(frames.event(text, "ab12cd34-7").decode())
    assert number == "ab12cd34-7"
    assert data == re.sub("\r\n|\r", "\n", text)


def test_a_lone_surrogate_does_not_break_the_stream():
    assert read(frames.event("a\ud800b", "1").decode()) == [("1", "a?b")]


def test_a_heartbeat_is_no_event():
    assert read((frames.HEARTBEAT * 3).decode()) == []


def test_a_partial_names_the_element_that_it_replaces():
    assert frames.partial("event_log", "<p>1</p>") == (
        '<hx-partial hx-target="#event-log" hx-swap="outerMorph"><p>1</p></hx-partial>'
    )


def test_a_command_and_what_the_projector_made_of_it_are_both_sent_at_once():
    throttle = Throttle(0.0)
    assert throttle.seconds_after_sending(0.0) == 0.0
    assert throttle.seconds_after_sending(0.001) > 0.0


def test_no_second_holds_more_than_ten_messages():
    throttle, now, sent = Throttle(0.0), 0.0, []
    while now < 5:
        sent.append(now)
        now += throttle.seconds_after_sending(now) + 1e-6
    most = max(sum(start <= moment < start + 1 for moment in sent) for start in sent)
    assert most <= limits.MAX_MESSAGES_PER_SECOND
    assert len(sent) >= 5 * (limits.MAX_MESSAGES_PER_SECOND - 2)


def test_drawing_takes_its_share_of_the_time_and_no_more():
    budget, now, drawn = Budget(0.0), 0.0, 0.0
    assert budget.seconds_to_wait(now) == 0.0
    while now < 60:
        budget.spend(0.03, now)
        drawn += 0.03
        now += 0.03 + budget.seconds_to_wait(now)
    assert drawn <= 60 * limits.DRAWING_SHARE + limits.DRAWING_SAVED_SECONDS + 0.03
    assert drawn > 60 * limits.DRAWING_SHARE - 1


def test_one_learner_alone_never_waits_for_the_drawing():
    budget = Budget(0.0)
    for second in range(600):
        for message in range(2):
            assert budget.seconds_to_wait(second + message / 100) == 0.0
            budget.spend(0.03, second + message / 100)
