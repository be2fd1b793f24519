"""Every kind of measure has a size that was published, held on the embedded Toulouse or in a test of its own system."""

from __future__ import annotations

import re
from pathlib import Path

from sim.measures import kinds
from tests.sim.measures import test_sizes_city, test_sizes_homes, test_sizes_travel

TABLES = (test_sizes_travel, test_sizes_homes, test_sizes_city)


def test_every_kind_has_a_published_size() -> None:
    held = {size.kind for table in TABLES for size in table.SIZES}
    elsewhere = {kind: test for table in TABLES for kind, test in table.ELSEWHERE.items()}
    assert set(kinds()) == held | set(elsewhere)
    for kind, named in elsewhere.items():
        file, test = named.split("::")
        text = (Path(__file__).parents[1] / file).read_text("utf-8")
        assert re.search(rf"^def {test}\(", text, re.MULTILINE), (kind, named)


def test_every_size_says_where_it_is_from() -> None:
    for table in TABLES:
        for size in table.SIZES:
            assert re.search(r"(19|20)\d\d", size.source), size.kind  # a publication has a year
            assert size.low < size.high
            assert not size.low <= 0.0 <= size.high, size.kind  # a band about nothing says nothing
