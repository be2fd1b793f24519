"""Firms: demand, wanted jobs, cash, closing, digital practices."""

from __future__ import annotations

import numpy as np

from kernels.draws import stream, uniforms
from sim.codes import Party, Purpose, Sector
from sim.columns import Floats
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.economy.digital import kept_by_firms
from sim.systems.economy.sectors import OUTSIDE_SALES, SPENDING, TURNOVER, VALUE_ADDED, WAGE


def trend(trends: Trends, month: int) -> Floats:
    """(S,) outside demand index by branch."""
    return np.array([trends.at(f"demand_{s.name.lower()}", month) for s in Sector])


def lasting_demand(state: State, trends: Trends) -> Floats:
    """(S,) demand against the reference date without shocks and public orders: outside by its trend, local by households' income."""
    e = state.economy
    outside = trend(trends, state.month) / e.reference_trend
    income = float((state.households.weight * state.households.income)[state.households.alive].sum())
    return np.asarray(OUTSIDE_SALES * outside + (1.0 - OUTSIDE_SALES) * income / float(e.reference_income[0]))


def demand_index(state: State, policies: Policies, trends: Trends) -> Floats:
    """(S,) demand against the reference date: what lasts, moved by shocks, and what the metropole buys."""
    orders = public_orders(state, policies) / np.maximum(turnover(state), 1.0)
    return np.asarray(lasting_demand(state, trends) * policies.demand_factor + orders)


def turnover(state: State) -> Floats:
    """(S,) sales of all firms at demand index 1 [€/month]."""
    f, e = state.firms, state.economy
    jobs = np.bincount(f.sector, weights=np.where(f.alive, f.weight * e.base_jobs, 0.0), minlength=len(Sector))
    return np.asarray(jobs * VALUE_ADDED / 12.0 * TURNOVER)


def public_orders(state: State, policies: Policies) -> Floats:
    """(S,) what the metropole paid firms for works and operations last month, and buys by procurement, by receiving branch [€].

    Households' works and cars are not counted: they replace other consumption of the same income.
    """
    out = policies.procurement.copy()
    for purpose, parts in SPENDING.items():
        amount = float(state.last_ledger[Party.METROPOLE, Party.FIRMS, Purpose[purpose]])
        for sector, share in parts.items():
            out[Sector[sector]] += amount * share
    return out


def adjust(state: State, policies: Policies, p: Parameters, trends: Trends) -> None:
    """Wanted jobs from demand, access to labour and grants; jobs follow with delay; cash decides who closes.

    Growth that lasts moves jobs one to one, what shocks take away by an elasticity below one (firms keep staff through them, with the
    State's short-time work). Public orders have a known length: firms staff a part of them.
    """
    f, e = state.firms, state.economy
    index = own_demand(state, policies, p)
    lasting = lasting_demand(state, trends)
    orders = public_orders(state, policies) / np.maximum(turnover(state), 1.0)
    shocked = np.maximum(index - orders[f.sector], 0.02)
    passing = (shocked / lasting[f.sector]) ** p["jobs_demand_elasticity"]
    staffed = p["orders_staffed"] * orders / lasting
    access = e.accessibility[f.district] ** p["agglomeration_elasticity"]
    usual = np.where(f.alive, e.base_jobs * lasting[f.sector] * access, 0.0)
    f.jobs_wanted[:] = usual * (passing + staffed[f.sector])
    _close(state, p, _live_on(state, policies, p, index, usual))
    speed = np.where(f.jobs_wanted < f.jobs, p["dismissal_speed"], p["hiring_speed"])
    f.jobs += np.where(f.alive, speed * (f.jobs_wanted - f.jobs), 0.0)


def _live_on(state: State, policies: Policies, p: Parameters, index: Floats, usual: Floats) -> Floats:
    """Sales, costs, the State's help, recovery grants: what a month leaves firms in cash, and posts that grants keep.

    Args:
        index: (firms,) demand of each.
        usual: (firms,) posts that lasting demand calls for.

    Returns:
        (firms,) share of the firms without cash that each row stands for whose hole grants have filled.
    """
    f, e = state.firms, state.economy
    sales = e.base_jobs * VALUE_ADDED[f.sector] / 12.0 * TURNOVER
    f.revenue[:] = np.where(f.alive, sales * index, 0.0)
    cost = sales * (1.0 - p["profit_margin"]) * (p["fixed_cost_share"] + (1.0 - p["fixed_cost_share"]) * index)
    profit = f.revenue - np.where(f.alive, cost, 0.0)
    helped = np.where(profit < 0.0, profit * (1.0 - p["state_crisis_help"]), profit)
    state.pay(Party.STATE, Party.FIRMS, float((f.weight * (helped - profit))[f.alive].sum()), Purpose.GRANTS)
    hole = np.where(f.alive, np.maximum(-f.liquidity - helped, 0.0), 0.0)
    met = _grants(state, policies, p, hole, usual)
    room = np.maximum(e.usual_cash * sales - f.liquidity, 0.0)
    f.liquidity += np.where(f.alive, np.minimum(helped + hole * met, room), 0.0)
    return np.where(hole > 0.0, met, 0.0)


