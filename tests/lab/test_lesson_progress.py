"""One person's progress: what counts stays, two files become one, and a file that is none is told why."""

import json
import os
import re
import threading
import time
from contextlib import suppress

import pytest

from lab import limits
from lab.lesson_progress import (
    Attempt,
    Bet,
    NotKept,
    Progress,
    ProgressError,
    ProgressShelf,
    Standing,
    exported,
    imported,
    merged,
)


def at(minute):
    return f"2026-11-23T12:{minute:02}:00Z"


def attempt(choice=0, right=True, lesson="L02", minute=0):
    return Attempt(choice, right, lesson, at(minute))


def progress(**standings):
    return Progress(lessons=standings)


FULL = progress(
    L01=Standing(2, begun=at(1), passed=at(9), over=3, bets={"0": Bet("5", at(2), at(3), 5, True)}, hints={"late": 2}),
    L02=Standing(1, begun=at(10), retrieval=[attempt(1, False), attempt(2)], concept=[attempt(minute=5)]),
)


# As a file


def test_what_was_taken_along_comes_back_as_it_was():
    assert imported(exported(FULL)) == FULL


def test_a_file_says_its_format_and_can_be_read_by_people():
    text = exported(FULL).decode()
    assert json.loads(text)["format"] == 1
    assert '\n  "lessons"' in text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "truncated"),
        (b"\xff\xfe", "JSON"),
        (b"[1, 2]", "Expected `object`"),
        (b'{"format": 1, "points": 7}', "unknown field `points`"),
        (b'{"format": 7, "lessons": {}}', "format 7, and this Lagoon reads format 1"),
        (b'{"format": "1"}', "Expected `int`"),
        (b'{"lessons": {"../../L01": {"revision": 1}}}', "Expected `str` matching regex"),
        (b'{"lessons": {"L01": {}}}', "missing required field `revision`"),
        (b'{"lessons": {"L01": {"revision": 0}}}', "Expected `int` >= 1"),
        (b'{"lessons": {"L01": {"revision": 1, "over": -1}}}', "Expected `int` >= 0"),
        (b'{"lessons": {"L01": {"revision": 1, "passed": "yesterday"}}}', "$.lessons[...].passed"),
        (b'{"lessons": {"L01": {"revision": 1, "hints": {"a": 1e99}}}}', "Expected `int`"),
        (b"[" * 50_000, "Expected `object`"),
        (b'{"lessons": {"L01": {"revision": 1, "retrieval": ' + b"[" * 50_000, "Expected `object`"),
        (b" " * (limits.MAX_PROGRESS_BYTES + 1), "60,001 bytes, and at most 60,000 are read"),
    ],
    ids=range(15),
)
def test_a_file_that_is_none_is_refused_and_told_why(content, told):
    with pytest.raises(ProgressError, match=re.escape(told)):
        imported(content)


# Two become one


def test_merging_with_nothing_or_with_itself_changes_nothing():
    assert merged(FULL, Progress()) == merged(Progress(), FULL) == merged(FULL, FULL) == FULL


def test_what_was_passed_in_either_is_passed_and_the_earlier_moment_counts():
    mine = progress(L01=Standing(1, begun=at(5), passed=at(8)), L02=Standing(1, begun=at(9)))
    other = progress(L01=Standing(1, begun=at(2), passed=at(9)), L02=Standing(1, passed=at(20)))
    for both in (merged(mine, other), merged(other, mine)):
        assert both.lessons["L01"].begun == at(2)
        assert both.lessons["L01"].passed == at(8)
        assert both.lessons["L02"].passed == at(20)


def test_answers_of_both_are_kept_in_the_order_they_were_given_and_none_twice():
    early, late, shared = attempt(minute=1), attempt(minute=30), attempt(3, False, minute=7)
    mine, other = progress(L01=Standing(1, concept=[shared, late])), progress(L01=Standing(1, concept=[early, shared]))
    assert merged(mine, other).lessons["L01"].concept == [early, shared, late]


def test_my_bets_win_and_the_higher_hint_level_counts():
    mine = progress(L01=Standing(1, over=1, bets={"0": Bet("3", at(1))}, hints={"a": 1, "b": 3}))
    other = progress(L01=Standing(1, over=2, bets={"0": Bet("5", at(2)), "1": Bet("7", at(3))}, hints={"a": 2, "c": 1}))
    both = merged(mine, other).lessons["L01"]
    assert {step: bet.choice for step, bet in both.bets.items()} == {"0": "3", "1": "7"}
    assert both.hints == {"a": 2, "b": 3, "c": 1}
    assert both.over == 2


def test_of_two_revisions_the_steps_bets_and_hints_of_the_newer_count_and_what_was_passed_in_either():
    old = progress(
        L01=Standing(1, passed=at(3), over=4, bets={"0": Bet("3", at(1))}, hints={"a": 3}, concept=[attempt()])
    )
    new = progress(L01=Standing(2, over=1, bets={"1": Bet("5", at(2))}))
    for both in (merged(old, new), merged(new, old)):
        standing = both.lessons["L01"]
        assert (standing.revision, standing.over, list(standing.bets), standing.hints) == (2, 1, ["1"], {})
        assert standing.passed == at(3)
        assert standing.concept == [attempt()]


