"""Shortest paths against a plain Bellman-Ford twin and against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from kernels.graph import star
from kernels.hierarchy import Metric, customize
from kernels.paths import skims
from kernels.routes import empty_routes, label_nodes
from kernels.search import prepare, search
from tests.kernels.roads import random_network, slow_skims


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), closed=st.booleans())
def test_both_searches_find_the_cheapest_cost(seed: int, closed: bool) -> None:
    network, trips = random_network(seed, closed_zones=closed)
    cost = network.free_time + network.fixed
    cost[np.random.default_rng(seed).random(len(cost)) < 0.05] = np.inf  # closed links
    want = slow_skims(network, cost)
    graph = star(network.tail, network.head, network.n_nodes)
    got, second = skims(graph, cost, cost, network.zone_node, network.zone_node, through=network.through)
    np.testing.assert_allclose(got, want, rtol=1e-13)
    np.testing.assert_allclose(second, want, rtol=1e-12)  # the second quantity follows the same path

    zones = len(trips)
    p = prepare(network.tail, network.head, network.n_nodes, network.zone_node, network.through)
    arcs = len(p.order.high)
    metric = Metric(np.empty((2, arcs)), np.empty((2, arcs)), np.empty((2, arcs), np.int32))
    customize(p.order, cost, cost, metric)
    routes = empty_routes(zones, np.full(zones, 1000), np.full(zones, 100))
    fast, along, full = np.empty((zones, zones)), np.empty((zones, zones)), np.zeros(zones, bool)
    everyone = np.arange(zones, dtype=np.int32)
    search(p, metric, cost, cost, everyone, np.ones((zones, zones)), routes, fast, along, full, 1)
    np.testing.assert_allclose(fast, want, rtol=1e-13)
    assert not full.any()
    search(p, metric, cost, cost, everyone, np.zeros((zones, zones)), routes, fast, along, full, 1, lengths=True)
    np.testing.assert_allclose(along, want, rtol=1e-12)

    # every route found is a walk of real links from origin to destination and costs what it says
    label = np.empty(2000)
    for o in range(zones):
        label_nodes(routes, o, cost, label)
        for q in range(routes.path_first[o], routes.path_first[o] + routes.path_used[o]):
            d, i, at = routes.zone[q], routes.leaf[q], network.zone_node[routes.zone[q]]
            assert label[i] == pytest.approx(want[o, d], rel=1e-12)
            while i > 0:
                e = routes.link[routes.node_first[o] + i]
                assert network.head[e] == at
                at = network.tail[e]
                i = routes.parent[routes.node_first[o] + i]
                assert network.through[at] or i == 0
            assert at == network.zone_node[o]


def test_a_grid_against_scipy_on_one_and_two_threads() -> None:
    side = 25
    r = np.random.default_rng(5)
    at = np.arange(side * side).reshape(side, side)
    a, b = np.r_[at[:, :-1].ravel(), at[:-1].ravel()], np.r_[at[:, 1:].ravel(), at[1:].ravel()]
    tail, head = np.r_[a, b], np.r_[b, a]
    weight, second = r.uniform(0.1, 1, len(tail)), r.uniform(0, 1, len(tail))
    n = side * side
    origins = r.choice(n, 40, replace=False)
    graph = star(tail, head, n)
    cost, other = skims(graph, weight, second, origins, np.arange(n))
    want, before = dijkstra(csr_matrix((weight, (tail, head)), (n, n)), indices=origins, return_predecessors=True)
    np.testing.assert_allclose(cost, want, rtol=1e-12)
    link = {(int(u), int(v)): k for k, (u, v) in enumerate(zip(tail, head, strict=True))}
    for row, start in enumerate(origins):
        v, total = 3, 0.0
        while v != start:
            u = int(before[row, v])
            total += second[link[u, v]]
            v = u
        assert other[row, 3] == pytest.approx(total, rel=1e-12)
    again = skims(graph, weight, second, origins, np.arange(n), threads=2)
    assert (again[0] == cost).all()
    assert (again[1] == other).all()


def test_unreachable_is_infinite_and_negative_is_refused() -> None:
    graph = star([0, 1], [1, 2], 4)
    cost, length = skims(graph, [1.0, np.inf], [5.0, 5.0], [0], [0, 1, 2, 3])
    assert list(cost[0]) == [0.0, 1.0, np.inf, np.inf]
    assert list(length[0]) == [0.0, 5.0, np.inf, np.inf]
    with pytest.raises(ValueError, match=">= 0"):
        skims(graph, [1.0, -1.0], [0.0, 0.0], [0], [1])
