"""Power flow of trees: the backward/forward sweep of powers, sixteen cases side by side.

Branch flow equations (Baran & Wu 1989, IEEE Trans. Power Delivery 4(1)) solved by summing powers (Cespedes 1990, IEEE Trans. Power
Delivery 5(1)). Per unit, with P, Q at the lower end of the branch above a bus, its squared current l and squared voltages v:

    l = (P^2 + Q^2) / v        P, Q: loads of the buses below, r l and x l of the branches between
    v = v above - 2 (r P + x Q) - (r^2 + x^2) l

Voltages enter through the losses alone. A sweep therefore shrinks errors by about twice the share of voltage that losses cost (some
thousandths; rates: Issicaba & Coelho 2016, IJECE 6(6)), where a sweep of currents shrinks them by about the drop itself, and it needs
no complex numbers. Beyond the greatest load that can be carried there is no fixed point, and voltages do not settle.

What makes it fast: buses stand in depth-first order, so that along a chain the powers stay in registers and memory is asked only at
forks; a bus waits for the one below, so two registers of eight cases (:mod:`kernels.lanes`) are taken in turn, one working while the
other waits; half the drop takes the place of v on the way up and gives it back on the way down, to keep the work array small.
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
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Cases solved at once.
CASES = 2 * LANES
#: Columns of the work array, LANES numbers each: loads of the bus; v, or half the drop to it; 1 / v; powers gathered from branches
#: below but the first (squared current after :func:`flows`). Those of the other eight cases follow after ``SIDE``.
P, Q, V, W, FORK_P, FORK_Q = (k * LANES for k in range(6))
SIDE = 6 * LANES
WIDTH = 2 * SIDE
#: Squared current of the branch above, once :func:`flows` has been called.
CURRENT = FORK_P
#: Sweeps end with what is left below this share of the tolerance, since rates are those of the greatest changes only; or with a change
#: below that share, or that of rounding.
MARGIN, SLIGHT, ROUNDING = 0.25, 0.05, 1e-15
#: What a bus is to the one above: its only or first branch, the last, one between. What is below it: one branch at most, or several.
FIRST, LAST, BETWEEN, SEVERAL = 0, 1, 2, 4


class Tree(NamedTuple):
    """Buses in depth-first order, per unit; one tree or several, each numbered from 0.

    ``place`` (n,) where bus i of the caller's order stands; ``above`` (n,) the bus above, -1 for the first: there is the source;
    ``role`` (n,) see :data:`FIRST`; ``r``, ``x``, ``half`` (n,) impedance of the branch above, half its square; ``g``, ``b`` (n,) shunts.
    """

    place: IntArray
    above: IntArray
    role: IntArray
    r: FloatArray
    x: FloatArray
    half: FloatArray
    g: FloatArray
    b: FloatArray


def tree(first: IntArray, parent: IntArray, r: FloatArray, x: FloatArray, g: FloatArray, b: FloatArray) -> Tree:
    """Trees of the buses first[s] to first[s + 1] - 1 where ``parent[i] < i``; the first bus's parent is ignored."""
    n = len(parent)
    place, above, role = (np.empty(n, np.int64) for _ in range(3))
    trees = Tree(place, above, role, *(np.empty(n) for _ in range(5)))
    _depth_first(first, parent, (r, x, g, b), trees)
    return trees


@kernel
def _depth_first(first: IntArray, parent: IntArray, branches: tuple[FloatArray, ...], out: Tree) -> None:
    size, free = np.ones(parent.shape[0], np.int64), np.empty(parent.shape[0], np.int64)
    r, x, g, b = branches
    for s in range(first.shape[0] - 1):
        begin, stop = first[s], first[s + 1]
        for i in range(stop - 1, begin, -1):
            size[parent[i]] += size[i]
        for i in range(begin, stop):
            place, above = 0, -1
            if i > begin:
                place, above = free[parent[i]], out.place[parent[i]]
                free[parent[i]] += size[i]
            row = begin + place
            out.place[i], out.above[row], out.role[row], free[i] = place, above, FIRST, place + 1
            if i > begin:
                more_to_come = free[parent[i]] < above + size[parent[i]]
                if place > above + 1:
                    out.role[row] += BETWEEN if more_to_come else LAST
                elif more_to_come:
                    out.role[begin + above] += SEVERAL
            out.r[row], out.x[row], out.half[row] = r[i], x[i], 0.5 * (r[i] * r[i] + x[i] * x[i])
            out.g[row], out.b[row] = g[i], b[i]


@fused_kernel
def settle(
    trees: Tree, begin: int, n: int, source: float, shunted: bool, tolerance: float, limit: int, rows: FloatArray, rest: FloatArray
) -> int:  # fmt: skip
    """Sweep the tree of ``n`` buses from row ``begin`` on until what further sweeps would change is within the tolerance.

    ``rows`` (n or more, WIDTH): P, Q and a first W are read, V and W written. ``source`` squared voltage; ``tolerance`` relative, of
    squared voltages. ``rest`` (1, CASES) is below 0 in cases that have settled within ``limit`` sweeps. Returns the sweeps.
    """
    before, before_2 = same(0.0), same(0.0)
    sweep, settled = 0, False
    while sweep < limit and not settled:
        up(trees, begin, n, shunted, False, rows)
        change, change_2 = _down(trees, begin, n, source, rows)
        rest_1, rest_2 = _rest(change, before, tolerance), _rest(change_2, before_2, tolerance)
        store(rest, 0, 0, rest_1)
        store(rest, 0, LANES, rest_2)
        settled = all_below(larger(rest_1, rest_2), same(0.0))
        before, before_2 = change, change_2
        sweep += 1
    return sweep


