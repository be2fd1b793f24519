"""Power flow of trees: the backward/forward sweep of powers, sixteen cases side by side.

Branch flow equations (Baran & Wu 1989, IEEE Trans. Power Delivery 4(1)) solved by summing powers (Cespedes 1990, IEEE Trans. Power
Delivery 5(1)). Per unit, with P, Q at the lower end of the branch above a bus, its squared current l and squared voltages v:

    l = (P^2 + Q^2) / v        P, Q = loads of the buses below and r l, x l of the branches between them
    v = v above - 2 (r P + x Q) - (r^2 + x^2) l

Voltages enter through the losses alone. A sweep therefore shrinks errors by about the share of the drop that losses cause, which is
the square of what a sweep of currents achieves (rates: Issicaba & Coelho 2016, IJECE 6(6)), and needs no complex numbers.

What makes it fast:
- Buses stand in depth-first order: those below bus i are i + 1 to ``end[i]`` - 1, so the sum below is the difference of two running
  sums, and nothing is gathered from children.
- 1 / v is carried along and corrected with the change the sweep found (w + w e + (w + w e) e^2, e = 1 - v w) instead of divided anew.
- A bus waits for the one before; two registers of eight cases (:mod:`kernels.lanes`) are taken in turn so that one works meanwhile.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import fused_inline, fused_kernel, kernel
from kernels.lanes import (
    LANES,
    absolute,
    add,
    all_below,
    choose,
    div,
    larger,
    less,
    load,
    more,
    mul,
    same,
    smaller,
    store,
    sub,
)  # fmt: skip

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Cases solved at once.
CASES = 2 * LANES
#: Columns of the work array, LANES numbers each, for the first eight cases; those of the other eight follow after ``SIDE``. Loads of
#: the bus; running sums of loads and losses from the last bus up to this one; 1 / v; v, between the sweeps half the drop of the branch.
P, Q, SUM_P, SUM_Q, W, V = (k * LANES for k in range(6))
SIDE = 6 * LANES
WIDTH = 2 * SIDE
#: Sweeps with corrected 1 / v before all begins anew with quotients.
QUICK = 10


class Tree(NamedTuple):
    """Buses in depth-first order, per unit; one tree or several, each numbered from 0.

    ``place`` (n,) where bus i of the caller's order stands; ``above`` (n,) the bus above, -1 above the first: there is the source;
    ``end`` (n,) bus after the last below; ``r``, ``x``, ``half`` (n,) impedance of the branch above, half its square; ``g``, ``b``
    (n,) shunts.
    """

    place: IntArray
    above: IntArray
    end: IntArray
    r: FloatArray
    x: FloatArray
    half: FloatArray
    g: FloatArray
    b: FloatArray


def tree(first: IntArray, parent: IntArray, r: FloatArray, x: FloatArray, g: FloatArray, b: FloatArray) -> Tree:
    """Trees ``first[s]`` to ``first[s + 1]`` - 1 of buses with ``parent[i] < i``; the first bus's parent is ignored."""
    place, above, end = (np.empty(len(parent), np.int64) for _ in range(3))
    _depth_first(first, parent, place, above, end)
    moved = [np.empty(len(parent)) for _ in range(4)]
    row = place + np.repeat(first[:-1], np.diff(first))
    for to, values in zip(moved, (r, x, g, b), strict=True):
        to[row] = values
    return Tree(place, above, end, moved[0], moved[1], 0.5 * (moved[0] ** 2 + moved[1] ** 2), moved[2], moved[3])


@kernel
def _depth_first(first: IntArray, parent: IntArray, place: IntArray, above: IntArray, end: IntArray) -> None:
    size, free = np.ones(parent.shape[0], np.int64), np.empty(parent.shape[0], np.int64)
    for s in range(first.shape[0] - 1):
        begin, stop = first[s], first[s + 1]
        for i in range(stop - 1, begin, -1):
            size[parent[i]] += size[i]
        for i in range(begin, stop):
            place[i] = free[parent[i]] if i > begin else 0
            if i > begin:
                free[parent[i]] += size[i]
            free[i] = place[i] + 1
            row = begin + place[i]
            above[row] = place[parent[i]] if i > begin else -1
            end[row] = place[i] + size[i]


@fused_kernel
def solve(
    trees: Tree, begin: int, n: int, source: float, shunted: bool, tolerance: float, limit: int, rows: FloatArray, lowest: FloatArray
) -> int:  # fmt: skip
    """Voltages of the tree of ``n`` buses from row ``begin`` on, in CASES cases.

    ``rows`` (n + 1 or more, WIDTH): P, Q and a first guess W are read, the sums of row n are 0; all but P and Q are written.
    ``source`` squared voltage; ``tolerance`` relative, of squared voltages; ``lowest`` (1, CASES) is filled with the lowest squared
    voltage of each case, 0 where ``limit`` sweeps find none. Returns the sweeps.
    """
    used = _settle(trees, begin, n, source, shunted, tolerance, QUICK, False, rows, lowest)
    if not lowest.min() > 0.0:
        for i in range(n):
            rows[i, W : W + LANES] = 1.0 / source
            rows[i, SIDE + W : SIDE + W + LANES] = 1.0 / source
        used = _settle(trees, begin, n, source, shunted, tolerance, limit, True, rows, lowest)
    return used


