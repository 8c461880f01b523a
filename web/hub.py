"""What the live streams and the polls of one sandbox share: its panels, rendered once for all who watch."""

import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lab import limits
from lab.sandbox import Sandbox
from lab.shelf import Shelf
from web.throttle import Budget

SEEN = re.compile(r"([0-9a-f]{8})-([0-9]{1,12})")
NUDGE_SECONDS = 0.3
SOON_SECONDS = 0.005
SETTLE_SECONDS = 0.02

Look = Callable[[Sandbox], dict[str, Any]]
Render = Callable[[str, Any], str]


class TooManyStreams(Exception):
    """Every stream that there may be is taken; the page can poll."""


@dataclass(slots=True)
class Panel:
    """A panel as it is known: from what it is drawn, drawn or not yet, and the version at which it last changed."""

    context: Any
    changed: int
    html: str | None = None


class Channel:
    """One sandbox as it is watched; its version counts here, because it may be closed and opened meanwhile."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(4)
        self.version = 1
        self.rendered = 0
        self.panels: dict[str, Panel] = {}
        self.streams = 0
        self.nudges = 0
        self.changed = threading.Condition()
        self.rendering = threading.Lock()

    def seen(self, version: int) -> str:
        """Name a version, for a page to say later what it has seen."""
        return f"{self.epoch}-{version}"

    def version_seen(self, seen: str) -> int:
        """Return the version that a page has seen; 0 if it saw another epoch, or none."""
        match = SEEN.fullmatch(seen)
        return int(match[2]) if match and match[1] == self.epoch else 0

    def wake(self) -> None:
        """Wake every stream of this sandbox."""
        with self.changed:
            self.changed.notify_all()


class Hub:
    """The channels of all sandboxes that somebody watches."""

    def __init__(self, shelf: Shelf, look: Look, render: Render) -> None:
        self._shelf = shelf
        self._look = look
        self._render = render
        self._channels: OrderedDict[str, Channel] = OrderedDict()
        self._lock = threading.RLock()
        self._streams = 0
        self.budget = Budget(time.monotonic())
        self.closed = threading.Event()

    def stir(self, sandbox_id: str) -> None:
        """Tell whoever watches a sandbox that it changed."""
        channel = self._channels.get(sandbox_id)
        if channel is not None:
            with channel.changed:
                channel.version += 1
                channel.changed.notify_all()

    def close(self) -> None:
        """End every stream."""
        self.closed.set()
        for channel in list(self._channels.values()):
            channel.wake()

    def channel(self, sandbox_id: str) -> Channel:
        """Return the channel of a sandbox; the one unwatched for longest is forgotten when there are too many."""
        with self._lock:
            channel = self._channels.setdefault(sandbox_id, Channel())
            self._channels.move_to_end(sandbox_id)
            if len(self._channels) > limits.MAX_CHANNELS_REMEMBERED:
                unwatched = (name for name, other in self._channels.items() if not other.streams)
                del self._channels[next(unwatched)]
            return channel

    # Streams

    def has_room(self, channel: Channel) -> bool:
        """Tell whether one more stream of a sandbox is to be had."""
        return channel.streams < limits.MAX_STREAMS_PER_SANDBOX and self._streams < limits.MAX_STREAMS

    def enter(self, sandbox_id: str) -> Channel:
        """Take a stream of a sandbox, or raise TooManyStreams."""
        channel = self.channel(sandbox_id)
        with channel.changed:
            if not self.has_room(channel):
                # A page that was just left may still hold its stream: writing to it shows that nobody is there.
                channel.nudges += 1
                channel.changed.notify_all()
                channel.changed.wait_for(lambda: self.has_room(channel), NUDGE_SECONDS)
            with self._lock:
                if not self.has_room(channel):
                    raise TooManyStreams
                channel.streams += 1
                self._streams += 1
        return channel

    def leave(self, channel: Channel) -> None:
        """Give a stream back."""
        with channel.changed, self._lock:
            channel.streams -= 1
            self._streams -= 1
            channel.changed.notify_all()

    def wait(self, channel: Channel, version: int, seconds: float) -> None:
        """Wait until a sandbox has another version, or somebody asks whether this stream is still read."""
        nudges = channel.nudges
        with channel.changed:
            channel.changed.wait_for(
                lambda: channel.version != version or channel.nudges != nudges or self.closed.is_set(), seconds
            )

    # Panels

    def seed(self, sandbox_id: str, version: int, contexts: dict[str, Any]) -> None:
        """Note what a page was drawn from, so that its stream begins with the differences."""
        channel = self.channel(sandbox_id)
        with channel.rendering:
            if not channel.panels:
                channel.panels = {name: Panel(context, version) for name, context in contexts.items()}

    def news(self, sandbox_id: str, channel: Channel, version: int) -> tuple[dict[str, str], int]:
        """Return the panels that changed after a version, and the version they stand at."""
        with channel.rendering:
            if channel.version == version:
                return {}, version
            began = time.monotonic()
            if channel.rendered != channel.version:
                self._refresh(sandbox_id, channel)
            changed = {name: panel for name, panel in channel.panels.items() if panel.changed > version}
            drawn = {name: self._drawn(name, panel) for name, panel in changed.items()}
            self.budget.spend(time.monotonic() - began, time.monotonic())
            return drawn, channel.rendered

    @staticmethod
    def _let_due_go_first(sandbox: Sandbox, channel: Channel) -> None:
        """Wait a moment for what is due now anyway, so that a command and its batch are drawn once, together."""
        version, due = channel.version, sandbox.due()
        if due is not None and due <= SOON_SECONDS:
            with channel.changed:
                channel.changed.wait_for(lambda: channel.version != version, SETTLE_SECONDS)

    def _drawn(self, name: str, panel: Panel) -> str:
        if panel.html is None:
            panel.html = self._render(name, panel.context)
        return panel.html

    def _refresh(self, sandbox_id: str, channel: Channel) -> None:
        with self._shelf.open(sandbox_id, visit=False) as sandbox:
            self._let_due_go_first(sandbox, channel)
            version = channel.version
            with sandbox.lock:
                contexts = self._look(sandbox)
        for name, context in contexts.items():
            old = channel.panels.get(name)
            if old is None:
                channel.panels[name] = Panel(context, version)
            elif old.context != context:
                html = self._render(name, context)
                channel.panels[name] = Panel(context, old.changed if html == old.html else version, html)
        channel.rendered = version
