"""Adding a read model, filling it again from event 1, and dropping it."""

import json

from cqrs.read.projection import Projection
from lab.actions import Model
from lab.beside import beside, noted
from lab.books import begin_again
from lab.outcome import CannotDo, Done, Line
from lab.own_deeds import forget
from lab.stores import Stores
from lab.targets import named, no_model


def model(stores: Stores, action: Model, line: Line) -> Done:
    """Do what a line asks of a read model as a whole."""
    if action.act == "forget":
        return forget(stores, action, line)
    if action.beside or action.old or action.act in ("fill", "switch", "cancel"):
        return beside(stores, action, line)
    done = {"add": _add, "rebuild": _rebuild, "drop": _drop}[action.act](stores, action, line)
    stores.remember_models()
    return done


def _add(stores: Stores, action: Model, line: Line) -> Done:
    projection = stores.projection(action.name)
    if projection is None:
        raise CannotDo(no_model(stores, action.name))
    position = (line.target or {}).get(action.name, 0)
    if action.name not in stores.checkpoints():
        stores.read_db.begin(projection, position)
    elif line.target is None:
        raise CannotDo(f"{action.name} is there already; this line would fill it again: model rebuild {action.name}")
    return Done(position=position)


def _rebuild(stores: Stores, action: Model, line: Line) -> Done:
    remembered, rebuilding, head = stores.remembered.models(), stores.rebuilding(), stores.write.head()
    for name in named(stores, action.name):
        projection = stores.projection(name)
        if projection is None:
            raise CannotDo(no_model(stores, name))
        if refused := _empty(stores, projection):
            if action.name != "all":
                raise CannotDo(refused)
            stores.read.set_status(name, "stopped", refused)
            continue
        # A crash may have come between these two lines, so read.db cannot say whether it was paused.
        if remembered[name]["paused"]:
            stores.read.set_status(name, "paused")
        stores.journal.set("models", stores.remembered.beginning_again(name, 0, head))
        stores.journal.forget_applied(name)
        rebuilding[name] = head
    said = "empty again: the projector fills it from event 1, and whoever reads it meanwhile is told"
    return Done(reason=said, settings={"rebuilding": json.dumps(rebuilding)})


def _empty(stores: Stores, projection: Projection) -> str | None:
    """Begin a read model again from event 1; say why not, if it is a learner's own and the guard refuses it."""
    try:
        stores.read_db.begin(projection)
    except CannotDo as refused:
        return str(refused)
    begin_again(stores.read, projection.name)
    return None


def _drop(stores: Stores, action: Model, line: Line) -> Done:
    if line.target is None:
        named(stores, action.name)
    for name in stores.positions():
        projection = stores.projection(name)
        if projection is not None and action.name in (name, "all"):
            stores.next.discard(projection)
            begin_again(stores.read, name)
            stores.read.drop(projection)
    standing = {name: it for name, it in stores.next.standing().items() if action.name not in (name, "all")}
    return Done(
        reason="dropped",
        settings={**noted(standing), "rebuilding": json.dumps(stores.rebuilding())},
    )
