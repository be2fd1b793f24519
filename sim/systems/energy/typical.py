"""What typical days cost: a sample of a city's dwellings lived through the normal year on typical days and on all 8,760 hours.

Heating, cooling, electricity and its highest hour of the sample's dwellings at the standard set-point, with their own walls, windows and
systems, and a roof of 1 kWp on some for PV. Everything else is the same in both years.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from kernels.stock import Dwellings, Lived, live
from sim.buildings.envelope import AIR_CAPACITY, ROOM_HEIGHT, envelope
from sim.city.climate import Climate
from sim.city.typical_days import Days, all_days
from sim.codes import Carrier, Heating
from sim.columns import Floats, Ints
from sim.state import State
from sim.systems.energy.comfort import NO_COOLING, standard
from sim.systems.energy.hours import DAY, month_hours
from sim.systems.energy.uses import HEATING_CARRIER, YEAR, appliances, efficiency, occupied

SAMPLE = 2000
GROUPS = 8  #: any partition of the sample: threads share it
TRIAL_ROOF, ROOFS = 1000.0, 8  #: W, on every so-manieth dwelling


@dataclass(frozen=True)
class Errors:
    """Typical days against all hours of the normal year [%], of ``dwellings`` of the city; the peak is the sample's highest hour."""

    dwellings: int
    heating: float
    cooling: float
    pv: float
    electricity: float
    peak: float

    def said(self) -> str:
        """One line for people."""
        parts = ", ".join(f"{name} {value:+.1f} %" for name, value in asdict(self).items() if name != "dwellings")
        return f"Typical days against all hours of the normal year ({self.dwellings:,} dwellings): {parts}"


def errors(
    state: State, climate: Climate, parameters: Mapping[str, float], *, sample: int = SAMPLE, threads: int = 1
) -> Errors:
    """Both years of every so-manieth main home; nothing of the state is changed."""
    rows = np.flatnonzero(occupied(state))
    rows = rows[:: max(1, len(rows) // max(sample, 1))][:sample]
    if not len(rows):
        return Errors(0, *np.zeros(5).tolist())
    typical = _year(state, rows, climate.normal, parameters, threads)
    every = _year(state, rows, all_days(climate.weather), parameters, threads)
    off = 100.0 * (typical - every) / np.where(every > 0.0, every, np.inf)
    return Errors(len(rows), *off.tolist())


def _year(state: State, rows: Ints, months: tuple[Days, ...], parameters: Mapping[str, float], threads: int) -> Floats:
    """(5,) kWh of heat, cooling, PV and all electricity, and the highest hour [kW]."""
    total, peak = np.zeros(4), 0.0
    stock = _stock(state, rows, parameters)
    group = np.arange(len(rows)) * GROUPS // len(rows)
    for days in months:
        month = month_hours(days, parameters, np.ones(DAY))
        found: Lived = live(
            stock, group, month.hours, groups=GROUPS, weight=month.stands(), typical=month.typical, threads=threads
        )
        if not month.typical:
            stock = stock._replace(mass=found.mass)
        load = found.load.sum(axis=0)
        total += [a.sum(axis=0) @ month.weight for a in (found.heat, found.cool, found.pv)] + [load @ month.weight]
        peak = max(peak, float(load.max()))
    return np.r_[total, peak] / 1000.0


def _stock(state: State, rows: Ints, parameters: Mapping[str, float]) -> Dwellings:
    d, n, p = state.dwellings, len(rows), parameters
    heating = d.heating[rows].astype(np.int64)
    walls = envelope(d.kind[rows], d.period[rows], d.retrofit[rows], d.area[rows], d.position[rows])
    size = state.households.size[d.household[rows]].astype(np.float64)
    pump = heating == Heating.HEAT_PUMP
    year = np.mean([appliances(size, month, p) for month in range(12)], axis=0) * YEAR
    columns = standard(n, p) | {
        "opened": p["airing"] * AIR_CAPACITY * ROOM_HEIGHT * d.area[rows],
        "cool_at": np.where(d.cooled[rows], p["cooling_setpoint"], NO_COOLING), "pump": pump,
        "chiller": np.full(n, p["cooling_efficiency"]), "per_heat": np.where(pump, 0.0, 1.0 / efficiency(p)[heating]),
        "electric": HEATING_CARRIER[heating] == Carrier.ELECTRICITY, "plugs": year / YEAR * 1000.0 / 24.0,
        "panels": np.where(np.arange(n) % ROOFS == 0, TRIAL_ROOF, 0.0), "tilt": d.roof_tilt[rows], "facing": d.roof_azimuth[rows],
    }  # fmt: skip
    return Dwellings(
        box=walls.box, aperture=walls.aperture, azimuth=d.azimuth[rows],
        internal=p["gains_floor"] * d.area[rows] + p["gains_person"] * size, **columns,
    )  # fmt: skip
