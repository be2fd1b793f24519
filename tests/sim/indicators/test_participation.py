"""Indicators of participation and of moving house, counted again one by one on a handmade world."""

from __future__ import annotations

import numpy as np
import pytest

from sim.codes import Tenure
from sim.indicators.participation import INDICATORS
from sim.indicators.registry import Snapshot
from sim.measures.policies import Contribution, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from tests.tiny import tiny_city, tiny_state


def snapshot(announced: bool = True) -> Snapshot:
    city = tiny_city()
    state = tiny_state(city, share=0.05)
    rng, s, n = np.random.default_rng(4), state.society, city.n_districts
    state.citizens.alive[::7] = False
    state.households.alive[::11] = False
    s.engaged = rng.random(len(state.citizens)) * (rng.random(len(state.citizens)) < 0.2)
    s.took_part = rng.choice([0, 1, 2, 4, 8, 16, 20], len(state.citizens)).astype(np.int8)
    s.volunteers, s.ideas, s.votes, s.moved = rng.random((4, n)) * 100.0
    s.rent, s.rents = rng.uniform(9.0, 14.0, n), rng.random((2, 5)) * 1e6
    s.lease_rent = rng.uniform(0.0, 900.0, len(state.households))
    s.coconstruction = np.array([0.9, 0.4])
    known = [Contribution("announced", 1.0, 1)] if announced else []
    return Snapshot(city, state, compose(known, axis_sizes(city, 2)), Parameters(), Trends())


def mean(rows: list[tuple[float, float]]) -> float:
    return sum(w * v for w, v in rows) / sum(w for w, _ in rows)


def test_every_indicator_is_what_a_count_gives() -> None:
    s = snapshot()
    c, h, d, society = s.state.citizens, s.state.households, s.state.dwellings, s.state.society
    people = [i for i in range(len(c)) if c.alive[i]]
    adults = [i for i in people if s.state.month - c.birth[i] >= 216]

    def gap(value: dict[int, float]) -> float:
        took = [(c.weight[i] * society.engaged[i], value[i]) for i in adults]
        return mean(took) - mean([(c.weight[i], value[i]) for i in adults])

    homes = [i for i in range(len(h)) if h.alive[i]]

    def burden(tenure: Tenure) -> float:
        rows = [i for i in homes if h.tenure[i] == tenure]
        return (
            100.0
            * sum(h.weight[i] * society.lease_rent[i] for i in rows)
            / sum(h.weight[i] * h.income[i] for i in rows)
        )

    def share(tenure: Tenure) -> float:
        return 100.0 * sum(h.weight[i] for i in homes if h.tenure[i] == tenure) / sum(h.weight[i] for i in homes)

    expected = {
        "participants": sum(c.weight[i] for i in people if society.took_part[i] in (1, 2, 4, 8, 20)),
        "volunteers": society.volunteers.sum(), "budget_ideas": society.ideas.sum(), "budget_voters": society.votes.sum(),
        "participation_gap_age": gap({i: (s.state.month - c.birth[i]) / 12.0 for i in adults}),
        "participation_gap_income": 100.0 * gap({i: float(h.quintile[c.household[i]] >= 3) for i in adults}),
        "participation_gap_centre": 100.0 * gap({i: float(c.district[i] == 4) for i in adults}),
        "coconstruction": 40.0, "moves": society.moved.sum(),
        "rent": mean([(d.weight[i], society.rent[d.district[i]]) for i in range(len(d))]),
        "rent_burden": burden(Tenure.TENANT), "rent_burden_social": burden(Tenure.SOCIAL), "rents_paid": society.rents[0].sum(),
        "owners_share": share(Tenure.OWNER), "social_share": share(Tenure.SOCIAL),
    }  # fmt: skip
    assert {i.name: float(i.formula(s)) for i in INDICATORS} == pytest.approx(expected)


def test_districts_sum_to_the_city() -> None:
    s = snapshot()
    for i in INDICATORS:
        if i.by_district is not None and i.name != "rent":
            assert i.by_district(s).sum() == pytest.approx(i.formula(s)), i.name


def test_without_anybody_taking_part_no_gap_is_claimed() -> None:
    s = snapshot(announced=False)
    s.state.society.engaged[:] = 0.0
    found = {i.name: i.formula(s) for i in INDICATORS}
    assert [found[f"participation_gap_{n}"] for n in ("age", "income", "centre")] == [0.0, 0.0, 0.0]
    assert found["coconstruction"] == 0.0
