"""The sweep against the two-bus closed form, Kirchhoff's laws on random trees, and itself to the last digit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kernels.power import Radial, radial, radial_flow

SHARE = st.floats(0.0, 1.0)


def upper(r: float, x: float, p: float, q: float) -> tuple[float, float]:
    """Squared voltage behind a single loaded branch and how far collapse is: V^4 + (2(rp + xq) - 1) V^2 + z^2 (p^2 + q^2) = 0."""
    b, c = 2 * (r * p + x * q) - 1, (r * r + x * x) * (p * p + q * q)
    room = b * b - 4 * c
    return (-b + np.sqrt(max(room, 0.0))) / 2, room if b < 0 else -1.0


def test_two_buses_have_a_closed_form() -> None:
    r, x, p, q = 0.05, 0.03, 0.8, 0.4
    square, _ = upper(r, x, p, q)
    v_re, v_im, current, loss, steps, _ = radial_flow(
        radial([0, 0], [0, r], [0, x]), [[0, p]], [[0, q]], tolerance=1e-14
    )
    assert steps[0] > 0
    assert np.hypot(v_re, v_im)[0, 1] == pytest.approx(np.sqrt(square), abs=1e-12)
    assert np.arctan2(v_im, v_re)[0, 1] == pytest.approx(-np.arcsin((x * p - r * q) / np.sqrt(square)), abs=1e-12)
    assert current[0, 1] == pytest.approx(np.hypot(p, q) / np.sqrt(square), abs=1e-12)
    assert loss[0] == pytest.approx(r * (p * p + q * q) / square, abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(SHARE, SHARE, st.floats(-3.0, 3.0), st.floats(-3.0, 3.0))
def test_two_buses_settle_where_a_voltage_exists_and_nowhere_else(r: float, x: float, p: float, q: float) -> None:
    square, room = upper(r, x, p, q)
    assume(abs(room) > 1e-3)
    found = radial_flow(
        radial([0, 0], [0, r], [0, x]), [[0, p]], [[0, q]], tolerance=1e-11, iterations=2000, magnitudes=True
    )
    assert (found.steps[0] > 0) == (room > 0)
    if room > 0:
        assert found.level[0, 1] == pytest.approx(np.sqrt(square), abs=1e-9)


def tree(rng: np.random.Generator, n: int, depth: int = 30) -> Radial:
    parent = np.array([0] + [int(rng.integers(max(0, i - depth), i)) for i in range(1, n)], dtype=np.int64)
    return radial(parent, rng.uniform(0, 2e-3, n), rng.uniform(0, 2e-3, n))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(1, 20))
def test_random_trees_obey_kirchhoff(seed: int, n: int, cases: int) -> None:
    """At the answer, power injected at every bus computed from a nodal admittance matrix equals its load."""
    rng = np.random.default_rng(seed)
    parent = np.array([0] + [rng.integers(0, i) for i in range(1, n)], dtype=np.int64)
    r, x = rng.uniform(1e-4, 2e-3, n), rng.uniform(1e-4, 2e-3, n)
    shunt = rng.uniform(0, 0.02, n) + 1j * rng.uniform(-0.02, 0.02, n)
    p, q = rng.uniform(-1, 1, (cases, n)), rng.uniform(-0.5, 0.5, (cases, n))
    p[:, 0] = q[:, 0] = 0
    v_re, v_im, current, loss, steps, _ = radial_flow(radial(parent, r, x, shunt), p, q, source=1.02, tolerance=1e-13)
    assert (steps > 0).all()
    y = np.diag(shunt)
    for i in range(1, n):
        branch = 1 / (r[i] + 1j * x[i])
        y[i, i] += branch
        y[parent[i], parent[i]] += branch
        y[i, parent[i]] -= branch
        y[parent[i], i] -= branch
    for c in range(cases):
        v = v_re[c] + 1j * v_im[c]
        injected = v * np.conj(y @ v)
        np.testing.assert_allclose(injected[1:], -(p[c] + 1j * q[c])[1:], atol=1e-7)
        # Tellegen: what goes in and not into loads is lost
        assert injected.real.sum() == pytest.approx(loss[c], abs=1e-9)
        ohm = (v[parent] - v)[1:] / (r + 1j * x)[1:]
        np.testing.assert_allclose(current[c, 1:], np.abs(ohm), atol=1e-7)
        assert current[c, 0] == pytest.approx(abs(v[0] * shunt[0] + ohm[parent[1:] == 0].sum()), abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(1, 40), SHARE)
def test_the_tolerance_is_kept(seed: int, n: int, depth: int, together: float) -> None:
    """Feeders that drop by some hundredths, buses going up and down more or less together: within 1e-8 of the end of all sweeps."""
    rng = np.random.default_rng(seed)
    feeder = tree(rng, n, depth)
    base = rng.uniform(0.0, 1.0, n)
    p = base * (together * rng.uniform(0.0, 1.5, (100, 1)) + (1.0 - together) * rng.exponential(1.0, (100, n)))
    q = p * rng.uniform(-0.1, 0.4)
    impedance = np.hypot(feeder.r, feeder.x)  # reactance alone may make a load impossible
    linear = (impedance * np.hypot(p, q).sum(axis=1, keepdims=True)).sum(axis=1).max()
    p, q = 0.15 * p / linear, 0.15 * q / linear
    found, exact = (radial_flow(feeder, p, q, tolerance=t, currents=False, magnitudes=True) for t in (1e-8, 1e-14))
    assert (exact.steps > 0).all()
    np.testing.assert_allclose(found.level, exact.level, atol=1e-8)


def test_an_impossible_load_is_reported() -> None:
    assert radial_flow(radial([0, 0], [0, 0.5], [0, 0.5]), [[0, 2.0]], [[0, 1.0]], tolerance=1e-10).steps[0] == -1


def test_nothing_drawn_and_loads_that_cancel() -> None:
    """No load, no drop; cases whose mean is nothing have no typical case to begin from."""
    feeder = tree(np.random.default_rng(2), 20)
    found = radial_flow(feeder, np.zeros((40, 20)), np.zeros((40, 20)), source=1.05)
    assert (found.steps == 1).all()
    np.testing.assert_allclose(found.v_re, 1.05, atol=1e-15)
    assert not found.v_im.any()
    assert not found.loss.any()
    assert not found.current.any()
    p = np.where(np.arange(64)[:, None] % 2 == 0, 1.0, -1.0) * np.ones(20)
    found = radial_flow(feeder, p, np.zeros_like(p), magnitudes=True)
    assert (found.steps > 0).all()
    np.testing.assert_allclose(found.level[::2], np.broadcast_to(found.level[0], (32, 20)), atol=1e-8)
    assert found.level[0].min() < 1.0 < found.level[1].max()


@pytest.mark.parametrize("cases", [1, 7, 15, 16, 17, 33])
@pytest.mark.parametrize("n", [2, 7, 8, 9, 17])
def test_any_number_of_cases_and_buses(cases: int, n: int) -> None:
    """Squares of eight that overlap, registers that are not full: each case as it is alone."""
    rng = np.random.default_rng(cases * 100 + n)
    feeder, p = tree(rng, n, 3), rng.uniform(-1.0, 4.0, (cases, n))
    found = radial_flow(feeder, p, 0.4 * p, tolerance=1e-12)
    for c in range(cases):
        alone = radial_flow(feeder, p[c : c + 1], 0.4 * p[c : c + 1], tolerance=1e-12)
        for many, one in zip(found[:4], alone[:4], strict=True):
            np.testing.assert_allclose(many[c : c + 1][: len(one)], one, atol=1e-11)


def test_blocks_lanes_and_threads_change_nothing() -> None:
    """Hours of a year, of which one collapses: threads give the same bits; each hour alone the same voltages within the tolerance."""
    rng = np.random.default_rng(5)
    n, hours = 1200, 531
    feeder = radial(
        [0] + [int(rng.integers(max(0, i - 3), i)) for i in range(1, n)],
        rng.uniform(0, 1e-5, n),
        rng.uniform(0, 5e-6, n),
    )
    p = rng.uniform(-0.2, 1.0, (hours, n)) * rng.uniform(0.1, 0.3, (hours, 1))
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
    there = one.steps > 0
    np.testing.assert_allclose(level[there], np.hypot(one.v_re, one.v_im)[there], atol=1e-8)
