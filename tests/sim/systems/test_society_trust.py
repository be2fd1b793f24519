"""Trust reads what public services do: who depends on them loses it when they fail, fast, and takes it back slowly.

Signs and order follow Kampen, Van de Walle & Bouckaert (2006) and Slovic (1993): a bad experience with a service weighs more than a good
one, trust goes faster than it comes. Sizes are assumptions of the registry.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.agents.digital import excluded, of_age
from sim.city.city import City
from sim.measures.policies import Contribution, Policies, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.economy import digital
from sim.systems.society import SocietySystem
from sim.systems.society.trust import services_lost
from tests.sim.measures.townhall import planned_line
from tests.tiny import tiny_state
from tests.worlds import model, scenario

P = Parameters()


@pytest.fixture
def state(city: City, society: SocietySystem) -> State:
    """Four tenths of public services are online, nothing fails."""
    made = tiny_state(city, month=2022 * 12, share=1.0)
    made.economy.services, made.economy.service_lost, made.economy.continuity = np.array([0.4]), np.zeros(1), np.ones(1)
    society.begin(made)
    return made


def plan(city: City, *more: Contribution) -> Policies:
    return compose(more, axis_sizes(city, 2))


def after(society: SocietySystem, state: State, policies: Policies, lost: float, months: int = 1) -> np.ndarray:
    """Trust after some months in which incidents take ``lost`` of digital services."""
    one = state.copy()
    one.economy.service_lost[:] = lost
    for _ in range(months):
        one.month += 1
        society.judge(one, policies)
    return one.citizens.trust


def test_who_uses_digital_services_loses_trust_with_them_and_the_excluded_do_not(
    society: SocietySystem, state: State, city: City
) -> None:
    usual = after(society, state, plan(city), 0.0)
    hit = after(society, state, plan(city), 1.0) - usual
    out = excluded(state, state.month + 1)
    assert 0.02 < out.mean() < 0.3
    assert (hit[~out] < 0.0).all()
    assert (hit[out] == 0.0).all()
    # a month without any digital service: some points, as far as services are online
    assert hit[~out].mean() == pytest.approx(-P["trust_service_pace"] * P["trust_service"] * 0.4, rel=1e-6)


def test_the_more_is_lost_and_the_longer_the_less_trust_is_left(
    society: SocietySystem, state: State, city: City
) -> None:
    usual = after(society, state, plan(city), 0.0, 3).mean()
    found = [usual, *(after(society, state, plan(city), lost, 3).mean() for lost in (0.1, 0.4, 1.0))]
    assert found == sorted(found, reverse=True)
    assert len(set(found)) == 4
    assert after(society, state, plan(city), 0.4, 6).mean() < found[2]
    state.economy.services[:] = 0.8  # the more is online the more an incident takes
    assert after(society, state, plan(city), 0.4, 3).mean() < found[2]


def test_what_a_month_takes_years_bring_back(society: SocietySystem, state: State, city: City) -> None:
    one, other = state.copy(), state.copy()
    gap = []
    for month in range(61):
        for s, lost in ((one, 1.0 if month == 0 else 0.0), (other, 0.0)):
            s.month += 1
            s.economy.service_lost[:] = lost
            society.judge(s, plan(city))
        gap.append(float((other.citizens.trust - one.citizens.trust).mean()))
    assert gap[0] == max(gap)
    assert (np.diff(gap) < 0.0).all()
    assert gap[12] > 0.6 * gap[0]  # a year on, most of the scar is there
    assert gap[60] < 0.5 * gap[0]


def test_services_as_usual_leave_trust_to_the_bit(society: SocietySystem, state: State, city: City) -> None:
    before, online = after(society, state, plan(city), 0.0), state.copy()
    online.economy.services[:] = 0.9
    assert np.array_equal(before, after(society, online, plan(city), 0.0))


def test_the_excluded_lose_most_where_counters_close(society: SocietySystem, state: State, city: City) -> None:
    closed = plan(city, Contribution("contact_loss", 0.6))
    hit = after(society, state, closed, 0.0) - after(society, state, plan(city), 0.0)
    out = excluded(state, state.month + 1)
    grown = of_age(state, state.month + 1)
    assert hit[out].mean() < hit[grown & ~out].mean() < 0.0
    state.economy.services[:] = 0.9  # digital services keep those who can use them
    better = after(society, state, closed, 0.0) - after(society, state, plan(city), 0.0)
    assert better[grown & ~out].mean() > hit[grown & ~out].mean()
    assert better[out].mean() == pytest.approx(hit[out].mean())


def test_what_citizens_lose_is_what_the_economy_says_is_not_given(state: State, city: City) -> None:
    """Mean over all of fifteen and more, blame left out, against 1 - continuity as the economy reckons it."""
    policies, p = (
        plan(city, Contribution("contact_loss", 0.5)),
        Parameters({"trust_service_closed": 1.0, "digital_services_start": 0.4}),
    )
    e = state.economy
    e.pilots, e.included, e.service_lost[:] = np.zeros((6, 9)), np.zeros(1), 0.3
    grown = of_age(state, state.month)
    people = np.bincount(state.citizens.district[grown], weights=state.citizens.weight[grown], minlength=9)
    digital.serve(state, policies, p, people, state.month)
    lost = services_lost(state, policies, p, state.month)
    mean = float(np.average(lost[grown], weights=state.citizens.weight[grown]))
    assert mean == pytest.approx(1.0 - float(e.continuity[0]), rel=1e-9)


def test_an_incident_of_the_whole_model_costs_days_money_and_trust(tmp_path: Path) -> None:
    """One month, two worlds of one seed: in one of them systems of the metropole are down for weeks."""
    one = model(scenario(tmp_path), planned_line())
    one.live_until(one.scenario.start + 2)
    other = one.fork(one.scenario) if one.state.month < one.scenario.start else one.branch(one.scenario)
    other.state.economy.outage[:] += 20.0
    for m in (one, other):
        m.step()
    assert other.latest()["service_continuity"] < one.latest()["service_continuity"]
    assert other.latest()["trust"] < one.latest()["trust"] - 0.3  # points
