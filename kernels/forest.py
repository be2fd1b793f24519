"""Power flow of a city's low-voltage stations, each a small radial feeder behind its transformer, over the steps of a month.

Loads are built where they are used: what hangs on a bus times what one unit of each class draws in its district. Only extremes, hours
beyond limits and losses are kept. The method is that of :mod:`kernels.sweep`: steps side by side, each beginning from the voltages of
the ones before.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import fused_kernel, kernel
from kernels.lanes import LANES, add, aligned, larger, load, more, mul, same, smaller, store
from kernels.sweep import CASES, CURRENT, SIDE, WIDTH, P, Q, Tree, V, W, flows, settle, sound, tree
from kernels.threads import in_blocks

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Stations that a thread takes at a time.
BLOCK = 128
#: Sweeps after which no voltage is taken to carry the load.
SWEEPS = 200


class Forest(NamedTuple):
    """S stations of n buses in all, each a tree behind its transformer.

    ``first`` (S + 1,): buses first[s] to first[s + 1] - 1 are those of station s, parents before children, the first of them the
    low-voltage busbar; ``parent`` (n,) row of the bus above, its own for a busbar; ``r``, ``x`` (n,) [ohm] at the low-voltage side
    of the branch to the parent, for a busbar of the transformer; ``rating`` (n,) [A] of that branch, above 0; ``district`` (S,);
    ``customers`` (n, C) units of each class on the bus.
    """

    first: IntArray
    parent: IntArray
    r: FloatArray
    x: FloatArray
    rating: FloatArray
    district: IntArray
    customers: FloatArray


class ForestFlow(NamedTuple):
    """What :func:`forest_flow` finds: ``lowest``, ``highest`` (S,) voltage [pu] over all buses and steps; ``loading`` (n,) highest
    current of each branch over its rating; ``over`` (3, S) hours with a voltage out of limits, a line over its rating, the
    transformer over its rating; ``loss`` (D, T) [W]; ``steps`` most sweeps used, -1 where no voltage carries a load.

    A station without a voltage at some step counts as out of limits then, with voltage 0 and the currents its loads draw at the
    voltage of the source.
    """

    lowest: FloatArray
    highest: FloatArray
    loading: FloatArray
    over: FloatArray
    loss: FloatArray
    steps: int


class _Steps(NamedTuple):
    """What stations share, power over volts^2, steps filled up to a multiple of CASES: ``demand`` (D, C, T), ``reactive`` (C,),
    ``weight`` (T,) [h], ``source``, ``low``, ``high`` squared [pu], ``tolerance``."""

    demand: FloatArray
    reactive: FloatArray
    weight: FloatArray
    source: float
    low: float
    high: float
    tolerance: float


class _Found(NamedTuple):
    """By station, or by row: squared voltages, squared currents over squared ratings, hours, losses over volts^2 (S, T), sweeps."""

    lowest: FloatArray
    highest: FloatArray
    loading: FloatArray
    over: FloatArray
    loss: FloatArray
    sweeps: IntArray


def forest_flow(
    forest: Forest,
    demand: npt.ArrayLike,
    reactive: npt.ArrayLike,
    weight: npt.ArrayLike,
    *,
    volts: float = 400.0,
    source: float = 1.0,
    low: float = 0.9,
    high: float = 1.1,
    tolerance: float = 1e-8,
    threads: int = 1,
) -> ForestFlow:
    """Voltages and currents of every station at every step.

    ``demand`` (D, C, T) [W] of one unit of each class, generation negative; ``reactive`` (C,) its reactive over its active power;
    ``weight`` (T,) [h] that each step stands for. ``volts`` between phases; ``source`` [pu] above the transformers; ``low``, ``high``
    [pu] the limits; ``tolerance`` [pu] of voltages. The same bits with any number of threads. Raises ValueError without any step.
    """
    power = np.asarray(demand, np.float64)
    districts, _, count = power.shape
    if count == 0:
        raise ValueError("no step")
    # with volts^2 as the base of power, ohms are per unit, and currents have the base volts / sqrt(3)
    place, trees = _trees(forest)
    steps = _filled(power / volts**2, reactive, weight, source, low, high, tolerance)
    limit = 3.0 * (_moved(forest.rating, place) / volts) ** 2
    customers = _moved(forest.customers, place)
    stations, n, filled = len(forest.district), len(place), len(steps.weight)
    out = _Found(
        np.empty(stations), np.empty(stations), np.empty(n), np.zeros((3, stations)), np.empty((stations, filled)),
        np.zeros(stations, np.int64),
    )  # fmt: skip
    first = np.ascontiguousarray(forest.first, np.int64)
    where = np.ascontiguousarray(forest.district, np.int64)
    largest = int(np.diff(first).max(initial=0))

    def some(start: int, stop: int) -> None:
        rows, peaks = aligned(largest, WIDTH), aligned(largest, LANES)
        _stations(first, trees, customers, where, limit, steps, start, stop, rows, peaks, out)

    in_blocks(some, stations, BLOCK, threads)
    loss = np.zeros((districts, filled))
    _by_district(where, out.loss, loss)
    return ForestFlow(
        np.sqrt(out.lowest), np.sqrt(out.highest), np.sqrt(out.loading)[place], out.over, loss[:, :count] * volts**2,
        -1 if (out.sweeps < 0).any() else int(out.sweeps.max(initial=0)),
    )  # fmt: skip


def _trees(forest: Forest) -> tuple[IntArray, Tree]:
    """The row of each bus in depth-first order, and the stations in it."""
    first, parent = (np.ascontiguousarray(a, np.int64) for a in (forest.first, forest.parent))
    none = np.zeros(len(parent))
    trees = tree(first, parent, np.asarray(forest.r, np.float64), np.asarray(forest.x, np.float64), none, none)
    return trees.place + np.repeat(first[:-1], np.diff(first)), trees


def _moved(values: npt.ArrayLike, place: IntArray) -> FloatArray:
    out = np.empty(np.shape(values))
    out[place] = values
    return out


def _filled(
    power: FloatArray, reactive: npt.ArrayLike, weight: npt.ArrayLike, source: float, low: float, high: float, tolerance: float
) -> _Steps:  # fmt: skip
    """The last step once more, standing for no hour, until registers are full."""
    count = power.shape[2]
    which = np.minimum(np.arange(count + -count % CASES), count - 1)
    hours = np.where(np.arange(len(which)) < count, np.asarray(weight, np.float64)[which], 0.0)
    tangent = np.ascontiguousarray(reactive, np.float64)
    return _Steps(np.ascontiguousarray(power[:, :, which]), tangent, hours, source**2, low**2, high**2, tolerance)


@fused_kernel
def _stations(
    first: IntArray, trees: Tree, customers: FloatArray, district: IntArray, limit: FloatArray, steps: _Steps, start: int, stop: int,
    rows: FloatArray, peaks: FloatArray, out: _Found,
) -> None:  # fmt: skip
    """Stations ``start`` to ``stop``, one after the other; ``rows`` (buses of the largest, WIDTH) and ``peaks`` (the same, LANES) are
    for work."""
    rest, lanes = np.empty((1, CASES)), np.empty((5, CASES))
    for s in range(start, stop):
        begin, n = first[s], first[s + 1] - first[s]
        peaks[:n] = 0.0
        out.lowest[s], out.highest[s] = np.inf, 0.0
        _level(n, steps.source, rows)
        for t in range(0, steps.weight.shape[0], CASES):
            _loads(customers, begin, n, steps, district[s], t, rows)
            used = settle(trees, begin, n, steps.source, False, steps.tolerance, SWEEPS, rows, rest)
            if not sound(n, rows, rest):
                _level(n, steps.source, rows)
                used = settle(trees, begin, n, steps.source, False, steps.tolerance, SWEEPS, rows, rest)
                if not sound(n, rows, rest):
                    used = -1
                    _without(n, steps.source, rows, rest)
            out.sweeps[s] = used if used < 0 or out.sweeps[s] < 0 else max(used, out.sweeps[s])
            flows(trees, begin, n, False, rows)
            _extremes(trees, begin, n, limit, rows, peaks, lanes)
            _count(steps, s, t, lanes, out)
            if used < 0:
                _level(n, steps.source, rows)
        for i in range(n):
            out.loading[begin + i] = peaks[i].max() / limit[begin + i]


@fused_kernel
def _loads(customers: FloatArray, begin: int, n: int, steps: _Steps, d: int, t: int, rows: FloatArray) -> None:
    """Loads of a station's buses at steps ``t`` on."""
    demand = steps.demand[d]
    for i in range(n):
        p, q, p_2, q_2 = same(0.0), same(0.0), same(0.0), same(0.0)
        for c in range(steps.reactive.shape[0]):
            units, tangent = same(customers[begin + i, c]), same(steps.reactive[c])
            part, part_2 = mul(units, load(demand, c, t)), mul(units, load(demand, c, t + LANES))
            p, q, p_2, q_2 = add(p, part), more(q, tangent, part), add(p_2, part_2), more(q_2, tangent, part_2)
        store(rows, i, P, p)
        store(rows, i, Q, q)
        store(rows, i, SIDE + P, p_2)
        store(rows, i, SIDE + Q, q_2)


