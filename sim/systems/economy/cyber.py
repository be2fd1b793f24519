"""Cyber incidents that stop work, on firms and on public bodies: how often, how long, what they cost.

A rate by organisation and year that grows with what is digital and falls with preparedness; lengths are lognormal, so a few incidents
make most of the days (checked beside ANSSI's figures in docs/economy.md). In a world that stands still nothing happens.
"""

from __future__ import annotations

import numpy as np

from kernels.draws import stream, uniforms
from sim.city.city import City
from sim.codes import Party, Purpose, Sector
from sim.columns import Floats, Ints
from sim.measures.policies import THEMES, Policies
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.economy.sectors import VALUE_ADDED

CYBER = THEMES.index("cybersecurity")
DAYS = 30.4


def strike(state: State, policies: Policies, p: Parameters, city: City) -> None:
    """One month of incidents; call before services and firms' output are reckoned."""
    e = state.economy
    e.cyber_loss[:], e.cyber_cost[:] = 0.0, 0.0
    _prepare(state, policies, p)
    _firms(state, p)
    _town(state, policies, p, city)


def firm_rate(state: State, p: Parameters) -> Floats:
    """(firms,) incidents that stop work, by real firm and year."""
    e, f = state.economy, state.firms
    size = np.maximum(e.base_jobs / p["cyber_firm_size"], 0.02) ** p["cyber_size_elasticity"]
    guard = (1.0 - p["cyber_prevented"] * f.preparedness) * (1.0 - p["pilot_cyber"] * e.pilots[CYBER][f.district])
    return np.asarray(p["cyber_firm_rate"] * size * (0.5 + f.maturity) * guard)


def _prepare(state: State, policies: Policies, p: Parameters) -> None:
    """Advice raises the preparedness of firms reached, spread over those that a row stands for."""
    f = state.firms
    f.preparedness += np.where(
        f.alive, float(policies.cyber_advice[0]) * p["advice_prepares"] * (1.0 - f.preparedness), 0.0
    )


def _firms(state: State, p: Parameters) -> None:
    e, f = state.economy, state.firms
    mean = np.where(f.alive, f.weight * firm_rate(state, p) / 12.0, 0.0)
    draw = uniforms(state.seed, stream("economy.cyber.firm"), f.id, state.month, 0)
    rows = np.flatnonzero(draw > np.exp(-mean))
    if not len(rows):
        return
    count = _poisson(mean[rows], draw[rows])
    days = length(state, rows, "economy.cyber.days", p["cyber_firm_days"], p)
    days *= 1.0 - p["cyber_shortened"] * f.preparedness[rows]
    lost = days / 365.0 * VALUE_ADDED[f.sector[rows]] * e.base_jobs[rows] * p["cyber_work_stopped"] * f.maturity[rows]
    cost = p["cyber_day_cost"] * days * np.maximum(e.base_jobs[rows], 1.0)
    e.incidents[0] += float(count.sum())
    e.cyber_loss[:] = np.bincount(f.sector[rows], weights=lost * count, minlength=len(Sector))
    e.cyber_cost[0] = float((cost * count).sum())
    f.liquidity[rows] -= (lost + cost) * count / f.weight[rows]
    f.preparedness[rows] += p["cyber_teaches"] * (1.0 - f.preparedness[rows]) * np.minimum(count / f.weight[rows], 1.0)
    state.pay(Party.FIRMS, Party.OUTSIDE, float(e.cyber_cost[0]), Purpose.OPERATIONS)


def _poisson(mean: Floats, draw: Floats) -> Floats:
    """How many, at least one, where ``draw`` > exp(-``mean``): the distribution function turned round."""
    count, term = np.zeros(len(mean)), np.exp(-mean)
    below = term.copy()
    for k in range(1, 40):
        more = draw > below
        if not more.any():
            break
        count[more] = k
        term = term * mean / k
        below = below + term
    return count


def length(state: State, rows: Ints, name: str, median: float, p: Parameters) -> Floats:
    """(rows,) days of an incident, a year at most."""
    sigma = p["cyber_spread"]
    relative = spread(state.seed, name, rows, state.month, sigma) * np.exp(0.5 * sigma * sigma)
    return np.asarray(np.minimum(median * relative, 365.0))


def spread(seed: int, name: str, ids: Ints, month: int, sigma: float) -> Floats:
    """(ids,) lognormal factors of mean 1 (Box & Muller 1958 from two draws)."""
    first, second = (uniforms(seed, stream(name), ids, month, i) for i in range(2))
    normal = np.sqrt(-2.0 * np.log(first)) * np.cos(2.0 * np.pi * second)
    return np.asarray(np.exp(sigma * normal - 0.5 * sigma * sigma))


def town_rate(state: State, policies: Policies, p: Parameters, communes: int) -> Floats:
    """(communes + 1,) incidents a year of the metropole (first) and of each commune."""
    rate = np.r_[p["cyber_metropole_rate"], np.full(communes, p["cyber_commune_rate"])]
    more = 1.0 + p["cyber_exposure"] * (float(state.economy.services[0]) - p["digital_services_start"])
    return np.asarray(rate * more * (1.0 - p["cyber_prevented"] * float(policies.cyber_defence[0])))


def _town(state: State, policies: Policies, p: Parameters, city: City) -> None:
    """Incidents on the metropole and its communes: light ones for hours, ransomware for weeks, a commune's by its inhabitants."""
    e = state.economy
    codes = city.districts.commune.astype(np.int64)
    people = np.bincount(codes, weights=city.districts.population.astype(np.float64), minlength=len(city.commune_codes))
    part = np.r_[1.0, people / max(float(people.sum()), 1e-300)]
    ids = np.arange(len(part))
    draw = uniforms(state.seed, stream("economy.cyber.town"), ids, state.month, 0)
    hit = np.flatnonzero(draw < town_rate(state, policies, p, len(people)) / 12.0)
    if len(hit):
        grave = uniforms(state.seed, stream("economy.cyber.grave"), hit, state.month, 0) < p["cyber_ransomware"]
        shorter = 1.0 - p["cyber_shortened"] * float(policies.cyber_defence[0])
        median = np.where(grave, p["cyber_town_days"], p["cyber_light_days"])
        days = length(state, hit, "economy.cyber.town.days", 1.0, p) * median * shorter
        e.incidents[1] += len(hit)
        e.outage += float((days * part[hit]).sum())
        e.days_lost += float((days * part[hit]).sum())
        e.cyber_cost[1] = float((days * part[hit]).sum()) * float(people.sum()) * p["cyber_town_cost"]
        state.pay(Party.METROPOLE, Party.OUTSIDE, float(e.cyber_cost[1]), Purpose.OPERATIONS)
    now = np.minimum(e.outage, DAYS)
    e.service_lost[:] = now / DAYS
    e.outage -= now
