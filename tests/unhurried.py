"""A server whose guard has no hurry: ``python -m tests.unhurried HOME PORT``."""

import sys
from pathlib import Path

import app
from tests.lab.guard.unhurried_keeper import unhurry
from web import server

unhurry(setattr)

create_app = app.create_app

if __name__ == "__main__":
    server.serve("tests.unhurried:create_app", "127.0.0.1", int(sys.argv[2]), Path(sys.argv[1]))
