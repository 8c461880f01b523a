"""``python -m lab lesson …``, as a teacher types it: what it prints, how it ends, and what it says of a slip."""

import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from lab.lesson_files import lessons, load
from tests import inside
from tests.serving import ROOT

HERE = Path(__file__).parent
SOUND = HERE / "sound" / "L20.toml"
LAST = re.compile(r"lessons (\d+) checks (\d+) attempts (\d+) replays (\d+) problems (\d+)")


class Ended(NamedTuple):
    """How a command ended: its exit code, what it printed, and what it complained of."""

    code: int
    out: list[str]
    complaint: str

    @property
    def figures(self) -> tuple[int, ...]:
        """The figures of the last line of a check."""
        match = LAST.fullmatch(self.out[-1])
        assert match, self.out[-1]
        return tuple(map(int, match.groups()))


def lesson(*words: object, at: Path = ROOT) -> Ended:
    line = [sys.executable, "-m", "lab", "lesson", *map(str, words)]
    done = subprocess.run(line, cwd=at, capture_output=True, encoding="utf-8", check=False)
    assert "Traceback" not in done.stderr
    return Ended(done.returncode, done.stdout.splitlines(), done.stderr.strip())


def lesson_inside(*words: object) -> Ended:
    """What the same line does inside this process, where nothing has to be imported first."""
    code, out, complaint = inside.lab("lesson", *words)
    return Ended(code, out.splitlines(), complaint.strip())


def written(path: Path, old: str = "", new: str = "") -> Path:
    """Write the sound lesson to a file, with one change."""
    text = SOUND.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


# new


def test_a_new_lesson_is_a_skeleton_whose_problems_say_what_to_do(tmp_path: Path) -> None:
    made = lesson("new", "L15", "--into", tmp_path / "mine")
    path = tmp_path / "mine" / "L15.toml"
    assert (made.code, made.complaint) == (0, "")
    assert made.out == [
        f"{path} is there; this says what is still to be done:",
        f"{sys.executable} -m lab lesson check {path}",
    ]
    checked = lesson("check", path, "--monkeys", 1)
    assert checked.code == 1
    assert checked.figures[-1] == len(checked.out) - 2
    told = "\n".join(checked.out)
    for words in (
        "L15.toml: frame: it has no situation: what the learner finds, before anything is done",
        "L15.toml: frame: it has no [[wrong]]: a road that has to fail, and the hint that then speaks",
        "L15.toml: frame: it has no [concept]: the question at its end",
        "L15.toml: frame: no step has a prediction",
        "L15.toml: reference: the reference fails stale-read-seen: it says 0, not 1",
        "L15.toml: also_ok: it has no [[also_ok]]: another road that reaches the goal",
    ):
        assert words in told


def test_a_lesson_in_the_folder_of_all_lessons_is_known_by_its_id(tmp_path: Path) -> None:
    for part in ("cqrs", "lab", "lessons"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    made = lesson("new", "L15", at=tmp_path)
    assert made.out == [
        f"{tmp_path / 'lessons' / 'L15.toml'} is there; this says what is still to be done:",
        f"{sys.executable} -m lab lesson check L15",
    ]
    assert lesson("check", "L15", "--monkeys", 1, at=tmp_path).out[0].startswith("L15 A title that says what happens:")
    written(tmp_path / "lessons" / "L20.toml")
    assert lesson("check", "L20", "--monkeys", 1, at=tmp_path).figures[-1] == 0


def test_the_skeleton_with_all_its_parts_taken_in_lacks_only_what_nobody_can_write_for_its_author(
    tmp_path: Path,
) -> None:
    lesson_inside("new", "L15", "--into", tmp_path)
    path = tmp_path / "L15.toml"
    head, body = path.read_text(encoding="utf-8").split("format = 1")
    body = re.sub(r"^# (?=\[|\]|[a-z_]+ = |    )", "", body, flags=re.MULTILINE)
    sql = "SELECT EXISTS (SELECT 1 FROM lab.queries WHERE via <> 'write' AND as_of < head)"
    path.write_text(f"{head}format = 1{body}".replace('"SELECT 0"', f'"{sql}"'), encoding="utf-8")
    told = [line.strip() for line in lesson_inside("check", path, "--monkeys", 1).out[1:-1]]
    assert [line.split(": ")[1] for line in told] == ["frame"] * 4 + ["tag"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("L05", "L05.toml is there already"),
        ("nonsense", "a lesson is called L and two digits, such as L15, not nonsense"),
        ("../L15", "a lesson is called L and two digits, such as L15, not ../L15"),
    ],
)
def test_a_lesson_that_is_there_or_has_no_proper_id_is_not_begun(name: str, said: str) -> None:
    before = sorted((ROOT / "lessons").iterdir())
    ended = lesson_inside("new", name)
    assert (ended.code, ended.out) == (2, [])
    assert said in ended.complaint
    assert sorted((ROOT / "lessons").iterdir()) == before


