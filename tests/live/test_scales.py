"""Scales of differences on the map: what is the same is told from what differs, however small or large the values are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.live.view import apart

SIZES = st.floats(1e-3, 1e9)


def none(one: np.ndarray, other: np.ndarray) -> bool:
    """As citymap.js decides (drawLegend)."""
    return not (np.abs(one - other) > apart(one, other)[1] / 100.0).any()


@given(SIZES, st.integers(1, 80))
def test_the_same_and_rounding_are_no_difference(size: float, n: int) -> None:
    values = size * np.linspace(0.1, 1.0, n)
    assert none(values, values)
    assert none(values * (1.0 + 1e-7), values)  # float32 has seven digits
    assert none(np.zeros(n), np.zeros(n))


@given(SIZES, st.integers(2, 200), st.floats(1e-3, 1.0), st.data())
def test_one_district_that_differs_is_a_difference(size: float, n: int, much: float, data: st.DataObject) -> None:
    values = size * np.linspace(0.1, 1.0, n)
    other = values.copy()
    other[data.draw(st.integers(0, n - 1))] += much * size
    low, high = apart(other, values)
    assert low == -high
    assert not none(other, values)
    assert high <= 2.6 * much * size  # 1, 2 or 5 times a power of ten: at most 2.5 times as wide as needed
