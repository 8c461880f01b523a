"""Ready-made questions in SQL, and pairs with the same answer from both stores: lessons/questions.toml."""

import tomllib
from functools import cache
from typing import Literal

import msgspec

from lab.lesson_files import FOLDER, Table

Store = Literal["read", "write"]


class Question(Table, frozen=True):
    """A question to one store, with a sentence about it."""

    id: str
    store: Store
    title: str
    says: str
    sql: str


class Pair(Table, frozen=True):
    """Two questions with the same answer, one to each store."""

    id: str
    title: str
    says: str
    write: str
    read: str

    def sql(self, store: Store) -> str:
        """Return the question to a store."""
        return self.write if store == "write" else self.read


class File(Table, frozen=True):
    """The file of all questions."""

    format: Literal[1]
    question: tuple[Question, ...]
    pair: tuple[Pair, ...]


@cache
def file() -> File:
    """Return everything in the file."""
    return msgspec.convert(tomllib.loads((FOLDER / "questions.toml").read_text(encoding="utf-8")), File)


def to(store: str) -> list[Question]:
    """Return the questions to a store, in the order of the file."""
    return [question for question in file().question if question.store == store]


def question(wanted: str) -> Question | None:
    """Return a question by its id."""
    return next((question for question in file().question if question.id == wanted), None)


def pair(wanted: str) -> Pair | None:
    """Return a pair by its id."""
    return next((pair for pair in file().pair if pair.id == wanted), None)
