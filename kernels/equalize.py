"""Shifting flow between the known routes of every pair until they cost the same.

Path-based gradient projection (Jayakrishnan, Tsai, Prashker & Rajadhyaksha 1994, TRR 1443), origin after origin as in
Xie, Nie & Liu (2018), "A greedy path-based algorithm for traffic assignment", TRR 2672, with Newton steps on each pair of routes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernels.graph import Int32Array, IntArray
from kernels.jit import inline, kernel
from kernels.routes import FloatArray, Routes, deepest

#: Cost differences below this share are rounding.
TIE = 1e-14
#: Route flows below this share of their pair's demand move away whole: residues of 1e-14 would stall every later step.
RESIDUE = 1e-12
#: Routes that could gain less than this share of the goal, spread evenly over all routes, wait for a later pass.
IDLE = 0.05
#: Rows that could gain less than this share of the goal, spread evenly over all rows, are left alone until the next search.
REST = 0.05
#: Newton steps on one pair of routes, and the share of the cost difference at which it is good enough for now.
NEWTON = 4
ENOUGH = 0.1


class Supply(NamedTuple):
    """Cost parameters by link, all (L,) but ``fixed`` (G, L), which differs by cost group.

    cost of group g = free_time (1 + alpha ((flow + background)/capacity)^beta) + fixed[g]; ``flow`` of all groups together.
    """

    free_time: FloatArray
    capacity: FloatArray
    alpha: FloatArray
    beta: FloatArray
    fixed: FloatArray
    background: FloatArray


class Load(NamedTuple):
    """What moves, float64: flow of all groups (L,); flow and cost by group (G, L); the costs' common derivative (L,).

    ``by_group`` is that of the last load; while flow is shifted only ``flow`` follows.
    """

    flow: FloatArray
    by_group: FloatArray
    cost: FloatArray
    slope: FloatArray


@inline
def price(supply: Supply, load: Load, e: int) -> None:
    """Costs of link ``e`` and their derivative at the present flow. Constant-cost links get slope 0."""
    free = supply.free_time[e]
    rise = free * supply.alpha[e]
    beta = supply.beta[e]
    if rise == 0.0 or beta == 0.0:
        time = free + rise
        load.slope[e] = 0.0
    else:
        ratio = max(load.flow[e] + supply.background[e], 0.0) / supply.capacity[e]
        if beta == 4.0:
            cube = ratio * ratio * ratio
            power = cube * ratio
        else:
            power = ratio**beta
            # a power below 1 has an infinite slope at 0: take it a little above
            cube = max(ratio, 1e-9) ** (beta - 1.0)
        time = free + rise * power
        load.slope[e] = rise * beta * cube / supply.capacity[e]
    for g in range(load.cost.shape[0]):
        load.cost[g, e] = time + supply.fixed[g, e]


@kernel
def price_all(supply: Supply, load: Load) -> None:
    """:func:`price` of every link."""
    for e in range(load.flow.shape[0]):
        price(supply, load, e)


@inline
def _add(total: float, rest: float, value: float) -> tuple[float, float]:
    """One step of Neumaier's sum (1974, ZAMM 54): total and what rounding took from it."""
    new = total + value
    if abs(total) >= abs(value):
        rest += (total - new) + value
    else:
        rest += (value - new) + total
    return new, rest


@kernel
def sums(load: Load, demand: FloatArray, least: FloatArray) -> tuple[float, float]:
    """Total cost of the flows by group, and of ``demand`` (R, Z) at the costs ``least`` (R, Z): their difference is the gap.

    Compensated, since a gap of 1e-12 is looked for.
    """
    total, rest = 0.0, 0.0
    for g in range(load.cost.shape[0]):
        for e in range(load.flow.shape[0]):
            if load.by_group[g, e] > 0.0:
                total, rest = _add(total, rest, load.by_group[g, e] * load.cost[g, e])
    asked, left = 0.0, 0.0
    for o in range(demand.shape[0]):
        for d in range(demand.shape[1]):
            if demand[o, d] > 0.0:
                asked, left = _add(asked, left, demand[o, d] * least[o, d])
    return total + rest, asked + left


