"""Lagoon: `create_app` makes the application; run as a program, this file starts the server."""

import os
import sqlite3
from pathlib import Path

from flask import Flask

import web
from web import home as homes
from web import server

OLDEST_SQLITE = (3, 38)


def create_app(home: Path | None = None) -> Flask:
    """Make the application whose sandboxes live under `home` (or LAGOON_HOME, or instance/)."""
    home = home or home_from_environment()
    home.mkdir(parents=True, exist_ok=True)
    app = Flask(__name__)
    app.secret_key = homes.secret_key(home)
    web.register(app, home)
    return app


def home_from_environment() -> Path:
    """LAGOON_HOME, else instance/ in the working directory."""
    return Path(os.environ.get("LAGOON_HOME") or "instance").resolve()


def main() -> None:
    """Start the server as HOST, PORT and LAGOON_HOME ask, or leave with a clear word."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise SystemExit(f"Lagoon needs SQLite 3.38 or newer; this Python has {sqlite3.sqlite_version}.")
    port = os.environ.get("PORT") or "8000"
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise SystemExit(f"Lagoon cannot start: PORT={port} is not a number from 1 to 65535.")
    home = home_from_environment()
    home.mkdir(parents=True, exist_ok=True)
    server.serve("app:create_app", os.environ.get("HOST") or "127.0.0.1", int(port), home)


if __name__ == "__main__":
    main()
