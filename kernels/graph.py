"""Directed graphs as arrays: links grouped by the node they leave, and a numbering of nodes that keeps neighbours close."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import kernel

IntArray = npt.NDArray[np.int64]
Int32Array = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]


class Star(NamedTuple):
    """Forward star: the links that leave node ``u`` are rows ``first[u]:first[u + 1]`` of the arrays of links.

    ``first`` (n_nodes + 1,) int64; ``tail``, ``head`` (L,) int32 in star order; ``link`` (L,) int32 caller's link of each row.
    """

    first: IntArray
    tail: Int32Array
    head: Int32Array
    link: Int32Array


def star(tail: npt.ArrayLike, head: npt.ArrayLike, n_nodes: int) -> Star:
    """Group directed links by their tail, ties in the caller's order.

    ``tail``, ``head`` (L,) nodes 0..n_nodes-1. Parallel links and loops are kept as they are.
    Raises ValueError when the arrays differ in length or name a node that does not exist.
    """
    a, b = np.asarray(tail, np.int32), np.asarray(head, np.int32)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"tail and head must be two rows of equal length, not {a.shape} and {b.shape}")
    if a.size and (min(a.min(), b.min()) < 0 or max(a.max(), b.max()) >= n_nodes):
        raise ValueError(f"links name nodes outside 0..{n_nodes - 1}")
    order = np.argsort(a, kind="stable").astype(np.int32)
    first = np.zeros(n_nodes + 1, np.int64)
    np.cumsum(np.bincount(a, minlength=n_nodes), out=first[1:])
    return Star(first, a[order], b[order], order)


@kernel
def breadth_order(first: IntArray, head: Int32Array) -> Int32Array:
    """Rank of each node in a breadth-first walk along the links, so that neighbours lie close in memory.

    ``first`` (n + 1,) int64 and ``head`` (L,) int32 of a :class:`Star`. Returns (n,) int32, a permutation of 0..n-1.
    """
    n = first.shape[0] - 1
    rank = np.full(n, -1, np.int32)
    queue = np.empty(n, np.int32)
    used = 0
    done = 0
    for seed in range(n):
        if rank[seed] < 0:
            rank[seed] = used
            queue[used] = seed
            used += 1
        while done < used:
            u = queue[done]
            done += 1
            for e in range(first[u], first[u + 1]):
                v = head[e]
                if rank[v] < 0:
                    rank[v] = used
                    queue[used] = v
                    used += 1
    return rank


@kernel
def reached(first: IntArray, head: Int32Array, through: BoolArray, seeds: BoolArray) -> BoolArray:
    """Nodes (n,) bool that can be reached along links from the ``seeds`` (n,); other nodes are left only where ``through`` (n,).

    ``first``, ``head`` of a :class:`Star`.
    """
    n = seeds.shape[0]
    out = seeds.copy()
    queue = np.empty(n, np.int32)
    used = 0
    for u in range(n):
        if seeds[u]:
            queue[used] = u
            used += 1
    done = 0
    while done < used:
        u = queue[done]
        done += 1
        if not (seeds[u] or through[u]):
            continue
        for e in range(first[u], first[u + 1]):
            v = head[e]
            if not out[v]:
                out[v] = True
                queue[used] = v
                used += 1
    return out


def usable(tail: Int32Array, head: Int32Array, n_nodes: int, zone_node: Int32Array, through: BoolArray) -> BoolArray:
    """Links (L,) bool that lie on some way from a zone to a zone; arguments as in :class:`~kernels.assignment.RoadNetwork`."""
    seeds = np.zeros(n_nodes, np.bool_)
    seeds[zone_node] = True
    open_to = np.asarray(through, np.bool_)
    out, back = star(tail, head, n_nodes), star(head, tail, n_nodes)
    ahead, behind = reached(out.first, out.head, open_to, seeds), reached(back.first, back.head, open_to, seeds)
    passable = seeds | open_to
    return np.asarray((ahead & passable)[tail] & (behind & passable)[head])
