"""Every experiment, held to its word: typed and opened, its lines end as it says, and show what it says."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lab import replay
from lab.carry_out import Answer
from lab.experiments import Experiment, experiments, load
from lab.lesson_files import FOLDER, LessonError
from lab.lessons import value_of
from lab.sandbox import Sandbox
from tests.lab.sandboxes import fresh

EXPERIMENTS = list(experiments().values())
MOST_LINES = 13
SECONDS_A_WORD = 60 / 200
"""A slow reader reads 200 words a minute."""

ONLY_LOOKS = ("strategies", "travel")
"""A replay leaves these lines out, because they change neither store; their pages run them when asked."""


def by_id(value: object) -> str | None:
    return value.id if isinstance(value, Experiment) else None


def expect_ends(experiment: Experiment, answers: list[Answer]) -> None:
    failed = [line for line, answer in zip(experiment.lines, answers, strict=True) if answer.outcome == "failed"]
    assert failed == list(experiment.fails), [answer.reason for answer in answers]


def expect_seen(experiment: Experiment, sandbox: Sandbox) -> None:
    assert {seen.say: value_of(sandbox, seen.sql) for seen in experiment.seen} == {
        seen.say: seen.is_ for seen in experiment.seen
    }


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=by_id)
def test_typed_line_by_line_it_shows_what_it_says(experiment: Experiment) -> None:
    with fresh() as sandbox:
        expect_ends(experiment, [sandbox.act(line) for line in experiment.lines])
        expect_seen(experiment, sandbox)


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=by_id)
def test_opened_it_shows_what_it_says(experiment: Experiment, tmp_path: Path) -> None:
    transcript = replay.read("\n".join(experiment.lines))
    with closing(Sandbox.create(tmp_path / "sandbox", clock="manual")) as sandbox:
        expect_ends(experiment, sandbox.replace(transcript))
        if not any(line.split()[0] in ONLY_LOOKS for line in experiment.lines):
            expect_seen(experiment, sandbox)


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=by_id)
def test_nothing_of_it_is_there_before_and_each_claim_needs_the_lines(experiment: Experiment) -> None:
    with fresh() as sandbox:
        for seen in experiment.seen:
            try:
                before = value_of(sandbox, seen.sql)
            except (sqlite3.Error, TypeError):
                before = None
            assert before != seen.is_, seen.say


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=by_id)
def test_it_is_done_in_a_minute(experiment: Experiment) -> None:
    text = " ".join((experiment.title, experiment.watch, *(seen.say for seen in experiment.seen)))
    assert len(experiment.lines) <= MOST_LINES
    assert len(text.split()) * SECONDS_A_WORD < 40
    assert experiment.title.endswith("?")
    assert re.search(r"[.]$", experiment.watch)


FILE = (FOLDER / "experiments.toml").read_text(encoding="utf-8")

BROKEN = {
    "a key that is none": (FILE.replace("watch =", "wacth =", 1), "experiments.toml: .*wacth"),
    "a missing key": (re.sub(r"(?m)^title = .*\n", "", FILE, count=1), "experiments.toml: .*title"),
    "another format": (FILE.replace("format = 1", "format = 2"), "experiments.toml: format must be 1, not 2"),
    "no TOML": (FILE + "=", "experiments.toml: "),
    "a line that is none": (FILE.replace('"pause sales"', '"snooze sales"'), "honest-lag: snooze sales: there is no"),
    "an id twice": (FILE.replace('"honest-lag"', '"my-own-write"'), "my-own-write: another experiment has this id"),
    "a failing line that is not there": (
        FILE.replace('id = "honest-lag"', 'id = "honest-lag"\nfails = ["step all"]'),
        "honest-lag: fails names step all: no such line",
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_file_that_is_wrong_is_told_where(broken: str, tmp_path: Path) -> None:
    text, told = BROKEN[broken]
    assert text != FILE
    path = tmp_path / "experiments.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LessonError, match=told):
        load(path)
