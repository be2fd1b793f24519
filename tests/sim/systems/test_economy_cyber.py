"""Cyber incidents: how often beside ANSSI's counts, how long, what prevents them; money booked."""

from __future__ import annotations

import numpy as np
import pytest

from sim.codes import Party, Purpose
from sim.measures.policies import Contribution, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.systems.economy import cyber
from tests.sim.systems.economy_worlds import alone, live
from tests.tiny import tiny_city

P = Parameters()
CITY = tiny_city()
QUIET = compose((), axis_sizes(CITY, 0))


def years(n: int, *contributions: Contribution, p: Parameters = P, seed: int = 1) -> tuple[np.ndarray, float, float]:
    """Incidents on firms and public bodies, days of services lost, public cost, of ``n`` years in which nothing else changes."""
    _, state = alone(CITY, 0.3, seed, p)
    policies = compose(contributions, axis_sizes(CITY, 0))
    state.ledger[:] = 0.0
    for _ in range(12 * n):
        state.month += 1
        cyber.strike(state, policies, p, CITY)
    cost = float(state.ledger[Party.METROPOLE, Party.OUTSIDE, Purpose.OPERATIONS])
    return state.economy.incidents.copy(), float(state.economy.days_lost[0]), cost


def test_as_many_incidents_as_anssi_counted_on_bodies_of_this_size() -> None:
    # 42 incidents at 101 departments in 18 months (ANSSI, January 2022 to June 2023); here 300 years of one metropole and its communes
    found, _, _ = years(300)
    expected = 300.0 * (42 / 101 / 1.5 + len(CITY.commune_codes) * P["cyber_commune_rate"])
    assert found[1] == pytest.approx(expected, abs=4.0 * np.sqrt(expected))
    # all French communes at the rate of one would have had about the 187 x 2/3 cases of those 18 months, within a factor of three
    communes = 35_000 * P["cyber_commune_rate"] * 1.5
    assert 187 * 2 / 3 / 3.0 < communes < 187 * 2 / 3 * 3.0


def test_a_tenth_of_incidents_makes_most_of_the_days() -> None:
    _, state = alone(CITY, 0.3)
    days = np.sort(cyber.length(state, np.arange(20_000), "test", 6.0, P))
    assert np.median(days) == pytest.approx(6.0, rel=0.05)
    assert days.mean() == pytest.approx(6.0 * np.exp(0.5 * P["cyber_spread"] ** 2), rel=0.1)
    assert days[-2000:].sum() > 0.35 * days.sum()
    assert days.max() <= 365.0


def test_defence_prevents_and_shortens() -> None:
    plain, days, cost = years(200)
    defended, fewer, cheaper = years(200, Contribution("cyber_defence", 1.0))
    assert defended[1] / plain[1] == pytest.approx(1.0 - P["cyber_prevented"], abs=0.15)
    assert fewer < 0.6 * days
    assert cheaper / cost == pytest.approx(fewer / days)  # a cost by day


def test_advice_to_firms_prevents_and_incidents_teach() -> None:
    plain, _, _ = years(30)
    advised, _, _ = years(30, Contribution("cyber_advice", 0.5 / 12.0))
    assert advised[0] < 0.9 * plain[0]


def test_what_is_digital_is_exposed() -> None:
    _, state = alone(CITY, 0.3)
    before = cyber.firm_rate(state, P)
    state.firms.maturity[:] = np.minimum(state.firms.maturity + 0.3, 1.0)
    assert (cyber.firm_rate(state, P) > before).all()
    lazy = cyber.town_rate(state, QUIET, P, 2)
    state.economy.services[0] = 1.0
    assert (cyber.town_rate(state, QUIET, P, 2) > lazy).all()


def test_pilots_prevent_incidents_where_they_reach() -> None:
    _, state = alone(CITY, 0.3)
    before = cyber.firm_rate(state, P)
    state.economy.pilots[cyber.CYBER, 4] = 1.0
    there = state.firms.district == 4
    after = cyber.firm_rate(state, P)
    assert after[there] == pytest.approx(before[there] * (1.0 - P["pilot_cyber"]))
    assert np.array_equal(after[~there], before[~there])


def test_losses_are_taken_from_output_cash_and_the_purse() -> None:
    p = Parameters({"cyber_firm_rate": 0.03, "cyber_metropole_rate": 0.5})
    system, state = alone(CITY, 0.3, p=p)
    for _ in range(24):
        live(system, state)
        e = state.economy
        assert state.ledger[Party.FIRMS, Party.OUTSIDE, Purpose.OPERATIONS] == e.cyber_cost[0]
        assert state.ledger[Party.METROPOLE, Party.OUTSIDE, Purpose.OPERATIONS] == e.cyber_cost[1]
        assert 0.0 <= e.service_lost[0] <= 1.0
        assert (e.cyber_loss > 0.0).any() == (e.cyber_cost[0] > 0.0)
    assert e.incidents[0] > 5


def test_services_lost_are_days_that_pass() -> None:
    p = often_hit()
    _, state = alone(CITY, 0.3, p=p)
    lost = 0.0
    for _ in range(600):
        state.month += 1
        cyber.strike(state, QUIET, p, CITY)
        lost += float(state.economy.service_lost[0]) * cyber.DAYS
    assert lost + float(state.economy.outage[0]) == pytest.approx(float(state.economy.days_lost[0]))


def often_hit() -> Parameters:
    return Parameters({"cyber_metropole_rate": 0.5, "cyber_town_days": 60.0})


def test_a_world_that_stands_still_has_no_incidents() -> None:
    system, state = alone(CITY, 0.3, p=Parameters({"cyber_firm_rate": 0.03}), frozen=True)
    for _ in range(12):
        live(system, state)
    assert not state.economy.incidents.any()
