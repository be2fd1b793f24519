"""Transit by optimal strategies (Spiess & Florian 1989, Transportation Research B 23, 83-102).

The graph has three kinds of links: boarding links with a finite frequency, and riding, alighting and walking links that are
always there (frequency infinite). A strategy to a destination is the set of links a traveller accepts; its expected time is the
fixed point that the label-setting algorithm of the paper (part 1) finds, and part 2 loads demand along it.
"""

from __future__ import annotations

import numpy as np

from kernels.draws import FloatArray, IntArray
from kernels.jit import kernel, parallel_kernel, prange


@kernel
def strategy(
    first: IntArray, order: IntArray, tail: IntArray, cost: FloatArray, frequency: FloatArray, wait: float, destination: int,
    time: FloatArray, accepted: IntArray,
) -> int:  # fmt: skip
    """Expected times to one destination and the accepted links.

    Args:
        first, order: reverse star: links into node v are order[first[v]:first[v+1]].
        tail: (L,) node each link leaves.
        cost: (L,) time of the link.
        frequency: (L,) vehicles per unit of time on boarding links, inf on all others.
        wait: expected wait over the inverse of the combined frequency (1 for random, 0.5 for regular vehicles).
        destination: node.
        time: (N,) out, expected time to the destination, inf if it cannot be reached.
        accepted: (L,) out, accepted links in the order of acceptance.

    Returns:
        number of accepted links.
    """
    n = time.shape[0]
    combined = np.zeros(n)
    time[:] = np.inf
    time[destination] = 0.0
    heap_key = np.empty(4 * order.shape[0] + 8)
    heap_link = np.empty(4 * order.shape[0] + 8, np.int64)
    size = 0
    head_time = np.empty(order.shape[0])
    for k in range(first[destination], first[destination + 1]):
        size = _push(heap_key, heap_link, size, cost[order[k]], order[k])
        head_time[order[k]] = 0.0
    count = 0
    while size > 0:
        key = heap_key[0]
        link = heap_link[0]
        size = _pop(heap_key, heap_link, size)
        if key > head_time[link] + cost[link] + 1e-12:
            continue  # pushed before the head's label improved
        i = tail[link]
        if i == destination or time[i] < key:
            continue
        if np.isinf(frequency[link]):
            if time[i] <= key:
                continue
            time[i] = key
            combined[i] = np.inf
        else:
            if np.isinf(combined[i]):
                continue
            if combined[i] == 0.0:
                time[i] = (wait + frequency[link] * key) / frequency[link]
            else:
                time[i] = (combined[i] * time[i] + frequency[link] * key) / (combined[i] + frequency[link])
            combined[i] += frequency[link]
        accepted[count] = link
        count += 1
        for k in range(first[i], first[i + 1]):
            before = order[k]
            head_time[before] = time[i]
            size = _push(heap_key, heap_link, size, time[i] + cost[before], before)
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


@parallel_kernel
def transit_strategies(
    first: IntArray,
    order: IntArray,
    tail: IntArray,
    cost: FloatArray,
    frequency: FloatArray,
    wait: float,
    zones: IntArray,
    n: int,
) -> tuple[FloatArray, IntArray, IntArray]:
    """Optimal strategies to every zone.

    Returns:
        (Z, Z) expected time from zone to zone, inf where transit does not go, 0 on the diagonal; (Z, L) accepted links of each
        destination in the order of acceptance; (Z,) how many those are.
    """
    z = zones.shape[0]
    out = np.empty((z, z))
    accepted = np.empty((z, order.shape[0]), np.int64)
    count = np.empty(z, np.int64)
    for d in prange(z):
        time = np.empty(n)
        count[d] = strategy(first, order, tail, cost, frequency, wait, zones[d], time, accepted[d])
        for o in range(z):
            out[o, d] = time[zones[o]]
    return out, accepted, count


@kernel
def boardings(
    accepted: IntArray, count: IntArray, tail: IntArray, head: IntArray, frequency: FloatArray, zones: IntArray, n: int,
    demand: FloatArray, board_line: IntArray, lines: int,
) -> FloatArray:  # fmt: skip
    """(lines,) boardings of a (Z, Z) demand along strategies; ``board_line`` (L,) is the line a link boards, -1 none.

    Trips between zones that no strategy joins must be zero in ``demand``.
    """
    out = np.zeros(lines)
    flow = np.zeros(tail.shape[0])
    volume = np.empty(n)
    for d in range(zones.shape[0]):
        volume[:] = 0.0
        for o in range(zones.shape[0]):
            if o != d:
                volume[zones[o]] += demand[o, d]
        load(accepted[d], count[d], tail, head, frequency, volume, flow)
    for a in range(tail.shape[0]):
        if board_line[a] >= 0:
            out[board_line[a]] += flow[a]
    return out


@kernel
def _push(key: FloatArray, link: IntArray, size: int, k: float, value: int) -> int:
    i = size
    while i > 0:
        parent = (i - 1) >> 1
        if key[parent] < k or (key[parent] == k and link[parent] <= value):
            break
        key[i] = key[parent]
        link[i] = link[parent]
        i = parent
    key[i] = k
    link[i] = value
    return size + 1


@kernel
def _pop(key: FloatArray, link: IntArray, size: int) -> int:
    size -= 1
    k = key[size]
    value = link[size]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and (
            key[child + 1] < key[child] or (key[child + 1] == key[child] and link[child + 1] < link[child])
        ):
            child += 1
        if k < key[child] or (k == key[child] and value <= link[child]):
            break
        key[i] = key[child]
        link[i] = link[child]
        i = child
    key[i] = k
    link[i] = value
    return size
