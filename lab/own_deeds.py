"""Bringing a read model of one's own, editing it, and letting it go for good."""

import json

from lab import guard, limits
from lab.actions import Model, ModelWrite
from lab.beside import anew, noted
from lab.books import begin_again
from lab.guard import Checked, Finding
from lab.next_db import Standing
from lab.outcome import CannotDo, Done, Line
from lab.own import Own, bare, read
from lab.projections import BUILT_IN
from lab.stores import Stores
from lab.tables import tables
from lab.values import closest

OF_A_MODEL = ("modes", "crashes", "delays", "versions", "rebuilding", "places")
"""The settings that are chosen for each read model apart."""


def write(stores: Stores, action: ModelWrite, line: Line) -> Done:
    """Add a read model by the text of its file; or edit one that is there: the new text fills it beside."""
    name, text, own = action.name, action.text, stores.own()
    beside = stores.next.standing().get(name)
    is_there = name in own and line.target is None
    if line.again and not is_there and name in stores.checkpoints().keys() - BUILT_IN.keys():
        # What the line had made when it was cut off is nobody's, should it fail now.
        stores.read.drop(bare(name))
        stores.remember_models()
    if is_there:
        if text == own[name] or (beside and text == beside.get("text")):
            return _again(stores, action, beside)
        if beside and beside["stage"] == "switched":
            raise CannotDo(f"the old {name} still stands beside; this line lets it go: model drop {name} old=yes")
    projection = _checked(stores, name, text)
    if is_there:
        return _edit(stores, projection)
    if name not in own and len(own) >= limits.MAX_OWN_MODELS:
        raise CannotDo(f"a sandbox has at most {limits.MAX_OWN_MODELS} read models of your own; forget one first")
    stores.read_db.begin(projection)
    begin_again(stores.read, name)
    stores.remember_models()
    said = f"{name} is added; the projector fills it from event 1"
    texts, where = json.dumps({**own, name: text}), json.dumps(_placed(stores, name))
    return Done(reason=said, position=0, settings={"own": texts, "places": where})


def places(stores: Stores) -> dict[str, int]:
    """Return the place of each read model of one's own, which it keeps whichever others come and go."""
    kept = stores.settings.by_model("places")
    return {name: kept.get(name, place) for place, name in enumerate(stores.own())}


def _placed(stores: Stores, name: str) -> dict[str, int]:
    """Give a read model the first place that is free, if it has none yet."""
    there = places(stores)
    free = next(place for place in range(len(there) + 1) if place not in there.values())
    return {name: free} | there


def _again(stores: Stores, action: ModelWrite, beside: Standing | None) -> Done:
    """Answer a text that is deployed already, or being filled; another that was being filled is given up for it."""
    name = action.name
    if not beside or "text" not in beside:
        return Done(reason=f"nothing changed: {name} has this very text")
    if action.text == beside["text"]:
        return Done(reason=f"nothing changed: {name} is being filled by this very text beside")
    standing = stores.next.standing()
    stores.next.discard(bare(name))
    del standing[name]
    return Done(reason=f"{name} has this very text; the other one is given up", settings=noted(standing))


def _edit(stores: Stores, projection: Own) -> Done:
    name = projection.name
    standing = stores.next.standing()
    standing[name] = anew(stores, projection, projection.source)
    said = f"the new {name} begins beside, from event 1; readers go on reading the old one until it has come as far"
    return Done(reason=said, settings=noted(standing))


def _checked(stores: Stores, name: str, text: str) -> Own:
    """Let the guard look a text over; raise CannotDo with the first thing that will not do, and its place."""
    # A replay has to come to the same end however many are asking, and it was let in when the line was first done.
    who = None if stores.building else stores.folder.parent.name
    try:
        checked = guard.check(guard.Model(name, text), taken(stores, name), who)
    except guard.Busy as busy:
        raise CannotDo(str(busy)) from None
    found = None if checked.findings else read(name, text)
    if found is None:
        raise CannotDo(in_words(checked))
    return found


def in_words(checked: Checked) -> str:
    """Say what will not do in a text: the first thing, at its place, and how many others there are."""
    if not checked.findings:
        return "the text cannot be read"
    first, *others = checked.findings
    more = f" ({len(others)} more)" if others else ""
    return _said(first) + more


def _said(finding: Finding) -> str:
    place = f"line {finding.place.line}: " if finding.place else ""
    return place + finding.said + (f"; {finding.hint}" if finding.hint else "")


def taken(stores: Stores, name: str) -> tuple[str, ...]:
    """Return the names in read.db that belong to others than the read model of that name."""
    there = {table.lower() for table in tables(stores.read.connection)}
    mine = {name} if stores.is_own(name) else set()
    return tuple(sorted((there | SHADOWS | {"dual_orders"}) - mine))


SHADOWS = {
    f"{name}_{part}"
    for name, projection in BUILT_IN.items()
    if "CREATE VIRTUAL TABLE" in projection.source
    for part in ("config", "content", "data", "docsize", "idx")
}
"""The tables that SQLite makes by itself for a read model that searches."""


def forget(stores: Stores, action: Model, line: Line) -> Done:
    """Drop a read model of one's own with its text, and with all that was chosen for it."""
    name = action.name
    if not stores.is_own(name):
        raise CannotDo(not_own(stores, name))
    stores.next.discard(bare(name))
    begin_again(stores.read, name)
    stores.read.drop(bare(name))
    stores.remember_models()
    chosen = {setting: stores.settings.by_model(setting) for setting in OF_A_MODEL}
    left = {setting: json.dumps({of: kept for of, kept in by.items() if of != name}) for setting, by in chosen.items()}
    own = {other: text for other, text in stores.own().items() if other != name}
    standing = {other: it for other, it in stores.next.standing().items() if other != name}
    return Done(
        reason=f"{name} is gone, and so is its text", settings={**left, **noted(standing), "own": json.dumps(own)}
    )


def not_own(stores: Stores, name: str) -> str:
    """Say that a read model is none of one's own."""
    if name in BUILT_IN:
        return f"{name} is built in: model drop {name} drops it, and model add {name} brings it back"
    own = stores.own()
    return f"there is no read model {name} of your own" + (f"; {closest(name, own)}" if own else "")
