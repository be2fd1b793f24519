"""The sweep against the two-bus closed form and a general Newton-free nodal solution on random trees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.power import radial_flow


def test_two_buses_have_a_closed_form() -> None:
    """V^4 + (2(rp + xq) - 1) V^2 + (r^2 + x^2)(p^2 + q^2) = 0: the biquadratic of a single loaded branch."""
    r, x, p, q = 0.05, 0.03, 0.8, 0.4
    b, c = 2 * (r * p + x * q) - 1, (r * r + x * x) * (p * p + q * q)
    want = np.sqrt((-b + np.sqrt(b * b - 4 * c)) / 2)
    v_re, v_im, current, loss, steps = radial_flow(
        np.array([0, 0]), np.array([0, r]), np.array([0, x]), np.array([[0, p]]), np.array([[0, q]]), 1.0, 1e-14, 200
    )
    assert steps[0] > 0
    assert np.hypot(v_re, v_im)[0, 1] == pytest.approx(want, abs=1e-12)
    assert current[0, 1] == pytest.approx(np.hypot(p, q) / want, abs=1e-12)
    assert loss[0] == pytest.approx(r * (p * p + q * q) / want**2, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 30))
def test_random_trees_obey_kirchhoff(seed: int, n: int) -> None:
    """At the answer, power injected at every bus computed from a nodal admittance matrix equals its load."""
    rng = np.random.default_rng(seed)
    parent = np.array([0] + [rng.integers(0, i) for i in range(1, n)], dtype=np.int64)
    r, x = rng.uniform(1e-4, 2e-3, n), rng.uniform(1e-4, 2e-3, n)
    p, q = rng.uniform(-1, 1, (2, n)), rng.uniform(-0.5, 0.5, (2, n))
    p[:, 0] = q[:, 0] = 0
    v_re, v_im, _, loss, steps = radial_flow(parent, r, x, p, q, 1.02, 1e-13, 200)
    assert (steps > 0).all()
    y = np.zeros((n, n), complex)
    for i in range(1, n):
        branch = 1 / (r[i] + 1j * x[i])
        y[i, i] += branch
        y[parent[i], parent[i]] += branch
        y[i, parent[i]] -= branch
        y[parent[i], i] -= branch
    for c in range(2):
        v = v_re[c] + 1j * v_im[c]
        injected = v * np.conj(y @ v)
        np.testing.assert_allclose(injected[1:], -(p[c] + 1j * q[c])[1:], atol=1e-7)
        assert injected.real.sum() == pytest.approx(loss[c], abs=1e-7)


def test_an_impossible_load_is_reported() -> None:
    out = radial_flow(
        np.array([0, 0]),
        np.array([0, 0.5]),
        np.array([0, 0.5]),
        np.array([[0, 2.0]]),
        np.array([[0, 1.0]]),
        1.0,
        1e-10,
        100,
    )
    assert out[4][0] == -1
