"""Power flow of balanced radial feeders by backward/forward sweep (Shirmohammadi et al. 1988, IEEE Trans. Power Systems 3(2)).

Cases (hours, scenarios) are solved some at a time, side by side (:mod:`kernels.lanes`), so that one instruction serves all of
them; blocks of cases go to threads and are the same with any number. A case starts from the voltages of the mean case, their drop
scaled by its load.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import fused_kernel
from kernels.lanes import LANES, add, div, lane, larger, load, load_down, mul, root, same, sizes, store, store_down, sub
from kernels.threads import in_blocks

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Columns of the work array: voltage, load, current, each in two parts.
RE, IM, P, Q, J_RE, J_IM = (k * LANES for k in range(6))
_COLUMNS = 6
#: Cases of a block that a thread takes; cases that the mean case is made of, at most about.
BLOCK, SAMPLE = 128 * LANES, 64
#: The first guess scales the mean case's drop by at most this much; beyond, voltages start level.
FARTHEST = 3.0


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
    """What :func:`radial_flow` finds, per unit: ``v_re``, ``v_im`` (cases, n); ``current`` (cases, n) in the branch to the parent;
    ``loss`` (cases,) active power lost in branches and shunts; ``steps`` (cases,) sweeps used, -1 where none was enough: collapse;
    ``level`` (cases, n) magnitudes of the voltages where asked."""

    v_re: FloatArray
    v_im: FloatArray
    current: FloatArray
    loss: FloatArray
    steps: IntArray
    level: FloatArray


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

    ``p``, ``q`` (cases, n) load (generation negative); ``source`` voltage of bus 0, angle 0. Sweeps end when the change of the last one
    times rho / (1 - rho), rho its ratio to the one before, is below ``tolerance``: what more sweeps would change; or after ``iterations``.
    Without ``currents`` those and the losses are left out (empty); with ``magnitudes`` those are found and the two parts left out.
    """
    p, q = np.ascontiguousarray(p, np.float64), np.ascontiguousarray(q, np.float64)
    cases, n = p.shape
    even = cases - cases % LANES
    found = _blank(cases, n, currents, magnitudes)
    guess = np.zeros((3, n))

    def solve(p: FloatArray, q: FloatArray, out: Flow, start: int, stop: int) -> None:
        _solve(feeder, p, q, source, tolerance, iterations, guess, start, stop, out)

    if cases:
        sample = slice(None, None, -(-cases // SAMPLE))
        typical, reactive = (np.tile(a[sample].mean(axis=0), (LANES, 1)) for a in (p, q))
        first = _blank(LANES, n, False, False)
        solve(typical, reactive, first, 0, LANES)
        if first.steps[0] > 0:
            guess = np.stack([first.v_re[0] - source, first.v_im[0], typical[0]])
    in_blocks(lambda start, stop: solve(p, q, found, start, stop), even, BLOCK, threads)
    if even < cases:  # the last ones, with copies of the last beside them
        some = np.minimum(np.arange(even, even + LANES), cases - 1)
        last = _blank(LANES, n, currents, magnitudes)
        solve(p[some], q[some], last, 0, LANES)
        for whole, part in zip(found, last, strict=True):
            whole[even:] = part[: len(whole) - even]
    return found


def _blank(cases: int, n: int, currents: bool, magnitudes: bool) -> Flow:
    kept, parts, whole = (cases if wanted else 0 for wanted in (currents, not magnitudes, magnitudes))
    v_re, v_im, level = (np.empty((many, n)) for many in (parts, parts, whole))
    return Flow(v_re, v_im, np.zeros((kept, n)), np.zeros(kept), np.empty(cases, np.int64), level)


@fused_kernel
def _solve(
    feeder: Radial, p: FloatArray, q: FloatArray, source: float, tolerance: float, iterations: int, guess: FloatArray,
    start: int, stop: int, out: Flow,
) -> None:  # fmt: skip
    """Cases ``start`` to ``stop``, a multiple of LANES, side by side."""
    n = feeder.parent.shape[0]
    rows, lanes = np.zeros((n, _COLUMNS * LANES)), np.zeros((1, LANES))
    usual, magnitudes = guess[2].sum(), out.level.shape[0] > 0
    for c in range(start, stop, LANES):
        total = same(0.0)
        for i in range(n):
            load_i = load_down(p, c, i)
            total = add(total, load_i)
            store(rows, i, P, load_i)
            store(rows, i, Q, load_down(q, c, i))
        store(lanes, 0, 0, total)
        for k in range(LANES):
            scale = lanes[0, k] / usual if usual != 0.0 else 0.0
            lanes[0, k] = scale if abs(scale) <= FARTHEST else 0.0
        scales = load(lanes, 0, 0)
        for i in range(n):
            store(rows, i, RE, add(same(source), mul(scales, same(guess[0, i]))))
            store(rows, i, IM, mul(scales, same(guess[1, i])))
        used = _sweep(feeder, rows, lanes, tolerance, iterations)
        sound = same(0.0)
        for i in range(n):
            re, im = load(rows, i, RE), load(rows, i, IM)
            sound = add(sound, re)
            if magnitudes:
                store_down(out.level, c, i, root(add(mul(re, re), mul(im, im))))
            else:
                store_down(out.v_re, c, i, re)
                store_down(out.v_im, c, i, im)
        if out.loss.shape[0] > 0:
            _currents(feeder, rows, c, out)
        for k in range(LANES):
            settled = used > 0 or lanes[0, k] < tolerance
            out.steps[c + k] = abs(used) if settled and np.isfinite(lane(sound, k)) else -1


@fused_kernel
def _sweep(feeder: Radial, rows: FloatArray, top: FloatArray, tolerance: float, iterations: int) -> int:
    """Backward and forward until all lanes have settled; ``top`` (1, LANES) is left with each lane's last change. Returns the
    sweeps, below zero if they did not settle."""
    parent, r, x = feeder.parent, feeder.r, feeder.x
    before = np.inf
    for sweep in range(iterations):
        _backward(feeder, rows)
        most = same(0.0)
        for i in range(1, parent.shape[0]):
            a, r_i, x_i = parent[i], same(r[i]), same(x[i])
            j_re, j_im = load(rows, i, J_RE), load(rows, i, J_IM)
            new_re = sub(load(rows, a, RE), sub(mul(r_i, j_re), mul(x_i, j_im)))
            new_im = sub(load(rows, a, IM), add(mul(r_i, j_im), mul(x_i, j_re)))
            most = larger(sizes(sub(new_re, load(rows, i, RE)), sub(new_im, load(rows, i, IM))), most)
            store(rows, i, RE, new_re)
            store(rows, i, IM, new_im)
        store(top, 0, 0, most)
        change = top.max()
        rate = change / before
        before = change
        if change < tolerance or (sweep > 0 and rate < 0.5 and change * rate / (1.0 - rate) < tolerance):
            return sweep + 1
    return -iterations


@fused_kernel
def _backward(feeder: Radial, rows: FloatArray) -> None:
    """Currents of the branches from the loads, conj(S / V), and the shunts."""
    parent, g, b = feeder.parent, feeder.g, feeder.b
    one = same(1.0)
    for i in range(parent.shape[0]):
        re, im = load(rows, i, RE), load(rows, i, IM)
        store(rows, i, J_RE, sub(mul(same(g[i]), re), mul(same(b[i]), im)))
        store(rows, i, J_IM, add(mul(same(g[i]), im), mul(same(b[i]), re)))
    for i in range(parent.shape[0] - 1, 0, -1):
        a = parent[i]
        re, im, p, q = load(rows, i, RE), load(rows, i, IM), load(rows, i, P), load(rows, i, Q)
        w = div(one, add(mul(re, re), mul(im, im)))
        j_re = add(load(rows, i, J_RE), mul(add(mul(p, re), mul(q, im)), w))
        j_im = add(load(rows, i, J_IM), mul(sub(mul(p, im), mul(q, re)), w))
        store(rows, i, J_RE, j_re)
        store(rows, i, J_IM, j_im)
        store(rows, a, J_RE, add(load(rows, a, J_RE), j_re))
        store(rows, a, J_IM, add(load(rows, a, J_IM), j_im))


@fused_kernel
def _currents(feeder: Radial, rows: FloatArray, c: int, out: Flow) -> None:
    """Currents at the block's voltages, and what is lost."""
    _backward(feeder, rows)
    for k in range(LANES):
        lost = 0.0
        for i in range(rows.shape[0]):
            lost += feeder.g[i] * (rows[i, RE + k] ** 2 + rows[i, IM + k] ** 2)
            if i > 0:
                square = rows[i, J_RE + k] ** 2 + rows[i, J_IM + k] ** 2
                lost += feeder.r[i] * square
                out.current[c + k, i] = np.sqrt(square)
        out.loss[c + k] = lost
