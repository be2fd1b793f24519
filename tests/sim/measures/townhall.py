"""A municipality alone: its calendar lived month by month on the tiny city, without the systems."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mesa
import numpy as np

from sim.agents.municipality import Municipality
from sim.city.city import City
from sim.measures.policies import Policies
from sim.scenario.load import Scenario
from sim.scenario.parameters import Parameters
from sim.state import State
from tests.tiny import tiny_state
from tests.worlds import city, scenario

#: For each kind of measure: fields that make it act. Works take six months.
ACTING = {
    "cyber_defence": "level: 60%, firms: 5%", "data_platform": "sensors: 500, months: 6", "digital_mediation": "reach: 10%",
    "digital_services": "share: 50%, months: 6", "open_partnership": "calls_per_year: 4, budget_per_year: 2 M€",
    "training": "places_per_year: 500",
    "battery_subsidy": "amount: 200 €/kWh", "building_code": "share: 50%", "building_data": "floors: 30%, months: 6",
    "demand_response": "share: 20%, months: 6, area: centre", "energy_sharing": "share: 10%, months: 6",
    "heat_network": "length: 5 km, renewable: 80%, months: 6", "public_pv": "power: 2 MWp, months: 6",
    "rental_ban": "bans: {2021-01: g}", "smart_charging": "share: 30%", "street_lighting": "lights: 40%, months: 6",
    "bike_subsidy": "amount: 500 €", "cycle_network": "length: 9 km, months: 6", "energy_advice": "reach: 5%, area: centre",
    "ev_charging": "points: 500, months: 6", "ev_subsidy": "amount: 4000 €", "heat_pump_subsidy": "amount: 4000 €",
    "lane_closure": "lanes: 1, area: centre",
    "innovation_challenge": "theme: energy, calls_per_year: 12", "local_procurement": "amount_per_year: 9 M€",
    "low_emission_zone": "vehicles: {2021-01: all}, bans: {2021-01: crit_air_2}", "parking_price": "price: 2 €/h",
    "participatory_budget": "amount_per_year: 9 M€", "pv_subsidy": "amount: 500 €/kWp",
    "recovery_grants": "amount: 9 M€, months: 6", "retrofit_subsidy": "rate: 50%", "speed_limit": "speed: 20 km/h",
    "transit_fare": "change: -100%", "transit_frequency": "lines: metro, headway: -50%",
    "transit_line": "line: L1, months: 6",
    "free_transit_residents": "ages: [under_18, 65_and_over]", "health_centre": "doctors: 12, months: 6",
    "park_and_ride": "places: 600, months: 6", "school_streets": "schools: 2, months: 6",
    "traffic_signal_control": "share: 50%, months: 6", "urban_greening": "canopy: 20%, months: 6",
    "waste_prevention": "prevention: 10%, sorting: 20%, months: 6", "water_saving": "households: 40%, leaks: 10%, months: 6",
    "consultation": "reach: 20%, area: centre", "citizens_panel": "seats: 150", "zoning": "dwellings_per_year: 40, area: centre",
    "organic_waste_collection": "collected: 40%, months: 6",
}  # fmt: skip
SHOCKS = {
    "pandemic": "months: 6", "energy_price": "change: +50%, months: 6", "heatwave": "warmer: 5 K, months: 12",
}  # fmt: skip


def planned_line() -> City:
    """The tiny city, whose bus line L1 is planned and not running yet."""
    made = city()
    made.lines.running[1] = False
    return made


def alone(plan: Scenario, where: City, share: float = 0.02) -> tuple[Municipality, State]:
    """The municipality of a scenario and a state on the eve of its first month."""
    town = Municipality(mesa.Model(), where, plan, Parameters())
    state = tiny_state(where, share=share, n_measures=len(plan.measures), month=plan.first_month - 1)
    town.begin(state)
    return town, state


def months(town: Municipality, state: State, n: int) -> Iterator[Policies]:
    """The policies of the next ``n`` months; the ledger holds the month just lived."""
    for _ in range(n):
        state.month += 1
        state.ledger[:] = 0.0
        yield town.act(state)


def policies(folder: Path, body: str, n: int, where: City | None = None) -> list[Policies]:
    """The policies of the first ``n`` months of a scenario that starts in 2021-01."""
    town, state = alone(scenario(folder, body, end="2026-12"), where or planned_line())
    return list(months(town, state, n))


def measure(kind: str, fields: str) -> str:
    """A roadmap with one measure from 2021-01 on."""
    return f"measures:\n  - {{measure: {kind}, start: 2021-01, {fields}}}\n"


def shock(kind: str, fields: str) -> str:
    """A scenario with one shock from 2021-01 on."""
    return f"shocks:\n  - {{shock: {kind}, start: 2021-01, {fields}}}\n"


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """True if both arrays hold the same bytes."""
    return a.shape == b.shape and a.tobytes() == b.tobytes()
