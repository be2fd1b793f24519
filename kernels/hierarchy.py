"""Shortest paths between zones by a contraction order made once per graph: customizable contraction hierarchies.

Dibbelt, Strasser & Wagner (2016), "Customizable contraction hierarchies", ACM JEA 21, doi:10.1145/2886843; many
origins swept at once as in PHAST (Delling, Goldberg, Nowatzyk & Werneck 2013, JPDC 73). Nodes are contracted in order of least
degree; each contraction joins all neighbours of the node by arcs. Costs only fill the arcs in (lower triangles,
ascending), so a change of costs needs no new order. A cheapest path then climbs in rank first and descends after,
and both parts are one pass over arrays without a heap.

Nodes where trips may not pass are left out of the order: their links are the way in and out of the search.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.graph import Int32Array, IntArray
from kernels.jit import inline, kernel
from kernels.lanes import add, choose, load, same, smaller, store

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class Hierarchy(NamedTuple):
    """Order and arcs; ranks 0..m-1 are the nodes that may be passed. An arc joins a lower rank to a higher one, both ways.

    ``rank`` (n,) int32, -1 where trips may not pass; arcs of lower end ``r``: rows ``first[r]:first[r + 1]`` of ``low`` = r and ``high``;
    ``triangle`` (T, 3) int32: arcs (v, x), (v, y), (x, y) with v < x < y, ascending in v; ``arc`` (L,) int32 arc of each link, -1
    outside the order; ``climbs`` (L,) bool whether it goes up.
    """

    rank: Int32Array
    first: IntArray
    low: Int32Array
    high: Int32Array
    triangle: Int32Array
    arc: Int32Array
    climbs: BoolArray


class Metric(NamedTuple):
    """Costs of arcs and sums of a second quantity (2, A): row 0 climbing, row 1 descending.

    ``via`` (2, A) int32: the link (>= 0), or triangle t as -t - 2, or -1 where there is no way.
    """

    cost: FloatArray
    second: FloatArray
    via: Int32Array


@inline
def _push(key: IntArray, size: int, value: np.int64) -> int:
    """Binary heap of int64: add ``value``; returns the new size."""
    i = size
    while i > 0 and key[(i - 1) >> 1] > value:
        key[i] = key[(i - 1) >> 1]
        i = (i - 1) >> 1
    key[i] = value
    return size + 1


@inline
def _pop(key: IntArray, size: int) -> int:
    """Binary heap of int64: take out ``key[0]``, after the caller read it; returns the new size."""
    size -= 1
    value = key[size]
    i = 0
    while 2 * i + 1 < size:
        c = 2 * i + 1
        if c + 1 < size and key[c + 1] < key[c]:
            c += 1
        if key[c] >= value:
            break
        key[i] = key[c]
        i = c
    key[i] = value
    return size


@inline
def _merge(pool: Int32Array, a: int, a_len: int, b: int, b_len: int, skip: int, own: int, out: Int32Array) -> int:
    """Union of two ascending lists of the pool without ``skip`` and ``own``; returns its length."""
    i, j, k = 0, 0, 0
    while i < a_len or j < b_len:
        if j >= b_len or (i < a_len and pool[a + i] < pool[b + j]):
            v = pool[a + i]
            i += 1
        else:
            v = pool[b + j]
            if i < a_len and pool[a + i] == v:
                i += 1
            j += 1
        if v != skip and v != own:
            out[k] = v
            k += 1
    return k


@inline
def _longer(row: Int32Array) -> Int32Array:
    """The same row with twice the room."""
    out = np.empty(2 * row.shape[0] + 16, np.int32)
    for i in range(row.shape[0]):
        out[i] = row[i]
    return out


@kernel
def eliminate(start: IntArray, length: Int32Array, lists: Int32Array, member: BoolArray) -> tuple:  # type: ignore[type-arg]
    """Contract the ``member`` nodes in order of least degree (ties: number of the node).

    ``lists[start[u]:start[u] + length[u]]``: ascending neighbours of ``u``, both ways, without itself. Returns (rank (n,) int32, -1
    for others; neighbours left at contraction: first (m + 1,) int64 and their nodes, at least first[m] int32 in rank order).
    """
    n = start.shape[0]
    at, count = start.copy(), length.copy()
    room = length.copy()
    pool = np.empty(4 * lists.shape[0] + 1024, np.int32)
    for i in range(lists.shape[0]):
        pool[i] = lists[i]
    top = lists.shape[0]
    rank = np.full(n, -1, np.int32)
    key = np.empty(8 * n + 16, np.int64)
    size = 0
    m = 0
    for u in range(n):
        if member[u]:
            size = _push(key, size, (np.int64(count[u]) << 32) | np.int64(u))
            m += 1
    first = np.zeros(m + 1, np.int64)
    nodes = np.empty(4 * lists.shape[0] + 16, np.int32)
    out = np.empty(n, np.int32)
    done = 0
    while done < m:
        u = key[0] & 0xFFFFFFFF
        degree = key[0] >> 32
        size = _pop(key, size)
        if rank[u] >= 0 or degree != count[u]:
            continue
        rank[u] = done
        while first[done] + count[u] > nodes.shape[0]:
            nodes = _longer(nodes)
        for k in range(count[u]):
            nodes[first[done] + k] = pool[at[u] + k]
        first[done + 1] = first[done] + count[u]
        done += 1
        for k in range(count[u]):
            x = pool[at[u] + k]
            many = _merge(pool, at[x], count[x], at[u], count[u], u, x, out)
            if many > room[x]:
                room[x] = many + many // 2 + 2
                while top + room[x] > pool.shape[0]:
                    pool = _longer(pool)
                at[x] = top
                top += room[x]
            for i in range(many):
                pool[at[x] + i] = out[i]
            if many != count[x]:
                count[x] = many
                if size == key.shape[0]:  # only stale entries fill it: keep the valid ones
                    size = 0
                    for y in range(n):
                        if member[y] and rank[y] < 0:
                            size = _push(key, size, (np.int64(count[y]) << 32) | np.int64(y))
                else:
                    size = _push(key, size, (np.int64(many) << 32) | np.int64(x))
    return rank, first, nodes


@kernel
def _triangles(first: IntArray, high: Int32Array) -> Int32Array:
    """Lower triangles of the arcs, ascending in their lowest node: (T, 3) arcs (v, x), (v, y), (x, y)."""
    m = first.shape[0] - 1
    total = 0
    for v in range(m):
        d = first[v + 1] - first[v]
        total += d * (d - 1) // 2
    out = np.empty((total, 3), np.int32)
    t = 0
    for v in range(m):
        for a in range(first[v], first[v + 1]):
            x = high[a]
            c = first[x]
            for b in range(a + 1, first[v + 1]):
                while high[c] != high[b]:  # the neighbours of v are joined, both lists ascend
                    c += 1
                out[t, 0] = a
                out[t, 1] = b
                out[t, 2] = c
                t += 1
    return out


def hierarchy(tail: Int32Array, head: Int32Array, n_nodes: int, through: BoolArray) -> Hierarchy:
    """Contraction order and arcs of a road graph; depends on nothing but the graph. ``through`` (n_nodes,) bool."""
    inner = through[tail] & through[head] & (tail != head)
    a, b = tail[inner].astype(np.int64), head[inner].astype(np.int64)
    both = np.unique(np.r_[a * n_nodes + b, b * n_nodes + a])
    near = (both % n_nodes).astype(np.int32)
    length = np.bincount(both // n_nodes, minlength=n_nodes).astype(np.int32)
    start = np.cumsum(length, dtype=np.int64) - length
    rank, first, nodes = eliminate(start, length, near, np.asarray(through, np.bool_))
    m = len(first) - 1
    low = np.repeat(np.arange(m, dtype=np.int32), np.diff(first))
    high = rank[nodes[: first[-1]]]
    order = np.argsort(low.astype(np.int64) * m + high, kind="stable")
    high = np.ascontiguousarray(high[order])
    u, v = rank[tail], rank[head]
    key = np.minimum(u, v).astype(np.int64) * m + np.maximum(u, v)
    arc = np.full(len(tail), -1, np.int32)
    arc[inner] = np.searchsorted(low.astype(np.int64) * m + high, key[inner])
    return Hierarchy(rank, first, low, high, _triangles(first, high), arc, u < v)


@kernel
def customize(h: Hierarchy, cost: FloatArray, second: FloatArray, metric: Metric) -> None:
    """Arc costs from link costs ``cost`` (L,) >= 0, and the sum of ``second`` (L,) along; overwrites ``metric``."""
    metric.cost[:] = np.inf
    metric.second[:] = 0.0
    metric.via[:] = -1
    for e in range(cost.shape[0]):
        a = h.arc[e]
        if a >= 0:
            way = 0 if h.climbs[e] else 1
            if cost[e] < metric.cost[way, a]:
                metric.cost[way, a] = cost[e]
                metric.second[way, a] = second[e]
                metric.via[way, a] = e
    for t in range(h.triangle.shape[0]):
        a, b, c = h.triangle[t, 0], h.triangle[t, 1], h.triangle[t, 2]
        k = metric.cost[1, a] + metric.cost[0, b]
        if k < metric.cost[0, c]:
            metric.cost[0, c] = k
            metric.second[0, c] = metric.second[1, a] + metric.second[0, b]
            metric.via[0, c] = -t - 2
        k = metric.cost[1, b] + metric.cost[0, a]
        if k < metric.cost[1, c]:
            metric.cost[1, c] = k
            metric.second[1, c] = metric.second[1, b] + metric.second[0, a]
            metric.via[1, c] = -t - 2


@kernel
def unpack(h: Hierarchy, metric: Metric, way: int, arc: int, stack: Int32Array, back: Int32Array, count: int) -> int:
    """Append the links of an arc to ``back`` from its end to its beginning; returns the new count."""
    stack[0] = 2 * arc + way
    depth = 1
    while depth > 0:
        depth -= 1
        way, arc = stack[depth] & 1, stack[depth] >> 1
        via = metric.via[way, arc]
        if via >= 0:
            back[count] = via
            count += 1
            continue
        a, b = h.triangle[-via - 2, 0], h.triangle[-via - 2, 1]
        if way == 1:
            a, b = b, a
        stack[depth] = 2 * a + 1  # first down to the middle node ...
        stack[depth + 1] = 2 * b  # ... then up: taken off first, since we go backwards
        depth += 2
    return count


@inline
def climb(h: Hierarchy, metric: Metric, reached: BoolArray, dist: FloatArray, pred: FloatArray) -> None:
    """Relax all climbing arcs from the ``reached`` ranks, for every lane (origin).

    ``dist``, ``pred`` (m, LANES): costs, and arcs as floats, so that both are compared and kept eight at once.
    """
    for r in range(h.first.shape[0] - 1):
        if not reached[r]:
            continue
        here = load(dist, r, 0)
        for a in range(h.first[r], h.first[r + 1]):
            x = h.high[a]
            reached[x] = True
            by_this, known = add(here, same(metric.cost[0, a])), load(dist, x, 0)
            store(pred, x, 0, choose(known, by_this, same(2.0 * a), load(pred, x, 0)))
            store(dist, x, 0, smaller(by_this, known))


@inline
def descend(h: Hierarchy, metric: Metric, wanted: Int32Array, dist: FloatArray, pred: FloatArray) -> None:
    """Relax all descending arcs into the ``wanted`` ranks (descending, closed under going up)."""
    for i in range(wanted.shape[0]):
        r = wanted[i]
        known, by = load(dist, r, 0), load(pred, r, 0)
        for a in range(h.first[r], h.first[r + 1]):
            by_this = add(load(dist, h.high[a], 0), same(metric.cost[1, a]))
            by = choose(known, by_this, same(2.0 * a + 1.0), by)
            known = smaller(by_this, known)
        store(dist, r, 0, known)
        store(pred, r, 0, by)


@kernel
def closure(h: Hierarchy, ranks: Int32Array) -> Int32Array:
    """The given ranks and everything above them, descending: what a search that ends there must settle on its way down."""
    m = h.first.shape[0] - 1
    needed = np.zeros(m, np.bool_)
    for i in range(ranks.shape[0]):
        needed[ranks[i]] = True
    count = 0
    for r in range(m):
        if needed[r]:
            count += 1
            for a in range(h.first[r], h.first[r + 1]):
                needed[h.high[a]] = True
    out = np.empty(count, np.int32)
    for r in range(m):
        if needed[r]:
            count -= 1
            out[count] = r
    return out
