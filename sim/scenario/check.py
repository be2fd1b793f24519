"""Does a scenario fit a city? Areas and lines that it names must exist there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.city.city import City
from sim.errors import Fault, nearest
from sim.scenario.load import Item, Scenario


def check_against_city(scenario: Scenario, city: City) -> list[Fault]:
    """One fault for each area or line that the city does not know."""
    revised = [one for r in scenario.revisions for one in (*r.measures, *r.shocks)]
    return check_items((*scenario.measures, *scenario.shocks, *revised), city)


def check_items(items: Sequence[Item], city: City) -> list[Fault]:
    """See :func:`check_against_city`."""
    faults = []
    areas = city.area_names()
    for one in items:
        unknown = [("area", name, areas) for name in one.areas if name not in areas]
        known_areas = [city.area(name) for name in one.areas if name in areas]
        districts = np.unique(np.concatenate([np.zeros(0, np.int64), *known_areas]))
        if one.area and not one.measure.local and len(districts) < city.n_districts:
            allowed = f"no area: {one.measure.kind} acts on the whole city"
            faults.append(Fault(one.where, ", ".join(one.area), allowed, f"{one.id}.area"))
        faults += [
            Fault(one.where, what, allowed, f"{one.id}.{field}")
            for field, what, allowed in one.measure.too_much(city, districts)
        ]
        unknown += one.measure.unknown_names(city)
        faults += [
            Fault(one.where, repr(name), _some(known), f"{one.id}.{field}", nearest(name, known))
            for field, name, known in unknown
        ]
    return faults


def _some(names: tuple[str, ...]) -> str:
    if not names:
        return "nothing: this city has none"
    return "one of " + ", ".join(names[:40]) + (", ..." if len(names) > 40 else "")
