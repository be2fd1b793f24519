"""Indicators of municipal services and health: accounts without memory of water, waste, care, and what walking and cycling are worth.

Water and waste are what the economy has written and booked this month (sim/systems/economy/utilities.py).
"""

from __future__ import annotations

import numpy as np

from sim.agents.passes import holds_pass
from sim.codes import Mode
from sim.columns import Floats
from sim.indicators.registry import Indicator, Snapshot
from sim.months import average_day

#: Ages that the benefit of cycling holds for, and of walking (HEAT, WHO 2017) [years].
CYCLISTS, WALKERS = (20, 65), (20, 75)


def _people(s: Snapshot, low: int = 0, high: int = 200) -> float:
    return s.once(_of_ages, low, high)


def _of_ages(s: Snapshot, low: int, high: int) -> float:
    c = s.state.citizens
    months = s.trends.clock(s.state.month) - c.birth
    return float(c.weight[c.alive & (months >= 12 * low) & (months < 12 * high)].sum())


def water_used(s: Snapshot) -> float:
    """m3 a month at the users' meters."""
    return float(s.state.economy.water[:2].sum())


def water_lost(s: Snapshot) -> float:
    """m3 a month that leave the network before a meter."""
    return float(s.state.economy.water[2])


def water_energy(s: Snapshot) -> float:
    """MWh a month to draw, treat and pump drinking water and to treat what comes back."""
    p, v = s.parameters, s.state.economy.water
    return float(v.sum() * p["water_supply_energy"] + v[:2].sum() * p["sewage_energy"]) / 1000.0


def _water_co2(s: Snapshot) -> float:
    return float(s.state.economy.utility_co2[0, :2].sum())


def waste(s: Snapshot) -> Floats:
    """(3,) t a month of residual and sorted household waste and of kitchen waste collected apart."""
    return np.asarray(s.state.economy.waste)


def _balance(s: Snapshot) -> float:
    e = s.state.economy
    return float(e.utility_fees.sum() - e.utility_cost.sum())


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
              "what the service costs the metropole, most of it whatever the volume", lambda s: float(s.state.economy.utility_cost[0])),
    Indicator("waste_residual", "Residual waste", "t/month", -1, "month", "services",
              "household waste burnt or landfilled", lambda s: float(waste(s)[0])),
    Indicator("waste_sorted", "Sorted waste", "t/month", 0, "month", "services",
              "household waste recycled or composted, recycling centres included", lambda s: float(waste(s)[1])),
    Indicator("waste_organic", "Kitchen waste collected apart", "t/month", 0, "month", "services",
              "composted or digested", lambda s: float(waste(s)[2])),
    Indicator("co2_waste", "Emissions of waste", "tCO2e/month", -1, "month", "services",
              "collection and treatment; what recycling avoids elsewhere is not deducted",
              lambda s: float(s.state.economy.utility_co2[0, 2])),
    Indicator("co2_recycling", "Emissions avoided by recycling", "tCO2e/month", 1, "month", "services",
              "elsewhere, by sorted waste; in no account",
              lambda s: float(waste(s)[1]) * s.parameters["waste_sorted_avoided"] / 1000.0),
    Indicator("waste_cost", "Cost of waste", "€/month", -1, "month", "services",
              "collection and treatment", lambda s: float(s.state.economy.utility_cost[1])),
    Indicator("utility_fees", "Water bills and waste tax of a person", "€/person/month", -1, "month", "services",
              "paid by households to the metropole", lambda s: float(s.state.economy.utility_fees[:, 0].sum()) / max(_people(s), 1.0)),
    Indicator("utility_balance", "Balance of water and waste", "€/month", 1, "month", "services",
              "fees less costs: what the metropole's services have left", _balance),
    Indicator("without_doctor", "Adults without a doctor", "%", -1, "at month's end", "services",
              "residents of 17 and over without a treating doctor", _without_doctor),
    Indicator("deaths_avoided", "Deaths avoided by walking and cycling", "deaths/year", 1, "year at this month's pace", "services",
              "WHO HEAT: against a city that neither walks nor cycles; differences between scenarios are what counts",
              lambda s: s.once(deaths_avoided)),
    Indicator("health_benefit", "Worth of walking and cycling", "€/year", 1, "year at this month's pace", "services",
              "deaths avoided at the value of a statistical life",
              lambda s: s.once(deaths_avoided) * s.parameters["statistical_life"]),
)  # fmt: skip
