"""The calendar of each stretch of months between revisions, with areas resolved to districts and dependencies put in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.city.city import City
from sim.columns import Ints
from sim.scenario.load import Item
from sim.scenario.revisions import Calendar, Revision


class Plan(NamedTuple):
    """A calendar on a city."""

    start: int
    measures: tuple[Item | None, ...]
    areas: list[Ints]
    order: list[int]  #: rows in the order of the file, but what a measure depends on before it
    shocks: tuple[Item, ...]
    shock_areas: list[Ints]
    changes: Revision | None


def plan_of(city: City, calendar: Calendar) -> Plan:
    """Resolve a calendar on ``city``."""
    areas = [_districts(city, one) if one else np.zeros(0, np.int64) for one in calendar.measures]
    shock_areas = [_districts(city, one) for one in calendar.shocks]
    order = _in_order(calendar.measures)
    return Plan(calendar.start, calendar.measures, areas, order, calendar.shocks, shock_areas, calendar.changes)


def plan_at(plans: Sequence[Plan], month: int) -> Plan:
    """The plan that holds in ``month``: the first one before any revision."""
    return next((plan for plan in reversed(plans) if plan.start <= month), plans[0])


def _in_order(measures: Sequence[Item | None]) -> list[int]:
    """Loops are refused when the file is read."""
    rows = {one.id: i for i, one in enumerate(measures) if one}
    out: list[int] = []
    while len(out) < len(rows):
        ready = (
            i
            for i, one in enumerate(measures)
            if one and i not in out and all(rows.get(d, -1) in out for d in one.depends_on)
        )
        out.append(next(ready))
    return out


def _districts(city: City, one: Item) -> Ints:
    """Districts of the item's areas; an area the city does not know is caught before (sim/scenario/check.py)."""
    found = [city.area(name) for name in one.areas]
    return np.unique(np.concatenate(found)).astype(np.int64)
