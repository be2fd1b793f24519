"""What homes cost to live in, whose they are, and where they stand empty.

A dwelling belongs to a social landlord for good (``state.society.social``) or to the market, where it is its occupant's own or let as the
household that takes it owns or rents: homes of the market are sold and bought between owners who live in them and landlords.
"""

from __future__ import annotations

import numpy as np

from kernels.lookup import sums_of
from sim.city.city import City
from sim.codes import Ring
from sim.columns import Bools, Floats, Ints
from sim.scenario.parameters import Parameters
from sim.state import State


def rent_at_start(city: City, p: Parameters) -> Floats:
    """(D,) rent of a new lease of a home of ``rent_area``, inside the ring road and outside [€/m2/month]."""
    inside = city.districts.ring == Ring.CENTRE
    return np.where(inside, p["rent_inside"], p["rent_outside"])


def monthly_rent(rent: Floats, district: Ints, area: Floats, p: Parameters) -> Floats:
    """(n,) rent of homes on the market [€/month]: it grows less than their area.

    Args:
        rent: (D,) of a home of ``rent_area`` [€/m2/month].
        district: (n,) where the home is.
        area: (n,) [m2].
        p: registry values.
    """
    return np.asarray(rent[district] * p["rent_area"] * (area / p["rent_area"]) ** p["rent_by_area"])


def asked_rent(state: State, homes: Ints, rent: Floats, p: Parameters) -> Floats:
    """Rent of a new lease of each of ``homes`` (any shape) [€/month]: social or at the market's ``rent`` (D,) [€/m2/month]."""
    d = state.dwellings
    area = d.area[homes]
    market = monthly_rent(rent, d.district[homes].astype(np.int64), area, p)
    return np.asarray(np.where(social_homes(state)[homes], p["rent_social"] * area, market))


def social_homes(state: State) -> Bools:
    """(n_dwellings,) of a social landlord; of nobody's where society has not begun or the dwelling is not known to it yet."""
    known = state.society.social
    if len(known) == len(state.dwellings):
        return known
    out = np.zeros(len(state.dwellings), bool)
    out[: len(known)] = known
    return out


def shared_out(vacant: Ints, social: Bools, wants_social: Bools) -> Ints:
    """(n,) vacant dwellings for ``n`` households in order: social ones to those who ask for one, the market's to the others.

    Who finds none of their own kind left takes one of the other.

    Args:
        vacant: at least n dwellings, in random order.
        social: (n_dwellings,) of a social landlord.
        wants_social: (n,) households.
    """
    ask = [np.flatnonzero(wants_social), np.flatnonzero(~wants_social)]
    offered = [vacant[social[vacant]], vacant[~social[vacant]]]
    out = np.empty(len(wants_social), np.int64)
    served = [min(len(a), len(o)) for a, o in zip(ask, offered, strict=True)]
    for a, o, k in zip(ask, offered, served, strict=True):
        out[a[:k]] = o[:k]
    left = np.concatenate([a[k:] for a, k in zip(ask, served, strict=True)])
    rest = np.concatenate([o[k:] for o, k in zip(offered, served, strict=True)])
    out[left] = rest[: len(left)]
    return out


def vacancy(state: State, districts: int) -> Floats:
    """(D,) share of the dwellings where nobody lives; 0 where there are none."""
    d = state.dwellings
    total = sums_of(d.alive, d.district, d.weight, districts)
    empty = sums_of(d.alive & (d.household < 0), d.district, d.weight, districts)
    return np.asarray(empty / np.maximum(total, 1e-300))