@inline
def shift(
    routes: Routes,
    group: int,
    base: int,
    source: int,
    target: int,
    demand: float,
    supply: Supply,
    load: Load,
    mark: Int32Array,
    stamp: int | np.int64,
    out_link: Int32Array,
    in_link: Int32Array,
) -> None:
    """Move flow from route ``source`` to the cheaper ``target`` by Newton steps on their cost difference.

    Only links that one of the two uses alone are touched: equal ends are cut off, then both branches are climbed to where
    they part (the larger number is the deeper node), and links met on both are left out.
    """
    i, j = routes.leaf[source], routes.leaf[target]
    while i > 0 and j > 0 and i != j and routes.link[base + i] == routes.link[base + j]:
        i, j = routes.parent[base + i], routes.parent[base + j]
    outs, ins = 0, 0
    while i != j:
        if i > j:
            out_link[outs] = routes.link[base + i]
            mark[routes.link[base + i]] = stamp
            outs += 1
            i = routes.parent[base + i]
        else:
            in_link[ins] = routes.link[base + j]
            ins += 1
            j = routes.parent[base + j]
    kept = 0
    for k in range(ins):
        e = in_link[k]
        if mark[e] == stamp:
            mark[e] = stamp + 1  # on both: no change there
        else:
            in_link[kept] = e
            kept += 1
    ins, kept = kept, 0
    for k in range(outs):
        if mark[out_link[k]] == stamp:
            out_link[kept] = out_link[k]
            kept += 1
    outs = kept

    whole = routes.flow[source]
    moved, first_gain = 0.0, 0.0
    for step in range(NEWTON):
        gain, steep = 0.0, 0.0
        for k in range(outs):
            gain += load.cost[group, out_link[k]]
            steep += load.slope[out_link[k]]
        for k in range(ins):
            gain -= load.cost[group, in_link[k]]
            steep += load.slope[in_link[k]]
        if step == 0:
            first_gain = gain
            if gain <= 0.0:
                break
        elif abs(gain) <= ENOUGH * first_gain:
            break
        if steep > 0.0:
            change = min(max(gain / steep, -moved), whole - moved)
        else:
            change = whole - moved if gain > 0.0 else -moved
        if whole - moved - change < RESIDUE * demand:
            change = whole - moved
        if change == 0.0:
            break
        moved = whole if change == whole - moved else moved + change
        for k in range(outs):
            load.flow[out_link[k]] -= change
            price(supply, load, out_link[k])
        for k in range(ins):
            load.flow[in_link[k]] += change
            price(supply, load, in_link[k])
    routes.flow[source] = whole - moved
    routes.flow[target] += moved


class _Contested(NamedTuple):
    """What a pass must look at: pairs with several known routes, and the tree nodes on those routes, parents first.

    Row ``o`` has destinations ``zone[zone_first[o]:zone_first[o + 1]]`` and nodes ``node[node_first[o]:node_first[o + 1]]``.
    """

    zone_first: IntArray
    zone: Int32Array
    node_first: IntArray
    node: Int32Array


@kernel
def _contested(routes: Routes) -> _Contested:
    """See :class:`_Contested`."""
    rows, zones = routes.head.shape
    zone_first, node_first = np.zeros(rows + 1, np.int64), np.zeros(rows + 1, np.int64)
    zone = np.empty(routes.path_used.sum(), np.int32)
    node = np.empty(routes.node_used.sum(), np.int32)
    wanted = np.zeros(deepest(routes.node_used), np.bool_)
    pairs, nodes = 0, 0
    for o in range(rows):
        base, first = routes.node_first[o], routes.path_first[o]
        for d in range(zones):
            p = routes.head[o, d]
            if p < 0 or routes.next[first + p] < 0:
                continue
            zone[pairs] = d
            pairs += 1
            while p >= 0:
                i = routes.leaf[first + p]
                while i > 0 and not wanted[i]:
                    wanted[i] = True
                    i = routes.parent[base + i]
                p = routes.next[first + p]
        for i in range(1, routes.node_used[o]):
            if wanted[i]:
                node[nodes] = i
                nodes += 1
                wanted[i] = False
        zone_first[o + 1], node_first[o + 1] = pairs, nodes
    return _Contested(zone_first, zone, node_first, node)


@kernel
def sweep(routes: Routes, demand: FloatArray, supply: Supply, load: Load, times: int, goal: float) -> float:
    """Shift flow to the cheapest known route of every pair, row after row, up to ``times`` times; ``demand`` (R, Z).

    Ends early once the excess cost met during a pass (sum over routes of flow times what it costs more than the pair's
    cheapest known route) is at most ``goal``. Returns the excess of the last pass.
    """
    origins, zones = demand.shape
    room = deepest(routes.node_used)
    label = np.empty(room)
    out_link = np.empty(room, np.int32)
    in_link = np.empty(room, np.int32)
    mark = np.zeros(load.flow.shape[0], np.int32)
    stamp = np.int64(1)
    excess = 0.0
    many = 0
    for o in range(origins):
        many += routes.path_used[o]
    tiny = IDLE * goal / max(1, many)
    left = np.full(origins, np.inf)
    contested = _contested(routes)
    label[0] = 0.0
    for _ in range(times):
        excess = 0.0
        for o in range(origins):
            if left[o] < REST * goal / origins:
                excess += left[o]
                continue
            before = excess
            group = o // zones
            base = routes.node_first[o]
            rows = routes.path_first[o]
            for k in range(contested.node_first[o], contested.node_first[o + 1]):
                i = contested.node[k]
                label[i] = label[routes.parent[base + i]] + load.cost[group, routes.link[base + i]]
            for k in range(contested.zone_first[o], contested.zone_first[o + 1]):
                d = contested.zone[k]
                p = routes.head[o, d]
                best = p
                while p >= 0:
                    if label[routes.leaf[rows + p]] < label[routes.leaf[rows + best]]:
                        best = p
                    p = routes.next[rows + p]
                cheapest = label[routes.leaf[rows + best]]
                p = routes.head[o, d]
                while p >= 0:
                    extra = label[routes.leaf[rows + p]] - cheapest
                    gain = routes.flow[rows + p] * extra
                    excess += gain
                    if gain > tiny and extra > TIE * cheapest:
                        shift(
                            routes,
                            group,
                            base,
                            rows + p,
                            rows + best,
                            demand[o, d],
                            supply,
                            load,
                            mark,
                            stamp,
                            out_link,
                            in_link,
                        )
                        stamp += 2
                        if stamp > 2147483000:
                            mark[:] = 0
                            stamp = np.int64(1)
                    p = routes.next[rows + p]
            left[o] = excess - before
        if excess <= goal:
            break
    return excess
