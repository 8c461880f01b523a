"""The server: granian, one process that serves, a thread for each stream and some for everything else."""

import os
import pkgutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from lab import limits
from web import shutdown, trust
from web.home import claim

GRACE_SECONDS = 3
PORT_SECONDS = 2.0
LOOK_SECONDS = 0.02


def serve(target: str, host: str, port: int, home: Path) -> None:
    """Serve the application that `target` makes for `home`, until a signal ends it."""
    address = resolve(host)
    wait_until_free(address, port)
    claim(home).close()
    server = Granian(
        target,
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        blocking_threads=limits.MAX_STREAMS + limits.SPARE_THREADS,
        backlog=limits.WAITING_CONNECTIONS,
        workers_kill_timeout=GRACE_SECONDS,
        log_level=LogLevels.error,
    )
    if sys.platform != "win32":
        # granian would start a second process on a hang-up; a closed terminal should end the server instead.
        on_hangup = signal.getsignal(signal.SIGHUP)
        end = signal.SIG_IGN if on_hangup is signal.SIG_IGN else server.signal_handler_interrupt
        server.on_startup(lambda: signal.signal(signal.SIGHUP, end))
    server.serve(target_loader=partial(load, home=home, say=partial(announce, host, address, port)))


def load(target: str, home: Path, say: Callable[[], None]) -> Flask:
    """Make the application, inside the process that serves, and tie that process to its parent."""
    shutdown.die_with_parent()
    shutdown.watch_signals()
    raise_file_limit()
    claimed = claim(home)
    trust.begin()
    app: Flask = pkgutil.resolve_name(target)(home)
    app.extensions["claim"] = claimed
    threading.Thread(target=say, name="announce", daemon=True).start()
    return app


def resolve(host: str) -> str:
    """The address that `host` names, IPv4 first."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        raise SystemExit(f"Lagoon cannot start: HOST={host} names no address.") from None
    return str(min(found, key=lambda info: info[0] != socket.AF_INET)[4][0])


def wait_until_free(address: str, port: int) -> None:
    """Leave if the port is taken: on Linux granian would quietly share it with whoever has it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    give_up = time.monotonic() + PORT_SECONDS
    while True:
        try:
            socket.create_server((address, port), family=family).close()
            return
        except OSError as error:
            if time.monotonic() > give_up:
                why = os.strerror(error.errno or 0)
                raise SystemExit(f"Lagoon cannot start at {address}:{port}: {why}.") from None
            time.sleep(LOOK_SECONDS)


def announce(host: str, address: str, port: int) -> None:
    """Print where Lagoon is, once it answers there."""
    everywhere = address in ("0.0.0.0", "::")
    here = "127.0.0.1" if everywhere else address
    while True:
        with suppress(OSError), socket.create_connection((here, port)):
            break
        time.sleep(LOOK_SECONDS)
    print(f"Lagoon is at {url(here if everywhere else host, port)}", flush=True)
    if everywhere and (outside := network_address()):
        print(f"and, for everyone on this network, at {url(outside, port)}", flush=True)


def url(host: str, port: int) -> str:
    """The address as a browser takes it."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def network_address() -> str | None:
    """This machine's address as its neighbours see it; asking the routing table sends nothing."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return None


def raise_file_limit() -> None:
    """Ask for enough open files for all streams, waiting connections and open sandboxes."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = limits.OPEN_FILES if hard == resource.RLIM_INFINITY else min(limits.OPEN_FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