@fused_kernel
def _level(n: int, source: float, rows: FloatArray) -> None:
    """Begin at the voltage of the source everywhere."""
    for i in range(n):
        store(rows, i, W, same(1.0 / source))
        store(rows, i, SIDE + W, same(1.0 / source))


@fused_kernel
def _without(n: int, source: float, rows: FloatArray, rest: FloatArray) -> None:
    """No voltage at the steps that have none, and for their currents that of the source."""
    for k in range(CASES):
        if rest[0, k] > 0.0:
            column = k + (SIDE - LANES if k >= LANES else 0)
            rows[:n, V + column] = 0.0
            rows[:n, W + column] = 1.0 / source


@fused_kernel
def _extremes(
    trees: Tree, begin: int, n: int, limit: FloatArray, rows: FloatArray, peaks: FloatArray, lanes: FloatArray
) -> None:  # fmt: skip
    """Of each step, in the rows of ``lanes``: lowest and highest voltage, fullest line, transformer, losses. ``peaks``: highest
    current of each branch so far."""
    for k in range(2):
        side, where = k * SIDE, k * LANES
        lowest, highest, fullest, loss = same(np.inf), same(0.0), same(0.0), same(0.0)
        for i in range(n):
            v, current = load(rows, i, side + V), load(rows, i, side + CURRENT)
            lowest, highest, loss = (
                smaller(v, lowest),
                larger(v, highest),
                more(loss, same(trees.r[begin + i]), current),
            )
            store(peaks, i, 0, larger(current, load(peaks, i, 0)))
            share = mul(current, same(1.0 / limit[begin + i]))
            if i == 0:
                store(lanes, 3, where, share)
            else:
                fullest = larger(share, fullest)
        store(lanes, 0, where, lowest)
        store(lanes, 1, where, highest)
        store(lanes, 2, where, fullest)
        store(lanes, 4, where, loss)


@fused_kernel
def _count(steps: _Steps, s: int, t: int, lanes: FloatArray, out: _Found) -> None:
    """What a station's steps ``t`` on add to its results."""
    for k in range(CASES):
        hours, low, high = steps.weight[t + k], lanes[0, k], lanes[1, k]
        out.lowest[s], out.highest[s] = min(out.lowest[s], low), max(out.highest[s], high)
        if low < steps.low or high > steps.high:
            out.over[0, s] += hours
        if lanes[2, k] > 1.0:
            out.over[1, s] += hours
        if lanes[3, k] > 1.0:
            out.over[2, s] += hours
        out.loss[s, t + k] = lanes[4, k]


@kernel
def _by_district(district: IntArray, lost: FloatArray, loss: FloatArray) -> None:
    """Losses of stations (S, T) added to those of their districts (D, T), in the order of stations."""
    for s in range(district.shape[0]):
        for t in range(loss.shape[1]):
            loss[district[s], t] += lost[s, t]
