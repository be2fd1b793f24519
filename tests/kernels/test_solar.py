"""PV output against pvlib's PVWatts; self-consumption against a plain twin."""

from __future__ import annotations

import numpy as np
import pvlib

from kernels.solar import pv_yield


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
