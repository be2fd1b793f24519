"""Who else is on the road: commuters from outside, through traffic, goods; by period and class of road user."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.city.city import City
from sim.codes import Driver, Period, RoadUser
from sim.columns import Floats
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.mobility import freight, tours

#: Names in ``City.prepared``: (P, 2, gates) counted cars and trucks coming in, NaN where not counted; and what of them passes through.
COUNTS, THROUGH = "cordon_counts", "cordon_through"


class Outside(NamedTuple):
    """Vehicles in the hour of each period, (P, U, Z, Z) [veh/h] each."""

    incomers: Floats
    through: Floats
    goods: Floats

    def total(self) -> Floats:
        """All three together."""
        return self.incomers + self.through + self.goods

    def by_driver(self) -> dict[Driver, Floats]:
        """The tables by whose they are."""
        return {Driver.INCOMERS: self.incomers, Driver.THROUGH: self.through, Driver.GOODS: self.goods}


def outside(city: City, state: State, p: Parameters, policies: Policies, cars: Floats) -> Outside:
    """Everybody but residents. ``cars`` (P, 2 groups, Z, Z) of the commuters from outside."""
    coming = np.zeros((len(Period), len(RoadUser), *cars.shape[2:]))
    coming[:, [RoadUser.CAR, RoadUser.CAR_KEPT_OUT]] = cars
    return Outside(coming, through(city, p, policies), freight.hourly(city, state, p, policies))


def through(city: City, p: Parameters, policies: Policies) -> Floats:
    """(P, U, Z, Z) cars and trucks from gate to gate: what counts leave (see :func:`passing`), else the stated totals and profile."""
    n, gates = city.n_districts, city.cordon
    known = city.prepared.get(THROUGH)
    enters = stated(city, p) if known is None else np.where(np.isnan(known), stated(city, p), known)
    out = np.zeros((len(Period), len(RoadUser), n + len(gates), n + len(gates)))
    apart = 1.0 - np.eye(len(gates))
    for period in Period:
        for k, user in enumerate((RoadUser.CAR, RoadUser.TRUCK)):
            come = enters[period, k]
            pull = come * apart
            ways = come[:, None] * pull / np.maximum(pull.sum(axis=1, keepdims=True), 1e-300)
            out[period, user, n:, n:] = ways * float(policies.incomer_factor[0])
    return out


def stated(city: City, p: Parameters) -> Floats:
    """(P, 2, gates) cars and trucks that come in to pass through [veh/h], from the morning's totals and the profile of trunk roads."""
    morning, evening, off = tours.hours(p)
    steady = (p["peak_to_day"] - morning - evening) / off
    profile = np.array([1.0, 1.0, steady])
    split = np.array([1.0 - p["through_trucks"], p["through_trucks"]])
    return np.asarray(profile[:, None, None] * split[:, None] * city.cordon.through)


def passing(city: City, others: Floats) -> Floats:
    """(P, 2, gates) counted vehicles less ``others`` (P, U, Z, Z) who come in by the same gate: only what flows do not already hold."""
    n = city.n_districts
    come = others[:, :, n:, :n].sum(axis=3)  # (P, U, gates)
    cars = come[:, [RoadUser.CAR, RoadUser.CAR_KEPT_OUT, RoadUser.VAN, RoadUser.VAN_KEPT_OUT]].sum(axis=1)
    trucks = come[:, [RoadUser.TRUCK, RoadUser.TRUCK_KEPT_OUT]].sum(axis=1)
    left = city.prepared[COUNTS] - np.stack([cars, trucks], axis=1)
    return np.where(np.isnan(left), np.nan, np.maximum(left, 0.0))


class Kilometres(NamedTuple):
    """Vehicle-km on the network on an average working day, in car units: from persons and tables, not from link flows."""

    residents: float
    incomers: float
    through: float
    goods: float

    def total(self) -> float:
        """All together."""
        return self.residents + self.incomers + self.through + self.goods


def day_kilometres(p: Parameters, residents: float, rest: Outside, pce: Floats, km: Floats) -> Kilometres:
    """The day of everybody on the road.

    Args:
        residents: their vehicle-km between districts and to gates, summed over persons [km/day].
        pce: (U,) car units.
        km: (P, U, Z, Z) driven distance at equilibrium.
    """
    hours = tours.hours(p)
    parts = [
        float(np.einsum("p,u,puij->", hours, pce, part * np.where(part > 0.0, km, 0.0), optimize=True)) for part in rest
    ]  # fmt: skip
    return Kilometres(residents, *parts)
