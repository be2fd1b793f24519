"""The sweep against the two-bus closed form and a general Newton-free nodal solution on random trees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.power import radial, radial_flow


def test_two_buses_have_a_closed_form() -> None:
    """V^4 + (2(rp + xq) - 1) V^2 + (r^2 + x^2)(p^2 + q^2) = 0: the biquadratic of a single loaded branch."""
    r, x, p, q = 0.05, 0.03, 0.8, 0.4
    b, c = 2 * (r * p + x * q) - 1, (r * r + x * x) * (p * p + q * q)
    want = np.sqrt((-b + np.sqrt(b * b - 4 * c)) / 2)
    v_re, v_im, current, loss, steps, _ = radial_flow(
        radial([0, 0], [0, r], [0, x]), [[0, p]], [[0, q]], tolerance=1e-14
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
    shunt = rng.uniform(0, 0.02, n) + 1j * rng.uniform(-0.02, 0.02, n)
    p, q = rng.uniform(-1, 1, (2, n)), rng.uniform(-0.5, 0.5, (2, n))
    p[:, 0] = q[:, 0] = 0
    v_re, v_im, _, loss, steps, _ = radial_flow(radial(parent, r, x, shunt), p, q, source=1.02, tolerance=1e-13)
    assert (steps > 0).all()
    y = np.diag(shunt)
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
        assert injected.real.sum() == pytest.approx(
            loss[c], abs=1e-9
        )  # Tellegen: what goes in and not into loads is lost


def test_an_impossible_load_is_reported() -> None:
    assert radial_flow(radial([0, 0], [0, 0.5], [0, 0.5]), [[0, 2.0]], [[0, 1.0]], tolerance=1e-10).steps[0] == -1


def test_blocks_lanes_and_threads_change_nothing() -> None:
    """Hours of a year, of which one collapses: threads give the same bits; each hour alone the same voltages within the tolerance."""
    rng = np.random.default_rng(5)
    n, hours = 40, 531
    feeder = radial(
        [0] + [int(rng.integers(max(0, i - 3), i)) for i in range(1, n)],
        rng.uniform(0, 2e-3, n),
        rng.uniform(0, 1e-3, n),
    )
    p = rng.uniform(-0.2, 1.0, (hours, n)) * rng.uniform(0.2, 1.0, (hours, 1))
    p[300] *= 200.0
    one, two = (radial_flow(feeder, p, 0.3 * p, threads=threads) for threads in (1, 2))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.flatnonzero(one.steps < 0).tolist() == [300]
    for hour in (0, 7, 299, 301, 530):
        alone = radial_flow(feeder, p[hour : hour + 1], 0.3 * p[hour : hour + 1], tolerance=1e-13)
        np.testing.assert_allclose(one.v_re[hour], alone.v_re[0], atol=1e-8)
        np.testing.assert_allclose(one.v_im[hour], alone.v_im[0], atol=1e-8)
    bare = radial_flow(feeder, p, 0.3 * p, currents=False)
    np.testing.assert_array_equal(bare.v_re, one.v_re)
    assert bare.loss.size == bare.current.size == 0
    level = radial_flow(feeder, p, 0.3 * p, magnitudes=True).level
    np.testing.assert_allclose(level, np.hypot(one.v_re, one.v_im), atol=1e-15)
