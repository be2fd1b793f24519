"""Power flow of balanced radial feeders in many cases (hours, scenarios), by the sweep of :mod:`kernels.sweep`.

Cases are turned into registers and back in squares of eight cases by eight buses. They begin from voltages that are a parabola of the
load's weight, through three solved multiples of the mean case; weights are by the drop that a load causes. Blocks of cases go to
threads and are the same with any number.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import fused_kernel
from kernels.lanes import (
    LANES,
    add,
    aligned,
    lane,
    larger,
    load,
    load_down,
    more,
    mul,
    root,
    same,
    smaller,
    store,
    store_down,
    sub,
    turn_in,
    turn_out,
)
from kernels.sweep import CASES, CURRENT, SIDE, WIDTH, P, Q, Tree, V, W, flows, settle, sound, tree
from kernels.threads import in_blocks

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Cases times buses that a thread takes at a time, about a millisecond; cases that the mean case is made of, at most about.
BLOCK, SAMPLE = 400_000, 64
#: Multiples of the mean case that first voltages are fitted to; those beyond the reach begin as at its end.
MULTIPLES, REACH = (0.5, 1.0, 1.5), (-1.0, 3.0)


class Radial(NamedTuple):
    """A radial feeder, per unit: buses in an order with ``parent[i] < i``, bus 0 the source (its parent is ignored).

    ``parent`` (n,) int64; ``r``, ``x`` (n,) impedance of the branch between a bus and its parent; ``g``, ``b`` (n,) shunt
    of the bus to earth.
    """

    parent: IntArray
    r: FloatArray
    x: FloatArray
    g: FloatArray
    b: FloatArray


class Flow(NamedTuple):
    """What :func:`radial_flow` finds, per unit: ``v_re``, ``v_im`` (cases, n); ``current`` (cases, n) in the branch to the parent, for
    bus 0 what the source gives; ``loss`` (cases,) active power lost in branches and shunts; ``steps`` (cases,) sweeps used, -1 where
    none was enough: collapse; ``level`` (cases, n) magnitudes of the voltages where asked."""

    v_re: FloatArray
    v_im: FloatArray
    current: FloatArray
    loss: FloatArray
    steps: IntArray
    level: FloatArray


class _Job(NamedTuple):
    """Cases (cases, n), the feeder, and how cases begin: 1 / squared voltage = fit[0] + fit[1] s + fit[2] s^2, s the sum of fit[3]
    times the loads (4, n); ``source`` squared voltage."""

    trees: Tree
    shunted: bool
    p: FloatArray
    q: FloatArray
    source: float
    tolerance: float
    iterations: int
    fit: FloatArray


def radial(
    parent: npt.ArrayLike, r: npt.ArrayLike, x: npt.ArrayLike, shunt: npt.NDArray[np.complex128] | None = None
) -> Radial:
    """A feeder of arrays in any layout; ``shunt`` (n,) admittance of each bus to earth, none if absent."""
    order = np.ascontiguousarray(parent, np.int64)
    earth = np.zeros(len(order), np.complex128) if shunt is None else shunt
    return Radial(order, *(np.ascontiguousarray(a, np.float64) for a in (r, x, earth.real, earth.imag)))


def radial_flow(
    feeder: Radial,
    p: npt.ArrayLike,
    q: npt.ArrayLike,
    *,
    source: float = 1.0,
    tolerance: float = 1e-8,
    iterations: int = 200,
    threads: int = 1,
    currents: bool = True,
    magnitudes: bool = False,
) -> Flow:
    """Voltages of a radial feeder under constant-power loads in many cases, everything in per unit.

    ``p``, ``q`` (cases, n) load (generation negative); ``source`` voltage of bus 0, angle 0. Sweeps end when what further ones would
    change, told from the last two, is below ``tolerance``; or after ``iterations``. Without ``currents`` those and the losses are left
    out (empty); with ``magnitudes`` those are found and the two parts left out.
    """
    p, q = np.ascontiguousarray(p, np.float64), np.ascontiguousarray(q, np.float64)
    cases, n = p.shape
    found = _blank(cases, n, currents, magnitudes)
    r, x = feeder.r.copy(), feeder.x.copy()
    r[0] = x[0] = 0.0
    trees = tree(np.array([0, n]), feeder.parent, r, x, feeder.g, feeder.b)
    shunted = bool(feeder.g.any() or feeder.b.any())
    rows, fit = aligned(n, WIDTH), np.zeros((4, n))
    fit[0] = 1.0 / source**2
    job = _Job(trees, shunted, p, q, source**2, tolerance, iterations, fit)
    if cases > CASES:
        _fit(job, rows, fit)
    even = cases - cases % CASES
    size = CASES * max(1, BLOCK // (CASES * n))
    in_blocks(lambda start, stop: _solve(job, start, stop, aligned(n, WIDTH), found), even, size, threads)
    if even < cases:  # the last ones, with copies of the last beside them
        some = np.minimum(np.arange(even, even + CASES), cases - 1)
        last = _blank(CASES, n, currents, magnitudes)
        _solve(job._replace(p=p[some], q=q[some]), 0, CASES, rows, last)
        for whole, part in zip(found, last, strict=True):
            whole[even:] = part[: len(whole) - even]
    return found


def _blank(cases: int, n: int, currents: bool, magnitudes: bool) -> Flow:
    kept, parts, whole = (cases if wanted else 0 for wanted in (currents, not magnitudes, magnitudes))
    v_re, v_im, level = (np.empty((many, n)) for many in (parts, parts, whole))
    return Flow(v_re, v_im, np.empty((kept, n)), np.zeros(kept), np.empty(cases, np.int64), level)


@fused_kernel
def _solve(job: _Job, start: int, stop: int, rows: FloatArray, out: Flow) -> None:
    """Cases ``start`` to ``stop``, a multiple of CASES; ``rows`` (n, WIDTH) is for work."""
    trees, place = job.trees, job.trees.place
    n = place.shape[0]
    rest = np.empty((1, CASES))
    for c in range(start, stop, CASES):
        _turn_in(job.p, c, rows, place, P)
        _turn_in(job.q, c, rows, place, Q)
        _begin(job.fit, n, rows)
        used = settle(trees, 0, n, job.source, job.shunted, job.tolerance, job.iterations, rows, rest)
        if not sound(n, rows, rest):
            rows[:n, W : W + LANES] = 1.0 / job.source
            rows[:n, SIDE + W : SIDE + W + LANES] = 1.0 / job.source
            used = settle(trees, 0, n, job.source, job.shunted, job.tolerance, job.iterations, rows, rest)
            sound(n, rows, rest)
        for k in range(CASES):
            out.steps[c + k] = used if rest[0, k] < 0.0 else -1
        if out.loss.shape[0] > 0 or out.v_re.shape[0] > 0:
            flows(trees, 0, n, job.shunted, rows)
        if out.loss.shape[0] > 0:
            _losses(trees, c, n, rows, out.loss)
        if out.v_re.shape[0] > 0:
            _angles(trees, n, job.source, rows)
            _turn_out(rows, place, P, out.v_re, c)
            _turn_out(rows, place, Q, out.v_im, c)
        if out.current.shape[0] > 0:
            _roots(n, rows, CURRENT)
            _turn_out(rows, place, CURRENT, out.current, c)
        if out.level.shape[0] > 0:
            _roots(n, rows, V)
            _turn_out(rows, place, V, out.level, c)


@fused_kernel
def _fit(job: _Job, rows: FloatArray, fit: FloatArray) -> None:
    """How cases begin, ``fit`` (4, n), from three multiples of the mean case; left level where one of them collapses."""
    cases, n = job.p.shape
    p, q = np.zeros((CASES, n)), np.zeros((CASES, n))
    sample = range(0, cases, -(-cases // SAMPLE))
    for c in sample:
        p[0] += job.p[c] / len(sample)
        q[0] += job.q[c] / len(sample)
    for k in range(CASES - 1, -1, -1):
        p[k], q[k] = p[0] * MULTIPLES[min(k, 2)], q[0] * MULTIPLES[min(k, 2)]
    none, level, steps = np.empty((0, n)), np.empty((CASES, n)), np.empty(CASES, np.int64)
    typical = _Job(job.trees, job.shunted, p, q, job.source, job.tolerance, job.iterations, fit)
    _solve(typical, 0, CASES, rows, Flow(none, none, none, np.empty(0), steps, level))
    if steps.min() < 0:
        return
    weight = 0.0
    for i in range(n):
        weight += p[1, i] * (1.0 / level[1, i] ** 2 - fit[0, 0])
    for i in range(n):
        light, middle, heavy = 1.0 / level[0, i] ** 2, 1.0 / level[1, i] ** 2, 1.0 / level[2, i] ** 2
        # the parabola through (0.5, light), (1, middle), (1.5, heavy)
        square = 2.0 * (light - 2.0 * middle + heavy)
        slope = heavy - light - 2.0 * square
        row = job.trees.place[i]
        fit[3, row] = (middle - fit[0, row]) / weight if weight != 0.0 else 0.0
        fit[0, row], fit[1, row], fit[2, row] = middle - slope - square, slope, square


@fused_kernel
def _turn_in(cases: FloatArray, c: int, rows: FloatArray, place: IntArray, column: int) -> None:
    """Sixteen cases from ``c`` on into their rows and lanes; a last square overlaps the one before."""
    n = place.shape[0]
    for k in range(2):
        case, where = c + k * LANES, k * SIDE + column
        if n < LANES:
            for i in range(n):
                store(rows, place[i], where, load_down(cases, case, i))
        else:
            for i in range(0, n - LANES, LANES):
                turn_in(cases, case, i, rows, place, where)
            turn_in(cases, case, n - LANES, rows, place, where)


@fused_kernel
def _turn_out(rows: FloatArray, place: IntArray, column: int, cases: FloatArray, c: int) -> None:
    """The reverse of :func:`_turn_in`."""
    n = place.shape[0]
    for k in range(2):
        case, where = c + k * LANES, k * SIDE + column
        if n < LANES:
            for i in range(n):
                store_down(cases, case, i, load(rows, place[i], where))
        else:
            for i in range(0, n - LANES, LANES):
                turn_out(rows, place, where, cases, case, i)
            turn_out(rows, place, where, cases, case, n - LANES)


@fused_kernel
def _begin(fit: FloatArray, n: int, rows: FloatArray) -> None:
    """Voltages that cases begin from."""
    s, s_2 = same(0.0), same(0.0)
    for i in range(n):
        weight = same(fit[3, i])
        s, s_2 = more(s, weight, load(rows, i, P)), more(s_2, weight, load(rows, i, SIDE + P))
    least, most = same(REACH[0]), same(REACH[1])
    s, s_2 = smaller(larger(s, least), most), smaller(larger(s_2, least), most)
    for i in range(n):
        a, b, c = same(fit[0, i]), same(fit[1, i]), same(fit[2, i])
        store(rows, i, W, more(a, s, more(b, s, c)))
        store(rows, i, SIDE + W, more(a, s_2, more(b, s_2, c)))


@fused_kernel
def _roots(n: int, rows: FloatArray, column: int) -> None:
    for i in range(n):
        store(rows, i, column, root(load(rows, i, column)))
        store(rows, i, SIDE + column, root(load(rows, i, SIDE + column)))


@fused_kernel
def _losses(trees: Tree, c: int, n: int, rows: FloatArray, loss: FloatArray) -> None:
    """Losses of branches and shunts, once currents are there."""
    for k in range(2):
        side, lost = k * SIDE, same(0.0)
        for i in range(n):
            lost = more(lost, same(trees.r[i]), load(rows, i, side + CURRENT))
            lost = more(lost, same(trees.g[i]), load(rows, i, side + V))
        for m in range(LANES):
            loss[c + k * LANES + m] = lane(lost, m)


@fused_kernel
def _angles(trees: Tree, n: int, source: float, rows: FloatArray) -> None:
    """Parts of the voltages, once powers are there, in their place: V = conj(v + z conj(S)) / conj(V above)."""
    for side in (0, SIDE):
        for i in range(n):
            p, q, v = load(rows, i, side + P), load(rows, i, side + Q), load(rows, i, side + V)
            r, x = same(trees.r[i]), same(trees.x[i])
            along, across = more(more(v, r, p), x, q), sub(mul(r, q), mul(x, p))
            above = trees.above[i]
            if above < 0:
                re, im, w = same(np.sqrt(source)), same(0.0), same(1.0 / source)
            else:
                re, im, w = load(rows, above, side + P), load(rows, above, side + Q), load(rows, above, side + W)
            store(rows, i, side + P, mul(w, sub(mul(along, re), mul(across, im))))
            store(rows, i, side + Q, mul(w, add(mul(along, im), mul(across, re))))
