"""Which function carries out which action. Each may be run twice for one line, to the same end."""

from collections.abc import Callable
from typing import Any

from lab import asked, steady
from lab.actions import (
    Action,
    Bulk,
    Cmd,
    Model,
    ModelWrite,
    Pause,
    Query,
    Reset,
    Resume,
    Run,
    Set,
    Sql,
    Step,
    Traffic,
    TryOut,
    Undo,
    Wait,
)
from lab.command_deeds import bulk, command, poison
from lab.dual import dual
from lab.fault_actions import (
    Crash,
    Dual,
    Handler,
    Mode,
    Oracle,
    Poison,
    Race,
    Redeliver,
    Reorder,
    Retry,
    Strategies,
    Travel,
)
from lab.faults import crash, handler, mode, redeliver, reorder, retry
from lab.lesson_actions import Index, Measure, Patch
from lab.lesson_deeds import index, measure, patch
from lab.model_deeds import model
from lab.oracle import oracle
from lab.outcome import CannotDo, Done, Line
from lab.own_deeds import write
from lab.pace_deeds import choose, traffic, wait
from lab.projector_deeds import run, sleep
from lab.query_deeds import query
from lab.race import race
from lab.stores import Stores
from lab.strategies import strategies
from lab.travel import travel


def perform(stores: Stores, action: Action, line: Line) -> Done:
    """Carry out an action; raise CannotDo where it makes no sense now."""
    return PERFORM[type(action)](stores, action, line)


def _go_back(stores: Stores, action: Undo | Reset, line: Line) -> Done:
    raise CannotDo(f"{action} drops lines that are there; a transcript leaves them out instead")


PERFORM: dict[type, Callable[[Stores, Any, Line], Done]] = {
    Cmd: command,
    Bulk: bulk,
    Model: model,
    ModelWrite: write,
    Step: run,
    Run: run,
    Pause: sleep,
    Resume: sleep,
    Wait: wait,
    Query: query,
    Sql: asked.keep,
    TryOut: steady.keep,
    Set: choose,
    Traffic: traffic,
    Undo: _go_back,
    Reset: _go_back,
    Poison: poison,
    Mode: mode,
    Crash: crash,
    Redeliver: redeliver,
    Reorder: reorder,
    Retry: retry,
    Handler: handler,
    Dual: dual,
    Oracle: oracle,
    Strategies: strategies,
    Race: race,
    Travel: travel,
    Patch: patch,
    Measure: measure,
    Index: index,
}
