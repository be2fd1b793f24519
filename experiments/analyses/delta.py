"""Delta, a measure of importance independent of moments (Borgonovo 2007), by the estimator of Plischke, Borgonovo and Smith (2013).

Written here because SALib 1.6 changes the process's warnings and NumPy's generator while it computes, and renamed its results; on the
same points it gives the same figures (tests/experiments/test_analyses.py).
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.stats import gaussian_kde, norm, rankdata

from experiments.plan import Floats

GRID = 100
RESAMPLES = 100
LEVEL = 0.95


class Importance(NamedTuple):
    """(k,) each: delta with half its interval, and the first-order share of the variance with half its own."""

    delta: Floats
    delta_confidence: Floats
    first: Floats
    first_confidence: Floats


def importance(x: Floats, y: Floats, seed: int, resamples: int = RESAMPLES) -> Importance:
    """Delta and S1 of each parameter; delta is corrected for its bias by the bootstrap.

    Args:
        x: (n, k) parameters.
        y: (n,) figures.
        seed: of the bootstrap.
        resamples: bootstrap samples.
    """
    rng = np.random.default_rng(seed)
    edges = np.linspace(0, len(y), classes(len(y)) + 1)
    grid = np.linspace(y.min(), y.max(), GRID)
    picks = rng.integers(0, len(y), (resamples, len(y)))
    z = float(norm.ppf(0.5 + LEVEL / 2.0))
    out = np.empty((4, x.shape[1]))
    for k in range(x.shape[1]):
        plain = delta(y, grid, x[:, k], edges)
        deltas = np.array([delta(y[p], grid, x[p, k], edges) for p in picks])
        firsts = np.array([first_order(y[p], x[p, k], edges) for p in picks])
        corrected = 2.0 * plain - deltas.mean()
        out[:, k] = corrected, z * deltas.std(ddof=1), first_order(y, x[:, k], edges), z * firsts.std(ddof=1)
    return Importance(*out)


def classes(n: int) -> int:
    """How many classes a parameter is cut into."""
    return int(min(np.ceil(n ** (2.0 / (7.0 + np.tanh((1500.0 - n) / 500.0)))), 48))


def delta(y: Floats, grid: Floats, x: Floats, edges: Floats) -> float:
    """Mean distance between the density of ``y`` and its density where ``x`` is known to its class; 0 to 1."""
    if np.ptp(y) == 0.0:
        return 0.0
    whole = gaussian_kde(y, bw_method="silverman")(grid)
    out = 0.0
    for rows in _classes(x, edges):
        inside = y[rows]
        part = np.zeros_like(whole) if np.ptp(inside) == 0.0 else gaussian_kde(inside, bw_method="silverman")(grid)
        out += len(inside) / (2.0 * len(y)) * float(np.trapezoid(np.abs(whole - part), grid))
    return out


def first_order(y: Floats, x: Floats, edges: Floats) -> float:
    """Variance of the means of the classes over the whole variance."""
    variance = float(y.var())
    between = sum(len(rows) / len(y) * (y[rows].mean() - y.mean()) ** 2 for rows in _classes(x, edges))
    return float(between) / variance if variance > 0.0 else 0.0


def _classes(x: Floats, edges: Floats) -> list[np.ndarray]:
    rank = rankdata(x, method="ordinal")
    found = [np.flatnonzero((rank > low) & (rank <= high)) for low, high in pairwise(edges)]
    return [rows for rows in found if len(rows)]
