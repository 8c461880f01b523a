"""The journal of a sandbox: lab.db, one connection.

A line is committed here before it acts, and gets its outcome afterwards; so after a crash the sandbox
knows what it was about to do, and does it again (see ``Sandbox``).
"""

import json
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

from cqrs.migrations import Migration, Migrations
from cqrs.sql import connect, transaction
from lab import limits
from lab.clock import iso
from lab.once import Once
from lab.outcome import Incident

FOLDER = Path(__file__).with_name("migrations")

MIGRATIONS = Migrations(
    Migration(
        version=1,
        name="what happened in a sandbox",
        up=(FOLDER / "1.sql").read_text(encoding="utf-8"),
        down="DROP VIEW lag; DROP TABLE queries; DROP TABLE journal; DROP TABLE samples; DROP TABLE trace; "
        "DROP TABLE applied; DROP TABLE settings;",
    ),
    Migration(
        version=2,
        name="what broke in a sandbox",
        up=(FOLDER / "2.sql").read_text(encoding="utf-8"),
        down="DROP TABLE results; DROP TABLE incidents;",
    ),
    Migration(
        version=3,
        name="what a page cost in a sandbox",
        up=(FOLDER / "3.sql").read_text(encoding="utf-8"),
        down="DROP TABLE measures;",
    ),
    Migration(
        version=4,
        name="what each store answered last",
        up=(FOLDER / "4.sql").read_text(encoding="utf-8"),
        down="DROP TABLE answers;",
    ),
)


ROOM_PAGES = 32
"""What a line may need, with its outcome and what is measured."""

LONG_AGO = -1_000_000
"""A number before that of any line."""

MEASURED = {"samples": "id", "queries": "n", "results": "n", "trace": "position", "applied": "to_position"}
"""The tables that only look back, each with the column that counts up."""


class Entry(NamedTuple):
    """One line of the journal."""

    n: int
    at: str
    origin: str
    line: str
    target: str | None
    outcome: str | None
    reason: str | None
    position: int | None
    answered_at: str | None
    waited: int | None = None
    """How many events were applied while a query waited; None for any other line."""


