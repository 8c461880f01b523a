"""The gates that keep every lesson honest: each is a function from a lesson under trial to what is wrong with it.

They work on any file. What a lesson's file tells by itself is judged in ``lesson_words``; here its roads are driven.
"""

import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from lab import replay
from lab.lesson_files import FOLDER, Lesson, LessonError, Road, WrongRoad, load
from lab.lesson_ground import Ground, Moment
from lab.lesson_values import Trouble, holds
from lab.lesson_words import WORDS, every_lesson_before
from lab.sandbox import Sandbox

MONKEYS = 40
IDLE = 20
MOST_BY_CHANCE = 0.05
SLOW_SECONDS = 5.0


class Problem(NamedTuple):
    """What is wrong with a lesson, and which gate says so."""

    file: str
    lesson: str
    gate: str
    words: str

    def __str__(self) -> str:
        return f"{self.file}: {self.gate}: {self.words}"


class Report(NamedTuple):
    """What came of checking one lesson."""

    file: str
    lesson: Lesson | None
    problems: list[Problem]
    replays: int = 0
    seconds: float = 0.0
    walk_seconds: float = 0.0

    @property
    def is_slow(self) -> bool:
        """Tell whether one replay of it keeps people waiting."""
        return self.walk_seconds > SLOW_SECONDS


@dataclass
class Trial:
    """A lesson under trial, with what its roads came to."""

    lesson: Lesson
    ground: Ground
    monkeys: int = MONKEYS
    seed: str = "lagoon"
    walk_seconds: float = 0.0
    ends: dict[str, Moment] = field(default_factory=dict)

    @cached_property
    def reference(self) -> list[Moment]:
        """How the reference stands before its first line and after each; predictions and hints are evaluated too."""
        began = time.perf_counter()
        moments = list(self.ground.walk(self.lesson.reference.lines, self.extra, name="reference"))
        self.walk_seconds = time.perf_counter() - began
        return moments

    @property
    def extra(self) -> list[str]:
        """What is evaluated beside the checks: what predictions ask, then when hints speak."""
        predicted = [step.predict.actual for step in self.lesson.step if step.predict]
        return [*predicted, *(hint.when for hint in self.lesson.hint)]

    def end_of(self, road: Road | WrongRoad) -> Moment:
        """Return how a road ends."""
        name = road.name or "also ok: " + road.lines[0]
        if name not in self.ends:
            *_, self.ends[name] = self.ground.walk(road.lines, self.extra, name=name)
        return self.ends[name]

    def chance(self) -> random.Random:
        """Return a generator of this lesson's own, so that no other lesson moves its runs."""
        return random.Random(f"{self.seed}{self.lesson.id}")


