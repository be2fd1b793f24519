"""What reaches roads and lines in the hour of each period: citizens' tours, and the background."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.city.city import City
from sim.codes import Errand, Mode, Period, RoadUser
from sim.columns import Floats, Ints
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.mobility import tours

#: Vans and trucks by sticker in 2020 (assumption after SDES: almost all diesel), cleaner over the years as the old ones go.
VAN_STICKERS = np.array([0.01, 0.04, 0.56, 0.24, 0.08, 0.04, 0.03])


def car_tours(city: City, state: State, p: Parameters, errand: Errand, count: Floats, group: Ints) -> Floats:
    """(2 groups, 2 hours, Z, Z) residents' cars a day on tours of a purpose, from home to destination (districts, then gates).

    Args:
        count: (n,) tours a day.
        group: (n,) cost group on the road.
    """
    c, n = state.citizens, city.n_districts
    z = n + len(city.cordon)
    rows = np.flatnonzero((tours.mode(state, errand) == Mode.CAR) & (count > 0.0))
    to = tours.district(state, errand)[rows].astype(np.int64)
    zone = np.where(to >= 0, to, n + np.maximum(c.main_gate[rows], 0))
    cell = ((group[rows] * 2 + tours.off_peak(state, errand)[rows]) * z + c.district[rows]) * z + zone
    cars = c.weight[rows] * count[rows] / tours.occupancy(p, errand)
    return np.bincount(cell, weights=cars, minlength=4 * z * z).reshape(2, 2, z, z)


def by_period(legs: Floats, table: Floats) -> Floats:
    """(P, Z, Z) legs a day from origin to destination in each period, of (2 hours, Z, Z) tours from home to destination."""
    out = np.einsum("hp,hij->pij", legs[:, 0], table)
    return np.asarray(out + np.einsum("hp,hij->pji", legs[:, 1], table))


def residents(city: City, state: State, p: Parameters, counts: Sequence[Floats], group: Ints) -> Floats:
    """(P, 2 groups, Z, Z) residents' cars in the hour of each period [veh/h]; ``counts`` by purpose as of ``tours.tours``."""
    z = city.n_districts + len(city.cordon)
    out = np.zeros((len(Period), 2, z, z))
    for errand in Errand:
        table, legs = car_tours(city, state, p, errand, counts[errand], group), tours.legs(errand)
        for g in range(2):
            out[:, g] += by_period(legs, table[g])
    return out / tours.hours(p)[:, None, None, None]


def riders(p: Parameters, trips: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Transit trips by origin and destination from each purpose's (2 hours, D, D) trips a day on tours from home to destination.

    The evening is the morning mirrored: its legs are counted the other way round.

    Returns:
        (2, D, D) trips in the hour of the morning peak and in an hour between the peaks; (2, D, D) trips a day at the times of each.
    """
    legs = sum(by_period(tours.legs(errand), trips[errand] / 2.0) for errand in Errand)
    morning, evening, off = np.asarray(legs)
    hours = tours.hours(p)
    hourly = np.stack([morning / hours[Period.MORNING], off / hours[Period.OFF_PEAK]])
    return hourly, np.stack([morning + evening.T, off])


class Background(NamedTuple):
    """Who else is on the road in the morning peak hour: (Z, Z) car units each."""

    incomers: Floats
    through: Floats
    freight: Floats

    def total(self) -> Floats:
        """All three together."""
        return self.incomers + self.through + self.freight


def road_users(cars: Floats, rest: Background, p: Parameters) -> Floats:
    """(P, U, Z, Z) vehicles by period and RoadUser: residents' cars (P, 2 groups, Z, Z), incomers, through traffic and freight.

    The background of the evening is that of the morning the other way round; what the two peaks leave of its day is between them.
    """
    periods, _, z, _ = cars.shape
    out = np.zeros((periods, len(RoadUser), z, z))
    out[:, [RoadUser.CAR, RoadUser.CAR_KEPT_OUT]] = cars
    hours = tours.hours(p)
    morning, evening, off = hours
    there = p["peak_tours_work"]
    commute = rest.incomers * morning  # legs in of those who come at peak hours
    between = commute * (1.0 - there) / there
    steady = (p["peak_to_day"] - morning - evening) / off
    for user, goods in ((RoadUser.CAR, rest.through), (RoadUser.VAN, rest.freight)):
        out[Period.MORNING, user] += goods
        out[Period.EVENING, user] += goods.T
        out[Period.OFF_PEAK, user] += steady * (goods + goods.T) / 2.0
    out[Period.MORNING, RoadUser.CAR] += rest.incomers
    out[Period.EVENING, RoadUser.CAR] += commute.T / evening
    out[Period.OFF_PEAK, RoadUser.CAR] += (between + between.T) / off
    return out


def background(city: City, state: State, p: Parameters, policies: Policies) -> Background:
    """Incomers' cars to the posts they hold, through traffic between gates, freight from the gates to jobs."""
    n, gates = city.n_districts, city.cordon
    z = n + len(gates)
    incomers, through, freight = np.zeros((z, z)), np.zeros((z, z)), np.zeros((z, z))
    factor = float(policies.incomer_factor[0])
    incoming = state.economy.incomers.sum(axis=1) if state.economy.incomers.size else 0.12 * city.districts.jobs
    total = max(float(gates.incomers.sum()), 1e-300)
    cars = (
        p["incomer_car_share"]
        * p["peak_tours_work"]
        / p["morning_hours"]
        * p["presence_work"]
        / p["occupancy_work"]
        * factor
    )
    incomers[n:, :n] = np.outer(gates.incomers / total, incoming) * cars
    apart = 1.0 - np.eye(len(gates))
    pull = np.outer(gates.through, gates.through / max(float(gates.through.sum()), 1e-300)) * apart
    through[n:, n:] = pull * (gates.through.sum() / max(float(pull.sum()), 1e-300)) * factor
    jobs = city.districts.jobs / max(int(city.districts.jobs.sum()), 1)
    allowed = 1.0 - (VAN_STICKERS[:, None] * policies.van_ban).sum(axis=0) * p["van_loss"]
    freight[n:, :n] = np.outer(gates.freight, jobs * allowed) * factor
    return Background(incomers, through, freight)


class Kilometres(NamedTuple):
    """Vehicle-km on the network on an average working day, in car units: from persons and gates, not from link flows."""

    residents: float
    incomers: float
    goods: float  #: through traffic and freight
    freight: float  #: freight alone

    def total(self) -> float:
        """All together."""
        return self.residents + self.incomers + self.goods


def day_kilometres(p: Parameters, residents: float, rest: Background, km: Floats) -> Kilometres:
    """The day of everybody on the road.

    Args:
        residents: their vehicle-km between districts and to gates, summed over persons [km/day].
        rest: background of the morning peak hour.
        km: (Z, Z) driven distance at equilibrium.
    """
    peak = [float((part * np.where(part > 0.0, km, 0.0)).sum()) for part in rest]
    there_and_back = (
        2.0 * p["morning_hours"] / p["peak_tours_work"]
    )  # the peak hour holds that part of the ways in, none of the ways out
    freight = peak[2] * p["peak_to_day"]
    return Kilometres(residents, peak[0] * there_and_back, peak[1] * p["peak_to_day"] + freight, freight)
