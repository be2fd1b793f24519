"""Which parameters fit what was observed: Approximate Bayesian Computation over the points of a sweep.

The points are draws from the prior (Latin hypercube or Sobol designs). Those nearest to the observations are accepted (rejection:
Pritchard et al. 1999), weighted by an Epanechnikov kernel and moved along a local-linear regression of the parameters on the figures
(Beaumont et al. 2002). Distances are in standard deviations: each observation's own error and the model's scatter between seeds together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.analyses import answer
from experiments.analyses.answer import Answer
from experiments.analyses.figure import histograms
from experiments.analyses.observed import Observation, read_observed, simulated
from experiments.frames import Sweep
from experiments.plan import Floats
from sim.errors import Fault, InputError
from sim.results.compare import number

ACCEPTED = 0.1
#: Of the observation errors drawn.
SEED = 1
LEAST_ACCEPTED = 10
METHOD = (
    "Approximate Bayesian Computation: rejection with local-linear adjustment (Beaumont et al. 2002); simulated figures carry a drawn error"
    " of observation, so that what is seen only to within its sd narrows the parameters no further (Wilkinson 2013)."
)
COLUMNS = ("parameter", "unit", "prior mean", "posterior mean", "posterior sd", "5 %", "50 %", "95 %", "narrowed to")


@dataclass(frozen=True)
class Posterior:
    """Accepted points, moved and weighted: (n, k) values, (n,) weights summing to 1, and the rows they came from."""

    values: Floats
    weights: Floats
    rows: np.ndarray
    tolerance: float


def calibrate(sweep: Sweep, observed: Path, name: str | None = None, share: float = ACCEPTED) -> Answer:
    """The posterior of the varied parameters, given the observations."""
    names = answer.varied(sweep)
    name = answer.scenario(sweep, name)
    observations = read_observed(observed, sweep)
    figures, point = simulated(sweep, observations, name)
    means, scatter = _by_point(figures, point)
    x = (
        pd.DataFrame(sweep.plan.points, index=list(sweep.order))
        .groupby(level=0)
        .first()
        .reindex(np.unique(point))
        .to_numpy()
    )
    value = np.array([o.value for o in observations])
    sd = np.sqrt(np.array([o.sd for o in observations]) ** 2 + scatter**2)
    if len(x) * share < LEAST_ACCEPTED:
        raise InputError(
            Fault(
                str(sweep.path),
                f"{len(x)} points",
                f"at least {LEAST_ACCEPTED / share:.0f}, so that {LEAST_ACCEPTED} are accepted",
            )
        )
    error = np.array([o.sd for o in observations]) * np.random.default_rng(SEED).standard_normal(means.shape)
    found = posterior(x, (means + error - value) / sd, share)
    lows, highs = (np.array([sweep.plan.design["ranges"][n][i] for n in names]) for i in (0, 1))
    found = Posterior(np.clip(found.values, lows, highs), found.weights, found.rows, found.tolerance)
    units = {p.name: p.unit for p in sweep.plan.parameters}
    table = _table(names, units, x, found)
    fit = _fit(observations, means, found)
    sentences = [_sentence(r) for r in table.to_dict("records")]
    near = f"each within {found.tolerance:.2f} standard deviations of the observations on average"
    sentences.append(f"{len(found.rows)} of {len(x)} points accepted, {near}")
    samples = {n: (x[:, k], _resampled(found, k)) for k, n in enumerate(names)}
    return Answer(
        "calibration",
        f"Parameters that fit the observations: {name}",
        sentences,
        table,
        {"prior and posterior": histograms(samples, units)},
        (METHOD,),
        {"Observations and fit": fit},
    )


def _sentence(row: Mapping[Any, Any]) -> str:
    band = f"90 % within {number(row['5 %'])} to {number(row['95 %'])}"
    return f"{row['parameter']} [{row['unit']}]: {number(row['posterior mean'])} ({band})"


def posterior(x: Floats, distance: Floats, share: float) -> Posterior:
    """Accept the nearest share of the points and adjust them.

    Args:
        x: (n, k) parameters.
        distance: (n, m) simulated minus observed, in standard deviations.
        share: of the points that is accepted.
    """
    far = np.sqrt((distance**2).mean(axis=1))
    count = max(LEAST_ACCEPTED, int(share * len(x)))
    order = np.argsort(far, kind="stable")
    rows = np.sort(order[:count])
    tolerance = float(far[order[min(count, len(order) - 1)]])  # the first that is out
    weights = np.maximum(1.0 - (far[rows] / max(tolerance, 1e-300)) ** 2, 1e-12)
    design = np.column_stack([np.ones(count), distance[rows]])
    if count <= design.shape[1]:  # fewer points than figures: nothing to regress on
        return Posterior(x[rows], weights / weights.sum(), rows, tolerance)
    root = np.sqrt(weights)[:, None]
    slopes = np.linalg.lstsq(design * root, x[rows] * root, rcond=None)[0][1:]
    return Posterior(x[rows] - distance[rows] @ slopes, weights / weights.sum(), rows, tolerance)


def _by_point(figures: Floats, point: np.ndarray) -> tuple[Floats, Floats]:
    """Mean over seeds at each point, and the standard deviation of such a mean, over all points."""
    frame = pd.DataFrame(figures).groupby(point)
    counts = frame.size().to_numpy()
    scatter = np.zeros(figures.shape[1])
    if counts.max() > 1:
        scatter = np.sqrt(np.nanmean(frame.var(ddof=1).to_numpy() / counts[:, None], axis=0))
    return np.asarray(frame.mean().to_numpy()), scatter


def quantile(values: Floats, weights: Floats, level: float) -> float:
    """Weighted quantile."""
    order = np.argsort(values)
    total = np.cumsum(weights[order]) - 0.5 * weights[order]
    return float(np.interp(level, total, values[order]))


def _table(names: Sequence[str], units: dict[str, str], x: Floats, found: Posterior) -> pd.DataFrame:
    rows = []
    for k, name in enumerate(names):
        v, w = found.values[:, k], found.weights
        mean = float(v @ w)
        sd = float(np.sqrt(w @ (v - mean) ** 2))
        low, middle, high = (quantile(v, w, q) for q in (0.05, 0.5, 0.95))
        before = np.quantile(x[:, k], [0.05, 0.95])
        rows.append(
            (
                name,
                units[name],
                x[:, k].mean(),
                mean,
                sd,
                low,
                middle,
                high,
                (high - low) / max(before[1] - before[0], 1e-300),
            )
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _fit(observations: Sequence[Observation], means: Floats, found: Posterior) -> pd.DataFrame:
    rows = []
    for j, one in enumerate(observations):
        prior, after = means[:, j].mean(), float(means[found.rows, j] @ found.weights)
        rows.append((one.indicator, one.period, one.value, one.sd, prior, after))
    return pd.DataFrame(rows, columns=["indicator", "period", "observed", "sd", "before", "after"])


def _resampled(found: Posterior, k: int) -> Floats:
    """A thousand values in proportion to their weights, without chance."""
    places = np.searchsorted(np.cumsum(found.weights), (np.arange(1000) + 0.5) / 1000.0)
    return np.asarray(found.values[np.minimum(places, len(found.values) - 1), k])
