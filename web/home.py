"""LAGOON_HOME: the folder that everything of this server lives in."""

import os
import secrets
import sqlite3
import tempfile
from contextlib import suppress
from pathlib import Path

CLAIM_SECONDS = 2.0


def secret_key(home: Path) -> bytes:
    """The key that signs cookies: made once, readable by its owner alone."""
    path = home / "secret.key"
    if not path.exists():
        handle, fresh = tempfile.mkstemp(dir=home)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
        # A link appears whole or not at all, so of two who start at once both read the first one's key.
        with suppress(FileExistsError):
            os.link(fresh, path)
        os.unlink(fresh)
    return path.read_bytes()


def claim(home: Path) -> sqlite3.Connection:
    """Keep the folder for this process while the answer is held (SIGKILL frees it too), or leave."""
    lock = sqlite3.connect(home / "server.lock", timeout=CLAIM_SECONDS, check_same_thread=False)
    try:
        lock.execute("PRAGMA journal_mode = MEMORY")
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        lock.close()
        raise SystemExit(f"Lagoon cannot start: another one is at work in {home}.") from None
    return lock
