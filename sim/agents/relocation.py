"""Households of the city that move inside it: who looks for another home, what they see, which one they take.

A home is worth what it costs and what it takes to get to work from there, both against income, the room it gives, and the people one
knows nearby (a logit over a sample of the vacant dwellings and one's own home; McFadden 1978 on samples of alternatives). People and
dwellings are conserved: a household leaves one home vacant and takes another.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.agents import lifecourse
from sim.agents.housing import asked_rent, social_homes
from sim.agents.lifecourse import draw
from sim.codes import Activity, Tenure
from sim.columns import Floats, Ints
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State

SEEN = 8  #: vacant dwellings that a household looks at
WORKING_DAYS = 21.0  #: a month
POORER = 1  #: last income fifth whose tenants are offered social homes (ceilings of income are higher, queues are long: assumption)
#: Readiness to move by tenure against the mean: tenants of the market move most (assumption: order of INSEE's housing surveys).
BY_TENURE = {Tenure.OWNER: 0.5, Tenure.TENANT: 1.8, Tenure.SOCIAL: 0.7}


class Moves(NamedTuple):
    """Households that move, and the dwellings they take."""

    households: Ints
    dwellings: Ints


def choose_homes(state: State, p: Parameters, trends: Trends, oldest: Ints, vacant: Ints) -> Moves:
    """Who moves where this month.

    Args:
        state: read only.
        p: registry values.
        trends: dated rates.
        oldest: (H,) age of the oldest member [years].
        vacant: dwellings that may be taken, in random order.
    """
    rows = _lookers(state, p, trends, oldest)
    if len(rows) == 0 or len(vacant) == 0:
        return Moves(np.zeros(0, np.int64), np.zeros(0, np.int64))
    seen = _seen(state, rows, vacant)
    if seen.shape[1] == 0:
        return Moves(np.zeros(0, np.int64), np.zeros(0, np.int64))
    own = state.households.dwelling[rows].astype(np.int64)
    homes = np.column_stack([own, seen])
    utility = _worth(state, p, rows, homes) + _tastes(state, rows, homes)
    utility[:, 0] += p["home_attachment"]
    return _taken(rows, homes, utility, len(state.dwellings))


def _lookers(state: State, p: Parameters, trends: Trends, oldest: Ints) -> Ints:
    """Households that look for another home this month: the young and tenants most."""
    h = state.households
    rows = np.flatnonzero(h.alive & (h.dwelling >= 0))
    ready = lifecourse.mover_profile(trends, state.month, "movers")[oldest[rows]]
    ready = ready * np.array([BY_TENURE[t] for t in Tenure])[h.tenure[rows]]
    mean = float((ready * h.weight[rows]).sum() / max(float(h.weight[rows].sum()), 1e-300))
    chance = ready / max(mean, 1e-300) * p["home_search"] / 12.0
    return np.asarray(rows[draw(state, "looks", h.id[rows]) < chance])


def _seen(state: State, rows: Ints, vacant: Ints) -> Ints:
    """(n, SEEN) vacant dwellings that each household looks at: homes of social landlords are shown to their tenants and to the poorer."""
    h = state.households
    picks = np.column_stack([draw(state, "sees", h.id[rows], k) for k in range(SEEN)])
    market = vacant[~social_homes(state)[vacant]]
    may = (h.tenure[rows] == Tenure.SOCIAL) | ((h.tenure[rows] == Tenure.TENANT) & (h.quintile[rows] <= POORER))
    if len(market) == 0:
        return np.zeros((len(rows), 0), np.int64)
    count = np.where(may, len(vacant), len(market))[:, None]
    place = np.minimum((picks * count).astype(np.int64), count - 1)
    return np.asarray(
        np.where(may[:, None], vacant[np.where(may[:, None], place, 0)], market[np.where(may[:, None], 0, place)])
    )


def _worth(state: State, p: Parameters, rows: Ints, homes: Ints) -> Floats:
    """(n, k) what each home is worth to each household, without its taste."""
    h, d = state.households, state.dwellings
    district = d.district[homes].astype(np.int64)
    area = d.area[homes]
    rent = asked_rent(state, homes, state.society.rent, p)  # owners give up the rent that they could have
    month = commute(state, rows, district) * 2.0 * WORKING_DAYS / 60.0 * p["value_of_time_work"]
    income = np.maximum(h.income[rows], 300.0)[:, None]
    room = area / (p["home_area"] + p["home_area_person"] * (h.size[rows] - 1.0))[:, None]
    known = _known_there(state, rows, district)
    return np.asarray(
        -p["home_cost"] * (rent + month) / income
        + p["home_room"] * np.log(np.clip(room, 0.2, 1.5))
        + p["home_contacts"] * known
    )


def commute(state: State, rows: Ints, district: Ints) -> Floats:
    """(n, k) minutes one way that all members together take to work or study from each district [min].

    By car for households with one, else by transit or bicycle, whichever is sooner; posts outside the perimeter count nothing.
    """
    c, h, t = state.citizens, state.households, state.traffic
    place = np.full(len(h), -1)
    place[rows] = np.arange(len(rows))
    members = np.flatnonzero(c.alive & (place[c.household] >= 0) & (c.main_district >= 0))
    members = members[np.isin(c.activity[members], (Activity.EMPLOYED, Activity.STUDENT))]
    where = place[c.household[members]]
    start, to = district[where], c.main_district[members, None]
    by_car, other = t.car_time[0][start, to], np.minimum(t.transit_time[start, to], t.bike_time[start, to])
    days = 1.0 - c.telework_days[members, None] / 5.0
    minutes = np.minimum(np.where((h.cars[c.household[members]] > 0)[:, None], by_car, other), 180.0) * days
    out = np.zeros(district.shape)
    np.add.at(out, where, minutes)
    return out


def _known_there(state: State, rows: Ints, district: Ints) -> Floats:
    """(n, k) share of contacts who live in each district."""
    first, count = state.contact_first[rows], np.diff(state.contact_first)[rows]
    owner = np.repeat(np.arange(len(rows)), count)
    offset = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    contact = state.contacts[np.repeat(first, count) + offset]
    same = state.households.district[contact][:, None] == district[owner]
    same &= state.households.alive[contact][:, None]
    out = np.zeros(district.shape)
    np.add.at(out, owner, same)
    return np.asarray(out / np.maximum(count, 1)[:, None])


def _tastes(state: State, rows: Ints, homes: Ints) -> Floats:
    """(n, k) Gumbel error of each household for what it looks at this month."""
    ids = state.households.id[rows]
    u = np.column_stack([draw(state, "taste", ids, k) for k in range(homes.shape[1])])
    return np.asarray(-np.log(-np.log(u)))


def _taken(rows: Ints, homes: Ints, utility: Floats, dwellings: int) -> Moves:
    """Each household takes the best home it has seen that is better than its own; of two who want one, the first in order has it."""
    better = np.where(utility > utility[:, :1], utility, -np.inf)
    free = np.ones(dwellings, bool)
    who: list[Ints] = []
    what: list[Ints] = []
    left = np.arange(len(rows))
    for _ in range(homes.shape[1]):
        best = better[left].argmax(axis=1)
        wants = np.isfinite(better[left, best])
        left, best = left[wants], best[wants]
        if len(left) == 0:
            break
        home = homes[left, best]
        _, first = np.unique(home, return_index=True)
        got = np.zeros(len(left), bool)
        got[first] = True
        who.append(rows[left[got]])
        what.append(home[got])
        free[home] = False
        left = left[~got]
        better[left] = np.where(free[homes[left]], better[left], -np.inf)
    empty = [np.zeros(0, np.int64)]
    return Moves(np.concatenate(who or empty), np.concatenate(what or empty))
