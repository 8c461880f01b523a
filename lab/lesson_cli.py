"""``python -m lab lesson …``: for those who write lessons. They write TOML, never Python."""

import argparse
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from lab import lesson_skeleton
from lab.lesson_files import FOLDER, Lesson, LessonError, load
from lab.lesson_gates import MONKEYS, Report, check, files
from lab.lesson_roads import roads
from lab.lesson_tables import tables
from lab.lesson_values import Trouble, values_of
from lab.lesson_words import notes
from lab.sandbox import Sandbox
from lab.values import BadLine


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``lesson`` with its commands to a command line."""
    lesson = commands.add_parser("lesson", help="write lessons, try them, check them").add_subparsers(required=True)
    new = lesson.add_parser("new", help="write a skeleton whose failing gates say what to do")
    new.add_argument("id", help="such as L15")
    new.add_argument("--into", type=Path, default=FOLDER, metavar="FOLDER", help="a folder other than lessons/")
    new.set_defaults(run=_new)
    trying = lesson.add_parser("try", help="replay the reference with the stores and checks after each line")
    trying.add_argument("name", help="L05, or a file")
    trying.set_defaults(run=_try)
    checking = lesson.add_parser("check", help="put lessons through every gate")
    checking.add_argument("names", nargs="*", help="L05, files or folders; without any, all lessons")
    checking.add_argument("--monkeys", type=int, default=MONKEYS, help="how many runs at random")
    checking.add_argument("--seed", default="lagoon", help="what the runs at random grow from")
    checking.set_defaults(run=_check)
    judging = lesson.add_parser("roads", help="judge roads from a table: lesson, name, expected, lines joined by ;;")
    judging.add_argument("file", type=Path)
    judging.set_defaults(run=_roads)


def _new(arguments: argparse.Namespace) -> int:
    try:
        path = lesson_skeleton.write(arguments.id, arguments.into)
    except (LessonError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{path} is there; this says what is still to be done: python -m lab lesson check {path}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    reports: list[Report] = []
    paths = files(arguments.names)
    beside = _beside(paths)
    for path in paths:
        report = check(path, monkeys=arguments.monkeys, seed=arguments.seed, among=beside)
        print(_line(report), flush=True)
        for problem in report.problems:
            print(f"  {problem}")
        reports.append(report)
    found = [report.lesson for report in reports if report.lesson]
    for note in [*notes(found), *_slow(reports)] if not arguments.names else _slow(reports):
        print(f"note: {note}")
    problems = sum(len(report.problems) for report in reports)
    print(
        f"lessons {len(reports)} checks {sum(len(lesson.check) for lesson in found)}"
        f" attempts {sum(len(lesson.wrong) for lesson in found)}"
        f" replays {sum(report.replays for report in reports)} problems {problems}"
    )
    return 1 if problems or not reports else 0


def _beside(paths: list[Path]) -> list[Lesson]:
    """Return the lessons that are checked together, as far as they can be read."""
    found = []
    for path in paths:
        try:
            found.append(load(path))
        except LessonError:
            continue
    return found


def _line(report: Report) -> str:
    if report.lesson is None:
        return f"{report.file}: cannot be read"
    lesson, count = report.lesson, len(report.problems)
    return (
        f"{lesson.id} {lesson.title}: {len(lesson.check)} checks, {len(lesson.wrong)} attempts,"
        f" {report.replays} replays, {report.seconds:.1f} s, {f'{count} problems' if count else 'no problem'}"
    )


def _slow(reports: list[Report]) -> list[str]:
    return [f"{report.file} took {report.seconds:.0f} s in all, which is long" for report in reports if report.is_slow]


def _try(arguments: argparse.Namespace) -> int:
    try:
        lesson = load(files([arguments.name])[0])
    except (LessonError, IndexError) as error:
        print(error, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "sandbox"
        with closing(Sandbox.create(root, lesson.fixture, "manual", lesson.setup)) as sandbox:
            _print_state(lesson, sandbox, "at the start")
            for number, line in enumerate(lesson.reference.lines, 1):
                answer = sandbox.act(line)
                said = f": {answer.reason}" if answer.reason else ""
                _print_state(lesson, sandbox, f"{number}. {line}\n   {answer.outcome}{said}")
    return 0


def _print_state(lesson: Lesson, sandbox: Sandbox, title: str) -> None:
    print(f"\n{title}\n")
    print(tables(sandbox))
    said = values_of(sandbox, [check.sql for check in lesson.check])
    for check_, value in zip(lesson.check, said, strict=True):
        mark = "passed " if value == check_.is_ else "not yet"
        shown = f"“{value}”" if isinstance(value, Trouble) else value
        print(f"  {mark}  {check_.id}" + ("" if value == check_.is_ else f"  (it says {shown}, not {check_.is_})"))


def _roads(arguments: argparse.Namespace) -> int:
    try:
        return roads(arguments.file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, BadLine, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
