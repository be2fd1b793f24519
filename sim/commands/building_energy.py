"""Final energy of one dwelling's year, by the city's own rules: systems, hot water, appliances, and what a diagnosis would make of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from sim.buildings.year import Year
from sim.city.clock import MONTH_OF_DAY
from sim.codes import Carrier, Heating
from sim.columns import Floats
from sim.systems.energy.dpe import (
    ELECTRIC_HEATING,
    ELECTRIC_OTHER,
    ELECTRIC_WATER,
    LIGHT_AND_FANS,
    PRIMARY_ELECTRICITY,
    dpe_class,
)
from sim.systems.energy.emissions import yearly_factors
from sim.systems.energy.hours import heat_pump_cop, profiles
from sim.systems.energy.uses import (
    HEATING_CARRIER,
    HOT_WATER_AT,
    WATER_CARRIER,
    WATER_HEAT,
    appliances,
    cooking,
    efficiency,
)

#: What the hours are used for; all but heating and hot water by electricity.
USES = ("heating", "cooling", "hot_water", "appliances")


class Final(NamedTuple):
    """Final energy (8760,) [W] by use, and the carrier of each use."""

    watts: Mapping[str, Floats]
    carrier: Mapping[str, Carrier]


def final_energy(year: Year, system: Heating, persons: float, parameters: Mapping[str, float]) -> Final:
    """What the heating system, the tap, the plugs and an air conditioner make of the year's need."""
    heat, cool = np.maximum(0.0, year.need), np.maximum(0.0, -year.need)
    own = float(efficiency(parameters)[system])
    gained = heat_pump_cop(year.outdoor, parameters) if system == Heating.HEAT_PUMP else own
    water_carrier = Carrier(int(WATER_CARRIER[system]))
    boiler = 1.0 if water_carrier == Carrier.ELECTRICITY else own
    shapes = profiles()
    size = np.array(persons)
    plugs = np.array([float(appliances(size, month, parameters)) for month in range(12)])
    by_day = np.repeat(plugs[MONTH_OF_DAY], 24)
    hours = np.tile(shapes["appliances"], 365), np.tile(shapes["cooking"], 365)
    watts = {
        "heating": heat / gained,
        "cooling": cool / parameters["cooling_efficiency"],
        "hot_water": 1000.0
        * _water(year.outdoor, parameters)
        * persons
        / boiler
        * np.tile(shapes["hot_water_electric"], 365),
        "appliances": 1000.0 * (by_day * hours[0] + float(cooking(size, parameters)) * hours[1]),
    }
    carriers = dict.fromkeys(USES, Carrier.ELECTRICITY)
    carriers |= {"heating": Carrier(int(HEATING_CARRIER[system])), "hot_water": water_carrier}
    return Final(watts, carriers)


def _water(outdoor: Floats, parameters: Mapping[str, float]) -> Floats:
    """(8760,) kWh a day and person: the rule of :func:`sim.systems.energy.uses.water_need` on the months of this weather."""
    days = outdoor.reshape(365, 24).mean(axis=1)
    monthly = np.array([days[month == MONTH_OF_DAY].mean() for month in range(12)])
    cold = days.mean() + 0.5 * (monthly - days.mean())
    litres = parameters["hot_water_litres"] * (1.0 + parameters["hot_water_losses"])
    return np.repeat((litres * WATER_HEAT * (HOT_WATER_AT - cold))[MONTH_OF_DAY], 24)


def intensity(final: Final, area: float, parameters: Mapping[str, float]) -> dict[str, float | str]:
    """Primary energy, emissions [by m2 and year] and class as the French diagnosis counts them, of these very hours.

    Heating, hot water, cooling, and its allowance for lighting and fans; a diagnosis itself takes conventional persons and set-points.
    """
    factors = yearly_factors(parameters)
    electric = {"heating": ELECTRIC_HEATING, "hot_water": ELECTRIC_WATER, "cooling": ELECTRIC_OTHER}
    primary, emitted = LIGHT_AND_FANS * PRIMARY_ELECTRICITY, LIGHT_AND_FANS * ELECTRIC_OTHER
    for use, factor in electric.items():
        by_m2 = float(final.watts[use].sum()) / 1000.0 / area
        by_wire = final.carrier[use] == Carrier.ELECTRICITY
        primary += by_m2 * (PRIMARY_ELECTRICITY if by_wire else 1.0)
        emitted += by_m2 * (factor if by_wire else float(factors[final.carrier[use]]))
    letter = "ABCDEFG"[int(dpe_class(np.array(primary), np.array(emitted)))]
    return {"primary_kwh_per_m2": primary, "emissions_kg_per_m2": emitted, "class": letter}