@fused_kernel
def _settle(
    trees: Tree, begin: int, n: int, source: float, shunted: bool, tolerance: float, limit: int, divided: bool, rows: FloatArray,
    lowest: FloatArray,
) -> int:  # fmt: skip
    """Up and down until what further sweeps would change is within the tolerance in every case."""
    before, before_2 = same(0.0), same(0.0)
    rest, rest_2 = same(0.0), same(0.0)
    sweep, settled = 0, False
    while sweep < limit and not settled:
        up(trees, begin, n, shunted, rows)
        change, change_2 = down(trees, begin, n, source, divided, rows)
        rest, rest_2 = _rest(change, before, tolerance), _rest(change_2, before_2, tolerance)
        settled = all_below(larger(rest, rest_2), same(0.0))
        before, before_2 = change, change_2
        sweep += 1
    _lowest(n, rows, lowest, 0, 0, rest)
    _lowest(n, rows, lowest, SIDE, LANES, rest_2)
    return sweep


@fused_kernel
def up(trees: Tree, begin: int, n: int, shunted: bool, rows: FloatArray) -> None:
    """From the last bus to the first: running sums of loads and losses; half the drop of each branch in the place of v."""
    p, q, p_2, q_2 = same(0.0), same(0.0), same(0.0), same(0.0)
    for i in range(n - 1, -1, -1):
        k = begin + i
        end, r, x, half, g, b = trees.end[k], trees.r[k], trees.x[k], trees.half[k], trees.g[k], trees.b[k]
        p, q = _add_bus(rows, i, 0, end, r, x, half, shunted, g, b, p, q)
        p_2, q_2 = _add_bus(rows, i, SIDE, end, r, x, half, shunted, g, b, p_2, q_2)


@fused_inline
def _add_bus(
    rows: FloatArray, i: int, side: int, end: int, r: float, x: float, half: float, shunted: bool, g: float, b: float,
    sum_p: Any, sum_q: Any,
) -> Any:  # fmt: skip
    """Add a bus and the branch above it to the running sums."""
    p, q, w = load(rows, i, side + P), load(rows, i, side + Q), load(rows, i, side + W)
    if shunted:
        v = div(same(1.0), w)
        p, q = more(p, same(g), v), less(q, same(b), v)
    end_p = add(sum_p, sub(p, load(rows, end, side + SUM_P)))
    end_q = add(sum_q, sub(q, load(rows, end, side + SUM_Q)))
    square = more(mul(end_p, end_p), end_q, end_q)
    sum_p = more(add(sum_p, p), mul(same(r), w), square)
    sum_q = more(add(sum_q, q), mul(same(x), w), square)
    store(rows, i, side + SUM_P, sum_p)
    store(rows, i, side + SUM_Q, sum_q)
    store(rows, i, side + V, more(more(mul(same(r), end_p), same(x), end_q), same(half), mul(square, w)))
    return sum_p, sum_q


@fused_kernel
def down(trees: Tree, begin: int, n: int, source: float, divided: bool, rows: FloatArray) -> Any:
    """From the first bus to the last: voltages. Returns the greatest relative change in each case."""
    v, v_2, change, change_2 = same(source), same(source), same(0.0), same(0.0)
    for i in range(n):
        above = trees.above[begin + i]
        if above != i - 1:
            v, v_2 = load(rows, above, V), load(rows, above, SIDE + V)
        v, change = _drop(rows, i, 0, divided, v, change)
        v_2, change_2 = _drop(rows, i, SIDE, divided, v_2, change_2)
    return change, change_2


@fused_inline
def _drop(rows: FloatArray, i: int, side: int, divided: bool, v: Any, change: Any) -> Any:
    """Voltage of a bus from the one above."""
    v, w = less(v, same(2.0), load(rows, i, side + V)), load(rows, i, side + W)
    off = less(same(1.0), v, w)
    if divided:
        w = div(same(1.0), v)
    else:
        w = more(w, w, off)
        w = more(w, w, mul(off, off))
    store(rows, i, side + V, v)
    store(rows, i, side + W, w)
    return v, larger(absolute(off), change)


@fused_inline
def _rest(change: Any, before: Any, tolerance: float) -> Any:
    """Below zero where further sweeps, each shrinking the change as this one did, would move voltages by less than the tolerance."""
    room = mul(same(tolerance), sub(before, add(change, change)))
    return choose(same(tolerance), change, same(-1.0), sub(mul(change, change), room))


@fused_kernel
def _lowest(n: int, rows: FloatArray, lowest: FloatArray, side: int, where: int, rest: Any) -> None:
    """Lowest squared voltages, 0 in cases that have not settled or not to anything physical."""
    least, total = same(np.inf), same(0.0)
    for i in range(n):
        v = load(rows, i, side + V)
        least, total = smaller(v, least), add(total, v)
    none = same(0.0)
    least = choose(none, rest, larger(least, none), none)
    store(lowest, 0, where, choose(same(np.inf), total, least, none))


@fused_inline
def through(rows: FloatArray, i: int, side: int, end: int) -> Any:
    """Power at the lower end of the branch above a bus, from the sums of the last :func:`up`."""
    p = sub(load(rows, i + 1, side + SUM_P), load(rows, end, side + SUM_P))
    q = sub(load(rows, i + 1, side + SUM_Q), load(rows, end, side + SUM_Q))
    return add(p, load(rows, i, side + P)), add(q, load(rows, i, side + Q))
