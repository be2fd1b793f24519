"""Lanes against NumPy, number by number."""

from __future__ import annotations

import numpy as np

from kernels.jit import fused_kernel
from kernels.lanes import (
    LANES,
    add,
    div,
    larger,
    load,
    load_down,
    mul,
    root,
    same,
    sizes,
    smaller,
    store,
    store_down,
    sub,
)


@fused_kernel
def _all(a: np.ndarray, out: np.ndarray) -> None:
    x, y = load(a, 1, 3), load_down(a, 2, 1)
    store(out, 0, 0, add(x, y))
    store(out, 1, 0, sub(x, y))
    store(out, 2, 0, mul(x, y))
    store(out, 3, 0, div(x, y))
    store(out, 4, 0, larger(x, y))
    store(out, 5, 0, smaller(x, y))
    store(out, 6, 0, sizes(x, y))
    store(out, 7, 0, same(7))
    store_down(out, 0, LANES, root(mul(x, x)))


def test_lanes_are_numbers_side_by_side() -> None:
    a = np.random.default_rng(0).normal(size=(12, 15))
    out = np.zeros((LANES, LANES + 1))
    _all(a, out)
    x, y = a[1, 3 : 3 + LANES], a[2 : 2 + LANES, 1]
    wanted = [
        x + y,
        x - y,
        x * y,
        x / y,
        np.maximum(x, y),
        np.minimum(x, y),
        np.abs(x) + np.abs(y),
        np.full(LANES, 7.0),
    ]
    np.testing.assert_array_equal(out[:, :LANES], wanted)
    np.testing.assert_array_equal(out[:, LANES], np.abs(x))


def test_the_second_stands_in_for_nan() -> None:
    a = np.ones((12, 15))
    a[1] = np.nan
    out = np.zeros((LANES, LANES + 1))
    _all(a, out)
    assert (out[4:6, :LANES] == 1.0).all()
