"""What the tests of read models of one's own share: two texts for the same question, and shops that have one."""

from textwrap import dedent
from typing import Any

from lab.actions import ModelWrite
from lab.carry_out import Answer
from lab.guard.keeper import Keeper
from lab.guard.worker import answer
from lab.sandbox import Sandbox

SPENT = dedent("""\
    -- title: Spent by each customer
    -- key: customer_id
    CREATE TABLE spent (
        customer_id TEXT PRIMARY KEY,
        cents       INTEGER NOT NULL,
        from_event  INTEGER NOT NULL
    );
    CREATE INDEX spent_by_cents ON spent (cents);
    -- on OrderPlaced
    INSERT INTO spent VALUES (:customer_id, :total_cents, :position)
    ON CONFLICT (customer_id) DO UPDATE SET cents = cents + excluded.cents, from_event = excluded.from_event;
    -- on OrderCancelled
    UPDATE spent SET cents = cents - :total_cents, from_event = :position WHERE customer_id = :customer_id;
    """)

NAMED = dedent("""\
    -- key: customer_id
    CREATE TABLE spent (customer_id TEXT PRIMARY KEY, name TEXT NOT NULL, cents INTEGER NOT NULL, orders INTEGER);
    -- on OrderPlaced
    INSERT INTO spent VALUES (:customer_id, :customer_name, :total_cents, 1)
    ON CONFLICT (customer_id) DO UPDATE SET cents = cents + excluded.cents, orders = orders + 1;
    -- on OrderCancelled
    UPDATE spent SET cents = cents - :total_cents, orders = orders - 1 WHERE customer_id = :customer_id;
    """)
"""Another text, whose table has other columns."""

ONCE = NAMED.replace("ON CONFLICT (customer_id) DO UPDATE SET cents = cents + excluded.cents, orders = orders + 1", "")
"""A text for which the second order of a customer is poison."""

ADD = str(ModelWrite("spent", SPENT))
EDIT = str(ModelWrite("spent", NAMED))
EDIT_TO_ONCE = str(ModelWrite("spent", ONCE))

ORDERS = (
    "cmd place_order customer=c1 product=lamp qty=1 order=o1",
    "cmd place_order customer=c2 product=mug qty=2 order=o2",
    "cmd place_order customer=c1 product=mug qty=1 order=o3",
    "cmd cancel_order order=o1",
)
"""Four events, #6 to #9; the second order of c1 is #8."""


def do(sandbox: Sandbox, *lines: str) -> Answer:
    """Do lines that the test counts on; return the last answer."""
    for line in lines:
        answer = sandbox.act(line)
        assert answer.outcome in ("done", "accepted"), answer
    return answer


def refused(sandbox: Sandbox, line: str, outcome: str = "failed") -> str:
    answer = sandbox.act(line)
    assert answer.outcome == outcome, answer
    return str(answer.reason)


def rows(sandbox: Sandbox, name: str = "spent") -> list[dict[str, object]]:
    """The rows of a read model as a query gives them."""
    query = do(sandbox, f"query {name}").query
    assert query is not None
    found: list[dict[str, object]] = query["result"]
    return found


def spent(sandbox: Sandbox) -> dict[object, object]:
    return {row["customer_id"]: row["cents"] for row in rows(sandbox)}


def by_the_write_tables(sandbox: Sandbox) -> dict[object, object]:
    """The same figures, asked of the tables in which orders are kept."""
    return dict(
        sandbox.stores.write.connection.execute(
            "SELECT customer_id, sum(CASE status WHEN 'cancelled' THEN 0 ELSE qty * unit_price_cents END)"
            " FROM orders JOIN order_lines ON orders.id = order_id GROUP BY 1"
        ).fetchall()
    )


def at(sandbox: Sandbox, name: str = "spent") -> tuple[int, str]:
    state = sandbox.state()["projections"][name]
    return state["position"], state["status"]


class AtHome(Keeper):
    """Answers the guard's requests in this process, and not in a worker."""

    def once(self, request: Any, kind: Any, seconds: float, who: str | None = None) -> Any:
        return next(answer(request))
