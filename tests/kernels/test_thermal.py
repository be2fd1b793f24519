"""The 5R1C balance against a twin written as nodal balances, closed forms, and its own periodicity."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.thermal import hour, series, trace, typical_days

Floats = npt.NDArray[np.float64]


def twin_hour(
    mass: float, outdoor: float, internal: float, solar: float, heat_at: float, cool_at: float, box: Floats
) -> tuple[float, float, float, float]:
    """One hour of the network of ISO 13790 figure 5, solved as linear balances of its nodes, not by the closed formulas C.4-C.11.

    Unknowns: air, surface, mass at the end of the hour, power. The mass exchanges heat at the mean of its two temperatures
    (Crank-Nicolson), as in C.9.
    """
    h_w, h_em, h_ve, h_is, a_m, a_t, c_m = box
    h_ms = 9.1 * a_m
    to_air = 0.5 * internal
    to_mass = a_m / a_t * (0.5 * internal + solar)
    to_surface = (1 - a_m / a_t - h_w / (9.1 * a_t)) * (0.5 * internal + solar)

    def solve(wanted: float | None) -> tuple[float, float, float, float]:
        a, b = np.zeros((4, 4)), np.zeros(4)
        # air node: ventilation + surfaces + gains + power = 0
        a[0] = [-(h_ve + h_is), h_is, 0, 1]
        b[0] = -(h_ve * outdoor + to_air)
        # surface node
        a[1] = [h_is, -(h_is + h_w + h_ms), h_ms / 2, 0]
        b[1] = -(h_w * outdoor + to_surface + h_ms * mass / 2)
        # mass node
        a[2] = [0, h_ms, -(h_ms + h_em) / 2 - c_m / 3600, 0]
        b[2] = -(h_em * outdoor + to_mass) + (h_ms + h_em) * mass / 2 - c_m / 3600 * mass
        a[3], b[3] = ([0, 0, 0, 1], 0.0) if wanted is None else ([1, 0, 0, 0], wanted)
        air, surface, end, power = np.linalg.solve(a, b)
        return power, end, air, surface

    free = solve(None)
    if free[2] < heat_at:
        return solve(heat_at)
    return solve(cool_at) if free[2] > cool_at else free


BOX = st.builds(
    lambda area, w, em, ve, mass, c: np.array([w * area, em * area, ve * area, 3.45 * 4.5 * area, mass * area, 4.5 * area, c * area]),
    st.floats(15, 3000), st.floats(0.1, 2), st.floats(0.1, 5), st.floats(0.1, 2), st.floats(2.5, 3.5), st.floats(8e4, 3.7e5),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(BOX, st.integers(0, 2**32 - 1))
def test_a_week_equals_the_nodal_twin_hour_by_hour(box: Floats, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 168
    outdoor = rng.uniform(-12, 38) + 6 * np.sin(np.arange(n) * 2 * np.pi / 24) + rng.normal(0, 2, n)
    internal, solar = rng.uniform(0, 8, n) * box[5] / 4.5, rng.uniform(0, 40, n) * box[5] / 4.5
    heat_at, cool_at = rng.choice([16.0, 20.0], n), np.full(n, 26.0)
    need, air = np.empty(n), np.empty(n)
    end = series(18.0, outdoor, internal, solar, heat_at, cool_at, box, need, air)
    mass, scale = 18.0, box[5]
    for t in range(n):
        power, mass, air_twin, _ = twin_hour(mass, outdoor[t], internal[t], solar[t], heat_at[t], cool_at[t], box)
        assert need[t] == pytest.approx(power, rel=1e-9, abs=1e-9 * scale)
        assert air[t] == pytest.approx(air_twin, abs=1e-9)
    assert end == pytest.approx(mass, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(BOX, st.integers(0, 2**32 - 1))
def test_ventilation_by_hour_and_the_balance_of_every_hour(box: Floats, seed: int) -> None:
    """Gains + power = losses + storage, hour by hour, by the temperatures that come out; nodes as the twin has them."""
    rng = np.random.default_rng(seed)
    n = 96
    outdoor = rng.uniform(-12, 38) + rng.normal(0, 4, n)
    internal, solar = rng.uniform(0, 8, n) * box[5] / 4.5, rng.uniform(0, 60, n) * box[5] / 4.5
    heat_at, cool_at = rng.choice([-99.0, 20.0], n), rng.choice([26.0, 99.0], n)
    h_ve = box[2] * rng.uniform(0.2, 6.0, n)
    need, air, surface, masses = (np.empty(n) for _ in range(4))
    assert trace(18.0, outdoor, internal, solar, heat_at, cool_at, h_ve, box, need, air, surface, masses) == masses[-1]
    start = np.concatenate([[18.0], masses[:-1]])
    mean = 0.5 * (start + masses)
    losses = h_ve * (air - outdoor) + box[0] * (surface - outdoor) + box[1] * (mean - outdoor)
    storage = box[6] / 3600.0 * (masses - start)
    # C.2 and C.3 give mass and surfaces all of these gains but the share that windows pass on at once
    gains = internal + solar - box[0] / (9.1 * box[5]) * (0.5 * internal + solar)
    moved = np.abs(gains) + np.abs(need) + np.abs(losses) + np.abs(storage)
    assert np.all(np.abs(gains + need - losses - storage) <= 1e-9 * moved)
    for t in range(n):
        of_hour = np.array([*box[:2], h_ve[t], *box[3:]])
        twin = twin_hour(start[t], outdoor[t], internal[t], solar[t], heat_at[t], cool_at[t], of_hour)
        assert need[t] == pytest.approx(twin[0], rel=1e-9, abs=1e-9 * box[5])
        assert (masses[t], air[t], surface[t]) == pytest.approx(twin[1:], abs=1e-9)


def test_steady_state_is_the_sum_of_losses() -> None:
    """A constant day without gains: heat = (h_ve + h_w in series with h_is...) closed form of the network at rest."""
    h_w, h_em, h_ve, h_is, a_m, a_t, c_m = 30.0, 80.0, 40.0, 1500.0, 250.0, 450.0, 1.6e7
    mass = 15.0
    for _ in range(3000):
        need, mass, air, _ = hour(mass, 0.0, 0.0, 0.0, 20.0, 99.0, h_w, h_em, h_ve, h_is, a_m, a_t, c_m)
    opaque = 1 / (1 / h_em + 1 / (9.1 * a_m))
    inside = 1 / (1 / h_is + 1 / (h_w + opaque))
    assert air == pytest.approx(20.0, abs=1e-9)
    assert need == pytest.approx(20.0 * (h_ve + inside), rel=1e-9)


def test_typical_day_is_periodic_and_equals_many_repeats() -> None:
    rng = np.random.default_rng(3)
    outdoor = 5 + 4 * np.sin(np.arange(24) * 2 * np.pi / 24)[None, :] + np.array([[-6.0], [0.0], [9.0]])
    sun = (
        np.maximum(0, np.sin((np.arange(24) - 6) * np.pi / 12))[None, :, None]
        * np.array([300.0, 80, 150, 400, 150])
        * np.ones((3, 1, 1))
    )
    boxes = np.array([[0.6, 2.5, 0.7, 15.5, 2.5, 4.5, 1.6e5], [0.3, 0.3, 0.4, 15.5, 2.5, 4.5, 3.7e5]])
    aperture = rng.uniform(0, 0.06, (2, 5))
    gains, heat_at = (
        np.full((2, 24), 3.0),
        np.where((np.arange(24) < 6) | (np.arange(24) >= 22), 17.0, 20.0) * np.ones((2, 1)),
    )
    out = typical_days(outdoor, gains, aperture, sun, heat_at, boxes)
    for b in range(2):
        for k in range(3):
            solar = sun[k] @ aperture[b]
            need, air, mass = np.empty(24), np.empty(24), 10.0
            for _ in range(400):
                mass = series(mass, outdoor[k], gains[b], solar, heat_at[b], np.full(24, np.inf), boxes[b], need, air)
            np.testing.assert_allclose(out[b, k], need, atol=1e-7)


def test_better_envelopes_and_warmer_days_need_less() -> None:
    outdoor = np.array([np.full(24, 0.0), np.full(24, 8.0)])
    sun, heat_at = np.zeros((2, 24, 5)), np.full((2, 24), 19.0)
    boxes = np.array([[0.6, 2.5, 0.7, 15.5, 2.5, 4.5, 1.6e5], [0.6, 1.0, 0.7, 15.5, 2.5, 4.5, 1.6e5]])
    need = typical_days(outdoor, np.full((2, 24), 3.0), np.zeros((2, 5)), sun, heat_at, boxes).sum(axis=2)
    assert (need[1] < need[0]).all()
    assert (need[:, 1] < need[:, 0]).all()
