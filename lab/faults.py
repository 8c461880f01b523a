"""Breaking and mending: modes, armed crashes, deliveries out of the ordinary, parked events, versions."""

import json
from dataclasses import asdict, replace
from typing import Any

from cqrs.events import RecordedEvent
from cqrs.read.projector import OutOfOrder
from lab import books
from lab.delivery import Progress, Route
from lab.fault_actions import Crash, Handler, Mode, Redeliver, Reorder, Retry
from lab.loose import CORRECT, Guards
from lab.outcome import CannotDo, Done, Incident, Line
from lab.own import OwnRoute
from lab.projections import versions_of
from lab.stopped import is_at_poison
from lab.stores import Stores
from lab.values import closest


def mode(stores: Stores, action: Mode, line: Line) -> Done:
    """Choose how projections protect themselves; one that stopped at a poison event goes on, if it may pass it now."""
    modes: dict[str, Any] = {}
    for name in known_projections(stores, action.model):
        guards = stores.settings.guards(name)
        if action.dedupe is not None:
            guards = replace(guards, dedupe=action.dedupe)
        if action.atomic is not None:
            guards = replace(guards, atomic=action.atomic == "on")
        if action.poison is not None:
            guards = replace(guards, poison=action.poison)
        modes[name] = asdict(guards)
    chosen = stores.settings.by_model("modes") | modes
    if action.poison in ("skip", "park"):
        for checkpoint in stores.read.checkpoints():
            if checkpoint.name in modes and is_at_poison(checkpoint):
                stores.read.set_status(checkpoint.name, "running")
    said = "; ".join(f"{name}: {in_words(Guards(**guards))}" for name, guards in modes.items())
    kept = {name: guards for name, guards in chosen.items() if Guards(**guards) != CORRECT}
    return Done(reason=said, settings={"modes": json.dumps(kept)})


def known_projections(stores: Stores, model: str) -> list[str]:
    """Return the projections that a line names, if their read model is there yet or not; raise CannotDo for others."""
    if model == "all":
        return list(stores.checkpoints())
    if stores.projection(model) is None:
        raise CannotDo(f"there is no projection {model}; {closest(model, stores.known())}")
    return [model]


def in_words(guards: Guards) -> str:
    """Say what a projection protects itself with."""
    words = (
        "rows and checkpoint together" if guards.atomic else "rows and checkpoint apart",
        {"position": "position check", "on": "remembers ids", "off": "no memory"}[guards.dedupe],
        {"halt": "halts at poison", "skip": "skips poison", "park": "parks poison"}[guards.poison],
    )
    return ", ".join(words)


def crash(stores: Stores, action: Crash, line: Line) -> Done:
    """Arm a crash at a point on the way to read models, or take it back."""
    armed = stores.settings.crashes()
    for name in known_projections(stores, action.model):
        if action.point == "off":
            armed.pop(name, None)
        else:
            armed[name] = action.point
    said = (
        "no crash is armed" if action.point == "off" else f"injected: the projector dies at {action.point}, next time"
    )
    return Done(reason=said, settings={"crashes": json.dumps(armed)})


def redeliver(stores: Stores, action: Redeliver, line: Line) -> Done:
    """Deliver an event once more, whatever the checkpoint says; the guards decide what comes of it."""
    route = route_to(stores, action.model, line)
    events = stores.write.events_after(action.position - 1, 1)
    if not events:
        raise CannotDo(f"there is no event #{action.position}; the log ends at #{stores.write.head()}")
    position = stores.read.position(action.model)
    if action.position > position:
        raise CannotDo(
            f"{action.model} has not had event #{action.position} yet, it stands at #{position}; "
            f"only what was delivered can be delivered twice"
        )
    progress = _deliver(route, events, stores, position)
    fate = next((incident.what for incident in progress.incidents), "known")
    said = {
        "known": f"left out: {action.model} had applied event #{action.position} before",
        "again": f"applied event #{action.position} a second time",
    }.get(fate, f"event #{action.position}: {fate}")
    return finished(stores, progress, said)


def _deliver(route: Route | OwnRoute, events: list[RecordedEvent], stores: Stores, position: int) -> Progress:
    """Deliver events that are not the next ones. The correct projector takes none of them, and loses nothing."""
    try:
        return route.deliver(events, stores.clock.now)
    except OutOfOrder as refused:
        name = route.projection.name
        what = "known" if events[0].position <= position else "waited"
        return Progress(incidents=[Incident(name, what, e.position, e.position, detail=str(refused)) for e in events])


