"""The checks of this project find what they are there to find: planted defects, each of which one must see."""

import os
import tempfile
from pathlib import Path

import pytest

from tests.defects import DEFECTS, Defect

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_planted_defect_is_found_and_nothing_is_found_without_it(
    defect: Defect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "sound").mkdir()
    assert defect.check(tmp_path / "sound") == []
    (tmp_path / "defective").mkdir()
    with monkeypatch.context() as patch:
        defect.plant(patch)
        assert defect.check(tmp_path / "defective") != []


def test_there_are_at_least_twelve() -> None:
    assert len({defect.name for defect in DEFECTS}) >= 12
