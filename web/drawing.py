"""The lag chart's lines, worked out on the server: numbers in, SVG paths out. A drawing is 1000 wide and 100 high."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

WIDTH = 1000
HEIGHT = 100
BELOW = 4
"""What lies below the line of zero."""

STRIPE = 24
"""Lines that lie on each other take turns, each for so far."""


def top_of(largest: float) -> int:
    """Return a round number that is at least as large, and whole when halved."""
    tops: list[int] = [step * 10**power for power in range(16) for step in (2, 4, 10)]
    return tops[bisect_left(tops, largest)]


def level(value: float, top: float) -> float:
    """Return how far from the top a value is drawn."""
    return round(HEIGHT - value / top * (HEIGHT - 10), 1)


def place(x: float, value: float, top: float) -> tuple[float, float]:
    """Return where a mark stands in a drawing that is not stretched, in percent of its width and of its height."""
    return round(x * 100, 2), round(level(value, top) / (HEIGHT + BELOW) * 100, 2)


def stairs(points: Sequence[tuple[float, float]], top: float) -> str:
    """Draw values that hold until the next one: a line of steps. ``points`` are (0 to 1, value)."""
    return shared({"": points}, top)[""]


def shared(lines: Mapping[str, Sequence[tuple[float, float]]], top: float) -> dict[str, str]:
    """Draw several such lines, each at its height; where some lie on each other, they take turns."""
    steps = {name: {round(x * WIDTH, 1): level(value, top) for x, value in points} for name, points in lines.items()}
    edges = sorted({x for own in steps.values() for x in own} | {WIDTH})
    pens = {name: Pen() for name in lines}
    at: dict[str, float] = {}
    for left, right in pairwise(edges):
        for name, own in steps.items():
            if left in own:
                pens[name].draw((left, at.get(name, own[left])), (left, own[left]))
                at[name] = own[left]
        together: dict[float, list[str]] = {}
        for name, height in at.items():
            together.setdefault(height, []).append(name)
        for height, names in together.items():
            for name, begin, end in _turns(names, left, right):
                pens[name].draw((begin, height), (end, height))
    return {name: "".join(pen.parts) for name, pen in pens.items()}


def _turns(names: list[str], left: float, right: float) -> Iterator[tuple[str, float, float]]:
    """Divide a stretch between those whose lines lie there."""
    if len(names) == 1:
        yield names[0], left, right
        return
    while left < right:
        number = int(left // STRIPE)
        end = min(right, (number + 1) * STRIPE)
        yield names[number % len(names)], left, end
        left = end


class Pen:
    """Draws level and upright stretches as one path, which goes on where the last one ended."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._at: tuple[float, float] | None = None

    def draw(self, begin: tuple[float, float], end: tuple[float, float]) -> None:
        """Draw one stretch."""
        if begin == end:
            return
        way = f"V{end[1]:g}" if begin[0] == end[0] else f"H{end[0]:g}"
        if begin != self._at:
            self.parts.append(f"M{begin[0]:g} {begin[1]:g}")
        elif self.parts[-1][0] == way[0] == "H":
            self.parts.pop()
        self.parts.append(way)
        self._at = end


def area(points: Sequence[tuple[float, float]], top: float) -> str:
    """Fill what lies under a line of steps."""
    line = stairs(points, top)
    return f"{line}V{HEIGHT}H{points[0][0] * WIDTH:g}Z" if line else ""


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