def test_two_files_that_are_too_much_together_are_refused():
    def heavy(lesson):
        return progress(
            **{lesson: Standing(1, bets={str(step): Bet("x" * 200, at(1), at(2), "y" * 200) for step in range(50)})}
        )

    both = Progress()
    for lesson in ("L01", "L02"):
        both = merged(both, heavy(lesson))
    with pytest.raises(ProgressError, match="at most 60,000"):
        merged(both, heavy("L03"))


# A lesson's standing


def test_a_newer_revision_of_a_lesson_keeps_what_was_passed_and_answered_and_opens_the_rest():
    mine = imported(exported(FULL))
    mine.lessons["L01"].concept = [attempt()]
    standing = mine.of("L01", 3)
    assert (standing.revision, standing.over, standing.bets, standing.hints) == (3, 0, {}, {})
    assert (standing.passed, standing.concept) == (at(9), [attempt()])


def test_the_same_revision_changes_nothing():
    mine = imported(exported(FULL))
    assert mine.of("L01", 2) == FULL.lessons["L01"]


def test_of_many_answers_in_a_lesson_the_first_and_the_last_are_kept_so_that_the_file_stays_small():
    standing = Standing(1)
    for minute in range(50):
        standing.keep("concept", attempt(minute % 4, lesson="L01", minute=minute))
    standing.keep("concept", attempt(lesson="L03", minute=59))
    assert [answer.at for answer in standing.concept] == [at(minute) for minute in (0, 47, 48, 49, 59)]
    assert standing.retrieval == []


# Kept


@pytest.fixture
def shelf(tmp_path):
    return ProgressShelf(tmp_path / "progress")


def test_what_is_changed_is_there_for_the_next_process(shelf, tmp_path):
    me = shelf.new_id()
    with shelf.change(me) as mine:
        mine.of("L01", 1).passed = at(1)
    assert ProgressShelf(tmp_path / "progress").load(me) == progress(L01=Standing(1, passed=at(1)))


def test_nobody_has_progress_by_an_id_that_was_guessed_and_no_id_leads_out_of_the_folder(shelf, tmp_path):
    (tmp_path / "other.json").write_bytes(exported(FULL))
    assert shelf.load(None) == shelf.load("guessed") == Progress()
    for path in ("../other", "/etc/passwd", "a.b", "a" * 41, "é"):
        with pytest.raises(ValueError, match=re.escape(path)):
            shelf.load(path)


def test_a_file_that_cannot_be_read_begins_anew(shelf, tmp_path):
    (tmp_path / "progress/broken.json").write_text("{")
    assert shelf.load("broken") == Progress()


def test_a_change_that_fails_half_way_changes_nothing(shelf):
    me = shelf.new_id()
    with shelf.change(me) as mine:
        mine.of("L01", 1)
    with suppress(ZeroDivisionError), shelf.change(me) as mine:
        mine.of("L02", 1)
        1 / 0  # noqa: B018
    assert list(shelf.load(me).lessons) == ["L01"]


def test_two_who_change_the_same_progress_at_once_lose_nothing(shelf):
    me = shelf.new_id()

    def change(number):
        with shelf.change(me) as mine:
            mine.of(f"L{number:02}", 1)

    threads = [threading.Thread(target=change, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(shelf.load(me).lessons) == 20


def test_progress_that_cannot_be_written_is_said_to_be_so_and_stays_as_it_was(shelf, tmp_path):
    me = shelf.new_id()
    shelf.save(me, FULL)
    # A folder in the way of the temporary file: writing fails for root too.
    (tmp_path / f"progress/{me}.{threading.get_ident()}").mkdir()
    with pytest.raises(NotKept), shelf.change(me) as mine:
        mine.of("L05", 1)
    assert shelf.load(me) == FULL


def test_what_is_forgotten_is_gone_and_can_be_forgotten_twice(shelf, tmp_path):
    me = shelf.new_id()
    shelf.save(me, FULL)
    shelf.forget(me)
    shelf.forget(me)
    assert list((tmp_path / "progress").iterdir()) == []


def test_progress_that_nobody_looked_at_for_as_long_as_its_cookie_lasts_goes_and_a_look_keeps_it(shelf, tmp_path):
    seen, unseen = shelf.new_id(), shelf.new_id()
    long_ago = time.time() - limits.DELETE_AFTER_SECONDS - 1
    for who in (seen, unseen):
        shelf.save(who, FULL)
        os.utime(tmp_path / f"progress/{who}.json", (long_ago, long_ago))
    assert shelf.load(seen) == FULL
    shelf.new_id()
    assert [path.stem for path in (tmp_path / "progress").iterdir()] == [seen]
