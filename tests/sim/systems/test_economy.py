"""Firms: demand and jobs, cash and closing, digital practices, and every payment recomputed from the columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.city.city import City
from sim.codes import Activity, Party, Purpose, Sector
from sim.measures.policies import Contribution, Policies, axis_sizes, compose
from sim.months import days_in
from sim.scenario.parameters import STATUSES, Parameters, registry
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.economy import EconomySystem, firms
from sim.systems.economy.sectors import OUTSIDE_SALES, TURNOVER, VALUE_ADDED, WAGE
from tests.tiny import tiny_state

P = Parameters()
MONTH = 2022 * 12
S = len(Sector)
PACKAGE = Path(__file__).resolve().parents[3] / "sim/systems/economy"


def policies(city: City, *contributions: Contribution) -> Policies:
    return compose(contributions, axis_sizes(city, 2))


def begun(city: City, p: Parameters = P, trends: Trends | None = None) -> tuple[EconomySystem, State]:
    state = tiny_state(city, month=MONTH)
    system = EconomySystem(city, p, trends or Trends(MONTH))
    system.begin(state)
    state.ledger[:] = 0.0
    return system, state


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.0, 1.2])
def test_wanted_jobs_follow_passing_demand_by_their_elasticity(city: City, factor: float) -> None:
    # jobs in the long run = jobs x factor^elasticity; what lasts (income, outside trend) and access stay
    p = Parameters({"closing_chance": 0.02, "state_crisis_help": 0.85})
    _, state = begun(city, p)
    plan, trends, f, e = (
        policies(city, Contribution("demand_factor", factor)),
        Trends(MONTH),
        state.firms,
        state.economy,
    )
    start = f.jobs.copy()
    e.demand = firms.demand_index(state, plan, trends)
    for _ in range(200):
        f.liquidity[:] = 1e9  # cash is another test's matter
        firms.adjust(state, plan, p, trends)
    assert e.demand == pytest.approx(np.full(S, factor))
    assert f.jobs / start == pytest.approx(np.full(len(f), factor ** p["jobs_demand_elasticity"]))
    assert f.alive.all()


def test_jobs_move_with_the_speed_of_hiring_and_of_dismissal(city: City) -> None:
    for factor, speed in ((1.3, P["hiring_speed"]), (0.7, P["dismissal_speed"])):
        _, state = begun(city)
        plan, f = policies(city, Contribution("demand_factor", factor)), state.firms
        start = f.jobs.copy()
        state.economy.demand = firms.demand_index(state, plan, Trends(MONTH))
        firms.adjust(state, plan, P, Trends(MONTH))
        wanted = start * factor ** P["jobs_demand_elasticity"]
        assert f.jobs == pytest.approx(start + speed * (wanted - start))


def test_lasting_growth_moves_jobs_one_to_one(city: City) -> None:
    _, state = begun(city)
    state.households.income *= 1.1
    local = 1.0 - OUTSIDE_SALES
    assert firms.lasting_demand(state, Trends(MONTH)) == pytest.approx(1.0 + 0.1 * local)
    state.economy.demand = firms.demand_index(state, policies(city), Trends(MONTH))
    firms.adjust(state, policies(city), P, Trends(MONTH))
    assert state.firms.jobs_wanted == pytest.approx(state.economy.base_jobs * (1.0 + 0.1 * local)[state.firms.sector])


def test_public_orders_reach_the_branches_once(city: City) -> None:
    _, state = begun(city)
    state.last_ledger[Party.METROPOLE, Party.FIRMS, Purpose.WORKS] = 1e6
    plan = policies(city, Contribution("procurement", 4e5, int(Sector.INFORMATION)))
    extra = (firms.demand_index(state, plan, Trends(MONTH)) - 1.0) * firms.turnover(state)
    assert extra[Sector.CONSTRUCTION] == pytest.approx(0.75e6)
    assert extra[Sector.BUSINESS] == pytest.approx(0.25e6)
    assert extra[Sector.INFORMATION] == pytest.approx(4e5)
    assert extra.sum() == pytest.approx(1.4e6)


def test_firms_without_cash_close_and_leave_most_of_their_market_to_others(city: City) -> None:
    p = Parameters({"closing_chance": 0.15})
    _, state = begun(city, p)
    f, e = state.firms, state.economy
    f.liquidity[:] = np.where(np.arange(len(f)) % 2 == 0, -1.0, 1e6)
    broke = f.liquidity < 0.0
    market = np.bincount(f.sector, weights=f.weight * e.base_jobs, minlength=S)
    months = 0
    while not (~f.alive).any():
        state.month += 1
        months += 1
        firms._close(state, p, np.zeros(len(f)))
    gone = ~f.alive
    assert not (gone & ~broke).any()
    assert e.closed[0] == pytest.approx(f.weight[gone].sum())
    assert (f.jobs[gone] == 0.0).all()
    lost = np.bincount(f.sector[gone], weights=12.0 * f.weight[gone], minlength=S)
    left = np.bincount(f.sector, weights=np.where(f.alive, f.weight * e.base_jobs, 0.0), minlength=S)
    assert left == pytest.approx(market - (1.0 - p["market_taken_over"]) * lost)
    assert left + e.unserved == pytest.approx(market)


def test_closing_comes_with_its_monthly_chance(city: City) -> None:
    closed = 0
    for seed in range(60):
        _, state = begun(city)
        state.seed = seed
        state.firms.liquidity[:] = -1.0
        firms._close(state, P, np.zeros(len(state.firms)))
        closed += int((~state.firms.alive).sum())
    n = 60 * 60
    assert closed / n == pytest.approx(P["closing_chance"], abs=4.0 * np.sqrt(P["closing_chance"] / n))


def test_digital_practices_spread_as_a_logistic_curve(city: City) -> None:
    # Bass (1969) with imitation alone: where all firms of a branch are alike, m' = q m (1 - m), m = 1 / (1 + (1/m0 - 1) e^-qt)
    _, state = begun(city)
    state.firms.maturity[:] = 0.2 + 0.05 * state.firms.sector
    start = state.firms.maturity.copy()
    for _ in range(120):
        firms.learn(state, P)
    expected = 1.0 / (1.0 + (1.0 / start - 1.0) * np.exp(-P["maturity_learning"] * 10.0))
    assert state.firms.maturity == pytest.approx(expected, abs=2e-3)


def test_practices_pass_within_a_branch_only_and_never_back(city: City) -> None:
    _, state = begun(city)
    f = state.firms
    f.maturity[:] = np.where((f.sector == Sector.TRADE) & (np.arange(len(f)) < 30), 0.9, 0.0)
    before = f.maturity.copy()
    firms.learn(state, P)
    learnt = f.maturity > before
    assert learnt.any()
    assert (f.sector[learnt] == Sector.TRADE).all()
    assert (f.maturity >= before).all()
    assert (f.maturity <= 1.0).all()


def test_a_world_that_stands_still_learns_nothing(city: City) -> None:
    system, state = begun(city)
    before = state.firms.maturity.copy()
    system.update(state, policies(city))
    assert np.array_equal(state.firms.maturity, before)


def test_every_payment_of_a_month_is_recomputed_and_nothing_else_is_paid(city: City) -> None:
    system, state = begun(city, trends=Trends())
    plan = policies(city, Contribution("procurement", 2e5, int(Sector.TRADE)), Contribution("recovery_grant", 3e4, int(Sector.INDUSTRY)),
                    Contribution("demand_factor", 0.6))  # fmt: skip
    for _ in range(4):
        state.month += 1
        state.last_ledger[:], state.ledger[:] = state.ledger, 0.0
        system.update(state, plan)
    c, h, e, f = state.citizens, state.households, state.economy, state.firms
    workers = [
        (c.weight[i], c.sector[i])
        for i in range(len(c))
        if c.activity[i] == Activity.EMPLOYED and c.main_district[i] >= 0
    ]
    idle = c.weight[c.activity == Activity.UNEMPLOYED].sum()
    sales = e.value_added * TURNOVER
    index = e.demand[f.sector]
    at_one = e.base_jobs * VALUE_ADDED[f.sector] / 12.0 * TURNOVER
    loss = (
        np.maximum(
            (1 - P["profit_margin"]) * (P["fixed_cost_share"] + (1 - P["fixed_cost_share"]) * index) - index, 0.0
        )
        * at_one
    )
    thousand_people, days = c.weight[c.alive].sum() / 1000.0, days_in(state.month)
    home, work = (
        thousand_people * P["water_home"] * days,
        (e.residents + e.incomers).sum() * P["water_work"] * days / 1000.0,
    )
    bins = P["waste_residual"] * P["waste_residual_cost"] + P["waste_sorted"] * P["waste_sorted_cost"]
    tax = thousand_people * bins * days / 365.25
    pumped = (home + work) * (P["water_supply_energy"] / P["water_yield"] + P["sewage_energy"])
    power = pumped * Trends().at("firm_price_electricity", state.month)
    expected = {
        (Party.HOUSEHOLDS, Party.METROPOLE, Purpose.UTILITIES): home * P["water_service_cost"] + tax,
        (Party.FIRMS, Party.METROPOLE, Purpose.UTILITIES): work * P["water_service_cost"],
        (Party.METROPOLE, Party.FIRMS, Purpose.UTILITIES): (home + work) * P["water_service_cost"] + tax - power,
        (Party.METROPOLE, Party.OUTSIDE, Purpose.ENERGY): power,
        (Party.FIRMS, Party.HOUSEHOLDS, Purpose.WAGES): sum(w * WAGE[s] for w, s in workers),
        (Party.FIRMS, Party.OUTSIDE, Purpose.WAGES): (e.incomers.sum(axis=0) * WAGE).sum(),
        (Party.OUTSIDE, Party.FIRMS, Purpose.SALES): (sales * OUTSIDE_SALES).sum(),
        (Party.HOUSEHOLDS, Party.FIRMS, Purpose.CONSUMPTION): (h.weight * h.income).sum() * P["consumed_locally"]
        - home * P["water_service_cost"]
        - tax,
        (Party.FIRMS, Party.STATE, Purpose.TAXES): e.value_added.sum() * P["tax_share"],
        (Party.STATE, Party.HOUSEHOLDS, Purpose.BENEFITS): idle * P["unemployment_benefit"],
        (Party.METROPOLE, Party.FIRMS, Purpose.CONSUMPTION): 2e5,
        (Party.FIRMS, Party.OUTSIDE, Purpose.OPERATIONS): e.cyber_cost[0],
        (Party.METROPOLE, Party.OUTSIDE, Purpose.OPERATIONS): e.cyber_cost[1],
        (Party.METROPOLE, Party.FIRMS, Purpose.GRANTS): 3e4,
        (Party.STATE, Party.FIRMS, Purpose.GRANTS): (f.weight * loss)[f.alive].sum() * P["state_crisis_help"],
    }
    booked = {(Party(a), Party(b), Purpose(p)): state.ledger[a, b, p] for a, b, p in np.argwhere(state.ledger != 0.0)}
    assert booked == pytest.approx({k: float(v) for k, v in expected.items() if v})
    # each party's balance is what it is paid less what it pays, and all balances sum to nothing
    balance = state.ledger.sum(axis=(0, 2)) - state.ledger.sum(axis=(1, 2))
    assert balance.sum() == pytest.approx(0.0, abs=1e-6 * state.ledger.sum())


def test_value_added_is_bound_by_demand_and_by_staff(city: City) -> None:
    system, state = begun(city)
    normal = state.economy.value_added.copy()
    for factor, bound in ((0.7, 0.7), (3.0, None)):
        state.economy.demand = np.full(S, factor)
        system._earn(state)
        held = (state.economy.residents + state.economy.incomers).sum(axis=0)
        staff = VALUE_ADDED / 12.0 * held * (1.0 + P["overtime"])
        if bound is None:
            assert state.economy.value_added == pytest.approx(staff)
        else:
            assert state.economy.value_added == pytest.approx(normal * bound)


def test_every_registry_row_of_economy_is_used_and_sane() -> None:
    text = "".join(path.read_text("utf-8") for path in PACKAGE.glob("*.py"))
    rows = [p for p in registry().values() if p.domain == "economy"]
    assert len(rows) > 20
    for p in rows:
        assert p.low <= p.default <= p.high, p.name
        assert p.status in STATUSES
        assert f'"{p.name}"' in text, p.name
