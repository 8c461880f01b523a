"""The settings of a sandbox, as lab.db keeps them: its pace, and what a learner broke."""

import json
from typing import Any

from lab import limits
from lab.journal import Journal
from lab.loose import Guards


class Settings:
    """What was chosen by action lines, for all read models together or for each of them apart."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    # The pace

    @property
    def delay(self) -> float:
        """The injected delay before each batch, in seconds."""
        return float(self._journal.setting("delay", str(limits.START_DELAY_SECONDS)))

    def delay_of(self, name: str | None) -> float:
        """Return the injected delay before each batch of one read model: its own, or the common one."""
        return float(self.delays().get(name or "", self.delay))

    def delays(self) -> dict[str, float]:
        """Return the delays of those read models that have one of their own."""
        return self.by_model("delays")

    @property
    def batch(self) -> int:
        """How many events the projector applies at once."""
        return int(self._journal.setting("batch", str(limits.START_BATCH_EVENTS)))

    @property
    def traffic(self) -> int:
        """How many commands the shoppers send a second; 0 is none."""
        return int(self._journal.setting("traffic", "0"))

    @property
    def receipt(self) -> int:
        """The position of the learner's last accepted command; 0 before the first."""
        return int(self._journal.setting("receipt", "0"))

    # What a learner broke

    def guards(self, name: str) -> Guards:
        """Return what a projection protects itself with."""
        return Guards(**self.by_model("modes").get(name, {}))

    def crashes(self) -> dict[str, str]:
        """Return the points at which a crash is armed, by read model."""
        return self.by_model("crashes")

    def versions(self) -> dict[str, int]:
        """Return the deployed version of each projection that is not the first one."""
        return self.by_model("versions")

    def by_model(self, setting: str) -> dict[str, Any]:
        """Return a setting that is chosen for each read model apart."""
        chosen: dict[str, Any] = json.loads(self._journal.setting(setting, "{}"))
        return chosen
