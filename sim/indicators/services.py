"""Indicators of municipal services and health: accounts without memory of water, waste, care, and what walking and cycling are worth.

Water and waste follow from inhabitants, posts and the levers of their measures: tonnes, cubic metres, kWh, CO2e and what the service
costs. They are shown, not booked: what households pay for them is part of their other spending.
"""

from __future__ import annotations

import numpy as np

from sim.agents.passes import holds_pass
from sim.codes import Mode
from sim.columns import Floats
from sim.indicators.registry import Indicator, Snapshot
from sim.months import average_day, days_in

#: Ages that the benefit of cycling holds for, and of walking (HEAT, WHO 2017) [years].
CYCLISTS, WALKERS = (20, 65), (20, 75)
DAYS_A_YEAR = 365.25


def _people(s: Snapshot, low: int = 0, high: int = 200) -> float:
    c = s.state.citizens
    age = (s.trends.clock(s.state.month) - c.birth) / 12.0
    return float(c.weight[c.alive & (age >= low) & (age < high)].sum())


def _posts(s: Snapshot) -> float:
    e = s.state.economy
    return float(e.residents.sum() + e.incomers.sum())


def water_used(s: Snapshot) -> float:
    """m3 a month at the users' meters."""
    p, days = s.parameters, days_in(s.state.month)
    home = p["water_home"] * (1.0 - min(1.0, float(s.policies.water_saving[0]))) * _people(s)
    return float((home + p["water_work"] * _posts(s)) * days / 1000.0)


def water_lost(s: Snapshot) -> float:
    """m3 a month that leave the network before a meter."""
    given = s.parameters["water_yield"]
    return water_used(s) * (1.0 / given - 1.0) * (1.0 - float(s.policies.water_leaks[0]))


def water_energy(s: Snapshot) -> float:
    """MWh a month to draw, treat and pump drinking water and to treat what comes back."""
    p = s.parameters
    return ((water_used(s) + water_lost(s)) * p["water_supply_energy"] + water_used(s) * p["sewage_energy"]) / 1000.0


def _water_co2(s: Snapshot) -> float:
    p = s.parameters
    return water_energy(s) * p["emission_electricity"] + water_used(s) * p["sewage_direct"] / 1000.0


def _water_cost(s: Snapshot) -> float:
    p = s.parameters
    return water_used(s) * p["water_service_cost"] + water_lost(s) * p["water_lost_cost"]


def waste(s: Snapshot) -> Floats:
    """(2,) t a month of residual and of sorted household waste."""
    p, share = s.parameters, days_in(s.state.month) / DAYS_A_YEAR
    residual = (
        p["waste_residual"] * _people(s) * share / 1000.0 * (1.0 - min(1.0, float(s.policies.waste_prevention[0])))
    )
    moved = residual * min(1.0, float(s.policies.waste_sorting[0]))
    return np.array([residual - moved, p["waste_sorted"] * _people(s) * share / 1000.0 + moved])


def _waste_co2(s: Snapshot) -> float:
    p = s.parameters
    return float(waste(s) @ np.array([p["waste_residual_emission"], p["waste_sorted_emission"]]) / 1000.0)


def _waste_cost(s: Snapshot) -> float:
    p = s.parameters
    return float(waste(s) @ np.array([p["waste_residual_cost"], p["waste_sorted_cost"]]))


def _without_doctor(s: Snapshot) -> float:
    adults = _people(s, 17)
    taken = float(s.policies.health_doctors[0]) * s.parameters["patients_per_doctor"]
    return max(0.0, s.parameters["without_doctor"] - taken / max(adults, 1.0)) * 100.0


def deaths_avoided(s: Snapshot) -> float:
    """Deaths a year that residents' cycling and walking avoid, against none of it (HEAT: linear in minutes, up to a ceiling)."""
    p, t = s.parameters, s.state.traffic
    weekly = 7.0 * average_day(p)
    out = 0.0
    for mode, ages, speed in ((Mode.BIKE, CYCLISTS, "bike_speed"), (Mode.WALK, WALKERS, "walk_speed")):
        name = mode.name.lower()
        minutes = t.trip_km[:, mode].sum() / p[speed] * 60.0 * weekly / max(_people(s), 1.0)
        fall = min(p[f"heat_{name}_ceiling"], (1.0 - p[f"heat_{name}_risk"]) * minutes / p[f"heat_{name}_minutes"])
        out += _people(s, *ages) * p[f"heat_{name}_mortality"] / 1e5 * fall
    return float(out)


def _passes(s: Snapshot) -> float:
    c = s.state.citizens
    return float(c.weight[c.alive & holds_pass(s.state, s.policies, s.trends.clock(s.state.month))].sum())


INDICATORS: tuple[Indicator, ...] = (
    Indicator("free_passes", "Free transit passes", "persons", 0, "at month's end", "mobility",
              "residents who hold a pass that lets them ride free", _passes),
    Indicator("water_used", "Drinking water used", "m3/month", -1, "month", "services",
              "at the meters of households and work places", water_used),
    Indicator("water_lost", "Drinking water lost", "m3/month", -1, "month", "services",
              "put into the network and not used", water_lost),
    Indicator("water_energy", "Energy of water and sewage", "MWh/month", -1, "month", "services",
              "electricity to draw, treat, pump and clean; not part of the city's other electricity", water_energy),
    Indicator("co2_water", "Emissions of water and sewage", "tCO2e/month", -1, "month", "services",
              "electricity of the year's mean mix, and methane and nitrous oxide of treatment", _water_co2),
    Indicator("water_cost", "Cost of water and sewage", "€/month", -1, "month", "services",
              "what the service costs; shown, not booked", _water_cost),
    Indicator("waste_residual", "Residual waste", "t/month", -1, "month", "services",
              "household waste burnt or landfilled", lambda s: float(waste(s)[0])),
    Indicator("waste_sorted", "Sorted waste", "t/month", 0, "month", "services",
              "household waste recycled or composted, recycling centres included", lambda s: float(waste(s)[1])),
    Indicator("co2_waste", "Emissions of waste", "tCO2e/month", -1, "month", "services",
              "collection and treatment, emissions that recycling avoids deducted", _waste_co2),
    Indicator("waste_cost", "Cost of waste", "€/month", -1, "month", "services",
              "collection and treatment; shown, not booked", _waste_cost),
    Indicator("without_doctor", "Adults without a doctor", "%", -1, "at month's end", "services",
              "residents of 17 and over without a treating doctor", _without_doctor),
    Indicator("deaths_avoided", "Deaths avoided by walking and cycling", "deaths/year", 1, "year at this month's pace", "services",
              "WHO HEAT: against a city that neither walks nor cycles; differences between scenarios are what counts", deaths_avoided),
    Indicator("health_benefit", "Worth of walking and cycling", "€/year", 1, "year at this month's pace", "services",
              "deaths avoided at the value of a statistical life",
              lambda s: deaths_avoided(s) * s.parameters["statistical_life"]),
)  # fmt: skip
