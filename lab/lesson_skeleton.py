"""The skeleton of a new lesson: a file that can be read, and whose failing gates say what to do."""

import re
from pathlib import Path

from lab.lesson_files import LessonError

TEMPLATE = Path(__file__).with_name("lesson_skeleton.toml")


def write(lesson_id: str, folder: Path) -> Path:
    """Write the skeleton of a lesson into a folder and return the file; raise LessonError if that cannot be."""
    if not re.fullmatch(r"L[0-9][0-9]", lesson_id):
        raise LessonError(f"a lesson is called L and two digits, such as L15, not {lesson_id}")
    path = folder / f"{lesson_id}.toml"
    if path.exists():
        raise LessonError(f"{path} is there already")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(TEMPLATE.read_text(encoding="utf-8").replace("L99", lesson_id), encoding="utf-8")
    return path
