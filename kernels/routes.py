"""Routes of every origin as one prefix tree of links.

Rows of the solution are origins, cost group after cost group: row ``g * zones + z`` holds the routes of group ``g`` from zone ``z``.
Routes of one row share their beginnings in a tree: the costs of all of them are one pass over an array, two routes
split where their branches part, and a stored solution is small. Flow lives on routes, so conservation of demand does not
depend on any order of links, and no bush has to stay acyclic.

Everything of row ``o`` lies in a segment of its own: tree nodes ``node_first[o] + i``, routes ``path_first[o] + p``, with
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


class Routes(NamedTuple):
    """All routes: see the module's words. ``head`` (R, Z) first route of a pair or -1, ``next`` (P,) the one after it."""

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


def empty_routes(zones: int, nodes: IntArray, paths: IntArray) -> Routes:
    """No route yet, with room for ``nodes[o]`` tree nodes and ``paths[o]`` routes in each of the (R,) rows."""
    many_rows = len(nodes)
    node_first, path_first = np.zeros(many_rows + 1, np.int64), np.zeros(many_rows + 1, np.int64)
    np.cumsum(nodes, out=node_first[1:])
    np.cumsum(paths, out=path_first[1:])
    nodes_in_all, routes_in_all = int(node_first[-1]), int(path_first[-1])
    tree = [np.empty(nodes_in_all, np.int32) for _ in range(4)]
    for column in tree:
        column[node_first[:-1]] = -1  # the origin; what follows is written when it is used
    ends = [np.empty(routes_in_all, np.int32) for _ in range(3)]
    return Routes(
        node_first, np.ones(many_rows, np.int64), tree[0], tree[1], tree[2], tree[3],
        path_first, np.zeros(many_rows, np.int64), ends[0], ends[1], ends[2], np.empty(routes_in_all),
        np.full((many_rows, zones), -1, np.int32),
    )  # fmt: skip


@inline
def deepest(sizes: IntArray) -> int:
    """Largest of the sizes: room that suffices for every origin."""
    most = 0
    for o in range(sizes.shape[0]):
        most = max(most, sizes[o])
    return most


