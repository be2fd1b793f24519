"""Lanes against NumPy, number by number."""

from __future__ import annotations

import numpy as np

from kernels.jit import fused_kernel
from kernels.lanes import (
    LANES,
    absolute,
    add,
    aligned,
    all_below,
    choose,
    div,
    lane,
    larger,
    less,
    load,
    load_down,
    more,
    mul,
    neg,
    root,
    same,
    sizes,
    smaller,
    store,
    store_down,
    sub,
    turn_in,
    turn_out,
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
    store(out, 8, 0, neg(x))
    store(out, 9, 0, absolute(x))
    store(out, 10, 0, choose(x, y, same(1.0), x))
    store(out, 11, 0, more(x, y, same(2.0)))
    store(out, 12, 0, less(x, y, same(2.0)))
    store_down(out, 0, LANES, root(mul(x, x)))
    for k in range(LANES):
        out[k, LANES + 1] = lane(x, k)


def test_lanes_are_numbers_side_by_side() -> None:
    a = np.random.default_rng(0).normal(size=(12, 15))
    out = np.zeros((13, LANES + 2))
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
        -x,
        np.abs(x),
        np.where(x > y, 1.0, x),
        x + 2.0 * y,
        x - 2.0 * y,
    ]
    np.testing.assert_array_equal(out[:, :LANES], wanted)
    np.testing.assert_array_equal(out[:LANES, LANES], np.abs(x))
    np.testing.assert_array_equal(out[:LANES, LANES + 1], x)


def test_the_second_stands_in_for_nan() -> None:
    a = np.ones((12, 15))
    a[1] = np.nan
    out = np.zeros((13, LANES + 2))
    _all(a, out)
    assert (out[4:6, :LANES] == 1.0).all()
    assert np.isnan(out[10, :LANES]).all()  # NaN > 1 is not so: the other one, which is x


@fused_kernel
def _below(a: np.ndarray) -> bool:
    return all_below(load(a, 0, 0), load(a, 1, 0))


def test_all_below_wants_every_lane() -> None:
    a = np.vstack([np.arange(LANES), np.arange(LANES) + 1.0])
    assert _below(a)
    for value in (3.0, 4.0, np.inf, np.nan):
        a[0, 2] = value
        assert not _below(a)


@fused_kernel
def _turn(a: np.ndarray, places: np.ndarray, rows: np.ndarray, out: np.ndarray) -> None:
    for column in (0, LANES):
        turn_in(a, 2, column, rows, places, LANES)
        turn_out(rows, places, LANES, out, 1, column)


def test_squares_are_turned_and_put_where_places_say() -> None:
    rng = np.random.default_rng(3)
    a, rows, out = rng.normal(size=(12, 19)), aligned(20, 3 * LANES), np.zeros((11, 18))
    places = rng.permutation(20)[: 2 * LANES]
    _turn(a, places, rows, out)
    np.testing.assert_array_equal(rows[places, LANES : 2 * LANES], a[2 : 2 + LANES, : 2 * LANES].T)
    assert np.count_nonzero(rows) == 2 * LANES * LANES
    np.testing.assert_array_equal(out[1 : 1 + LANES, : 2 * LANES], a[2 : 2 + LANES, : 2 * LANES])
    assert np.count_nonzero(out) == 2 * LANES * LANES
