"""Rooftop PV: hourly output of a system (a stock's roofs and what dwellings use of them: :mod:`kernels.roofs`)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.jit import kernel

FloatArray = npt.NDArray[np.float64]


@kernel
def pv_yield(
    plane: FloatArray, air: FloatArray, temperature_coefficient: float, noct: float, losses: float, inverter: float
) -> FloatArray:
    """AC output per installed power [W/Wp] of each hour, after PVWatts version 5 (Dobos 2014, NREL/TP-6A20-62641).

    ``plane`` (T,) irradiance on the modules [W/m2], ``air`` (T,) [degC], ``temperature_coefficient`` of power [1/K] (negative),
    ``noct`` nominal operating cell temperature [degC] (cell = air + plane / 800 (noct - 20)), ``losses`` before the inverter
    [share], ``inverter`` nominal efficiency [share] of an inverter sized to the modules (part load after PVWatts, eq. 11).
    """
    out = np.zeros(plane.shape[0], np.float64)
    for i in range(plane.shape[0]):
        cell = air[i] + plane[i] / 800.0 * (noct - 20.0)
        dc = plane[i] / 1000.0 * (1.0 + temperature_coefficient * (cell - 25.0)) * (1.0 - losses)
        load = dc * inverter  # of the inverter's rated DC input, 1 / inverter per Wp
        if load > 0.0:
            part = inverter / 0.9637 * (-0.0162 * load - 0.0059 / load + 0.9858)
            out[i] = min(1.0, max(0.0, dc * part))
    return out
