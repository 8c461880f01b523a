"""What the forms of a lesson's page hold at first: the thing that the lesson is about, told by its file as lines."""

import shlex
from collections.abc import Iterator

from lab.composer import COMMANDS
from lab.lesson_files import Lesson


def prefill(lesson: Lesson) -> dict[str, dict[str, str]]:
    """Return what each form holds at first, by the command or the read model that it is for, as a person types it."""
    return dict(_form(line) for line in lesson.prefill)


def _form(line: str) -> tuple[str, dict[str, str]]:
    verb, name, *rest = shlex.split(line)
    if verb == "query":
        return name, {"key": rest[0] if rest else ""}
    cents = {field.name for field in COMMANDS[name].fields if field.kind == "cents"}
    given = dict(word.split("=", 1) for word in rest)
    return name, {field: f"{int(said) / 100:.2f}" if field in cents else said for field, said in given.items()}


def slips(lesson: Lesson) -> Iterator[str]:
    """Say which lines fill no form that the lesson's page has."""
    for line in lesson.prefill:
        verb, name, *rest = [*line.split(), "", ""]
        offered = any(f"{verb} {name} ".startswith(f"{verb_offered} ") for verb_offered in lesson.verbs)
        fields = [field.name for field in COMMANDS[name].fields] if name in COMMANDS else []
        if not offered or verb not in ("cmd", "query"):
            yield f"“{line}” fills no form: the page offers {', '.join(lesson.verbs) or 'none'}"
        elif verb == "cmd" and (odd := [word for word in rest if word and word.split("=")[0] not in fields]):
            yield f"“{line}” names {odd[0]}, and the form of {name} has {', '.join(fields)}"