def reorder(stores: Stores, action: Reorder, line: Line) -> Done:
    """Deliver the next event after those behind it (simulated)."""
    route = route_to(stores, action.model, line)
    start = (line.target or {}).get(action.model, stores.read.position(action.model))
    events = stores.write.events_after(start, action.by + 1)
    if len(events) <= action.by:
        raise CannotDo(
            f"reorder needs {action.by + 1} events that {action.model} has not applied, there are {len(events)}; "
            f"pause {action.model}, send some commands, then reorder"
        )
    late, *others = events
    progress = _deliver(route, [*others, late], stores, start)
    if any(incident.what == "waited" for incident in progress.incidents):
        said = (
            f"simulated: event #{others[0].position} came before #{late.position}; "
            f"the projector took neither, it waits for #{late.position}"
        )
        return finished(stores, progress, said)
    progress.incidents = [
        incident._replace(what="late") if incident[1:3] == ("again", late.position) else incident
        for incident in progress.incidents
    ]
    return finished(stores, progress, f"simulated: event #{late.position} was applied after #{others[-1].position}")


def retry(stores: Stores, action: Retry, line: Line) -> Done:
    """Apply parked events again, in order; where one fails again, its stream goes on waiting."""
    route = route_to(stores, action.model, line)
    waiting = _waiting(stores, action)
    begun_with = (line.target or retry_target(stores, action))[action.model]
    incidents: list[Incident] = []
    failed: set[str] = set()
    for entry in waiting:
        if entry.stream not in failed:
            incidents.append(route.retry(stores.write.events_after(entry.position - 1, 1)[0]))
            if incidents[-1].what != "retried":
                failed.add(entry.stream)
    retried = begun_with - len(waiting) + sum(incident.what == "retried" for incident in incidents)
    said = f"{retried} of {begun_with} parked events applied"
    if failed:
        said += f"; {incidents[-1].detail}: the same statements fail in the same way, another version might not"
    return Done(reason=said, incidents=tuple(incidents))


def retry_target(stores: Stores, action: Retry) -> dict[str, int]:
    """Return how many parked events a retry is about; raise CannotDo if there is none."""
    waiting = _waiting(stores, action)
    if action.position not in (None, *(entry.position for entry in waiting)):
        waiting = []
    if not waiting and action.model in stores.checkpoints():
        raise CannotDo(f"{action.model} has no parked event" + (f" #{action.position}" if action.position else ""))
    return {action.model: len(waiting)}


def _waiting(stores: Stores, action: Retry) -> list[books.Parked]:
    waiting = books.parked(stores.read, action.model)
    if action.position is None:
        return waiting
    # Its stream is asked of the log: a retry that was cut off may have resolved the event itself already.
    streams = [event.stream for event in stores.write.events_after(action.position - 1, 1)]
    return [entry for entry in waiting if entry.stream in streams]


def handler(stores: Stores, action: Handler, line: Line) -> Done:
    """Deploy a version of a projection's statements; rows that are there stay as they are."""
    known_projections(stores, action.model)
    there = versions_of(action.model)
    if action.version not in there:
        raise CannotDo(f"{action.model} has {' and '.join(f'version {version}' for version in there)}")
    versions = stores.settings.versions() | {action.model: action.version}
    said = f"version {action.version} applies events from now on; what was applied stays as it is"
    return Done(reason=said, settings={"versions": json.dumps(versions)})


def route_to(stores: Stores, model: str, line: Line) -> Route | OwnRoute:
    """Return the way to a read model that is there; raise CannotDo if it is not."""
    route = stores.route(model, line.n) if model in stores.checkpoints() else None
    if route is None:
        raise CannotDo(f"there is no read model {model} now; {closest(model, stores.checkpoints() or stores.known())}")
    return route


def finished(stores: Stores, progress: Progress, said: str | None, position: int | None = None) -> Done:
    """Say how a line ended that delivered events: done, stopped at one of them, or crashed."""
    outcome = "done"
    stops = [incident for incident in progress.incidents if incident.what == "stopped"]
    if progress.crashed:
        death = next(incident for incident in progress.incidents if incident.what == "crashed")
        outcome, said = "crashed", f"{death.projection} crashed at {death.point}: {death.detail}"
    elif stops:
        outcome, said = "stopped", f"{stops[0].projection} stopped at {_reason(stores, stops[0].projection)}"
    settings: dict[str, object] | None = None
    if progress.crashed:
        left = {name: point for name, point in stores.settings.crashes().items() if name not in progress.crashed}
        settings = {"crashes": json.dumps(left)}
    return Done(
        outcome,
        said,
        position,
        applied=tuple(progress.applied),
        incidents=tuple(progress.incidents),
        settings=settings,
    )


def _reason(stores: Stores, name: str) -> str | None:
    return stores.checkpoints()[name].reason
