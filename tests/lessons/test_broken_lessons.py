"""Each gate, proven by lessons broken on purpose: every file in ``broken`` is ``sound/L20.toml`` with one slip.

Its first lines say what has to be told about it: `# told: gate: words`, the words from their beginning.
"""

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab import lesson_check, lesson_gates, replay
from lab.lesson_check import Problem, Report, check, files
from lab.lesson_files import LessonError
from lab.lesson_gates import GATES
from lab.lesson_ground import Ground
from lab.lesson_words import WORDS
from lab.sandbox import Sandbox

HERE = Path(__file__).parent
SOUND = HERE / "sound" / "L20.toml"
BROKEN = sorted((HERE / "broken").glob("*.toml"))
TOLD = "# told: "

MANY_RUNS = ("waits", "monkey")


def told(path: Path) -> list[str]:
    """What has to be said about a broken lesson."""
    return [line.removeprefix(TOLD) for line in lines_of(path) if line.startswith(TOLD)]


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def gate_of(words: str) -> str:
    return words.partition(":")[0]


def said(problem: Problem) -> str:
    return f"{problem.gate}: {problem.words}"


def judged(path: Path, patch: pytest.MonkeyPatch) -> Report:
    """Check a broken lesson; only a slip that shows on its roads needs them driven, and few need many runs."""
    gates = {gate_of(words) for words in told(path)}
    if gates <= set(WORDS) - {"ground"}:
        patch.setattr(lesson_check, "GATES", {})
    if gates.isdisjoint(MANY_RUNS):
        patch.setattr(lesson_gates, "IDLE", 1)
    return check(path, monkeys=1 if gates.isdisjoint(MANY_RUNS) else lesson_gates.MONKEYS)


def test_the_lesson_that_the_others_were_broken_from_is_sound() -> None:
    report = check(SOUND)
    assert list(map(str, report.problems)) == []
    assert report.replays == 67


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_lesson_is_refused_and_told_what_is_wrong(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    problems = judged(path, monkeypatch).problems
    wanted = told(path)
    assert [words for words in wanted if not any(said(each).startswith(words) for each in problems)] == []
    assert [said(each) for each in problems if not said(each).startswith(tuple(wanted))] == []
    assert all(str(each).startswith(f"{path.name}: ") for each in problems)


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_lesson_has_one_slip(path: Path) -> None:
    sound, broken = lines_of(SOUND)[1:], [line for line in lines_of(path) if not line.startswith(TOLD)]
    places = [change for change in difflib.SequenceMatcher(None, sound, broken).get_opcodes() if change[0] != "equal"]
    assert 1 <= len(places) <= 6
    assert told(path)


def test_every_gate_finds_some_slip() -> None:
    found = {gate_of(words) for path in BROKEN for words in told(path)}
    assert found == {"file", *WORDS, *GATES}


# What no file can break: the machinery under the gates


def gates_that_complain(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.setattr(lesson_gates, "IDLE", 1)
    return {problem.gate for problem in check(SOUND, monkeys=1).problems}


def test_a_run_that_leads_elsewhere_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = 0
    fresh = Ground.fresh

    @contextmanager
    def drifting(self: Ground) -> Iterator[Sandbox]:
        nonlocal runs
        with fresh(self) as sandbox:
            runs += 1
            sandbox.write.connection.execute("UPDATE products SET name = ? WHERE id = 'rug'", (f"Rug {runs}",))
            yield sandbox

    monkeypatch.setattr(Ground, "fresh", drifting)
    assert gates_that_complain(monkeypatch) == {"fingerprint"}


def test_a_transcript_that_leads_elsewhere_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    read = replay.read
    monkeypatch.setattr(replay, "read", lambda text: read(text.replace("qty=2", "qty=1")))
    assert gates_that_complain(monkeypatch) == {"fingerprint"}


# Which files are meant


def test_ids_files_and_folders_are_found_and_what_is_none_is_told(tmp_path: Path) -> None:
    assert [path.name for path in files(["L05", str(SOUND)])] == ["L05.toml", "L20.toml"]
    assert files([str(HERE / "broken")]) == BROKEN
    with pytest.raises(LessonError, match="there is no lesson, file or folder L77"):
        files(["L77"])
    with pytest.raises(LessonError, match="is no lesson; the file of one is called L15"):
        files([str(tmp_path)])
