"""A server that is given the time it needs, however slow its machine: ``python -m tests.patient HOME PORT``."""

import sys
from pathlib import Path

import app
from lab import limits
from web import server

limits.MAX_WAIT_SECONDS = server.GRACE_SECONDS = 600  # type: ignore[misc,assignment]

create_app = app.create_app

if __name__ == "__main__":
    server.serve("tests.patient:create_app", "127.0.0.1", int(sys.argv[2]), Path(sys.argv[1]))
