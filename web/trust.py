"""Whether SQL that people type is run on this server: the guard's self-test says so, once, at the start."""

import threading

from lab import guard


def begin() -> None:
    """Let the self-test run while the server starts; whoever asks meanwhile waits for its end."""
    threading.Thread(target=guard.trusted, name="self-test", daemon=True).start()


def why_not() -> str | None:
    """Return why the SQL pane and read models of one's own are switched off, None where they work."""
    return guard.trusted()
