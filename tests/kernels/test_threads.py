"""Every row once, on any number of threads; errors reach the caller."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.threads import in_blocks


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize(("count", "size"), [(0, 4), (3, 4), (4, 4), (103, 4)])
def test_every_row_once(count: int, size: int, threads: int) -> None:
    seen = np.zeros(count, int)

    def work(start: int, stop: int) -> None:
        assert stop - start <= size
        seen[start:stop] += 1

    in_blocks(work, count, size, threads)
    assert (seen == 1).all()


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("bad", [0, 50, 99])
def test_errors_are_raised(bad: int, threads: int) -> None:
    def work(start: int, stop: int) -> None:
        if start <= bad < stop:
            raise ValueError("row is bad")

    with pytest.raises(ValueError, match="row is bad"):
        in_blocks(work, 100, 7, threads)