# try


def parts(printed: list[str], lines: tuple[str, ...]) -> list[list[str]]:
    """What was printed at the start, and after each line."""
    out = list(filter(None, printed))
    heads = ["at the start", *(f"{number}. {line}" for number, line in enumerate(lines, 1))]
    assert [line for line in out if line in heads] == heads
    return [out[begin:end] for begin, end in pairwise([*map(out.index, heads), len(out)])]


def test_trying_a_lesson_prints_the_stores_the_checks_and_the_hint_after_each_line() -> None:
    ended = lesson("try", SOUND)
    assert (ended.code, ended.complaint) == (0, "")
    start, ordered, _, caught_up, last = parts(ended.out, load(SOUND).reference.lines)
    assert "  lamp        5" in start
    assert {"   accepted", "  lamp        3", "  lamp        Lamp  2500         5         3"} <= set(ordered)
    assert ordered[-4:] == [
        "  not yet  fresh-read-seen (it says 0, not 1)",
        "  passed   inv:never-negative",
        "  step 1 of 2: Look while it is behind",
        "  the hint that would speak: only-waited",
    ]
    assert "  lamp        Lamp  2500         3         6" in caught_up
    assert caught_up[-2:] == ["  step 2 of 2: Look when it is not", "  the hint that would speak: what the step says"]
    assert last[-2:] == ["  passed   inv:never-negative", "  every step is over"]


def test_a_lesson_of_the_project_is_tried_by_its_id() -> None:
    tried = lessons()["L00"]
    ended = lesson_inside("try", "L00")
    assert parts(ended.out, tried.reference.lines)[-1][-1] == "  every step is over"
    assert ended.code == 0


def test_a_lesson_that_cannot_begin_is_not_tried(tmp_path: Path) -> None:
    path = written(tmp_path / "L20.toml", '"run"]\nverbs', '"fly"]\nverbs')
    ended = lesson_inside("try", path)
    assert (ended.code, ended.out) == (2, [])
    assert ended.complaint.startswith("L20 cannot begin: the setup line “fly” is no action")


# check


def test_lessons_are_checked_by_id_by_file_and_by_folder_and_counted(tmp_path: Path) -> None:
    written(tmp_path / "L20.toml")
    written(tmp_path / "L20-less.toml", 'fails = ["stale-read-seen"]', 'fails = ["fresh-read-seen"]')
    (tmp_path / "notes.txt").write_text("no lesson", encoding="utf-8")
    ended = lesson("check", "L00", tmp_path, SOUND, "--monkeys", 1)
    assert ended.code == 1
    assert [line.split(":")[0] for line in ended.out if not line.startswith("  ")] == [
        "L00 The first sixty seconds",
        "L20 Look twice",
        "L20 Look twice",
        "L20 Look twice",
        ended.out[-1],
    ]
    assert [line for line in ended.out if line.startswith("  ")] == [
        "  L20-less.toml: wrong: the road “runs before looking” also fails stale-read-seen",
        "  L20-less.toml: wrong: the road “runs before looking” does not fail fresh-read-seen",
    ]
    opener = lessons()["L00"]
    assert ended.figures[:3] == (4, len(opener.check) + 9, len(opener.wrong) + 9)
    assert ended.figures[3] > 4 * 20
    assert ended.figures[4] == 2


def test_a_sound_lesson_has_no_problem_and_ends_well() -> None:
    ended = lesson("check", SOUND, "--monkeys", 3, "--seed", "another")
    assert (ended.code, ended.complaint) == (0, "")
    assert re.fullmatch(r"L20 Look twice: checks 3, attempts 3, replays 30, problems 0, \d+\.\d s", ended.out[0])
    assert ended.out[1:] == ["lessons 1 checks 3 attempts 3 replays 30 problems 0"]


