"""What befell a sandbox's files, told until the learner has done something else."""

import json

from lab.journal import Journal

AGAIN = "{} and was made again from the event log"


class Notices:
    """The news of the files, by file name, kept in lab.db with the line of the journal that came next."""

    def __init__(self, journal: Journal, found: dict[str, str]) -> None:
        self._journal = journal
        for name, said in found.items():
            self.add(name, said)

    def add(self, name: str, said: str) -> None:
        """Keep what befell a file."""
        news = self.now() | {name: said}
        self._journal.set("notices", json.dumps({"before": self._journal.next_number(), "news": news}))

    def now(self) -> dict[str, str]:
        """Return what is still news: the learner has done at most one line since."""
        kept = json.loads(self._journal.setting("notices", "{}"))
        since = "SELECT 1 FROM journal WHERE origin = 'learner' AND n > ?"
        if not kept or self._journal.connection.execute(since, (kept["before"],)).fetchone():
            return {}
        news: dict[str, str] = kept["news"]
        return news
