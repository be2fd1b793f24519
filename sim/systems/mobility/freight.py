"""Goods: vans and trucks that deliver to firms and collect from them, as their jobs ask for.

Movements (deliveries and collections) a job and week differ by branch (urban goods surveys: Routhier & Toilier, FRETURB, LAET). Some
are direct ways from a depot and back, the others stops of rounds: the first and last leg of a round join it with its depot, the
others lead from stop to stop nearby. Depots stand inside with the jobs of transport, and beyond the gates.
"""

from __future__ import annotations

import numpy as np

from sim.city.city import City
from sim.codes import Period, RoadUser, Sector
from sim.columns import Floats
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.mobility import tours

#: Movements a job, against each other (assumption: rounded from what is told of the surveys: several in wholesale and retail, about one
#: in industry, 0.2-0.3 in offices); the level is the registry's ``freight_movements``.
RELATIVE = {
    Sector.AGRICULTURE: 0.7, Sector.AERONAUTICS: 0.7, Sector.INDUSTRY: 1.1, Sector.CONSTRUCTION: 0.8, Sector.TRADE: 2.9,
    Sector.TRANSPORT: 2.2, Sector.HOSPITALITY: 0.8, Sector.INFORMATION: 0.25, Sector.BUSINESS: 0.35, Sector.PUBLIC: 0.3,
    Sector.OTHER: 0.8,
}  # fmt: skip
#: Stickers of vans and trucks (assumption: mostly diesel; Crit'Air 2 and 3 lead), taken as constant over the years.
STICKERS = np.array([0.01, 0.04, 0.56, 0.24, 0.08, 0.04, 0.03])
VANS = (RoadUser.VAN, RoadUser.VAN_KEPT_OUT)
TRUCKS = (RoadUser.TRUCK, RoadUser.TRUCK_KEPT_OUT)


def movements(city: City, state: State, p: Parameters) -> Floats:
    """(D,) deliveries and collections of a working day, from the posts that firms offer now."""
    relative = np.array([RELATIVE[sector] for sector in Sector])
    posts = state.economy.posts if state.economy.posts.size else city.jobs
    usual = float((city.jobs @ relative).sum() / max(float(city.jobs.sum()), 1e-300))
    return np.asarray(posts @ relative / usual * p["freight_movements"] / 5.0)


def legs(city: City, state: State, p: Parameters, policies: Policies) -> Floats:
    """(Z, Z) ways of vans and trucks of a working day, those that a ban keeps away left out."""
    n = city.n_districts
    allowed = 1.0 - (STICKERS[:, None] * policies.van_ban).sum(axis=0) * p["van_loss"]
    stops = movements(city, state, p) * allowed * float(policies.incomer_factor[0]) * policies.goods_trips
    depots = _depots(city, state, p)
    rounds = 1.0 - p["freight_direct"]
    ends = stops * (p["freight_direct"] + rounds / p["freight_stops"])
    out = np.zeros((len(depots), len(depots)))
    out[:, :n] += np.outer(depots, ends)
    out[:n, :] += np.outer(ends, depots)
    km = np.hypot(city.districts.x[:, None] - city.districts.x, city.districts.y[:, None] - city.districts.y) / 1000.0
    near = stops * np.exp(-(km + np.diag(city.districts.inner_distance)) / p["freight_reach"])
    near /= np.maximum(near.sum(axis=1, keepdims=True), 1e-300)
    out[:n, :n] += (stops * rounds * (1.0 - 1.0 / p["freight_stops"]))[:, None] * near
    return out


def _depots(city: City, state: State, p: Parameters) -> Floats:
    """(Z,) shares of the depots: inside by jobs of transport, outside by gate."""
    posts = state.economy.posts if state.economy.posts.size else city.jobs
    inside = posts[:, Sector.TRANSPORT] / max(float(posts[:, Sector.TRANSPORT].sum()), 1e-300)
    gates = city.cordon.freight / max(float(city.cordon.freight.sum()), 1e-300)
    beyond = p["freight_from_outside"] if gates.sum() > 0.0 else 0.0
    return np.r_[inside * (1.0 - beyond), gates * beyond]


def hourly(city: City, state: State, p: Parameters, policies: Policies) -> Floats:
    """(P, U, Z, Z) vans and trucks in the hour of each period [veh/h]; those that comply with a ban go round its zone."""
    day = legs(city, state, p, policies)
    kept = float((STICKERS * policies.van_ban.max(axis=1)).sum())
    banned = (STICKERS[:, None] * policies.van_ban).sum(axis=0)
    round_it = np.ones(len(day))
    round_it[: city.n_districts] = banned == 0.0  # who goes into the zone has a vehicle that may
    out_of = kept * (1.0 - p["van_loss"]) * np.outer(round_it, round_it)
    share = np.array([p["freight_morning"], p["freight_evening"], 0.0])
    hours = tours.hours(p)
    share[Period.OFF_PEAK] = (1.0 - share @ hours) / hours[Period.OFF_PEAK]
    out = np.zeros((len(Period), len(RoadUser), *day.shape))
    for (free, keeps), part in ((VANS, p["freight_vans"]), (TRUCKS, 1.0 - p["freight_vans"])):
        out[:, free] = share[:, None, None] * day * part * (1.0 - out_of)
        out[:, keeps] = share[:, None, None] * day * part * out_of
    return out
