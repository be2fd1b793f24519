"""Class and origin flows that do not depend on the solver: the condition of proportionality.

User equilibrium fixes total flows; how classes and origins share equally cheap ways it leaves open. The condition: wherever two segments
of equal cost join the same two nodes, travellers of every origin and class are split between them in the same proportions (Bar-Gera &
Boyce 1999; Bar-Gera, Boyce & Nie 2012, Transportation Research B 46, 440-462). The most likely of all route flows with these totals
obeys it (maximum entropy user equilibrium: Rossi, McNeil & Hendrickson 1989, Transportation Research B 23), and is unique.

Its route flows are products of one factor per link, so each row (cost group, origin) is loaded on its equally cheap links as in Dial
(1971), with log factors that make the totals those of the equilibrium: the dual, convex, minimised by a limited-memory quasi-Newton
method (Nocedal & Wright 2006, algorithm 7.5).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernels.graph import Int32Array, IntArray, Star, star
from kernels.jit import kernel
from kernels.paths import tree
from kernels.routes import BoolArray, FloatArray

#: Costs of ways that differ by less than this share are equal; links with less flow [PCU/h] are not used.
EQUAL, UNUSED = 1e-6, 1e-9
#: Largest error of a total at which to stop [PCU/h], loadings at most, pairs of the quasi-Newton memory.
ENOUGH, MOST, MEMORY = 1e-5, 3000, 24


class Proportional(NamedTuple):
    """Result of :func:`proportional`: ``flow`` (K, L) of each class [PCU/h], ``residual`` the largest difference of their sum from the
    equilibrium's flow on a link [PCU/h], ``loadings`` how many were made."""

    flow: FloatArray
    residual: float
    loadings: int


class _Bushes(NamedTuple):
    """Equally cheap links of each row, by head, heads in the order in which they are reached: ``link[first[r]:first[r + 1]]``."""

    first: IntArray
    link: Int32Array


def proportional(
    total: FloatArray, tail: Int32Array, head: Int32Array, zone_node: Int32Array, through: BoolArray, cost: FloatArray,
    demand: FloatArray, group: IntArray, *, equal: float = EQUAL, enough: float = ENOUGH, most: int = MOST,
) -> Proportional:  # fmt: skip
    """The most likely flows of all classes with the totals of an equilibrium.

    Args:
        total: (L,) flow of all classes together [PCU/h].
        tail, head: (L,) nodes; zone_node: (Z,); through: (N,) False where trips may start or end but not pass.
        cost: (G, L) of each cost group at the equilibrium.
        demand: (K, Z, Z) of each class [PCU/h], only between zones that a way joins.
        group: (K,) cost group of each class.
        equal: relative difference below which costs of ways are equal; enough: error of totals at which to stop; most: loadings.
    """
    ends = np.ascontiguousarray(tail, np.int32), np.ascontiguousarray(head, np.int32)
    zones = np.ascontiguousarray(zone_node, np.int64)
    classes, n = np.ascontiguousarray(demand, np.float64).copy(), len(zones)
    classes[:, np.arange(n), np.arange(n)] = 0.0
    rows = np.zeros((len(cost), n, n))
    np.add.at(rows, group, classes)
    trips = rows.reshape(-1, n)
    bushes = _bushes(
        trips, ends, zones, np.ascontiguousarray(through, np.bool_), np.ascontiguousarray(cost), total, equal
    )
    factor, residual, loadings = _fit(trips, ends, zones, bushes, total, len(through), enough, most)
    flow = np.zeros((len(classes), len(total)))
    for k, g in enumerate(group.tolist()):
        mine = _Bushes(bushes.first[g * n : (g + 1) * n + 1], bushes.link)
        _load(classes[k], *ends, zones, mine, factor, len(through), flow[k])
    return Proportional(flow, residual, loadings)


def _fit(
    trips: FloatArray, ends: tuple[Int32Array, Int32Array], zones: IntArray, bushes: _Bushes, total: FloatArray, n_nodes: int,
    enough: float, most: int,
) -> tuple[FloatArray, float, int]:  # fmt: skip
    """(L,) log factors whose loading has the totals, the largest error left, loadings made."""
    free = np.flatnonzero(total > UNUSED)
    scale = 1.0 / np.sqrt(np.maximum(total[free], 1.0))

    def dual(x: FloatArray) -> tuple[float, FloatArray, float]:
        factor = np.zeros(len(total))
        factor[free] = x * scale
        flow = np.zeros(len(total))
        worth = _load(trips, *ends, zones, bushes, factor, n_nodes, flow)
        error = flow[free] - total[free]
        return worth - float(total[free] @ factor[free]), error * scale, float(np.abs(error).max(initial=0.0))

    x = np.zeros(len(free))
    value, slope, residual = dual(x)
    loadings = 1
    steps: list[FloatArray] = []
    changes: list[FloatArray] = []
    while residual > enough and loadings < most:
        direction = -_curved(slope, steps, changes)
        if direction @ slope >= 0.0:
            steps, changes, direction = [], [], -slope
        step = 1.0 if steps else min(1.0, 1.0 / max(float(np.abs(slope).max()), 1e-300))
        for _ in range(30):
            there = dual(x + step * direction)
            loadings += 1
            # rounding of the sum hides decreases near the end: then the slope decides
            if there[0] <= value + 1e-4 * step * float(direction @ slope) or (
                abs(float(direction @ there[1])) <= 0.9 * abs(float(direction @ slope))
                and there[0] <= value + 1e-12 * abs(value)
            ):
                break
            step *= 0.5
        else:
            break
        move, change = step * direction, there[1] - slope
        if move @ change > 1e-300:
            steps, changes = [*steps, move][-MEMORY:], [*changes, change][-MEMORY:]
        x = x + move
        value, slope, residual = there
    factor = np.zeros(len(total))
    factor[free] = x * scale
    return factor, residual, loadings


