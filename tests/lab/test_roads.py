"""The roads of three lessons about breaking, and their wrong turns: each leaves what the curriculum says it leaves.

A lesson's checks look at the stores and never at the road; so here they are asked of every road, and those that
fail must be those that the curriculum names.
"""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lab.sandbox import Sandbox
from tests.lab.sandboxes import replayed

Check = Callable[[Sandbox], bool]


def from_write(sandbox: Sandbox, sql: str, *values: object) -> Any:
    return sandbox.write.connection.execute(sql, values).fetchone()[0]


def from_read(sandbox: Sandbox, sql: str) -> Any:
    return sandbox.read.connection.execute(sql).fetchone()[0]


def from_lab(sandbox: Sandbox, sql: str) -> Any:
    return sandbox.lab.connection.execute(sql).fetchone()[0]


def caught_up(*models: str) -> Check:
    return lambda sandbox: all(sandbox.state()["projections"].get(model, {}).get("behind") == 0 for model in models)


def list_is_true(sandbox: Sandbox) -> bool:
    orders = dict(sandbox.write.connection.execute("SELECT id, status FROM orders"))
    return "order_list" in sandbox.projections and orders == dict(
        sandbox.read.connection.execute("SELECT order_id, status FROM order_list")
    )


SOLD = (
    "SELECT coalesce(sum(qty), 0) FROM order_lines JOIN orders ON orders.id = order_id"
    " JOIN commands ON commands.name = 'PlaceOrder' AND args ->> 'order_id' = order_id AND outcome = 'accepted'"
    " WHERE status <> 'cancelled' AND product_id = ? AND position <= ?"
)
STANDING = "SELECT coalesce(sum(qty), 0) FROM order_lines JOIN orders ON id = order_id WHERE status <> 'cancelled'"


def sales_sum_is_true(sandbox: Sandbox) -> bool:
    return bool(from_read(sandbox, "SELECT coalesce(sum(units), 0) FROM sales") == from_write(sandbox, STANDING))


# Facts that commit together

L03_SETUP = ("dual on crash=yes",)


def crashed_order(sandbox: Sandbox) -> str:
    return str(from_lab(sandbox, "SELECT detail FROM incidents WHERE what = 'split'"))


def ada_once(sandbox: Sandbox) -> bool:
    same = (
        "SELECT count(*) FROM orders AS died JOIN order_lines AS lost ON lost.order_id = died.id"
        " JOIN orders ON orders.customer_id = died.customer_id AND orders.id <> died.id"
        " JOIN order_lines AS line ON line.order_id = orders.id"
        " AND line.product_id = lost.product_id AND line.qty = lost.qty WHERE died.id = ?"
    )
    return bool(from_write(sandbox, same, crashed_order(sandbox)) == 0)


def an_order_without_the_copy(sandbox: Sandbox) -> bool:
    newest = from_write(
        sandbox,
        "SELECT args ->> 'order_id' FROM commands WHERE name = 'PlaceOrder'"
        " AND outcome = 'accepted' ORDER BY position DESC LIMIT 1",
    )
    copied = {order for (order,) in sandbox.read.connection.execute("SELECT order_id FROM dual_orders")}
    return newest != crashed_order(sandbox) and newest not in copied


L03: dict[str, Check] = {
    "saw-divergence": lambda sandbox: crashed_order(sandbox) == "o1",
    "ada-once": ada_once,
    "dual-off-order": an_order_without_the_copy,
    "list-complete": list_is_true,
    "caught-up": caught_up("order_list"),
    "inv:every-order-has-its-fact": lambda sandbox: (
        from_write(
            sandbox, "SELECT (SELECT count(*) FROM orders) = (SELECT count(*) FROM events WHERE type = 'OrderPlaced')"
        )
        == 1
    ),
}

ADA = "cmd place_order customer=c1 product=lamp qty=1 order=o1"
BEN = "cmd place_order customer=c2 product=mug qty=1 order=o2"
L03_ROADS: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "the way through": ((ADA, "dual off", "model add order_list", BEN, "run"), set()),
    "sends the order again": (
        (ADA, ADA.replace("=o1", "=o1b"), "dual off", "model add order_list", BEN, "run"),
        {"ada-once"},
    ),
    "patches the second store by hand": (
        (ADA, "by hand: INSERT INTO dual_orders VALUES ('o1', 'lamp', 1)", "dual off", "model add order_list", BEN),
        {"list-complete", "caught-up"},
    ),
    "read model starts at the end of the log": (
        (ADA, "dual off", "model add order_list from=end", BEN, "run"),
        {"list-complete"},
    ),
}

