"""How the server process learns that it shall end, so that what is under way ends by itself."""

import multiprocessing
import multiprocessing.util
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable

ENDING = {signal.SIGINT, signal.SIGTERM}

stopping = threading.Event()
_once = threading.Lock()
_callbacks: list[Callable[[], object]] = []


def on_stop(callback: Callable[[], object]) -> None:
    """Have `callback` called when the server is told to end: the place to wake whoever waits."""
    _callbacks.append(callback)


def stop() -> None:
    """Set `stopping`, then wake all who asked for it, once; who comes second waits until that is done."""
    with _once:
        if not stopping.is_set():
            stopping.set()
            for callback in _callbacks:
                callback()


def watch_signals() -> None:
    """Call `stop` at the first ending signal; to be called in the main thread of the server process."""
    if sys.platform != "win32":
        # Ctrl-C reaches parent and child; the child waits for its parent's SIGTERM, or it would seem to have crashed.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    # granian sets its own handlers once the app is loaded; the wake-up descriptor hears beside any handler.
    pair = socket.socketpair()
    pair[1].setblocking(False)
    signal.set_wakeup_fd(pair[1].fileno())
    threading.Thread(target=_listen, args=(pair,), name="shutdown", daemon=True).start()
    # Where nobody holds the server up, it is at its end before that thread has closed the stores.
    multiprocessing.util.Finalize(None, stop, exitpriority=0)


def _listen(pair: tuple[socket.socket, socket.socket]) -> None:
    # Both ends stay open to the end, because a second signal is written to them too.
    while heard := pair[0].recv(1):
        if heard[0] in ENDING:
            stop()


def die_with_parent() -> None:
    """End at once when the process that started this one is gone, or it would keep the port and the files."""

    def outlive(join: Callable[[], None]) -> None:
        join()
        os._exit(1)

    if parent := multiprocessing.parent_process():
        threading.Thread(target=outlive, args=(parent.join,), name="parent", daemon=True).start()
