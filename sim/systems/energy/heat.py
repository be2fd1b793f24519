"""Heating need of dwelling archetypes on the typical days of each month: EN ISO 13790 5R1C on TABULA France.

The archetype table (``data/archetypes.csv``) is derived from TABULA/EPISCOPE France (episcope.eu; typical buildings by size class,
construction period and three states of refurbishment): heat transmission and window area per m2 of reference area. Its column
``need_published`` is TABULA's own seasonal need in its national climate, for comparison only.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from kernels.thermal import H_MS, typical_days
from sim.city.city import Weather
from sim.codes import PERIODS, DwellingType, Retrofit
from sim.columns import Array, Floats, Ints

DATA = Path(__file__).parent / "data"
N_ARCHETYPES = len(DwellingType) * len(PERIODS) * len(Retrofit)
AWAY, HOME = 0, 1  # occupancy classes: nobody at home on working hours, or somebody

ROOM_HEIGHT = 2.5  # m, TABULA common calculation procedure (Loga & Diefenbach 2013)
AIR_CAPACITY = 0.34  # Wh/m3K, same
SHADING, FRAME, NOT_NORMAL = 0.6, 0.7, 0.9  # same: vertical shading, glazed share of windows, non-perpendicular sun
MASS_AREA, SURFACES, H_IS = 2.5, 4.5, 3.45  # ISO 13790 table 12 (medium), 7.2.2.2: per m2 of floor; W/m2K
CAPACITY = 45.0 * 3600.0  # J/m2K, TABULA c_m 45 Wh/m2K
GAINS = 3.0  # W/m2, TABULA, mean of the day
ABSENT_GAINS = 0.5  # assumption: internal gains with nobody at home, against their mean


@dataclass(frozen=True)
class HeatTables:
    """What the months ask for, computed once per city and parameters. Axis A archetypes, 2 occupancy, 12 months, K days.

    ``hourly`` (2 systems, A, 2, 12, K, 24) [kWh/m2 per hour]: heat need, and electricity of a heat pump for it.
    ``monthly`` (2, A, 2, 12) and ``yearly`` (2, A, 2) [kWh/m2] are its sums. All of it is at standard comfort;
    ``habit`` (A, 2) says what share households really use.
    """

    days: Floats
    hourly: Array
    monthly: Array
    yearly: Array
    habit: Array


@cache
def archetypes() -> Mapping[str, Floats]:
    """Columns of the archetype table, ordered by :func:`archetype_index`."""
    with (DATA / "archetypes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    order = archetype_index(*(columns[name].astype(np.int64) for name in ("kind", "period", "retrofit")))
    if not np.array_equal(np.sort(order), np.arange(N_ARCHETYPES)):
        raise ValueError("archetypes.csv does not hold each archetype once")
    return {name: column[np.argsort(order)] for name, column in columns.items()}


def archetype_index(kind: Array, period: Array, retrofit: Array) -> Ints:
    """Row of the archetype table for codes of size class, period and retrofit state (arrays of any integer dtype)."""
    index: Ints = (kind.astype(np.int64) * len(PERIODS) + period) * len(Retrofit) + retrofit
    return index


def glazing(u_window: Floats) -> Floats:
    """Solar transmittance of windows by U value [W/m2K]: TABULA's typical single, double, low-emission, triple panes."""
    return np.select([u_window >= 4.0, u_window >= 2.0, u_window >= 1.2], [0.85, 0.75, 0.6], 0.5)


def boxes() -> Floats:
    """(A, 7) 5R1C parameters per m2 of reference area, in the order of :func:`kernels.thermal.series`."""
    t = archetypes()
    n = N_ARCHETYPES
    opaque = t["h_transmission"] - t["h_window"]
    # 12.2.2: the mass conductance in series with H_em gives the opaque transmission
    h_em = 1.0 / (1.0 / opaque - 1.0 / (H_MS * MASS_AREA))
    h_ve = AIR_CAPACITY * ROOM_HEIGHT * t["air_change"]
    fixed = [np.full(n, v) for v in (H_IS * SURFACES, MASS_AREA, SURFACES, CAPACITY)]
    return np.ascontiguousarray(np.stack([t["h_window"], h_em, h_ve, *fixed], axis=1))


def apertures() -> Floats:
    """(A, 5) effective collecting area per m2 of reference area on horizontal, N, E, S, W (ISO 13790 11.3.3)."""
    t = archetypes()
    windows = np.stack([np.zeros(N_ARCHETYPES), *(t[f"window_{side}"] for side in "nesw")], axis=1)
    return np.ascontiguousarray(windows * (SHADING * FRAME * NOT_NORMAL * glazing(t["u_window"]))[:, None])


def schedules(setpoint: float, setback: float) -> tuple[Floats, Floats]:
    """Set-points [degC] and internal gains [W/m2], (2 occupancy, 24 hours) each.

    Night from 22 to 6 at set-back; with nobody at home also from 9 to 17 on working days, of which five out of seven are
    taken into one mean day. Gains keep their daily mean.
    """
    hour = np.arange(24)
    night = (hour < 6) | (hour >= 22)
    absent = (hour >= 9) & (hour < 17)
    heat_at = np.where(night, setback, setpoint)[None, :].repeat(2, axis=0).astype(np.float64)
    heat_at[AWAY, absent] = (5.0 * setback + 2.0 * setpoint) / 7.0
    gains = np.ones((2, 24))
    gains[AWAY, absent] = (5.0 * ABSENT_GAINS + 2.0) / 7.0
    gains *= GAINS / gains.mean(axis=1, keepdims=True)
    return heat_at, gains


def heat_pump_cop(outdoor: Floats, at_seven: float, slope: float) -> Floats:
    """COP of an air-water heat pump by outdoor temperature [degC], between 1.6 and 5."""
    return np.clip(at_seven + slope * (outdoor - 7.0), 1.6, 5.0)


def heat_tables(weather: Weather, parameters: Mapping[str, float]) -> HeatTables:
    """Solve every archetype on every typical day (periodic days, see :func:`kernels.thermal.typical_days`)."""
    months, k = weather.days.shape
    heat_at, gains = schedules(parameters["heating_setpoint"], parameters["heating_setback"])
    outdoor = np.ascontiguousarray(weather.temperature.reshape(months * k, 24))
    sun = np.ascontiguousarray(weather.irradiance.reshape(months * k, 24, 5))
    need = np.stack(
        [
            typical_days(
                outdoor, np.tile(gains[c], (N_ARCHETYPES, 1)), apertures(), sun,
                np.tile(heat_at[c], (N_ARCHETYPES, 1)), boxes(),
            )
            for c in (AWAY, HOME)
        ],
        axis=1,
    ).reshape(N_ARCHETYPES, 2, months, k, 24) / 1000.0  # fmt: skip
    cop = heat_pump_cop(weather.temperature, parameters["heat_pump_cop"], parameters["heat_pump_cop_slope"])
    hourly = np.ascontiguousarray(np.stack([need, need / cop]))
    monthly = (hourly.sum(axis=-1) * weather.days).sum(axis=-1)
    yearly = monthly.sum(axis=-1)
    habit = np.clip(parameters["heating_habit"] - parameters["heating_habit_slope"] * yearly[0], 0.4, 1.2)
    return HeatTables(np.asarray(weather.days, np.float64), hourly, monthly, yearly, habit)
