"""PV output against pvlib's PVWatts; self-consumption against a plain twin."""

from __future__ import annotations

import numpy as np
import pvlib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.solar import pv_yield, self_consumption


def test_pv_yield_is_pvlibs_pvwatts() -> None:
    rng = np.random.default_rng(0)
    plane, air = rng.uniform(0, 1150, 500), rng.uniform(-10, 40, 500)
    plane[:20] = 0.0
    got = pv_yield(plane, air, -0.0037, 47.0, 0.14, 0.96)
    cell = pvlib.temperature.ross(plane, air, noct=47.0)
    dc = pvlib.pvsystem.pvwatts_dc(plane, cell, 1.0, -0.0037) * (1 - 0.14)
    # an inverter whose DC rating takes 1 Wp: pdc0 = 1 / 0.96 would give 1 W AC per Wp
    want = pvlib.inverter.pvwatts(dc, 1.0 / 0.96, 0.96)
    np.testing.assert_allclose(got, np.maximum(want, 0.0), atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_self_consumption_equals_the_plain_sum(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    k, kinds = 3, 4
    pv, sun, days = rng.uniform(0, 9, n), rng.uniform(0, 0.8, (k, 24)), rng.uniform(1, 20, k)
    amounts, shapes = rng.uniform(0, 12, (n, 2)), rng.dirichlet(np.ones(24), 2)
    heat, kind, heat_shapes = rng.uniform(0, 100, n), rng.integers(0, kinds, n), rng.uniform(0, 0.05, (kinds, k, 24))
    got = self_consumption(pv, sun, days, amounts, shapes, heat, kind, heat_shapes)
    load = (amounts @ shapes)[:, None, :] + heat[:, None, None] * heat_shapes[kind]
    want = (np.minimum(load, pv[:, None, None] * sun) * days[:, None]).sum(axis=(1, 2))
    np.testing.assert_allclose(got, want, rtol=1e-12)
    assert (got <= pv * (sun.sum(axis=1) * days).sum() * (1 + 1e-12)).all()


def test_more_load_uses_more_and_no_pv_uses_nothing() -> None:
    sun, days = np.full((1, 24), 0.2), np.array([30.0])
    flat = np.full((1, 24), 1 / 24)
    args = (np.zeros(2), np.zeros(2, np.int64), np.zeros((1, 1, 24)))
    used = self_consumption(np.array([3.0, 0.0]), sun, days, np.array([[6.0], [6.0]]), flat, *args)
    assert used[1] == 0.0
    assert used[0] == pytest.approx(6.0 * 30)  # 0.25 kW of load all day, 0.6 kW of sun: all load is covered
