"""Lesson files: TOML, one a lesson, read into plain data. An unknown or missing key is an error that names it."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from lab.lesson_place import line_of

FOLDER = Path(__file__).parent.parent / "lessons"
FORMAT = 1


class LessonError(Exception):
    """A lesson file cannot be used; the message names the file, the place and what is wrong."""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of a lesson file."""


class Option(Table, frozen=True):
    """One answer that can be bet on: ``is`` is what ``actual`` must say for it to be right, if that is not its text."""

    key: str
    is_: str | int | None = msgspec.field(name="is", default=None)
    tag: str = ""

    def says(self, value: object) -> bool:
        """Tell whether this is what really happened."""
        return str(self.key if self.is_ is None else self.is_) == str(value)


class Predict(Table, frozen=True):
    """A bet, and the query that says what really happened once its step is over.

    No value of ``actual`` says that what was bet on never came up on this road, so that nobody is right by accident.
    ``observe_after`` is the number of the reference's line after which that can be seen; ``expect`` is what it says
    then. ``lines`` are written by the bet itself, in a lesson that has nothing else to act with. ``otherwise`` is told
    before the explanation to who bet on something else.
    """

    stem: str
    options: tuple[Option, ...]
    actual: str
    expect: str | int
    explain: str
    otherwise: str = ""
    observe_after: int = 0
    lines: tuple[str, ...] = ()


class Choice(Table, frozen=True):
    """One answer to a question, with the reason why it is right or wrong."""

    text: str
    why: str
    correct: bool = False
    tag: str = ""


class Question(Table, frozen=True):
    """A question with one right answer; ``from`` names the lesson that it looks back to."""

    stem: str
    options: tuple[Choice, ...]
    from_: str = msgspec.field(name="from", default="")


class Button(Table, frozen=True):
    """A button of a step, and the lines that it writes."""

    label: str
    lines: tuple[str, ...]


class Step(Table, frozen=True):
    """One step; it is over when the checks that it names have passed."""

    label: str
    passes: tuple[str, ...]
    text: str = ""
    predict: Predict | None = None
    button: tuple[Button, ...] = ()


class Door(Table, frozen=True):
    """A way out of a lesson: lessons, play or teach."""

    label: str
    to: str


class End(Table, frozen=True):
    """What stands at the end, below its heading."""

    title: str
    text: str
    door: tuple[Door, ...]


class Check(Table, frozen=True):
    """A predicate over the three files: one SELECT of one value, and the value that passes.

    One whose id begins with ``inv:`` is an invariant: it holds after every action, on every road.
    """

    id: str
    sql: str
    is_: int = msgspec.field(name="is")
    say: str = ""

    @property
    def invariant(self) -> bool:
        """Tell whether this has to hold all the time."""
        return self.id.startswith("inv:")


class Hint(Table, frozen=True):
    """What to say when its condition holds: what is seen, then a question, then the verb; the full line last."""

    id: str
    when: str
    levels: tuple[str, ...]


class Road(Table, frozen=True):
    """Lines that lead to the goal."""

    lines: tuple[str, ...]
    name: str = ""


class WrongRoad(Table, frozen=True):
    """Lines that do not: exactly the named checks fail, and the named hint speaks."""

    name: str
    tag: str
    lines: tuple[str, ...]
    fails: tuple[str, ...]
    hint: str


class Lesson(Table, frozen=True):
    """A lesson as its file tells it. Texts are Markdown.

    ``verbs`` are what its page offers; ``prefill`` are lines, whole or in part, that its forms hold at first.
    """

    format: int
    id: str
    revision: int
    title: str
    minutes: int
    fixture: str
    setup: tuple[str, ...]
    goal: str
    take_away: str
    step: tuple[Step, ...]
    check: tuple[Check, ...]
    reference: Road
    module: str = ""
    teaser: str = ""
    needs: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    prefill: tuple[str, ...] = ()
    situation: str = ""
    real_world: str = ""
    retrieval: Question | None = None
    concept: Question | None = None
    end: End | None = None
    also_ok: tuple[Road, ...] = ()
    wrong: tuple[WrongRoad, ...] = ()
    hint: tuple[Hint, ...] = ()
    misconceptions: tuple[str, ...] = ()


class Misconception(Table, frozen=True):
    """What learners get wrong: the sentence that they say, and the truth in one line."""

    says: str
    truth: str


@cache
def lessons() -> dict[str, Lesson]:
    """Return every lesson in the folder, by id, in order."""
    return {path.stem: load(path) for path in sorted(FOLDER.glob("L[0-9][0-9].toml"))}


@cache
def misconceptions() -> dict[str, Misconception]:
    """Return what learners get wrong, by tag."""
    found: dict[str, Misconception] = read(FOLDER / "misconceptions.toml", dict[str, Misconception])
    return found


def load(path: Path) -> Lesson:
    """Read a lesson file, called L05.toml or L05-some-words.toml; raise LessonError if it is not one."""
    lesson: Lesson = read(path, Lesson)
    known = {check.id for check in lesson.check}
    waits = ((n, step, set(step.passes) - known) for n, step in enumerate(lesson.step))
    slips = {
        "format": lesson.format != FORMAT and f"format must be {FORMAT}, not {lesson.format}",
        "id": lesson.id != path.stem.split("-")[0] and f"id is {lesson.id}, but the file is called {path.stem}",
        **{
            f"step[{number}].passes": f"the step “{step.label}” waits for {', '.join(sorted(unknown))}: no such check"
            for number, step, unknown in waits
            if unknown
        },
    }
    for place, slip in slips.items():
        if slip:
            raise LessonError(f"{path.name}, line {line_of(text_of(path), f'at `$.{place}`')}: {slip}")
    return lesson


def read(path: Path, kind: Any) -> Any:
    """Read a TOML file as what it should be; raise LessonError with the line that is wrong."""
    text = text_of(path)
    try:
        return msgspec.convert(tomllib.loads(text), kind)
    except tomllib.TOMLDecodeError as error:
        raise LessonError(f"{path.name}: {error}") from error
    except msgspec.ValidationError as error:
        raise LessonError(f"{path.name}, line {line_of(text, str(error))}: {error}") from error


def text_of(path: Path) -> str:
    """Return the text of a file; raise LessonError if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise LessonError(f"{path.name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LessonError(f"{path.name}: this is not text in UTF-8; byte {error.start} cannot be read") from error
