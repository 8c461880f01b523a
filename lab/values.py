"""What a person can type: each reader turns one value into what it means, or says what was expected."""

import difflib
import re
import shlex
import unicodedata
from collections.abc import Callable, Iterable
from typing import Literal

from cqrs.commands import OrderLine
from lab import limits

Kind = Literal["id", "text", "email", "cents", "qty", "lines"]


class BadLine(ValueError):
    """A line is not an action; the message says what was expected."""


def number(text: str, what: str, least: int, most: int) -> int:
    """Read a whole number in plain digits, within bounds."""
    if not re.fullmatch(r"-?[0-9]+", text):
        raise BadLine(f"{what} must be a whole number such as 2, not {shown(text)}")
    if len(text.lstrip("-")) > limits.MAX_INT_DIGITS or not least <= int(text) <= most:
        raise BadLine(f"{what} must lie between {least:,} and {most:,}, not {shown(text)}")
    return int(text)


def decimal(text: str, what: str, most: float) -> float:
    """Read a number such as 1.5, from 0 up to a limit."""
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", text) or float(text) > most:
        raise BadLine(f"{what} must be a number from 0 to {most:g} such as 1.5, not {shown(text)}")
    return float(text)


def identifier(text: str, what: str) -> str:
    """Read an id: letters, digits, dot, dash and underscore."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", text):
        example = EXAMPLES.get(what, "lamp-2")
        raise BadLine(
            f"{what} must be up to 40 letters, digits, dots, dashes or underscores such as {example}, not {shown(text)}"
        )
    return text


EXAMPLES = {"customer": "c3", "order": "o-7", "id": "cmd-7"}
"""Ids as they look where it is said of what they are."""


def plain_text(text: str, what: str) -> str:
    """Read text for people: any script, but no control characters, and not too long."""
    if any(unicodedata.category(character) in UNSEEN for character in text) or BIDI.search(text):
        raise BadLine(f"{what} holds a character that cannot be shown; letters, digits, signs and spaces are fine")
    text = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(text) <= limits.MAX_VALUE_CHARS:
        raise BadLine(f"{what} must have 1 to {limits.MAX_VALUE_CHARS} characters, not {len(text):,}")
    return text


UNSEEN = ("Cc", "Cs", "Cn", "Zl", "Zp")
"""Control characters, surrogates, characters not given out, line and paragraph separators."""

BIDI = re.compile("[\u061c\u202a-\u202e\u2066-\u2069\u200e\u200f]")


def email(text: str, what: str) -> str:
    """Read an email address, as far as it needs to be one here."""
    if not re.fullmatch(r"[^@\s]{1,60}@[^@\s]{1,120}", plain_text(text, what)):
        raise BadLine(f"{what} must look like ada@example.test, not {shown(text)}")
    return plain_text(text, what)


def order_lines(text: str, what: str) -> tuple[OrderLine, ...]:
    """Read the lines of an order, written lamp:2,mug:1."""
    lines = []
    for part in text.split(","):
        product, colon, qty = part.partition(":")
        if not colon:
            raise BadLine(f"{what} must be written product:quantity,… such as lamp:2,mug:1, not {shown(text)}")
        lines.append(OrderLine(identifier(product, "a product"), quantity(qty, "a quantity")))
    return tuple(lines)


def quantity(text: str, what: str) -> int:
    """Read a quantity. A negative one is a well-formed number, so the shop and not the language refuses it."""
    return number(text, what, -999_999, 999_999)


def cents(text: str, what: str) -> int:
    """Read an amount of money in cents."""
    return number(text, f"{what} (in cents)", -99_999_999, 99_999_999)


def shown(text: str) -> str:
    """Show what was typed, on one line and not too long."""
    visible = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return f"“{visible[:40]}…”" if len(visible) > 40 else f"“{visible}”"


READERS: dict[Kind, Callable[[str, str], object]] = {
    "id": identifier,
    "text": plain_text,
    "email": email,
    "cents": cents,
    "qty": quantity,
    "lines": order_lines,
}


def long_text(text: str, what: str, most: int) -> str:
    r"""Read text of many lines, such as a file: a line ends with \n, and a tab is the only other control character."""
    text = re.sub(r"\r\n?", "\n", text).rstrip()
    if any(unicodedata.category(c) in UNSEEN for c in text if c not in "\n\t") or BIDI.search(text):
        raise BadLine(f"{what} holds a character that cannot be shown; letters, digits, signs and line ends are fine")
    if not 1 <= len(text) <= most:
        raise BadLine(f"{what} must have 1 to {most:,} characters, not {len(text):,}")
    return text


QUOTED = re.compile(r'\\.|"(?:[^"\\]|\\.)*"?', re.DOTALL)
"""An escaped character, or all that a double quote opens."""

PAIR = re.compile(r"\\(.)", re.DOTALL)


def split(line: str) -> list[str]:
    r"""Split a line into words; double quotes hold a value with spaces together, and in them \n is a line break."""
    line = QUOTED.sub(lambda part: _with_breaks(part[0]) if part[0][0] == '"' else part[0], line)
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    lexer.quotes = '"'
    try:
        return list(lexer)
    except ValueError:
        raise BadLine('a double quote or a backslash is left open; close it, as in name="Desk lamp"') from None


def _with_breaks(part: str) -> str:
    return PAIR.sub(lambda pair: "\n" if pair[1] == "n" else pair[0], part)


def quoted(value: str) -> str:
    """Write a value so that ``split`` reads it back as one word."""
    return value if value and not re.search(r'[\s"\\]', value) else in_quotes(value)


def in_quotes(value: str) -> str:
    """Write a value in double quotes, on one line."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def closest(word: str, known: Iterable[str]) -> str:
    """Say which known word was probably meant, or name them all."""
    words = list(known)
    meant = near(word, words)
    return f"did you mean {meant}?" if meant else "there is " + ", ".join(words)


def near(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """Return the known word that is spelled most like a word; None if none is like it, where 1 is the same."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=likeness)), None)


def sentence(text: str) -> str:
    """Return what is said behind a colon elsewhere as a sentence of its own.

    What SQLite says is left as it is, and so is a name that something begins with, such as read.db.
    """
    text = text.strip()
    whole = text.startswith("SQLite says") or text.endswith((".", "?", "!", ":"))
    start = text[:1] if re.match(r"\w*[_.(]\w", text) else text[:1].upper()
    return f"{start}{text[1:]}{'' if whole or not text else '.'}"


def pairs(words: list[str], allowed: tuple[str, ...], example: str) -> dict[str, str]:
    """Read words of the form name=value, each name at most once and among those allowed."""
    given: dict[str, str] = {}
    for word in words:
        if not allowed:
            raise BadLine(f"{shown(word)} is one word too many; for example: {example}")
        name, equals, value = word.partition("=")
        if not equals:
            raise BadLine(f"{shown(word)} is not of the form name=value; for example: {example}")
        if name not in allowed:
            raise BadLine(f"there is no field {shown(name)} here; {closest(name, allowed)}; for example: {example}")
        if name in given:
            raise BadLine(f"{name}= is there twice")
        given[name] = value
    return given
