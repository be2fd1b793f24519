"""Transit by optimal strategies (Spiess & Florian 1989, Transportation Research B 23, 83-102).

The graph has three kinds of links: boarding links with a finite frequency, and riding, alighting and walking links that are
always there (frequency infinite). A strategy to a destination is the set of links a traveller accepts; its expected time is the
fixed point that the label-setting algorithm of the paper (part 1) finds, and part 2 loads demand along it. Of the links that are
always there only a node's best can be accepted, so the heap holds boarding links and nodes, each at most once; a time that falls as
further lines are accepted moves them up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernels.draws import FloatArray, IntArray
from kernels.graph import Int32Array
from kernels.jit import inline, kernel
from kernels.threads import in_blocks

#: Place of an item (a link, or number of links + node) that has not been on the heap, and of one taken off it.
_UNSEEN, _TAKEN = -1, -2
#: Destinations that share one set of scratch arrays.
BLOCK = 8


class Into(NamedTuple):
    """Links by the node they enter: those into node v in rows ``first[v]:first[v + 1]``.

    ``link`` (L,) the caller's number; ``tail``, ``head`` (L,) nodes; ``cost``, ``clock`` (L,) time of the link as travellers weigh it, and
    by the clock; ``frequency`` (L,) vehicles per unit of time on boarding links, inf on all others; a link of frequency 0 is not there.
    """

    first: Int32Array
    link: Int32Array
    tail: Int32Array
    head: Int32Array
    cost: FloatArray
    clock: FloatArray
    frequency: FloatArray


class Room(NamedTuple):
    """Scratch of :func:`strategy`: by node (N,) ``combined`` frequency, row of the ``best`` link that is always there, ``settled`` nodes
    to go on from; by item (L + N,) its ``place`` on the heap; the heap's ``key`` and ``item``."""

    combined: FloatArray
    best: Int32Array
    settled: Int32Array
    place: Int32Array
    key: FloatArray
    item: Int32Array


@kernel
def into(
    first: IntArray, order: IntArray, tail: IntArray, head: IntArray, cost: FloatArray, clock_cost: FloatArray, frequency: FloatArray
) -> Into:  # fmt: skip
    """Links (L,) in the order of the reverse star: those into node v are order[first[v]:first[v+1]]."""
    return Into(
        first.astype(np.int32),
        order.astype(np.int32),
        tail[order].astype(np.int32),
        head[order].astype(np.int32),
        cost[order],
        clock_cost[order],
        frequency[order],
    )


@kernel
def room(links: int, nodes: int) -> Room:
    """Scratch for a graph of this size."""
    return Room(
        np.empty(nodes),
        np.empty(nodes, np.int32),
        np.empty(nodes, np.int32),
        np.empty(links + nodes, np.int32),
        np.empty(links + nodes),
        np.empty(links + nodes, np.int32),
    )


@kernel
def strategy(
    g: Into, wait: float, clock_wait: float, destination: int, time: FloatArray, clock: FloatArray, accepted: Int32Array, r: Room
) -> int:  # fmt: skip
    """Expected times to one destination and the accepted links.

    Args:
        wait, clock_wait: expected wait over the inverse of the combined frequency (1 for random, 0.5 for regular vehicles), as
            travellers weigh it and by the clock.
        destination: node.
        time: (N,) out, expected weighted time to the destination, which the strategy makes least; inf if it cannot be reached.
        clock: (N,) out, expected time by the clock of that same strategy.
        accepted: (L,) out, rows of ``g`` of the accepted links in the order of acceptance.

    Returns:
        number of accepted links.
    """
    r.combined[:] = 0.0
    r.place[:] = _UNSEEN
    time[:] = np.inf
    clock[:] = np.inf
    time[destination] = 0.0
    clock[destination] = 0.0
    links = g.tail.shape[0]
    size, count = _offer(g, destination, 0.0, 0, 0, time, clock, accepted, r)
    while size > 0:
        k, item = r.key[0], r.item[0]
        size = _pop(r, size)
        j = item if item < links else r.best[item - links]
        i = g.tail[j]
        # a link that does not improve its tail strictly is not accepted: times are the same, and volumes stay acyclic on ties
        if time[i] <= k:
            continue
        by_clock = clock[g.head[j]] + g.clock[j]
        if item >= links:
            time[i] = k
            clock[i] = by_clock
            r.combined[i] = np.inf
        else:
            f, before = g.frequency[j], r.combined[i]
            if before == 0.0:
                time[i] = wait / f + k
                clock[i] = clock_wait / f + by_clock
            else:
                time[i] = (before * time[i] + f * k) / (before + f)
                clock[i] = (before * clock[i] + f * by_clock) / (before + f)
            r.combined[i] = before + f
        accepted[count] = j
        size, count = _offer(g, i, k, size, count + 1, time, clock, accepted, r)
    return count


