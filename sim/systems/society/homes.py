"""Homes: heating systems, retrofit and PV - who considers, who decides, who can pay, and who builds."""

from __future__ import annotations

import numpy as np

from kernels.draws import stream, uniforms
from sim.codes import DwellingType, Heating, Party, Purpose, Retrofit, Tenure
from sim.columns import Bools, Floats, Ints
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State

#: Price of a replaced heating system [€] by Heating code (assumption, 2021 orders of magnitude, fitted).
HEATING_PRICE = np.array([5e3, 6e3, 3e3, 13e3, 1.5e3, 6e3])
NO_NEW_OIL = 2022 * 12 + 6  #: no new oil boilers in France since July 2022
#: State's share of retrofit cost by income fifth (MaPrimeRénov' and certificates 2021-2023, rounded: assumption).
STATE_RETROFIT = np.array([0.50, 0.38, 0.25, 0.15, 0.10])
#: State's grants for a heat pump by income fifth [€] (MaPrimeRénov' 2021-2023, rounded: assumption).
STATE_HEAT_PUMP = np.array([4000.0, 3000.0, 2000.0, 500.0, 0.0])


def finish_works(state: State) -> None:
    """Retrofits whose works end this month take effect."""
    d = state.dwellings
    done = d.alive & (d.works_until == state.month)
    d.retrofit[done] = np.maximum(d.retrofit[done], Retrofit.USUAL)
    d.works_until[done] = -1


def _occupied(state: State) -> tuple[Bools, Ints]:
    d = state.dwellings
    return np.asarray(d.alive & (d.household >= 0)), np.maximum(d.household, 0).astype(np.int64)


def renew_heating(state: State, policies: Policies, p: Parameters, trends: Trends) -> None:
    """Systems at the end of their life are replaced: by a heat pump at the market's chance moved by grants, else by their like."""
    d, h = state.dwellings, state.households
    lived, household = _occupied(state)
    age = np.maximum(state.month - d.heating_since, 0) / 12.0
    hazard = p["heating_renewal"] / 12.0 * (age / 20.0) ** p["heating_renewal_shape"]
    draw = uniforms(state.seed, stream("society.heating.due"), d.id, state.month, 0)
    due = np.flatnonzero(lived & (d.heating != Heating.DISTRICT) & (draw < hazard))
    quintile = h.quintile[household[due]]
    house = d.kind[due] <= DwellingType.TH
    market = np.where(house, trends.at("heat_pump_house", state.month), trends.at("heat_pump_flat", state.month))
    odds = market / (1.0 - market) * np.exp(p["heat_pump_per_k"] * policies.heat_pump_grant[quintile] / 1000.0)
    draw = uniforms(state.seed, stream("society.heating.what"), d.id[due], state.month, 0)
    grant, aid = policies.heat_pump_grant[quintile], STATE_HEAT_PUMP[quintile]
    left = HEATING_PRICE[Heating.HEAT_PUMP] - grant - aid
    pump = (
        (draw < odds / (1.0 + odds))
        & (d.heating[due] != Heating.HEAT_PUMP)
        & (left <= _means(state, household[due], p))
    )
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
    _book(state, household[due], w, price, grant, np.where(pump, aid, 0.0), p)


