"""The one encoder of the live stream's frames."""

import re

LINE_END = re.compile("\r\n|\r|\n")
HEARTBEAT = b":\n\n"


def event(text: str, number: str) -> bytes:
    """Write any text as exactly one server-sent event; what ends a line in it can never end the event."""
    data = "".join(f"data: {line}\n" for line in LINE_END.split(text))
    return f"id: {number}\n{data}\n".encode(errors="replace")


def partial(name: str, html: str, swap: str = "outerMorph") -> str:
    """Wrap a rendered partial so that htmx puts it in the place of the one that is on the page."""
    return f'<hx-partial hx-target="#{name.replace("_", "-")}" hx-swap="{swap}">{html}</hx-partial>'
