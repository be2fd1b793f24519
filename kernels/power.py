"""Power flow of balanced radial feeders by backward/forward sweep (Shirmohammadi et al. 1988, IEEE Trans. Power Systems 3(2)).

Cases (hours, scenarios) are solved :data:`LANES` at a time, side by side, so that one instruction serves several of them; blocks of
cases go to threads and are the same with any number. A case starts from the voltages of the mean case, their drop scaled by its load.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import fused_kernel
from kernels.threads import in_blocks

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Cases side by side, and columns of the work array: voltage, load, current, each in two parts.
LANES = 8
_COLUMNS = 6
#: Cases of a block that a thread takes.
BLOCK = 32 * LANES
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
    ``loss`` (cases,) active power lost in branches and shunts; ``steps`` (cases,) sweeps used, -1 where none was enough: collapse."""

    v_re: FloatArray
    v_im: FloatArray
    current: FloatArray
    loss: FloatArray
    steps: IntArray


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
) -> Flow:
    """Voltages of a radial feeder under constant-power loads in many cases, everything in per unit.

    ``p``, ``q`` (cases, n) load (generation negative); ``source`` voltage of bus 0, angle 0. Sweeps end when the change of the last one
    times rho / (1 - rho), rho its ratio to the one before, is below ``tolerance``: what more sweeps would change; or after ``iterations``.
    Without ``currents`` those and the losses are left out (empty).
    """
    n = len(feeder.parent)
    p, q = np.ascontiguousarray(p, np.float64), np.ascontiguousarray(q, np.float64)
    found = _blank(len(p), n, currents)
    if len(p):
        mean, first, guess = p.mean(axis=0, keepdims=True), _blank(1, n, False), np.zeros((3, n))
        _solve(
            feeder, mean, q.mean(axis=0, keepdims=True), source, max(tolerance, 1e-6), iterations, guess, 0, 1, first
        )
        if first.steps[0] > 0:
            guess = np.stack([first.v_re[0] - source, first.v_im[0], mean[0]])

        def block(start: int, stop: int) -> None:
            _solve(feeder, p, q, source, tolerance, iterations, guess, start, stop, found)

        in_blocks(block, len(p), BLOCK, threads)
    return found


def _blank(cases: int, n: int, currents: bool) -> Flow:
    kept = cases if currents else 0
    return Flow(
        np.empty((cases, n)), np.empty((cases, n)), np.zeros((kept, n)), np.zeros(kept), np.empty(cases, np.int64)
    )


@fused_kernel
def _solve(
    feeder: Radial, p: FloatArray, q: FloatArray, source: float, tolerance: float, iterations: int, guess: FloatArray,
    start: int, stop: int, out: Flow,
) -> None:  # fmt: skip
    """Cases ``start`` to ``stop``, side by side; a last block of fewer repeats its last case."""
    n = feeder.parent.shape[0]
    rows = np.zeros((n, _COLUMNS * LANES))
    top = np.empty(LANES)
    usual = guess[2].sum()
    for c in range(start, stop, LANES):
        many = min(LANES, stop - c)
        for k in range(LANES):
            case = c + min(k, many - 1)
            total = 0.0
            for i in range(n):
                rows[i, 2 * LANES + k] = p[case, i]
                rows[i, 3 * LANES + k] = q[case, i]
                total += p[case, i]
            scale = total / usual if usual != 0.0 else 0.0
            if not abs(scale) <= FARTHEST:
                scale = 0.0
            for i in range(n):
                rows[i, k] = source + scale * guess[0, i]
                rows[i, LANES + k] = scale * guess[1, i]
            rows[0, k] = source
            rows[0, LANES + k] = 0.0
        used = _sweep(feeder, rows, top, tolerance, iterations)
        _store(feeder, rows, c, many, out)
        for k in range(many):
            level = 0.0
            for i in range(n):
                level += rows[i, k]
            out.steps[c + k] = abs(used) if (used > 0 or top[k] < tolerance) and np.isfinite(level) else -1


@fused_kernel
def _sweep(feeder: Radial, rows: FloatArray, top: FloatArray, tolerance: float, iterations: int) -> int:
    """Backward and forward until all lanes have settled; ``top`` (LANES,) is left with each lane's last change. Returns the
    sweeps, below zero if they did not settle."""
    parent, r, x = feeder.parent, feeder.r, feeder.x
    n = parent.shape[0]
    before = np.inf
    for sweep in range(iterations):
        _backward(feeder, rows)
        for k in range(LANES):
            top[k] = 0.0
        for i in range(1, n):
            a = parent[i]
            for k in range(LANES):
                j_re, j_im = rows[i, 4 * LANES + k], rows[i, 5 * LANES + k]
                new_re = rows[a, k] - (r[i] * j_re - x[i] * j_im)
                new_im = rows[a, LANES + k] - (r[i] * j_im + x[i] * j_re)
                top[k] = max(top[k], abs(new_re - rows[i, k]) + abs(new_im - rows[i, LANES + k]))
                rows[i, k] = new_re
                rows[i, LANES + k] = new_im
        change = 0.0
        for k in range(LANES):
            change = max(change, top[k])
        rate = change / before
        before = change
        if change < tolerance or (sweep > 0 and rate < 0.5 and change * rate / (1.0 - rate) < tolerance):
            return sweep + 1
    return -iterations


@fused_kernel
def _backward(feeder: Radial, rows: FloatArray) -> None:
    """Currents of the branches from the loads, conj(S / V), and the shunts."""
    parent, g, b = feeder.parent, feeder.g, feeder.b
    n = parent.shape[0]
    for i in range(n):
        for k in range(2 * LANES):
            rows[i, 4 * LANES + k] = 0.0
    for i in range(n - 1, 0, -1):
        a = parent[i]
        for k in range(LANES):
            re, im = rows[i, k], rows[i, LANES + k]
            p, q = rows[i, 2 * LANES + k], rows[i, 3 * LANES + k]
            w = 1.0 / (re * re + im * im)
            j_re = rows[i, 4 * LANES + k] + (p * re + q * im) * w + (g[i] * re - b[i] * im)
            j_im = rows[i, 5 * LANES + k] + (p * im - q * re) * w + (g[i] * im + b[i] * re)
            rows[i, 4 * LANES + k] = j_re
            rows[i, 5 * LANES + k] = j_im
            rows[a, 4 * LANES + k] += j_re
            rows[a, 5 * LANES + k] += j_im


@fused_kernel
def _store(feeder: Radial, rows: FloatArray, c: int, many: int, out: Flow) -> None:
    """Results of a block; currents are those at its voltages."""
    n = rows.shape[0]
    wanted = out.loss.shape[0] > 0
    if wanted:
        _backward(feeder, rows)
    for k in range(many):
        for i in range(n):
            out.v_re[c + k, i] = rows[i, k]
            out.v_im[c + k, i] = rows[i, LANES + k]
        if wanted:
            lost = 0.0
            for i in range(n):
                square = rows[i, 4 * LANES + k] ** 2 + rows[i, 5 * LANES + k] ** 2
                lost += feeder.g[i] * (rows[i, k] ** 2 + rows[i, LANES + k] ** 2)
                if i > 0:
                    lost += feeder.r[i] * square
                    out.current[c + k, i] = np.sqrt(square)
            out.loss[c + k] = lost
