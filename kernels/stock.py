"""Every dwelling of a building stock, hour by hour: EN ISO 13790 5R1C, heating system, hot water, appliances, car, photovoltaics.

The network of :mod:`kernels.thermal` with constant conductances is linear, so the air temperature without heating and the mass
temperature an hour later are sums over mass, outdoor air, internal gains, sun and power with coefficients found once. Dwellings are
taken some at a time, side by side (:mod:`kernels.lanes`), some hours at a time, so that a district's hours stay near the processor;
only sums by district and hour and by dwelling are kept. Districts go to threads; the sums are the same with any number.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import fused_inline, fused_kernel
from kernels.lanes import LANES, add, aligned, div, larger, load, more, mul, same, smaller, store, sub
from kernels.thermal import H_MS
from kernels.threads import in_blocks

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Planes of windows (horizontal, north, east, south, west) and of roofs (east, south, west).
WINDOWS, ROOFS = 5, 3
#: Hours that a district's dwellings live through before the next ones.
CHUNK = 36


class Dwellings(NamedTuple):
    """A building stock, (B,) each; powers in W, temperatures in degC, unless said otherwise.

    ``box`` (B, 7) as in :func:`kernels.thermal.series`; ``internal`` gains with everybody at home, ``absent`` what they lose while people
    work away; ``aperture`` (B, 5) effective collecting area [m2]; ``heat_at`` by day, ``night`` and ``away`` how much lower [K];
    ``cool_at`` (inf: no cooling); ``heater`` greatest output; ``efficiency`` of the heating system at 0 degC outdoors and ``warmer`` what
    it gains by K (0 but for heat pumps), at least ``least``; ``electric`` share of the heating that is electricity; ``chiller`` efficiency;
    ``water`` hot water by electricity and ``water_fuel`` otherwise, ``plugs``, ``car``: mean over the year, spread by the hours' shapes;
    ``panels`` (B, 3) [W peak]; ``weight`` real dwellings.
    """

    box: FloatArray
    internal: FloatArray
    absent: FloatArray
    aperture: FloatArray
    heat_at: FloatArray
    night: FloatArray
    away: FloatArray
    cool_at: FloatArray
    heater: FloatArray
    efficiency: FloatArray
    warmer: FloatArray
    least: FloatArray
    electric: FloatArray
    chiller: FloatArray
    water: FloatArray
    water_fuel: FloatArray
    plugs: FloatArray
    car: FloatArray
    panels: FloatArray
    weight: FloatArray


class Hours(NamedTuple):
    """What all dwellings share, (T,) each: ``outdoor`` [degC]; ``windows`` (T, 5) and ``roofs`` (T, 3): irradiance [W/m2] and output of
    panels [W/W peak]; ``asleep`` and ``working`` [0..1]; shapes of mean 1: ``water``, ``plugs``, ``car``."""

    outdoor: FloatArray
    windows: FloatArray
    roofs: FloatArray
    asleep: FloatArray
    working: FloatArray
    water: FloatArray
    plugs: FloatArray
    car: FloatArray


class Year(NamedTuple):
    """Weighted sums by district and hour, (D, T) [W]: heating and cooling need, fuel, electric load, PV output, PV used in the same
    dwelling and hour. ``dwelling`` (B, 6): the same of each dwelling [Wh], not weighted; ``mass`` (B,) its mass temperature at the end.
    """

    heat: FloatArray
    cool: FloatArray
    fuel: FloatArray
    load: FloatArray
    pv: FloatArray
    used: FloatArray
    dwelling: FloatArray
    mass: FloatArray


# Columns of a packed dwelling, LANES numbers each.
(
    MASS, A_MASS, A_OUT, A_IN, A_SUN, PER_K, E_MASS, E_OUT, E_IN, E_SUN, E_POWER, IN, IN_AWAY, SUN0, SUN1, SUN2, SUN3, SUN4, HEAT_AT, NIGHT,
    AWAY, COOL_AT, HEATER, EFFICIENCY, WARMER, LEAST, ELECTRIC, CHILLER, WATER, WATER_FUEL, PLUGS, CAR, PV0, PV1, PV2, WEIGHT, COLUMNS,
) = (LANES * k for k in range(37))  # fmt: skip
# Columns of a packed hour.
H_OUT, H_WIN, H_ROOF, H_ASLEEP, H_WORK, H_WATER, H_PLUGS, H_CAR = 0, 1, 6, 9, 10, 11, 12, 13
SUMS = 6


def live(
    dwellings: Dwellings,
    district: npt.ArrayLike,
    hours: Hours,
    mass: npt.ArrayLike,
    *,
    districts: int,
    threads: int = 1,
) -> Year:
    """The hours of every dwelling, one after the other, from the ``mass`` temperatures (B,) on; ``district`` (B,) 0 to ``districts`` - 1.

    Raises ValueError for an odd number of hours: they are taken two at a time.
    """
    if len(hours.outdoor) % 2:
        raise ValueError(f"{len(hours.outdoor)} hours: an even number is needed")
    where = np.asarray(district, np.int64)
    order = np.argsort(where, kind="stable")
    many = np.bincount(where, minlength=districts)
    blocks = 2 * -(-many // (2 * LANES))
    first = np.concatenate([[0], np.cumsum(blocks)])
    start = np.cumsum(many) - many
    place = np.empty(len(where), np.int64)
    place[order] = first[where[order]] * LANES + np.arange(len(where)) - start[where[order]]
    rows = _packed(dwellings, np.asarray(mass, np.float64), place, int(first[-1]))
    shared = np.column_stack(
        [hours.outdoor, hours.windows, hours.roofs, hours.asleep, hours.working, hours.water, hours.plugs, hours.car]
    )
    shared = np.ascontiguousarray(shared, np.float64)
    out = np.zeros((districts, SUMS, len(shared)))
    each = aligned(len(rows), SUMS * LANES)

    def some(begin: int, end: int) -> None:
        _live(rows, first, shared, begin, end, aligned(CHUNK, SUMS * LANES), out, each)

    in_blocks(some, districts, 1, threads)
    block, lane = place // LANES, place % LANES
    own = np.stack([each[block, k * LANES + lane] for k in range(SUMS)], axis=1)
    heat, cool, fuel, load_, pv, used = (out[:, k] for k in range(SUMS))
    return Year(heat, cool, fuel, load_, pv, used, own, rows[block, MASS + lane])


def responses(box: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How the air and, an hour later, the mass answer to a unit of mass temperature, outdoor temperature, internal gains, sun and power
    to the air: (B, 5) each, K or K/W. EN ISO 13790:2008, C.1 to C.11."""
    h_w, h_em, h_ve, h_is, a_m, a_t, c_m = (box[:, k, None] for k in range(7))
    mass, outdoor, internal, solar, power = np.eye(5)[:, None, :]
    h_ms = H_MS * a_m
    h1 = 1.0 / (1.0 / h_ve + 1.0 / h_is)
    h2 = h1 + h_w
    h3 = 1.0 / (1.0 / h2 + 1.0 / h_ms)
    to_air, rest = 0.5 * internal, 0.5 * internal + solar
    to_mass, to_surface = a_m / a_t * rest, (1.0 - a_m / a_t - h_w / (H_MS * a_t)) * rest
    capacity = c_m / 3600.0
    total = to_mass + h_em * outdoor + h3 * (to_surface + h_w * outdoor + h1 * ((to_air + power) / h_ve + outdoor)) / h2
    end = (mass * (capacity - 0.5 * (h3 + h_em)) + total) / (capacity + 0.5 * (h3 + h_em))
    mean = 0.5 * (mass + end)
    surface = (h_ms * mean + to_surface + h_w * outdoor + h1 * (outdoor + (to_air + power) / h_ve)) / (h_ms + h_w + h1)
    air = (h_is * surface + h_ve * outdoor + to_air + power) / (h_is + h_ve)
    return air, end


