"""Rents: what the market asks, what each household has agreed to, who pays whom.

Rents of new leases rise where fewer dwellings than usual stand empty, and fall where more do. A lease keeps its rent in constant euros
(the index of rents follows prices) until the household moves. Tenants of the market pay landlords, of whom some live in the city; tenants
of social homes pay social landlords (firms). Income already holds what landlords receive, so it is told, not added again.
"""

from __future__ import annotations

import numpy as np

from kernels.draws import stream, uniforms
from sim.agents.housing import asked_rent, rent_at_start, vacancy
from sim.city.city import City
from sim.codes import Party, Purpose, Tenure
from sim.columns import Array, Bools, Floats, Ints
from sim.measures.policies import QUINTILES
from sim.scenario.parameters import Parameters
from sim.state import State

STEEPEST = 0.1  #: a month moves no rent by more than this part of it a year


def begin(city: City, state: State, p: Parameters) -> dict[str, Array]:
    """Columns of the society block: the market's rents, whose dwellings are, the leases of those who live there.

    Sitting tenants pay less than new ones (``rent_sitting``); a few social homes stand empty (``social_vacant``).
    """
    h, d = state.households, state.dwellings
    rent = rent_at_start(city, p)
    home = np.maximum(h.dwelling, 0).astype(np.int64)
    housed = h.alive & (h.dwelling >= 0)
    social = np.zeros(len(d), bool)
    social[home[housed & (h.tenure == Tenure.SOCIAL)]] = True
    let = float(d.weight[social].sum())
    empty = d.alive & (d.household < 0)
    share = let * p["social_vacant"] / (1.0 - p["social_vacant"]) / max(float(d.weight[empty].sum()), 1e-300)
    social |= empty & _draw(state, d.id, share)
    state.society.social = social
    paid = asked_rent(state, home, rent, p) * np.where(h.tenure == Tenure.SOCIAL, 1.0, 1.0 - p["rent_sitting"])
    return {
        "rent": rent, "social": social, "lease": np.where(housed, h.dwelling, -1), "rents": np.zeros((2, QUINTILES)),
        "lease_rent": np.where(housed & (h.tenure != Tenure.OWNER), paid, 0.0),
    }  # fmt: skip


def move_rents(state: State, p: Parameters) -> None:
    """One month of the market, in constant euros: what stands empty against the start, district by district."""
    s = state.society
    scarce = s.usual_vacancy - vacancy(state, len(s.rent))
    change = np.clip(p["rent_pace"] * scarce / np.maximum(p["rent_vacancy"], 1e-9), -STEEPEST, STEEPEST)
    s.rent *= 1.0 + change / 12.0


def sign_leases(city: City, state: State, p: Parameters) -> None:
    """Who has moved since last month agrees to the rent of the new home; tenure follows the home where it is a social landlord's.

    What a mover pays more or less for a dearer or cheaper home is their choice: the usual bill moves with it. Only what the market has
    moved rents since the start is a gain or a loss.
    """
    h, s = state.households, state.society
    _new_homes(state, p)
    rows = np.flatnonzero(h.dwelling != s.lease)
    if len(rows) == 0:
        return
    housed = h.alive[rows] & (h.dwelling[rows] >= 0)
    home = np.maximum(h.dwelling[rows], 0).astype(np.int64)
    social = housed & s.social[home]
    left = housed & ~social & (h.tenure[rows] == Tenure.SOCIAL)
    h.tenure[rows] = np.select([social, left], [Tenure.SOCIAL, Tenure.TENANT], h.tenure[rows])
    pays = housed & (h.tenure[rows] != Tenure.OWNER)
    now, usual = (np.where(pays, asked_rent(state, home, r, p), 0.0) for r in (s.rent, rent_at_start(city, p)))
    s.reference_cost[rows] += usual - s.lease_rent[rows]
    s.reference_cold[rows] = np.nan  # another home: what it lacks is taken for the usual
    s.lease_rent[rows], s.lease[rows] = now, np.where(housed, h.dwelling[rows], -1)


def _new_homes(state: State, p: Parameters) -> None:
    """Of the dwellings built since last month, social landlords have a share."""
    d, s = state.dwellings, state.society
    first = len(s.social)
    if first < len(d):
        s.social = np.concatenate([s.social, _draw(state, d.id[first:], p["social_built"])])


def _draw(state: State, ids: Ints, share: float) -> Bools:
    return np.asarray(uniforms(state.seed, stream("society.social"), ids, 0, 0) < share)


def pay_rents(state: State, p: Parameters) -> None:
    """A month's rents: of social homes to social landlords, of the market's to landlords here and elsewhere."""
    h, s = state.households, state.society
    rent = np.where(h.alive, h.weight * s.lease_rent, 0.0)
    social = h.tenure == Tenure.SOCIAL
    s.rents[0] = np.bincount(h.quintile, weights=rent, minlength=QUINTILES)
    market = float(rent[~social].sum())
    here = market * p["landlords_here"]
    s.rents[1] = here * landlords(p)
    state.pay(Party.HOUSEHOLDS, Party.FIRMS, float(rent[social].sum()), Purpose.RENT)
    state.pay(Party.HOUSEHOLDS, Party.HOUSEHOLDS, here, Purpose.RENT)
    state.pay(Party.HOUSEHOLDS, Party.OUTSIDE, market - here, Purpose.RENT)


def landlords(p: Parameters) -> Floats:
    """(5,) share of the market's rents that landlords of each income fifth receive."""
    weight = np.exp(p["landlord_income"] * np.arange(QUINTILES))
    return np.asarray(weight / weight.sum())
