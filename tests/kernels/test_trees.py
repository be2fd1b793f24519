"""Sums over trees against walking every path by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.trees import along, below, nearest_kept


def forest(seed: int, n: int) -> npt.NDArray[np.int64]:
    rng = np.random.default_rng(seed)
    return np.array([i if i == 0 or rng.random() < 0.1 else int(rng.integers(0, i)) for i in range(n)], np.int64)


def path(parent: npt.NDArray[np.int64], node: int) -> list[int]:
    """Nodes from ``node`` up to its root."""
    way = [node]
    while parent[way[-1]] != way[-1]:
        way.append(int(parent[way[-1]]))
    return way


@settings(deadline=None)  # the first case compiles
@given(st.integers(0, 10_000), st.integers(1, 40))
def test_sums_equal_walks(seed: int, n: int) -> None:
    parent = forest(seed, n)
    rng = np.random.default_rng(seed + 1)
    values = rng.integers(-5, 9, (n, 2)).astype(np.float64)
    kept = rng.random(n) < 0.4
    ways = [path(parent, i) for i in range(n)]
    under = [[j for j in range(n) if i in ways[j]] for i in range(n)]
    np.testing.assert_array_equal(below(parent, values), [values[rows].sum(axis=0) for rows in under])
    np.testing.assert_array_equal(along(parent, values[:, 0]), [values[way, 0].sum() for way in ways])
    expected = [next(j for j in (*way[1:], way[-1]) if kept[j] or j == way[-1]) for way in ways]
    np.testing.assert_array_equal(nearest_kept(parent, kept), expected)
