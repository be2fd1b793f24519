"""Emission curves against NumPy's polynomials; the published curves themselves are held in tests/sim/systems/test_emissions.py."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial.polynomial import polyval

from kernels.curves import weighted_curves

SPEED = np.linspace(12.0, 130.0, 60)


@given(st.integers(0, 10_000), st.integers(0, 5))
def test_curves_are_quotients_of_polynomials_never_below_zero(seed: int, many: int) -> None:
    rng = np.random.default_rng(seed)
    table, share = rng.normal(size=(many, 6)) * [1.0, 0.01, 0.1, 1e-4, 1e-3, 1.0], rng.random(many)
    expected = np.zeros(len(SPEED))
    for (a, b, c, d, e, f), part in zip(table, share, strict=True):
        # both sides times v: (f + a v + c v^2 + e v^3) / (v + b v^2 + d v^3)
        expected += part * np.maximum(polyval(SPEED, [f, a, c, e]) / polyval(SPEED, [0.0, 1.0, b, d]), 0.0)
    np.testing.assert_allclose(weighted_curves(table, share, SPEED), expected, rtol=1e-6, atol=1e-9)
