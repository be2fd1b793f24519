"""Every dwelling of a building stock, hour by hour: EN ISO 13790 5R1C, heating and cooling systems, hot water, cooking, plugs, cars.

The network of :mod:`kernels.thermal` with constant conductances is linear, so the air temperature without heating and the mass
temperature an hour later are sums over mass, outdoor air, internal gains, sun and power with coefficients found once. Dwellings are
taken some at a time, side by side (:mod:`kernels.lanes`), a spell of hours at a time, so that a group's hours stay near the processor;
only sums by group and hour and by dwelling are kept. Groups go to threads; the sums are the same with any number. Roofs and batteries
follow each spell, for the blocks that have any (:mod:`kernels.roofs`).

Hours are either lived one after the other, or in typical days that repeat themselves: a day maps the mass temperature at midnight to that
of the next midnight, increasing and nearly linear, so that two days tell where it rests; the third is counted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kernels import stockrows as col
from kernels.jit import fused_inline, fused_kernel
from kernels.lanes import LANES, add, aligned, div, larger, load, more, mul, same, smaller, store, sub
from kernels.roofs import roofs
from kernels.stockrows import Dwellings, Hours, Lived, Packed, pack, shared_hours
from kernels.threads import in_blocks

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Hours of consecutive ones that a group's dwellings live through before the next ones.
CHUNK = 36
DAY = 24
#: Greatest slope of the map from midnight to midnight that is believed: the secant would overshoot beyond.
STEEPEST = 0.95


def live(
    dwellings: Dwellings,
    group: npt.ArrayLike,
    hours: Hours,
    *,
    groups: int,
    weight: npt.ArrayLike | None = None,
    typical: bool = False,
    threads: int = 1,
) -> Lived:
    """The hours of every dwelling from ``dwellings.mass`` on; ``group`` (B,) 0 to ``groups`` - 1, any partition: districts, say.

    ``typical``: days of 24 hours that repeat themselves, each standing for ``weight`` (T / 24,) days in the sums by dwelling; the mass
    temperatures are first guesses. Otherwise hours follow one another; ``weight`` then is one for all. Sums by group and hour are
    not weighted by days. Raises ValueError for an odd number of hours (they are taken two at a time) and for days that are not whole.
    """
    count = len(hours.outdoor)
    spell = DAY if typical else CHUNK
    if count % 2 or (typical and count % DAY):
        raise ValueError(f"{count} hours: {'whole days are' if typical else 'an even number is'} needed")
    spells = -(-count // spell)
    stands = np.ones(spells) if weight is None else np.ascontiguousarray(np.broadcast_to(weight, spells), np.float64)
    packed = pack(dwellings, np.asarray(group, np.int64), groups, threads)
    shared = shared_hours(hours)
    out = np.zeros((groups, col.SUMS, count))
    each = aligned(len(packed.rows), col.EACH * LANES)

    def some(begin: int, end: int) -> None:
        scratch = aligned(spell, col.SUMS * LANES), aligned(spell, 2 * LANES)
        _live(packed.rows, packed.first, packed.roofed, shared, begin, end, spell, stands, typical, *scratch, out, each)

    in_blocks(some, groups, 1, threads)
    _add_steady(packed, shared, stands.repeat(spell)[:count] if typical else np.full(count, stands[0]), out, each)
    # lanes last, then one gather of whole rows: nine strided ones take three times as long
    own = each.reshape(-1, col.EACH, LANES).transpose(0, 2, 1).reshape(-1, col.EACH)[packed.place]
    heat, warm, fuel, cool, all_of_it, pv, used, kept = (out[:, k] for k in range(col.SUMS))
    end = packed.rows[:, col.MASS : col.MASS + LANES].ravel()[packed.place]
    return Lived(heat, warm, fuel, cool, all_of_it, pv, used, kept, own, end)


def _add_steady(packed: Packed, shared: FloatArray, stands: FloatArray, out: FloatArray, each: FloatArray) -> None:
    """All electricity: heating and cooling, which are in, and the uses of a fixed shape, whose sums need no hour of a dwelling."""
    shapes = shared[:, col.H_WATER : col.H_WATER + col.STEADY]
    columns = packed.rows[:, col.WATER : col.WATER + col.STEADY * LANES].reshape(-1, col.STEADY, LANES)
    weight = packed.rows[:, col.WEIGHT : col.WEIGHT + LANES]
    of_block = np.einsum("bkl,bl->bk", columns, weight)
    totals = np.array(
        [of_block[a:b].sum(axis=0) for a, b in zip(packed.first[:-1], packed.first[1:], strict=True)]
    ).reshape(-1, col.STEADY)
    out[:, 4] = out[:, 1] + out[:, 3] + totals @ shapes.T
    load = each.reshape(-1, col.EACH, LANES)
    load[:, 4] = load[:, 1] + load[:, 3] + np.einsum("bkl,k->bl", columns, stands @ shapes)


@fused_kernel
def _live(
    rows: FloatArray, first: IntArray, roofed: IntArray, shared: FloatArray, begin: int, end: int, spell: int, stands: FloatArray,
    typical: bool, sums: FloatArray, loads: FloatArray, out: FloatArray, each: FloatArray,
) -> None:  # fmt: skip
    """Groups ``begin`` to ``end``, a spell of hours at a time. Blocks ``first[d]`` to ``roofed[d]`` of a group have roofs."""
    for d in range(begin, end):
        for start in range(0, shared.shape[0], spell):
            stop = min(start + spell, shared.shape[0])
            stand = stands[start // spell]
            sums[:] = 0.0
            for b in range(first[d], first[d + 1], 2):
                if typical:
                    _rest(rows, b, shared, start, stop)
                _spell(rows, b, shared, start, stop, stand, sums, loads, each)
                if b < roofed[d]:
                    roofs(rows, b, shared, start, stop, stand, sums, loads, each)
            for t in range(start, stop):
                for k in range(col.SUMS):
                    out[d, k, t] = sums[t - start, k * LANES : (k + 1) * LANES].sum()


@fused_kernel
def _rest(rows: FloatArray, b: int, shared: FloatArray, start: int, stop: int) -> None:
    """Mass temperatures of blocks ``b`` and ``b + 1`` at which a day that repeats itself begins: one secant step over two days."""
    c = b + 1
    x, x_c = load(rows, b, col.MASS), load(rows, c, col.MASS)
    _day(rows, b, shared, start, stop)
    y, y_c = load(rows, b, col.MASS), load(rows, c, col.MASS)
    _day(rows, b, shared, start, stop)
    store(rows, b, col.MASS, _secant(x, y, load(rows, b, col.MASS)))
    store(rows, c, col.MASS, _secant(x_c, y_c, load(rows, c, col.MASS)))


@fused_kernel
def _day(rows: FloatArray, b: int, shared: FloatArray, start: int, stop: int) -> None:
    """Bring the mass temperatures of two blocks through some hours."""
    for t in range(start, stop):
        store(rows, b, col.MASS, _balance(rows, b, shared, t, load(rows, b, col.MASS))[0])
        store(rows, b + 1, col.MASS, _balance(rows, b + 1, shared, t, load(rows, b + 1, col.MASS))[0])


@fused_inline
def _secant(x: Any, y: Any, z: Any) -> Any:
    """Where ``x -> y -> z`` leads: the slope is (z - y) / (y - x), 0 where nothing moves (0 / 0 is no number, and then 0 is larger)."""
    moved = sub(z, y)
    slope = smaller(larger(div(moved, sub(y, x)), same(0.0)), same(STEEPEST))
    return more(z, moved, div(slope, sub(same(1.0), slope)))


@fused_kernel
def _spell(
    rows: FloatArray, b: int, shared: FloatArray, start: int, stop: int, stand: float, sums: FloatArray, loads: FloatArray,
    each: FloatArray,
) -> None:  # fmt: skip
    """Hours ``start`` to ``stop`` of blocks ``b`` and ``b + 1``. Two hours at a time, since what they share is then fetched once;
    two blocks at a time, since an hour waits for the mass temperature of the one before."""
    c = b + 1
    weight, weight_c = load(rows, b, col.WEIGHT), load(rows, c, col.WEIGHT)
    stands = same(stand)
    for t in range(start, stop, 2):
        one, one_c = (
            _hour(rows, b, shared, t, load(rows, b, col.MASS)),
            _hour(rows, c, shared, t, load(rows, c, col.MASS)),
        )
        two, two_c = _hour(rows, b, shared, t + 1, one[0]), _hour(rows, c, shared, t + 1, one_c[0])
        store(rows, b, col.MASS, two[0])
        store(rows, c, col.MASS, two_c[0])
        row = t - start
        _count(sums, row, each, b, col.S_HEAT, weight, weight_c, stands, one[1], two[1], one_c[1], two_c[1])
        _count(sums, row, each, b, col.S_WARM, weight, weight_c, stands, one[2], two[2], one_c[2], two_c[2])
        _count(sums, row, each, b, col.S_FUEL, weight, weight_c, stands, one[3], two[3], one_c[3], two_c[3])
        _count(sums, row, each, b, col.S_COOL, weight, weight_c, stands, one[4], two[4], one_c[4], two_c[4])
        _total(each, b, col.S_HOT, stands, add(one[5], two[5]), add(one_c[5], two_c[5]))
        store(loads, row, 0, add(one[2], one[4]))
        store(loads, row + 1, 0, add(two[2], two[4]))
        store(loads, row, LANES, add(one_c[2], one_c[4]))
        store(loads, row + 1, LANES, add(two_c[2], two_c[4]))


@fused_inline
def _balance(rows: FloatArray, b: int, shared: FloatArray, t: int, mass: Any) -> Any:
    """One hour of the network: mass temperature at its end, heating and cooling [W], air temperature without either."""
    zero = same(0.0)
    outdoor, working = same(shared[t, col.H_AIR]), same(shared[t, col.H_WORKING])
    east, north = same(shared[t, col.H_EAST]), same(shared[t, col.H_NORTH])
    way = int(shared[t, col.H_OPEN])  # to the answers with windows open, or none
    inside = more(load(rows, b, col.IN), load(rows, b, col.IN_AWAY), working)
    # the beam on the main facade and on the one to its right; those opposite see what is below zero
    ahead = more(mul(load(rows, b, col.SIN), east), load(rows, b, col.COS), north)
    aside = sub(mul(load(rows, b, col.COS), east), mul(load(rows, b, col.SIN), north))
    sun = more(
        mul(load(rows, b, col.ASUM), same(shared[t, col.H_DIFFUSE])), load(rows, b, col.B_FRONT), larger(ahead, zero)
    )
    sun = more(sun, load(rows, b, col.B_RIGHT), larger(aside, zero))
    sun = more(more(sun, load(rows, b, col.B_BACK), ahead), load(rows, b, col.B_LEFT), aside)
    free = more(
        more(mul(load(rows, b, col.A_IN + way), inside), load(rows, b, col.A_SUN + way), sun),
        load(rows, b, col.A_OUT + way),
        outdoor,
    )
    free = more(free, load(rows, b, col.A_MASS + way), mass)
    lower = more(mul(load(rows, b, col.NIGHT), same(shared[t, col.H_ASLEEP])), load(rows, b, col.AWAY), working)
    lower = more(lower, load(rows, b, col.RELIEF), same(shared[t, col.H_SHORT]))
    per_k = load(rows, b, col.PER_K + way)
    short = sub(sub(load(rows, b, col.HEAT_AT), lower), free)
    heat = smaller(larger(mul(short, per_k), zero), load(rows, b, col.HEATER))
    cool = larger(mul(sub(free, load(rows, b, col.COOL_AT)), per_k), zero)
    drift = more(
        more(mul(load(rows, b, col.E_IN + way), inside), load(rows, b, col.E_SUN + way), sun),
        load(rows, b, col.E_OUT + way),
        outdoor,
    )
    drift = more(drift, load(rows, b, col.E_MASS + way), mass)
    return more(drift, load(rows, b, col.E_POWER + way), sub(heat, cool)), heat, cool, free


@fused_inline
def _hour(rows: FloatArray, b: int, shared: FloatArray, t: int, mass: Any) -> Any:
    """One hour of a block: mass temperature at its end; heat, electricity and fuel for it, electricity for cooling, kelvins too hot."""
    mass_after, heat, cool, free = _balance(rows, b, shared, t, mass)
    final = mul(heat, more(load(rows, b, col.PER_HEAT), load(rows, b, col.PUMP), same(shared[t, col.H_PUMP])))
    warm = mul(final, load(rows, b, col.ELECTRIC))
    chill = mul(load(rows, b, col.CHILLER), cool)
    hot = larger(sub(smaller(free, load(rows, b, col.COOL_AT)), same(col.HOT_ABOVE)), same(0.0))
    return mass_after, heat, warm, sub(final, warm), chill, hot


@fused_inline
def _count(
    sums: FloatArray, row: int, each: FloatArray, b: int, at: int, weight: Any, weight_c: Any, stands: Any, one: Any, two: Any,
    one_c: Any, two_c: Any,
) -> None:  # fmt: skip
    """Add what two blocks do in two hours to the hours' sums and to the dwellings'."""
    store(sums, row, at, more(more(load(sums, row, at), weight, one), weight_c, one_c))
    store(sums, row + 1, at, more(more(load(sums, row + 1, at), weight, two), weight_c, two_c))
    _total(each, b, at, stands, add(one, two), add(one_c, two_c))


@fused_inline
def _total(each: FloatArray, b: int, at: int, stands: Any, some: Any, some_c: Any) -> None:
    """Add the spell of two blocks to the dwellings' sums."""
    store(each, b, at, more(load(each, b, at), stands, some))
    store(each, b + 1, at, more(load(each, b + 1, at), stands, some_c))


__all__ = ["Dwellings", "Hours", "Lived", "live"]
