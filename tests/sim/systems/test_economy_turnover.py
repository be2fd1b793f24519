"""Ordinary closings and foundings: what they leave unchanged, and how many there are beside published flows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from sim.codes import Sector
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.economy import labour, renewal
from tests.sim.systems.economy_worlds import alone, live
from tests.sim.systems.test_economy_projects import toulouse
from tests.tiny import tiny_city

P = Parameters()
S = len(Sector)


def by_branch(state: State, each: np.ndarray) -> np.ndarray:
    f = state.firms
    return np.bincount(f.sector, weights=np.where(f.alive, f.weight * each, 0.0), minlength=S)


def test_markets_and_posts_of_each_branch_pass_on_and_are_conserved() -> None:
    _, state = alone(tiny_city(), 0.3, p=Parameters({"closing_small": 0.1}), frozen=True)
    f, e = state.firms, state.economy
    f.jobs *= 0.93  # posts may be off their market
    market, posts, rows = by_branch(state, e.base_jobs), by_branch(state, f.jobs), len(f)
    for _ in range(120):
        state.month += 1
        renewal.turn_over(state, P)
    assert by_branch(state, e.base_jobs) == pytest.approx(market)
    assert by_branch(state, f.jobs) == pytest.approx(posts)
    assert len(f) > rows
    assert e.renewed[0] == pytest.approx(f.weight[rows:].sum())  # one founded for each that closed
    assert f.weight[~f.alive].sum() == pytest.approx(e.renewed[0])
    assert not f.jobs[~f.alive].any()
    assert (e.base_jobs[rows:][f.alive[rows:]] > 0.0).all()


def test_a_branch_of_one_firm_keeps_it() -> None:
    _, state = alone(tiny_city(), 0.3, p=P, frozen=True)
    f = state.firms
    f.alive[:] = False
    f.alive[np.unique(f.sector, return_index=True)[1]] = True
    for _ in range(600):
        state.month += 1
        renewal.turn_over(state, P)
    assert not state.economy.renewed.any()


def test_a_world_that_stands_still_keeps_its_firms() -> None:
    system, state = alone(tiny_city(), 0.3, frozen=True)
    rows = len(state.firms)
    for _ in range(6):
        live(system, state)
    assert len(state.firms) == rows
    assert state.firms.alive.all()


@pytest.fixture(scope="module")
def five_years() -> list[State]:
    """Toulouse from January 2015 in ordinary months, at every twelfth."""
    system, state = alone(toulouse(), 0.05, month=2015 * 12)
    seen = [state.copy()]
    for m in range(60):
        live(system, state)
        e = state.economy
        assert e.residents + e.incomers + e.vacancies == pytest.approx(e.posts, abs=1e-6)
        if m % 12 == 11:
            seen.append(state.copy())
    return seen


def test_as_many_posts_vanish_with_firms_as_published(five_years: list[State]) -> None:
    # 266,000 posts a year with firms that stop, of 14 to 16 million in private firms (Picart 2008): 1.7-1.9 %; here branches of large
    # establishments, which close seldom, weigh more
    first = five_years[0]
    f = first.firms
    lost = 0.0
    for before, after in pairwise(five_years):
        n = len(before.firms)
        gone = before.firms.alive & ~after.firms.alive[:n]
        lost += float((before.firms.weight * before.firms.jobs)[gone].sum())
    yearly = lost / 5.0 / float((f.weight * f.jobs).sum())
    assert 0.008 < yearly < 0.025
    # establishments with employees: fewer than the 9 % of all enterprises (Eurostat), most of which have none
    assert 0.025 < five_years[-1].economy.renewed[0] / 5.0 / f.weight.sum() < 0.09


def test_ordinary_turnover_moves_neither_posts_nor_unemployment(
    five_years: list[State], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "turn_over", lambda *_: None)
    system, state = alone(toulouse(), 0.05, month=2015 * 12)
    for _ in range(60):
        live(system, state)
    turned = five_years[-1]
    assert turned.economy.posts.sum() == pytest.approx(state.economy.posts.sum(), rel=0.002)
    assert labour.unemployment(turned) == pytest.approx(labour.unemployment(state), abs=0.002)
    moved = np.abs(turned.economy.posts.sum(axis=1) - state.economy.posts.sum(axis=1)).sum()
    assert moved < 0.05 * state.economy.posts.sum()  # rows of twenty firms each; neighbours take over what they can
