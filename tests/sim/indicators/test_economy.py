"""Indicators of the economy, counted again one by one on a handmade world."""

from __future__ import annotations

import numpy as np
import pytest

from sim.codes import Activity
from sim.indicators.economy import INDICATORS
from sim.indicators.registry import Snapshot
from sim.measures.policies import axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from tests.tiny import tiny_city, tiny_state


def snapshot() -> Snapshot:
    city = tiny_city()
    state = tiny_state(city, share=0.05)
    rng = np.random.default_rng(3)
    state.citizens.alive[::7] = False
    state.firms.alive[::5] = False
    state.firms.jobs[:] = rng.uniform(1.0, 40.0, len(state.firms))
    state.firms.weight[:] = rng.uniform(1.0, 9.0, len(state.firms))
    e = state.economy
    e.residents, e.incomers, e.vacancies = rng.uniform(0.0, 50.0, (3, *city.jobs.shape))
    e.born, e.trained = np.array([5.0]), np.array([6.0])
    e.renewed, e.grants_used = np.array([7.0]), np.array([1.0, 2.0, 9.0])
    e.value_added, e.projects, e.closed = rng.uniform(1e6, 1e7, 11), np.array([3.0, 0, 1, 0, 0, 2]), np.array([4.0])
    return Snapshot(city, state, compose((), axis_sizes(city, 2)), Parameters(), Trends())


def test_every_indicator_is_what_a_count_gives() -> None:
    s = snapshot()
    c, f, e = s.state.citizens, s.state.firms, s.state.economy
    people = [i for i in range(len(c)) if c.alive[i]]
    out = sum(c.weight[i] for i in people if c.activity[i] == Activity.UNEMPLOYED)
    work = sum(c.weight[i] for i in people if c.activity[i] == Activity.EMPLOYED)
    firms = [(f.weight[i] * f.jobs[i], f.maturity[i]) for i in range(len(f)) if f.alive[i]]
    expected = {
        "jobs": sum(e.residents.ravel()) + sum(e.incomers.ravel()), "unemployment_rate": 100.0 * out / (out + work),
        "value_added": sum(e.value_added), "vacancies": sum(e.vacancies.ravel()), "incomers": sum(e.incomers.ravel()),
        "firms_closed": 4.0, "firms_founded": 5.0, "trained_hired": 6.0, "projects": 6.0,
        "firms_renewed": 7.0, "grants_owners": 9.0,
        "digital_maturity": sum(w * m for w, m in firms) / sum(w for w, _ in firms),
    }  # fmt: skip
    assert {i.name: float(i.formula(s)) for i in INDICATORS} == pytest.approx(expected)


def test_districts_agree_with_the_city() -> None:
    s = snapshot()
    found = {i.name: i.by_district(s) for i in INDICATORS if i.by_district is not None}
    assert set(found) == {"jobs", "unemployment_rate"}
    e, c = s.state.economy, s.state.citizens
    assert found["jobs"] == pytest.approx((e.residents + e.incomers).sum(axis=1))
    for district in range(s.city.n_districts):
        active = [i for i in range(len(c)) if c.alive[i] and c.district[i] == district and c.activity[i] in (3, 4)]
        rate = sum(c.weight[i] for i in active if c.activity[i] == 4) / sum(c.weight[i] for i in active)
        assert found["unemployment_rate"][district] == pytest.approx(100.0 * rate)
