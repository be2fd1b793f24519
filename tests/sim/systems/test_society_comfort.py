"""Comfort as lived: warmth and heat at home, crowding and waits on the way; losses weigh twice, people get used to it."""

from __future__ import annotations

import numpy as np
import pytest

from sim.city.city import City
from sim.codes import Mode
from sim.measures.policies import Contribution, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.society import SocietySystem
from tests.tiny import tiny_state

P = Parameters()
JUNE = 2022 * 12 + 5


@pytest.fixture
def state(city: City, society: SocietySystem) -> State:
    """Homes of 18 degrees; a fifth commutes by transit."""
    made = tiny_state(city, month=JUNE)
    made.energy.warmth, made.energy.heat_stress = np.full(len(made.dwellings), 18.0), np.zeros(len(made.dwellings))
    made.citizens.travel_time[:] = 40.0
    society.begin(made)
    return made


def felt(society: SocietySystem, state: State, months: int = 1, heatwave: float = 0.0) -> np.ndarray:
    policies = compose([Contribution("heatwave", heatwave)], axis_sizes(society.city, 2))
    for _ in range(months):
        state.month += 1
        society.judge(state, policies)
    return state.citizens.satisfaction.copy()


def test_a_colder_home_is_a_loss_twice_as_large_as_a_warmer_one_is_a_gain(society: SocietySystem, state: State) -> None:
    colder, warmer = state.copy(), state.copy()
    colder.energy.warmth -= 1.0
    warmer.energy.warmth += 1.0
    size = 0.5 * P["comfort_home"] * np.tanh(1.0 / P["cold_scale"])
    assert felt(society, colder) - 0.5 == pytest.approx(-size)
    assert felt(society, warmer) - 0.5 == pytest.approx(size / P["loss_aversion"])


def test_beyond_warm_enough_more_warmth_is_no_gain(society: SocietySystem, state: State) -> None:
    at, above = state.copy(), state.copy()
    at.energy.warmth[:] = P["warm_enough"]
    above.energy.warmth[:] = 23.0
    assert np.array_equal(felt(society, at), felt(society, above))


def test_people_get_used_to_cold(society: SocietySystem, state: State) -> None:
    state.energy.warmth -= 2.0
    felt(society, state, 24)
    left = (3.0 - state.society.reference_cold) / 2.0
    assert left == pytest.approx((1.0 - P["adaptation"]) ** 24)


def test_an_unknown_home_is_neither_gain_nor_loss(society: SocietySystem, state: State) -> None:
    state.energy.warmth = np.full(len(state.dwellings), np.nan)
    assert (felt(society, state) == 0.5).all()
    state.energy.warmth = np.full(len(state.dwellings), 15.0)
    state.society.reference_cold[:] = np.nan  # just moved in
    assert (felt(society, state) == 0.5).all()


def test_crowding_is_a_loss_of_those_who_ride_and_of_nobody_else(society: SocietySystem, state: State) -> None:
    c = state.citizens
    rides = c.alive & (c.main_mode == Mode.TRANSIT) & (c.main_district >= 0)
    state.traffic.transit_felt += 4.0
    state.traffic.transit_off_felt += 4.0
    found = felt(society, state)
    assert (found[rides & (c.telework_days < 5.0)] < 0.5).all()
    assert (found[~rides] == 0.5).all()
    # eight minutes a day, felt at the weight of comfort
    assert found[rides & (c.telework_days == 0.0)] - 0.5 == pytest.approx(
        -0.5 * P["comfort_ride"] * np.tanh(8.0 / P["time_scale"])
    )


def test_a_summer_as_usual_is_no_loss_and_a_heatwave_is_one_where_homes_are_hot(
    society: SocietySystem, state: State
) -> None:
    d = state.dwellings
    hot = np.arange(len(d)) % 3 == 0
    state.energy.heat_stress = np.where(hot, 300.0, 30.0)
    assert (felt(society, state) == 0.5).all()  # July, the first: the usual
    state.month += 11
    assert (felt(society, state) == 0.5).all()
    state.month += 11
    state.energy.heat_stress = state.energy.heat_stress * 4.0
    found = felt(society, state, heatwave=6.0)
    home = hot[state.households.dwelling[state.citizens.household]]
    assert (found < 0.5).all()
    assert found[home].mean() < found[~home].mean() - 0.02
    # three quarters of this July's heat are beyond that of others
    assert found[home] - 0.5 == pytest.approx(
        -0.5 * P["comfort_home"] * np.tanh(0.75 * 1200.0 / P["heat_scale"]), rel=1e-6
    )
    assert np.isnan(state.society.usual_heat).sum() == 11
    assert state.society.usual_heat[6] == pytest.approx(state.society.usual_heat[6])


def test_nobody_gets_used_to_a_heatwave_in_one_summer(society: SocietySystem, state: State) -> None:
    state.energy.heat_stress = np.full(len(state.dwellings), 100.0)
    felt(society, state)
    usual = float(state.society.usual_heat[6])
    state.month += 11
    state.energy.heat_stress = state.energy.heat_stress * 5.0
    felt(society, state, heatwave=6.0)
    assert state.society.usual_heat[6] == usual
    state.month += 11
    felt(society, state)  # but to hot summers
    assert state.society.usual_heat[6] > usual


def test_air_conditioning_keeps_a_home_out_of_it(society: SocietySystem, state: State) -> None:
    state.energy.heat_stress = np.full(len(state.dwellings), 200.0)
    felt(society, state)
    state.month += 11
    cooled = np.arange(len(state.dwellings)) % 2 == 0
    state.energy.heat_stress = np.where(cooled, 0.0, 900.0)
    found = felt(society, state, heatwave=6.0)
    mine = cooled[state.households.dwelling[state.citizens.household]]
    assert (found[mine] == 0.5).all()
    assert (found[~mine] < 0.5).all()


def test_time_spared_because_nothing_may_be_done_is_no_gain(society: SocietySystem, state: State) -> None:
    """A lockdown empties the day of journeys; nobody calls that a better life, and nobody gets used to it as fast."""
    free, locked = state.copy(), state.copy()
    closed = compose(
        [Contribution("trip_suppression", 0.8), Contribution("contact_loss", 0.6)], axis_sizes(society.city, 2)
    )
    for one, policies in ((free, compose((), axis_sizes(society.city, 2))), (locked, closed)):
        one.month += 1
        one.citizens.travel_time -= 15.0
        society.judge(one, policies)
    gains = [float(one.citizens.satisfaction.mean()) - 0.5 for one in (free, locked)]
    assert gains[1] == pytest.approx(0.5 * 0.5 * np.tanh(0.2 * 15.0 / P["time_scale"]) / P["loss_aversion"])
    assert 0.0 < gains[1] < 0.3 * gains[0]
    moved = [float((40.0 - one.society.reference_time).mean()) for one in (free, locked)]
    assert moved[1] == pytest.approx(0.2 * moved[0])
