"""The patient rule induction method: a box of the parameters in which cases of interest are dense (Friedman and Fisher 1999).

Peeling takes away, again and again, the slice of at most ``alpha`` of the points whose removal leaves the densest box; pasting gives
back what turns out to cost no density. Each step is a box of the trajectory; a box is chosen by density and coverage. Which of its
limits matter is told by quasi-p-values (Bryant and Lempert 2010): the chance that as many cases of interest lie within, were the
limit not there and the cases spread at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiments.plan import Floats

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Box:
    """Limits (low, high) of the parameters that it bounds, and how good it is.

    density: share of cases of interest within; coverage: share of all cases of interest that lie within; mass: share of all points.
    """

    low: Floats
    high: Floats
    density: float
    coverage: float
    mass: float

    def inside(self, x: Floats) -> Bools:
        """(n,) which points lie in it."""
        return np.asarray(((x >= self.low) & (x <= self.high)).all(axis=1))


def trajectory(x: Floats, cases: Bools, *, alpha: float = 0.05, least_mass: float = 0.05) -> list[Box]:
    """Boxes from all points to one that still holds ``least_mass`` of the points, and the densest of them pasted.

    Args:
        x: (n, k) parameters.
        cases: (n,) cases of interest.
        alpha: share of the points that a peel may take.
        least_mass: share of all points that a box must hold.
    """
    low, high = x.min(axis=0).astype(np.float64), x.max(axis=0).astype(np.float64)
    boxes = [_box(x, cases, low, high)]
    while True:
        found = _peel(x, cases, low, high, alpha, least_mass)
        if found is None:
            break
        low, high = found
        boxes.append(_box(x, cases, low, high))
        if boxes[-1].density == 1.0:
            break
    chosen = best(boxes)
    pasted = _box(x, cases, *_paste(x, cases, chosen.low, chosen.high, alpha))
    return [*boxes, pasted] if pasted.mass > chosen.mass else boxes


def best(boxes: Sequence[Box]) -> Box:
    """The box with the largest mean of density and coverage, harmonic and with density counting twice (F-measure, beta 0.5)."""
    return max(boxes, key=lambda b: 1.25 * b.density * b.coverage / max(0.25 * b.density + b.coverage, 1e-300))


def _peel(
    x: Floats, cases: Bools, low: Floats, high: Floats, alpha: float, least_mass: float
) -> tuple[Floats, Floats] | None:
    inside = ((x >= low) & (x <= high)).all(axis=1)
    held = x[inside]
    wanted = cases[inside]
    candidates = []
    for k in range(x.shape[1]):
        column = held[:, k]
        for upper in (False, True):
            keep, limit = _without_slice(column, alpha, upper)
            if limit is None or not keep.any() or keep.all() or keep.sum() < least_mass * len(x):
                continue
            # ties: the peel that takes fewer points is more patient
            candidates.append((wanted[keep].mean(), int(keep.sum()), -k, upper, limit))
    if not candidates:
        return None
    _, _, place, upper, limit = max(candidates)  # even where density falls for a while: what lies behind may be denser
    low, high = low.copy(), high.copy()
    (high if upper else low)[-place] = limit
    return low, high


def _without_slice(column: Floats, alpha: float, upper: bool) -> tuple[Bools, float | None]:
    """Which points stay when the slice at one end is taken, and the new limit: the outermost value that stays."""
    order = np.sort(column)
    cut = max(1, int(alpha * len(column)))
    edge = order[-cut] if upper else order[cut - 1]
    keep = column < edge if upper else column > edge
    if not keep.any():
        return keep, None
    return keep, float(column[keep].max() if upper else column[keep].min())


def _paste(x: Floats, cases: Bools, low: Floats, high: Floats, alpha: float) -> tuple[Floats, Floats]:
    """Widen one limit at a time by about ``alpha`` of the box's points while density does not fall."""
    while True:
        inside = ((x >= low) & (x <= high)).all(axis=1)
        density, mass = cases[inside].mean(), inside.sum()
        grown = []
        for k in range(x.shape[1]):
            others = np.delete(np.arange(x.shape[1]), k)
            near = ((x[:, others] >= low[others]) & (x[:, others] <= high[others])).all(axis=1)
            for upper in (False, True):
                beyond = np.sort(x[near & (x[:, k] > high[k] if upper else x[:, k] < low[k]), k])
                if not len(beyond):
                    continue
                step = min(len(beyond), max(1, int(alpha * mass)))
                limit = beyond[step - 1] if upper else beyond[-step]
                a, b = low.copy(), high.copy()
                (b if upper else a)[k] = limit
                wider = ((x >= a) & (x <= b)).all(axis=1)
                grown.append((cases[wider].mean(), int(wider.sum()), -k, upper, a, b))
        grown = [g for g in grown if g[0] >= density and g[1] > mass]
        if not grown:
            return low, high
        *_, low, high = max(grown, key=lambda g: g[:4])


def _box(x: Floats, cases: Bools, low: Floats, high: Floats) -> Box:
    inside = ((x >= low) & (x <= high)).all(axis=1)
    return Box(
        low, high, float(cases[inside].mean()), float(cases[inside].sum() / max(cases.sum(), 1)), float(inside.mean())
    )


def quasi_p(x: Floats, cases: Bools, box: Box) -> list[tuple[int, str, float, float]]:
    """Limits that the box really sets: (parameter, "<=" or ">=", limit, quasi-p-value); the smaller the surer."""
    from scipy.stats import binomtest

    out = []
    for k in range(x.shape[1]):
        for sign, limit, edge in (("<=", box.high[k], x[:, k].max()), (">=", box.low[k], x[:, k].min())):
            if limit == edge:
                continue
            a, b = box.low.copy(), box.high.copy()
            (b if sign == "<=" else a)[k] = edge
            without = _box(x, cases, a, b)
            inside = box.inside(x)
            test = binomtest(int(cases[inside].sum()), int(inside.sum()), without.density, alternative="greater")
            out.append((k, sign, float(limit), float(test.pvalue)))
    return sorted(out, key=lambda row: row[3])
