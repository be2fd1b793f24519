"""Indicators of people, counted again one by one."""

from __future__ import annotations

import pytest

from sim.city.city import City
from sim.indicators.people import INDICATORS
from sim.indicators.registry import Snapshot
from sim.measures.policies import axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from tests.tiny import tiny_city, tiny_state


def snapshot() -> tuple[City, Snapshot]:
    city = tiny_city()
    state = tiny_state(city, share=0.05)
    state.citizens.alive[::7] = False
    state.households.alive[::11] = False
    state.dwellings.household[::5] = -1
    state.dwellings.alive[::9] = False
    state.flows[:] = [5.0, 3.0, 20.0, 12.0, 6.0, 2.0, 4.0, 1.0]
    return city, Snapshot(city, state, compose((), axis_sizes(city, 2)), Parameters(), Trends())


def test_every_indicator_is_what_a_count_gives() -> None:
    _, s = snapshot()
    c, h, d = s.state.citizens, s.state.households, s.state.dwellings
    persons = [(c.weight[i], (s.state.month - c.birth[i]) / 12, c.activity[i]) for i in range(len(c)) if c.alive[i]]
    homes = [(h.weight[i], h.cars[i]) for i in range(len(h)) if h.alive[i]]
    dwellings = [(d.weight[i], d.household[i]) for i in range(len(d)) if d.alive[i]]
    people, households = sum(w for w, *_ in persons), sum(w for w, _ in homes)
    expected = {
        "population": people, "households": households, "household_size": people / households, "births": 5.0, "deaths": 3.0,
        "net_migration": 8.0, "mean_age": sum(w * age for w, age, _ in persons) / people,
        "share_over_65": 100 * sum(w for w, age, _ in persons if age >= 65) / people,
        "students": sum(w for w, _, activity in persons if activity == 2), "dwellings_built": 4.0,
        "vacancy_rate": 100 * sum(w for w, home in dwellings if home < 0) / sum(w for w, _ in dwellings),
        "households_without_car": 100 * sum(w for w, cars in homes if cars == 0) / households,
    }  # fmt: skip
    assert {i.name: i.formula(s) for i in INDICATORS} == pytest.approx(expected)


def test_districts_sum_to_the_city() -> None:
    city, s = snapshot()
    shown = [i for i in INDICATORS if i.by_district is not None]
    assert shown
    for indicator in shown:
        values = indicator.by_district(s) if indicator.by_district is not None else None
        assert values is not None
        assert values.shape == (city.n_districts,)
        assert values.sum() == pytest.approx(indicator.formula(s))
