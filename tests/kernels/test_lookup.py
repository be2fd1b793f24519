"""Looking up against NumPy: the inverse of curves by interpolation the other way round, groups by masks."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.lookup import highest_of, inverse, members, sums_of


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 12))
def test_curve_of_the_inverse_is_the_value(seed: int, points: int) -> None:
    rng = np.random.default_rng(seed)
    at = np.cumsum(rng.uniform(0.1, 2.0, points))
    curves = np.cumsum(rng.uniform(0.01, 1.0, (3, points)), axis=1)
    row = rng.integers(0, 3, 40)
    value = rng.uniform(-1.0, curves.max() + 1.0, 40)
    found = inverse(at, curves, row, value)
    for x, k, y in zip(found, row, value, strict=True):
        assert np.isclose(np.interp(x, at, curves[k]), np.clip(y, curves[k, 0], curves[k, -1]), atol=1e-9)
        assert at[0] <= x <= at[-1]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(0, 60))
def test_groups_are_those_of_numpy(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    group, place = rng.integers(0, 7, n).astype(np.int32), rng.integers(-2, 4, n).astype(np.int32)
    counts, wanted = rng.random(n) < 0.7, rng.random(7) < 0.4
    weight, value, out = rng.random(n), rng.random(4), rng.random(7)
    assert np.array_equal(members(group, wanted), np.flatnonzero(wanted[group]))
    assert np.array_equal(sums_of(counts, group, weight, 7), np.bincount(group[counts], weight[counts], 7))
    highest = [max([out[g], *value[place[counts & (group == g) & (place >= 0)]]]) for g in range(7)]
    highest_of(counts, group, place, value, out)
    assert np.array_equal(out, highest)