def _curved(slope: FloatArray, steps: list[FloatArray], changes: list[FloatArray]) -> FloatArray:
    """The slope times the inverse curvature that past steps have shown (two-loop recursion)."""
    out, shares = slope.copy(), []
    for move, change in zip(reversed(steps), reversed(changes), strict=True):
        share = float(move @ out) / float(move @ change)
        shares.append(share)
        out -= share * change
    if steps:
        out *= float(steps[-1] @ changes[-1]) / float(changes[-1] @ changes[-1])
    for move, change, share in zip(steps, changes, reversed(shares), strict=True):
        out += (share - float(change @ out) / float(move @ change)) * move
    return out


def _bushes(
    trips: FloatArray, ends: tuple[Int32Array, Int32Array], zones: IntArray, through: BoolArray, cost: FloatArray, total: FloatArray,
    equal: float,
) -> _Bushes:  # fmt: skip
    """Equally cheap ways of every row over used links."""
    around = star(*ends, len(through))
    into = star(ends[1], ends[0], len(through))
    used = total > UNUSED
    first, parts = np.zeros(len(trips) + 1, np.int64), []
    for r in range(len(trips)):
        one = _bush(trips[r], r % len(zones), *ends, around, into, zones, through, cost[r // len(zones)], used, equal)
        parts.append(one)
        first[r + 1] = first[r] + len(one)
    return _Bushes(first, np.concatenate([np.zeros(0, np.int32), *parts]))


@kernel
def _bush(
    trips: FloatArray, zone: int, tail: Int32Array, head: Int32Array, around: Star, into: Star, zones: IntArray, through: BoolArray,
    cost: FloatArray, used: BoolArray, equal: float,
) -> Int32Array:  # fmt: skip
    """Links on equally cheap ways from a zone to where it has ``trips`` (Z,), by head, in the order in which heads are reached."""
    nodes, links = through.shape[0], tail.shape[0]
    out = np.empty(links, np.int32)
    if not (trips > 0.0).any():
        return out[:0]
    dist, pred = np.empty(nodes), np.empty(nodes, np.int32)
    weight = np.empty(links)
    for k in range(links):  # ways over links that nobody takes are no ways
        e = around.link[k]
        weight[k] = cost[e] if used[e] else np.inf
    tree(
        zones[zone],
        around.first,
        around.head,
        weight,
        through,
        dist,
        pred,
        np.empty(links + 1),
        np.empty(links + 1, np.int32),
    )
    depth = np.full(nodes, -1, np.int64)
    chain = np.empty(nodes, np.int64)
    depth[zones[zone]] = 0
    for v in range(nodes):
        n, u = 0, v
        while pred[u] >= 0 and depth[u] < 0:
            chain[n] = u
            n += 1
            u = tail[around.link[pred[u]]]
        for k in range(n - 1, -1, -1):
            depth[chain[k]] = depth[u] + n - k
    # nodes by distance, those as near by the number of links (links may cost nothing)
    order = np.argsort(depth)
    order = order[np.argsort(dist[order], kind="mergesort")]
    rank = np.empty(nodes, np.int64)
    rank[order] = np.arange(nodes)
    wanted = np.zeros(nodes, np.bool_)
    for z in range(trips.shape[0]):
        if trips[z] > 0.0:
            wanted[zones[z]] = True
    count = links
    for i in range(nodes - 1, -1, -1):
        v = order[i]
        if not wanted[v] or dist[v] == np.inf:
            continue
        for k in range(into.first[v], into.first[v + 1]):
            e = into.link[k]
            u = tail[e]
            open_here = through[u] or u == zones[zone]
            if used[e] and open_here and rank[u] < i and dist[u] + cost[e] <= dist[v] * (1.0 + equal):
                count -= 1
                out[count] = e
                wanted[u] = True
    return out[count:].copy()


@kernel
def _load(
    trips: FloatArray, tail: Int32Array, head: Int32Array, zones: IntArray, bushes: _Bushes, factor: FloatArray, n_nodes: int,
    flow: FloatArray,
) -> float:  # fmt: skip
    """Add to ``flow`` (L,) the demand of each row (R, Z), every way in proportion to exp(sum of its links' ``factor``).

    Returns the sum over demand of ln(sum over its ways).
    """
    many = zones.shape[0]
    log, volume = np.empty(n_nodes), np.empty(n_nodes)
    worth = 0.0
    for r in range(trips.shape[0]):
        a, b = bushes.first[r], bushes.first[r + 1]
        if a == b:
            continue
        start = zones[r % many]
        volume[start] = 0.0
        for k in range(a, b):
            volume[head[bushes.link[k]]] = 0.0
        log[start] = 0.0
        k = a
        while k < b:
            v = head[bushes.link[k]]
            end, top = k, -np.inf
            while end < b and head[bushes.link[end]] == v:
                top = max(top, log[tail[bushes.link[end]]] + factor[bushes.link[end]])
                end += 1
            if end == k + 1:
                log[v] = top
            else:
                total = 0.0
                for i in range(k, end):
                    total += np.exp(log[tail[bushes.link[i]]] + factor[bushes.link[i]] - top)
                log[v] = top + np.log(total)
            k = end
        for z in range(many):
            if trips[r, z] > 0.0:
                volume[zones[z]] += trips[r, z]
                worth += trips[r, z] * log[zones[z]]
        for k in range(b - 1, a - 1, -1):
            e = bushes.link[k]
            u, v = tail[e], head[e]
            moved = volume[v] * np.exp(log[u] + factor[e] - log[v])
            flow[e] += moved
            volume[u] += moved
    return worth
