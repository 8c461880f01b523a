"""The gates that keep every lesson honest: each is a function from a lesson under trial to what is wrong with it.

They work on any file. What a lesson's file tells by itself is judged in ``lesson_words``; here its roads are driven.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from lab import replay
from lab.lesson_files import Lesson, Predict, Road, Step, WrongRoad
from lab.lesson_ground import Driven, Ground, Moment
from lab.lesson_values import Trouble, holds, values_of
from lab.lesson_words import asked
from lab.sandbox import Sandbox

MONKEYS = 40
IDLE = 20
MOST_BY_CHANCE = 0.05


@dataclass
class Trial:
    """A lesson under trial, with what its roads came to."""

    lesson: Lesson
    ground: Ground
    monkeys: int = MONKEYS
    seed: str = "lagoon"
    walk_seconds: float = 0.0
    driven: dict[tuple[str, ...], Driven] = field(default_factory=dict)

    @cached_property
    def reference(self) -> list[Moment]:
        """How the reference stands before its first line and after each; predictions and hints are evaluated too."""
        began = time.perf_counter()
        moments = list(self.ground.walk(self.lesson.reference.lines, self.extra, name="reference"))
        self.walk_seconds = time.perf_counter() - began
        return moments

    @cached_property
    def extra(self) -> list[str]:
        """What is evaluated beside the checks: what predictions ask, then when hints speak."""
        return [sql for _, sql in asked(self.lesson)][len(self.lesson.check) :]

    def drive(self, road: Road | WrongRoad) -> Driven:
        """Return what a road came to. It is driven once, however many gates look at it."""
        if road.lines not in self.driven:
            self.driven[road.lines] = self.ground.drive(road.lines, self.extra, name=road.name or "also_ok")
        return self.driven[road.lines]

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
            yield f"passes already after {done} of the {len(lines)} lines of the reference: no check wants the rest"
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
    """Every line is an action, and none fails but on a wrong road."""
    lesson = trial.lesson
    driven = {"reference": [moment.answer for moment in trial.reference if moment.answer]}
    yield from (f"the setup line “{entry.line}” fails: {entry.reason}" for entry in trial.ground.failed_setup)
    driven |= {f"also_ok {number}": trial.drive(road).answers for number, road in enumerate(lesson.also_ok, 1)}
    for name, answers in driven.items():
        for answer in answers:
            if answer.outcome == "failed":
                yield f"{name}: “{answer.line}” fails: {answer.reason}"
    for wrong in lesson.wrong:
        for answer in trial.drive(wrong).answers:
            if answer.n is None and answer.dropped is None:
                yield f"the road “{wrong.name}”: “{answer.line}” is no action: {answer.reason}"


def wrong_roads_fail(trial: Trial) -> Iterator[str]:
    """Each wrong road fails exactly the checks that it names."""
    for road in trial.lesson.wrong:
        failing, named = trial.drive(road).end.failing, set(road.fails)
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
        said = dict(zip((hint.id for hint in lesson.hint), _hints(trial, trial.drive(road).end), strict=True))
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
    seen = [*trial.reference[1:-1], *(trial.drive(road).end for road in trial.lesson.wrong)]
    for check in trial.lesson.check:
        if not check.invariant and not any(check.id in moment.failing for moment in seen):
            yield f"no road that was begun ever fails {check.id}, so it decides nothing"


def same_again(trial: Trial) -> Iterator[str]:
    """The reference leads to the same stores and values twice, and once more by what the sandbox exports."""
    ends = []
    for _ in range(2):
        with trial.ground.fresh() as sandbox:
            for line in trial.lesson.reference.lines:
                sandbox.act(line)
            ends.append(_came_to(trial, sandbox))
            exported = replay.export(sandbox.stores)
    with closing(Sandbox.load(trial.ground.folder / "exported", replay.read(exported))) as sandbox:
        ends.append(_came_to(trial, sandbox))
    runs = ("a second run of the reference", "a replay of its transcript")
    for run, before, after in zip(runs, ends, ends[1:], strict=False):
        if after.fingerprint != before.fingerprint:
            yield f"{run} leads to different stores"
        yield from (
            f"{run} changes what {place} says" for place in before.said if after.said[place] != before.said[place]
        )


class _CameTo(NamedTuple):
    fingerprint: str
    said: dict[str, Any]


def _came_to(trial: Trial, sandbox: Sandbox) -> _CameTo:
    statements = dict(asked(trial.lesson))
    said = dict(zip(statements, values_of(sandbox, statements.values()), strict=True))
    return _CameTo(sandbox.stores.fingerprint(), said)


def predictions_are_true(trial: Trial) -> Iterator[str]:
    """A prediction is asked before it can be seen, and is then as its file says; just one option says so."""
    steps = trial.lesson.step
    asking = [index for index, step in enumerate(steps) if step.predict]
    for number, index in enumerate(asking):
        predict = steps[index].predict
        assert predict is not None
        begun, over = _over(trial, steps[:index]), _over(trial, steps[: index + 1])
        said = [moment.extra[number] for moment in trial.reference]
        for words in _untrue(predict, begun, over, said):
            yield f"“{predict.stem}”: {words}"


def _untrue(predict: Predict, begun: int | None, over: int | None, said: list[Any]) -> Iterator[str]:
    right = sum(option.says(predict.expect) for option in predict.options)
    if right != 1:
        yield f"{right} of its {len(predict.options)} options say {predict.expect}, not one"
    seen = predict.observe_after or over
    for line in sorted({line for line in (seen, over) if line}):
        if line >= len(said):
            yield f"the reference has no line {line}"
        elif str(said[line]) != str(predict.expect):
            yield f"after line {line} it is {_said(said[line])}, not {predict.expect}"
    if seen and over is not None and over < seen:
        yield f"its step is over after line {over}, before it can be seen"
    if seen and begun is not None and seen <= begun:
        yield f"it can be seen after line {seen}, but is asked only after line {begun}"


def _over(trial: Trial, steps: Iterable[Step]) -> int | None:
    """Return the number of the reference's line after which all of these steps are over."""
    wanted = {name for step in steps for name in step.passes}
    return next((number for number, moment in enumerate(trial.reference) if not wanted & moment.failing), None)


