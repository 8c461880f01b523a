"""The same seed, the same run: a story of all kinds of lines ends in the same stores and leaves the same traces."""

import hashlib
import os
import random
from collections.abc import Callable, Iterator

from cqrs.read.projector import POINTS
from lab.language import VERBS
from lab.sandbox import Sandbox
from lab.tables import columns_of, tables
from tests.lab.owned import ADD, EDIT, EDIT_TO_ONCE
from tests.lab.sandboxes import fresh, replayed, without_syncing
from tests.lab.stories import Shoppers

SEEDS = int(os.environ.get("LAGOON_EXAMPLES", "8"))
LINES = 45
MODELS = ("spent", "spent", "sales", "order_list", "product_card", "customer_card", "product_search", "all")

MEASURED_ON_THE_MACHINE = {"measures": {"took_us"}, "answers": {"took_us"}}
"""What a manual clock does not rule: how long a question really took."""

ACTS = ("add", "rebuild", "drop", "fill", "switch", "cancel", "forget")
OWN = (ADD, ADD, EDIT, EDIT_TO_ONCE, "model rebuild spent beside=yes", "model drop spent old=yes")

ANYTHING: dict[str, Callable[[random.Random, str], str]] = {
    "bulk": lambda chance, model: f"bulk {chance.randint(1, 4)}",
    "query": lambda chance, model: f"query {model} via={chance.choice(['read', 'write', 'token', 'wait'])}",
    "step": lambda chance, model: f"step {model} {chance.randint(1, 4)}",
    "run": lambda chance, model: f"run {model}",
    "pause": lambda chance, model: f"pause {model}",
    "resume": lambda chance, model: f"resume {model}",
    "model": lambda chance, model: (
        f"model {chance.choice(ACTS)} {model}" if chance.random() < 0.5 else chance.choice(OWN)
    ),
    "sql": lambda chance, model: f'sql {chance.choice(["read", "write"])} "SELECT count(*) FROM {model}"',
    "trial": lambda chance, model: f"trial {model}",
    "set": lambda chance, model: f"set {model} delay={chance.randint(0, 3)}",
    "traffic": lambda chance, model: f"traffic {chance.randint(1, 5)}",
    "wait": lambda chance, model: f"wait {chance.randint(0, 900)}",
    "mode": lambda chance, model: (
        f"mode {model} dedupe={chance.choice(['on', 'off', 'position'])} atomic={chance.choice(['on', 'off'])}"
        f" poison={chance.choice(['halt', 'skip', 'park'])}"
    ),
    "crash": lambda chance, model: f"crash {model} {chance.choice(POINTS)}",
    "redeliver": lambda chance, model: f"redeliver {model} {chance.randint(1, 14)}",
    "reorder": lambda chance, model: f"reorder {model} {chance.randint(1, 2)}",
    "retry": lambda chance, model: f"retry {model}",
    "handler": lambda chance, model: f"handler {model} v={chance.randint(1, 2)}",
    "poison": lambda chance, model: "poison",
    "dual": lambda chance, model: chance.choice(["dual on", "dual on crash=yes", "dual off"]),
    "oracle": lambda chance, model: f"oracle {model}",
    "strategies": lambda chance, model: "strategies shoppers=1",
    "race": lambda chance, model: f"race {chance.choice(['guarded', 'read_then_write', 'ada', 'ben'])}",
    "travel": lambda chance, model: f"travel {chance.randint(0, 9)} since={chance.randint(0, 9)}",
    "patch": lambda chance, model: f'patch "UPDATE sales SET units = {chance.randint(0, 9)}"',
    "measure": lambda chance, model: f"measure {chance.choice(['crud', 'read_model'])}",
    "index": lambda chance, model: "index",
    "undo": lambda chance, model: "undo",
}


def story(seed: int) -> Iterator[str]:
    """Commands for the most part, and between them anything that can be done; a quarter of it makes no sense."""
    chance = random.Random(seed)
    shoppers = Shoppers(chance)
    for number in range(LINES):
        if number == LINES // 6:
            yield ADD
        if number == LINES // 3 and chance.random() < 0.2:
            yield "reset"
        if chance.random() < 0.35:
            yield shoppers.anything()
        else:
            yield ANYTHING[chance.choice(list(ANYTHING))](chance, chance.choice(MODELS))
    yield "run"


def trace(sandbox: Sandbox) -> str:
    """One hash over all that lab.db keeps: lines, outcomes, reasons, incidents, results, positions, readings."""
    connection, digest = sandbox.lab.connection, hashlib.sha256()
    for table in sorted({*tables(connection)} - {"results"}):
        left_out = MEASURED_ON_THE_MACHINE.get(table, set())
        columns = ", ".join(name for name in columns_of(connection, table) if name not in left_out)
        for row in connection.execute(f"SELECT {columns} FROM {table} ORDER BY {columns}"):
            digest.update(f"{table} {row!r}\n".encode())
    for row in connection.execute("SELECT n, json_remove(result, '$.took_us') FROM results ORDER BY n"):
        digest.update(f"result {row!r}\n".encode())
    return digest.hexdigest()


def live(seed: int) -> tuple[str, str, str, set[tuple[str, str | None]]]:
    with fresh() as sandbox:
        without_syncing(sandbox)
        for line in story(seed):
            sandbox.act(line)
        ended = {(entry.line.split()[0], entry.outcome) for entry in sandbox.lab.entries()}
        return sandbox.stores.fingerprint(), trace(sandbox), replayed(sandbox), ended


def test_every_run_of_a_seed_is_the_same_run_and_so_is_its_replay() -> None:
    traces, seen = set(), set[tuple[str, str | None]]()
    for seed in range(SEEDS):
        once, again = live(seed), live(seed)
        assert once == again, f"seed {seed}"
        assert once[0] == once[2], f"seed {seed}: the replay leads elsewhere"
        traces.add(once[1])
        seen |= once[3]
    assert len(traces) == SEEDS
    assert {outcome for _, outcome in seen} == {"accepted", "refused", "done", "failed", "stopped", "crashed"}


def test_a_story_may_hold_every_verb() -> None:
    assert {*ANYTHING, "cmd", "reset"} == set(VERBS)