# Twice must mean once

L09_SETUP = ("mode sales dedupe=off atomic=off", "model add sales", "run")


def looks(sandbox: Sandbox) -> list[tuple[int, int, int, int, int]]:
    """Every row that a query of sales has read: line, as of, head, units, and the units that were true then."""
    seen = sandbox.lab.connection.execute(
        "SELECT queries.n, as_of, head, row.value ->> 'product_id', row.value ->> 'units'"
        " FROM queries, json_each(result) AS row WHERE model = 'sales' ORDER BY queries.n"
    )
    return [
        (n, as_of, head, units, from_write(sandbox, SOLD, product, head)) for n, as_of, head, product, units in seen
    ]


def crashes(sandbox: Sandbox) -> list[int]:
    return [entry.n for entry in sandbox.lab.entries() if entry.outcome == "crashed"]


def survived_a_second_crash(sandbox: Sandbox) -> bool:
    modes = [(entry.n, entry.line) for entry in sandbox.lab.entries() if entry.line.startswith("mode sales")]
    died = crashes(sandbox)
    return len(died) >= 2 and any("dedupe=on" in [line for n, line in modes if n < at][-1] for at in died)


L09: dict[str, Check] = {
    "double-seen": lambda sandbox: any(
        n > crashes(sandbox)[0] and units > true for n, _, _, units, true in looks(sandbox)
    ),
    "survived-second-crash": survived_a_second_crash,
    "redelivery-harmless": lambda sandbox: (
        from_lab(
            sandbox,
            "SELECT count(*) FROM incidents JOIN journal USING (n) WHERE what = 'known' AND line LIKE 'redeliver%'",
        )
        > 0
    ),
    "remembers-what-it-did": lambda sandbox: from_read(sandbox, "SELECT count(*) FROM _seen") == sandbox.write.head(),
    "true": lambda sandbox: all(
        units == from_write(sandbox, SOLD, product, sandbox.write.head())
        for product, units in sandbox.read.connection.execute("SELECT product_id, sum(units) FROM sales GROUP BY 1")
    ),
    "true-sum": sales_sum_is_true,
    "caught-up": caught_up("sales"),
    "looked-again": lambda sandbox: any(
        n > crashes(sandbox)[-1] and as_of == head == sandbox.write.head() and units == true
        for n, as_of, head, units, true in looks(sandbox)
    ),
}

TWO_MUGS = "cmd place_order customer=c1 product=mug qty=2"
ONE_MUG = "cmd place_order customer=c2 product=mug qty=1"
DOUBLED = (TWO_MUGS, "crash sales after_apply", "run sales", "run sales", "query sales mug")
UNSAFE = {
    "survived-second-crash",
    "redelivery-harmless",
    "remembers-what-it-did",
    "true",
    "true-sum",
    "looked-again",
}
L09_ROADS: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "the way through": (
        (
            *DOUBLED,
            "mode sales dedupe=on atomic=on",
            "model rebuild sales",
            "run sales",
            ONE_MUG,
            "crash sales before_commit",
            "run sales",
            "run sales",
            "redeliver sales 6",
            "query sales mug",
        ),
        set(),
    ),
    "corrects the number by hand": ((*DOUBLED, "by hand: UPDATE sales SET units = 2", "redeliver sales 6"), UNSAFE),
    "rebuilds but stays unsafe": (
        (
            *DOUBLED,
            "model rebuild sales",
            "run sales",
            ONE_MUG,
            "crash sales after_apply",
            "run sales",
            "run sales",
        ),
        UNSAFE,
    ),
    "trusts the checkpoint alone and gets a redelivery": (
        (*DOUBLED, "mode sales atomic=on", "model rebuild sales", "run sales", "redeliver sales 6", "run sales"),
        UNSAFE,
    ),
}

# The event that will not go through

L10_SETUP = (
    "model add sales",
    "model add order_list",
    "run",
    "poison order=old1",
    "cmd place_order customer=c2 product=mug qty=2 order=n1",
)

L10: dict[str, Check] = {
    "stuck-seen": lambda sandbox: from_lab(sandbox, "SELECT count(*) FROM journal WHERE outcome = 'stopped'") > 0,
    "parked-not-lost": lambda sandbox: (
        from_read(sandbox, "SELECT count(*) FROM _parked WHERE projection = 'sales'") >= 1
    ),
    "follow-up-parked-too": lambda sandbox: (
        from_read(sandbox, "SELECT count(*) FROM _parked WHERE projection = 'order_list' AND stream = 'order-old1'")
        >= 2
    ),
    "all-resolved": lambda sandbox: from_read(sandbox, "SELECT count(*) FROM _parked WHERE NOT resolved") == 0,
    "list-true": list_is_true,
    "sales-true-sum": sales_sum_is_true,
    "caught-up": caught_up("sales", "order_list"),
}

