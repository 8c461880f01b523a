"""The lines that lessons need beside the others: from words to actions."""

import unicodedata
from collections.abc import Callable

from lab.lesson_actions import Index, LessonAction, Measure, Patch
from lab.values import BIDI, UNSEEN, BadLine, identifier, shown

PATCH = "patch \"UPDATE sales SET units = 2 WHERE product_id = 'mug'\""


def _patch(words: list[str]) -> Patch:
    if len(words) != 1:
        raise BadLine(f"patch needs one SQL statement in double quotes; for example: {PATCH}")
    return Patch(_statement(words[0]))


def edit(words: list[str]) -> Patch:
    """Read ``model edit "sql=…"``, another way to write a patch."""
    if len(words) != 1 or not words[0].startswith("sql="):
        raise BadLine(f"rows are changed by hand with patch; for example: {PATCH}")
    return Patch(_statement(words[0].removeprefix("sql=")))


def _statement(text: str) -> str:
    """Read an SQL statement. It stands on one line, because a transcript has one action a line."""
    if any(unicodedata.category(character) in UNSEEN for character in text) or BIDI.search(text):
        raise BadLine("the statement must stand on one line, without characters that cannot be shown")
    if not text.strip():
        raise BadLine(f"an empty statement does nothing; for example: {PATCH}")
    return text.strip()


def _measure(words: list[str]) -> Measure:
    example = "measure crud c1"
    if not 1 <= len(words) <= 2:
        raise BadLine(f"measure needs crud or read_model, and may have a customer; for example: {example}")
    if words[0] not in ("crud", "read_model"):
        raise BadLine(f"measure is crud (the write tables) or read_model (the copy), not {shown(words[0])}")
    customer = identifier(words[1], "a customer") if len(words) == 2 else None
    return Measure("crud" if words[0] == "crud" else "read_model", customer)


def _index(words: list[str]) -> Index:
    if words:
        raise BadLine(f"index stands alone, without {shown(words[0])}")
    return Index()


LESSON_VERBS: dict[str, Callable[[list[str]], LessonAction]] = {
    "patch": _patch,
    "measure": _measure,
    "index": _index,
}