def test_a_file_that_cannot_be_read_is_one_problem_and_the_others_are_checked(tmp_path: Path) -> None:
    written(tmp_path / "L20.toml", "minutes = 5", "minuts = 5")
    (tmp_path / "L21.toml").write_bytes(b'title = "caf\xe9"')
    (tmp_path / "L22.toml").mkdir()
    ended = lesson("check", tmp_path, tmp_path / "L20.toml")
    assert ended.code == 1
    assert ended.out == [
        "L20.toml: cannot be read",
        "  L20.toml: file: L20.toml, line 9: Object contains unknown field `minuts`",
        "L21.toml: cannot be read",
        "  L21.toml: file: L21.toml: this is not text in UTF-8; byte 12 cannot be read",
        "L22.toml: cannot be read",
        "  L22.toml: file: L22.toml: Is a directory",
        *["L20.toml: cannot be read", "  L20.toml: file: L20.toml, line 9: Object contains unknown field `minuts`"],
        "lessons 4 checks 0 attempts 0 replays 0 problems 4",
    ]


@pytest.mark.parametrize("command", ["check", "try"])
def test_what_is_no_lesson_is_told_in_a_sentence(command: str, tmp_path: Path) -> None:
    assert lesson_inside(command, "L77")[::2] == (2, "there is no lesson, file or folder L77")
    empty = f"in the folder {tmp_path} is no lesson; the file of one is called L15.toml, for example"
    assert lesson_inside(command, tmp_path)[::2] == (2, empty)


# roads


def table(path: Path, *rows: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(("\r\n".join(rows) + "\r\n").encode(encoding))
    return path


ROW = "roads.tsv, row 1:"
STALE = "cmd place_order customer=c1 product=lamp qty=2 ;; query product_card lamp"


def test_roads_that_come_out_otherwise_are_printed_and_unknown_lessons_counted_apart(tmp_path: Path) -> None:
    reference = " ;; ".join(lessons()["L05"].reference.lines)
    path = table(
        tmp_path / "roads.tsv",
        "lesson\tname\texpected\tlines",
        "# a remark",
        f"L05\tthe reference\tpass\t{reference}",
        f"L05\thalf of it\tpass\t{STALE} ;; step order_list",
        f"L05\tthe reference again\tfail\t{reference}",
        f"L00\thalf of it\tfail\t{STALE}",
        f"L77\tof a lesson to come\tpass\t{STALE}",
        encoding="utf-8-sig",
    )
    ended = lesson("roads", path)
    assert (ended.code, ended.complaint) == (1, "")
    assert ended.out[0].startswith("roads.tsv, row 4: L05 “half of it” should pass, but it fails converged, ")
    assert ended.out[0].endswith(
        "“step order_list” fails: there is no read model order_list now; this line would add it: model add order_list"
    )
    assert ended.out[1:] == [
        "roads.tsv, row 5: L05 “the reference again” should fail, but it passes",
        "left out 1: there is no lesson L77 yet",
        "roads 4 as expected 2",
    ]


def test_roads_that_come_out_as_expected_end_well(tmp_path: Path) -> None:
    path = table(tmp_path / "roads.tsv", f"L00\thalf of it\tfail\t{STALE}", f"L77\tto come\tfail\t{STALE}")
    assert lesson_inside("roads", path)[:2] == (0, ["left out 1: there is no lesson L77 yet", "roads 1 as expected 1"])
    twice = ["left out 2: there is no lesson L77 yet", "roads 2 as expected 2"]
    assert lesson_inside("roads", path, path)[:2] == (0, twice)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "roads.tsv: No such file or directory"),
        (b"L05\tcaf\xe9\tpass\trun", "roads.tsv is not text in UTF-8: byte 7 cannot be read"),
        (
            b"L05\tno lines\tpass",
            f"{ROW} the columns are 3, not 4 with a tab between two (lesson, name, expected, lines)",
        ),
        (b"L05,by comma,pass,run", f"{ROW} the columns are 1, not 4 with a tab between two"),
        (b"L05\tperhaps\tmaybe\trun", f"{ROW} a road is expected to pass or to fail, not “maybe”"),
        (b"L05\tlong\tpass\t" + b"x" * 200_000, "roads.tsv is no table with tabs between its columns: field larger"),
    ],
)
def test_a_table_that_is_none_is_told_in_a_sentence(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "roads.tsv"
    if content is not None:
        path.write_bytes(content)
    ended = lesson_inside("roads", path)
    assert (ended.code, ended.out) == (2, [])
    assert said in ended.complaint
