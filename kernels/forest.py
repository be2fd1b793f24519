"""Power flow of a city's low-voltage stations, each a small radial feeder behind its transformer, over the steps of a month.

Loads are built where they are used: what hangs on a bus times what one unit of each class draws in its district. Only extremes, hours
beyond limits and losses are kept. The method is that of :mod:`kernels.sweep`: steps side by side, each beginning from the voltages of
the ones before.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import fused_inline, fused_kernel
from kernels.lanes import LANES, add, aligned, larger, load, more, mul, same, store
from kernels.sweep import CASES, SIDE, WIDTH, P, Q, Tree, V, W, down, solve, through, tree, up
from kernels.threads import in_blocks

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Stations that a thread takes at a time.
BLOCK = 32
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
        rows, peaks = aligned(largest + 1, WIDTH), aligned(largest, CASES)
        _stations(first, trees, customers, where, limit, steps, start, stop, rows, peaks, aligned(5, CASES), out)

    in_blocks(some, stations, BLOCK, threads)
    loss = np.zeros((districts, filled))
    np.add.at(loss, where, out.loss)
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
    rows: FloatArray, peaks: FloatArray, lanes: FloatArray, out: _Found,
) -> None:  # fmt: skip
    """Stations ``start`` to ``stop``, one after the other; ``rows`` (buses of the largest + 1, WIDTH), ``peaks`` (the same, CASES) and
    ``lanes`` (5, CASES) are for work."""
    for s in range(start, stop):
        begin, n = first[s], first[s + 1] - first[s]
        peaks[:n], rows[n] = 0.0, 0.0
        out.lowest[s], out.highest[s] = np.inf, 0.0
        level = True
        for t in range(0, steps.weight.shape[0], CASES):
            _loads(customers, begin, n, steps, district[s], t, level, rows)
            used = solve(trees, begin, n, steps.source, False, steps.tolerance, SWEEPS, rows, lanes)
            level = not lanes[0].min() > 0.0
            if level:
                used = -1
                _without(trees, begin, n, steps.source, rows, lanes)
            out.sweeps[s] = used if used < 0 or out.sweeps[s] < 0 else max(used, out.sweeps[s])
            _extremes(trees, begin, n, limit, rows, peaks, lanes, 0, 0)
            _extremes(trees, begin, n, limit, rows, peaks, lanes, SIDE, LANES)
            _count(steps, s, t, lanes, out)
        for i in range(n):
            out.loading[begin + i] = peaks[i].max() / limit[begin + i]


@fused_kernel
def _loads(
    customers: FloatArray, begin: int, n: int, steps: _Steps, d: int, t: int, level: bool, rows: FloatArray
) -> None:  # fmt: skip
    """Loads of a station's buses at steps ``t`` on; voltages level with the source or else as they are."""
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
        if level:
            store(rows, i, W, same(1.0 / steps.source))
            store(rows, i, SIDE + W, same(1.0 / steps.source))


@fused_kernel
def _without(trees: Tree, begin: int, n: int, source: float, rows: FloatArray, lanes: FloatArray) -> None:
    """Where there is no voltage, the currents that loads draw at the source's."""
    for again in range(2):
        for k in range(CASES):
            if lanes[0, k] == 0.0:
                column = k + (SIDE - LANES if k >= LANES else 0)
                rows[:n, W + column] = 1.0 / source
                rows[:n, V + column] = 0.0
        if again == 0:
            up(trees, begin, n, False, rows)
            down(trees, begin, n, source, False, rows)


@fused_inline
def _extremes(
    trees: Tree, begin: int, n: int, limit: FloatArray, rows: FloatArray, peaks: FloatArray, lanes: FloatArray, side: int, where: int
) -> None:  # fmt: skip
    """Highest voltage, fullest line, losses of each step, with highest currents so far; ``lanes`` has them in rows 1 to 3."""
    highest, fullest, loss = same(0.0), same(0.0), same(0.0)
    for i in range(n):
        k = begin + i
        p, q = through(rows, i, side, trees.end[k])
        current = mul(more(mul(p, p), q, q), load(rows, i, side + W))
        highest, loss = larger(load(rows, i, side + V), highest), more(loss, same(trees.r[k]), current)
        store(peaks, i, where, larger(current, load(peaks, i, where)))
        if i > 0:
            fullest = larger(mul(current, same(1.0 / limit[k])), fullest)
        else:
            store(lanes, 4, where, mul(current, same(1.0 / limit[k])))
    store(lanes, 1, where, highest)
    store(lanes, 2, where, fullest)
    store(lanes, 3, where, loss)


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
        if lanes[4, k] > 1.0:
            out.over[2, s] += hours
        out.loss[s, t + k] = lanes[3, k]
