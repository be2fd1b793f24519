"""What reaches roads and lines in the hour of each period: citizens' tours, and the background."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.city.city import City
from sim.codes import Errand, Mode, Period
from sim.columns import Floats, Ints
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.mobility import tours


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
