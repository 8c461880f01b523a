"""What stands in the editor of read models: how it begins, and what its form sends."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from lab import own_text
from lab.guard import Model
from lab.projections import BUILT_IN
from lab.sandbox import Sandbox
from lab.tasks import tasks

BLANK = "my_orders"
FIELDS = ("name", "was", "began", "task")
NAME_CHARS = 200
LINE_END = re.compile("\r\n?")


class Typed(NamedTuple):
    """What stands in the editor: a name and a text, which of one's own it was, and what it began with.

    ``given`` is what was typed and sent; what a page begins with gives way to a draft in the browser.
    """

    name: str
    source: str
    was: str = ""
    began: str = ""
    task: str = ""
    given: bool = False

    @property
    def draft(self) -> str:
        """The name under which the browser keeps what is typed."""
        return f"model {self.was}" if self.was else " ".join(filter(None, ("new model", self.task, self.began)))

    @property
    def model(self) -> Model:
        """What the guard is given."""
        return Model(self.name, self.source)


def typed(form: Mapping[str, str]) -> Typed:
    """Read the form of the editor."""
    source = LINE_END.sub("\n", form.get("source", ""))
    fields = {name: form.get(name, "").strip()[:NAME_CHARS] for name in FIELDS}
    return Typed(source=source, given=True, **{**fields, "name": fields["was"] or fields["name"]})


def beginning(sandbox: Sandbox, copy: str, task: str) -> Typed | None:
    """Return what a new read model begins with; None if there is nothing of that name to copy."""
    with sandbox.lock:
        own = sandbox.stores.own()
    taken = {*BUILT_IN, *own}
    if task:
        found = tasks().get(task)
        return Typed(found.model, found.start, task=task) if found else None
    if not copy:
        name = own_text.free(BLANK, taken)
        return Typed(name, own_text.starter(name))
    if copy not in taken or copy in own_text.NO_COPY:
        return None
    name = own_text.free(copy if copy in own else f"my_{copy}", taken)
    source = own[copy] if copy in own else BUILT_IN[copy].source
    return Typed(name, own_text.copied(source, name), began=copy)
