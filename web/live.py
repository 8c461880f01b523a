"""The page as it moves: a stream of changed panels, or the same panels for those who ask again and again."""

import time
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from lab import limits
from lab.carry_out import Busy
from lab.damage import Damaged
from lab.pool import Crowded
from lab.shelf import NoSuchSandbox
from web import frames, visitor
from web.hub import Channel, TooManyStreams
from web.parts import parts
from web.throttle import Throttle

blueprint = Blueprint("live", __name__)

RETRY = {"Retry-After": str(limits.RETRY_AFTER_SECONDS)}


@blueprint.get("/live")
def stream() -> ResponseReturnValue:
    """Send the panels that changed, as they change. Refused a stream, the page gets an element that polls."""
    sandbox_id = visitor.sandbox_id()
    if sandbox_id is None:
        return live_partial(live(None)), 503, RETRY
    last_seen = request.headers.get("Last-Event-ID")
    try:
        channel = parts().hub.enter(sandbox_id)
    except TooManyStreams:
        return _refused(sandbox_id, reconnecting=last_seen is not None)
    hub = parts().hub
    seen = channel.version_seen(last_seen or request.args.get("seen", ""))
    response = _event_stream(stream_with_context(_frames(sandbox_id, channel, seen)))
    # A generator that was never begun is never finished either, so its end is no place to give the stream back.
    response.call_on_close(lambda: hub.leave(channel))
    return response


@blueprint.get("/panels")
def panels() -> ResponseReturnValue:
    """Send the panels that changed since the page last saw them, and a stream if there is one to be had."""
    sandbox_id = visitor.sandbox_id()
    if sandbox_id is None:
        return "", 204
    hub = parts().hub
    channel = hub.channel(sandbox_id)
    parts().shelf.visit(sandbox_id)
    seen = channel.version_seen(request.args.get("seen", ""))
    changed, version = hub.news(sandbox_id, channel, seen)
    if version == seen and not hub.has_room(channel):
        return "", 204
    return _together(changed) + live_partial(live(sandbox_id, version))


def live(sandbox_id: str | None, version: int = 0) -> dict[str, str]:
    """Return what the page's element #live shall do from here: listen to a stream, or poll."""
    if sandbox_id is None:
        return {"mode": "poll", "seen": ""}
    hub = parts().hub
    channel = hub.channel(sandbox_id)
    return {"mode": "stream" if hub.has_room(channel) else "poll", "seen": channel.seen(version)}


def version_now() -> int:
    """Return the version of the visitor's sandbox, to be asked before a page is drawn."""
    own = visitor.sandbox_id()
    return parts().hub.channel(own).version if own else 0


def seen_now() -> str:
    """Name the version of the visitor's sandbox, for a part of a page to ask later whether there is another."""
    own = visitor.sandbox_id()
    channel = parts().hub.channel(own) if own else None
    return channel.seen(channel.version) if channel else ""


def live_from(version: int, contexts: dict[str, Any]) -> dict[str, str]:
    """Let a page that was drawn from these contexts listen for what changed after a version."""
    own = visitor.sandbox_id()
    if own:
        parts().hub.seed(own, version, contexts)
    return live(own, version)


def live_partial(then: dict[str, str]) -> str:
    """Write the element #live anew."""
    return frames.partial("live", render_template("_live.html", live=then), "outerHTML")


def _together(changed: dict[str, str]) -> str:
    return "".join(frames.partial(name, html) for name, html in changed.items())


def _refused(sandbox_id: str, *, reconnecting: bool) -> ResponseReturnValue:
    channel = parts().hub.channel(sandbox_id)
    text = live_partial({"mode": "poll", "seen": channel.seen(0)})
    if reconnecting:
        # A page that reconnects reads nothing but a stream, so it is told by one, which then ends.
        return _event_stream(iter([frames.event(text, channel.seen(0))]))
    return text, 503, RETRY


def _event_stream(chunks: Iterator[bytes]) -> Response:
    return Response(chunks, mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _frames(sandbox_id: str, channel: Channel, seen: int) -> Iterator[bytes]:
    hub, shelf = parts().hub, parts().shelf
    ends = time.monotonic() + limits.STREAM_MAX_SECONDS
    throttle = Throttle(time.monotonic())
    # The first bytes let the browser know at once that it is connected.
    yield frames.HEARTBEAT
    while not hub.closed.is_set() and (left := ends - time.monotonic()) > 0:
        try:
            shelf.visit(sandbox_id)
            changed, version = hub.news(sandbox_id, channel, seen)
        except (Crowded, Busy, NoSuchSandbox):
            return
        except Damaged:
            # A page that polls is told what is the matter, and a stream cannot tell it.
            yield frames.event(live_partial({"mode": "poll", "seen": channel.seen(0)}), channel.seen(0))
            return
        if changed:
            yield frames.event(_together(changed), channel.seen(version))
            hub.closed.wait(throttle.seconds_after_sending(time.monotonic()))
        elif version == seen:
            yield frames.HEARTBEAT
        seen = version
        hub.wait(channel, seen, min(left, limits.HEARTBEAT_SECONDS))
        while not hub.closed.wait(hub.budget.seconds_to_wait(time.monotonic())):
            if hub.budget.seconds_to_wait(time.monotonic()) == 0:
                break
