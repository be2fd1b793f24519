"""Inverse of piecewise linear curves against NumPy's interpolation the other way round."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.lookup import inverse


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
