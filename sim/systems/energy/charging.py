"""Electric cars from the month's own trips: how much is charged at home, at work and in public, and when.

A car charges what it has driven. At home, as far as the household can: most houses have a place of their own, most flats have not. What
is left is charged at work by those who drive there, else in public, at the district's share of jobs. Households plug in at once,
off-peak, or leave the hour to the grid (smart charging), each for good, by a draw of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kernels.draws import stream, uniforms
from kernels.lookup import members
from sim.codes import Carrier, DwellingType, EnergyUse, Mode, Powertrain
from sim.columns import Array, Floats, Ints
from sim.measures.policies import Policies
from sim.state import State


@dataclass(frozen=True)
class HomeCharging:
    """(n_households,) kWh of the month charged at home, not weighted, by way of charging."""

    at_once: Floats
    off_peak: Floats
    smart: Floats

    def of(self, rows: Ints) -> Floats:
        """(n,) kWh of the month of the households ``rows``."""
        return np.asarray(self.at_once[rows] + self.off_peak[rows] + self.smart[rows])


@dataclass(frozen=True)
class Charging:
    """``home`` by household; ``home_sum``, ``work`` and ``public`` (D,) MWh of the month, weighted by cars."""

    home: HomeCharging
    home_sum: Floats
    work: Floats
    public: Floats


def charge(
    state: State, policies: Policies, electric_use: Floats, job_share: Floats, parameters: Mapping[str, float]
) -> Charging:
    """``electric_use`` (5,) kWh/km by powertrain at the socket; ``job_share`` (D,) of the city's jobs."""
    c, h = state.cars, state.households
    n, districts = len(h), len(job_share)
    rows = np.flatnonzero(c.alive & (electric_use > 0.0)[c.powertrain] & (c.km > 0.0))
    kwh, household, weight = (
        c.km[rows] * electric_use[c.powertrain[rows]],
        c.household[rows].astype(np.int64),
        c.weight[rows],
    )
    flat = state.dwellings.kind[h.dwelling[household]] > DwellingType.TH
    own = np.where(flat, parameters["home_charging_flat"], parameters["home_charging_house"]) * kwh
    away = weight * (kwh - own)
    work_district = _drives_to(state, household)
    at_work = away * np.where(work_district >= 0, parameters["work_charging_share"], 0.0)
    work = np.bincount(np.maximum(work_district, 0), at_work, districts) / 1000.0
    public = (_sum_of_all(away, rows, len(c)) - _sum_of_all(at_work, rows, len(c))) / 1000.0 * job_share
    home_sum = np.bincount(h.district[household], weight * own, districts) / 1000.0
    return Charging(_ways(state, policies, np.bincount(household, own, n), parameters), home_sum, work, public)


def _sum_of_all(value: Floats, rows: Ints, count: int) -> float:
    """Sum over all cars, zero but in ``rows``: in the order of the fleet, whichever of them are electric."""
    out = np.zeros(count)
    out[rows] = value
    return float(out.sum())


def _drives_to(state: State, household: Ints) -> Array:
    """(n,) district of work or study of the member of each household who drives there, -1 where nobody does."""
    c, asked = state.citizens, np.zeros(len(state.households), bool)
    asked[household] = True
    people = members(c.household, asked)
    drives = c.alive[people] & (c.main_mode[people] == Mode.CAR) & (c.main_district[people] >= 0)
    drivers = people[drives]
    out = np.full(len(asked), -1, np.int64)
    out[c.household[drivers]] = c.main_district[drivers]
    return out[household]


def _ways(state: State, policies: Policies, kwh: Floats, parameters: Mapping[str, float]) -> HomeCharging:
    none = np.zeros(len(kwh))
    some = np.flatnonzero(kwh > 0.0)
    smart = min(1.0, parameters["charging_smart"] + float(policies.smart_charging[0]))
    off_peak = (1.0 - smart) * parameters["charging_off_peak"]
    draw = uniforms(state.seed, stream("energy.charging"), state.households.id[some], 0, 0)
    ways = [none.copy(), none.copy(), none.copy()]
    for way, chosen in zip(
        ways, (draw >= smart + off_peak, (draw >= smart) & (draw < smart + off_peak), draw < smart), strict=True
    ):
        way[some[chosen]] = kwh[some[chosen]]
    return HomeCharging(*ways)


def add_cars(final: Array, state: State, charging: Charging, fuel_use: Array) -> None:
    """Add residents' cars to ``final`` (D, 7, uses) [MWh]; ``fuel_use`` (5, 7) kWh/km by powertrain and carrier. Fuel counts at home."""
    c = state.cars
    final[:, Carrier.ELECTRICITY, EnergyUse.CHARGING] += charging.home_sum + charging.work + charging.public
    km = c.weight * np.where(c.alive, c.km, 0.0)
    cells = state.households.district[c.household].astype(np.int64) * len(Powertrain) + c.powertrain
    driven = np.bincount(cells, km, len(final) * len(Powertrain)).reshape(len(final), len(Powertrain))
    final[:, :, EnergyUse.FUEL] += driven @ fuel_use / 1000.0
