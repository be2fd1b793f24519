"""Firms: demand, wanted jobs, cash, closing; projects with the municipality."""

from __future__ import annotations

import numpy as np

from kernels.draws import stream, uniforms
from sim.codes import Party, Purpose, Sector
from sim.columns import Floats
from sim.measures.policies import THEMES, Policies
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.economy.sectors import OUTSIDE_SALES, SPENDING, TURNOVER, VALUE_ADDED


def trend(trends: Trends, month: int) -> Floats:
    """(S,) outside demand index by branch."""
    return np.array([trends.at(f"demand_{s.name.lower()}", month) for s in Sector])


def demand_index(state: State, policies: Policies, trends: Trends) -> Floats:
    """(S,) demand against the reference date: outside by its trend and shocks, local by households' income and public purchases."""
    e = state.economy
    outside = trend(trends, state.month) / e.reference_trend * policies.demand_factor
    income = float((state.households.weight * state.households.income)[state.households.alive].sum())
    local = income / float(e.reference_income[0]) * policies.demand_factor
    sales = turnover(state)
    bought = purchases(state) + policies.procurement
    return np.asarray(OUTSIDE_SALES * outside + (1.0 - OUTSIDE_SALES) * local + bought / np.maximum(sales, 1.0))


def turnover(state: State) -> Floats:
    """(S,) sales of all firms at demand index 1 [€/month]."""
    f, e = state.firms, state.economy
    jobs = np.bincount(f.sector, weights=np.where(f.alive, f.weight * e.base_jobs, 0.0), minlength=len(Sector))
    return np.asarray(jobs * VALUE_ADDED / 12.0 * TURNOVER)


def purchases(state: State) -> Floats:
    """(S,) what households and the metropole spent on works, operations and vehicles last month, by receiving branch [€]."""
    out = np.zeros(len(Sector))
    for purpose, parts in SPENDING.items():
        amount = float(state.last_ledger[:, Party.FIRMS, Purpose[purpose]].sum())
        for sector, share in parts.items():
            out[Sector[sector]] += amount * share
    return out


def adjust(state: State, policies: Policies, p: Parameters) -> None:
    """Wanted jobs from demand and access to labour; jobs follow with delay; cash decides who closes."""
    f, e = state.firms, state.economy
    index = e.demand[f.sector]
    access = e.accessibility[f.district] ** p["agglomeration_elasticity"]
    f.jobs_wanted[:] = e.base_jobs * index ** p["jobs_demand_elasticity"] * access
    sales = e.base_jobs * VALUE_ADDED[f.sector] / 12.0 * TURNOVER
    f.revenue[:] = np.where(f.alive, sales * index, 0.0)
    cost = sales * (1.0 - p["profit_margin"]) * (p["fixed_cost_share"] + (1.0 - p["fixed_cost_share"]) * index)
    profit = f.revenue - cost
    helped = np.where(profit < 0.0, profit * (1.0 - p["state_crisis_help"]), profit)
    grant = _grants(state, policies)
    room = p["cash_months"] * sales - f.liquidity
    f.liquidity += np.where(f.alive, np.minimum(helped + grant, np.maximum(room, 0.0)), 0.0)
    state.pay(Party.STATE, Party.FIRMS, float((f.weight * (helped - profit))[f.alive].sum()), Purpose.GRANTS)
    _close(state, sales, p)
    speed = np.where(f.jobs_wanted < f.jobs, p["dismissal_speed"], p["hiring_speed"])
    f.jobs += np.where(f.alive, speed * (f.jobs_wanted - f.jobs), 0.0)


def _grants(state: State, policies: Policies) -> Floats:
    """(firms,) recovery grants of the month by row [€ a firm], by jobs within a branch; booked."""
    f = state.firms
    if not policies.recovery_grant.any():
        return np.zeros(len(f))
    jobs = np.bincount(f.sector, weights=np.where(f.alive, f.weight * f.jobs, 0.0), minlength=len(Sector))
    each = np.where(f.alive, f.jobs * (policies.recovery_grant / np.maximum(jobs, 1e-300))[f.sector], 0.0)
    state.pay(Party.METROPOLE, Party.FIRMS, float((each * f.weight).sum()), Purpose.GRANTS)
    return np.asarray(each)


def _close(state: State, sales: Floats, p: Parameters) -> None:
    """A firm out of cash closes with a monthly chance."""
    f = state.firms
    broke = np.flatnonzero(f.alive & (f.liquidity < 0.0))
    if not len(broke):
        return
    draw = uniforms(state.seed, stream("economy.close"), f.id[broke], state.month, 0)
    gone = broke[draw < p["closing_chance"]]
    state.economy.closed[0] += float(f.weight[gone].sum())
    f.alive[gone] = False
    f.jobs[gone] = 0.0
    f.jobs_wanted[gone] = 0.0


def run_challenges(state: State, policies: Policies, p: Parameters) -> None:
    """Calls by theme: firms propose by maturity, the purse pays the best, partners join; firms and themes gain."""
    e, f = state.economy, state.firms
    e.purse += policies.challenge_budget
    for theme, name in enumerate(THEMES):
        calls = float(policies.challenge_calls[theme])
        if calls <= 0.0:
            continue
        draw = uniforms(state.seed, stream(f"economy.call.{name}"), f.id, state.month, 0)
        chance = np.minimum(1.0, calls * p["proposal_rate"] * f.maturity * (1.0 + 0.3 * np.minimum(f.projects, 3)))
        proposing = np.flatnonzero(f.alive & (draw < chance))
        proposing = proposing[np.argsort(-f.maturity[proposing], kind="stable")]
        cost = np.cumsum(f.weight[proposing]) * p["project_cost"]
        signed = proposing[cost <= e.purse[theme]]
        if len(signed):
            _sign(state, theme, name, signed, p)


def _sign(state: State, theme: int, name: str, signed: np.ndarray, p: Parameters) -> None:
    """Book the projects; what the theme is about improves in the firms that lead them."""
    e, f = state.economy, state.firms
    number = float(f.weight[signed].sum())
    amount = number * p["project_cost"]
    e.purse[theme] -= amount
    e.projects[theme] += number
    f.projects[signed] += 1
    f.maturity[signed] = np.minimum(1.0, f.maturity[signed] + p["project_maturity_gain"])
    if name == "cybersecurity":
        f.preparedness[signed] = np.minimum(1.0, f.preparedness[signed] + p["project_theme_gain"])
    elif name == "energy":
        f.floor[signed] *= 1.0 - 0.5 * p["project_theme_gain"]  # heated floor that efficiency saves
    elif name == "soft_mobility":
        f.telework[signed] = np.minimum(3.0, f.telework[signed] + 10.0 * p["project_maturity_gain"])
    state.pay(Party.METROPOLE, Party.FIRMS, amount, Purpose.GRANTS)
