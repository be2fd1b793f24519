"""How sure a difference is: two labelled bands and the sentence "indistinguishable from zero".

The *sampling band* is a 95 % Student interval of the paired difference over seeds (same draws in roadmap and baseline, other
draws in each pair), scaled from the share of the ensemble to the share of the run by sqrt(share ratio): the variance of a
weighted sample mean falls as one over its size. The *parameter band* is the 5-95 % range of the paired difference over a Latin
hypercube of the registry's ranges. A difference smaller than its own change at a ten times tighter road gap cannot be told
from solver noise.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import t as student

COLUMNS = (
    "indicator",
    "sampling_low",
    "sampling_high",
    "parameter_low",
    "parameter_high",
    "gap_change",
    "seeds",
    "draws",
)
ENSEMBLE = ("kind", "number", "indicator", "month", "roadmap", "baseline")


def bands(ensemble: pd.DataFrame, share: float, ensemble_share: float, months: int = 12) -> pd.DataFrame:
    """Bands of the mean difference roadmap - baseline over the last ``months`` months, by indicator.

    Args:
        ensemble: rows of :data:`ENSEMBLE`: kind is "seed", "parameters" or "gap"; seed number 0 is the run's own seed.
        share: share of the run whose differences the bands belong to.
        ensemble_share: share of the ensemble.
        months: length of the window at the end.

    Returns:
        one row per indicator with :data:`COLUMNS`; the sampling band is an offset around the run's own difference, the parameter
        band an absolute range; NaN where the ensemble has no such runs.
    """
    last = sorted(ensemble["month"].unique())[-months:]
    window = ensemble[ensemble["month"].isin(last)].assign(difference=lambda f: f["roadmap"] - f["baseline"])
    mean = window.groupby(["kind", "number", "indicator"], sort=False)["difference"].mean()
    scale = np.sqrt(min(1.0, ensemble_share / share))
    rows = [_row(name, mean, scale) for name in ensemble["indicator"].unique()]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(name: str, mean: pd.Series, scale: float) -> tuple[object, ...]:
    seeds = _of(mean, "seed", name)
    draws = _of(mean, "parameters", name)
    tight = _of(mean, "gap", name)
    half = np.nan
    if len(seeds) > 1:
        half = student.ppf(0.975, len(seeds) - 1) * seeds.std(ddof=1) * scale
    low, high = np.quantile(draws, [0.05, 0.95]) if len(draws) > 1 else (np.nan, np.nan)
    change = abs(tight[0] - seeds[0]) if len(tight) and len(seeds) else np.nan
    return (name, -half, half, low, high, change, len(seeds), len(draws))


def _of(mean: pd.Series, kind: str, name: str) -> np.ndarray:
    try:
        return np.asarray(mean.loc[(kind, slice(None), name)], np.float64)
    except KeyError:
        return np.zeros(0)


def verdict(difference: float, row: pd.Series) -> str:
    """What may be said of a difference: "clear", "within sampling error", "indistinguishable from zero" or "no band"."""
    if difference == 0.0:
        return "exactly zero"
    if np.isfinite(row["gap_change"]) and abs(difference) <= row["gap_change"]:
        return "indistinguishable from zero"
    if not np.isfinite(row["sampling_high"]):
        return "no band"
    return "clear" if abs(difference) > row["sampling_high"] else "within sampling error"
