"""Trips of citizens and the background: who travels how often, what reaches the road in the morning peak hour."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.city.city import City
from sim.codes import Activity, CritAir, Mode, RoadUser
from sim.columns import Bools, Floats
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.state import State

#: Vans and trucks by sticker in 2020 (assumption after SDES: almost all diesel), cleaner over the years as the old ones go.
VAN_STICKERS = np.array([0.01, 0.04, 0.56, 0.24, 0.08, 0.04, 0.03])


def main_trips(state: State, p: Parameters) -> Floats:
    """(n,) trips of the main tour on an average working day: two, less absences and days at home."""
    c = state.citizens
    going = c.alive & (c.main_district != -1)
    present = np.where(c.activity == Activity.EMPLOYED, p["presence_work"], p["presence_school"])
    return np.where(going, 2.0 * present * (1.0 - c.telework_days / 5.0), 0.0)


def other_trips(state: State, p: Parameters, policies: Policies, fuel_rise: float) -> Floats:
    """(n,) other trips of an average working day by activity; fewer when trips are suppressed, or by car when fuel is dear.

    Destinations are fixed, so what drivers do about dear fuel besides changing mode - nearer shops, chained errands, trips left out -
    is a constant elasticity of other car trips to the price of motor fuel: ``fuel_rise`` is today's over that of the calibration.
    """
    rate = np.zeros(len(Activity))
    for activity, name in (
        (Activity.CHILD, "child"), (Activity.PUPIL, "pupil"), (Activity.STUDENT, "student"), (Activity.EMPLOYED, "employed"),
        (Activity.UNEMPLOYED, "inactive"), (Activity.RETIRED, "retired"), (Activity.INACTIVE, "inactive"),
    ):  # fmt: skip
        rate[activity] = p[f"other_trips_{name}"]
    c = state.citizens
    driven = np.where(c.other_mode == Mode.CAR, fuel_rise ** -p["fuel_trip_elasticity"], 1.0)
    return np.where(c.alive, rate[c.activity], 0.0) * (1.0 - float(policies.trip_suppression[0])) * driven


def occupancy(state: State, p: Parameters, purpose: int) -> Floats:
    """(n,) persons in a car on tours of this purpose (0 main, 1 other)."""
    employed = state.citizens.activity == Activity.EMPLOYED
    alone = np.where(employed, p["occupancy_work"], p["occupancy_school"])
    return alone if purpose == 0 else np.full(len(employed), p["occupancy_other"])


def peak_cars(city: City, state: State, p: Parameters, main: Floats, other: Floats) -> Floats:
    """(Z, Z) cars of residents in the morning peak hour between zones (districts, then gates), given their trips a day."""
    c = state.citizens
    n, z = city.n_districts, city.n_districts + len(city.cordon)
    by_car = (c.main_mode == Mode.CAR) & (main > 0.0)
    destination = np.where(c.main_district >= 0, c.main_district, n + np.maximum(c.main_gate, 0))
    cars = c.weight * main / 2.0 * p["peak_share_main"] / occupancy(state, p, 0)
    out = np.bincount(c.district[by_car] * z + destination[by_car], weights=cars[by_car], minlength=z * z).reshape(z, z)
    roaming = (c.other_mode == Mode.CAR) & (other > 0.0)
    cars = c.weight * other / 2.0 * p["peak_share_other"] / occupancy(state, p, 1)
    away = np.bincount(
        c.district[roaming] * z + c.other_district[roaming], weights=cars[roaming], minlength=z * z
    ).reshape(z, z)
    return np.asarray(out + away + away.T)


class Background(NamedTuple):
    """Who else is on the road in the morning peak hour: (Z, Z) car units each."""

    incomers: Floats
    through: Floats
    freight: Floats

    def total(self) -> Floats:
        """All three together."""
        return self.incomers + self.through + self.freight


def road_users(cars: Floats, rest: Background) -> Floats:
    """(U, Z, Z) vehicles by RoadUser: residents' cars, incomers, through traffic and freight."""
    out = np.zeros((len(RoadUser), *cars.shape))
    out[RoadUser.CAR] = cars + rest.incomers + rest.through
    out[RoadUser.VAN] = rest.freight
    return out


def background(city: City, state: State, p: Parameters, policies: Policies) -> Background:
    """Incomers' cars to the posts they hold, through traffic between gates, freight from the gates to jobs."""
    n, gates = city.n_districts, city.cordon
    z = n + len(gates)
    incomers, through, freight = np.zeros((z, z)), np.zeros((z, z)), np.zeros((z, z))
    factor = float(policies.incomer_factor[0])
    incoming = state.economy.incomers.sum(axis=1) if state.economy.incomers.size else 0.12 * city.districts.jobs
    total = max(float(gates.incomers.sum()), 1e-300)
    cars = p["incomer_car_share"] * p["peak_share_main"] * p["presence_work"] / p["occupancy_work"] * factor
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
    there_and_back = 2.0 / p["peak_share_main"]  # the peak hour holds that share of the ways in, none of the ways out
    freight = peak[2] * p["peak_to_day"]
    return Kilometres(residents, peak[0] * there_and_back, peak[1] * p["peak_to_day"] + freight, freight)


def banned(city: City, state: State, policies: Policies, destination: Floats, chosen: Bools, draw: Floats) -> Bools:
    """(n,) citizens whose household has no car that may be used between home and ``destination`` (compliance by household)."""
    c = state.citizens
    best = cleanest(state)[c.household]
    inside = np.clip(destination, 0, city.n_districts - 1)
    ban = np.maximum(
        policies.car_ban[best, c.district], np.where(destination >= 0, policies.car_ban[best, inside], 0.0)
    )
    return np.asarray(chosen & (draw[c.household] < ban))


def cleanest(state: State) -> np.ndarray:
    """(households,) best sticker among the household's cars; unclassified where there is none."""
    cars = state.cars
    out = np.full(len(state.households), int(CritAir.UNCLASSIFIED), np.int64)
    np.minimum.at(out, cars.household[cars.alive], cars.crit_air[cars.alive].astype(np.int64))
    return out
