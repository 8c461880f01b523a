"""Which read models a line names, and how far it leads each of them."""

from lab.actions import Action, Model, ModelWrite, Run, Step
from lab.beside import fill_target
from lab.fault_actions import Reorder, Retry
from lab.faults import retry_target
from lab.outcome import CannotDo
from lab.stores import Stores
from lab.values import closest


def targets(stores: Stores, action: Action) -> dict[str, int] | None:
    """Return the positions that an action will lead projections to, settled before it acts so that it may be redone.

    A line that makes no sense now has none; done again, it has to fail again.
    """
    head = stores.write.head()
    match action:
        case Step(model, events):
            return {name: min(_goal(stores, name, at), at + events) for name, at in named(stores, model).items()}
        case Run("all", to):
            running = [c for c in stores.read.checkpoints() if c.status == "running"]
            return {c.name: min(to or head, _goal(stores, c.name, c.position)) for c in running}
        case Run(model, to):
            return {name: min(to or head, _goal(stores, name, at)) for name, at in named(stores, model).items()}
        case ModelWrite(name) if name not in stores.checkpoints():
            return {name: 0}
        case Model("add", name, from_end=from_end) if name not in stores.checkpoints():
            return {name: head if from_end else 0}
        case Model("drop", name, old=False):
            return named(stores, name)
        case Model("fill"):
            return fill_target(stores, action)
        case Reorder(model):
            return named(stores, model)
        case Retry():
            return retry_target(stores, action)
        case _:
            return None


def _goal(stores: Stores, name: str, position: int) -> int:
    """Return how far one line may lead a projection."""
    return min(stores.write.head(), position + stores.most_at_once(name))


def named(stores: Stores, model: str) -> dict[str, int]:
    """Return the read models that a line names, each with its position; raise CannotDo if there is none."""
    positions = stores.positions()
    if model == "all":
        return positions
    if model not in positions:
        raise CannotDo(no_model(stores, model))
    return {model: positions[model]}


def no_model(stores: Stores, model: str) -> str:
    """Say that there is no such read model, and what would help."""
    if stores.projection(model) is not None:
        return f"there is no read model {model} now; this line would add it: model add {model}"
    return f"there is no read model {model}; {closest(model, stores.known())}"
