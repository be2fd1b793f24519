"""Digital services: exclusion beside INSEE's survey, continuity in a crisis, what firms keep, inclusion."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.digital import SURVEY, excluded, exclusion, of_age
from sim.city.city import City
from sim.codes import Sector
from sim.measures.policies import Contribution, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.economy import digital, firms
from tests.sim.systems.economy_worlds import alone, live
from tests.sim.systems.test_economy_projects import toulouse
from tests.tiny import tiny_city

P = Parameters()
LOCKED = (Contribution("contact_loss", 0.7), Contribution("demand_factor", 0.6))


@pytest.fixture(scope="module")
def people() -> State:
    """Toulouse in the month of the survey."""
    return alone(toulouse(), 0.05, month=SURVEY + 1)[1]


def share(state: State, of: np.ndarray) -> float:
    w = state.citizens.weight
    return float(w[of & excluded(state, state.month)].sum() / w[of].sum())


@pytest.mark.parametrize(
    ("low", "high", "published"), [(15, 25, 0.02), (25, 40, 0.04), (60, 75, 0.24), (75, 200, 0.62)]
)
def test_exclusion_by_age_is_that_of_the_survey(people: State, low: int, high: int, published: float) -> None:
    # INSEE Première 1953, France 2021; Toulouse's people are richer or poorer than France's at each age: a quarter of the figure
    age = (people.month - people.citizens.birth) / 12.0
    assert share(people, of_age(people, people.month) & (age >= low) & (age < high)) == pytest.approx(
        published, rel=0.25, abs=0.01
    )


def test_exclusion_of_all_and_by_income(people: State) -> None:
    # 15.4 % of all in France; a city of students and managers has fewer; the poor several times as many as the rich (6.6 in odds)
    assert 0.08 < share(people, of_age(people, people.month)) < 0.17
    fifth = people.households.quintile[people.citizens.household]
    poor, rich = (share(people, of_age(people, people.month) & (fifth == q)) for q in (0, 4))
    assert 3.0 < poor / (1 - poor) / (rich / (1 - rich)) < 12.0
    assert not (excluded(people, people.month) & ~of_age(people, people.month)).any()


def test_generations_carry_what_they_can_do(people: State) -> None:
    # INSEE Première 1953: three points fewer in 2021 than in 2019, the year of confinements included; nobody forgets by growing old
    earlier = alone(toulouse(), 0.05, month=SURVEY - 23)[1]
    fall = share(earlier, of_age(earlier, earlier.month)) - share(people, of_age(people, people.month))
    assert 0.005 < fall < 0.03
    later = people.copy()
    later.month += 72
    grown = of_age(people, people.month)
    assert np.array_equal(excluded(people, people.month)[grown], excluded(later, later.month)[grown])


def test_mediation_brings_people_in_and_nobody_out(people: State) -> None:
    state = people.copy()
    before = excluded(state, state.month)
    state.economy.included[0] = 0.5
    after = excluded(state, state.month)
    assert not (after & ~before).any()
    assert after.sum() / before.sum() == pytest.approx(0.5, abs=0.05)
    assert np.array_equal(exclusion(state, state.month), exclusion(people, people.month))


def world(*contributions: Contribution) -> State:
    system, state = alone(tiny_city(), 0.3, frozen=True)
    live(system, state, *contributions)
    return state


def test_services_go_on_as_far_as_they_are_digital_and_people_can_use_them() -> None:
    assert world().economy.continuity[0] == 1.0
    people = tiny_city().districts.population.astype(float)
    for built in (0.0, 0.5, 1.0):
        e = world(*LOCKED, Contribution("digital_services", built)).economy
        services = 1.0 - (1.0 - P["digital_services_start"]) * (1.0 - built)
        able = float(e.able @ people) / people.sum()
        assert e.services[0] == pytest.approx(services)
        assert e.continuity[0] == pytest.approx(1.0 - 0.7 * (1.0 - services * able))
    included = world(*LOCKED, Contribution("digital_mediation", 0.3)).economy
    assert included.continuity[0] > world(*LOCKED).economy.continuity[0]


def test_systems_that_are_down_take_the_digital_part_away() -> None:
    system, state = alone(tiny_city(), 0.3, frozen=True)
    state.economy.service_lost[0] = 0.5
    live(system, state)
    assert state.economy.continuity[0] == pytest.approx(
        1.0 - 0.5 * 0.45 * np.average(state.economy.able, weights=city_people())
    )


def city_people() -> np.ndarray:
    return tiny_city().districts.population.astype(float)


def test_digital_firms_keep_more_and_their_branch_as_much_as_it_did() -> None:
    city: City = tiny_city()
    _, state = alone(city, 0.3, frozen=True)
    policies = compose(LOCKED, axis_sizes(city, 0))
    kept = digital.kept_by_firms(state, policies, P)
    f, e = state.firms, state.economy
    market = f.weight * e.base_jobs
    # firms as mature as their branch was lose what the branch lost in 2020: the account of the branch does not change
    assert np.bincount(f.sector, weights=market * kept) == pytest.approx(np.zeros(len(Sector)), abs=1e-9 * market.sum())
    assert np.corrcoef(kept, f.maturity - e.usual_maturity[f.sector])[0, 1] > 0.99
    plain = compose((Contribution("demand_factor", 0.6),), axis_sizes(city, 0))
    assert not digital.kept_by_firms(state, plain, P).any()  # a fall of demand that is no matter of meeting people


def test_a_more_digital_city_loses_less() -> None:
    def lost(more: float) -> float:
        system, state = alone(tiny_city(), 0.3, frozen=True)
        state.firms.maturity[:] = np.minimum(state.firms.maturity + more, 1.0)
        usual = state.economy.value_added.sum()
        live(system, state, *LOCKED)
        return float(1.0 - state.economy.value_added.sum() / usual)

    assert lost(0.0) == pytest.approx(0.4, abs=0.02)
    assert lost(0.2) == pytest.approx(0.4 - 0.4 * 0.7 * P["digital_keeps"] * 0.2, abs=0.03)


def test_without_a_crisis_own_demand_is_the_branch_s_to_the_bit() -> None:
    city = tiny_city()
    system, state = alone(city, 0.3, frozen=True)
    state.firms.maturity[:] = 0.9
    live(system, state)
    plain = compose((), axis_sizes(city, 0))
    assert np.array_equal(firms.own_demand(state, plain, P), state.economy.demand[state.firms.sector])
