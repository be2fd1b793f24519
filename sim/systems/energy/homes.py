"""What each occupied dwelling uses in a month: heating, hot water, appliances, PV; and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kernels.solar import self_consumption
from sim.codes import Carrier, Heating
from sim.columns import Array, Floats, Ints
from sim.state import State
from sim.systems.energy.heat import HeatTables, archetype_index
from sim.systems.energy.tariffs import Tariffs
from sim.systems.energy.uses import (
    HEATING_CARRIER,
    WATER_CARRIER,
    appliances,
    efficiency,
    occupied,
    presence,
    profiles,
)


@dataclass(frozen=True)
class Homes:
    """Occupied dwellings of one month. All arrays are by row; energies are of one dwelling [kWh/month], not weighted."""

    rows: Ints  #: rows of dwellings
    household: Ints
    district: Ints
    weight: Floats
    system: Ints  #: 0 direct, 1 heat pump
    archetype: Ints
    at_home: Floats  #: share of working days with somebody at home
    area: Floats  #: m2 that the archetype's energy by m2 is multiplied by: habits, shortage and efficiency included
    carrier: Ints  #: of heating
    heat: Floats
    water_carrier: Ints
    water: Floats
    appliances: Floats
    size: Floats  #: persons
    year_water: Floats  #: hot water of a year [kWh]
    year_free: Floats  #: heating of a year without going short [kWh]
    year_heat: Floats  #: heating of a year [kWh]
    pv: Floats
    pv_used: Floats
    days: float  #: days of the month


def live(
    state: State, tables: HeatTables, month: int, tariffs: Tariffs, water_day: Floats, sun: Array,
    parameters: Mapping[str, float],
) -> Homes:  # fmt: skip
    """Energy of every occupied dwelling in ``month`` (0..11).

    ``water_day`` (12,) kWh a day and person, ``sun`` (12, K, 24) PV yield [W/Wp]. Heating is the archetype's need by m2 times area,
    over the system's efficiency, times what households really use (``tables.habit``), times the response to prices, times going
    short: above ``heating_burden`` of income, heating falls with ``heating_burden_elasticity``.
    """
    d = state.dwellings
    rows = np.flatnonzero(occupied(state))
    household = d.household[rows].astype(np.int64)
    heating = d.heating[rows].astype(np.int64)
    system = (heating == Heating.HEAT_PUMP).astype(np.int64)
    kind = archetype_index(d.kind[rows], d.period[rows], d.retrofit[rows])
    at_home = presence(state)[household]
    efficiencies = efficiency(parameters)
    carrier = HEATING_CARRIER[heating]
    free = d.area[rows] * between(tables.habit, kind, at_home) / efficiencies[heating]
    year_free = free * between(tables.yearly[system, kind], np.arange(len(rows)), at_home)
    income = np.maximum(state.households.income[household], 1.0)
    burden = year_free * tariffs.home[carrier] / (12.0 * income)
    limit = parameters["heating_burden"]
    short = (limit / np.maximum(burden, limit)) ** parameters["heating_burden_elasticity"]
    area = free * short * (tariffs.relative ** -parameters["energy_price_elasticity"])[carrier]
    heat = area * between(tables.monthly[system, kind, :, month], np.arange(len(rows)), at_home)
    size = state.households.size[household].astype(np.float64)
    days = float(tables.days[month].sum())
    water_carrier = WATER_CARRIER[heating]
    own_boiler = np.where(water_carrier == Carrier.ELECTRICITY, 1.0, efficiencies[heating])
    water = size * (water_day[month] * days) / own_boiler
    year_water = size * float(water_day @ tables.days.sum(axis=1)) / own_boiler
    plugs = appliances(size, month, parameters) * days
    pv_used = _pv_used(
        d.pv[rows], sun[month], tables, month, plugs / days, np.where(water_carrier == Carrier.ELECTRICITY, water, 0.0) / days,
        np.where(carrier == Carrier.ELECTRICITY, area, 0.0), (system * tables.habit.shape[0] + kind) * 2 + (at_home >= 0.5),
    )  # fmt: skip
    produced = d.pv[rows] * (sun[month].sum(axis=1) * tables.days[month]).sum()
    return Homes(
        rows, household, d.district[rows].astype(np.int64), d.weight[rows], system, kind, at_home, area, carrier, heat,
        water_carrier, water, plugs, size, year_water, year_free, year_free * (area / free), produced, np.minimum(pv_used, produced), days,
    )  # fmt: skip


def between(table: Array, row: Ints, at_home: Floats) -> Floats:
    """Value for a household at home on a share of days: between the two occupancy classes of ``table[row]``, shape (..., 2)."""
    away = table[row, 0]
    value: Floats = away + (table[row, 1] - away) * at_home
    return value


def _pv_used(
    pv: Floats, sun: Array, tables: HeatTables, month: int, plugs: Floats, water: Floats, heat: Floats, kind: Ints
) -> Floats:
    """kWh of the month that rows with PV use at once; the heat profile is that of the nearest occupancy class."""
    out = np.zeros(len(pv))
    some = np.flatnonzero(pv > 0.0)
    if len(some):
        shapes = profiles()
        k, hours = sun.shape
        out[some] = self_consumption(
            pv[some], np.ascontiguousarray(sun), np.ascontiguousarray(tables.days[month]),
            np.stack([plugs[some], water[some]], axis=1), np.stack([shapes["appliances"], shapes["hot_water_electric"]]),
            heat[some], kind[some], np.ascontiguousarray(tables.hourly[:, :, :, month].reshape(-1, k, hours)),
        )  # fmt: skip
    return out


def month_bill(homes: Homes, tariffs: Tariffs) -> Floats:
    """€ of the month for each row: energy and standing charges, less PV used at once and sold."""
    electricity = tariffs.home[Carrier.ELECTRICITY]
    bill: Floats = (
        homes.heat * tariffs.home[homes.carrier]
        + homes.water * tariffs.home[homes.water_carrier]
        + (homes.appliances - homes.pv_used) * electricity
        - (homes.pv - homes.pv_used) * tariffs.feed_in
        + standing(homes, tariffs)
    )
    return bill


def standing(homes: Homes, tariffs: Tariffs) -> Floats:
    """€ a month of standing charges: electricity for all, gas where it heats."""
    gas = np.where(homes.carrier == Carrier.GAS, tariffs.standing_gas, 0.0)
    charge: Floats = tariffs.standing_electricity + gas
    return charge


def year_costs(homes: Homes, tariffs: Tariffs, parameters: Mapping[str, float]) -> tuple[Floats, Floats]:
    """(bill, heating and hot water without going short) [€/year] of each row at this month's prices; PV left out."""
    water = homes.year_water * tariffs.home[homes.water_carrier]
    plugs = parameters["appliances_household"] + parameters["appliances_person"] * homes.size
    price = tariffs.home[homes.carrier]
    bill = homes.year_heat * price + water + plugs * tariffs.home[Carrier.ELECTRICITY] + 12.0 * standing(homes, tariffs)
    return bill, homes.year_free * price + water
