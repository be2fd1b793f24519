"""Energy class of dwellings (diagnostic de performance énergétique since July 2021): the worse of energy and emissions.

Conventional use: standard comfort at the place's typical weather (no prebound effect), hot water of the persons that the official
method (3CL-DPE 2021) assumes for the area, lighting and fans. Simplifications, stated: small homes' own limits (since July 2024)
and altitude are left out; electricity has one emission factor by use.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.agents.tables import Dwellings
from sim.codes import Carrier, Heating
from sim.columns import Codes, Floats, Ints
from sim.systems.energy.uses import HEATING_CARRIER, WATER_CARRIER, YEAR, efficiency

#: Upper limits of classes A..F: primary energy [kWh/m2 a year] and emissions [kgCO2e/m2 a year] (arrêté of 31 March 2021).
ENERGY_LIMITS = np.array([70.0, 110.0, 180.0, 250.0, 330.0, 420.0])
EMISSION_LIMITS = np.array([6.0, 11.0, 30.0, 50.0, 70.0, 100.0])
PRIMARY_ELECTRICITY = 2.3  # primary over final energy, until the end of 2025
ELECTRIC_HEATING, ELECTRIC_WATER, ELECTRIC_OTHER = 0.079, 0.065, 0.069  # kgCO2e/kWh by use (arrêté of 31 March 2021)
LIGHT_AND_FANS = 4.0  # kWh/m2 a year of electricity, assumption near 3CL's results
F, G = 5, 6


def dpe_class(primary: Floats, emissions: Floats) -> Codes:
    """0 (A) .. 6 (G) from primary energy [kWh/m2 a year] and emissions [kgCO2e/m2 a year], arrays of one shape."""
    # a value on the limit belongs to the better class
    energy = np.searchsorted(ENERGY_LIMITS, primary, side="left")
    carbon = np.searchsorted(EMISSION_LIMITS, emissions, side="left")
    return np.maximum(energy, carbon).astype(np.int8)


def conventional_persons(area: Floats) -> Floats:
    """Adult equivalents that 3CL-DPE 2021 assumes in a dwelling of ``area`` m2 (single dwellings, section 11.1)."""
    most = np.where(area < 30.0, 1.0, np.where(area < 70.0, 1.75 - 0.01875 * (70.0 - area), 0.025 * area))
    return np.where(most > 1.75, 1.75 + 0.3 * (most - 1.75), most)


def dpe_classes(
    dwellings: Dwellings, rows: Ints, water_day: Floats, parameters: Mapping[str, float], factors: Floats
) -> Codes:
    """(n,) classes of dwellings ``rows`` from their own need in the normal year (``need``, ``pump_need``).

    ``water_day`` (12,) kWh a day and person, ``factors`` (7,) kgCO2e/kWh by carrier.
    """
    heating = dwellings.heating[rows].astype(np.int64)
    eff = efficiency(parameters)[heating]
    area = np.maximum(dwellings.area[rows], 1.0)
    heat = np.where(heating == Heating.HEAT_PUMP, dwellings.pump_need[rows], dwellings.need[rows] / eff) / area
    carrier, water_carrier = HEATING_CARRIER[heating], WATER_CARRIER[heating]
    electric, electric_water = carrier == Carrier.ELECTRICITY, water_carrier == Carrier.ELECTRICITY
    water = conventional_persons(area) / area * float(water_day.mean() * YEAR) / np.where(electric_water, 1.0, eff)
    primary = heat * np.where(electric, PRIMARY_ELECTRICITY, 1.0)
    primary += water * np.where(electric_water, PRIMARY_ELECTRICITY, 1.0)
    emitted = heat * np.where(electric, ELECTRIC_HEATING, factors[carrier])
    emitted += water * np.where(electric_water, ELECTRIC_WATER, factors[water_carrier])
    return dpe_class(primary + LIGHT_AND_FANS * PRIMARY_ELECTRICITY, emitted + LIGHT_AND_FANS * ELECTRIC_OTHER)