def retrofit(state: State, policies: Policies, p: Parameters, done_by_contacts: Floats) -> None:
    """Owners, landlords and social landlords consider works, then decide by grants and means; works take some months."""
    d, h = state.dwellings, state.households
    lived, household = _occupied(state)
    open_to = lived & (d.retrofit == Retrofit.EXISTING) & (d.period <= 6) & (d.works_until < 0)
    chance = (
        p["retrofit_consider"]
        + policies.advice[d.district] * p["advice_works"]
        + p["retrofit_contacts"] * done_by_contacts[household]
    )
    draw = uniforms(state.seed, stream("society.retrofit.think"), d.id, state.month, 0)
    rows = np.flatnonzero(open_to & (draw < chance))
    who = household[rows]
    quintile = h.quintile[who]
    aid = STATE_RETROFIT[quintile]
    granted = np.minimum(aid + policies.retrofit_grant[quintile], 0.9) - aid
    cost = p["retrofit_cost"] * d.area[rows]
    left = cost * (1.0 - aid - granted)
    tenure = np.array([p["retrofit_owner"], p["retrofit_landlord"], p["retrofit_social"]])[h.tenure[who]]
    value = tenure + p["retrofit_per_share"] * (aid + granted)
    draw = uniforms(state.seed, stream("society.retrofit.do"), d.id[rows], state.month, 0)
    go = (draw < 1.0 / (1.0 + np.exp(-value))) & (left <= _means(state, who, p))
    chosen = rows[go]
    d.works_until[chosen] = state.month + int(p["works_months"])
    w = d.weight[chosen]
    state.society.adopted[4] += float(w.sum())
    grant = (cost * granted)[go]
    state.society.granted[2] += np.bincount(quintile[go], weights=w * grant, minlength=5)
    _book(state, who[go], w, cost[go], grant, (cost * aid)[go], p)


def install_pv(state: State, policies: Policies, p: Parameters, trends: Trends, near: Floats) -> None:
    """Owners of houses install rooftop PV at the market's rate, moved by grants, advice and neighbours.

    Contacts count by how far they are ahead of the country's households, whose contacts are in the market's rate already.
    """
    d, h = state.dwellings, state.households
    lived, household = _occupied(state)
    house = lived & (d.kind <= DwellingType.TH) & (d.pv == 0.0) & (h.tenure[household] == Tenure.OWNER)
    rate = trends.at("pv_rate", state.month) / 12.0 * np.exp(p["pv_per_100"] * float(policies.pv_grant[0]) / 100.0)
    ahead = near[household] - trends.at("households_solar", state.month)
    chance = rate * np.maximum(1.0 + p["pv_contacts"] * ahead + p["pv_advice"] * policies.advice[d.district], 0.0)
    rows = np.flatnonzero(house & (uniforms(state.seed, stream("society.pv"), d.id, state.month, 0) < chance))
    size = p["pv_size"] * (0.6 + 0.8 * uniforms(state.seed, stream("society.pv.size"), d.id[rows], 0, 0))
    grant = np.minimum(float(policies.pv_grant[0]), p["pv_price"]) * size
    afford = p["pv_price"] * size - grant <= _means(state, household[rows], p)
    rows, size, grant = rows[afford], size[afford], grant[afford]
    d.pv[rows] = size
    w = d.weight[rows]
    state.society.adopted[5] += float(w.sum())
    state.society.granted[3] += np.bincount(h.quintile[household[rows]], weights=w * grant, minlength=5)
    _book(state, household[rows], w, p["pv_price"] * size, grant, np.zeros(len(rows)), p)


def _means(state: State, household: Ints, p: Parameters) -> Floats:
    """What owner-occupiers can pay at once or by credit [€]; landlords are not bound by their tenants' means."""
    h = state.households
    own = h.savings[household] + p["credit_years"] * 12.0 * h.income[household]
    return np.where(h.tenure[household] == Tenure.OWNER, own, np.inf)


def _book(
    state: State, household: Ints, weight: Floats, price: Floats, grant: Floats, aid: Floats, p: Parameters
) -> None:
    """Payments of works, landlords' among those of households; only owner-occupiers feel them in their own bill."""
    h = state.households
    state.pay(Party.HOUSEHOLDS, Party.FIRMS, float((weight * price).sum()), Purpose.WORKS)
    state.pay(Party.METROPOLE, Party.HOUSEHOLDS, float((weight * grant).sum()), Purpose.GRANTS)
    state.pay(Party.STATE, Party.HOUSEHOLDS, float((weight * aid).sum()), Purpose.GRANTS)
    own = h.tenure[household] == Tenure.OWNER
    np.add.at(h.works_bill, household[own], ((price - grant - aid) * (1.0 - p["instalments_left"]))[own])