@inline
def _offer(
    g: Into, node: int, now: float, size: int, count: int, time: FloatArray, clock: FloatArray, accepted: Int32Array, r: Room
) -> tuple[int, int]:  # fmt: skip
    """Put what leads into ``node``, whose time has just fallen, on the heap or move it up; ``now`` is the key reached.

    What was taken off stays off: keys come off in increasing order, so no later time of its head can be less. What cannot improve its
    tail now never will: times only fall. A link that is always there and whose key is ``now`` is accepted at once: nothing can come
    before it. Returns the heap's size and the number of accepted links.
    """
    links = g.tail.shape[0]
    r.settled[0] = node
    waiting = 1
    while waiting > 0:
        waiting -= 1
        v = r.settled[waiting]
        reached = time[v]
        for j in range(g.first[v], g.first[v + 1]):
            i = g.tail[j]
            k = reached + g.cost[j]
            f = g.frequency[j]
            if time[i] <= k or f == 0.0:
                continue
            item = j
            if f == np.inf:
                if k <= now:
                    time[i] = k
                    clock[i] = clock[v] + g.clock[j]
                    r.combined[i] = np.inf
                    accepted[count] = j
                    count += 1
                    r.settled[waiting] = i
                    waiting += 1
                    continue
                item = links + i
            at = r.place[item]
            if at == _TAKEN or (at >= 0 and r.key[at] <= k):
                continue
            if at == _UNSEEN:
                at = size
                size += 1
            if f == np.inf:
                r.best[i] = j
            while at > 0:
                above = (at - 1) >> 1
                if r.key[above] <= k:
                    break
                r.key[at] = r.key[above]
                r.item[at] = r.item[above]
                r.place[r.item[at]] = at
                at = above
            r.key[at] = k
            r.item[at] = item
            r.place[item] = at
    return size, count


@inline
def _pop(r: Room, size: int) -> int:
    """Take the item of the least key off the heap; returns the heap's size."""
    r.place[r.item[0]] = _TAKEN
    size -= 1
    if size == 0:
        return 0
    k, item = r.key[size], r.item[size]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and r.key[child + 1] < r.key[child]:
            child += 1
        if r.key[child] >= k:
            break
        r.key[at] = r.key[child]
        r.item[at] = r.item[child]
        r.place[r.item[at]] = at
        at = child
    r.key[at] = k
    r.item[at] = item
    r.place[item] = at
    return size


@kernel
def used(
    g: Into, accepted: Int32Array, count: int, origins: IntArray, volume: FloatArray, fixed: Int32Array, combined: FloatArray,
    links: Int32Array, share: FloatArray,
) -> int:  # fmt: skip
    """What trips from ``origins`` use of a strategy, in loading order (part 2 of the paper: decreasing order of acceptance).

    ``links``, ``share`` (L,) out: the caller's numbers of the links kept, and each one's share of its tail's volume; returns how many
    they are. ``volume``, ``fixed``, ``combined`` (N,) are scratch.
    """
    volume[:] = 0.0
    fixed[:] = -1
    combined[:] = 0.0
    for k in range(count):
        j = accepted[k]
        if np.isinf(g.frequency[j]):
            fixed[g.tail[j]] = j
        else:
            combined[g.tail[j]] += g.frequency[j]
    for o in origins:
        volume[o] = 1.0
    kept = 0
    for k in range(count - 1, -1, -1):
        j = accepted[k]
        i = g.tail[j]
        if volume[i] == 0.0 or (fixed[i] >= 0 and fixed[i] != j):
            continue
        part = 1.0 if fixed[i] == j else g.frequency[j] / combined[i]
        volume[g.head[j]] += volume[i] * part
        links[kept] = g.link[j]
        share[kept] = part
        kept += 1
    return kept


