"""Random road networks for the tests of the road kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

from kernels.assignment import RoadNetwork

Array = np.ndarray[Any, Any]


def random_network(
    seed: int, *, nodes: int = 30, zones: int = 6, closed_zones: bool = True
) -> tuple[RoadNetwork, Array]:
    """A strongly connected network with all that real files hold, and trips.

    A ring both ways and random links, among them parallel links, loops, zero-cost, constant-cost (alpha 0 or beta 0) and
    toll links; zones sit on nodes of their own that may not be passed (or, in part, on nodes that may).
    """
    r = np.random.default_rng(seed)
    ring = np.arange(nodes)
    extra = r.integers(0, nodes, (2, 3 * nodes))
    tail, head = np.r_[ring, np.roll(ring, 1), extra[0]], np.r_[np.roll(ring, 1), ring, extra[1]]
    again = r.integers(0, len(tail), nodes // 3)
    tail, head = np.r_[tail, tail[again]], np.r_[head, head[again]]
    real = len(tail)
    zone_node, through = r.choice(nodes, zones, replace=False), np.ones(nodes, bool)
    n = nodes
    if closed_zones:
        own = np.arange(nodes, nodes + zones - 1)  # the last zone stays on a street node
        doors = r.integers(0, nodes, (2, len(own)))
        tail, head = np.r_[tail, own, own, doors[0], doors[1]], np.r_[head, doors[0], doors[1], own, own]
        tail, head = np.r_[tail, own[0]], np.r_[head, own[1]]  # two zones joined directly
        zone_node[:-1] = own
        n += len(own)
        through = np.arange(n) < nodes
    links = len(tail)
    free = np.where(r.random(links) < 0.1, 0.0, r.uniform(1, 10, links))
    alpha = np.where(r.random(links) < 0.1, 0.0, 0.15)
    beta = r.choice([0.0, 1.0, 4.0, 4.0, 4.0, 5.5], links)
    alpha[real:] = 0.0
    fixed = np.where(r.random(links) < 0.1, r.uniform(0, 5, links), 0.0)
    trips = np.where(r.random((zones, zones)) < 0.8, r.uniform(0, 400, (zones, zones)), 0.0)
    network = RoadNetwork(
        tail.astype(np.int32), head.astype(np.int32), free, r.uniform(50, 500, links), alpha, beta, fixed,
        r.uniform(0, 3, links), n, zone_node.astype(np.int32), through,
    )  # fmt: skip
    return network, trips


def slow_skims(network: RoadNetwork, cost: Array) -> Array:
    """Cheapest costs between zones by Bellman and Ford's relaxation, one origin after another: a plain twin."""
    out = np.full((len(network.zone_node),) * 2, np.inf)
    for row, origin in enumerate(network.zone_node):
        dist = np.full(network.n_nodes, np.inf)
        dist[origin] = 0.0
        usable = network.through[network.tail] | (network.tail == origin)
        for _ in range(network.n_nodes):
            before = dist.copy()
            np.minimum.at(dist, network.head[usable], dist[network.tail[usable]] + cost[usable])
            if (dist == before).all():
                break
        out[row] = dist[network.zone_node]
    return out
