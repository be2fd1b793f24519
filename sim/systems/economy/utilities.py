"""Water, sewage and household waste: volumes, what the services cost and emit, and who pays whom. An account without memory.

The metropole runs both services. Water is paid by volume (households, firms), waste by a yearly tax per person, each at what the service
costs before any measure. So water saved takes fees away while most costs stay, leaks mended save what drawing and pumping costs, and
waste avoided saves what it would have cost. Households' fees are a part of what they spend in the city anyway.
"""

from __future__ import annotations

import numpy as np

from sim.codes import Party, Purpose
from sim.columns import Floats
from sim.measures.policies import Policies
from sim.months import days_in
from sim.scenario.parameters import Parameters
from sim.state import State

DAYS_A_YEAR = 365.25


def serve(state: State, policies: Policies, p: Parameters, price: float) -> None:
    """Write and book the month's water and waste. ``price`` of the electricity bought [€/kWh]."""
    e, c = state.economy, state.citizens
    people, days = float(c.weight[c.alive].sum()), days_in(state.month)
    years = people * days / DAYS_A_YEAR / 1000.0
    posts = float(e.residents.sum() + e.incomers.sum())
    usual = np.array([people * p["water_home"], posts * p["water_work"]]) * days / 1000.0
    used = usual * [1.0 - min(1.0, float(policies.water_saving[0])), 1.0]
    lost = (1.0 / p["water_yield"] - 1.0) * np.array([usual.sum(), used.sum() * (1.0 - float(policies.water_leaks[0]))])
    e.water = np.r_[used, lost[1]]
    e.waste = waste(policies, p, years)
    e.utility_co2 = emitted(e.water, e.waste, p)
    fixed = p["water_fixed_cost"]
    water_cost = p["water_service_cost"] * (fixed * usual.sum() + (1.0 - fixed) * used.sum())
    water_cost += p["water_lost_cost"] * (lost[1] - lost[0])
    e.utility_cost = np.array([water_cost, _waste_cost(e.waste, p)])
    tax = years * _waste_cost(np.array([p["waste_residual"], p["waste_sorted"], 0.0]), p)
    e.utility_fees = np.array([used * p["water_service_cost"], [tax, 0.0]])
    _book(state, min(water_power(e.water, p) * 1000.0 * price, water_cost))


def _book(state: State, power: float) -> None:
    """Fees to the metropole, what it buys to suppliers of electricity (``power`` €) and to the firms that run the services."""
    e = state.economy
    state.pay(Party.HOUSEHOLDS, Party.METROPOLE, float(e.utility_fees[:, 0].sum()), Purpose.UTILITIES)
    state.pay(Party.FIRMS, Party.METROPOLE, float(e.utility_fees[:, 1].sum()), Purpose.UTILITIES)
    state.pay(Party.METROPOLE, Party.OUTSIDE, power, Purpose.ENERGY)
    state.pay(Party.METROPOLE, Party.FIRMS, float(e.utility_cost.sum()) - power, Purpose.UTILITIES)


def waste(policies: Policies, p: Parameters, share: float) -> Floats:
    """(3,) residual, sorted, kitchen waste collected apart [t], of ``share`` thousand person-years.

    Prevention takes its share off the residual waste, then kitchen waste is collected out of it, then what is left is sorted.
    """
    residual = (1.0 - min(1.0, float(policies.waste_prevention[0]))) * np.array(
        [p["waste_residual"], p["organic_waste"]]
    )
    apart = float(residual[1]) * min(1.0, float(policies.waste_organic[0]))
    left = float(residual[0]) - apart
    moved = left * min(1.0, float(policies.waste_sorting[0]))
    return np.array([left - moved, p["waste_sorted"] + moved, apart]) * share


def _waste_cost(tonnes: Floats, p: Parameters) -> float:
    """Collection and treatment of residual, sorted and kitchen waste [€ for t]."""
    return float(tonnes @ np.array([p["waste_residual_cost"], p["waste_sorted_cost"], p["waste_organic_cost"]]))


def water_power(volumes: Floats, p: Parameters) -> float:
    """Electricity to draw, treat and pump drinking water and to clean what comes back [MWh for m3]."""
    return float(volumes.sum() * p["water_supply_energy"] + volumes[:2].sum() * p["sewage_energy"]) / 1000.0


def emitted(volumes: Floats, tonnes: Floats, p: Parameters) -> Floats:
    """(2, 3) of water at home, water at work, waste [tCO2e]: upstream included, and without.

    Losses count with use, in proportion. What recycling avoids elsewhere is not deducted here. Kitchen waste emits less than the mean of
    the residual waste it was part of, so what stays emits more by tonne.
    """
    share = volumes[:2] / max(float(volumes[:2].sum()), 1e-300)
    power = water_power(volumes, p) * p["emission_electricity"] * share
    sewage = volumes[:2] * p["sewage_direct"] / 1000.0
    whole = p["waste_residual_emission"]
    apart = whole - p["organic_residual_emission"] + p["waste_organic_emission"]
    burnt = float(tonnes @ np.array([whole, p["waste_sorted_treatment"], apart])) / 1000.0
    return np.array([[*(power + sewage), burnt], [*(power * (1.0 - p["upstream_electricity"]) + sewage), burnt]])
