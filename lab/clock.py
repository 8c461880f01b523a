"""Clocks. A sandbox never asks the machine for the time; it asks its clock, in microseconds since 1970."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000


def iso(microseconds: int) -> str:
    """Write a clock reading as UTC in ISO 8601, to the microsecond."""
    moment = EPOCH + timedelta(microseconds=microseconds)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def from_iso(text: str) -> int:
    """Read a clock reading back; raise ValueError if it is none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time needs its zone: {text}")
    return (moment - EPOCH) // timedelta(microseconds=1)


class Clock(Protocol):
    """What a sandbox needs of time."""

    kind: str

    def now(self) -> int:
        """Return the current reading in microseconds."""
        ...

    def pass_time(self, milliseconds: int) -> None:
        """Let that much time go by."""
        ...


class ManualClock:
    """Time for lessons: it stands still between actions, and each action takes one millisecond."""

    kind = "manual"

    def __init__(self, start: int) -> None:
        self._now = start

    def now(self) -> int:
        """Return the current reading in microseconds."""
        return self._now

    def pass_time(self, milliseconds: int) -> None:
        """Move on."""
        self._now += milliseconds * 1000


class RealClock:
    """Time for free play: it began at the machine's time and then only counts up, whatever that clock does."""

    kind = "real"

    def __init__(self, not_before: int = 0) -> None:
        wall = max(time.time_ns() // 1000, not_before)
        self._offset = wall - time.monotonic_ns() // 1000

    def now(self) -> int:
        """Return the current reading in microseconds."""
        return self._offset + time.monotonic_ns() // 1000

    def pass_time(self, milliseconds: int) -> None:
        """Do nothing: real time passes by itself."""


class ReplayClock:
    """The readings of one journalled line: when it came, then when it was answered."""

    kind = "replay"

    def __init__(self, at: int, answered_at: int) -> None:
        self._readings = [answered_at, at]

    def now(self) -> int:
        """Return the first reading once, then the second for good."""
        return self._readings.pop() if len(self._readings) > 1 else self._readings[0]

    def pass_time(self, milliseconds: int) -> None:
        """Do nothing: the time that passed is in the readings already."""
