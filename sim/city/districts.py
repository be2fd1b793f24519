"""Districts: cells grouped inside communes, of about equal weight, by splitting the heaviest group across its longer side."""

from __future__ import annotations

import numpy as np

from sim.columns import Floats, Int32s, Ints


def group_cells(x: Floats, y: Floats, weight: Floats, commune: Ints, wanted: int) -> Int32s:
    """District number of each cell; numbers run commune by commune. Deterministic.

    Args:
        x, y: (n,) places [m].
        weight: (n,) people and jobs.
        commune: (n,) commune row; districts never cross communes.
        wanted: districts wanted; every commune with cells gets one at least.
    """
    groups = [np.flatnonzero(commune == c) for c in np.unique(commune)]
    heavy = [float(weight[g].sum()) for g in groups]
    while len(groups) < wanted:
        splittable = [h if len(g) > 1 else -1.0 for g, h in zip(groups, heavy, strict=True)]
        i = int(np.argmax(splittable))
        if splittable[i] < 0.0:
            break
        left, right = _halves(groups[i], x, y, weight)
        groups[i : i + 1] = [left, right]
        heavy[i : i + 1] = [float(weight[left].sum()), float(weight[right].sum())]
    out = np.empty(len(x), np.int32)
    for number, group in enumerate(groups):
        out[group] = number
    return out


def _halves(group: Ints, x: Floats, y: Floats, weight: Floats) -> tuple[Ints, Ints]:
    """Two parts of about equal weight, cut across the longer side."""
    along = x[group] if np.ptp(x[group]) >= np.ptp(y[group]) else y[group]
    order = group[np.argsort(along, kind="stable")]
    half = np.cumsum(weight[order])
    cut = int(np.searchsorted(half, half[-1] / 2.0)) + 1
    cut = min(max(cut, 1), len(order) - 1)
    return order[:cut], order[cut:]


def spread(x: Floats, y: Floats, weight: Floats) -> tuple[float, float, float, float]:
    """(centre x, centre y [m], inhabited area [km2], mean distance inside [km]) of a group of weighted cells.

    The area is the ellipse of two standard deviations; the distance is 1.3 times the mean straight one (street detour).
    """
    w = weight / weight.sum()
    cx, cy = float((w * x).sum()), float((w * y).sum())
    sx = float(np.sqrt((w * (x - cx) ** 2).sum())) + 60.0
    sy = float(np.sqrt((w * (y - cy) ** 2).sum())) + 60.0
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    inner = 1.3 * float(w @ apart @ w) / 1000.0
    return cx, cy, 4.0 * np.pi * sx * sy / 1e6, max(0.35, inner)
