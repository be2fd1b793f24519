"""Shortest paths from many origins: Dijkstra (1959) with a 4-ary heap, and a second quantity added up along the tree.

Rows (origins) are independent, so any number of threads gives the same bits. Zero-cost links are allowed; an infinite
cost closes a link. A node with ``through`` False may start or end a path but never lies inside one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.graph import Int32Array, IntArray, Star
from kernels.jit import kernel
from kernels.threads import in_blocks

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: Origins that share one set of scratch arrays.
BLOCK = 8


@kernel
def tree(
    origin: int,
    first: IntArray,
    head: Int32Array,
    cost: FloatArray,
    through: BoolArray,
    dist: FloatArray,
    pred: Int32Array,
    key: FloatArray,
    node: Int32Array,
) -> None:
    """One-to-all shortest paths from ``origin``; fills ``dist`` (n,) and ``pred`` (n,), the row of the link that enters.

    ``first``, ``head`` of a :class:`~kernels.graph.Star`; ``cost`` (L,) >= 0 in star order; ``key``, ``node`` (L + 1,) scratch of
    the heap (entries are not moved when a node gets cheaper: the stale one is skipped). Unreached: inf and -1.
    """
    dist[:] = np.inf
    pred[:] = -1
    dist[origin] = 0.0
    key[0] = 0.0
    node[0] = origin
    size = 1
    while size > 0:
        d = key[0]
        u = node[0]
        size -= 1
        if size > 0:  # sift the last entry down from the top
            k = key[size]
            x = node[size]
            i = 0
            while True:
                c = 4 * i + 1
                if c >= size:
                    break
                best = c
                for j in range(c + 1, min(c + 4, size)):
                    if key[j] < key[best]:
                        best = j
                if key[best] >= k:
                    break
                key[i] = key[best]
                node[i] = node[best]
                i = best
            key[i] = k
            node[i] = x
        if d > dist[u] or not (through[u] or u == origin):
            continue
        for e in range(first[u], first[u + 1]):
            v = head[e]
            k = d + cost[e]
            if k < dist[v]:
                dist[v] = k
                pred[v] = e
                i = size
                size += 1
                while i > 0:  # sift up
                    above = (i - 1) >> 2
                    if key[above] <= k:
                        break
                    key[i] = key[above]
                    node[i] = node[above]
                    i = above
                key[i] = k
                node[i] = v


@kernel
def along(
    origin: int,
    target: int,
    pred: Int32Array,
    tail: Int32Array,
    second: FloatArray,
    total: FloatArray,
    stack: Int32Array,
) -> float:
    """Sum of ``second`` on the tree path to ``target``; remembers it in ``total`` (NaN where not yet known) on the way."""
    v = target
    depth = 0
    while np.isnan(total[v]):
        stack[depth] = v
        depth += 1
        v = tail[pred[v]]
    for i in range(depth - 1, -1, -1):
        v = stack[i]
        total[v] = total[tail[pred[v]]] + second[pred[v]]
    return float(total[target])


@kernel
def trees(
    origins: Int32Array,
    targets: Int32Array,
    first: IntArray,
    tail: Int32Array,
    head: Int32Array,
    cost: FloatArray,
    second: FloatArray,
    through: BoolArray,
    out_cost: FloatArray,
    out_second: FloatArray,
) -> None:
    """Trees of all ``origins``: ``out_cost``, ``out_second`` (O, T) at ``targets``; costs in star order."""
    n = first.shape[0] - 1
    dist = np.empty(n, np.float64)
    pred = np.empty(n, np.int32)
    total = np.empty(n, np.float64)
    stack = np.empty(n, np.int32)
    key = np.empty(head.shape[0] + 1, np.float64)
    node = np.empty(head.shape[0] + 1, np.int32)
    for o in range(origins.shape[0]):
        tree(origins[o], first, head, cost, through, dist, pred, key, node)
        total[:] = np.nan
        total[origins[o]] = 0.0
        for t in range(targets.shape[0]):
            out_cost[o, t] = dist[targets[t]]
            if np.isinf(dist[targets[t]]):
                out_second[o, t] = np.inf
            else:
                out_second[o, t] = along(origins[o], targets[t], pred, tail, second, total, stack)


def skims(
    graph: Star,
    cost: npt.ArrayLike,
    second: npt.ArrayLike,
    origins: npt.ArrayLike,
    targets: npt.ArrayLike,
    *,
    through: npt.ArrayLike | None = None,
    threads: int = 1,
) -> tuple[FloatArray, FloatArray]:
    """Cost of the cheapest path from each origin to each target, and a second quantity (length, time) along that path.

    ``graph`` from :func:`kernels.graph.star`; ``cost``, ``second`` (L,) in the CALLER's link order, cost >= 0 (inf closes a
    link); ``origins`` (O,), ``targets`` (T,) nodes; ``through`` (n,) bool, all True when absent. Returns two (O, T)
    float64 arrays, inf where a target cannot be reached, 0 from a node to itself. Of equally cheap paths one is taken,
    always the same. Raises ValueError for a negative or missing cost.
    """
    weight = np.ascontiguousarray(np.asarray(cost, np.float64)[graph.link])
    other = np.ascontiguousarray(np.asarray(second, np.float64)[graph.link])
    if np.isnan(weight).any() or (weight < 0).any():
        raise ValueError("link costs must be numbers >= 0")
    start, end = np.asarray(origins, np.int32), np.asarray(targets, np.int32)
    n = len(graph.first) - 1
    passable = np.ones(n, np.bool_) if through is None else np.asarray(through, np.bool_)
    out_cost, out_second = np.empty((len(start), len(end))), np.empty((len(start), len(end)))

    def block(a: int, b: int) -> None:
        trees(
            start[a:b], end, graph.first, graph.tail, graph.head, weight, other, passable, out_cost[a:b], out_second[a:b]
        )  # fmt: skip

    in_blocks(block, len(start), BLOCK, threads)
    return out_cost, out_second
