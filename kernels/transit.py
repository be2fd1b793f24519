"""Transit by optimal strategies (Spiess & Florian 1989, Transportation Research B 23, 83-102).

The graph has three kinds of links: boarding links with a finite frequency, and riding, alighting and walking links that are
always there (frequency infinite). A strategy to a destination is the set of links a traveller accepts; its expected time is the
fixed point that the label-setting algorithm of the paper (part 1) finds, and part 2 loads demand along it. Of the links that are
always there only a node's best can be accepted, so the heap holds boarding links and nodes, each at most once; a time that falls as
further lines are accepted moves them up.
"""

from __future__ import annotations

import numpy as np

from kernels.draws import FloatArray, IntArray
from kernels.jit import inline, kernel, parallel_kernel, prange

#: Place of an item (a boarding link, or number of links + node) that has not been on the heap, and of one taken off it.
_UNSEEN, _TAKEN = -1, -2


@kernel
def strategy(
    first: IntArray, order: IntArray, tail: IntArray, head: IntArray, cost: FloatArray, clock_cost: FloatArray, frequency: FloatArray,
    wait: float, clock_wait: float, destination: int, time: FloatArray, clock: FloatArray, accepted: IntArray,
) -> int:  # fmt: skip
    """Expected times to one destination and the accepted links.

    Args:
        first, order: reverse star: links into node v are order[first[v]:first[v+1]].
        tail, head: (L,) node each link leaves, enters.
        cost, clock_cost: (L,) time of the link as travellers weigh it, and by the clock.
        frequency: (L,) vehicles per unit of time on boarding links, inf on all others; a link of frequency 0 is not there.
        wait, clock_wait: expected wait over the inverse of the combined frequency (1 for random, 0.5 for regular vehicles), as
            travellers weigh it and by the clock.
        destination: node.
        time: (N,) out, expected weighted time to the destination, which the strategy makes least; inf if it cannot be reached.
        clock: (N,) out, expected time by the clock of that same strategy.
        accepted: (L,) out, accepted links in the order of acceptance.

    Returns:
        number of accepted links.
    """
    links, nodes = order.shape[0], time.shape[0]
    combined = np.zeros(nodes)
    key = np.empty(links + nodes)
    heap = np.empty(links + nodes, np.int64)
    place = np.full(links + nodes, _UNSEEN)
    best = np.empty(nodes, np.int64)
    time[:] = np.inf
    clock[:] = np.inf
    time[destination] = 0.0
    clock[destination] = 0.0
    size = _offer(heap, place, key, best, 0, first, order, tail, cost, frequency, time, destination)
    count = 0
    while size > 0:
        item = heap[0]
        size = _pop(heap, place, key, size)
        k = key[item]
        link = item if item < links else best[item - links]
        i = tail[link]
        # a link that does not improve its tail strictly is not accepted: times are the same, and volumes stay acyclic on ties
        if time[i] <= k:
            continue
        by_clock = clock[head[link]] + clock_cost[link]
        if item >= links:
            time[i] = k
            clock[i] = by_clock
            combined[i] = np.inf
        else:
            if combined[i] == 0.0:
                time[i] = wait / frequency[link] + k
                clock[i] = clock_wait / frequency[link] + by_clock
            else:
                both = combined[i] + frequency[link]
                time[i] = (combined[i] * time[i] + frequency[link] * k) / both
                clock[i] = (combined[i] * clock[i] + frequency[link] * by_clock) / both
            combined[i] += frequency[link]
        accepted[count] = link
        count += 1
        size = _offer(heap, place, key, best, size, first, order, tail, cost, frequency, time, i)
    return count


@kernel
def load(
    accepted: IntArray,
    count: int,
    tail: IntArray,
    head: IntArray,
    frequency: FloatArray,
    volume: FloatArray,
    flow: FloatArray,
) -> None:
    """Load node volumes along a strategy, in decreasing order of acceptance (part 2 of the paper).

    ``volume`` (N,) in: demand at each node; out: volume through each node. ``flow`` (L,) is added to.
    """
    combined = np.zeros(volume.shape[0])
    fixed = np.full(volume.shape[0], -1, np.int64)
    for k in range(count):
        link = accepted[k]
        if np.isinf(frequency[link]):
            fixed[tail[link]] = link
        else:
            combined[tail[link]] += frequency[link]
    for k in range(count - 1, -1, -1):
        link = accepted[k]
        i = tail[link]
        if volume[i] == 0.0:
            continue
        if fixed[i] >= 0:
            if fixed[i] != link:
                continue
            part = volume[i]
        else:
            part = volume[i] * frequency[link] / combined[i]
        flow[link] += part
        volume[head[link]] += part


