"""Trips of citizens and the background: who travels how often, what reaches the road in the morning peak hour."""

from __future__ import annotations

import numpy as np

from sim.city.city import City
from sim.codes import Activity, CritAir, Mode
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


def other_trips(state: State, p: Parameters, policies: Policies) -> Floats:
    """(n,) other trips of an average working day by activity; fewer when trips are suppressed."""
    rate = np.zeros(len(Activity))
    for activity, name in (
        (Activity.CHILD, "child"), (Activity.PUPIL, "pupil"), (Activity.STUDENT, "student"), (Activity.EMPLOYED, "employed"),
        (Activity.UNEMPLOYED, "inactive"), (Activity.RETIRED, "retired"), (Activity.INACTIVE, "inactive"),
    ):  # fmt: skip
        rate[activity] = p[f"other_trips_{name}"]
    c = state.citizens
    return np.where(c.alive, rate[c.activity], 0.0) * (1.0 - float(policies.trip_suppression[0]))


def peak_cars(city: City, state: State, p: Parameters, policies: Policies, main: Floats, other: Floats) -> Floats:
    """(Z, Z) cars of residents in the morning peak hour between zones (districts, then gates)."""
    c = state.citizens
    n, z = city.n_districts, city.n_districts + len(city.cordon)
    occupancy = np.where(c.activity == Activity.EMPLOYED, p["occupancy_work"], p["occupancy_school"])
    by_car = (c.main_mode == Mode.CAR) & (main > 0.0)
    destination = np.where(c.main_district >= 0, c.main_district, n + np.maximum(c.main_gate, 0))
    cars = c.weight * main / 2.0 * p["peak_share_main"] / occupancy
    out = np.bincount(c.district[by_car] * z + destination[by_car], weights=cars[by_car], minlength=z * z).reshape(z, z)
    roaming = (c.other_mode == Mode.CAR) & (other > 0.0)
    cars = c.weight * other / 2.0 * p["peak_share_other"] / p["occupancy_other"]
    away = np.bincount(
        c.district[roaming] * z + c.other_district[roaming], weights=cars[roaming], minlength=z * z
    ).reshape(z, z)
    return np.asarray(out + away + away.T)


def background(city: City, state: State, p: Parameters, policies: Policies) -> Floats:
    """(Z, Z) incomers' cars, through traffic and freight in the morning peak hour, car units."""
    n, gates = city.n_districts, city.cordon
    z = n + len(gates)
    out = np.zeros((z, z))
    factor = float(policies.incomer_factor[0])
    incoming = state.economy.incomers.sum(axis=1) if state.economy.incomers.size else 0.12 * city.districts.jobs
    total = max(float(gates.incomers.sum()), 1e-300)
    cars = p["incomer_car_share"] * p["peak_share_main"] * p["presence_work"] / p["occupancy_work"] * factor
    out[n:, :n] += np.outer(gates.incomers / total, incoming) * cars
    apart = 1.0 - np.eye(len(gates))
    pull = np.outer(gates.through, gates.through / max(float(gates.through.sum()), 1e-300)) * apart
    out[n:, n:] += pull * (gates.through.sum() / max(float(pull.sum()), 1e-300)) * factor
    jobs = city.districts.jobs / max(int(city.districts.jobs.sum()), 1)
    allowed = 1.0 - (VAN_STICKERS[:, None] * policies.van_ban).sum(axis=0) * p["van_loss"]
    out[n:, :n] += np.outer(gates.freight, jobs * allowed) * factor
    return out


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
