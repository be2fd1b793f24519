"""Which roadmap does well over uncertain futures: regret, satisficing, a bad percentile (measures of McPhail et al. 2018).

A future is a point of the design. Regret: how much better the best scenario does in the same future (Savage 1951). Satisficing: share of
futures in which a limit is held (Starr 1963). Percentile: what is reached or bettered in 90 % of the futures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from experiments.analyses import answer
from experiments.analyses.answer import Answer
from experiments.analyses.figure import bars
from experiments.frames import Sweep
from experiments.plan import Bools, Floats, Ints
from sim.errors import Fault, InputError
from sim.results.compare import number

_LIMIT = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(<=|>=|<|>)\s*([-+0-9.eE]+)\s*")
BAD = 0.9  #: share of futures in which it is as good or better
ONE_SEED = "One seed: no band of chance can be told; give the experiment replications."
CAPTION = "mean regret by scenario over the futures, with the band over seeds: less is better"
COLUMNS = (
    "indicator",
    "unit",
    "scenario",
    "mean",
    "percentile",
    "mean regret",
    "± mean regret",
    "max regret",
    "satisficing",
)


def robustness(sweep: Sweep, wanted: Sequence[str] = (), limits: Sequence[str] = ()) -> Answer:
    """Each scenario by each indicator. ``limits``: "INDICATOR < NUMBER", what is to be held.

    ``satisficing`` is NaN for indicators without a limit; indicators that are neither better nor worse when they grow are left out.
    """
    held = _limits(sweep, limits)
    names = [
        n
        for n in answer.indicators(sweep, [*wanted, *held] if wanted or held else (), default=12)
        if answer.facts(sweep, n).direction
    ]
    if not names:
        raise InputError(
            Fault("--indicator", "indicators that are neither better nor worse when they grow", "one with a direction")
        )
    if len(sweep.plan.scenarios) < 2:
        raise InputError(Fault(str(sweep.path), "one scenario", "a sweep of at least two scenarios to choose from"))
    rows: list[tuple[Any, ...]] = []
    for indicator in names:
        rows += _rows(sweep, indicator, held.get(indicator))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    figure = bars(table, "indicator", "scenario", "mean regret", "± mean regret")
    n = sweep.plan.replications
    seeds = f"±: 95 % band of the mean regret over {n} seeds, in the same futures." if n > 1 else ONE_SEED
    notes = (
        f"{len(sweep.plan.points)} futures, the same seeds for all scenarios. Percentile: reached or bettered in {BAD:.0%} of them.",
        "Regret: how much better the best scenario does in the same future; satisficing: share of futures that hold the limit.",
        seeds,
    )
    title = "Roadmaps over uncertain futures"
    return Answer("robustness", title, _sentences(table), table, {CAPTION: figure}, notes)


def _rows(sweep: Sweep, indicator: str, limit: tuple[str, float] | None) -> list[tuple[Any, ...]]:
    fact = answer.facts(sweep, indicator)
    values = np.stack([answer.by_point(sweep, name, indicator) for name in sweep.plan.scenarios])
    whole: Bools = np.asarray(np.isfinite(values).all(axis=0), np.bool_)
    values = values[:, whole]
    if not values.shape[1]:
        raise InputError(
            Fault(str(sweep.path), "no future in which all scenarios are done", "a sweep that is further on")
        )
    worse = regrets(values, fact.direction)
    band = _bands(sweep, indicator, fact.direction, (values * fact.direction).argmax(axis=0), whole)
    out = []
    for i, name in enumerate(sweep.plan.scenarios):
        mine = values[i]
        share = (
            float("nan") if limit is None else float((mine < limit[1] if "<" in limit[0] else mine > limit[1]).mean())
        )
        bad = percentile(mine, fact.direction)
        out.append((indicator, fact.unit, name, mine.mean(), bad, worse[i].mean(), band[i], worse[i].max(), share))
    return out


def _bands(sweep: Sweep, indicator: str, direction: int, best: Ints, whole: Bools) -> Floats:
    """(S,) half width of the 95 % interval of each scenario's mean regret over seeds (Student's t); NaN for one seed.

    Against the scenario that is best on average over the seeds in each future, ``best`` (F,): so the seeds' mean is the regret told.
    """
    n = sweep.plan.replications
    if n < 2:
        return np.full(len(sweep.plan.scenarios), np.nan)
    runs = sweep.runs.pivot_table(index="point", columns=["scenario", "replication"], values=indicator, dropna=False)
    order = np.array(sweep.order)[whole]
    by_seed = np.stack(
        [
            [
                runs[name, r].reindex(order).to_numpy() if (name, r) in runs else np.full(len(order), np.nan)
                for r in range(n)
            ]
            for name in sweep.plan.scenarios
        ]
    )  # (S, R, F)
    at_best = np.take_along_axis(by_seed, best[None, None, :], axis=0)
    regret = np.nanmean((at_best - by_seed) * direction, axis=2)
    return np.asarray(student.ppf(0.975, n - 1) * regret.std(axis=1, ddof=1) / np.sqrt(n))


def regrets(values: Floats, direction: int) -> Floats:
    """(S, F) how much better the best scenario does in each future; 0 for the best."""
    good = values * direction
    return np.asarray(good.max(axis=0) - good)


def percentile(values: Floats, direction: int) -> float:
    """What is reached or bettered in :data:`BAD` of the futures."""
    return float(np.quantile(values, 1.0 - BAD if direction > 0 else BAD))


def _limits(sweep: Sweep, limits: Sequence[str]) -> dict[str, tuple[str, float]]:
    out = {}
    known = [c.name for c in sweep.plan.columns]
    for text in limits:
        match = _LIMIT.fullmatch(text)
        if match is None or match[1] not in known:
            raise InputError(
                Fault("--limit", repr(text), f"INDICATOR < NUMBER, the indicator one of {', '.join(known)}")
            )
        try:
            out[match[1]] = (match[2], float(match[3]))
        except ValueError as error:
            raise InputError(Fault("--limit", repr(text), "INDICATOR < NUMBER")) from error
    return out


def _sentences(table: pd.DataFrame) -> list[str]:
    out = []
    for indicator, rows in table.groupby("indicator", sort=False):
        least = rows.sort_values("max regret").iloc[0]
        furthest = f"never further from the best than {number(least['max regret'])} {least['unit']}"
        best = "best in every future" if rows["max regret"].max() > 0.0 else "as good as all others in every future"
        words = f"{indicator}: {least['scenario']} is {furthest if least['max regret'] > 0.0 else best}"
        if rows["satisficing"].notna().any():
            most = rows.sort_values("satisficing", ascending=False).iloc[0]
            words += f"; {most['scenario']} holds the limit in {most['satisficing']:.0%} of the futures"
        out.append(words)
    return out
