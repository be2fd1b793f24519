"""Roofs and batteries of a building stock's blocks: what panels give, what the dwelling uses of it, what its battery keeps.

Irradiance on the roof's own plane (Hay-Davies, exact for any tilt and direction), PVWatts version 5 for the rest (Dobos 2014,
NREL/TP-6A20-62641), the same as :func:`kernels.solar.pv_yield`. Batteries serve their own dwelling: they take what it does not use and
give it back when it lacks, as fast as they can.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kernels import stockrows as col
from kernels.jit import fused_inline, fused_kernel
from kernels.lanes import LANES, add, larger, load, more, mul, same, smaller, store, sub

FloatArray = npt.NDArray[np.float64]

#: PVWatts 5: modules' temperature coefficient [1/K], losses before the inverter [share], inverter's nominal efficiency; usual NOCT [degC].
COEFFICIENT, LOSSES, INVERTER, NOCT = -0.0037, 0.14, 0.96, 47.0
_PART = INVERTER / 0.9637  # PVWatts eq. 11: efficiency at part load over nominal, -0.0162 load - 0.0059 / load + 0.9858
PER_HOUR = (
    0.5  #: of its size a battery takes or gives an hour at most: 5 kW for 10 kWh (assumption, usual home batteries)
)
KEEPS = 0.90  #: of what a battery takes it gives back (assumption, lithium-ion with inverter 85 to 95 %)


@fused_kernel
def roofs(
    rows: FloatArray, b: int, shared: FloatArray, start: int, stop: int, stand: float, sums: FloatArray, loads: FloatArray,
    each: FloatArray,
) -> None:  # fmt: skip
    """Hours ``start`` to ``stop`` of blocks ``b`` and ``b + 1``; ``loads`` (hours, 2 LANES) [W] are their heating and cooling."""
    for side in range(2):
        c = b + side
        weight, stored = load(rows, c, col.WEIGHT), load(rows, c, col.STORED)
        made, own, put = same(0.0), same(0.0), same(0.0)
        for t in range(start, stop):
            row = t - start
            pv = _output(rows, c, shared, t)
            need = load(loads, row, side * LANES)
            for k in range(col.STEADY):
                need = more(need, load(rows, c, col.WATER + k * LANES), same(shared[t, col.H_WATER + k]))
            direct = smaller(pv, need)
            fastest = mul(load(rows, c, col.BATTERY), same(PER_HOUR))
            room = mul(sub(load(rows, c, col.BATTERY), stored), same(1.0 / KEEPS))
            taken = smaller(smaller(sub(pv, direct), fastest), room)
            given = smaller(smaller(sub(need, direct), fastest), stored)
            stored = sub(more(stored, taken, same(KEEPS)), given)
            used, kept = add(direct, given), sub(taken, given)
            made, own, put = add(made, pv), add(own, used), add(put, kept)
            store(sums, row, col.S_PV, more(load(sums, row, col.S_PV), weight, pv))
            store(sums, row, col.S_USED, more(load(sums, row, col.S_USED), weight, used))
            store(sums, row, col.S_KEPT, more(load(sums, row, col.S_KEPT), weight, kept))
        store(rows, c, col.STORED, stored)
        stands = same(stand)
        store(each, c, col.S_PV, more(load(each, c, col.S_PV), stands, made))
        store(each, c, col.S_USED, more(load(each, c, col.S_USED), stands, own))
        store(each, c, col.S_KEPT, more(load(each, c, col.S_KEPT), stands, put))


@fused_inline
def _output(rows: FloatArray, b: int, shared: FloatArray, t: int) -> Any:
    """Output of the panels [W]."""
    facing = mul(load(rows, b, col.N_EAST), same(shared[t, col.H_BEAM_EAST]))
    facing = more(facing, load(rows, b, col.N_NORTH), same(shared[t, col.H_BEAM_NORTH]))
    up = load(rows, b, col.N_UP)
    facing = larger(more(facing, up, same(shared[t, col.H_BEAM_UP])), same(0.0))
    sky = mul(add(same(1.0), up), same(shared[t, col.H_ISO]))
    plane = add(facing, more(sky, sub(same(1.0), up), same(shared[t, col.H_GROUND])))
    warmer = more(same(shared[t, col.H_AIR] - 25.0), plane, same((NOCT - 20.0) / 800.0))
    direct = mul(mul(plane, same(1e-3 * (1.0 - LOSSES))), more(same(1.0), warmer, same(COEFFICIENT)))
    # part * direct with the quotient multiplied out
    bent = more(same(0.9858 * _PART), direct, same(-0.0162 * INVERTER * _PART))
    output = larger(sub(mul(direct, bent), same(0.0059 * _PART / INVERTER)), same(0.0))
    return mul(smaller(output, same(1.0)), load(rows, b, col.PANELS))
