"""A smaller graph with the same answer: links of no use and dead ends dropped, pass-through nodes merged, all expandable to real links.

No cheapest path between kept nodes uses a dead end, a link that leads back where it came from, or a loop; and a
pass-through node only joins its two links. So flows and costs on the folded graph are those of the real one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.graph import Int32Array, IntArray
from kernels.jit import inline, kernel
from kernels.routes import BoolArray, FloatArray


class Folded(NamedTuple):
    """Folded links and the real links in each.

    ``tail``, ``head`` (F,) int32, folded nodes; ``free_time``, ``capacity``, ``alpha``, ``beta``, ``fixed``, ``length`` (F,) float64 as in
    :class:`~kernels.assignment.RoadNetwork`; real links of folded link ``f`` in order: ``links[first[f]:first[f + 1]]``. ``node`` (N,)
    real node of each folded one, ``node_of`` (n_nodes,) the reverse, -1 where gone; ``n_nodes`` = N; ``n_links`` real links.
    """

    tail: Int32Array
    head: Int32Array
    free_time: FloatArray
    capacity: FloatArray
    alpha: FloatArray
    beta: FloatArray
    fixed: FloatArray
    length: FloatArray
    n_nodes: int
    first: IntArray
    links: Int32Array
    node: Int32Array
    node_of: Int32Array
    n_links: int

    def through(self, real: BoolArray) -> BoolArray:
        """A property of the real nodes (n_nodes,), such as whether trips may pass, at the folded ones."""
        return np.asarray(real)[self.node]


class _Web(NamedTuple):
    """Links while they are folded: ``power`` is the beta of the congestible part, -1 without one; ``left``, ``right`` what was merged.

    Link lists of nodes: entry ``2 e`` hangs link ``e`` on its tail, ``2 e + 1`` on its head.
    """

    tail: Int32Array
    head: Int32Array
    power: FloatArray
    left: Int32Array
    right: Int32Array
    alive: BoolArray
    entry: Int32Array
    next: Int32Array


@inline
def _hang(web: _Web, e: int) -> None:
    """Enter link ``e`` in the lists of its two nodes."""
    u, v = web.tail[e], web.head[e]
    web.next[2 * e] = web.entry[u]
    web.entry[u] = 2 * e
    web.next[2 * e + 1] = web.entry[v]
    web.entry[v] = 2 * e + 1


@inline
def _neighbours(web: _Web, u: int, near: Int32Array, link: Int32Array) -> int:
    """Neighbours of ``u``: ``near`` (2,) their nodes, ``link`` (2, 2) the links from and to each, -1 for none.

    Returns their number (0, 1 or 2), 3 for more, 4 for two with parallel links. Dead links are taken off the list.
    """
    near[:] = -1
    link[:] = -1
    count = 0
    parallel = False
    before = -1
    at = web.entry[u]
    while at >= 0:
        e = at >> 1
        after = web.next[at]
        if not web.alive[e]:
            if before < 0:
                web.entry[u] = after
            else:
                web.next[before] = after
            at = after
            continue
        before = at
        away = at & 1  # 0: the link leaves u
        other = web.head[e] if away == 0 else web.tail[e]
        k = 0 if other == near[0] else 1 if other == near[1] else -1
        if k < 0:
            if count == 2:
                return 3
            k = count
            near[k] = other
            count += 1
        if link[k, away] >= 0:
            parallel = True
        link[k, away] = e
        at = after
    return 4 if parallel and count == 2 else count


@kernel
def _drop_all(web: _Web, u: int) -> None:
    """Kill every link at ``u``."""
    at = web.entry[u]
    while at >= 0:
        web.alive[at >> 1] = False
        at = web.next[at]
    web.entry[u] = -1


@kernel
def _fold(web: _Web, links: int, wanted: BoolArray, keep: BoolArray) -> int:
    """Drop and merge until nothing changes; returns how many links exist, merged ones included.

    ``links`` are there at first, of which those ``wanted`` (links,) count.
    """
    n = keep.shape[0]
    for e in range(links):
        web.alive[e] = wanted[e] and web.tail[e] != web.head[e]
        if web.alive[e]:
            _hang(web, e)
    queue = np.arange(n).astype(np.int32)
    waiting = np.ones(n, np.bool_)
    size = n
    start = 0
    near = np.empty(2, np.int32)
    link = np.empty((2, 2), np.int32)
    while size > 0:
        u = queue[start]
        start = (start + 1) % n
        size -= 1
        waiting[u] = False
        if keep[u]:
            continue
        kind = _neighbours(web, u, near, link)
        if kind == 0 or kind > 2:
            continue
        x, y = near[0], near[1]
        merged = False
        if kind == 2:
            useful = np.zeros(2, np.bool_)
            clash = False
            for k in range(2):  # from near[k] through u to the other one
                a, b = link[k, 1], link[1 - k, 0]
                useful[k] = a >= 0 and b >= 0
                if useful[k] and web.power[a] >= 0 and web.power[b] >= 0 and web.power[a] != web.power[b]:
                    clash = True
            if clash:
                continue
            _drop_all(web, u)
            for k in range(2):
                if useful[k]:
                    a, b = link[k, 1], link[1 - k, 0]
                    web.tail[links] = near[k]
                    web.head[links] = near[1 - k]
                    web.power[links] = max(web.power[a], web.power[b])
                    web.left[links] = a
                    web.right[links] = b
                    web.alive[links] = True
                    _hang(web, links)
                    links += 1
            merged = True
        if not merged:
            _drop_all(web, u)
        for v in (x, y):
            if v >= 0 and not waiting[v]:
                waiting[v] = True
                queue[(start + size) % n] = v
                size += 1
    return links


@kernel
def _unfold(web: _Web, chosen: Int32Array, first: IntArray, links: Int32Array) -> None:
    """Real links of each chosen one, in order of travel; ``first`` (F + 1,), ``links`` as long as there are real links."""
    stack = np.empty(web.tail.shape[0], np.int32)
    used = 0
    for f in range(chosen.shape[0]):
        stack[0] = chosen[f]
        depth = 1
        while depth > 0:
            depth -= 1
            e = stack[depth]
            if web.left[e] < 0:
                links[used] = e
                used += 1
            else:
                stack[depth] = web.right[e]
                stack[depth + 1] = web.left[e]
                depth += 2
        first[f + 1] = used


def fold(
    tail: npt.ArrayLike,
    head: npt.ArrayLike,
    free_time: npt.ArrayLike,
    capacity: npt.ArrayLike,
    alpha: npt.ArrayLike,
    beta: npt.ArrayLike,
    fixed: npt.ArrayLike,
    length: npt.ArrayLike,
    n_nodes: int,
    keep: npt.ArrayLike,
    wanted: npt.ArrayLike | None = None,
) -> Folded:
    """Fold a road graph around the nodes in ``keep`` (n_nodes,) bool: zones, gates, nodes without through traffic.

    ``wanted`` (L,) bool: links that may carry trips (:func:`kernels.graph.usable`), all when absent; the others are dropped.

    Links as in :class:`~kernels.assignment.RoadNetwork`. Chains merge when their congestible links (alpha > 0, beta > 0) share one beta:
    then the sum of free_time (1 + alpha (v/capacity)^beta) over a chain is again one such function, exactly. Background load, if
    any, must be alike along a chain, or its ends kept.
    """
    a, b = np.asarray(tail, np.int32), np.asarray(head, np.int32)
    many = len(a)
    room = 2 * many + 1
    power = np.where((np.asarray(alpha) > 0) & (np.asarray(beta) > 0), np.asarray(beta, np.float64), -1.0)
    web = _Web(
        np.full(room, -1, np.int32),
        np.full(room, -1, np.int32),
        np.full(room, -1.0),
        np.full(room, -1, np.int32),
        np.full(room, -1, np.int32),
        np.zeros(room, np.bool_),
        np.full(n_nodes, -1, np.int32),
        np.full(2 * room, -1, np.int32),
    )
    web.tail[:many], web.head[:many], web.power[:many] = a, b, power
    stay = np.asarray(keep, np.bool_)
    _fold(web, many, np.ones(many, np.bool_) if wanted is None else np.asarray(wanted, np.bool_), stay)
    chosen = np.flatnonzero(web.alive).astype(np.int32)
    first, links = np.zeros(len(chosen) + 1, np.int64), np.empty(many, np.int32)
    _unfold(web, chosen, first, links)
    links = links[: first[-1]].copy()
    there = stay.copy()
    there[web.tail[chosen]] = True
    there[web.head[chosen]] = True
    node = np.flatnonzero(there).astype(np.int32)
    node_of = np.full(n_nodes, -1, np.int32)
    node_of[node] = np.arange(len(node), dtype=np.int32)
    blank = np.empty(0)
    bare = Folded(
        node_of[web.tail[chosen]],
        node_of[web.head[chosen]],
        *(blank,) * 6,
        len(node),
        first,
        links,
        node,
        node_of,
        many,
    )
    return refresh(bare, free_time, capacity, alpha, beta, fixed, length)


def refresh(
    folded: Folded,
    free_time: npt.ArrayLike,
    capacity: npt.ArrayLike,
    alpha: npt.ArrayLike,
    beta: npt.ArrayLike,
    fixed: npt.ArrayLike,
    length: npt.ArrayLike,
) -> Folded:
    """The same folding with other parameters of the real links (all (n_links,)): sums along chains, nothing is searched again.

    A chain's capacity is that of its narrowest congestible link, its alpha takes up the rest. Raises ValueError when two
    congestible links of one chain no longer share one beta: fold again then.
    """
    free, cap, a, power, extra, long = (
        np.asarray(values, np.float64)[folded.links] for values in (free_time, capacity, alpha, beta, fixed, length)
    )
    first, count = folded.first[:-1], np.diff(folded.first)
    if not len(first):
        none = np.empty(0)
        return folded._replace(free_time=none, capacity=none, alpha=none, beta=none, fixed=none, length=none)
    congestible = (a > 0) & (power > 0)
    chain_beta = np.maximum.reduceat(np.where(congestible, power, -1.0), first)
    if (congestible & (power != np.repeat(chain_beta, count))).any():
        raise ValueError("links of one folded chain differ in beta: fold again with the new parameters")
    single = count == 1
    narrow = np.minimum.reduceat(np.where(congestible, cap, np.inf), first)
    narrow = np.where(np.isinf(narrow), cap[first], narrow)
    rise = np.where(congestible, free * a * (np.repeat(narrow, count) / cap) ** power, 0.0)
    constant = np.where(congestible, 0.0, free * a * (power == 0))
    time, slope = np.add.reduceat(free, first), np.add.reduceat(rise, first)
    ratio = np.divide(slope, time, out=np.zeros_like(slope), where=time > 0)
    return folded._replace(
        free_time=time,
        capacity=narrow,
        alpha=np.where(single, a[first], ratio),
        beta=np.where(single, power[first], np.maximum(chain_beta, 0.0)),
        fixed=np.add.reduceat(extra, first) + np.where(single, 0.0, np.add.reduceat(constant, first)),
        length=np.add.reduceat(long, first),
    )


def expand_flow(folded: Folded, flow: npt.ArrayLike) -> FloatArray:
    """Flow of every real link (n_links,) from the flow of the folded ones (F,); links that were folded away carry nothing."""
    out = np.zeros(folded.n_links)
    out[folded.links] = np.repeat(np.asarray(flow, np.float64), np.diff(folded.first))
    return out