@fused_inline
def _rest(change: Any, before: Any, tolerance: float) -> Any:
    """Below 0 where sweeps are done: if each further one shrank the change as the last one did, all of them would make up less than
    ``MARGIN`` of the tolerance; or where it is next to nothing. A change above 1 says nothing about rates."""
    room = mul(same(MARGIN * tolerance), sub(smaller(before, same(1.0)), change))
    return choose(same(SLIGHT * tolerance + ROUNDING), change, same(-1.0), sub(mul(change, change), room))


@fused_kernel
def sound(n: int, rows: FloatArray, rest: FloatArray) -> bool:
    """Whether all cases have settled, and to squared voltages above 0; ``rest`` (1, CASES) is made 1 where one has not."""
    least, least_2, total, total_2 = same(np.inf), same(np.inf), same(0.0), same(0.0)
    for i in range(n):
        v, v_2 = load(rows, i, V), load(rows, i, SIDE + V)
        least, least_2, total, total_2 = smaller(v, least), smaller(v_2, least_2), add(total, v), add(total_2, v_2)
    _judge(least, total, rest, 0)
    _judge(least_2, total_2, rest, LANES)
    return all_below(load(rest, 0, 0), same(0.0)) and all_below(load(rest, 0, LANES), same(0.0))


@fused_inline
def _judge(least: Any, total: Any, rest: FloatArray, where: int) -> None:
    none, one = same(0.0), same(1.0)
    physical = choose(least, none, choose(same(np.inf), total, load(rest, 0, where), one), one)
    store(rest, 0, where, choose(none, physical, physical, one))


@fused_kernel
def flows(trees: Tree, begin: int, n: int, shunted: bool, rows: FloatArray) -> None:
    """Powers at the lower ends of branches, shunts included, in the place of loads, and squared currents; voltages stay."""
    up(trees, begin, n, shunted, True, rows)


@fused_kernel
def up(trees: Tree, begin: int, n: int, shunted: bool, kept: bool, rows: FloatArray) -> None:
    """From the last bus to the first: powers and losses; half the drop of each branch or, to be ``kept``, what :func:`flows` says."""
    none = same(0.0)
    p, q, p_2, q_2 = none, none, none, none
    for i in range(n - 1, -1, -1):
        k = begin + i
        role, branch = trees.role[k], (trees.r[k], trees.x[k], trees.half[k], trees.g[k], trees.b[k])
        if role & SEVERAL:
            p, q = add(p, load(rows, i, FORK_P)), add(q, load(rows, i, FORK_Q))
            p_2, q_2 = add(p_2, load(rows, i, SIDE + FORK_P)), add(q_2, load(rows, i, SIDE + FORK_Q))
        p, q = _through(rows, i, 0, branch, shunted, kept, p, q)
        p_2, q_2 = _through(rows, i, SIDE, branch, shunted, kept, p_2, q_2)
        if role & (LAST | BETWEEN):
            fork = trees.above[k]
            if role & BETWEEN:
                p, q = add(p, load(rows, fork, FORK_P)), add(q, load(rows, fork, FORK_Q))
                p_2, q_2 = add(p_2, load(rows, fork, SIDE + FORK_P)), add(q_2, load(rows, fork, SIDE + FORK_Q))
            store(rows, fork, FORK_P, p)
            store(rows, fork, FORK_Q, q)
            store(rows, fork, SIDE + FORK_P, p_2)
            store(rows, fork, SIDE + FORK_Q, q_2)
            p, q, p_2, q_2 = none, none, none, none


@fused_inline
def _through(
    rows: FloatArray, i: int, side: int, branch: Any, shunted: bool, kept: bool, below_p: Any, below_q: Any
) -> Any:  # fmt: skip
    """Powers into the branch above a bus, from those into the branches below."""
    r, x, half, g, b = branch
    w = load(rows, i, side + W)
    p, q = add(below_p, load(rows, i, side + P)), add(below_q, load(rows, i, side + Q))
    if shunted:
        v = div(same(1.0), w)
        p, q = more(p, same(g), v), less(q, same(b), v)
    square = more(mul(p, p), q, q)
    if kept:
        store(rows, i, side + P, p)
        store(rows, i, side + Q, q)
        store(rows, i, side + CURRENT, mul(square, w))
    else:
        store(rows, i, side + V, more(more(mul(same(r), p), same(x), q), same(half), mul(square, w)))
    # with r w and x w made beforehand, what the next bus waits for is two operations shorter than by the current
    return more(p, mul(same(r), w), square), more(q, mul(same(x), w), square)


@fused_kernel
def _down(trees: Tree, begin: int, n: int, source: float, rows: FloatArray) -> Any:
    """From the first bus to the last: voltages. Returns the greatest relative change in each case."""
    v, v_2, change, change_2 = same(source), same(source), same(0.0), same(0.0)
    for i in range(n):
        above = trees.above[begin + i]
        if above != i - 1:
            v, v_2 = load(rows, above, V), load(rows, above, SIDE + V)
        v, change = _drop(rows, i, 0, v, change)
        v_2, change_2 = _drop(rows, i, SIDE, v_2, change_2)
    return change, change_2


@fused_inline
def _drop(rows: FloatArray, i: int, side: int, v: Any, change: Any) -> Any:
    """Voltage of a bus from the one above."""
    one = same(1.0)
    v = less(v, same(2.0), load(rows, i, side + V))
    change = larger(absolute(less(one, v, load(rows, i, side + W))), change)
    store(rows, i, side + V, v)
    store(rows, i, side + W, div(one, v))
    return v, change
