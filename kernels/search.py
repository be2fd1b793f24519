"""Cheapest routes between all zones on a contraction order, entered among the known routes where they beat them.

Origins are searched in blocks of :data:`kernels.lanes.LANES` side by side; a block writes only rows and segments of its own origins, so any
number of threads gives the same bits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernels.graph import Int32Array, IntArray, star
from kernels.hierarchy import Hierarchy, Metric, climb, closure, descend, hierarchy, unpack
from kernels.jit import inline, kernel
from kernels.lanes import LANES
from kernels.routes import BoolArray, FloatArray, Routes, add_route, cheapest_known, label_nodes
from kernels.threads import in_blocks

#: Rows times nodes from which starting threads takes less time than it saves.
WORTH_THREADS = 50_000
#: A route is new only if it beats the known ones by more than rounding.
TIE = 1e-14


class Terminals(NamedTuple):
    """Ways between zones and ranks: zone ``z`` has rows ``first[z]:first[z + 1]`` of ``rank`` and ``link``.

    A zone on a node that may be passed has one row, its rank and link -1. Otherwise one row per link; rank -1 for a link
    that joins two nodes that may not be passed.
    """

    first: IntArray
    rank: Int32Array
    link: Int32Array


class Prepared(NamedTuple):
    """What a search needs of the graph besides costs; see :func:`prepare`."""

    order: Hierarchy
    leave: Terminals
    enter: Terminals
    wanted: Int32Array
    tail: Int32Array
    zone_node: Int32Array


def prepare(tail: Int32Array, head: Int32Array, n_nodes: int, zone_node: Int32Array, through: BoolArray) -> Prepared:
    """Contraction order and ways in and out, for every later search on this graph whatever its costs.

    ``tail``, ``head`` (L,) nodes; ``zone_node`` (Z,); ``through`` (n_nodes,) bool. 45 ms for 70,000 links.
    """
    tail, head = np.ascontiguousarray(tail, np.int32), np.ascontiguousarray(head, np.int32)
    zone_node, through = np.ascontiguousarray(zone_node, np.int32), np.asarray(through, np.bool_)
    order = hierarchy(tail, head, n_nodes, through)
    leave = _terminals(tail, head, n_nodes, zone_node, order.rank)
    enter = _terminals(head, tail, n_nodes, zone_node, order.rank)
    wanted = closure(order, np.unique(enter.rank[enter.rank >= 0]))
    return Prepared(order, leave, enter, wanted, tail, zone_node)


def _terminals(near: Int32Array, far: Int32Array, n_nodes: int, zone_node: Int32Array, rank: Int32Array) -> Terminals:
    """Ways out of each zone when ``near`` is the tail, ways in when it is the head."""
    outer = star(near, far, n_nodes)
    inside = rank[zone_node] >= 0
    count = np.where(inside, 1, np.diff(outer.first)[zone_node])
    first = np.zeros(len(zone_node) + 1, np.int64)
    np.cumsum(count, out=first[1:])
    row = np.arange(first[-1]) - np.repeat(first[:-1], count) + np.repeat(outer.first[zone_node], count)
    direct = np.repeat(inside, count)
    own = np.repeat(rank[zone_node], count)
    link = np.full(first[-1], -1, np.int32)
    link[~direct] = outer.link[row[~direct]]
    return Terminals(first, np.where(direct, own, rank[far[link]]).astype(np.int32), link)


@inline
def set_out(
    p: Prepared, o: int, k: int, cost: FloatArray, reached: BoolArray, dist: FloatArray, pred: FloatArray
) -> None:
    """Put origin ``o`` into lane ``k``: its entry row ``j`` is remembered as -j - 2."""
    for j in range(p.leave.first[o], p.leave.first[o + 1]):
        r, e = p.leave.rank[j], p.leave.link[j]
        c = 0.0 if e < 0 else cost[e]
        if r >= 0 and c < dist[r, k]:
            dist[r, k] = c
            pred[r, k] = -j - 2
            reached[r] = True


@inline
def nearest(p: Prepared, o: int, d: int, k: int, cost: FloatArray, dist: FloatArray) -> tuple:  # type: ignore[type-arg]
    """Cheapest cost from origin ``o`` (lane ``k``) to zone ``d``, and the row of ``enter`` it comes by (-1: same node, -2: no way)."""
    best, row = np.inf, -2
    if p.zone_node[o] == p.zone_node[d]:
        return 0.0, -1
    for j in range(p.enter.first[d], p.enter.first[d + 1]):
        r, e = p.enter.rank[j], p.enter.link[j]
        c = 0.0 if e < 0 else cost[e]
        if r >= 0:
            c = dist[r, k] + c
        elif p.tail[e] != p.zone_node[o]:
            continue
        if c < best:
            best, row = c, j
    return best, row


@inline
def _trace(
    p: Prepared, metric: Metric, row: int, k: int, second: FloatArray, pred: FloatArray, chain: Int32Array
) -> tuple:  # type: ignore[type-arg]
    """Length of the route that enters by ``row``, and its arcs backwards in ``chain``; returns (length, arcs, first link or -1)."""
    if row < 0:
        return 0.0, 0, -1
    r, e = p.enter.rank[row], p.enter.link[row]
    length = 0.0 if e < 0 else second[e]
    count = 0
    if r < 0:
        return length, 0, -1
    while pred[r, k] >= 0:
        step = int(pred[r, k])
        a, way = step >> 1, step & 1
        chain[count] = step
        count += 1
        length += metric.second[way, a]
        r = p.order.low[a] if way == 0 else p.order.high[a]
    start = p.leave.link[-int(pred[r, k]) - 2]
    if start >= 0:
        length += second[start]
    return length, count, start


@kernel
def search_block(
    p: Prepared,
    metric: Metric,
    cost: FloatArray,
    second: FloatArray,
    rows: Int32Array,
    demand: FloatArray,
    routes: Routes,
    enter: bool,
    lengths: bool,
    out_cost: FloatArray,
    out_second: FloatArray,
    full: BoolArray,
) -> None:
    """:func:`search` for at most :data:`LANES` rows."""
    m = p.order.first.shape[0] - 1
    zones = demand.shape[1]
    dist = np.full((m, LANES), np.inf)
    pred = np.full((m, LANES), -1.0)
    reached = np.zeros(m, np.bool_)
    chain = np.empty(2 * m + 2, np.int32)
    stack = np.empty(m + 2, np.int32)
    back = np.empty(cost.shape[0] + 2, np.int32)
    room = 0
    for k in range(rows.shape[0]):
        room = max(room, routes.node_first[rows[k] + 1] - routes.node_first[rows[k]])
    label = np.empty(room)
    for k in range(rows.shape[0]):
        set_out(p, rows[k] % zones, k, cost, reached, dist, pred)
    climb(p.order, metric, reached, dist, pred)
    descend(p.order, metric, p.wanted, dist, pred)
    for k in range(rows.shape[0]):
        o = rows[k]
        zone = o % zones
        label_nodes(routes, o, cost, label)
        for d in range(zones):
            if d == zone:
                out_cost[o, d] = 0.0
                out_second[o, d] = 0.0
                continue
            best, row = nearest(p, zone, d, k, cost, dist)
            out_cost[o, d] = best
            if best == np.inf:
                out_second[o, d] = np.inf
                continue
            if demand[o, d] <= 0.0:
                if lengths:
                    out_second[o, d], _, _ = _trace(p, metric, row, k, second, pred, chain)
                continue
            if not enter or full[o] or not best < cheapest_known(routes, o, d, label) * (1.0 - TIE):
                continue
            _, arcs, start = _trace(p, metric, row, k, second, pred, chain)
            count = 0
            if row >= 0 and p.enter.link[row] >= 0:
                back[0] = p.enter.link[row]
                count = 1
            for i in range(arcs):
                count = unpack(p.order, metric, chain[i] & 1, chain[i] >> 1, stack, back, count)
            if start >= 0:
                back[count] = start
                count += 1
            if not add_route(routes, o, d, back, count, demand[o, d], cost, label):
                full[o] = True


def search(
    p: Prepared,
    metric: Metric,
    cost: FloatArray,
    second: FloatArray,
    rows: Int32Array,
    demand: FloatArray,
    routes: Routes,
    out_cost: FloatArray,
    out_second: FloatArray,
    full: BoolArray,
    threads: int,
    *,
    enter: bool = True,
    lengths: bool = False,
) -> None:
    """Cheapest routes from the origins of ``rows`` (of one cost group) to all zones at link costs ``cost`` (L,), already in ``metric``.

    Fills rows of ``out_cost`` (R, Z), inf without a way. With ``enter`` a route of a pair with ``demand`` (R, Z) that beats the known ones
    is added to ``routes``; ``full`` (R,) marks rows that had no room for all of theirs. With ``lengths`` the sum of ``second`` along
    the cheapest way goes to ``out_second`` (R, Z) for the pairs without demand.
    """

    def block(start: int, stop: int) -> None:
        search_block(
            p, metric, cost, second, rows[start:stop], demand, routes, enter, lengths, out_cost, out_second, full
        )

    many = len(rows) * len(p.order.rank)
    in_blocks(block, len(rows), LANES, threads if many > WORTH_THREADS else 1)
