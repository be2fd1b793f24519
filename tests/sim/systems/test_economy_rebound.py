"""Rebound: firms close and are founded, markets and money close, grants, orders and training beside the literature.

``python -m tests.sim.systems.test_economy_rebound`` prints the multipliers that docs/economy.md states.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from sim.codes import Party, Purpose, Sector
from sim.measures.base import Context
from sim.measures.policies import Contribution
from sim.measures.shocks import Pandemic
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.economy import EconomySystem, renewal
from tests.sim.systems.economy_worlds import alone, live
from tests.sim.systems.test_economy_projects import toulouse
from tests.tiny import tiny_city

P = Parameters()
START = 2020 * 12 + 2
S = len(Sector)


def pandemic(system: EconomySystem, month: int) -> Iterator[Contribution]:
    """The shipped shock: from March 2020, eighteen months."""
    if START <= month < START + 18:
        yield from Pandemic().contributions(Context(system.city, P, month, START, 18, 1.0, 1.0, np.zeros(0, np.int64)))


def crisis(
    months: int, *, share: float = 0.02, seed: int = 1, extra: tuple[Contribution, ...] = (), since: int = 0
) -> list[State]:
    """The months from January 2020, with ``extra`` in force from month ``since`` on for eighteen months."""
    system, state = alone(toulouse(), share, seed, month=START - 2)
    seen = []
    for m in range(months):
        now = extra if since <= m < since + 18 else ()
        live(system, state, *pandemic(system, state.month + 1), *now)
        seen.append(state.copy())
    return seen


@pytest.fixture(scope="module")
def lived() -> list[State]:
    return crisis(48)


def test_firms_close_in_the_pandemic_and_others_are_founded_after_it(lived: list[State]) -> None:
    closed = np.array([s.economy.closed[0] for s in lived])
    born = np.array([s.economy.born[0] for s in lived])
    assert closed[1] == 0.0
    assert (
        0.005 < closed[-1] / lived[0].firms.weight.sum() < 0.10
    )  # insolvencies of 2020-2021 were few: the State took most losses
    assert born[-1] > 0.0
    assert np.argmax(born > 0.0) > np.argmax(closed > 0.0)
    hit = [s.economy.value_added.sum() / lived[1].economy.value_added.sum() for s in lived]
    assert min(hit) < 0.9
    assert hit[-1] > 0.97  # comes back


def test_markets_of_living_firms_and_what_nobody_serves_are_conserved(lived: list[State]) -> None:
    def market(state: State) -> np.ndarray:
        f, e = state.firms, state.economy
        held = np.bincount(f.sector, weights=np.where(f.alive, f.weight * e.base_jobs, 0.0), minlength=S)
        return np.asarray(held + e.unserved)

    for state in lived:
        assert market(state) == pytest.approx(market(lived[0]), rel=1e-9)
        assert (state.economy.unserved >= -1e-9).all()


def test_posts_close_every_month_through_crisis_and_rebound(lived: list[State]) -> None:
    for state in lived:
        e, f = state.economy, state.firms
        assert e.residents + e.incomers + e.vacancies == pytest.approx(e.posts, abs=1e-6)
        assert float((f.weight * f.jobs)[f.alive].sum()) == pytest.approx(float(e.posts.sum()))
        assert (state.ledger.sum(axis=(0, 2)) - state.ledger.sum(axis=(1, 2))).sum() == pytest.approx(0.0, abs=1e-3)


def test_founders_come_only_where_there_is_room_and_demand() -> None:
    system, state = alone(tiny_city(), 0.3, frozen=True)
    lasting = np.ones(S)
    firms = len(state.firms)
    renewal.found(state, P, lasting)
    assert len(state.firms) == firms  # no room
    state.economy.unserved[:] = 400.0
    state.economy.demand[:] = P["founding_threshold"]
    renewal.found(state, P, lasting)
    assert len(state.firms) == firms  # no demand
    state.economy.demand[:] = 1.0
    for _ in range(12):
        state.month += 1
        renewal.found(state, P, lasting)
    new = slice(firms, None)
    f, e = state.firms, state.economy
    assert len(f) > firms
    assert (f.weight * e.base_jobs)[new].sum() + e.unserved.sum() == pytest.approx(400.0 * S)
    assert e.born[0] == pytest.approx(f.weight[new].sum())
    assert (system.city.jobs[f.district[new], f.sector[new]] > 0).all()
    before = len(f)
    live(system, state)
    assert (f.jobs[firms:before] > 0.0).all()  # they hire


def test_training_fills_posts_that_stay_vacant_and_dismisses_nobody() -> None:
    def world(places: float) -> State:
        system, state = alone(toulouse(), 0.05, frozen=True)
        extra = (Contribution("training", places),) if places else ()
        for _ in range(12):
            live(system, state, *extra)
            e = state.economy
            assert e.residents + e.incomers + e.vacancies == pytest.approx(e.posts, abs=1e-6)
        return state

    plain, taught = world(0.0), world(500.0)
    expected = 12 * 500.0 * P["training_effect"]
    assert taught.economy.trained[0] == pytest.approx(expected)
    gain = taught.economy.residents.sum() - plain.economy.residents.sum()
    assert gain == pytest.approx(expected, abs=60.0)  # rows stand for twenty people
    # two to fourteen points, as evaluations find (Card, Kluve & Weber 2018)
    assert 0.02 < gain / (12 * 500.0) < 0.14


def multipliers(share: float = 0.02, seeds: tuple[int, ...] = (1, 2)) -> dict[str, tuple[float, float]]:
    """Post-years (offered, so that whole rows of people make no noise) and euros of value added by million and by euro of
    public money, over three years, in the crisis."""

    def sums(extra: tuple[Contribution, ...], seed: int) -> tuple[float, float]:
        states = crisis(36, share=share, seed=seed, extra=extra, since=3)
        return sum(float(s.economy.posts.sum()) for s in states) / 12.0, sum(
            float(s.economy.value_added.sum()) for s in states
        )

    weights = toulouse().jobs.sum(axis=0).astype(float)
    hit = np.isin(
        np.arange(S),
        [Sector.HOSPITALITY, Sector.TRADE, Sector.INDUSTRY, Sector.TRANSPORT, Sector.OTHER, Sector.AERONAUTICS],
    )
    grants = weights * hit / (weights * hit).sum() * 45e6 / 18
    works = np.where(np.arange(S) == Sector.CONSTRUCTION, 45e6 / 18, 0.0)
    found: dict[str, tuple[float, float]] = {}
    without = {seed: sums((), seed) for seed in seeds}
    for name, extra in {
        "recovery grants": (Contribution("recovery_grant", grants),), "local procurement": (Contribution("procurement", works),),
    }.items():  # fmt: skip
        pairs = [(sums(extra, seed), without[seed]) for seed in seeds]
        gain = np.mean([np.subtract(a, b) for a, b in pairs], axis=0)
        found[name] = float(gain[0] / 45.0), float(gain[1] / 45e6)
    return found


def test_grants_and_orders_bring_jobs_in_the_published_range() -> None:
    found = multipliers(seeds=(1, 2, 3))
    # a public million in infrastructure: 3-7 jobs in advanced economies (Moszoro 2021, IMF WP/21/131)
    posts, value = found["local procurement"]
    assert 3.0 < posts < 7.0
    assert 0.3 < value < 1.5
    # a post kept for a year cost 170-257 k$ in 2020, 4-6 by million dollars, of which 23-34 % reached those who would have lost their
    # post (Autor et al. 2022); at what posts cost in the branches hit here, about 38 k€ a year, that is 6 to 9 at most
    posts, value = found["recovery grants"]
    assert 2.5 < posts < 9.0
    assert abs(value) < 0.3


def test_every_euro_of_grants_is_used_once() -> None:
    hit = np.where(np.arange(S) == Sector.HOSPITALITY, 1e6, 0.0)
    seen = crisis(10, extra=(Contribution("recovery_grant", hit),), since=3)
    for state in seen[:3]:
        assert not state.economy.grants_used.any()
    for state in seen[3:]:
        kept, losses, owners = state.economy.grants_used
        assert kept + losses + owners == pytest.approx(1e6)
        assert kept > 0.0
        assert losses >= 0.0
        assert kept + losses <= P["grant_effective"] * 1e6 * (
            1.0 + 1e-9
        )  # most goes to those who would have managed without
        assert state.ledger[Party.METROPOLE, Party.FIRMS, Purpose.GRANTS] == pytest.approx(1e6)
    assert seen[-1].economy.grants_used[1] > 0.0  # months into the crisis, some firms have run out of cash


def test_metropole_s_money_goes_to_firms_once() -> None:
    system, state = alone(tiny_city(), 0.3, frozen=True)
    grant = np.full(S, 1e4)
    live(system, state, Contribution("recovery_grant", grant), Contribution("procurement", 2e5, int(Sector.TRADE)))
    paid = state.ledger[Party.METROPOLE, Party.FIRMS]
    assert paid[Purpose.GRANTS] == pytest.approx(grant.sum())
    assert paid[Purpose.CONSUMPTION] == pytest.approx(2e5)


if __name__ == "__main__":
    for name, (posts, value) in multipliers(0.05, (1, 2, 3)).items():
        print(f"{name}: {posts:.1f} post-years a million euros, {value:.2f} € of value added a euro")
