"""The prose of lessons: Markdown, rendered so that no HTML of an author reaches the page."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from markdown_it import MarkdownIt

from lab.lesson_files import Lesson, Question

_LIKE_HTML = re.compile(r"</?[A-Za-z][^<>]*>|<!--")
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\]\(([^)]*)\)")


_ADDRESS = re.compile(r"https?://|/(?!/)|#", re.IGNORECASE)
"""Where a link may lead: to the web, or to a page of this site."""

_TEXTS_REMEMBERED = 1_000


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "typographer": False}).disable("image")
    markdown.validateLink = lambda url: _ADDRESS.match(url) is not None  # type: ignore[method-assign]
    return markdown


@lru_cache(_TEXTS_REMEMBERED)
def render(text: str) -> str:
    """Return a lesson's text as HTML: paragraphs, lists, emphasis, code and links; HTML in it is shown, not obeyed."""
    return str(_markdown().render(text))


@lru_cache(_TEXTS_REMEMBERED)
def render_line(text: str) -> str:
    """Return a lesson's short text as HTML without a paragraph around it."""
    return str(_markdown().renderInline(text))


def spoiled(text: str) -> str | None:
    """Say what in a text would not come out on the page as its author meant it; None if all does."""
    if found := _LIKE_HTML.search(_CODE.sub("", text)):
        return f"HTML is not obeyed, only shown: {found[0]}"
    if found := re.search(r"!\[", text):
        return "pictures are left out; say it in words"
    astray = next((address for address in _LINK.findall(text) if not _ADDRESS.match(address)), None)
    return astray and f"a link leads to an address of the web or of this site, not to {astray}"


def codes(text: str) -> list[str]:
    """Return what stands between backticks in a text."""
    return _CODE.findall(text)


def words_in(text: str) -> int:
    """Count the words of a text as a reader does."""
    return len(text.split())


def prose(lesson: Lesson) -> Iterator[tuple[str, str]]:
    """Yield every text of a lesson that a learner reads, with the name of its place."""
    yield from (
        (name, getattr(lesson, name)) for name in ("title", "teaser", "goal", "situation", "take_away", "real_world")
    )
    for number, step in enumerate(lesson.step, 1):
        yield f"step {number}", step.label
        yield f"step {number}", step.text
        if step.predict:
            yield f"the prediction of step {number}", step.predict.stem
            yield f"the prediction of step {number}", step.predict.explain
            yield f"the prediction of step {number}", step.predict.otherwise
    if lesson.end:
        yield "the end", lesson.end.title
        yield "the end", lesson.end.text
    for check in lesson.check:
        yield f"the check {check.id}", check.say
    for hint in lesson.hint:
        yield from ((f"the hint {hint.id}", level) for level in hint.levels)
    for name, question in (("retrieval", lesson.retrieval), ("concept", lesson.concept)):
        yield from ((f"the {name} question", text) for text in _texts(question))


def _texts(question: Question | None) -> Iterator[str]:
    if question:
        yield question.stem
        for option in question.options:
            yield option.text
            yield option.why
