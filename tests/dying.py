"""A server that dies between commit and reply: ``python -m tests.dying HOME PORT``."""

import os
import signal
import sys
from pathlib import Path

from flask import Flask, Response

import app
from web import server


def create_app(home: Path) -> Flask:
    """Make the application, which keeps its first answer for the one who reads files, and dies."""
    made = app.create_app(home)

    @made.after_request
    def die(response: Response) -> Response:
        (home / "reply.json").write_bytes(response.get_data())
        os.kill(os.getpid(), signal.SIGKILL)
        return response

    return made


if __name__ == "__main__":
    server.serve("tests.dying:create_app", "127.0.0.1", int(sys.argv[2]), Path(sys.argv[1]))