def other_roads_pass(trial: Trial) -> Iterator[str]:
    """There is another good road, and each such road passes."""
    others = [road for road in trial.lesson.also_ok if road.lines != trial.lesson.reference.lines]
    if not others:
        yield "it has no [[also_ok]]: another road that reaches the goal"
    for number, road in enumerate(trial.lesson.also_ok, 1):
        end = trial.drive(road).end
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
        failed += not trial.ground.drive(lines, name="the reference with waits").end.passes
    if failed:
        yield f"{failed} of {IDLE} runs with idle waits do not pass: something depends on when it was done"


def chance_hardly_passes(trial: Trial) -> Iterator[str]:
    """Of seeded runs over the lesson's own lines, at most one in twenty passes."""
    chance, lesson = trial.chance(), trial.lesson
    # Each line once: a wrong road repeats most of the reference, and would make its lines likelier than a learner's.
    roads: list[Road | WrongRoad] = [lesson.reference, *lesson.wrong]
    own = list(dict.fromkeys(line for road in roads for line in road.lines))
    length = len(lesson.reference.lines) * 3 // 2
    runs = (chance.choices(own, k=length) for _ in range(trial.monkeys)) if own else ()
    lucky = sum(trial.ground.drive(lines, name="at random").end.passes for lines in runs)
    if lucky > trial.monkeys * MOST_BY_CHANCE:
        said = f"{lucky} of {trial.monkeys} runs at random pass; at most one in twenty may"
        yield f"{said}: want more than luck brings, such as a look at each state on the way"


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
