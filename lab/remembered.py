"""What lab.db remembers of the read models: enough to make read.db again."""

import json
from collections.abc import Iterable
from typing import Any

from cqrs.read.store import Checkpoint
from lab.journal import Journal


class Remembered:
    """Which read models there are, where each began to hear of events, which are paused, and where they stood last."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def models(self) -> dict[str, dict[str, Any]]:
        """Return the read models by name: from which position on each knows the log, where it stood, if it sleeps."""
        positions = self.positions()
        return {name: state | {"position": positions.get(name, state["from"])} for name, state in self._noted().items()}

    def positions(self) -> dict[str, int]:
        """Return the position of each projection as it was noted last."""
        row = self._journal.connection.execute("SELECT positions FROM samples ORDER BY id DESC LIMIT 1").fetchone()
        positions: dict[str, int] = json.loads(row[0]) if row else {}
        return positions

    def started_at(self, name: str) -> int:
        """Return the position behind which a read model began to hear of events; 0 is the beginning of the log."""
        return int(self._noted().get(name, {}).get("from", 0))

    def filled_to(self, name: str) -> int:
        """Return the position of the last event that was in the log already when a read model began (again).

        Up to there it is filled, and what it is filled with was not late; later events come to it as they happen.
        """
        return int(self._noted().get(name, {}).get("filled", 0))

    def note(self, checkpoints: Iterable[Checkpoint], head: int) -> None:
        """Note which read models there are now, where those that are new began, and which are paused."""
        before, models = self._noted(), {}
        for name, position, status, _ in checkpoints:
            if name not in before:
                self._journal.forget_applied(name)
            begun = before.get(name, {"from": position, "filled": head})
            models[name] = {**begun, "paused": status == "paused"}
        self._journal.set("models", json.dumps(models))

    def beginning_again(self, name: str, position: int, filled: int) -> str:
        """Return the setting ``models`` in which a read model is another one: it knows the log from a position on,
        and was, or will be, filled up to another."""
        models = self._noted()
        models[name] |= {"from": position, "filled": filled}
        return json.dumps(models)

    def _noted(self) -> dict[str, dict[str, Any]]:
        models: dict[str, dict[str, Any]] = json.loads(self._journal.setting("models", "{}"))
        return models
