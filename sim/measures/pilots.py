"""What projects of firms with the municipality change, by theme, where they run and where they have spread.

No measure of a roadmap: the municipality adds these contributions to those of its measures, so that a pilot acts through the levers
that measures act through. Themes without a lever of their own (cybersecurity, digital) act inside the economy.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.city.city import City
from sim.columns import Floats, Ints
from sim.measures.policies import THEMES, Contribution
from sim.scenario.parameters import Parameters

SOFT_MOBILITY, ENERGY = THEMES.index("soft_mobility"), THEMES.index("energy")
LOGISTICS, HEALTH = THEMES.index("logistics"), THEMES.index("health")
#: Golden ratio: multiples of it modulo 1 spread evenly, so that streets treated at a smaller reach stay treated at a larger one.
_GOLDEN = 0.6180339887498949


def pilot_contributions(reach: Floats, city: City, p: Parameters) -> Iterator[Contribution]:
    """What projects that reach ``reach`` (T, D) of each district add to the levers; nothing where they reach nobody."""
    if not reach.any():
        return
    districts = city.districts.population.astype(np.float64)
    mean = reach @ districts / max(float(districts.sum()), 1e-300)
    if reach[SOFT_MOBILITY].any():
        yield Contribution("cycle_level", 1.0, _calmed(reach[SOFT_MOBILITY] * p["pilot_streets"], city))
    if reach[ENERGY].any():
        yield Contribution("demand_response", p["pilot_flexible"] * reach[ENERGY])
        yield Contribution("building_data", p["pilot_saving"] * float(mean[ENERGY]))
    if reach[LOGISTICS].any():
        yield Contribution("goods_trips", 1.0 - p["pilot_deliveries"] * reach[LOGISTICS])
    if reach[HEALTH].any():
        yield Contribution("trip_suppression", p["pilot_care_trips"] * float(mean[HEALTH]))


def _calmed(share: Floats, city: City) -> Ints:
    """Links of the minor streets that soft-mobility pilots have made easy to cycle: that share of each district's, both directions."""
    links = city.links
    order = (np.asarray(links.edge, np.float64) * _GOLDEN) % 1.0
    return np.flatnonzero((links.road_class == 2) & (order < np.asarray(share)[links.district]))