def _packed(d: Dwellings, mass: FloatArray, place: IntArray, blocks: int) -> FloatArray:
    """(blocks, COLUMNS): lanes of a district's dwellings; lanes left over are dwellings of weight 0 that need nothing."""
    air, end = responses(np.asarray(d.box, np.float64))
    columns = [
        mass, *air[:, :4].T, 1.0 / air[:, 4], *end.T, d.internal, -np.asarray(d.absent), *np.asarray(d.aperture).T,
        d.heat_at, d.night, d.away,
        d.cool_at, d.heater, d.efficiency, d.warmer, d.least, d.electric, 1.0 / np.asarray(d.chiller), d.water, d.water_fuel, d.plugs,
        d.car, *np.asarray(d.panels).T, d.weight,
    ]  # fmt: skip
    rows = aligned(blocks, COLUMNS)
    rows[:, EFFICIENCY : EFFICIENCY + LANES] = 1.0
    rows[:, COOL_AT : COOL_AT + LANES] = np.inf
    for k, column in enumerate(columns):
        rows[place // LANES, k * LANES + place % LANES] = column
    return rows


@fused_kernel
def _live(
    rows: FloatArray,
    first: IntArray,
    shared: FloatArray,
    begin: int,
    end: int,
    sums: FloatArray,
    out: FloatArray,
    each: FloatArray,
) -> None:
    """Districts ``begin`` to ``end``, a chunk of hours at a time."""
    for d in range(begin, end):
        for start in range(0, shared.shape[0], CHUNK):
            stop = min(start + CHUNK, shared.shape[0])
            sums[:] = 0.0
            for b in range(first[d], first[d + 1], 2):
                _chunk(rows, b, shared, start, stop, sums, each)
            for t in range(start, stop):
                for k in range(SUMS):
                    out[d, k, t] = sums[t - start, k * LANES : (k + 1) * LANES].sum()


@fused_kernel
def _chunk(
    rows: FloatArray, b: int, shared: FloatArray, start: int, stop: int, sums: FloatArray, each: FloatArray
) -> None:
    """Hours ``start`` to ``stop`` of blocks ``b`` and ``b + 1``. Two hours at a time, since what they share is then fetched once;
    two blocks at a time, since an hour waits for the mass temperature of the one before."""
    c = b + 1
    weight, weight_c = load(rows, b, WEIGHT), load(rows, c, WEIGHT)
    for t in range(start, stop, 2):
        one = _hour(rows, b, shared, t, load(rows, b, MASS))
        one_c = _hour(rows, c, shared, t, load(rows, c, MASS))
        two = _hour(rows, b, shared, t + 1, one[0])
        two_c = _hour(rows, c, shared, t + 1, one_c[0])
        store(rows, b, MASS, two[0])
        store(rows, c, MASS, two_c[0])
        row = t - start
        _count(sums, row, each, b, 0, weight, weight_c, one[1], two[1], one_c[1], two_c[1])
        _count(sums, row, each, b, 1, weight, weight_c, one[2], two[2], one_c[2], two_c[2])
        _count(sums, row, each, b, 2, weight, weight_c, one[3], two[3], one_c[3], two_c[3])
        _count(sums, row, each, b, 3, weight, weight_c, one[4], two[4], one_c[4], two_c[4])
        _count(sums, row, each, b, 4, weight, weight_c, one[5], two[5], one_c[5], two_c[5])
        _count(sums, row, each, b, 5, weight, weight_c, one[6], two[6], one_c[6], two_c[6])


@fused_inline
def _hour(rows: FloatArray, b: int, shared: FloatArray, t: int, mass: Any) -> Any:
    """One hour of a block: mass temperature at its end; powers as in :class:`Year`."""
    zero = same(0.0)
    outdoor, working = same(shared[t, H_OUT]), same(shared[t, H_WORK])
    inside = more(load(rows, b, IN), load(rows, b, IN_AWAY), working)
    sun = mul(load(rows, b, SUN0), same(shared[t, H_WIN]))
    for k in range(1, WINDOWS):
        sun = more(sun, load(rows, b, SUN0 + k * LANES), same(shared[t, H_WIN + k]))
    gains_air = more(mul(load(rows, b, A_IN), inside), load(rows, b, A_SUN), sun)
    free = more(more(gains_air, load(rows, b, A_OUT), outdoor), load(rows, b, A_MASS), mass)
    lower = more(mul(load(rows, b, NIGHT), same(shared[t, H_ASLEEP])), load(rows, b, AWAY), working)
    short = sub(sub(load(rows, b, HEAT_AT), lower), free)
    per_k = load(rows, b, PER_K)
    heat = smaller(larger(mul(short, per_k), zero), load(rows, b, HEATER))
    cool = larger(mul(sub(free, load(rows, b, COOL_AT)), per_k), zero)
    gains_mass = more(mul(load(rows, b, E_IN), inside), load(rows, b, E_SUN), sun)
    drift = more(more(gains_mass, load(rows, b, E_OUT), outdoor), load(rows, b, E_MASS), mass)
    mass_after = more(drift, load(rows, b, E_POWER), sub(heat, cool))
    # what the heating system, the taps, the plugs and the car make of it
    efficiency = larger(more(load(rows, b, EFFICIENCY), load(rows, b, WARMER), outdoor), load(rows, b, LEAST))
    final = div(heat, efficiency)
    electric = mul(final, load(rows, b, ELECTRIC))
    water = same(shared[t, H_WATER])
    fuel = more(sub(final, electric), load(rows, b, WATER_FUEL), water)
    used = more(more(electric, load(rows, b, WATER), water), load(rows, b, CHILLER), cool)
    used = more(more(used, load(rows, b, PLUGS), same(shared[t, H_PLUGS])), load(rows, b, CAR), same(shared[t, H_CAR]))
    pv = mul(load(rows, b, PV0), same(shared[t, H_ROOF]))
    for k in range(1, ROOFS):
        pv = more(pv, load(rows, b, PV0 + k * LANES), same(shared[t, H_ROOF + k]))
    return mass_after, heat, cool, fuel, used, pv, smaller(pv, used)


@fused_inline
def _count(
    sums: FloatArray, row: int, each: FloatArray, b: int, which: int, weight: Any, weight_c: Any, one: Any, two: Any,
    one_c: Any, two_c: Any,
) -> None:  # fmt: skip
    """Add what two blocks do in two hours to the hours' sums and to the dwellings'."""
    at = which * LANES
    store(sums, row, at, more(more(load(sums, row, at), weight, one), weight_c, one_c))
    store(sums, row + 1, at, more(more(load(sums, row + 1, at), weight, two), weight_c, two_c))
    store(each, b, at, add(load(each, b, at), add(one, two)))
    store(each, b + 1, at, add(load(each, b + 1, at), add(one_c, two_c)))