def _one_of(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def starts_and_prefixes(trial: Trial) -> Iterator[str]:
    """The start and every strict part of the reference do not pass."""
    lines = trial.lesson.reference.lines
    for done, moment in enumerate(trial.reference[:-1]):
        if moment.passes:
            yield f"passes already after {done} of the {len(lines)} lines of the reference"
            return


def reference_passes(trial: Trial) -> Iterator[str]:
    """The reference passes."""
    end = trial.reference[-1]
    for check in trial.lesson.check:
        if check.id in end.failing:
            yield f"the reference fails {check.id}: it says {_said(end.checks[check.id])}, not {check.is_}"


def _said(value: object) -> str:
    return f"“{value}”" if isinstance(value, Trouble) else str(value)


def lines_are_actions(trial: Trial) -> Iterator[str]:
    """Every line of a road is an action, and no line of a good road fails."""
    lesson = trial.lesson
    good = [("reference", lesson.reference), *((f"also_ok {n}", road) for n, road in enumerate(lesson.also_ok, 1))]
    for name, road in good:
        moments = trial.reference if name == "reference" else trial.ground.walk(road.lines, name=name)
        for moment in moments:
            if moment.answer and moment.answer.outcome == "failed":
                yield f"{name}: “{moment.answer.line}” fails: {moment.answer.reason}"
    for wrong in lesson.wrong:
        for moment in trial.ground.walk(wrong.lines, name=wrong.name):
            if moment.answer and moment.answer.n is None and moment.answer.dropped is None:
                yield f"{wrong.name}: “{moment.answer.line}” is no action: {moment.answer.reason}"


def wrong_roads_fail(trial: Trial) -> Iterator[str]:
    """Each wrong road fails exactly the checks that it names."""
    for road in trial.lesson.wrong:
        failing, named = trial.end_of(road).failing, set(road.fails)
        if failing - named:
            yield f"the road “{road.name}” also fails {_one_of(failing - named)}"
        if named - failing:
            yield f"the road “{road.name}” does not fail {_one_of(named - failing)}"
        if not failing:
            yield f"the road “{road.name}” passes"


def hints_speak(trial: Trial) -> Iterator[str]:
    """At the end of each wrong road its hint is the first that speaks; every hint has such a road."""
    lesson = trial.lesson
    for road in lesson.wrong:
        said = dict(zip((hint.id for hint in lesson.hint), _hints(trial, trial.end_of(road)), strict=True))
        speaking = [name for name, value in said.items() if holds(value)]
        if road.hint not in said:
            yield f"the road “{road.name}” names the hint {road.hint}, and there is none"
        elif road.hint not in speaking:
            yield f"the hint {road.hint} is silent at the end of “{road.name}”: its condition says {said[road.hint]}"
        elif speaking[0] != road.hint:
            yield f"at the end of “{road.name}” the hint {speaking[0]} speaks before {road.hint}"
    for unused in sorted({hint.id for hint in lesson.hint} - {road.hint for road in lesson.wrong}):
        yield f"no wrong road makes the hint {unused} speak"


def _hints(trial: Trial, moment: Moment) -> list[object]:
    return moment.extra[len(moment.extra) - len(trial.lesson.hint) :]


def no_decoration(trial: Trial) -> Iterator[str]:
    """Every check is false at some point: after a part of the reference, or at the end of a wrong road."""
    seen = [*trial.reference[1:-1], *(trial.end_of(road) for road in trial.lesson.wrong)]
    for check in trial.lesson.check:
        if not check.invariant and not any(check.id in moment.failing for moment in seen):
            yield f"no road that was begun ever fails {check.id}, so it decides nothing"


def same_again(trial: Trial) -> Iterator[str]:
    """The reference leads to the same stores twice, and once more by what the sandbox exports."""
    prints = []
    for _ in range(2):
        with trial.ground.fresh() as sandbox:
            for line in trial.lesson.reference.lines:
                sandbox.act(line)
            prints.append(sandbox.stores.fingerprint())
            exported = replay.export(sandbox.stores)
    again = trial.ground.folder / "exported"
    with closing(Sandbox.load(again, replay.read(exported))) as sandbox:
        prints.append(sandbox.stores.fingerprint())
    if prints[1] != prints[0]:
        yield "two runs of the reference lead to different stores"
    if prints[2] != prints[1]:
        yield "the reference's own transcript leads to different stores"


def predictions_are_true(trial: Trial) -> Iterator[str]:
    """What a prediction expects is what it says after its line, and when its step is over; one option is right."""
    asking = [step for step in trial.lesson.step if step.predict]
    for number, step in enumerate(asking):
        predict = step.predict
        assert predict is not None
        right = [option.key for option in predict.options if option.says(predict.expect)]
        if len(right) != 1:
            yield f"“{predict.stem}”: {len(right)} options say {predict.expect}, not one"
        over = _over(trial, step.passes)
        for when in filter(None, (predict.observe_after, over)):
            if when >= len(trial.reference):
                yield f"“{predict.stem}”: the reference has no line {when}"
            elif str(said := trial.reference[when].extra[number]) != str(predict.expect):
                yield f"“{predict.stem}”: after line {when} it is {_said(said)}, not {predict.expect}"
        if predict.observe_after and over and over < predict.observe_after:
            yield f"“{predict.stem}”: its step is over after line {over}, before it can be seen"


def _over(trial: Trial, checks: Iterable[str]) -> int | None:
    """Return the number of the reference's line after which a step and all before it are over."""
    wanted: set[str] = set()
    for step in trial.lesson.step:
        wanted |= set(step.passes)
        if step.passes == checks:
            break
    return next((n for n, moment in enumerate(trial.reference) if n and not wanted & moment.failing), None)


def other_roads_pass(trial: Trial) -> Iterator[str]:
    """There is another good road, and each such road passes."""
    if not trial.lesson.also_ok:
        yield "it has no [[also_ok]]: another road that reaches the goal"
    for number, road in enumerate(trial.lesson.also_ok, 1):
        end = trial.end_of(road)
        for name in sorted(end.failing):
            yield f"also_ok {number} fails {name}: it says {_said(end.checks[name])}"


def waits_change_nothing(trial: Trial) -> Iterator[str]:
    """The reference passes whatever idle waits are put between its lines."""
    if not trial.reference[-1].passes:
        return
    chance, failed = trial.chance(), 0
    for _ in range(IDLE):
        lines: list[str] = []
        for line in trial.lesson.reference.lines:
            lines += [f"wait {chance.randint(1, 2000)}"] * chance.randint(0, 2)
            lines.append(line)
        failed += not trial.ground.end(lines, name="with waits")
    if failed:
        yield f"{failed} of {IDLE} runs with idle waits do not pass"


def chance_hardly_passes(trial: Trial) -> Iterator[str]:
    """Of seeded runs over the lesson's own lines, at most one in twenty passes."""
    chance, lesson = trial.chance(), trial.lesson
    # Each line once: a wrong road repeats most of the reference, and would make its lines likelier than a learner's.
    roads: list[Road | WrongRoad] = [lesson.reference, *lesson.wrong]
    own = list(dict.fromkeys(line for road in roads for line in road.lines))
    length = len(lesson.reference.lines) * 3 // 2
    lucky = sum(trial.ground.end(chance.choices(own, k=length), name="at random") for _ in range(trial.monkeys))
    if lucky > trial.monkeys * MOST_BY_CHANCE:
        yield f"{lucky} of {trial.monkeys} runs at random pass; at most one in twenty may"


def invariants_hold(trial: Trial) -> Iterator[str]:
    """Every invariant held after every action of every road so far."""
    for name, words in trial.ground.broken.items():
        yield f"{name}: {words}"


GATES: dict[str, Callable[[Trial], Iterator[str]]] = {
    "lines": lines_are_actions,
    "prefix": starts_and_prefixes,
    "reference": reference_passes,
    "also_ok": other_roads_pass,
    "wrong": wrong_roads_fail,
    "hint": hints_speak,
    "decoration": no_decoration,
    "prediction": predictions_are_true,
    "fingerprint": same_again,
    "waits": waits_change_nothing,
    "monkey": chance_hardly_passes,
    "invariant": invariants_hold,
}
"""In this order: the last looks at what all the others saw."""


def check(path: Path, *, monkeys: int = MONKEYS, seed: str = "lagoon", among: Iterable[Lesson] = ()) -> Report:
    """Put one lesson file through every gate; ``among`` are lessons beside it that the project does not have."""
    began = time.perf_counter()
    try:
        lesson = load(path)
    except LessonError as error:
        return Report(path.name, None, [Problem(path.name, path.stem, "file", str(error))])
    before = every_lesson_before(lesson, among)
    said = [(name, words) for name, gate in WORDS.items() for words in gate(lesson, before)]
    replays, walk = 0, 0.0
    if "ground" not in dict(said):
        with tempfile.TemporaryDirectory() as folder:
            trial = Trial(lesson, Ground(lesson, Path(folder)), monkeys, seed)
            said += [(name, words) for name, gate in GATES.items() for words in gate(trial)]
            replays, walk = trial.ground.replays, trial.walk_seconds
    problems = [Problem(path.name, lesson.id, name, words) for name, words in said]
    return Report(path.name, lesson, problems, replays, time.perf_counter() - began, walk)


def files(names: Iterable[str]) -> list[Path]:
    """Return the lesson files that are meant: ids of the project's lessons, files, folders; all if none is named."""
    found: list[Path] = []
    for name in names or [str(FOLDER)]:
        path = FOLDER / f"{name}.toml"
        if not path.is_file():
            path = Path(name)
        found += sorted(path.glob("L[0-9][0-9]*.toml")) if path.is_dir() else [path]
    return found