@kernel
def _block(
    g: Into, wait: float, clock_wait: float, origins: IntArray, destinations: IntArray, start: int, stop: int, n: int,
    felt: FloatArray, by_clock: FloatArray, links: Int32Array, share: FloatArray, count: IntArray,
) -> None:  # fmt: skip
    """:func:`transit_strategies` to the destinations ``start`` .. ``stop`` - 1."""
    time, clock = np.empty(n), np.empty(n)
    accepted = np.empty(g.tail.shape[0], np.int32)
    r = room(g.tail.shape[0], n)
    for d in range(start, stop):
        many = strategy(g, wait, clock_wait, destinations[d], time, clock, accepted, r)
        for o in range(origins.shape[0]):
            felt[o, d] = time[origins[o]]
            by_clock[o, d] = clock[origins[o]]
        count[d] = used(g, accepted, many, origins, time, r.best, r.combined, links[d], share[d])


def transit_strategies(
    first: IntArray, order: IntArray, tail: IntArray, head: IntArray, cost: FloatArray, clock_cost: FloatArray, frequency: FloatArray,
    wait: float, clock_wait: float, origins: IntArray, destinations: IntArray, n: int, threads: int = 1,
) -> tuple[FloatArray, FloatArray, Int32Array, FloatArray, IntArray]:  # fmt: skip
    """Optimal strategies from every zone to every zone; ``origins``, ``destinations`` (Z,) are their nodes.

    Args:
        first, order: reverse star: links into node v are order[first[v]:first[v+1]].
        tail, head, cost, clock_cost, frequency: (L,) see :class:`Into`.
        wait, clock_wait: see :func:`strategy`.
        n: number of nodes.

    Returns:
        (Z, Z) expected weighted time from zone to zone, inf where transit does not go; (Z, Z) the same by the clock; (Z, L) links
        that trips to each destination use, in loading order; (Z, L) the share of the volume at its tail that each takes; (Z,) how
        many those are.
    """
    z, many = len(origins), len(order)
    felt, by_clock = np.empty((z, z)), np.empty((z, z))
    links, share, count = np.empty((z, many), np.int32), np.empty((z, many)), np.empty(z, np.int64)
    g = into(first, order, tail, head, cost, clock_cost, frequency)

    def block(start: int, stop: int) -> None:
        _block(g, wait, clock_wait, origins, destinations, start, stop, n, felt, by_clock, links, share, count)

    in_blocks(block, z, BLOCK, threads)
    return felt, by_clock, links, share, count


@kernel
def load_all(
    links: Int32Array, share: FloatArray, first: IntArray, tail: IntArray, head: IntArray, origins: IntArray, n: int,
    demand: FloatArray,
) -> FloatArray:  # fmt: skip
    """(L,) flows of a (Z, Z) demand along kept strategies: links[first[d]:first[d+1]] lead to zone d, in loading order, and take
    ``share`` of the volume at their tails.

    Trips between zones that no strategy joins must be zero in ``demand``; its diagonal is left out.
    """
    flow = np.zeros(tail.shape[0])
    volume = np.zeros(n)
    for d in range(origins.shape[0]):
        for o in range(origins.shape[0]):
            if o != d:
                volume[origins[o]] += demand[o, d]
        for k in range(first[d], first[d + 1]):
            a = links[k]
            if volume[tail[a]] > 0.0:
                part = volume[tail[a]] * share[k]
                volume[head[a]] += part
                flow[a] += part
        for o in range(origins.shape[0]):  # few nodes lie on the way: those alone are emptied
            volume[origins[o]] = 0.0
        for k in range(first[d], first[d + 1]):
            volume[head[links[k]]] = 0.0
    return flow


@kernel
def expected(
    links: Int32Array, share: FloatArray, first: IntArray, tail: IntArray, head: IntArray, origins: IntArray, n: int,
    amount: FloatArray,
) -> FloatArray:  # fmt: skip
    """(Z, Z) what a trip from zone to zone meets on its way on average of an ``amount`` (L,) by link; 0 where no strategy leads."""
    zones = origins.shape[0]
    out = np.zeros((zones, zones))
    ahead = np.empty(n)
    for d in range(zones):
        ahead[:] = 0.0
        for k in range(first[d + 1] - 1, first[d] - 1, -1):
            a = links[k]
            ahead[tail[a]] += share[k] * (amount[a] + ahead[head[a]])
        for o in range(zones):
            out[o, d] = ahead[origins[o]]
    return out
