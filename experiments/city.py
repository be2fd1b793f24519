"""One run of a sweep: a scenario lived in the city, its indicators gathered at the grain asked for.

A worker keeps the city, and the last eve: the settled state on the eve of a start, which scenarios share that have the same past (same
start, shocks, seed, share and parameters). Going on from it gives the same bits as living the months before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from experiments import kernels_used
from experiments.plan import Column, Floats, Result, Task
from experiments.variants import Overrides, Roadmap, patch_of, variant, with_overrides
from sim import INDICATORS, City, Scenario, UrbanModel, cache_folder, load_bundle, month_name, registry

#: Months at the end of a run that its final values are the mean of: a whole year, so that seasons cancel.
WINDOW = 12
#: Indicators counted since the start: their final value is the last month's.
COUNTED = frozenset(i.name for i in INDICATORS if i.period == "since the start")
DIRECTION = {i.name: i.direction for i in INDICATORS}
#: Columns that tell by how much a heading of the scenario is held begin so.
HEADING = "heading_"
#: What a roadmap search holds within limits: the largest value of any month, in columns that begin so.
MOST = "most_"
AUDITED = ("invested", "debt", "measures_waiting")
GRAINS = ("final", "yearly", "monthly", "district")


@dataclass(frozen=True)
class CityWork:
    """Carries out runs; see :data:`experiments.worker.Work`.

    Args:
        scenarios: by name, overrides applied.
        roadmaps: the files that scenarios with varied fields come from, by scenario; read only where ITEM.FIELD is varied.
        overrides: for those.
        bundle: the prepared city on disk; every worker must see it.
        gap: relative gap of the road equilibrium.
        columns: names of the indicators kept.
        districts: names of those kept by district.
        grains: of :data:`GRAINS`.
    """

    scenarios: Mapping[str, Scenario]
    bundle: str
    gap: float
    columns: tuple[str, ...]
    districts: tuple[str, ...] = ()
    grains: tuple[str, ...] = ("final",)
    roadmaps: Mapping[str, Roadmap] = field(default_factory=dict)
    overrides: Overrides = field(default_factory=Overrides)

    def __call__(self, task: Task) -> Result:
        """Live the scenario of the task."""
        decisions = {name: value for name, value in task.parameters.items() if "." in name}
        values = {name: value for name, value in task.parameters.items() if "." not in name}
        scenario = self.scenarios[task.scenario]
        if decisions and task.scenario in self.roadmaps:
            roadmap = self.roadmaps[task.scenario]
            scenario = with_overrides(variant(roadmap, patch_of(roadmap, decisions)), self.overrides)
        eve = _eve(EveOf(self.bundle, task.seed, self.gap, past(scenario, values), scenario, values))
        found = live(eve.fork(scenario), self.columns, self.districts, self.grains)
        _remember_kernels()
        return found

    def make_ready(self) -> None:
        """Load the city and the kernels that runs use; see :func:`experiments.worker.make_ready`."""
        registry()
        _city(self.bundle)
        kernels_used.load(cache_folder())


def live(model: UrbanModel, columns: tuple[str, ...], districts: tuple[str, ...], grains: tuple[str, ...]) -> Result:
    """Live the model to the end of its scenario, from the eve of its start."""
    start, end = model.scenario.start, model.scenario.end
    by_district = [i.by_district for i in INDICATORS if i.name in districts and i.by_district is not None]
    everything, areas = np.empty((end - start + 1, len(INDICATORS))), []
    for row, month in enumerate(range(start, end + 1)):
        model.step()
        everything[row] = list(model.latest().values())
        if by_district and month > end - WINDOW:
            snapshot = model.snapshot()
            areas.append(np.column_stack([np.asarray(f(snapshot), np.float64) for f in by_district]))
    place = {i.name: n for n, i in enumerate(INDICATORS)}
    plain = [name for name in columns if name in place]
    months = everything[:, [place[name] for name in plain]]
    margins = {
        f"{HEADING}{t.indicator}": margin(everything[:, place[t.indicator]], model.scenario, t)
        for t in headings(model.scenario)
    }
    most = {f"{MOST}{name}": float(everything[:, place[name]].max()) for name in AUDITED}
    finals = {name: ended(months[:, column], name) for column, name in enumerate(plain)} | margins | most
    periods, series = _series(months, start, grains)
    if series is not None and len(plain) < len(columns):
        series = np.hstack([series, np.full((len(series), len(columns) - len(plain)), np.nan)])
    area = np.mean(areas, axis=0) if areas else None
    return Result(np.array([finals.get(name, np.nan) for name in columns]), periods, series, area)


def ended(months: Floats, name: str) -> float:
    """The value that a series of an indicator ends with: the mean of its last twelve months, or what has been counted by the last."""
    return float(months[-1] if name in COUNTED else months[-WINDOW:].mean())


def headings(scenario: Scenario) -> list[Any]:
    """The scenario's targets that a run can judge by itself: all but those against the baseline."""
    return [t for t in scenario.targets if t.against != "baseline"]


