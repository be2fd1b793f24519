"""Opinion and adoption on a network beside plain twins, and Friedkin & Johnsen's equilibrium by linear algebra."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.diffusion import group_gap, household_mean, judgement, neighbour_mean, weight_below, word_of_mouth

SEEDS = st.integers(0, 2**32 - 1)
QUICK = settings(max_examples=40, deadline=None)


class World:
    """A few households, their members, whom they listen to, and measures of which some are public."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.rng = rng
        self.homes, self.people, self.measures = (int(rng.integers(1, n)) for n in (7, 15, 6))
        degree = rng.integers(0, 5, self.homes)
        self.first = np.r_[0, np.cumsum(degree)].astype(np.int64)
        self.contacts = rng.integers(0, self.homes, degree.sum()).astype(np.int32)
        self.home = rng.integers(0, self.homes, self.people).astype(np.int32)
        self.alive = rng.random(self.people) < 0.8
        self.lives = rng.random(self.homes) < 0.8
        self.known = np.flatnonzero(rng.random(self.measures) < 0.7)
        self.support = rng.random((self.people, self.measures)).astype(np.float32)
        self.own = rng.random((self.people, self.measures)).astype(np.float32)


@QUICK
@given(SEEDS)
def test_neighbour_mean_is_a_mean_over_those_who_live_there(seed: int) -> None:
    w = World(seed)
    value = w.rng.random((w.homes + 1, 2))  # one household more than the network knows
    found = neighbour_mean(w.first, w.contacts, np.r_[w.lives, True], value)
    for i in range(w.homes + 1):
        heard = [] if i == w.homes else [j for j in w.contacts[w.first[i] : w.first[i + 1]] if w.lives[j]]
        expected = np.mean([value[j] for j in heard], axis=0) if heard else value[i]
        np.testing.assert_allclose(found[i], expected, rtol=1e-12)


@QUICK
@given(SEEDS)
def test_household_mean_and_weight_below(seed: int) -> None:
    w = World(seed)
    weight = np.where(w.alive, w.rng.random(w.people) + 0.1, 0.0)
    means = household_mean(w.known, w.home, w.alive, w.support, w.homes)
    below = weight_below(w.known, w.support, weight, 0.4)
    assert means.shape == (w.homes, len(w.known))
    for k, m in enumerate(w.known):
        for h in range(w.homes):
            members = [float(w.support[i, m]) for i in range(w.people) if w.alive[i] and w.home[i] == h]
            assert means[h, k] == pytest.approx(sum(members) / len(members) if members else 0.5, rel=1e-12)
        assert below[k] == pytest.approx(sum(weight[i] for i in range(w.people) if w.support[i, m] < 0.4))