@kernel
def used(
    accepted: IntArray, count: int, tail: IntArray, head: IntArray, frequency: FloatArray, origins: IntArray, n: int,
    share: FloatArray,
) -> int:  # fmt: skip
    """Keep of a strategy what trips from ``origins`` use, in loading order, with each link's share of its tail's volume.

    ``accepted``, ``share`` (L,) are written in place; returns how many links are kept.
    """
    volume, flow = np.zeros(n), np.zeros(tail.shape[0])
    for o in origins:
        volume[o] = 1.0
    load(accepted, count, tail, head, frequency, volume, flow)
    for k in range(count // 2):  # loading order is the reverse of acceptance
        accepted[k], accepted[count - 1 - k] = accepted[count - 1 - k], accepted[k]
    kept = 0
    for k in range(count):
        link = accepted[k]
        if flow[link] > 0.0:
            accepted[kept] = link
            share[kept] = flow[link] / volume[tail[link]]
            kept += 1
    return kept


@parallel_kernel
def transit_strategies(
    first: IntArray, order: IntArray, tail: IntArray, head: IntArray, cost: FloatArray, clock_cost: FloatArray, frequency: FloatArray,
    wait: float, clock_wait: float, origins: IntArray, destinations: IntArray, n: int,
) -> tuple[FloatArray, FloatArray, IntArray, FloatArray, IntArray]:  # fmt: skip
    """Optimal strategies from every zone to every zone; ``origins``, ``destinations`` (Z,) are their nodes.

    Returns:
        (Z, Z) expected weighted time from zone to zone, inf where transit does not go; (Z, Z) the same by the clock; (Z, L) links
        that trips to each destination use, in loading order; (Z, L) the share of the volume at its tail that each takes; (Z,) how
        many those are.
    """
    z = origins.shape[0]
    felt = np.empty((z, z))
    by_clock = np.empty((z, z))
    links = np.empty((z, order.shape[0]), np.int64)
    share = np.empty((z, order.shape[0]))
    count = np.empty(z, np.int64)
    for d in prange(z):
        time = np.empty(n)
        clock = np.empty(n)
        accepted = strategy(
            first,
            order,
            tail,
            head,
            cost,
            clock_cost,
            frequency,
            wait,
            clock_wait,
            destinations[d],
            time,
            clock,
            links[d],
        )
        count[d] = used(links[d], accepted, tail, head, frequency, origins, n, share[d])
        for o in range(z):
            felt[o, d] = time[origins[o]]
            by_clock[o, d] = clock[origins[o]]
    return felt, by_clock, links, share, count


@kernel
def load_all(
    links: IntArray, share: FloatArray, first: IntArray, tail: IntArray, head: IntArray, origins: IntArray, n: int,
    demand: FloatArray,
) -> FloatArray:  # fmt: skip
    """(L,) flows of a (Z, Z) demand along kept strategies: links[first[d]:first[d+1]] lead to zone d, in loading order, and take
    ``share`` of the volume at their tails.

    Trips between zones that no strategy joins must be zero in ``demand``; its diagonal is left out.
    """
    flow = np.zeros(tail.shape[0])
    volume = np.empty(n)
    for d in range(origins.shape[0]):
        volume[:] = 0.0
        for o in range(origins.shape[0]):
            if o != d:
                volume[origins[o]] += demand[o, d]
        for k in range(first[d], first[d + 1]):
            a = links[k]
            if volume[tail[a]] > 0.0:
                part = volume[tail[a]] * share[k]
                volume[head[a]] += part
                flow[a] += part
    return flow


@kernel
def expected(
    links: IntArray, share: FloatArray, first: IntArray, tail: IntArray, head: IntArray, origins: IntArray, n: int,
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


@kernel
def _offer(
    heap: IntArray, place: IntArray, key: FloatArray, best: IntArray, size: int, first: IntArray, order: IntArray, tail: IntArray,
    cost: FloatArray, frequency: FloatArray, time: FloatArray, node: int,
) -> int:  # fmt: skip
    """Put what leads into ``node``, whose time has just fallen, on the heap or move it up; returns the heap's size.

    What was taken off stays off: keys come off in increasing order, so no later time of its head can be less. What cannot improve its
    tail now never will: times only fall.
    """
    links = order.shape[0]
    for j in range(first[node], first[node + 1]):
        link = order[j]
        k = time[node] + cost[link]
        if time[tail[link]] <= k or frequency[link] == 0.0:
            continue
        always = np.isinf(frequency[link])
        item = links + tail[link] if always else link
        i = place[item]
        if i == _TAKEN:
            continue
        if i == _UNSEEN:
            i = size
            size += 1
        elif always and key[item] <= k:
            continue
        key[item] = k
        if always:
            best[tail[link]] = link
        while i > 0:
            parent = (i - 1) >> 1
            if not _before(key, item, heap[parent]):
                break
            heap[i] = heap[parent]
            place[heap[i]] = i
            i = parent
        heap[i] = item
        place[item] = i
    return size


@kernel
def _pop(heap: IntArray, place: IntArray, key: FloatArray, size: int) -> int:
    """Take the item of the least key off the heap; returns the heap's size."""
    place[heap[0]] = _TAKEN
    size -= 1
    if size == 0:
        return 0
    link = heap[size]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and _before(key, heap[child + 1], heap[child]):
            child += 1
        if not _before(key, heap[child], link):
            break
        heap[i] = heap[child]
        place[heap[i]] = i
        i = child
    heap[i] = link
    place[link] = i
    return size


@inline
def _before(key: FloatArray, a: int, b: int) -> bool:
    """True if item ``a`` comes off first: by key, then by number, so that ties have one order."""
    return key[a] < key[b] or (key[a] == key[b] and a < b)
