"""What a month of mobility costs with every citizen: the road of the morning peak cold and warm, and all periods with the choices."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import as_file, files
from typing import Any

import numpy as np

from experiments.benchmarks.context import Context, interleaved
from experiments.benchmarks.lived import ROADMAP
from experiments.benchmarks.rows import Promise, Row, measured
from sim import UrbanModel, load_scenario, open_city, prepare

#: Promised on the real street graph of Toulouse, not on the smaller replica.
REAL_LINKS = 50_000
COLD, MORNING, MONTH = 20.0, 1.5, 2.5
#: Every pair of zones has this much more or fewer vehicles than the month before.
CHANGE = 0.02


@dataclass
class Watched:
    """Stands in for where a model's road settles periods: passes on, and remembers what was asked and how long it took."""

    settle: Any  #: of one period
    settle_all: Any  #: of a mapping from periods to their vehicles
    clock: Any
    asked: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def __call__(self, demand: Any, policies: Any, state: Any) -> Any:
        start = self.clock()
        found = self.settle_all(demand, policies, state)
        self.seconds.setdefault("all periods", []).append(self.clock() - start)
        self.asked |= {period.name: (period, vehicles, policies) for period, vehicles in demand.items()}
        return found


def run(context: Context) -> list[Row]:
    """Months of the shipped roadmap's baseline; then the morning peak alone."""
    city = prepare(open_city(context.real or context.city), context.threads)
    with as_file(files("scenarios") / ROADMAP) as path:
        scenario = load_scenario(path).without_measures()
    share = 0.05 if context.quick else 1.0
    model = UrbanModel(scenario, city, share=share, threads=context.threads)
    road = model.mobility.road
    watched = Watched(road.settle, road._settle, context.clock)
    road._settle = watched
    what = f"{city.name}, {len(city.links):,} links, {city.n_districts} districts, share {share:g}"
    real = len(city.links) > REAL_LINKS
    rows = [_months(context, model, watched, what, real)]
    return rows + _morning(context, model, watched, what, real)


def _months(context: Context, model: UrbanModel, watched: Watched, what: str, real: bool) -> Row:
    """Each month's mobility: choices of those who reconsider, all periods to the gap asked, what travellers live through."""
    watched.seconds.clear()
    model.seconds.clear()
    months = []
    for _ in range(context.size(3, 6)):
        before = model.seconds.get("mobility", 0.0)
        model.step()
        months.append(model.seconds["mobility"] - before)
    parts = ", ".join(f"{name.lower()} {np.median(s):.2f} s" for name, s in watched.seconds.items())
    residual = float(model.state.traffic.residual[0])
    return measured(
        f"{what}: a month of mobility, all periods and choices", "s", months, promise=Promise(MONTH) if real else None,
        note=f"gap {model.mobility.road.gap:.0e}, demand-supply residual {residual:.1e}; of which the road: {parts}",
    )  # fmt: skip


def _morning(context: Context, model: UrbanModel, watched: Watched, what: str, real: bool) -> list[Row]:
    """The last month's morning peak again: from nothing, and from its solution with every pair's vehicles 2 % up or down."""
    period, demand, policies = watched.asked["MORNING"]
    rng = np.random.default_rng(2)
    changed = demand * np.where(rng.random(demand.shape[-2:]) < 0.5, 1.0 - CHANGE, 1.0 + CHANGE)

    def again(cold: bool) -> float:
        state = model.state.copy()
        if cold:
            state.traffic.solver, state.traffic.solver_index = np.zeros(0), np.zeros(0, np.int64)
        return context.seconds(lambda: watched.settle(period, changed, policies, state))

    cold, warm = interleaved(context.size(2, 3), lambda: again(True), lambda: again(False))
    vehicles = f"{changed.sum():,.0f} vehicles an hour"
    return [
        measured(f"{what}: morning peak from nothing", "s", cold, promise=Promise(COLD) if real else None, note=vehicles),
        measured(
            f"{what}: morning peak, demand 2 % off, from last month's", "s", warm,
            promise=Promise(MORNING) if real else None, note=vehicles,
        ),
    ]  # fmt: skip
