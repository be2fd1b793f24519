"""Energy uses other than heating: hot water, appliances, firms' floors, cars; and who is at home by day."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from sim.city.city import Weather
from sim.codes import Activity, Carrier, Heating, Powertrain, Sector
from sim.columns import Array, Bools, Floats
from sim.state import State
from sim.systems.energy.heat import DATA

WATER_HEAT = 1.163e-3  # kWh per litre and kelvin
HOT_WATER_AT = 40.0  # degC, of the litres that the registry counts
YEAR = 365.25
BASE_TEMPERATURE = 16.0  # degC: firms' floors are heated in proportion to what is missing below it
FIRM_CARRIERS = (Carrier.ELECTRICITY, Carrier.GAS, Carrier.OIL, Carrier.DISTRICT_HEAT)
#: Carrier of heating by heating system, and of hot water (electric tanks where the heating cannot make it).
HEATING_CARRIER = np.array(
    [Carrier.GAS, Carrier.OIL, Carrier.ELECTRICITY, Carrier.ELECTRICITY, Carrier.DISTRICT_HEAT, Carrier.WOOD]
)
WATER_CARRIER = np.array(
    [Carrier.GAS, Carrier.OIL, Carrier.ELECTRICITY, Carrier.ELECTRICITY, Carrier.DISTRICT_HEAT, Carrier.ELECTRICITY]
)
#: Activities of people who are at home during working hours.
AT_HOME = np.isin(np.arange(len(Activity)), [Activity.CHILD, Activity.UNEMPLOYED, Activity.RETIRED, Activity.INACTIVE])


@dataclass(frozen=True)
class FirmUse:
    """What firms' floors use, by sector S: ``heating`` (S,) and ``other`` (S,) [kWh/m2 a year], ``mix`` (S, 4 carriers) of heating."""

    heating: Floats
    other: Floats
    mix: Array


@cache
def profiles() -> Mapping[str, Floats]:
    """Shares of a day's energy by hour (24,), each summing to 1. Assumed shapes in the manner of RTE and Enedis profiles."""
    with (DATA / "profiles.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    raw = {name: np.array([float(row[name]) for row in rows]) for name in rows[0] if name != "hour"}
    return {name: values / values.sum() for name, values in raw.items()}


def firm_use(scale: float) -> FirmUse:
    """Firms' energy by sector from ``data/firms.csv``, intensities multiplied by ``scale``."""
    with (DATA / "firms.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["sector"]: row for row in csv.DictReader(file)}
    ordered = [rows[sector.name] for sector in Sector]
    total = np.array([float(row["intensity"]) for row in ordered]) * scale
    heating = np.array([float(row["heating"]) for row in ordered])
    mix = np.array([[float(row[c.name.lower()]) for c in FIRM_CARRIERS] for row in ordered])
    return FirmUse(total * heating, total * (1.0 - heating), mix / mix.sum(axis=1, keepdims=True))


def missing_degrees(weather: Weather) -> Floats:
    """(12, K) kelvins missing below the base temperature on each typical day."""
    return np.asarray(np.maximum(0.0, BASE_TEMPERATURE - weather.temperature.mean(axis=2)), np.float64)


def presence(state: State) -> Floats:
    """(n_households,) share of working days on which somebody is at home by day: somebody without job or school, or teleworking."""
    c = state.citizens
    share = np.where(AT_HOME[c.activity], 1.0, c.telework_days / 5.0)
    share[~c.alive] = 0.0
    out = np.zeros(len(state.households))
    np.maximum.at(out, c.household, share)
    return np.minimum(out, 1.0)


def water_need(weather: Weather, parameters: Mapping[str, float]) -> Floats:
    """(12,) kWh a day and person to heat water, storage and pipe losses included.

    Cold water follows the air with half its yearly swing (assumption): tanks and pipes underground.
    """
    monthly = (weather.temperature.mean(axis=2) * weather.days).sum(axis=1) / weather.days.sum(axis=1)
    mean = float((monthly * weather.days.sum(axis=1)).sum() / weather.days.sum())
    cold = mean + 0.5 * (monthly - mean)
    litres = parameters["hot_water_litres"] * (1.0 + parameters["hot_water_losses"])
    return np.asarray(litres * WATER_HEAT * (HOT_WATER_AT - cold), np.float64)


def appliances(size: Array, month_of_year: int, parameters: Mapping[str, float]) -> Floats:
    """kWh a day of appliances, lighting and cooking by household size; 12 % more in January than in the mean, less in July."""
    year = parameters["appliances_household"] + parameters["appliances_person"] * size
    season = 1.0 + 0.12 * np.cos(2.0 * np.pi * month_of_year / 12.0)
    return np.asarray(year / YEAR * season, np.float64)


def car_energy(parameters: Mapping[str, float]) -> tuple[Floats, Array]:
    """(5 powertrains,) electricity at the socket and (5, 7 carriers) fuel, both in kWh/km."""
    electric = np.zeros(len(Powertrain))
    fuel = np.zeros((len(Powertrain), len(Carrier)))
    electric[Powertrain.ELECTRIC] = parameters["electric_car_use"]
    electric[Powertrain.PLUG_IN] = parameters["plug_in_electric_share"] * parameters["electric_car_use"]
    fuel[Powertrain.PETROL, Carrier.PETROL] = parameters["petrol_car_use"]
    fuel[Powertrain.DIESEL, Carrier.DIESEL] = parameters["diesel_car_use"]
    fuel[Powertrain.HYBRID, Carrier.PETROL] = parameters["hybrid_car_use"]
    fuel[Powertrain.PLUG_IN, Carrier.PETROL] = (1.0 - parameters["plug_in_electric_share"]) * parameters[
        "hybrid_car_use"
    ]
    return electric, fuel


def occupied(state: State) -> Bools:
    """(n_dwellings,) dwellings where a living household lives: the others are vacant or second homes and taken as unheated."""
    d, h = state.dwellings, state.households
    lived_in: Bools = d.alive & (d.household >= 0)
    lived_in[lived_in] = h.alive[d.household[lived_in]]
    return lived_in


def efficiency(parameters: Mapping[str, float]) -> Floats:
    """(6 heating systems,) heat delivered by energy bought [kWh/kWh], distribution included; 1 for heat pumps (see the COP)."""
    out = np.ones(len(Heating))
    out[Heating.GAS] = parameters["gas_boiler_efficiency"]
    out[Heating.OIL] = parameters["oil_boiler_efficiency"]
    out[Heating.ELECTRIC] = parameters["electric_heating_efficiency"]
    out[Heating.DISTRICT] = parameters["district_heating_efficiency"]
    out[Heating.WOOD] = parameters["wood_stove_efficiency"]
    return out
