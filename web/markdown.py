"""The prose of lessons, as templates show it: `text | md` for paragraphs, `text | md_line` for a line of its own."""

from markupsafe import Markup

from lab import lesson_text


def md(text: str | None) -> Markup:
    """Show Markdown as paragraphs, lists and links. HTML in it is shown, not obeyed, so the result is safe."""
    return Markup(lesson_text.render(text or ""))


def md_line(text: str | None) -> Markup:
    """Show Markdown without a paragraph around it."""
    return Markup(lesson_text.render_line(text or ""))
