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
from sim.codes import Carrier, DwellingType, EnergyUse, Mode, Powertrain
from sim.columns import Array, Floats
from sim.measures.policies import Policies
from sim.state import State


@dataclass(frozen=True)
class HomeCharging:
    """(n_households,) kWh of the month charged at home, not weighted, by way of charging."""

    at_once: Floats
    off_peak: Floats
    smart: Floats

    @property
    def total(self) -> Floats:
        """(n_households,) kWh of the month."""
        return np.asarray(self.at_once + self.off_peak + self.smart)


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
    kwh = np.where(c.alive, c.km, 0.0) * electric_use[c.powertrain]
    household = c.household.astype(np.int64)
    n, districts = len(h), len(job_share)
    flat = state.dwellings.kind[h.dwelling] > DwellingType.TH
    at_home = np.where(flat, parameters["home_charging_flat"], parameters["home_charging_house"])
    own = at_home[household] * kwh
    away = c.weight * (kwh - own)
    work_district = _drives_to(state, n)
    to_work = work_district[household] >= 0
    at_work = away * np.where(to_work, parameters["work_charging_share"], 0.0)
    work = np.bincount(np.maximum(work_district[household], 0), at_work, districts) / 1000.0
    public = (float(away.sum()) - float(at_work.sum())) / 1000.0 * job_share
    home_sum = np.bincount(h.district[household], c.weight * own, districts) / 1000.0
    return Charging(_ways(state, policies, np.bincount(household, own, n), parameters), home_sum, work, public)


def _drives_to(state: State, households: int) -> Array:
    """(n_households,) district of work or study of the member who drives there, -1 where nobody does."""
    c = state.citizens
    out = np.full(households, -1, np.int64)
    drivers = np.flatnonzero(c.alive & (c.main_mode == Mode.CAR) & (c.main_district >= 0))
    out[c.household[drivers]] = c.main_district[drivers]
    return out


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
