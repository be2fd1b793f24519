"""Heating systems: what replaces those whose life is over, and which flats a heat network connects."""

from __future__ import annotations

import numpy as np

from kernels.draws import below, stream, uniforms
from sim.codes import DwellingType, Heating
from sim.columns import Bools, Floats
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.society.works import book, lived_in, means, occupied

#: Price of a replaced heating system [€] by Heating code (assumption, 2021 orders of magnitude, fitted).
HEATING_PRICE = np.array([5e3, 6e3, 3e3, 13e3, 1.5e3, 6e3])
NO_NEW_OIL = 2022 * 12 + 6  #: no new oil boilers in France since July 2022
#: State's grants for a heat pump by income fifth [€] (MaPrimeRénov' 2021-2023, rounded: assumption).
STATE_HEAT_PUMP = np.array([4000.0, 3000.0, 2000.0, 500.0, 0.0])
#: State's grants for joining a heat network by income fifth [€] (MaPrimeRénov': 1,200 to 400 € by income, empruntis.com).
STATE_CONNECTION = np.array([1200.0, 800.0, 400.0, 0.0, 0.0])
#: Systems with water pipes through the building, which a heat network can feed.
_PIPED = (Heating.GAS, Heating.OIL, Heating.WOOD, Heating.DISTRICT)


def renew_heating(state: State, policies: Policies, p: Parameters, trends: Trends) -> None:
    """Systems at the end of their life are replaced: by a heat pump at the market's chance moved by grants, else by their like."""
    d, h = state.dwellings, state.households
    oldest = max(state.month - int(d.heating_since.min(initial=state.month)), 0)
    hazard = p["heating_renewal"] / 12.0 * (np.arange(oldest + 1) / 240.0) ** p["heating_renewal_shape"]
    due, draw = below(state.seed, stream("society.heating.due"), d.id, state.month, 0, hazard.max())
    at_end = draw < hazard[np.maximum(state.month - d.heating_since[due], 0)]
    due = due[at_end & lived_in(state, due) & (d.heating[due] != Heating.DISTRICT)]
    household = d.household[due].astype(np.int64)
    quintile = h.quintile[household]
    house = d.kind[due] <= DwellingType.TH
    market = np.where(house, trends.at("heat_pump_house", state.month), trends.at("heat_pump_flat", state.month))
    odds = market / (1.0 - market) * np.exp(p["heat_pump_per_k"] * policies.heat_pump_grant[quintile] / 1000.0)
    draw = uniforms(state.seed, stream("society.heating.what"), d.id[due], state.month, 0)
    grant, aid = policies.heat_pump_grant[quintile], STATE_HEAT_PUMP[quintile]
    left = HEATING_PRICE[Heating.HEAT_PUMP] - grant - aid
    pump = (draw < odds / (1.0 + odds)) & (d.heating[due] != Heating.HEAT_PUMP) & (left <= means(state, household, p))
    same = d.heating[due].copy()
    if state.month >= NO_NEW_OIL:
        same[same == Heating.OIL] = Heating.GAS
    before = d.heating[due].copy()
    d.heating[due] = np.where(pump, Heating.HEAT_PUMP, same)
    d.heating_since[due] = state.month
    w = d.weight[due]
    state.society.adopted[2] += float(w[pump].sum())
    state.society.adopted[3] += float(w[~pump & (before != Heating.HEAT_PUMP)].sum())
    price = HEATING_PRICE[d.heating[due]]
    grant = np.where(pump, grant, 0.0)
    state.society.granted[1] += np.bincount(quintile, weights=w * grant, minlength=5)
    book(state, household, w, price, grant, np.where(pump, aid, 0.0), p)


def connect_flats(state: State, policies: Policies, p: Parameters) -> None:
    """Flats that the pipes have reached this month leave their boiler for the heat network.

    Only large blocks with water pipes are connected. The lever is a share of all flats of the district, so as many of those blocks'
    flats connect as make up that share; those on a network already count among them.
    """
    if not policies.heat_network.any():
        return
    d = state.dwellings
    lived, household = occupied(state)
    fit = d.alive & (d.kind == DwellingType.AB) & np.isin(d.heating, _PIPED)
    flats = _by_district(state, d.alive & (d.kind > DwellingType.TH), len(policies.heat_network))
    fitting = _by_district(state, fit, len(policies.heat_network))
    share = np.minimum(policies.heat_network * flats / np.maximum(fitting, 1e-300), 1.0)
    rows = np.flatnonzero(fit & (d.heating != Heating.DISTRICT) & (share[d.district] > 0.0))
    place = uniforms(state.seed, stream("society.heat_network"), d.id[rows], 0, 0)
    rows = rows[place < share[d.district[rows]]]
    d.heating[rows], d.heating_since[rows] = Heating.DISTRICT, state.month
    state.society.adopted[10] += float(d.weight[rows].sum())
    rows = rows[lived[rows]]  # the connection of empty flats is left out of the accounts, as their other works are
    quintile = state.households.quintile[household[rows]]
    price = np.full(len(rows), p["heat_network_connection"])
    aid = np.minimum(STATE_CONNECTION[quintile], price)
    book(state, household[rows], d.weight[rows], price, np.zeros(len(rows)), aid, p)


def _by_district(state: State, which: Bools, districts: int) -> Floats:
    """(districts,) real dwellings among ``which``."""
    d = state.dwellings
    return np.asarray(np.bincount(d.district, weights=np.where(which, d.weight, 0.0), minlength=districts))
