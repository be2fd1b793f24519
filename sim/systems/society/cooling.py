"""Air conditioning: who buys it, by the market, means, heatwaves and how hot it gets at home."""

from __future__ import annotations

import numpy as np

from kernels.draws import below, stream
from sim.codes import DwellingType, Tenure
from sim.columns import Floats, Ints
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.society.works import book, lived_in, own_means

#: Chance of buying by income fifth against the mean: 37 % of managers' households had it in 2020, 19 % of the inactive, 25 % of all
#: (ADEME, CODA Stratégies 2021); fifths in between: derived.
BY_FIFTH = np.array([0.76, 0.86, 0.96, 1.12, 1.30])


def buy_cooling(state: State, policies: Policies, p: Parameters, trends: Trends) -> None:
    """Households without air conditioning buy it as fast as ownership has grown where they live, faster in a heatwave and in hot homes.

    Owners of houses mount a fixed unit, everybody else buys a mobile one; who lives there pays.
    """
    d, h = state.dwellings, state.households
    heat = float(policies.heatwave[0] * policies.heatwave_days[0])
    in_house, in_flat = _rate(trends, "cooled_house", state.month), _rate(trends, "cooled_flat", state.month)
    hottest = max(1.0 + 2.0 * p["cooling_hot_home"], 1.0)
    most = max(in_house, in_flat) / 12.0 * BY_FIFTH.max() * (1.0 + p["cooling_heatwave"] * heat) * hottest
    rows, draw = below(state.seed, stream("society.cooling"), d.id, state.month, 0, most)
    open_to = lived_in(state, rows) & ~d.cooled[rows]
    rows, draw = rows[open_to], draw[open_to]
    rate = np.where(d.kind[rows] <= DwellingType.TH, in_house, in_flat)
    fifth = BY_FIFTH[h.quintile[d.household[rows]]]
    chance = rate / 12.0 * fifth * (1.0 + p["cooling_heatwave"] * heat) * _hot_homes(state, rows, p)
    rows = rows[draw < chance]
    who = d.household[rows]
    fixed = (d.kind[rows] <= DwellingType.TH) & (h.tenure[who] == Tenure.OWNER)
    price = np.where(fixed, p["cooling_price"], p["cooling_price_mobile"])
    afford = price <= own_means(state, who, p)
    rows, who, price = rows[afford], who[afford], price[afford]
    d.cooled[rows] = True
    w = d.weight[rows]
    state.society.adopted[9] += float(w.sum())
    nothing = np.zeros(len(rows))
    book(state, who, w, price, nothing, nothing, p, by_occupant=True)


def _rate(trends: Trends, name: str, month: int) -> float:
    """Chance a year of those without, by which ownership grows as the series does around ``month``."""
    grown = trends.at(name, month + 6) - trends.at(name, month - 6)
    return max(grown, 0.0) / (1.0 - trends.at(name, month))


def _hot_homes(state: State, rows: Ints, p: Parameters) -> Floats:
    """(n,) chance of dwellings by last month's degree-hours above comfort, against the mean of all that are lived in without cooling; 1 for
    all in months without any."""
    d, stress = state.dwellings, state.energy.heat_stress
    if not stress.any():
        return np.ones(len(rows))
    known = np.r_[stress, 0.0]  # nothing known of dwellings just built
    open_to = np.flatnonzero(d.alive & (d.household >= 0) & ~d.cooled)
    w = d.weight[open_to]
    mean = float((w * known[np.minimum(open_to, len(known) - 1)]).sum()) / max(float(w.sum()), 1e-300)
    if mean <= 0.0:
        return np.ones(len(rows))
    here = known[np.minimum(rows, len(known) - 1)]
    return np.asarray(1.0 + p["cooling_hot_home"] * (np.minimum(here / mean, 3.0) - 1.0))
