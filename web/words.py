"""The words of the pattern, as the page explains them."""

import tomllib
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent.parent / "lessons/words.toml"


@cache
def words() -> dict[str, str]:
    """Return each word with its explanation, in the order in which they are met."""
    return {word: entry["text"] for word, entry in tomllib.loads(FILE.read_text(encoding="utf-8")).items()}