@QUICK
@given(SEEDS, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_word_of_mouth_moves_the_living_part_of_the_way(seed: int, stubbornness: float, pace: float) -> None:
    w = World(seed)
    heard, before = w.rng.random((w.homes, len(w.known))), w.support.copy()
    word_of_mouth(w.known, w.own, heard, w.alive, w.home, stubbornness, w.support, pace)
    for i in range(w.people):
        for m in range(w.measures):
            if not w.alive[i] or m not in w.known:
                assert w.support[i, m] == before[i, m]
                continue
            aim = stubbornness * w.own[i, m] + (1 - stubbornness) * heard[w.home[i], list(w.known).index(m)]
            assert w.support[i, m] == pytest.approx(before[i, m] + pace * (aim - before[i, m]), abs=3e-7)


def the_judgement(
    prior: float,
    touched: float,
    force: float,
    lived: float,
    trust: float,
    loss: float,
    p: tuple[float, float],
    more: float,
) -> float:
    """What one citizen comes to think of one measure, in words of the docstring."""
    belief, kept = p
    felt = prior * touched if prior < 0 else prior * (0.5 + 0.5 * touched)
    value = (1 - force) * felt + force * (lived * touched + kept * felt) + more
    return 0.5 + 0.5 * math.tanh(value * (loss if value < 0 else 1.0) + belief * (trust - 0.5))


@QUICK
@given(SEEDS, st.floats(0.0, 1.0))
def test_judgement_is_its_plain_twin(seed: int, pace: float) -> None:
    w, districts = World(seed), 4
    rng = w.rng
    drivers, others = rng.uniform(-1, 1, (2, w.measures))
    force, exposure = rng.random(w.measures), rng.random((w.measures, districts))
    home, main = (
        rng.integers(0, districts, w.people).astype(np.int32),
        rng.integers(-2, districts, w.people).astype(np.int32),
    )
    driver, lived, trust = rng.random(w.people) < 0.5, rng.uniform(-1, 1, w.people), rng.random(w.people)
    background = rng.uniform(-0.3, 0.3, w.measures)
    common, for_engaged, engaged = rng.uniform(-0.3, 0.3, w.measures), rng.random(w.measures), rng.random(w.people)
    before = w.own.copy()
    judgement(
        w.known,
        drivers,
        others,
        force,
        exposure,
        w.alive,
        home,
        main,
        driver,
        lived,
        trust,
        2.0,
        0.6,
        0.35,
        background,
        common,
        engaged,
        for_engaged,
        w.own,
        pace,
    )
    assert ((w.own >= 0.0) & (w.own <= 1.0)).all()
    for i in range(w.people):
        for m in range(w.measures):
            if not w.alive[i] or m not in w.known:
                assert w.own[i, m] == before[i, m]
                continue
            touched = max(exposure[m, home[i]], exposure[m, main[i]] if main[i] >= 0 else 0.0)
            aim = the_judgement(
                drivers[m] if driver[i] else others[m], touched, force[m], lived[i] - background[m], trust[i], 2.0, (0.6, 0.35),
                common[m] + engaged[i] * for_engaged[m],
            )  # fmt: skip
            assert w.own[i, m] == pytest.approx(before[i, m] + pace * (aim - before[i, m]), abs=3e-7)


def one_judgement(prior: float, lived: float, trust: float, loss: float = 2.0) -> float:
    own = np.full((1, 1), 0.5, np.float32)
    here, yes = np.zeros(1, np.int32), np.ones(1, bool)
    judgement(np.zeros(1, np.int64), np.array([prior]), np.zeros(1), np.array([0.5]), np.ones((1, 1)), yes, here, here, yes,
              np.array([lived]), np.array([trust]), loss, 0.6, 0.35, *np.zeros((4, 1)), own, 1.0)  # fmt: skip
    return float(own[0, 0])


@settings(max_examples=30, deadline=None)
@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0, 1), st.floats(0, 0.5))
def test_judgement_rises_with_what_is_expected_lived_and_trusted(
    prior: float, lived: float, trust: float, step: float
) -> None:
    here = one_judgement(prior, lived, trust)
    assert one_judgement(prior + step, lived, trust) >= here
    assert one_judgement(prior, lived + step, trust) >= here
    assert one_judgement(prior, lived, trust + step) >= here


def test_a_loss_weighs_as_a_gain_of_twice_its_size() -> None:
    # Tversky & Kahneman (1992): with a weight of two, -x moves the judgement down as far as +2x moves it up
    assert 0.5 - one_judgement(0.0, -0.3, 0.5) == pytest.approx(one_judgement(0.0, 0.6, 0.5) - 0.5, abs=1e-7)


def test_opinions_settle_where_linear_algebra_says() -> None:
    """Friedkin & Johnsen (1990): support = (1 - (1 - s) W)^-1 s own, W the row-stochastic network; one person a household."""
    rng, n, stubbornness = np.random.default_rng(5), 40, 0.6
    first, contacts = np.arange(n + 1) * 3, rng.integers(0, n, 3 * n).astype(np.int32)
    own, support = rng.random((n, 1)).astype(np.float32), np.full((n, 1), 0.5, np.float32)
    known, home, alive = np.zeros(1, np.int64), np.arange(n, dtype=np.int32), np.ones(n, bool)
    for _ in range(120):
        heard = neighbour_mean(first, contacts, alive, household_mean(known, home, alive, support, n))
        word_of_mouth(known, own, heard, alive, home, stubbornness, support, 0.3)
    network = np.zeros((n, n))
    np.add.at(network, (np.repeat(np.arange(n), 3), contacts), 1.0 / 3.0)
    equilibrium = np.linalg.solve(np.eye(n) - (1 - stubbornness) * network, stubbornness * own[:, 0].astype(np.float64))
    np.testing.assert_allclose(support[:, 0], equilibrium, atol=2e-6)


def test_the_gap_of_a_group_is_a_difference_of_means() -> None:
    rng = np.random.default_rng(8)
    value, weight, group = (
        rng.random((50, 4)).astype(np.float32),
        rng.random(50) * (rng.random(50) < 0.8),
        rng.random(50) < 0.4,
    )
    known = np.array([2, 0])
    plain = [
        np.average(value[group, m], weights=weight[group]) - np.average(value[:, m], weights=weight) for m in known
    ]
    assert group_gap(known, value, weight, group) == pytest.approx(plain, abs=1e-12)
    assert (group_gap(known, value, weight, np.zeros(50, bool)) == 0.0).all()
