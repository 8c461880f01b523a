"""The lag chart's lines, worked out on the server: numbers in, SVG paths out. A drawing is 1000 wide and 100 high."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

WIDTH = 1000
HEIGHT = 100
APART = 1.7
"""Lines that lie on each other are drawn this much apart, so that each can be seen."""

BUNDLE = 7.0
"""Many such lines lie closer, so that none of them seems to stand higher than it does."""


def top_of(largest: float) -> int:
    """Return a round number that is at least as large, and whole when halved."""
    tops: list[int] = [step * 10**power for power in range(16) for step in (2, 4, 10)]
    return tops[bisect_left(tops, largest)]


def lifts(lines: int) -> list[float]:
    """Return how much higher each of so many lines is drawn than the first."""
    apart = min(APART, BUNDLE / max(1, lines - 1))
    return [apart * number for number in range(lines)]


def stairs(points: Sequence[tuple[float, float]], top: float, lift: float = 0.0) -> str:
    """Draw values that hold until the next one: a line of steps. ``points`` are (0 to 1, value)."""
    path, before = "", None
    for x, value in points:
        if value != before:
            across, up = round(x * WIDTH, 1), round(HEIGHT - lift - value / top * (HEIGHT - 10), 1)
            path += f"H{across:g}V{up:g}" if path else f"M{across:g} {up:g}"
        before = value
    return f"{path}H{WIDTH}" if path else ""


def area(points: Sequence[tuple[float, float]], top: float) -> str:
    """Fill what lies under a line of steps."""
    line = stairs(points, top)
    return f"{line}V{HEIGHT}H{points[0][0] * WIDTH:g}Z" if line else ""


def dots(points: Iterable[tuple[float, float]], top: float) -> str:
    """Draw a dot for each value: a stroke without length, round at its ends."""
    return "".join(f"M{x * WIDTH:.1f} {HEIGHT - 4 - value / top * (HEIGHT - 12):.1f}h0" for x, value in points)


def bars(spans: Iterable[tuple[str, float, float]], longest: float) -> list[dict[str, Any]]:
    """Lay spans (name, from, to) on one line; even the shortest can be seen."""
    laid = []
    for name, start, end in spans:
        left = start / longest * (WIDTH - 12)
        laid.append({"name": name, "x": round(left, 1), "width": round(max((end - start) / longest * WIDTH, 4), 1)})
    return laid


def told(microseconds: float) -> str:
    """Say a length of time as a person would."""
    if microseconds < 1000:
        return f"{microseconds / 1000:.2f} ms"
    if microseconds < 100_000:
        return f"{microseconds / 1000:.1f} ms"
    if microseconds < 1_000_000:
        return f"{microseconds / 1000:.0f} ms"
    return f"{microseconds / 1_000_000:.2f} s" if microseconds < 100_000_000 else f"{microseconds / 1e6:,.0f} s"
