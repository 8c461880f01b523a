"""The tasks: each solution passes, each wrong attempt fails as its file says, and a file with a slip is refused."""

from pathlib import Path

import pytest

from lab import guard, task_trial, tasks
from lab.guard import Model
from lab.lesson_files import LessonError, lessons
from lab.task_trial import log_of, right_answer, try_task
from lab.tasks import FOLDER, Task, Wrong, load

TASKS = tasks.tasks()
ATTEMPTS = [(task, wrong) for task in TASKS.values() for wrong in task.wrong]


def test_the_tasks_of_the_issue_are_there_and_are_no_lessons() -> None:
    assert [*TASKS][:4] == ["sales-per-customer", "cancelled-orders", "open-orders", "best-sellers"]
    assert [task.number for task in TASKS.values()] == list(range(1, len(TASKS) + 1))
    assert not set(TASKS) & set(lessons())


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_the_solution_of_a_task_passes_everything(task: Task) -> None:
    trial = try_task(task, task.solution)
    assert [(entry.name, entry.said) for entry in trial.tried if entry.passed is False] == []
    assert {entry.name for entry in trial.tried if entry.passed} >= {"same", "order", "twice", "crash", "truth"}


@pytest.mark.parametrize(("task", "wrong"), ATTEMPTS, ids=[f"{task.id}: {wrong.name}" for task, wrong in ATTEMPTS])
def test_a_wrong_attempt_fails_as_its_file_says(task: Task, wrong: Wrong) -> None:
    trial = try_task(task, wrong.sql)
    said = " ".join(entry.said for entry in trial.tried if entry.passed is False)
    assert (trial.failed, wrong.says in said) == (wrong.fails, True), said


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_a_task_begins_with_a_file_that_lacks_nothing_but_what_the_events_do(task: Task) -> None:
    checked = guard.check(Model(task.model, task.start))
    assert checked.columns == tuple(column.name for column in task.column)
    assert [finding.said for finding in checked.findings] == ["no event changes it"]


def test_what_a_task_begins_with_does_not_pass() -> None:
    task = TASKS["sales-per-customer"]
    assert try_task(task, task.start).failed == ("file",)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_the_truth_of_a_task_shows_what_its_page_asks(task: Task) -> None:
    answer = right_answer(task)
    assert answer.error is None
    assert len(answer.rows) >= 2
    page = task.page.partition("SELECT ")[2].partition(" FROM ")[0].split(", ")
    assert list(answer.columns) == page
    assert set(page) <= {column.name for column in task.column}
    assert task.hints[-1] not in task.question
    assert "cancel_order" in " ".join(task.log)


def test_the_log_of_a_task_is_made_once_and_only_read() -> None:
    task = TASKS["open-orders"]
    path = log_of(task)
    before = (path.stat().st_ino, path.read_bytes())
    try_task(task, task.wrong[0].sql)
    assert log_of(task) == path
    assert (path.stat().st_ino, path.read_bytes()) == before
    assert [file.name for file in path.parent.iterdir()] == ["write.db"]


# Files with a slip

GOOD = (FOLDER / "cancelled-orders.toml").read_text(encoding="utf-8")

SLIPS = [
    ('id = "cancelled-orders"', 'id = "other"', "line 3: id is other, but the file is called cancelled-orders"),
    ("format = 1", "format = 2", "line 1: format must be 1, not 2"),
    ('model = "cancellations"', 'model = "Cancellations!"', "line 6: a read model cannot be called Cancellations!"),
    ('key = ["customer_id"]', 'key = ["customer"]', "line 7: the key customer is not among the columns"),
    ('fails = ["truth"]', 'fails = ["honesty"]', "nothing that is tried is called honesty"),
    ('fails = ["truth"]', "fails = []", "it fails nothing"),
    ('title = "Cancelled', 'titel = "Cancelled', "unknown field `titel`"),
    ('title = "Cancelled orders per customer"\n', "", "missing required field `title`"),
    ('means = "who cancelled"\n', "", "missing required field `means`"),
    ("format = 1", "format = ", "Invalid value"),
]


@pytest.mark.parametrize(("before", "after", "said"), SLIPS)
def test_a_file_with_a_slip_is_refused_at_its_line(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in GOOD
    path = tmp_path / "cancelled-orders.toml"
    path.write_text(GOOD.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(LessonError) as refused:
        load(path)
    assert str(refused.value).startswith("cancelled-orders.toml")
    assert said in str(refused.value)


def test_too_few_hints_and_wrong_attempts_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "cancelled-orders.toml"
    hints = GOOD[GOOD.index("hints = [") : GOOD.index("solution = ")]
    path.write_text(GOOD.replace(hints, 'hints = ["Think."]\n'), encoding="utf-8")
    with pytest.raises(LessonError, match="a task has 2 to 4 hints, not 1"):
        load(path)
    *kept, _, _ = GOOD.split("[[wrong]]")
    path.write_text("[[wrong]]".join(kept), encoding="utf-8")
    with pytest.raises(LessonError, match="at least 3 attempts that fail, not 2"):
        load(path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("cmd ship_order order=o99", "is refused: there is no order o99"),
        ("model add sales2", "is failed"),
        ("ship o1", "its log has a line that is none: there is no action"),
    ],
)
def test_a_log_that_cannot_be_made_is_refused_by_its_line(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "cancelled-orders.toml"
    path.write_text(GOOD.replace("cmd ship_order order=o1", line), encoding="utf-8")
    task = load(path)
    with pytest.raises(LessonError, match="cancelled-orders: ") as refused:
        task_trial._make(task, tmp_path / "made")
    assert said in str(refused.value)
    assert not (tmp_path / "made").exists()
