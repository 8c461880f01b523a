"""The short loop of SIGKILLs; ``make soak`` runs the long one."""

import os

import pytest

from tests.soak import soak


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
@pytest.mark.usefixtures("on_disk")
def test_fifty_kills_lose_no_accepted_command() -> None:
    found = soak(kills=50, seed=2026)
    assert found.problems == []
    assert str(found) == f"kills 50 acks {found.acks} lost 0 ahead 0 mismatch 0"
    assert found.acks >= 200
