"""Routes of every origin as one prefix tree of links, and the shifting of flow between them.

Path-based gradient projection (Jayakrishnan, Tsai, Prashker & Rajadhyaksha 1994, TRR 1443; the origin-by-origin
Gauss-Seidel order and the column generation follow Xie, Nie & Liu 2018, "A greedy path-based algorithm for traffic assignment",
TRR 2672) with a Newton step per pair of routes. Routes of one origin share their beginnings in a tree: the costs
of all its routes are one pass over an array, two routes split where their branches part, and a stored solution is small.
Flow lives on routes, so conservation of demand does not depend on any order of links, and no bush has to stay acyclic.

Everything of origin ``o`` lies in a segment of its own: tree nodes ``node_first[o] + i``, routes ``path_first[o] + p``, with
local numbers ``i``, ``p``. Tree node 0 is the origin; a parent's number is always smaller than its children's.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.graph import Int32Array, IntArray
from kernels.jit import inline, kernel

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: A route is new only if it beats the known ones by more than rounding.
TIE = 1e-14
#: Route flows below this share of their pair's demand move away whole: residues of 1e-14 would stall every later step.
RESIDUE = 1e-12
#: Newton steps on one pair of routes, and the share of the cost difference at which it is good enough for now.
NEWTON = 4
ENOUGH = 0.1


class Routes(NamedTuple):
    """All routes: see the module's words. ``head`` (Z, Z) first route of a pair or -1, ``next`` (P,) the one after it."""

    node_first: IntArray
    node_used: IntArray
    parent: Int32Array
    link: Int32Array
    child: Int32Array
    sibling: Int32Array
    path_first: IntArray
    path_used: IntArray
    zone: Int32Array
    leaf: Int32Array
    next: Int32Array
    flow: FloatArray
    head: Int32Array


class Supply(NamedTuple):
    """Cost parameters by link: cost = free_time (1 + alpha ((flow + background)/capacity)^beta) + fixed."""

    free_time: FloatArray
    capacity: FloatArray
    alpha: FloatArray
    beta: FloatArray
    fixed: FloatArray
    background: FloatArray


class Load(NamedTuple):
    """What moves: own flow, cost and its derivative by link, all (L,) float64."""

    flow: FloatArray
    cost: FloatArray
    slope: FloatArray


def empty_routes(zones: int, nodes: IntArray, paths: IntArray) -> Routes:
    """No route yet, with room for ``nodes[o]`` tree nodes and ``paths[o]`` routes per origin."""
    node_first, path_first = np.zeros(zones + 1, np.int64), np.zeros(zones + 1, np.int64)
    np.cumsum(nodes, out=node_first[1:])
    np.cumsum(paths, out=path_first[1:])
    total, many = int(node_first[-1]), int(path_first[-1])
    blank = [np.full(total, -1, np.int32) for _ in range(4)]
    rows = [np.full(many, -1, np.int32) for _ in range(3)]
    return Routes(
        node_first,
        np.ones(zones, np.int64),
        blank[0],
        blank[1],
        blank[2],
        blank[3],
        path_first,
        np.zeros(zones, np.int64),
        rows[0],
        rows[1],
        rows[2],
        np.zeros(many),
        np.full((zones, zones), -1, np.int32),
    )


@inline
def price(supply: Supply, load: Load, e: int) -> None:
    """Cost of link ``e`` and its derivative at the present flow. Constant-cost links get slope 0."""
    free = supply.free_time[e]
    rise = free * supply.alpha[e]
    beta = supply.beta[e]
    if rise == 0.0 or beta == 0.0:
        load.cost[e] = free + rise + supply.fixed[e]
        load.slope[e] = 0.0
        return
    ratio = max(load.flow[e] + supply.background[e], 0.0) / supply.capacity[e]
    if beta == 4.0:
        cube = ratio * ratio * ratio
        power = cube * ratio
    else:
        power = ratio**beta
        # a power below 1 has an infinite slope at 0: take it a little above
        cube = max(ratio, 1e-9) ** (beta - 1.0)
    load.cost[e] = free + rise * power + supply.fixed[e]
    load.slope[e] = rise * beta * cube / supply.capacity[e]


@kernel
def price_all(supply: Supply, load: Load) -> None:
    """:func:`price` of every link."""
    for e in range(load.flow.shape[0]):
        price(supply, load, e)


