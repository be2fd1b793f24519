"""Envelopes: who considers a retrofit, who decides, how deep it goes, who can pay; and what a rental ban makes landlords do."""

from __future__ import annotations

import numpy as np

from kernels.draws import below, stream, uniforms
from sim.codes import Carrier, Retrofit, Tenure
from sim.columns import Bools, Floats, Ints
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.society.contacts import Near
from sim.systems.society.works import book, lived_in, means, occupied

#: State's share of retrofit cost by income fifth (MaPrimeRénov' and certificates 2021-2023, rounded: assumption).
STATE_RETROFIT = np.array([0.50, 0.38, 0.25, 0.15, 0.10])
#: Month whose prices the others are held against (series home_price_*).
PRICES_OF = 2020 * 12 + 6
#: Carrier that each heating system is paid by, in code order of Heating.
CARRIER = (
    Carrier.GAS, Carrier.OIL, Carrier.ELECTRICITY, Carrier.ELECTRICITY, Carrier.DISTRICT_HEAT, Carrier.WOOD,
)  # fmt: skip
LATEST_OLD = 6  #: last construction period in which owners think of a retrofit (1990-1999)


def finish_works(state: State) -> None:
    """Retrofits whose works end this month take effect."""
    d = state.dwellings
    done = d.alive & (d.works_until == state.month)
    d.retrofit[done] = np.maximum(d.retrofit[done], d.works_to[done])
    d.works_until[done] = -1
    d.works_to[done] = Retrofit.EXISTING


def retrofit(state: State, policies: Policies, p: Parameters, trends: Trends, done_by_contacts: Near) -> None:
    """Owners, landlords and social landlords consider works, then decide by grants and means, then how deep; works take some months."""
    d, h = state.dwellings, state.households
    advised = p["retrofit_consider"] + policies.advice * p["advice_works"]
    most = advised.max() + max(p["retrofit_contacts"], 0.0)  # of those all of whose contacts have done it
    rows, draw = below(state.seed, stream("society.retrofit.think"), d.id, state.month, 0, most)
    open_to = lived_in(state, rows) & (d.retrofit[rows] == Retrofit.EXISTING) & (d.period[rows] <= LATEST_OLD)
    open_to &= d.works_until[rows] < 0
    rows, draw = rows[open_to], draw[open_to]
    who = d.household[rows].astype(np.int64)
    thinks = draw < advised[d.district[rows]] + p["retrofit_contacts"] * done_by_contacts[who]
    rows, who = rows[thinks], who[thinks]
    aid, granted = _shares(h.quintile[who], policies)
    tenure = np.array([p["retrofit_owner"], p["retrofit_landlord"], p["retrofit_social"]])[h.tenure[who]]
    value = tenure + p["retrofit_per_share"] * (aid + granted)
    draw = uniforms(state.seed, stream("society.retrofit.do"), d.id[rows], state.month, 0)
    left = p["retrofit_cost"] * d.area[rows] * (1.0 - aid - granted)
    within = means(state, who, p)
    go = (draw < 1.0 / (1.0 + np.exp(-value))) & (left <= within)
    deep = _goes_deep(state, policies, p, trends, rows, aid + granted) & (left * p["retrofit_deep_cost"] <= within)
    _begin(state, policies, p, rows[go], np.where(deep[go], Retrofit.ADVANCED, Retrofit.USUAL))


def _goes_deep(state: State, policies: Policies, p: Parameters, trends: Trends, rows: Ints, granted: Floats) -> Bools:
    """(n,) True where the best envelope is preferred to the usual one: by the share granted and the price of the dwelling's heat."""
    d, month = state.dwellings, state.month
    dearer = np.array([
        policies.energy_price_factor[c] * trends.at(name, month) / trends.at(name, PRICES_OF)
        for c, name in ((c, f"home_price_{c.name.lower()}") for c in CARRIER)
    ])[d.heating[rows]]  # fmt: skip
    odds = np.exp(p["retrofit_deep"] + p["retrofit_deep_per_share"] * granted) * dearer ** p["retrofit_deep_price"]
    draw = uniforms(state.seed, stream("society.retrofit.deep"), d.id[rows], month, 0)
    return np.asarray(draw < odds / (1.0 + odds))


def obey_rental_ban(state: State, policies: Policies, p: Parameters) -> None:
    """Landlords who comply refurbish what may no longer be let when its lease ends, one step of the envelope at a time.

    Nothing happens where the best envelope leaves the class as it is. Who complies is a lasting trait of the dwelling's owner.
    """
    if not policies.rental_ban.any():
        return
    d, h = state.dwellings, state.households
    lived, household = occupied(state)
    let = lived & (h.tenure[household] != Tenure.OWNER) & (d.works_until < 0) & (d.retrofit < Retrofit.ADVANCED)
    rows = np.flatnonzero(let)
    rows = rows[rows < len(state.energy.dpe)]  # dwellings of this month have no class yet
    label = state.energy.dpe[rows]
    banned = np.where(label >= 0, policies.rental_ban[np.maximum(label, 0)], 0.0)
    rows, banned = rows[banned > 0.0], banned[banned > 0.0]
    complies = uniforms(state.seed, stream("society.rental_ban.comply"), d.id[rows], 0, 0) < banned
    lease = uniforms(state.seed, stream("society.rental_ban.lease"), d.id[rows], state.month, 0)
    rows = rows[complies & (lease < p["lease_ends"] / 12.0)]
    _begin(state, policies, p, rows, d.retrofit[rows] + 1)


def _shares(quintile: Ints, policies: Policies) -> tuple[Floats, Floats]:
    """Parts of the cost that the State and the metropole pay, nine tenths together at most."""
    aid = STATE_RETROFIT[quintile]
    return aid, np.minimum(aid + policies.retrofit_grant[quintile], 0.9) - aid


def _begin(state: State, policies: Policies, p: Parameters, rows: Ints, to: Ints) -> None:
    """Works begin in the dwellings ``rows`` that lead to the envelopes ``to``; they are paid for now."""
    d, h = state.dwellings, state.households
    who = d.household[rows].astype(np.int64)
    quintile = h.quintile[who]
    aid, granted = _shares(quintile, policies)
    whole = np.array([0.0, 1.0, p["retrofit_deep_cost"]])
    cost = p["retrofit_cost"] * d.area[rows] * (whole[to] - whole[d.retrofit[rows]])
    d.works_until[rows], d.works_to[rows] = state.month + int(p["works_months"]), to
    w, grant = d.weight[rows], cost * granted
    state.society.adopted[4] += float(w.sum())
    state.society.granted[2] += np.bincount(quintile, weights=w * grant, minlength=5)
    book(state, who, w, cost, grant, cost * aid, p)