def margin(months: Floats, scenario: Scenario, target: Any) -> float:
    """How far a heading is held [percentage points of its reference]: 0 or more is held, below 0 is missed.

    Reached: what the months up to its date end with (:func:`ended`). Reference: the mean of the first twelve months, or the figure given.
    """
    reached = ended(months[: target.by - scenario.start + 1], target.indicator)
    reference = months[:WINDOW].mean() if target.against == "start" else float(target.against)
    change = reached / reference - 1.0 if reference else np.nan
    better = np.sign(target.change) or DIRECTION[target.indicator]
    return float(100.0 * better * (change - target.change))


def _series(months: Floats, start: int, grains: tuple[str, ...]) -> tuple[tuple[str, ...], Floats | None]:
    names = [month_name(start + i) for i in range(len(months))]
    if "monthly" in grains:
        return tuple(names), months
    if "yearly" in grains:
        years = np.array([name[:4] for name in names])
        distinct = tuple(dict.fromkeys(years.tolist()))
        return distinct, np.stack([months[years == year].mean(axis=0) for year in distinct])
    return (), None


# --- what a worker keeps --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EveOf:
    """Names an eve: compared by what it follows from, not by the roadmap that comes after it."""

    bundle: str
    seed: int
    gap: float
    past: str
    scenario: Scenario = field(compare=False, hash=False)
    values: Mapping[str, float] = field(compare=False, hash=False)


def past(scenario: Scenario, values: Mapping[str, float]) -> str:
    """Digest of all that the months before the start follow from: no measure begins before it."""
    resolved = scenario.resolved()
    plain = [resolved["shocks"], scenario.start, scenario.first_month, scenario.world, scenario.share]
    plain += [dict(sorted(scenario.parameters.items())), dict(sorted(values.items()))]
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()


@lru_cache(maxsize=1)
def _eve(of: EveOf) -> UrbanModel:
    """The model settled and led in; it must only be forked, never stepped."""
    scenario = of.scenario.without_measures()
    model = UrbanModel(scenario, _city(of.bundle), seed=of.seed, share=scenario.share, gap=of.gap, parameters=of.values)
    model.live_until(scenario.start - 1)
    return model


@lru_cache(maxsize=1)
def _remember_kernels() -> None:
    """Once a process, after its first run."""
    kernels_used.remember(cache_folder())


@lru_cache(maxsize=1)
def _city(bundle: str) -> City:
    return load_bundle(Path(bundle))


def heading_columns(scenarios: Mapping[str, Scenario]) -> tuple[Column, ...]:
    """Columns for the headings of the scenarios, each indicator once."""
    known = {i.name: i for i in INDICATORS}
    names = dict.fromkeys(t.indicator for s in scenarios.values() for t in headings(s))
    return tuple(Column(f"{HEADING}{n}", "percentage points", f"Heading held by: {known[n].label}", 1) for n in names)


def columns_of(names: tuple[str, ...]) -> tuple[Column, ...]:
    """Columns of results for indicators by name."""
    known = {i.name: i for i in INDICATORS}
    return tuple(Column(n, known[n].unit, known[n].label, known[n].direction) for n in names)