STUCK = ("run sales", "run order_list")
PASS_BY = ("resume sales", "resume order_list", "cmd cancel_order order=old1", "run")
PARKED = (*STUCK, "mode sales poison=dlq", "mode order_list poison=dlq", *PASS_BY)
RETRIED = ("retry sales", "retry order_list")
L10_ROADS: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "the way through": ((*PARKED, "handler sales v=2", "handler order_list v=2", *RETRIED), set()),
    "skips it silently": (
        (*STUCK, "mode sales poison=skip", "mode order_list poison=skip", *PASS_BY),
        {"parked-not-lost", "follow-up-parked-too", "list-true", "sales-true-sum"},
    ),
    "parks it and walks away": (PARKED, {"all-resolved", "list-true"}),
    "retries without repairing the handler": ((*PARKED, *RETRIED), {"all-resolved", "list-true"}),
    "resumes and hopes": (
        ("run sales", "resume sales", "run sales", "resume sales", "run sales"),
        {"parked-not-lost", "follow-up-parked-too", "list-true", "sales-true-sum", "caught-up"},
    ),
    "repairs the handler and rebuilds": (
        (
            *PARKED,
            "handler sales v=2",
            "handler order_list v=2",
            "model rebuild sales",
            "model rebuild order_list",
            "run",
        ),
        set(),
    ),
}

ROADS = [
    pytest.param(setup, checks, *road, id=f"{lesson}: {name}")
    for lesson, setup, checks, roads in (
        ("L03", L03_SETUP, L03, L03_ROADS),
        ("L09", L09_SETUP, L09, L09_ROADS),
        ("L10", L10_SETUP, L10, L10_ROADS),
    )
    for name, road in roads.items()
]


def walk(sandbox: Sandbox, road: tuple[str, ...]) -> bool:
    """Do the lines; what is done by hand goes past the journal, so whether anything did is the answer."""
    hands = [line.removeprefix("by hand: ") for line in road if line.startswith("by hand: ")]
    for line in road:
        if line.startswith("by hand: "):
            sandbox.read.connection.execute(line.removeprefix("by hand: "))
        else:
            answer = sandbox.act(line)
            assert answer.outcome not in ("failed", "refused"), answer
    return bool(hands)


@pytest.mark.parametrize(("setup", "checks", "road", "fails"), ROADS)
def test_a_road_leaves_what_the_curriculum_says(
    tmp_path: Path, setup: tuple[str, ...], checks: dict[str, Check], road: tuple[str, ...], fails: set[str]
) -> None:
    with closing(Sandbox.create(tmp_path / "lesson", clock="manual", setup=setup)) as sandbox:
        by_hand = walk(sandbox, road)
        assert {name for name, check in checks.items() if not check(sandbox)} == fails
        assert by_hand or replayed(sandbox) == sandbox.stores.fingerprint()


# What a learner predicts


def test_after_the_crash_only_the_write_store_knows_the_order(tmp_path: Path) -> None:
    with closing(Sandbox.create(tmp_path / "lesson", clock="manual", setup=L03_SETUP)) as sandbox:
        sandbox.act(ADA)
        assert from_write(sandbox, "SELECT count(*) FROM orders") == 1
        assert from_read(sandbox, "SELECT count(*) FROM dual_orders") == 0


def test_the_report_shows_four(tmp_path: Path) -> None:
    with closing(Sandbox.create(tmp_path / "lesson", clock="manual", setup=L09_SETUP)) as sandbox:
        answers = [sandbox.act(line) for line in DOUBLED]
        assert [answer.outcome for answer in answers] == ["accepted", "done", "crashed", "done", "done"]
        assert answers[-1].as_json()["result"][0]["units"] == 4


def test_the_sales_page_is_two_behind(tmp_path: Path) -> None:
    with closing(Sandbox.create(tmp_path / "lesson", clock="manual", setup=L10_SETUP)) as sandbox:
        assert sandbox.act("run sales").outcome == "stopped"
        lag = "SELECT behind FROM lag WHERE projection = 'sales' ORDER BY n DESC LIMIT 1"
        assert sandbox.state()["projections"]["sales"]["behind"] == from_lab(sandbox, lag) == 2
