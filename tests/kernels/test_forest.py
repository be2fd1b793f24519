"""Stations of a city against each station alone, bus by bus in complex numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.forest import Forest, ForestFlow, forest_flow

VOLTS, BASE = 400.0, 400.0 / np.sqrt(3.0)  # V between phases, V of a phase
TAN = np.array([0.3, 0.2, 0.5, 0.0])


def forest(rng: np.random.Generator, sizes: list[int], districts: int, depth: int = 4) -> Forest:
    """Stations of random trees, cables of some tens of metres, a few customers on each bus."""
    first = np.concatenate([[0], np.cumsum(sizes)])
    parent = np.concatenate(
        [
            b + np.array([0] + [int(rng.integers(max(0, i - depth), i)) for i in range(1, n)])
            for b, n in zip(first, sizes, strict=False)
        ]
    )
    n = int(first[-1])
    customers = rng.uniform(0.0, 3.0, (n, 4)) * (rng.random((n, 4)) < 0.5)
    return Forest(
        first, parent, rng.uniform(1e-4, 6e-3, n), rng.uniform(1e-4, 4e-3, n), rng.uniform(100.0, 400.0, n),
        rng.integers(0, districts, len(sizes)), customers,
    )  # fmt: skip


def slowly(f: Forest, demand: np.ndarray, weight: np.ndarray, source: float, low: float, high: float) -> ForestFlow:
    """A sweep of complex currents for one station and step after another, with phase voltages and powers by phase."""
    stations, (districts, _, steps) = len(f.district), demand.shape
    lowest, highest, over = np.full(stations, np.inf), np.zeros(stations), np.zeros((3, stations))
    loading, loss = np.zeros(len(f.parent)), np.zeros((districts, steps))
    for s in range(stations):
        b, e = f.first[s], f.first[s + 1]
        z = f.r[b:e] + 1j * f.x[b:e]
        for t in range(steps):
            drawn = f.customers[b:e] * demand[f.district[s], :, t]
            power = (drawn.sum(axis=1) + 1j * drawn @ TAN) / 3.0
            v = np.full(e - b, source * BASE, complex)
            for _ in range(200):
                current = np.conj(power / v)
                for i in range(e - b - 1, 0, -1):
                    current[f.parent[b + i] - b] += current[i]
                old = v.copy()
                v[0] = source * BASE - z[0] * current[0]
                for i in range(1, e - b):
                    v[i] = v[f.parent[b + i] - b] - z[i] * current[i]
                if np.abs(v - old).max() < 1e-11 * BASE:
                    break
            size, share = np.abs(v) / BASE, np.abs(current) / f.rating[b:e]
            lowest[s], highest[s] = min(lowest[s], size.min()), max(highest[s], size.max())
            loading[b:e] = np.maximum(loading[b:e], share)
            out = (size.min() < low or size.max() > high, share[1:].max(initial=0.0) > 1.0, share[0] > 1.0)
            over[:, s] += weight[t] * np.array(out)
            loss[f.district[s], t] += 3.0 * (f.r[b:e] * np.abs(current) ** 2).sum()
    return ForestFlow(lowest, highest, loading, over, loss, 0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 12), min_size=1, max_size=5), st.integers(1, 35))
def test_every_station_equals_itself_alone(seed: int, sizes: list[int], steps: int) -> None:
    rng = np.random.default_rng(seed)
    f = forest(rng, sizes, 2)
    demand, weight = rng.uniform(-1500.0, 3000.0, (2, 4, steps)), rng.uniform(0.5, 30.0, steps)
    found = forest_flow(f, demand, TAN, weight, source=1.02, low=0.97, high=1.03)
    wanted = slowly(f, demand, weight, 1.02, 0.97, 1.03)
    np.testing.assert_allclose(found.lowest, wanted.lowest, atol=1e-8)
    np.testing.assert_allclose(found.highest, wanted.highest, atol=1e-8)
    np.testing.assert_allclose(found.loading, wanted.loading, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(found.over, wanted.over)
    np.testing.assert_allclose(found.loss, wanted.loss, rtol=1e-6, atol=1e-6)
    assert 0 < found.steps < 10


def test_threads_and_order_of_buses_change_nothing() -> None:
    """The same bits on two threads; numbered breadth first instead of depth first, the same but for rounding."""
    rng = np.random.default_rng(4)
    f = forest(rng, [30] * 90, 3)
    demand, weight = rng.uniform(-100.0, 400.0, (3, 4, 24)), np.ones(24)
    one, two = (forest_flow(f, demand, TAN, weight, threads=threads) for threads in (1, 2))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)
    depth = np.zeros(len(f.parent), int)
    for i, a in enumerate(f.parent):
        depth[i] = depth[a] + 1 if a != i else 0
    station = np.repeat(np.arange(90), 30)
    order = np.lexsort((depth, station))
    place = np.argsort(order)
    wide = Forest(
        f.first, place[f.parent[order]], f.r[order], f.x[order], f.rating[order], f.district, f.customers[order]
    )
    other = forest_flow(wide, demand, TAN, weight)
    np.testing.assert_allclose(other.loading[place], one.loading, rtol=1e-12)
    np.testing.assert_allclose(other.loss, one.loss, rtol=1e-12)


def test_a_station_that_nothing_can_carry() -> None:
    """Says -1 and voltage 0, counts the hours, gives currents at the source's voltage; the other station is not troubled."""
    rng = np.random.default_rng(1)
    f = forest(rng, [6, 6], 2)._replace(district=np.array([0, 1]))
    demand, weight = np.full((2, 4, 3), 500.0), np.array([1.0, 2.0, 4.0])
    calm = forest_flow(f, demand, TAN, weight)
    heavy = demand.copy()
    heavy[0, :, 1] = 1e7
    found = forest_flow(f, heavy, TAN, weight)
    assert calm.steps > 0
    assert found.steps == -1
    assert found.lowest[0] == 0.0
    assert found.lowest[1] == calm.lowest[1]
    assert found.over[:, 0].tolist() == [2.0, 2.0, 2.0]
    assert found.over[:, 1].tolist() == calm.over[:, 1].tolist()
    np.testing.assert_array_equal(found.loss[1], calm.loss[1])
    np.testing.assert_allclose(found.loss[0, [0, 2]], calm.loss[0, [0, 2]], rtol=1e-9)
    power = np.hypot((f.customers[:6] * 1e7).sum(axis=1), f.customers[:6] * 1e7 @ TAN)
    leaf = next(i for i in range(1, 6) if i not in f.parent[:6] and power[i] > 0.0)
    assert found.loading[leaf] == pytest.approx(power[leaf] / 3.0 / BASE / f.rating[leaf], rel=1e-9)


def test_no_step_is_an_error() -> None:
    f = forest(np.random.default_rng(0), [3], 1)
    with pytest.raises(ValueError, match="no step"):
        forest_flow(f, np.zeros((1, 4, 0)), TAN, np.zeros(0))
