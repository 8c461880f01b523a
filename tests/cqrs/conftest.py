from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cqrs.shop import START, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop with two customers and three products, and nothing of it shown yet."""
    with closing(Shop(tmp_path)) as shop:
        shop.accept(*START)
        yield shop
