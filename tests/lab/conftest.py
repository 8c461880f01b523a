from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lab.sandbox import Sandbox


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox as free play has it, on a manual clock: nothing moves unless a line moves it."""
    with closing(Sandbox.create(tmp_path / "sandbox", clock="manual")) as sandbox:
        yield sandbox


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox as free play has it, on a real clock; without a worker nothing moves by itself."""
    with closing(Sandbox.create(tmp_path / "live")) as sandbox:
        yield sandbox
