"""Indicators of society, counted again one by one on a handmade world."""

from __future__ import annotations

import numpy as np
import pytest

from sim.codes import Heating, Powertrain
from sim.indicators.registry import Snapshot
from sim.indicators.society import INDICATORS
from sim.measures.policies import Contribution, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from tests.tiny import tiny_city, tiny_state


def snapshot(announced: bool = True) -> Snapshot:
    city = tiny_city()
    state = tiny_state(city, share=0.05)
    rng = np.random.default_rng(4)
    state.citizens.alive[::7] = False
    state.households.alive[::11] = False
    state.cars.alive[::6] = False
    state.dwellings.household[::5] = -1
    state.dwellings.alive[::9] = False
    state.dwellings.retrofit[::4] = 1
    state.dwellings.pv[::8] = 4.0
    state.citizens.trust[:], state.citizens.satisfaction[:] = rng.random((2, len(state.citizens)))
    state.society.support[:] = rng.random(state.society.support.shape)
    state.society.adopted[:8] = [30.0, 90.0, 3.0, 9.0, 12.0, 2.0, 0.0, 1.0]
    state.society.protest[:] = [120.0, 30.0]
    known = [Contribution("announced", 1.0, 1)] if announced else []
    policies = compose([*known, Contribution("car_ban", 0.9, (slice(4, None), [4]))], axis_sizes(city, 2))
    return Snapshot(city, state, policies, Parameters(), Trends())


def share(rows: list[tuple[float, bool]]) -> float:
    return 100.0 * sum(w for w, yes in rows if yes) / sum(w for w, _ in rows)


def mean(rows: list[tuple[float, float]]) -> float:
    return sum(w * v for w, v in rows) / sum(w for w, _ in rows)


def test_every_indicator_is_what_a_count_gives() -> None:
    s = snapshot()
    c, h, d, k, society = s.state.citizens, s.state.households, s.state.dwellings, s.state.cars, s.state.society
    cars = [i for i in range(len(k)) if k.alive[i]]
    homes = [i for i in range(len(d)) if d.alive[i] and d.household[i] >= 0]
    people = [i for i in range(len(c)) if c.alive[i]]
    adults = [i for i in people if s.state.month - c.birth[i] >= 216]
    expected = {
        "ev_share": share([(k.weight[i], k.powertrain[i] == Powertrain.ELECTRIC) for i in cars]),
        "ev_purchases": 25.0,
        "banned_cars": share([(k.weight[i], k.crit_air[i] >= 4 and h.district[k.household[i]] == 4) for i in cars]),
        "diesel_share": share([(k.weight[i], k.powertrain[i] == Powertrain.DIESEL) for i in cars]),
        "cars_per_household": sum(k.weight[i] for i in cars) / sum(h.weight[i] for i in range(len(h)) if h.alive[i]),
        "heat_pump_share": share([(d.weight[i], d.heating[i] == Heating.HEAT_PUMP) for i in homes]),
        "retrofitted_share": share([(d.weight[i], d.retrofit[i] > 0) for i in homes]),
        "retrofits": 12.0,
        "pv_capacity": sum(d.weight[i] * d.pv[i] for i in range(len(d)) if d.alive[i]),
        "bike_owners": share([(c.weight[i], bool(c.bike[i])) for i in people]),
        "trust": 100.0 * mean([(c.weight[i], c.trust[i]) for i in adults]),
        "satisfaction": 100.0 * mean([(c.weight[i], c.satisfaction[i]) for i in adults]),
        "support": 100.0 * mean([(c.weight[i], society.support[i, 1]) for i in adults]),
        "protest": 150.0,
    }
    assert expected["banned_cars"] > 0.0
    assert {i.name: float(i.formula(s)) for i in INDICATORS} == pytest.approx(expected)


def test_districts_average_to_their_people() -> None:
    s = snapshot()
    c, d = s.state.citizens, s.state.dwellings
    found = {i.name: i.by_district(s) for i in INDICATORS if i.by_district is not None}
    assert set(found) == {"trust", "retrofitted_share"}
    for district in range(s.city.n_districts):
        here = [i for i in range(len(c)) if c.alive[i] and c.district[i] == district]
        assert found["trust"][district] == pytest.approx(100.0 * mean([(c.weight[i], c.trust[i]) for i in here]))
        homes = [i for i in range(len(d)) if d.alive[i] and d.household[i] >= 0 and d.district[i] == district]
        assert found["retrofitted_share"][district] == pytest.approx(
            share([(d.weight[i], d.retrofit[i] > 0) for i in homes])
        )


def test_without_an_announced_measure_support_is_one_half() -> None:
    s = snapshot(announced=False)
    assert next(i.formula(s) for i in INDICATORS if i.name == "support") == 50.0
