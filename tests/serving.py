"""A real server on a free port, for tests that must see one from outside."""

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Protocol

ROOT = Path(__file__).parent.parent


class Started(Protocol):
    """A server, and what it writes."""

    @property
    def stdout(self) -> IO[str] | None: ...


def free_port() -> int:
    """A port that nobody listens at, below those that a system lends to whoever connects: none goes meanwhile.

    Of tests that run beside each other, each draws from ports of its own.
    """
    lane = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    lanes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    while True:
        port = 20_000 + secrets.randbelow(12_000 // lanes) * lanes + lane
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def start(home: Path, port: int, module: str = "", **environment: str) -> subprocess.Popen[str]:
    """Start `app.py` as `make run` does, or a module of the tests, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, *(["-m", module, str(home), str(port)] if module else [ROOT / "app.py"])],
        cwd=ROOT,
        env={**os.environ, "HOST": "127.0.0.1", "PORT": str(port), "LAGOON_HOME": str(home), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_for_address(process: Started) -> str:
    """The address that the server prints once it answers there."""
    assert process.stdout
    line = process.stdout.readline()
    assert line.startswith("Lagoon is at "), line + process.stdout.read()
    return line.removeprefix("Lagoon is at ").strip()


@contextmanager
def running(
    home: Path, port: int | None = None, module: str = "", **environment: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server and its address; it is ended on leaving, if it still runs."""
    process = start(home, port or free_port(), module, **environment)
    try:
        yield process, wait_for_address(process)
        process.terminate()
        process.communicate(timeout=60)
    finally:
        process.kill()
