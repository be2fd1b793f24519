"""The headings weighed each month: where they stand against their paths, which pull apart, which goes first."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.agents.journal import note
from sim.agents.readings import YEAR, Readings
from sim.codes import Status
from sim.months import month_of_year
from sim.scenario.parameters import Parameters
from sim.state import State

AHEAD, BEHIND = 1, -1


def weigh(state: State, readings: Readings, parameters: Parameters) -> None:
    """Compare headings with their paths; say so when one is behind while another is ahead, and again when that changes.

    What follows from it: rules whose condition reads the heading furthest behind go first where limits bind (urgency).
    """
    targets = list(readings.targets.values())
    if not targets or len(state.townhall.seen) < YEAR:
        return
    tolerance = parameters["heading_tolerance"]
    gaps = [g if not math.isnan(g := readings.shortfall(state, t)) else 0.0 for t in targets]
    stance = np.array([BEHIND if g > tolerance else AHEAD if g < -tolerance else 0 for g in gaps], np.int8)
    apart = (stance == AHEAD).any() and (stance == BEHIND).any()
    news = not np.array_equal(stance, state.townhall.stance) or month_of_year(state.month) == 0
    if apart and news:
        _say(state, readings, gaps)
    state.townhall.stance = stance


def _say(state: State, readings: Readings, gaps: list[float]) -> None:
    targets = list(readings.targets.values())
    order = sorted(range(len(targets)), key=lambda j: -gaps[j])
    first, last = targets[order[0]], targets[order[-1]]
    told: dict[str, Any] = {
        t.indicator: {"now": readings.year_mean(state, t.indicator), "path": readings.path(state, t), "behind": gaps[j]}
        for j, t in enumerate(targets)
    }
    announced = np.flatnonzero((state.townhall.asked > 0) & (state.townhall.status != Status.STOPPED))
    support = float(np.mean([readings.support(state, int(i)) for i in announced])) if len(announced) else math.nan
    left = readings.purse.left(state)
    figures = {"headings": told, "support": support if announced.size else None, "budget_left": left}
    purse = "no limit of the year" if left > 1e10 else f"{left / 1e6:.1f} M€ of the year left"
    backing = f"support {support:.0%}, " if announced.size else ""
    why = (
        f"{first.indicator} {gaps[order[0]]:.1%} behind its path, {last.indicator} {-gaps[order[-1]]:.1%} ahead; "
        f"{backing}{purse}: {first.indicator} goes first"
    )
    note(state, "", "headings pull apart", why, figures)


def urgency(state: State, readings: Readings, indicators: list[str]) -> float:
    """How far the headings among these indicators are behind, the furthest of them; 0 where none is."""
    found = [readings.shortfall(state, readings.targets[n]) for n in indicators if n in readings.targets]
    return max([0.0, *(g for g in found if not math.isnan(g))])
