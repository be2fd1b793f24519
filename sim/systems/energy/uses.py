"""Energy uses other than heating: hot water, appliances, cooking, cars; and who is at home by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.city.typical_days import Days
from sim.codes import Activity, Carrier, EnergyUse, Heating, Powertrain
from sim.columns import Array, Bools, Floats
from sim.state import State
from sim.systems.energy.floors import FIRM_CARRIERS, FloorUse

WATER_HEAT = 1.163e-3  # kWh per litre and kelvin
HOT_WATER_AT = 40.0  # degC, of the litres that the registry counts
YEAR = 365.25
DARK_HOURS = 4200.0  # a year: the sun is below the horizon somewhat less than half of it; lamps follow
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
class Presence:
    """Who is at home in working hours of a working day. (n_households,): ``share`` of days with somebody, ``persons`` in the mean."""

    share: Floats
    persons: Floats


def presence(state: State) -> Presence:
    """Those without job or school are at home, those with a job as far as they telework."""
    c = state.citizens
    share = np.where(AT_HOME[c.activity], 1.0, c.telework_days / 5.0)
    share[~c.alive] = 0.0
    most = np.zeros(len(state.households))
    np.maximum.at(most, c.household, share)
    return Presence(np.minimum(most, 1.0), np.bincount(c.household, share, len(state.households)))


def water_need(year: Sequence[Days], parameters: Mapping[str, float]) -> Floats:
    """(12,) kWh a day and person to heat water, storage and pipe losses included, by the months of the normal year.

    Cold water follows the air with half its yearly swing (assumption): tanks and pipes underground.
    """
    length = np.array([days.weight.sum() for days in year])
    monthly = np.array([float(days.temperature.mean(axis=1) @ days.weight) for days in year]) / length
    mean = float(monthly @ length / length.sum())
    cold = mean + 0.5 * (monthly - mean)
    litres = parameters["hot_water_litres"] * (1.0 + parameters["hot_water_losses"])
    return np.asarray(litres * WATER_HEAT * (HOT_WATER_AT - cold), np.float64)


def appliances(size: Array, month_of_year: int, parameters: Mapping[str, float]) -> Floats:
    """kWh a day of appliances and lighting by household size; 12 % more in January than in the mean, less in July."""
    year = parameters["appliances_household"] + parameters["appliances_person"] * size
    season = 1.0 + 0.12 * np.cos(2.0 * np.pi * month_of_year / 12.0)
    return np.asarray(year / YEAR * season, np.float64)


def cooking(size: Array, parameters: Mapping[str, float]) -> Floats:
    """kWh a day of cooking by household size."""
    return np.asarray((parameters["cooking_household"] + parameters["cooking_person"] * size) / YEAR, np.float64)


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


def add_floors(final: Array, area: Floats, use: FloorUse, mix: Array, weight: Floats) -> None:
    """Add firms' floors to ``final`` (D, 7, uses) [MWh]: ``area`` (D, S) m2, ``use`` by m2, ``mix`` (S, 4), ``weight`` (T,) hours."""
    heating = use.heat @ weight / 1e6
    for i, carrier in enumerate(FIRM_CARRIERS):
        final[:, carrier, EnergyUse.TERTIARY] += area @ (heating * mix[:, i])
    final[:, Carrier.ELECTRICITY, EnergyUse.TERTIARY] += area @ ((use.cooling + use.other) @ weight / 1e6)


def lighting_month(
    state: State, dark: Floats, weight: Floats, saved: Floats, parameters: Mapping[str, float]
) -> Floats:
    """(D, T) [W] of street lighting: a yearly use by inhabitant, spread over the hours without sun (4,200 a year)."""
    c = state.citizens
    people = np.bincount(c.district, np.where(c.alive, c.weight, 0.0), len(saved))
    watts = parameters["street_lighting_use"] * 1000.0 / DARK_HOURS
    return np.asarray((people * (1.0 - saved) * watts)[:, None] * dark[None, :])