@kernel
def load_flow(routes: Routes, flow: FloatArray) -> None:
    """Link flows of each cost group from route flows: ``flow`` (G, L) is overwritten."""
    flow[:] = 0.0
    zones = routes.head.shape[1]
    volume = np.empty(deepest(routes.node_used))
    for o in range(routes.head.shape[0]):
        _climb_down(routes, o, routes.flow, volume, flow[o // zones])


@inline
def _climb_down(routes: Routes, o: int, path_flow: FloatArray, volume: FloatArray, flow: FloatArray) -> None:
    """Add to ``flow`` (L,) what the routes of row ``o`` carry when each carries ``path_flow`` (P,); ``volume`` is scratch."""
    base = routes.node_first[o]
    used = routes.node_used[o]
    for i in range(used):
        volume[i] = 0.0
    for p in range(routes.path_first[o], routes.path_first[o] + routes.path_used[o]):
        volume[routes.leaf[p]] += path_flow[p]
    for i in range(used - 1, 0, -1):
        volume[routes.parent[base + i]] += volume[i]
        flow[routes.link[base + i]] += volume[i]


@kernel
def load_shares(routes: Routes, group: int, share: FloatArray, flow: FloatArray) -> None:
    """Add to ``flow`` (L, K) the parts ``share`` (K, Z, Z) of what each pair of a cost group drives, route by route."""
    zones = routes.head.shape[1]
    parts = share.shape[0]
    volume = np.empty((deepest(routes.node_used), parts))
    for o in range(group * zones, (group + 1) * zones):
        base, used = routes.node_first[o], routes.node_used[o]
        for i in range(used):
            volume[i] = 0.0
        for p in range(routes.path_first[o], routes.path_first[o] + routes.path_used[o]):
            leaf, zone, driven = routes.leaf[p], routes.zone[p], routes.flow[p]
            for k in range(parts):
                volume[leaf, k] += driven * share[k, o % zones, zone]
        for i in range(used - 1, 0, -1):
            above, e = routes.parent[base + i], routes.link[base + i]
            for k in range(parts):
                volume[above, k] += volume[i, k]
                flow[e, k] += volume[i, k]


@inline
def label_nodes(routes: Routes, o: int, cost: FloatArray, label: FloatArray) -> None:
    """Cost from the origin to each node of its tree."""
    base = routes.node_first[o]
    label[0] = 0.0
    for i in range(1, routes.node_used[o]):
        label[i] = label[routes.parent[base + i]] + cost[routes.link[base + i]]


@inline
def add_route(
    routes: Routes, o: int, d: int, back: Int32Array, count: int, demand: float, cost: FloatArray, label: FloatArray
) -> bool:
    """Enter the route of links ``back[count - 1] ... back[0]`` for the pair (o, d); the pair's first one gets its demand.

    ``label`` (costs of the tree's nodes) is kept up to date. Returns False, nothing done, when origin ``o`` has no room left.
    """
    base, rows = routes.node_first[o], routes.path_first[o]
    used, p = routes.node_used[o], routes.path_used[o]
    if base + used + count > routes.node_first[o + 1] or rows + p + 1 > routes.path_first[o + 1]:
        return False
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
            label[c] = label[at] + cost[e]
        at = c
    routes.node_used[o] = used
    q = routes.head[o, d]
    while q >= 0 and routes.leaf[rows + q] != at:
        q = routes.next[rows + q]
    if q < 0:  # rounding can make a known route look new
        routes.path_used[o] = p + 1
        routes.zone[rows + p] = d
        routes.leaf[rows + p] = at
        routes.next[rows + p] = routes.head[o, d]
        routes.flow[rows + p] = demand if routes.head[o, d] < 0 else 0.0
        routes.head[o, d] = p
    return True


@inline
def cheapest_known(routes: Routes, o: int, d: int, label: FloatArray) -> float:
    """Cost of the cheapest known route of a pair, inf without any."""
    rows = routes.path_first[o]
    best = np.inf
    p = routes.head[o, d]
    while p >= 0:
        best = min(best, label[routes.leaf[rows + p]])
        p = routes.next[rows + p]
    return best


@kernel
def keep_used(
    routes: Routes, at: IntArray, keep: BoolArray, number: Int32Array, nodes: IntArray, paths: IntArray
) -> None:
    """Mark the tree nodes that routes with flow need and number them anew, row ``o`` from ``at[o]`` on; counts per row."""
    for o in range(routes.head.shape[0]):
        base, here = routes.node_first[o], at[o]
        rows = routes.path_first[o]
        keep[here] = True
        for p in range(rows, rows + routes.path_used[o]):
            if routes.flow[p] > 0.0:
                paths[o] += 1
                i = routes.leaf[p]
                while not keep[here + i]:
                    keep[here + i] = True
                    i = routes.parent[base + i]
        for i in range(routes.node_used[o]):
            if keep[here + i]:
                number[here + i] = nodes[o]
                nodes[o] += 1


@kernel
def _copy(old: Routes, keep: BoolArray, number: Int32Array, new: Routes) -> None:
    """Copy what :func:`keep_used` marked and counted, in its order."""
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


@kernel
def mean_length(routes: Routes, length: FloatArray, out: FloatArray) -> None:
    """Mean over the used routes of each pair, by flow, of the sum of ``length`` (L,) along them.

    Written to ``out`` (R, Z); pairs without flow keep what is there.
    """
    zones = routes.head.shape[1]
    label = np.empty(deepest(routes.node_used))
    many = np.empty(zones)
    total = np.empty(zones)
    for o in range(routes.head.shape[0]):
        label_nodes(routes, o, length, label)
        many[:] = 0.0
        total[:] = 0.0
        for p in range(routes.path_first[o], routes.path_first[o] + routes.path_used[o]):
            many[routes.zone[p]] += routes.flow[p]
            total[routes.zone[p]] += routes.flow[p] * label[routes.leaf[p]]
        for d in range(zones):
            if many[d] > 0.0:
                out[o, d] = total[d] / many[d]


@kernel
def _idle(routes: Routes) -> int:
    """Routes without flow."""
    out = 0
    for o in range(routes.head.shape[0]):
        for p in range(routes.path_first[o], routes.path_first[o] + routes.path_used[o]):
            if routes.flow[p] == 0.0:
                out += 1
    return out


def idle_share(routes: Routes) -> float:
    """Share of the known routes that carry nothing."""
    return float(_idle(routes) / max(1, int(routes.path_used.sum())))


@kernel
def _move(old: Routes, new: Routes) -> None:
    """Copy every segment as it is."""
    for o in range(old.head.shape[0]):
        a, b = old.node_first[o], new.node_first[o]
        for i in range(old.node_used[o]):
            new.parent[b + i] = old.parent[a + i]
            new.link[b + i] = old.link[a + i]
            new.child[b + i] = old.child[a + i]
            new.sibling[b + i] = old.sibling[a + i]
        a, b = old.path_first[o], new.path_first[o]
        for p in range(old.path_used[o]):
            new.zone[b + p] = old.zone[a + p]
            new.leaf[b + p] = old.leaf[a + p]
            new.next[b + p] = old.next[a + p]
            new.flow[b + p] = old.flow[a + p]


def enlarge(routes: Routes, rows: BoolArray) -> Routes:
    """The same routes with twice the room in the marked ``rows`` (R,)."""
    nodes, paths = np.diff(routes.node_first), np.diff(routes.path_first)
    twice = rows + 1
    new = empty_routes(routes.head.shape[1], nodes * twice, paths * twice)
    new.node_used[:], new.path_used[:], new.head[:] = routes.node_used, routes.path_used, routes.head
    _move(routes, new)
    return new


def compact(routes: Routes, nodes: int = 0, paths: int = 0) -> Routes:
    """Drop routes without flow and the branches only they used; room for ``nodes`` and ``paths`` in each row, more where needed."""
    many = len(routes.head)
    keep, number = np.zeros(len(routes.parent), np.bool_), np.empty(len(routes.parent), np.int32)
    kept_nodes, kept_paths = np.zeros(many, np.int64), np.zeros(many, np.int64)
    keep_used(routes, routes.node_first, keep, number, kept_nodes, kept_paths)
    new = empty_routes(routes.head.shape[1], np.maximum(kept_nodes, nodes), np.maximum(kept_paths, paths))
    _copy(routes, keep, number, new)
    return new