@kernel
def load_flow(routes: Routes, flow: FloatArray) -> None:
    """Link flows from route flows: ``flow`` (L,) is overwritten."""
    flow[:] = 0.0
    volume = np.zeros(max(1, routes.node_used.max()))
    for o in range(routes.head.shape[0]):
        base = routes.node_first[o]
        used = routes.node_used[o]
        volume[:used] = 0.0
        for p in range(routes.path_first[o], routes.path_first[o] + routes.path_used[o]):
            volume[routes.leaf[p]] += routes.flow[p]
        for i in range(used - 1, 0, -1):
            volume[routes.parent[base + i]] += volume[i]
            flow[routes.link[base + i]] += volume[i]


@inline
def label_nodes(routes: Routes, o: int, cost: FloatArray, label: FloatArray) -> None:
    """Cost from the origin to each node of its tree."""
    base = routes.node_first[o]
    label[0] = 0.0
    for i in range(1, routes.node_used[o]):
        label[i] = label[routes.parent[base + i]] + cost[routes.link[base + i]]


@kernel
def insert(
    routes: Routes,
    lo: int,
    hi: int,
    offset: int,
    demand: FloatArray,
    zone_node: Int32Array,
    tail: Int32Array,
    dist: FloatArray,
    pred: Int32Array,
    load: Load,
) -> int:
    """Add the shortest path of every pair of origins ``lo..hi-1`` that beats its known routes; a pair without any is loaded on it.

    ``dist`` (rows, Z) and ``pred`` (rows, n) of the trees, row 0 being origin ``offset``. Returns the first origin that had no room
    left (call again from there with more), or ``hi``.
    """
    zones = demand.shape[0]
    label = np.empty(np.max(routes.node_first[1:] - routes.node_first[:-1]) + 1)
    back = np.empty(pred.shape[1] + 1, np.int32)
    for o in range(lo, hi):
        base = routes.node_first[o]
        rows = routes.path_first[o]
        label_nodes(routes, o, load.cost, label)
        for d in range(zones):
            if d == o or demand[o, d] <= 0.0:
                continue
            best = np.inf
            p = routes.head[o, d]
            while p >= 0:
                best = min(best, label[routes.leaf[rows + p]])
                p = routes.next[rows + p]
            if not dist[o - offset, d] < best * (1.0 - TIE):
                continue
            count = 0
            v = zone_node[d]
            while v != zone_node[o]:
                e = pred[o - offset, v]
                back[count] = e
                count += 1
                v = tail[e]
            used = routes.node_used[o]
            if (
                base + used + count > routes.node_first[o + 1]
                or rows + routes.path_used[o] + 1 > routes.path_first[o + 1]
            ):
                return o
            at = 0
            for k in range(count - 1, -1, -1):
                e = back[k]
                c = routes.child[base + at]
                while c >= 0 and routes.link[base + c] != e:
                    c = routes.sibling[base + c]
                if c < 0:
                    c = used
                    used += 1
                    routes.parent[base + c] = at
                    routes.link[base + c] = e
                    routes.child[base + c] = -1
                    routes.sibling[base + c] = routes.child[base + at]
                    routes.child[base + at] = c
                    label[c] = label[at] + load.cost[e]
                at = c
            routes.node_used[o] = used
            p = routes.path_used[o]
            routes.path_used[o] = p + 1
            routes.zone[rows + p] = d
            routes.leaf[rows + p] = at
            routes.next[rows + p] = routes.head[o, d]
            routes.flow[rows + p] = 0.0
            if routes.head[o, d] < 0:
                routes.flow[rows + p] = demand[o, d]
                for k in range(count):
                    load.flow[back[k]] += demand[o, d]
            routes.head[o, d] = p
    return hi


