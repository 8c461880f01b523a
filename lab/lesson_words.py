"""The gates that need no sandbox: what a lesson's file tells by itself, in its words and in its parts."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from lab import fixtures
from lab.language import VERBS, parse
from lab.lesson_files import Lesson, Question, misconceptions
from lab.lesson_prefill import slips
from lab.lesson_text import codes, prose, spoiled, words_in
from lab.values import BadLine

SITUATION_WORDS = 80
STEP_WORDS = 40
HINT_WORDS = 35
MINUTES = range(5, 13)
NEW_VERBS = 2
MANY_NEW_VERBS = ("L01", "L09", "L11")
"""The lessons where more is new: L01 and L11 open a world, L09 breaks a thing, guards it and tries it again."""

LEVELS = 3

PARTS = {
    "module": "the stretch of the path that it belongs to",
    "teaser": "one line about it for the map",
    "situation": "what the learner finds, before anything is done",
    "real_world": "what this means outside the sandbox",
    "verbs": "what its page offers",
    "[[wrong]]": "a road that has to fail, and the hint that then speaks",
    "[[hint]]": "what to say when something is to be seen in the stores",
    "[concept]": "the question at its end",
}
"""What every lesson has but the opener."""

_NOW = re.compile(
    r"\bcurrent_(?:date|time|timestamp)\b|'now'"
    r"|\b(?:date|time|datetime|julianday|unixepoch)\s*\(\s*\)|\bstrftime\s*\(\s*'[^']*'\s*\)",
    re.IGNORECASE,
)
"""How SQL asks what time it is."""

Gate = Callable[[Lesson, list[Lesson]], Iterator[str]]


def is_opener(lesson: Lesson) -> bool:
    """Tell whether this is the door to all lessons, which has no frame and belongs to no module."""
    return lesson.id == "L00"


def ground(lesson: Lesson, before: list[Lesson]) -> Iterator[str]:
    """There is something to stand on: the fixture, and setup lines that are actions."""
    if not fixtures.exists(lesson.fixture):
        yield f"there is no fixture {lesson.fixture}"
    for line in lesson.setup:
        try:
            parse(line)
        except BadLine as bad:
            yield f"the setup line “{line}” is no action: {bad}"
    if not lesson.reference.lines:
        yield "the reference has no line: it is the shortest road to the goal"


def ids(lesson: Lesson, before: list[Lesson]) -> Iterator[str]:
    """No two checks or hints share a name, and what is named exists."""
    for kind, names in (("checks", [c.id for c in lesson.check]), ("hints", [h.id for h in lesson.hint])):
        yield from (f"two {kind} are called {name}" for name, count in Counter(names).items() if count > 1)
    known = {check.id for check in lesson.check}
    for road in lesson.wrong:
        yield from (f"the road “{road.name}” fails {name}: no such check" for name in road.fails if name not in known)
    earlier = {other.id for other in before}
    yield from (f"it needs {name}, which is no lesson before it" for name in lesson.needs if name not in earlier)


def frame(lesson: Lesson, before: list[Lesson]) -> Iterator[str]:
    """Every part of a lesson is there; every check that is no invariant ends some step."""
    if all(check.invariant for check in lesson.check):
        yield "it has no check: a state that tells that its goal is reached"
    waited_for = {name for step in lesson.step for name in step.passes}
    for check in lesson.check:
        if not check.invariant and check.id not in waited_for:
            yield f"no step waits for the check {check.id}"
        if not check.invariant and not check.say:
            yield f"the check {check.id} has no `say`: what the learner has shown by it"
    if is_opener(lesson):
        return
    for name, what in PARTS.items():
        if not getattr(lesson, name.strip("[]")):
            yield f"it has no {name}: {what}"
    if lesson.retrieval is None and before and any(not is_opener(other) for other in before):
        yield "it has no retrieval: the question from an older lesson that opens it"
    if lesson.retrieval and lesson.retrieval.from_ not in {other.id for other in before}:
        yield f"its retrieval question is from {lesson.retrieval.from_ or 'nowhere'}, which is no lesson before it"
    if not any(step.predict for step in lesson.step):
        yield "no step has a prediction"


def question(lesson: Lesson, before: list[Lesson]) -> Iterator[str]:
    """Every question has one right answer, and a reason for each."""
    for name, posed in (("retrieval", lesson.retrieval), ("concept", lesson.concept)):
        if posed:
            yield from (f"the {name} question {words}" for words in _slips(posed))
    for predict in (step.predict for step in lesson.step if step.predict):
        if len({option.key for option in predict.options}) < max(2, len(predict.options)):
            yield f"the prediction “{predict.stem}” needs two options or more, each with another key"
        for option in predict.options:
            if option.tag and option.says(predict.expect):
                yield f"in the prediction “{predict.stem}” the right option {option.key} is tagged {option.tag}"


def _slips(posed: Question) -> Iterator[str]:
    right = sum(option.correct for option in posed.options)
    if right != 1:
        yield f"has {right} right answers, not one"
    if len(posed.options) < 2:
        yield "leaves no choice: it needs two options or more"
    for option in posed.options:
        if option.correct and option.tag:
            yield f"tags its right answer “{option.text}” as {option.tag}"
        if not option.why.strip():
            yield f"does not say why “{option.text}” is {'right' if option.correct else 'wrong'}"


def clockless(lesson: Lesson, before: list[Lesson]) -> Iterator[str]:
    """No SQL asks what time it is: a state says the same whenever it is looked at."""
    for place, sql in asked(lesson):
        if found := _NOW.search(sql):
            yield f"{place} asks the clock: {found[0]}"


def asked(lesson: Lesson) -> Iterator[tuple[str, str]]:
    """Yield every SELECT of a lesson with the name of its place: of checks, then predictions, then hints."""
    yield from ((f"the check {check.id}", check.sql) for check in lesson.check)
    predicted = (step.predict for step in lesson.step if step.predict)
    yield from ((f"the prediction “{predict.stem}”", predict.actual) for predict in predicted)
    yield from ((f"the hint {hint.id}", hint.when) for hint in lesson.hint)


def tags(lesson: Lesson, before: list[Lesson]) -> Iterator[str]:
    """Every tag is a known misconception, and `misconceptions` lists just those that the lesson meets."""
    known, used = misconceptions(), set(tags_of(lesson))
    met = used | {road.tag for road in lesson.wrong}
    yield from (f"{tag or 'an empty tag'} is not in misconceptions.toml" for tag in sorted(met - set(known)))
    if met != set(lesson.misconceptions):
        yield f"misconceptions should list {', '.join(sorted(met, key=_number))}"


def tags_of(lesson: Lesson) -> list[str]:
    """Return the tags of all options of a lesson, as often as they are there."""
    bets = [option.tag for step in lesson.step if step.predict for option in step.predict.options]
    asked = [option.tag for each in (lesson.retrieval, lesson.concept) if each for option in each.options]
    return [tag for tag in [*bets, *asked] if tag]


def _number(tag: str) -> int:
    return int(tag[1:]) if tag[1:].isdigit() else 0


def words(lesson: Lesson, before: list[Lesson]) -> Iterator[str]:
    """Nobody reads much: limits for the situation, the steps, the hints; 5 to 12 minutes."""
    texts = [("the situation", lesson.situation, SITUATION_WORDS)]
    texts += [(f"the text of step {n}", step.text, STEP_WORDS) for n, step in enumerate(lesson.step, 1)]
    texts += [(f"the hint {hint.id}", level, HINT_WORDS) for hint in lesson.hint for level in hint.levels]
    for name, text, most in texts:
        if (count := words_in(text)) > most:
            yield f"{name} has {count} words; at most {most}"
    if not is_opener(lesson) and lesson.minutes not in MINUTES:
        yield f"it takes {lesson.minutes} minutes; from {MINUTES[0]} to {MINUTES[-1]} is a sitting"


def levels(lesson: Lesson, before: list[Lesson]) -> Iterator[str]:
    """A hint has three levels, and a whole line stands in the third alone."""
    if is_opener(lesson):
        return
    for hint in lesson.hint:
        if len(hint.levels) != LEVELS:
            yield f"the hint {hint.id} has {len(hint.levels)} levels, not {LEVELS}"
            continue
        early = [code for level in hint.levels[:-1] for code in codes(level) if _is_line(code)]
        if early:
            yield f"the hint {hint.id} gives the whole line “{early[0]}” away before its third level"
        if not any(_is_line(code, alone=True) for code in codes(hint.levels[-1])):
            yield f"the hint {hint.id} has no whole line between backticks in its third level"


def _is_line(text: str, *, alone: bool = False) -> bool:
    """Tell whether a text is an action line. One word alone is a verb, which a hint may name earlier."""
    try:
        parse(text)
    except BadLine:
        return False
    return alone or " " in text


def verbs(lesson: Lesson, before: list[Lesson]) -> Iterator[str]:
    """What the page offers exists, and a lesson brings at most two verbs that are new on the path."""
    for offered in lesson.verbs:
        if offered.split()[0] not in VERBS:
            yield f"there is no verb {offered.split()[0]}"
    yield from slips(lesson)
    known = {verb for other in before for verb in _verbs_of(other)}
    new = [verb for verb in dict.fromkeys(map(_verb, lesson.verbs)) if verb not in known]
    if len(new) > NEW_VERBS and lesson.id not in MANY_NEW_VERBS and not is_opener(lesson):
        yield f"{len(new)} verbs are new on the path, at most {NEW_VERBS} may be: {', '.join(new)}"


def _verbs_of(lesson: Lesson) -> set[str]:
    return {_verb(offered) for offered in lesson.verbs or lesson.reference.lines}


def _verb(offered: str) -> str:
    """Return the verb of an offer: which command is sent, or for which read model, does not make it another one."""
    first, *rest = offered.split()
    return f"{first} {rest[0]}" if first == "model" and rest else first


def markdown(lesson: Lesson, before: list[Lesson]) -> Iterator[str]:
    """Every text comes out on the page as it was meant."""
    for place, text in prose(lesson):
        if told := spoiled(text):
            yield f"{place}: {told}"


WORDS: dict[str, Gate] = {
    "ground": ground,
    "ids": ids,
    "frame": frame,
    "question": question,
    "clock": clockless,
    "tag": tags,
    "words": words,
    "levels": levels,
    "verbs": verbs,
    "markdown": markdown,
}


def notes(among: Iterable[Lesson]) -> list[str]:
    """Say which misconceptions fewer than two options of these lessons meet; more lessons may meet them."""
    seen = Counter(tag for lesson in among for tag in tags_of(lesson))
    few = [tag for tag in misconceptions() if seen[tag] < 2]
    return [f"met by fewer than two options so far: {', '.join(few)}"] if few else []