def own_demand(state: State, policies: Policies, p: Parameters) -> Floats:
    """(firms,) demand index of each firm: its branch's, which what digital firms keep in a crisis moves too."""
    e, f = state.economy, state.firms
    kept = kept_by_firms(state, policies, p)
    market = np.where(f.alive, f.weight * e.base_jobs, 0.0)
    total = np.maximum(np.bincount(f.sector, weights=market, minlength=len(Sector)), 1e-300)
    mean = np.bincount(f.sector, weights=market * kept, minlength=len(Sector)) / total
    e.demand += mean
    return np.maximum(e.demand[f.sector] + kept - mean[f.sector], 0.02)


def _grants(state: State, policies: Policies, p: Parameters, hole: Floats, usual: Floats) -> Floats:
    """(firms,) share of what is about to be lost that this month's recovery grants meet; posts that they keep are wanted again. Booked.

    Each euro is used once. ``grant_effective`` of it meets what would have been lost, in proportion: posts that a passing fall of demand
    costs, and the hole in the cash of firms that would close of it. The rest pays what firms would have paid anyway, and is left to
    owners, suppliers and creditors (Autor et al. 2022, Journal of Economic Perspectives 36(2)). Where nothing is about to be lost, all is.

    Args:
        hole: (firms,) cash missing at the month's end without grants [€ a firm].
        usual: (firms,) posts that lasting demand calls for.
    """
    f, e = state.firms, state.economy
    e.granted[:], e.grants_used[:] = policies.recovery_grant, 0.0
    if not e.granted.any():
        return np.zeros(len(f))
    weight = np.where(f.alive, f.weight, 0.0)
    lost = np.maximum(usual - f.jobs_wanted, 0.0)
    pay = lost * (WAGE * p["labour_cost"])[f.sector]
    need = np.bincount(f.sector, weights=weight * (pay + hole), minlength=len(Sector))
    met = np.minimum(p["grant_effective"] * e.granted / np.maximum(need, 1e-300), 1.0)[f.sector]
    f.jobs_wanted += lost * met
    state.pay(Party.METROPOLE, Party.FIRMS, float(e.granted.sum()), Purpose.GRANTS)
    e.grants_used[:2] = float((weight * pay * met).sum()), float((weight * hole * met).sum())
    e.grants_used[2] = float(e.granted.sum()) - float(e.grants_used[:2].sum())
    return np.asarray(met)


def _close(state: State, p: Parameters, spared: Floats) -> None:
    """A firm out of cash closes with a monthly chance; others of its branch take over most of its market, founders may take the rest.

    Args:
        spared: (firms,) share of the firms that each row stands for which grants keep from it.
    """
    f, e = state.firms, state.economy
    broke = np.flatnonzero(f.alive & (f.liquidity < 0.0))
    draw = uniforms(state.seed, stream("economy.close"), f.id[broke], state.month, 0)
    gone = broke[draw < p["closing_chance"] * (1.0 - spared[broke])]
    if not len(gone):
        return
    e.closed[0] += float(f.weight[gone].sum())
    f.alive[gone] = False
    f.jobs[gone] = 0.0
    f.jobs_wanted[gone] = 0.0
    market = f.weight * e.base_jobs
    lost = np.bincount(f.sector[gone], weights=market[gone], minlength=len(Sector))
    left = np.bincount(f.sector[f.alive], weights=market[f.alive], minlength=len(Sector))
    taken = np.where(left > 0.0, p["market_taken_over"] * lost, 0.0)
    e.unserved += lost - taken
    e.base_jobs *= (1.0 + taken / np.maximum(left, 1e-300))[f.sector]


def learn(state: State, p: Parameters) -> None:
    """Digital practices spread within each branch: what a firm lacks it takes over as many others have it (Bass 1969, imitation)."""
    f = state.firms
    weight = np.where(f.alive, f.weight * f.jobs, 0.0)
    staff = np.bincount(f.sector, weights=weight, minlength=len(Sector))
    have = np.bincount(f.sector, weights=weight * f.maturity, minlength=len(Sector)) / np.maximum(staff, 1e-300)
    f.maturity += np.where(f.alive, p["maturity_learning"] / 12.0 * have[f.sector] * (1.0 - f.maturity), 0.0)
