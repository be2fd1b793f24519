"""How well a sweep tells what was observed: a backcast scored indicator by indicator.

Bias and error of the mean, whether the observation lies in the 90 % band of the runs, and the continuous ranked probability score (CRPS;
Gneiting and Raftery 2007), which counts both how near and how sure: in the unit of the indicator, 0 is perfect. The skill compares it with
the persistence of the first observation of the indicator: 1 is perfect, 0 no better than "nothing changes".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.analyses import answer
from experiments.analyses.answer import Answer
from experiments.analyses.figure import bars
from experiments.analyses.observed import Observation, read_observed, simulated
from experiments.frames import Sweep, require
from experiments.plan import Floats
from sim.results.compare import number

BAND = (0.05, 0.95)
COLUMNS = (
    "indicator",
    "unit",
    "figures",
    "bias",
    "mean error",
    "relative error [%]",
    "within the band",
    "CRPS",
    "skill",
)


def score(sweep: Sweep, observed: Path, name: str | None = None) -> Answer:
    """Score all runs of a scenario, as one ensemble, against the observations."""
    require(sweep, 2)
    name = answer.scenario(sweep, name)
    observations = read_observed(observed, sweep)
    figures, _ = simulated(sweep, observations, name)
    each = pd.DataFrame([_one(o, figures[:, j]) for j, o in enumerate(observations)])
    first = each.drop_duplicates("indicator").set_index("indicator")["observed"]
    each["persistence"] = (each["observed"] - each["indicator"].map(first)).abs()
    table = pd.DataFrame(
        [_summary(sweep, str(n), rows) for n, rows in each.groupby("indicator", sort=False)], columns=list(COLUMNS)
    )
    shown = table.assign(panel="mean absolute error, % of the observed", none=0.0)
    inside = float(each["within"].mean())
    return Answer(
        "score", f"The past as the model tells it: {name}",
        [f"{inside:.0%} of {len(each)} observed figures lie in the 90 % band of {len(figures)} runs",
         *(f"{r['indicator']}: off by {r['relative error [%]']:.3g} % on average, bias {number(abs(r['bias']))} {r['unit']} "
           f"{'too high' if r['bias'] > 0 else 'too low'}" for r in table.to_dict("records"))],
        table, {"mean absolute error": bars(shown, "panel", "indicator", "relative error [%]", "none")},
        ("CRPS: Gneiting and Raftery (2007); skill against the persistence of the indicator's first observation (NaN with one figure).",),
        {"Figure by figure": each.drop(columns="persistence")},
    )  # fmt: skip


def crps(ensemble: Floats, observed: float) -> float:
    """CRPS of an ensemble: mean distance to the observation less half the mean distance between members."""
    x = np.sort(ensemble)
    n = len(x)
    between = 2.0 * float(((2.0 * np.arange(1, n + 1) - n - 1.0) * x).sum()) / n**2
    return float(np.abs(x - observed).mean()) - 0.5 * between


def _one(o: Observation, values: Floats) -> dict[str, Any]:
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, BAND)
    return {
        "indicator": o.indicator, "period": o.period, "observed": o.value, "mean": known.mean(), "5 %": low, "95 %": high,
        "within": float(low <= o.value <= high), "CRPS": crps(known, o.value),
    }  # fmt: skip


def _summary(sweep: Sweep, name: str, rows: pd.DataFrame) -> tuple[Any, ...]:
    error = rows["mean"] - rows["observed"]
    relative = 100.0 * (error.abs() / rows["observed"].abs().replace(0.0, np.nan)).mean()
    naive = rows["persistence"].iloc[1:].mean() if len(rows) > 1 else np.nan
    skill = 1.0 - rows["CRPS"].iloc[1:].mean() / naive if len(rows) > 1 and naive > 0.0 else np.nan
    unit = answer.facts(sweep, name).unit
    return (
        name,
        unit,
        len(rows),
        error.mean(),
        error.abs().mean(),
        relative,
        rows["within"].mean(),
        rows["CRPS"].mean(),
        skill,
    )
