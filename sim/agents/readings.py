"""What the municipality knows when it decides: last month's indicators and opinions, its purse, the date, the paths of its headings.

Indicators come once a month from the model and stand in ``state.townhall.seen``; levels are those of the month lived last. A target
path is straight: from the mean of the first year reported to the target at its date, compared with the mean of the last twelve months,
so that seasons cancel. What is not known yet (a path before its first year is over, a year not lived) is NaN and fulfils nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from sim.agents.purse import Purse
from sim.codes import Status
from sim.columns import Floats
from sim.scenario.conditions import LONGEST_FOR, Clause, Reading
from sim.scenario.load import Scenario
from sim.scenario.targets import Target
from sim.state import State

YEAR = 12
#: Age from which a citizen's support counts [months].
ADULT = 18 * 12


def watched(roadmap: Scenario) -> tuple[str, ...]:
    """Indicators that rules and headings read; none in a world without a roadmap."""
    if all(one.committed for one in roadmap.measures):
        return ()
    conditions = [c for rule in roadmap.adapt for c in (rule.when, rule.rearm) if c is not None]
    names = {
        clause.reading.name for c in conditions for clause in c.clauses if clause.reading.kind in ("level", "change")
    }
    return tuple(sorted(names | {t.indicator for t in roadmap.targets if t.has_path}))


class Readings:
    """Looks things up in a state. It remembers nothing."""

    def __init__(self, roadmap: Scenario, purse: Purse) -> None:
        self.roadmap, self.purse = roadmap, purse
        self.watched = watched(roadmap)
        self.rows = {one.id: i for i, one in enumerate(roadmap.rows)}
        self.targets = {t.indicator: t for t in roadmap.targets if t.has_path}

    def observe(self, state: State, read: Callable[[str], float]) -> None:
        """Note the indicators of the month just lived."""
        if self.watched and state.month >= self.roadmap.start:
            row = np.array([[read(name) for name in self.watched]])
            state.townhall.seen = np.concatenate([state.townhall.seen.reshape(-1, len(self.watched)), row])

    def sides(self, state: State, clause: Clause) -> tuple[float, float]:
        """What a clause compares: reading and bound, in the reading's unit."""
        if clause.path:
            target = self.targets[clause.reading.name]
            return self.year_mean(state, target.indicator), self.path(state, target) * (1.0 + clause.bound)
        return self.value(state, clause.reading), clause.bound

    def value(self, state: State, reading: Reading) -> float:
        """A reading as it stands at the beginning of the month."""
        kind, name, month = reading.kind, reading.name, state.month
        if kind in ("level", "change"):
            series = self.series(state, name)
            if kind == "level":
                return float(series[-1]) if len(series) else math.nan
            return self._change(series, reading.against)
        if kind == "support":
            return self.support(state, self.rows[name])
        if kind == "protest":
            return float(state.society.protest[self.rows[name]])
        if kind == "late":
            return self._late(state, self.rows[name])
        if kind == "budget_left":
            return self.purse.left(state, name)
        if kind == "debt_left":
            return float(self.roadmap.budget.debt_ceiling - state.townhall.debt[0])
        if kind == "date":
            return float(month)
        ahead = [e - month for e in self.roadmap.elections if e >= month]
        behind = [month - e for e in self.roadmap.elections if e <= month]
        found = ahead if kind == "months_to_election" else behind
        return float(min(found)) if found else math.nan

    def series(self, state: State, name: str) -> Floats:
        """(months,) of an indicator since the start."""
        seen = state.townhall.seen
        return seen[:, self.watched.index(name)] if len(seen) else np.zeros(0)

    def _change(self, series: Floats, against: int) -> float:
        """Relative change of the last month against the same month before, or of the last year against a whole year."""
        if 0 < against <= LONGEST_FOR:
            now, then = (series[-1], series[-1 - against]) if len(series) > against else (math.nan, math.nan)
        else:
            first = (against * YEAR - self.roadmap.start) if against else 0
            known = first >= 0 and len(series) >= first + YEAR
            now, then = (series[-YEAR:].mean(), series[first : first + YEAR].mean()) if known else (math.nan, math.nan)
        return float((now - then) / abs(then)) if then else math.nan

    def _late(self, state: State, i: int) -> float:
        town = state.townhall
        waiting = town.status[i] in (Status.PLANNED, Status.WAITING)
        return float(max(0, (state.month if waiting else int(town.start[i])) - self.roadmap.rows[i].start))

    @staticmethod
    def support(state: State, i: int) -> float:
        """Adults' mean support for a measure, 0..1."""
        c = state.citizens
        adult = np.where(c.alive & (state.month - c.birth >= ADULT), c.weight, 0.0)
        return float((adult * state.society.support[:, i]).sum() / max(float(adult.sum()), 1e-300))

    # --- headings -----------------------------------------------------------------------------------------------

    def year_mean(self, state: State, name: str) -> float:
        """Mean of the last twelve months, NaN before there are as many."""
        series = self.series(state, name)
        return float(series[-YEAR:].mean()) if len(series) >= YEAR else math.nan

    def reference(self, state: State, target: Target) -> float:
        """What a target's change is counted from: the mean of the first year, or its figure."""
        series = self.series(state, target.indicator)
        if len(series) < YEAR:
            return math.nan
        return float(series[:YEAR].mean()) if target.against == "start" else float(target.against)

    def path(self, state: State, target: Target) -> float:
        """Where the last twelve months should be on the straight way from the first year to the target."""
        series = self.series(state, target.indicator)
        reference = self.reference(state, target)
        if math.isnan(reference):
            return math.nan
        first, begun = float(series[:YEAR].mean()), self.roadmap.start + YEAR - 1
        done = 1.0 if target.by <= begun else min(1.0, (state.month - 1 - begun) / (target.by - begun))
        return first + (reference * (1.0 + target.change) - first) * done

    def shortfall(self, state: State, target: Target) -> float:
        """How far the indicator is behind its path, as a share of the reference; negative where it is ahead."""
        scale = abs(self.reference(state, target))
        behind = self.path(state, target) - self.year_mean(state, target.indicator)
        return (behind if target.change > 0.0 else -behind) / scale if scale else math.nan