@inline
def shift(
    routes: Routes,
    base: int,
    source: int,
    target: int,
    demand: float,
    supply: Supply,
    load: Load,
    mark: Int32Array,
    stamp: int,
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
            gain += load.cost[out_link[k]]
            steep += load.slope[out_link[k]]
        for k in range(ins):
            gain -= load.cost[in_link[k]]
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


@kernel
def sweep(routes: Routes, demand: FloatArray, supply: Supply, load: Load, times: int, goal: float) -> float:
    """Shift flow to the cheapest known route of every pair, origin after origin, up to ``times`` times.

    Ends early once the excess cost met during a pass (sum over routes of flow times what it costs more than the pair's
    cheapest known route) is at most ``goal``. Returns the excess of the last pass.
    """
    zones = demand.shape[0]
    deepest = np.max(routes.node_used) + 1
    label = np.empty(deepest)
    out_link = np.empty(deepest, np.int32)
    in_link = np.empty(deepest, np.int32)
    mark = np.zeros(load.flow.shape[0], np.int32)
    stamp = 1
    excess = 0.0
    for _ in range(times):
        excess = 0.0
        for o in range(zones):
            base = routes.node_first[o]
            rows = routes.path_first[o]
            label_nodes(routes, o, load.cost, label)
            for d in range(zones):
                p = routes.head[o, d]
                if p < 0 or routes.next[rows + p] < 0:
                    continue
                best = p
                while p >= 0:
                    if label[routes.leaf[rows + p]] < label[routes.leaf[rows + best]]:
                        best = p
                    p = routes.next[rows + p]
                cheapest = label[routes.leaf[rows + best]]
                p = routes.head[o, d]
                while p >= 0:
                    extra = label[routes.leaf[rows + p]] - cheapest
                    if routes.flow[rows + p] > 0.0 and extra > TIE * cheapest:
                        excess += routes.flow[rows + p] * extra
                        shift(
                            routes,
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
                            stamp = 1
                    p = routes.next[rows + p]
        if excess <= goal:
            break
    return excess


@kernel
def _keep(routes: Routes, keep: BoolArray, number: Int32Array, nodes: IntArray, paths: IntArray) -> None:
    """Mark the tree nodes that routes with flow need and number them anew; counts per origin."""
    for o in range(routes.head.shape[0]):
        base = routes.node_first[o]
        rows = routes.path_first[o]
        keep[base] = True
        for p in range(rows, rows + routes.path_used[o]):
            if routes.flow[p] > 0.0:
                paths[o] += 1
                i = routes.leaf[p]
                while not keep[base + i]:
                    keep[base + i] = True
                    i = routes.parent[base + i]
        for i in range(routes.node_used[o]):
            if keep[base + i]:
                number[base + i] = nodes[o]
                nodes[o] += 1


@kernel
def _copy(old: Routes, keep: BoolArray, number: Int32Array, new: Routes) -> None:
    """Copy kept nodes and routes with flow, in their order."""
    for o in range(old.head.shape[0]):
        a, b = old.node_first[o], new.node_first[o]
        used = 1
        for i in range(1, old.node_used[o]):
            if keep[a + i]:
                new.parent[b + used] = number[a + old.parent[a + i]]
                new.link[b + used] = old.link[a + i]
                used += 1
        new.node_used[o] = used
        a, b = old.path_first[o], new.path_first[o]
        used = 0
        for p in range(old.path_used[o]):
            if old.flow[a + p] > 0.0:
                new.zone[b + used] = old.zone[a + p]
                new.leaf[b + used] = number[old.node_first[o] + old.leaf[a + p]]
                new.flow[b + used] = old.flow[a + p]
                used += 1
        new.path_used[o] = used
    thread(new)


@kernel
def thread(routes: Routes) -> None:
    """Rebuild what only serves searching: children and siblings in the trees, the list of routes of each pair."""
    routes.head[:] = -1
    for o in range(routes.head.shape[0]):
        base = routes.node_first[o]
        rows = routes.path_first[o]
        for i in range(routes.node_used[o]):
            routes.child[base + i] = -1
        for i in range(1, routes.node_used[o]):
            above = routes.parent[base + i]
            routes.sibling[base + i] = routes.child[base + above]
            routes.child[base + above] = i
        for p in range(routes.path_used[o]):
            d = routes.zone[rows + p]
            routes.next[rows + p] = routes.head[o, d]
            routes.head[o, d] = p


def compact(routes: Routes, spare_nodes: int, spare_paths: int, grow: float) -> Routes:
    """Drop routes without flow and the branches only they used; leave room for ``grow`` times as much plus the spare."""
    zones = len(routes.head)
    keep, number = np.zeros(len(routes.parent), np.bool_), np.empty(len(routes.parent), np.int32)
    nodes, paths = np.zeros(zones, np.int64), np.zeros(zones, np.int64)
    _keep(routes, keep, number, nodes, paths)
    room = (grow * nodes).astype(np.int64) + spare_nodes
    new = empty_routes(zones, room, (grow * paths).astype(np.int64) + spare_paths)
    _copy(routes, keep, number, new)
    return new
