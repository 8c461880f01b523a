"""``python -m lab`` inside a test's own process, where nothing has to be imported first."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

import pytest

from lab.__main__ import main


class Said(NamedTuple):
    """How the command ended, what it printed, and what it complained of."""

    code: int
    out: str
    complaint: str


def lab(*words: object) -> Said:
    """Run the command with these words."""
    out, complaint = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(complaint):
        patch.setattr(sys, "argv", ["lab", *map(str, words)])
        return Said(main(), out.getvalue(), complaint.getvalue())
