"""The long-lived parts of the application, as a request finds them."""

from dataclasses import dataclass

from flask import current_app

from lab.lesson_progress import ProgressShelf
from lab.shelf import Shelf
from lab.worker import Workers
from web.hub import Hub


@dataclass(frozen=True, slots=True)
class Parts:
    """The shelf of sandboxes, the worker that moves them, the hub of those who watch, everybody's progress."""

    shelf: Shelf
    worker: Workers
    hub: Hub
    progress: ProgressShelf

    def close(self) -> None:
        """End the streams, finish what is under way, close the stores."""
        self.hub.close()
        self.worker.stop()
        self.shelf.close()


def parts() -> Parts:
    """Return the parts of the application that serves this request."""
    found: Parts = current_app.extensions["lagoon"]
    return found
