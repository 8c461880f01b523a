"""``python -m lab lesson …``: for those who write lessons. They write TOML, never Python."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from lab import lesson_skeleton
from lab.lesson_check import Report, check_all, files
from lab.lesson_files import FOLDER, LessonError, load
from lab.lesson_gates import MONKEYS
from lab.lesson_roads import read, roads
from lab.lesson_try import told
from lab.lesson_words import ground, notes
from lab.values import BadLine

Run = Callable[[argparse.Namespace], int]


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``lesson`` with its commands to a command line."""
    lesson = commands.add_parser("lesson", help="write lessons, try them, check them").add_subparsers(required=True)
    new = lesson.add_parser("new", help="write a skeleton whose failing gates say what to do")
    new.add_argument("id", help="such as L15")
    new.add_argument("--into", type=Path, default=FOLDER, metavar="FOLDER", help="a folder other than lessons/")
    new.set_defaults(run=_in_words(_new))
    trying = lesson.add_parser("try", help="replay the reference with the stores and checks after each line")
    trying.add_argument("name", help="L05, or a file")
    trying.set_defaults(run=_in_words(_try))
    checking = lesson.add_parser("check", help="put lessons through every gate")
    checking.add_argument("names", nargs="*", help="L05, files or folders; without any, all lessons")
    checking.add_argument("--monkeys", type=int, default=MONKEYS, help="how many runs at random")
    checking.add_argument("--seed", default="lagoon", help="what the runs at random grow from")
    checking.set_defaults(run=_in_words(_check))
    judging = lesson.add_parser("roads", help="judge roads from a table: lesson, name, expected, lines joined by ;;")
    judging.add_argument("files", nargs="+", type=Path, metavar="FILE.tsv")
    judging.set_defaults(run=_in_words(_roads))


def _in_words(run: Run) -> Run:
    """Say what cannot be done in a sentence, and not by a traceback."""

    def worded(arguments: argparse.Namespace) -> int:
        try:
            return run(arguments)
        except OSError as error:
            print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        except (LessonError, BadLine) as error:
            print(error, file=sys.stderr)
        return 2

    return worded


def _new(arguments: argparse.Namespace) -> int:
    path = lesson_skeleton.write(arguments.id, arguments.into)
    name = arguments.id if path.parent == FOLDER else path
    print(f"{path} is there; this says what is still to be done:")
    print(f"{sys.orig_argv[0]} -m lab lesson check {name}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    reports: list[Report] = []
    for report in check_all(files(arguments.names), monkeys=arguments.monkeys, seed=arguments.seed):
        print(_line(report), flush=True)
        for problem in report.problems:
            print(f"  {problem}", flush=True)
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
    return 1 if problems else 0


def _line(report: Report) -> str:
    if report.lesson is None:
        return f"{report.file}: cannot be read"
    lesson = report.lesson
    return (
        f"{lesson.id} {lesson.title}: checks {len(lesson.check)}, attempts {len(lesson.wrong)},"
        f" replays {report.replays}, problems {len(report.problems)}, {report.seconds:.1f} s"
    )


def _slow(reports: list[Report]) -> list[str]:
    return [
        f"{report.file} keeps people waiting: its reference takes {report.walk_seconds:.0f} s"
        for report in reports
        if report.is_slow
    ]


def _try(arguments: argparse.Namespace) -> int:
    lesson = load(files([arguments.name])[0])
    for words in ground(lesson, []):
        raise LessonError(f"{lesson.id} cannot begin: {words}")
    for line in told(lesson):
        print(line)
    return 0


def _roads(arguments: argparse.Namespace) -> int:
    return roads([road for file in arguments.files for road in read(file)])
