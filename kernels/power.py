"""Power flow of balanced radial feeders by backward/forward sweep (Shirmohammadi et al. 1988, IEEE Trans. Power Systems 3(2))."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.jit import kernel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@kernel
def radial_flow(
    parent: IntArray,
    r: FloatArray,
    x: FloatArray,
    p: FloatArray,
    q: FloatArray,
    source: float,
    tolerance: float,
    iterations: int,
) -> tuple:  # type: ignore[type-arg]
    """Voltages of radial feeders under constant-power loads, everything in per unit.

    Buses are ordered so that ``parent[i] < i``; bus 0 is the source (its parent is ignored) at voltage ``source``, angle 0.
    ``parent`` (n,) int64; ``r``, ``x`` (n,) impedance of the branch between a bus and its parent; ``p``, ``q`` (cases, n)
    load (generation negative). Returns (v_re, v_im (cases, n); current (cases, n) magnitude in the branch to the parent;
    loss (cases,) active losses; steps (cases,) int64 sweeps used, -1 where no solution was met: voltage collapse).
    """
    cases, n = p.shape
    v_re = np.full((cases, n), source)
    v_im = np.zeros((cases, n))
    current = np.zeros((cases, n))
    loss = np.zeros(cases)
    steps = np.full(cases, -1, np.int64)
    j_re, j_im = np.empty(n), np.empty(n)
    for c in range(cases):
        for step in range(iterations):
            for i in range(n):  # load currents: conj(S / V)
                square = v_re[c, i] * v_re[c, i] + v_im[c, i] * v_im[c, i]
                j_re[i] = (p[c, i] * v_re[c, i] + q[c, i] * v_im[c, i]) / square
                j_im[i] = (p[c, i] * v_im[c, i] - q[c, i] * v_re[c, i]) / square
            for i in range(n - 1, 0, -1):  # backward: branch currents
                j_re[parent[i]] += j_re[i]
                j_im[parent[i]] += j_im[i]
            change = 0.0
            for i in range(1, n):  # forward: voltage drops
                new_re = v_re[c, parent[i]] - (r[i] * j_re[i] - x[i] * j_im[i])
                new_im = v_im[c, parent[i]] - (r[i] * j_im[i] + x[i] * j_re[i])
                change = max(change, abs(new_re - v_re[c, i]) + abs(new_im - v_im[c, i]))
                v_re[c, i] = new_re
                v_im[c, i] = new_im
            if change < tolerance:
                steps[c] = step + 1
                break
        for i in range(1, n):
            square = j_re[i] * j_re[i] + j_im[i] * j_im[i]
            current[c, i] = np.sqrt(square)
            loss[c] += r[i] * square
    return v_re, v_im, current, loss, steps