class Journal:
    """One connection to lab.db."""

    def __init__(self, path: Path, *, fast: bool = False) -> None:
        self.connection = connect(path, synchronous="OFF" if fast else "NORMAL")
        self.connection.execute(f"PRAGMA max_page_count = {limits.MAX_LAB_BYTES // limits.PAGE_BYTES}")
        MIGRATIONS.migrate(self.connection)
        self.once = Once()

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def transaction(self) -> AbstractContextManager[None]:
        """Write several rows as one."""
        return transaction(self.connection)

    def make_room(self) -> bool:
        """Return whether a line fits in; if not, answers are forgotten, then the older half of what was measured."""
        if self._pages_left() >= ROOM_PAGES:
            return True
        self.connection.execute("DELETE FROM answers")
        if self._pages_left() >= ROOM_PAGES:
            return True
        with self.transaction():
            for table, column in MEASURED.items():
                self.connection.execute(
                    f"DELETE FROM {table} WHERE {column} <= (SELECT avg({column}) FROM {table})"
                    f" AND {column} < (SELECT max({column}) FROM {table})"
                )
        return self._pages_left() >= ROOM_PAGES

    def _pages_left(self) -> int:
        pages: int = self.connection.execute(
            "SELECT max_page_count - page_count + freelist_count"
            " FROM pragma_max_page_count, pragma_page_count, pragma_freelist_count"
        ).fetchone()[0]
        return pages

    # Lines

    def next_number(self) -> int:
        """Return the number that the next line gets: 1 for the first after the setup."""
        number: int = self.connection.execute("SELECT coalesce(max(n), 0) + 1 FROM journal").fetchone()[0]
        return max(number, 1)

    def begin(self, n: int, at: int, origin: str, line: str, target: dict[str, int] | None) -> None:
        """Write a line down before it acts."""
        self.once.check()
        self.connection.execute(
            "INSERT INTO journal (n, at, origin, line, target) VALUES (?, ?, ?, ?, ?)",
            (n, iso(at), origin, line, json.dumps(target) if target is not None else None),
        )

    def finish(self, n: int, outcome: str, reason: str | None, position: int | None, answered_at: int) -> None:
        """Write down how a line ended."""
        self.connection.execute(
            "UPDATE journal SET outcome = ?, reason = ?, position = ?, answered_at = ? WHERE n = ?",
            (outcome, reason, position, iso(answered_at), n),
        )

    def entries(self, *, unfinished: bool = False) -> list[Entry]:
        """Return the lines in order, all of them or those that have no outcome yet."""
        where = "WHERE outcome IS NULL" if unfinished else ""
        lines = f"SELECT journal.*, waited FROM journal LEFT JOIN queries USING (n) {where} ORDER BY n"
        return [Entry(*row) for row in self.connection.execute(lines)]

    def last_reading(self) -> str | None:
        """Return the latest clock reading in the journal."""
        row = self.connection.execute("SELECT max(max(at), coalesce(max(answered_at), '')) FROM journal").fetchone()
        text: str | None = row[0]
        return text

    def begun(self, model: str) -> int:
        """Return the number of the line that made a read model as it is: what befell it earlier is gone."""
        acts = [
            f"model {act}"
            for name in (model, "all")
            for act in (
                f"add {name}",
                f"add {name} from=end",
                f"rebuild {name}",
                f"rebuild {name} beside=yes",
                f"switch {name}",
                f"drop {name}",
                f"forget {name}",
            )
        ]
        mine = "line IN (SELECT value FROM json_each(:acts)) OR line > :text AND line < :behind"
        done = f"SELECT n, substr(line, 1, 80) FROM journal WHERE outcome = 'done' AND ({mine}) ORDER BY n"
        # A line of one's own read model goes on with its text: it lies between the quote and the character behind it.
        text = {"text": f'model write {model} "', "behind": f"model write {model} #"}
        live = beside = LONG_AGO
        for n, line in self.connection.execute(done, {"acts": json.dumps(acts), **text}):
            if line.startswith("model switch"):
                live, beside = beside, live
            elif line.startswith(("model drop", "model forget")):
                live = LONG_AGO
            elif line.endswith("beside=yes") or (line.startswith("model write") and live != LONG_AGO):
                beside = n
            else:
                live = n
        return live

    def damaged(self, model: str, kinds: Iterable[str]) -> bool:
        """Tell whether something of these kinds befell an event on its way to a read model, since that was made."""
        newest = self.once("the newest incidents", self._newest_incidents)
        last = max((newest.get((model, kind), LONG_AGO) for kind in kinds), default=LONG_AGO)
        return last > LONG_AGO and last > self.begun(model)

    def _newest_incidents(self) -> dict[tuple[str, str], int]:
        """Return the number of the last line that brought an incident, by read model and kind."""
        rows = self.connection.execute("SELECT projection, what, max(n) FROM incidents GROUP BY projection, what")
        return {(model, kind): n for model, kind, n in rows}

    # What was seen

    def record_query(self, n: int, at: int, query: dict[str, Any]) -> None:
        """Keep what a query read."""
        values = {**query, "n": n, "at": iso(at), "result": json.dumps(query["result"], ensure_ascii=False)}
        self.connection.execute(
            "INSERT OR REPLACE INTO queries VALUES (:n, :at, :model, :key, :via, :as_of, :head, :waited, :result)",
            values,
        )

    def sample(self, n: int, at: int, head: int, positions: dict[str, int]) -> None:
        """Note where the head and every projection stand."""
        self.connection.execute(
            "INSERT INTO samples (n, at, head, positions) VALUES (?, ?, ?, ?)", (n, at, head, json.dumps(positions))
        )

    def record_trace(self, rows: Iterable[tuple[int, int, int]]) -> None:
        """Note when commands were received and committed: (position, received_at, committed_at)."""
        self.connection.executemany("INSERT OR REPLACE INTO trace VALUES (?, ?, ?)", rows)

    def record_applied(self, rows: Iterable[tuple[str, int, int, int, int]]) -> None:
        """Note which events were applied when: (projection, to, from, picked_up_at, applied_at)."""
        self.connection.executemany("INSERT OR REPLACE INTO applied VALUES (?, ?, ?, ?, ?)", rows)

    def forget_applied(self, projection: str) -> None:
        """Forget when events were applied to a read model that is no more: another has its name."""
        self.connection.execute("DELETE FROM applied WHERE projection = ?", (projection,))

    def record_incidents(self, n: int, incidents: Iterable[Incident]) -> None:
        """Note what befell events on their way."""
        self.connection.executemany(
            "INSERT INTO incidents (n, projection, what, first, last, point, kept, detail)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(n, *incident) for incident in incidents],
        )

    def record_result(self, n: int, result: Any) -> None:
        """Keep what an action found out."""
        text = json.dumps(result, ensure_ascii=False)
        self.connection.execute("INSERT OR REPLACE INTO results VALUES (?, ?)", (n, text))

    def keep_answer(self, store: str, n: int, result: dict[str, Any]) -> None:
        """Keep what a store answered to the question of a line, in the place of what it answered before."""
        text = json.dumps({**result, "took_us": None}, ensure_ascii=False)
        self.connection.execute(
            "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", (store, n, result["took_us"], text)
        )

    # Settings

    def setting(self, name: str, default: str = "") -> str:
        """Return a setting's value."""
        if self.once.holding:
            return self.once("the settings", self._settings).get(name, default)
        row = self.connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return row[0] if row else default

    def _settings(self) -> dict[str, str]:
        return dict(self.connection.execute("SELECT name, value FROM settings"))

    def set(self, name: str, value: object) -> None:
        """Change a setting."""
        self.once.check()
        self.connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, str(value)))
