"""Rooftop PV: hourly output of a system, and how much of it is used by the dwelling below."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.jit import kernel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


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


@kernel
def self_consumption(
    pv: FloatArray, sun: FloatArray, days: FloatArray, amounts: FloatArray, shapes: FloatArray,
    heat: FloatArray, heat_kind: IntArray, heat_shapes: FloatArray,
) -> FloatArray:  # fmt: skip
    """Energy that each dwelling with PV uses at once: sum over hours of min(load, production). Returns (n,) [kWh/month].

    ``pv`` (n,) [kWp]; ``sun`` (K, 24) output [kW per kWp]; ``days`` (K,) days that each typical day stands for. Load of hour
    (k, h) = sum over b of ``amounts`` (n, B) [kWh/day] x ``shapes`` (B, 24) [1/h] + ``heat`` (n,) x ``heat_shapes`` (A, K, 24) of
    row ``heat_kind`` (n,) (the product is kWh per hour).
    """
    out = np.zeros(pv.shape[0], np.float64)
    for i in range(pv.shape[0]):
        used = 0.0
        for h in range(24):
            base = 0.0
            for b in range(shapes.shape[0]):
                base += amounts[i, b] * shapes[b, h]
            for k in range(days.shape[0]):
                load = base + heat[i] * heat_shapes[heat_kind[i], k, h]
                used += days[k] * min(load, pv[i] * sun[k, h])
        out[i] = used
    return out
