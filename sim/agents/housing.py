"""What homes cost to live in, and where they stand empty."""

from __future__ import annotations

import numpy as np

from kernels.lookup import sums_of
from sim.city.city import City
from sim.codes import Ring
from sim.columns import Floats, Ints
from sim.scenario.parameters import Parameters
from sim.state import State


def rent_at_start(city: City, p: Parameters) -> Floats:
    """(D,) rent of a new lease of a home of ``rent_area``, inside the ring road and outside [€/m2/month]."""
    inside = city.districts.ring == Ring.CENTRE
    return np.where(inside, p["rent_inside"], p["rent_outside"])


def monthly_rent(rent: Floats, district: Ints, area: Floats, p: Parameters) -> Floats:
    """(n,) rent of homes [€/month]: it grows less than their area.

    Args:
        rent: (D,) of a home of ``rent_area`` [€/m2/month].
        district: (n,) where the home is.
        area: (n,) [m2].
        p: registry values.
    """
    return np.asarray(rent[district] * p["rent_area"] * (area / p["rent_area"]) ** p["rent_by_area"])


def vacancy(state: State, districts: int) -> Floats:
    """(D,) share of the dwellings where nobody lives; 0 where there are none."""
    d = state.dwellings
    total = sums_of(d.alive, d.district, d.weight, districts)
    empty = sums_of(d.alive & (d.household < 0), d.district, d.weight, districts)
    return np.asarray(empty / np.maximum(total, 1e-300))
