"""Nested logit with persistent tastes beside the closed form, and what one person does when the world changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kernels.choice import choose, choose_or, nested_shares, positive_stable
from kernels.draws import stream, uniforms

STREAM = stream("test.taste")
NEST = np.array([0, 1, 2, 2, 3], np.int64)
N = 60_000


def scales(active: float) -> np.ndarray:
    return np.array([1.0, 1.0, active, 1.0])


def plain(utility: np.ndarray, nest: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """P(j) = P(nest) P(j | nest) as in Train (2009), Discrete Choice Methods with Simulation, equations 4.4-4.5."""
    e = np.exp(utility / scale[nest])
    inside = np.array([e[nest == m].sum() for m in range(len(scale))])
    upper = inside**scale
    return np.asarray(upper[nest] / upper.sum() * e / inside[nest])


utilities = arrays(np.float64, 5, elements=st.floats(-4.0, 4.0))


@settings(max_examples=50, deadline=None)
@given(utilities, st.floats(0.2, 1.0))
def test_closed_form_shares(v: np.ndarray, active: float) -> None:
    np.testing.assert_allclose(
        nested_shares(v[None], NEST, scales(active))[0], plain(v, NEST, scales(active)), rtol=1e-10
    )


@settings(max_examples=30, deadline=None)
@given(utilities)
def test_scale_one_is_the_multinomial_logit(v: np.ndarray) -> None:
    softmax = np.exp(v) / np.exp(v).sum()
    np.testing.assert_allclose(nested_shares(v[None], NEST, scales(1.0))[0], softmax, rtol=1e-10)


@settings(max_examples=30, deadline=None)
@given(utilities, st.floats(0.3, 1.0), st.integers(0, 4))
def test_own_elasticity(v: np.ndarray, active: float, j: int) -> None:
    """d ln P_j / d V_j = (1 - P_j) + (1/scale - 1)(1 - P_j given its nest), the derivative of Train's formula."""
    scale, step = scales(active), 1e-5
    up, down = v.copy(), v.copy()
    up[j] += step
    down[j] -= step
    shares = nested_shares(np.array([down, v, up]), NEST, scale)
    found = (np.log(shares[2, j]) - np.log(shares[0, j])) / (2 * step)
    given_nest = shares[1, j] / shares[1, NEST[j] == NEST].sum()
    own = scale[NEST[j]]
    assert found == pytest.approx((1 - shares[1, j]) + (1 / own - 1) * (1 - given_nest), abs=1e-5)


@pytest.mark.parametrize("alpha", [0.3, 0.6, 0.9])
def test_stable_draws_have_their_laplace_transform(alpha: float) -> None:
    """E exp(-t S) = exp(-t^alpha) (Kanter 1975); four standard errors of the mean."""
    ids = np.arange(N)
    u, v = uniforms(1, STREAM, ids, 0, 0), uniforms(1, STREAM, ids, 0, 1)
    s = np.array([positive_stable(a, b, alpha) for a, b in zip(u, v, strict=True)])
    for t in (0.3, 1.0, 3.0):
        sample = np.exp(-t * s)
        assert sample.mean() == pytest.approx(np.exp(-(t**alpha)), abs=4 * sample.std() / np.sqrt(N))


@pytest.mark.parametrize("active", [0.3, 0.6, 1.0])
@pytest.mark.parametrize(
    "v", [[0.0, 0.0, 0.0, 0.0, 0.0], [1.0, -0.5, 0.7, 0.6, -1.0], [0.2, -np.inf, 1.5, -0.5, -np.inf]]
)
def test_many_persons_choose_the_closed_form(v: list[float], active: float) -> None:
    utility = np.tile(v, (N, 1))
    chosen = choose(7, STREAM, np.arange(N), utility, NEST, scales(active))
    found = np.bincount(chosen, minlength=5) / N
    expected = nested_shares(utility[:1], NEST, scales(active))[0]
    assert (np.abs(found - expected) <= 4.0 * np.sqrt(expected * (1 - expected) / N)).all()


def one(v: np.ndarray, person: int, active: float) -> int:
    return int(choose(3, STREAM, np.array([person]), v[None].copy(), NEST, scales(active))[0])


@settings(max_examples=150, deadline=None)
@given(utilities, st.integers(0, 10_000), st.floats(0.3, 1.0), st.integers(0, 4), st.floats(0.01, 3.0))
def test_a_better_alternative_is_the_only_one_people_move_to(
    v: np.ndarray, person: int, active: float, j: int, gain: float
) -> None:
    better = v.copy()
    better[j] += gain
    before, after = one(v, person, active), one(better, person, active)
    assert after in (before, j)


@settings(max_examples=150, deadline=None)
@given(utilities, st.integers(0, 10_000), st.floats(0.3, 1.0), st.integers(0, 4), st.floats(0.01, 3.0))
def test_only_those_who_had_it_leave_a_worse_alternative(
    v: np.ndarray, person: int, active: float, j: int, loss: float
) -> None:
    worse = v.copy()
    worse[j] -= loss
    before, after = one(v, person, active), one(worse, person, active)
    assert after == before or before == j


@settings(max_examples=60, deadline=None)
@given(utilities, st.integers(0, 10_000), st.integers(0, 4))
def test_what_was_not_chosen_may_go(v: np.ndarray, person: int, gone: int) -> None:
    before = one(v, person, 0.6)
    if before == gone:
        return
    v[gone] = -np.inf
    assert one(v, person, 0.6) == before


def test_a_person_chooses_alike_in_any_row() -> None:
    rng = np.random.default_rng(1)
    utility, ids, order = rng.normal(size=(500, 5)), np.arange(500) * 7, rng.permutation(500)
    chosen = choose(3, STREAM, ids, utility, NEST, scales(0.6))
    np.testing.assert_array_equal(choose(3, STREAM, ids[order], utility[order], NEST, scales(0.6)), chosen[order])


def test_nothing_available() -> None:
    utility = np.full((2, 5), -np.inf)
    utility[1, 3] = -900.0
    assert choose(1, STREAM, np.array([4, 5]), utility, NEST, scales(0.6)).tolist() == [-1, 3]
    np.testing.assert_array_equal(nested_shares(utility, NEST, scales(0.6)), [[0] * 5, [0, 0, 0, 1, 0]])


def test_what_a_nest_is_worth_to_each() -> None:
    """Without the nest everybody takes what ``choose`` finds with the nest closed; a nest worth ``gain`` less is just not taken."""
    rng = np.random.default_rng(4)
    ids, nest, scale = np.arange(400), np.array([0, 0, 1, 2, 2], np.int64), np.array([0.6, 1.0, 0.5])
    v = rng.normal(0.0, 1.5, (400, 5))
    v[rng.random((400, 5)) < 0.3] = -np.inf
    first, second, gain = choose_or(7, STREAM, ids, v, nest, scale, 0)
    np.testing.assert_array_equal(first, choose(7, STREAM, ids, v, nest, scale))
    closed = v.copy()
    closed[:, :2] = -np.inf
    np.testing.assert_array_equal(second, choose(7, STREAM, ids, closed, nest, scale))
    for less, taken in ((1e-9, True), (-1e-9, False)):
        known = np.isfinite(gain)
        shifted = v.copy()
        shifted[:, :2] -= np.where(known, gain - less, 0.0)[:, None]
        in_nest = choose(7, STREAM, ids, shifted, nest, scale) < 2
        assert (in_nest[known] == taken).all()
    assert (gain[(first >= 0) & (first < 2) & (second < 0)] == np.inf).all()
    assert (gain[~np.isfinite(v[:, :2]).any(axis=1)] == -np.inf).all()
