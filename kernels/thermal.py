"""Hourly heat balance of a building: the 5R1C network of EN ISO 13790:2008, annex C.

Five conductances and one capacity: supply air to indoor air (ventilation, ``h_ve``), indoor air to surfaces (``h_is``), outdoor
air to surfaces through windows (``h_w``), surfaces to mass (``h_ms``), mass to outdoor air through opaque parts (``h_em``).
Heating and cooling power is unlimited. All temperatures in degC, conductances in W/K, capacity in J/K, powers in W.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.jit import kernel

FloatArray = npt.NDArray[np.float64]

H_MS = 9.1  #: W/m2K, heat transfer between mass and surfaces, per area of mass (7.2.2.2)
_TEST_POWER = 10.0  #: W, any value gives the same answer because the network is linear (C.4.2 takes 10 W/m2)
_TOLERANCE = 1e-9  #: K, periodic mass temperature
_MAX_DAYS = 200


@kernel
def hour(
    mass: float, outdoor: float, internal: float, solar: float, heat_at: float, cool_at: float,
    h_w: float, h_em: float, h_ve: float, h_is: float, a_m: float, a_t: float, c_m: float,
) -> tuple[float, float, float, float]:  # fmt: skip
    """One hour: heating > 0 or cooling < 0 [W], mass temperature at its end, mean temperatures of air and surfaces [degC].

    ``mass`` [degC] is the mass temperature at the start, ``internal`` and ``solar`` gains [W], ``a_m`` effective mass area,
    ``a_t`` area of all surfaces [m2]. Equation numbers are those of EN ISO 13790:2008.
    """
    h_ms = H_MS * a_m
    h1 = 1.0 / (1.0 / h_ve + 1.0 / h_is)  # C.6
    h2 = h1 + h_w  # C.7
    h3 = 1.0 / (1.0 / h2 + 1.0 / h_ms)  # C.8
    to_air = 0.5 * internal  # C.1
    to_mass = a_m / a_t * (0.5 * internal + solar)  # C.2
    to_surface = (1.0 - a_m / a_t - h_w / (H_MS * a_t)) * (0.5 * internal + solar)  # C.3
    capacity = c_m / 3600.0
    # The network is linear in the power given to the air: air = air_0 + slope * power.
    air_0 = 0.0
    slope = 0.0
    for k in range(2):
        power = k * _TEST_POWER
        total = (
            to_mass + h_em * outdoor + h3 * (to_surface + h_w * outdoor + h1 * ((to_air + power) / h_ve + outdoor)) / h2
        )
        end = (mass * (capacity - 0.5 * (h3 + h_em)) + total) / (capacity + 0.5 * (h3 + h_em))  # C.4, C.5
        mean = 0.5 * (mass + end)  # C.9
        surface = (h_ms * mean + to_surface + h_w * outdoor + h1 * (outdoor + (to_air + power) / h_ve)) / (
            h_ms + h_w + h1
        )  # C.10
        air = (h_is * surface + h_ve * outdoor + to_air + power) / (h_is + h_ve)  # C.11
        if k == 0:
            air_0 = air
        else:
            slope = (air - air_0) / _TEST_POWER
    need = 0.0
    if air_0 < heat_at:
        need = (heat_at - air_0) / slope  # C.13
    elif air_0 > cool_at:
        need = (cool_at - air_0) / slope
    total = to_mass + h_em * outdoor + h3 * (to_surface + h_w * outdoor + h1 * ((to_air + need) / h_ve + outdoor)) / h2
    end = (mass * (capacity - 0.5 * (h3 + h_em)) + total) / (capacity + 0.5 * (h3 + h_em))
    h_up = h1 * (outdoor + (to_air + need) / h_ve)
    surface = (h_ms * 0.5 * (mass + end) + to_surface + h_w * outdoor + h_up) / (h_ms + h_w + h1)
    return need, end, air_0 + slope * need, surface


@kernel
def trace(
    mass: float, outdoor: FloatArray, internal: FloatArray, solar: FloatArray, heat_at: FloatArray, cool_at: FloatArray,
    h_ve: FloatArray, box: FloatArray, need: FloatArray, air: FloatArray, surface: FloatArray, masses: FloatArray,
) -> float:  # fmt: skip
    """Like :func:`series`, with ventilation ``h_ve`` (T,) by hour; also fills ``surface`` and, at the hours' ends, ``masses`` [degC].

    The third value of ``box`` is not read.
    """
    for t in range(outdoor.shape[0]):
        need[t], mass, air[t], surface[t] = hour(
            mass, outdoor[t], internal[t], solar[t], heat_at[t], cool_at[t],
            box[0], box[1], h_ve[t], box[3], box[4], box[5], box[6],
        )  # fmt: skip
        masses[t] = mass
    return mass


@kernel
def series(
    mass: float, outdoor: FloatArray, internal: FloatArray, solar: FloatArray, heat_at: FloatArray, cool_at: FloatArray,
    box: FloatArray, need: FloatArray, air: FloatArray,
) -> float:  # fmt: skip
    """Hours one after the other; fills ``need`` [W] and ``air`` [degC], returns the mass temperature at the end [degC].

    All series are (T,) float64; ``box`` is (h_w, h_em, h_ve, h_is, a_m, a_t, c_m) of one building, see :func:`hour`.
    """
    for t in range(outdoor.shape[0]):
        need[t], mass, air[t], _ = hour(
            mass, outdoor[t], internal[t], solar[t], heat_at[t], cool_at[t],
            box[0], box[1], box[2], box[3], box[4], box[5], box[6],
        )  # fmt: skip
    return mass


@kernel
def typical_days(
    outdoor: FloatArray,
    internal: FloatArray,
    aperture: FloatArray,
    irradiance: FloatArray,
    heat_at: FloatArray,
    boxes: FloatArray,
) -> FloatArray:
    """Heating need of buildings on days that repeat themselves: the periodic answer of each day. Returns (B, K, 24) [W].

    B buildings, K typical days. ``outdoor`` (K, 24) [degC]; ``internal`` (B, 24) [W]; ``aperture`` (B, P) effective
    collecting area by plane [m2] (ISO 13790 11.3.3); ``irradiance`` (K, 24, P) [W/m2]; ``heat_at`` (B, 24) [degC]; ``boxes``
    (B, 7) as in :func:`series`. No cooling. The day maps the mass temperature at midnight to that of the next midnight; the map
    is increasing, piecewise linear and contracting, so secant steps meet its fixed point after a few days.
    """
    n, k = boxes.shape[0], outdoor.shape[0]
    out = np.empty((n, k, 24), np.float64)
    cool_at = np.full(24, np.inf)
    solar = np.empty(24, np.float64)
    air = np.empty(24, np.float64)
    for b in range(n):
        for d in range(k):
            for t in range(24):
                gain = 0.0
                for p in range(aperture.shape[1]):
                    gain += aperture[b, p] * irradiance[d, t, p]
                solar[t] = gain
            x = heat_at[b, 12]
            y = series(x, outdoor[d], internal[b], solar, heat_at[b], cool_at, boxes[b], out[b, d], air)
            before_x, before_y = x, y
            x = y
            for _ in range(_MAX_DAYS):
                y = series(x, outdoor[d], internal[b], solar, heat_at[b], cool_at, boxes[b], out[b, d], air)
                if abs(y - x) < _TOLERANCE:
                    break
                slope = (y - before_y) / (x - before_x) if x != before_x else 0.0
                before_x, before_y = x, y
                x = x + (y - x) / (1.0 - slope) if 0.0 <= slope < 0.999 else y
    return out
