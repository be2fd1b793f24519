"""Files are checked by the hundred here: the embedded city is read once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from sim.city.load import open_city
from sim.commands import check


@pytest.fixture(scope="package", autouse=True)
def _one_reading_of_a_city() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(check, "open_city", cache(open_city))
        yield
