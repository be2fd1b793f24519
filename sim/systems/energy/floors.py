"""Firms' heated floors by sector: the 5R1C heat balance of a square metre of each, open by day on working days.

What a sector's floors use in a normal year is CEREN's (``data/firms.csv``); the heat balance says when, and what another winter, a
heatwave or a milder set-point changes. One number a sector is calibrated for that: the size of its envelope's losses, so that the
normal year's heating is the published share of its intensity. Cooling is what the balance gives on the cooled share of floors;
the published rest is hot water and cooking, by the carriers of heating, and lighting, machines and ventilation. Hot water and cooking are
18 % of the tertiary sector's energy as in its branches together (hot water 13 %: CEA 2001; heat of all kinds 70 %, electricity for the
rest 30 %: Institut Sapiens on 2019; heating 51 %: CEREN 2007); how much of a branch's is an assumption.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kernels.stock import Dwellings, Hours, Lived, live
from kernels.thermal import H_MS
from sim.buildings.envelope import AIR_CAPACITY, CAPACITY, H_IS, MASS_AREA, SURFACES
from sim.codes import Carrier, Sector
from sim.columns import Array, Floats, Ints
from sim.systems.energy.hours import DATA, DAY, Month

FIRM_CARRIERS = (Carrier.ELECTRICITY, Carrier.GAS, Carrier.OIL, Carrier.DISTRICT_HEAT)
#: Share of floors in use by hour of a working day (assumption): heating starts before people come.
OPEN = np.array([0.0] * 5 + [0.1, 0.35, 0.75] + [1.0] * 9 + [0.85, 0.5, 0.25, 0.1] + [0.0] * 3)
#: A square metre of tertiary floor (assumptions): transmission of windows and opaque parts [W/m2K] before calibration, height [m],
#: air change by day [1/h], gains while open and always [W/m2], collecting area of windows [m2/m2] on all four sides.
WINDOWS, OPAQUE, HEIGHT, AIR_CHANGE, GAINS_OPEN, GAINS_ALWAYS, APERTURE = 0.5, 0.7, 2.8, 0.6, 9.0, 1.5, 0.012
COMFORT, SETBACK, COOL_AT, CHILLER = 20.5, 4.0, 25.0, 2.8  #: degC, K, degC, efficiency (assumptions)
SMALLEST, LARGEST, STEPS = 0.05, 40.0, 30  #: bisection of the size of losses


@dataclass(frozen=True)
class Floors:
    """What floors use, by sector S.

    ``losses`` (S,) calibrated size of the envelope's losses; ``water`` (S,) [kWh/m2 a year] of hot water and cooking, ``other`` (S,) of
    electricity beside them, heating and cooling; ``mix`` (S, 4) of the carriers of heat; ``cooled`` (S,) share of floors; ``missed`` (S,)
    kWh/m2 of published heating that no size of losses gives.
    """

    losses: Floats
    water: Floats
    other: Floats
    mix: Array
    cooled: Floats
    missed: Floats


@dataclass(frozen=True)
class FloorUse:
    """One square metre of each sector, (S, T) [W]: heat (heating, hot water, cooking), electricity for cooling and for the rest."""

    heat: Floats
    cooling: Floats
    other: Floats


def floors(year: Month, parameters: Mapping[str, float]) -> Floors:
    """Calibrate the floors to the published intensities in the normal year."""
    with (DATA / "firms.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["sector"]: row for row in csv.DictReader(file)}
    ordered = [rows[sector.name] for sector in Sector]
    total = np.array([float(row["intensity"]) for row in ordered]) * parameters["tertiary_intensity"]
    wanted = total * np.array([float(row["heating"]) for row in ordered])
    mix = np.array([[float(row[c.name.lower()]) for c in FIRM_CARRIERS] for row in ordered])
    cooled = np.array([float(row["cooled"]) for row in ordered]) * parameters["tertiary_cooled"]
    low, high = np.full(len(Sector), SMALLEST), np.full(len(Sector), LARGEST)
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        less = _year(year, middle)[0] < wanted
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    losses = 0.5 * (low + high)
    heating, cooling = _year(year, losses)
    water = total * np.array([float(row["water"]) for row in ordered])
    other = np.maximum(total - wanted - water - cooled * cooling, 0.0)
    return Floors(losses, water, other, mix / mix.sum(axis=1, keepdims=True), cooled, wanted - heating)


def _year(year: Month, losses: Floats) -> tuple[Floats, Floats]:
    """(S,) kWh/m2 of heating, and of electricity for cooling where a floor is cooled."""
    total = _live(year, losses, np.zeros(len(losses), np.int64), 1).dwelling / 1000.0
    return total[:, 0], total[:, 3]


def floor_use(month: Month, what: Floors, saved: Floats) -> FloorUse:
    """The hours of a month; ``saved`` (S,) share of energy saved by its management."""
    sectors = np.arange(len(what.losses))
    lived = _live(month, what.losses, sectors, len(sectors))
    left = (1.0 - saved)[:, None]
    spread = month.shapes["firms"] * _rhythm(month)
    year_hours = 365.25 * DAY
    water, other = (kwh[:, None] * 1000.0 / year_hours * spread[None, :] for kwh in (what.water, what.other))
    return FloorUse((lived.heat + water) * left, lived.cool * what.cooled[:, None] * left, other * left)


def _rhythm(month: Month) -> Floats:
    """(T,) working days against days off, mean 1 over a week of five and two: closed floors use half (assumption)."""
    working = np.repeat(month.days.working.astype(np.float64), DAY)
    return np.asarray((0.5 + 0.5 * working) / (0.5 + 0.5 * 5.0 / 7.0))


def _live(month: Month, losses: Floats, group: Ints, groups: int) -> Lived:
    n = len(losses)
    hour = np.tile(np.arange(DAY), len(month.days.weight))
    working = np.repeat(month.days.working.astype(np.float64), DAY)
    in_use = OPEN[hour] * working
    h: Hours = month.hours._replace(asleep=1.0 - in_use, working=in_use)
    one = np.ones(n)
    opaque = OPAQUE * losses
    h_em = 1.0 / np.maximum(1.0 / opaque - 1.0 / (H_MS * MASS_AREA), 1e-3)
    box = np.stack([WINDOWS * losses, h_em, AIR_CAPACITY * HEIGHT * AIR_CHANGE * losses, one * H_IS * SURFACES, one * MASS_AREA,
                    one * SURFACES, one * CAPACITY], axis=1)  # fmt: skip
    none = np.zeros(n)
    stock = Dwellings(
        box=box, opened=none, aperture=np.full((n, 4), APERTURE), azimuth=none, mass=one * COMFORT, internal=one * GAINS_ALWAYS,
        absent=one * -GAINS_OPEN, heat_at=one * COMFORT, night=one * SETBACK, away=none, relief=none, cool_at=one * COOL_AT,
        heater=one * 1e9, per_heat=one, pump=none, electric=none, chiller=one * CHILLER, water=none, plugs=none, cooking=none,
        car=none, night_car=none, flexible=none, panels=none, tilt=none, facing=none, battery=none, weight=one,
    )  # fmt: skip
    return live(stock, group, h, groups=groups, weight=month.stands(), typical=month.typical)
