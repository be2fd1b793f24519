"""Proportionality of class and origin flows: closed forms, the entropy oracle, and answers that do not depend on the solver's path."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from scipy.optimize import minimize

from kernels.assignment import RoadNetwork, solve
from kernels.classes import ClassFlows, UserClass, assign_classes
from kernels.proportion import proportional
from tests.reference.road.tntp import sioux_falls


def road(pairs: list[tuple[int, int]], zones: list[int], free: list[float] | None = None) -> RoadNetwork:
    """Links with free time 1 (or as given), capacity 10, BPR 1 and power 2, so that alternatives share."""
    n = len(pairs)
    tail, head = (np.array(ends, np.int32) for ends in zip(*pairs, strict=True))
    nodes = int(max(tail.max(), head.max())) + 1
    time = np.ones(n) if free is None else np.array(free)
    return RoadNetwork(
        tail, head, time, np.full(n, 10.0), np.ones(n), np.full(n, 2.0), np.zeros(n), np.ones(n), nodes,
        np.array(zones, np.int32), np.ones(nodes, bool),
    )  # fmt: skip


#: Zones 0, 1 enter at node 3; zone 2 at node 6. From 3 to 6 by 4 or 5, from 6 to 9 by 7 or 8; all go to zone 9.
SERIES = [(0, 3), (1, 3), (2, 6), (3, 4), (4, 6), (3, 5), (5, 6), (6, 7), (7, 9), (6, 8), (8, 9)]
FREE = [1.0, 1.0, 1.0, 1.0, 1.0, 1.3, 1.0, 1.0, 1.0, 1.0, 1.6]


def series_demand() -> np.ndarray:
    trips = np.zeros((4, 4))
    trips[:3, 3] = 6.0, 9.0, 12.0
    return trips


def test_two_pairs_in_series_split_everybody_alike() -> None:
    """The example of Bar-Gera, Boyce & Nie: each origin's flow on a segment is its demand times the segment's common share, so the
    four routes carry products of shares; two classes of unequal demand do the same."""
    network, trips = road(SERIES, [0, 1, 2, 9], FREE), series_demand()
    part = np.zeros((4, 4))
    part[0, 3], part[1, 3], part[2, 3] = 0.9, 0.1, 0.4
    classes = [UserClass(trips * part, 1.0, network.fixed), UserClass(trips * (1 - part), 1.0, network.fixed)]
    found = assign_classes(network, classes, gap=1e-13, max_iterations=1000, in_proportion=True)
    assert found.proportion is not None
    assert found.proportion.residual <= 1e-5
    first, second = found.load[3] / 15.0, found.load[7] / 27.0  # shares of the upper segments
    assert 0.5 < first < 0.9
    for k, one in enumerate(classes):
        before, after = one.demand[:2].sum(), one.demand.sum()
        assert found.flow[k, 3] == pytest.approx(first * before, rel=1e-5)
        assert found.flow[k, 5] == pytest.approx((1 - first) * before, rel=1e-5)
        assert found.flow[k, 8] == pytest.approx(second * after, rel=1e-5)


def test_what_a_solver_leaves_apart_is_brought_together() -> None:
    """Origins that a solver may leave on one segment each have the same split after it: only totals are read, not routes."""
    network, trips = road(SERIES, [0, 1, 2, 9], FREE), series_demand()
    found = solve(network, trips, gap=1e-13, max_iterations=1000)[0]
    origins = np.stack([np.where(np.arange(4)[:, None] == o, trips, 0.0) for o in range(3)])
    even = proportional(
        found.flow, network.tail, network.head, network.zone_node, network.through, np.atleast_2d(found.cost), origins,
        np.zeros(3, np.int64),
    )  # fmt: skip
    np.testing.assert_allclose(even.flow.sum(axis=0), found.flow, atol=1e-4)
    np.testing.assert_allclose(even.flow[0, [3, 5]] / 6.0, even.flow[1, [3, 5]] / 9.0, rtol=1e-5)
    np.testing.assert_allclose(even.flow[:, 7] / [6.0, 9.0, 12.0], even.flow[:, 7].sum() / 27.0, rtol=1e-5)


# --- the entropy oracle -----------------------------------------------------------------------------------------------


def lattice(n: int = 4) -> RoadNetwork:
    """Streets east and north on a grid."""
    pairs = [(i * n + j, (i + 1) * n + j) for i in range(n - 1) for j in range(n)]
    pairs += [(i * n + j, i * n + j + 1) for i in range(n) for j in range(n - 1)]
    return road(pairs, [0, 1, n, n * n - 1, n * n - 2, (n - 1) * n - 1])


def by_entropy(network: RoadNetwork, trips: np.ndarray, cost: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """(zones, L) link flows by origin of the most likely route flows with these demands and total link flows.

    Independent of the kernel: all cheapest routes are enumerated by NetworkX, the dual of max -sum f ln f is minimised by SciPy.
    """
    graph = nx.DiGraph()
    for e, (u, v) in enumerate(zip(network.tail.tolist(), network.head.tolist(), strict=True)):
        if flow[e] > 1e-7:
            graph.add_edge(u, v, link=e, cost=cost[e])
    rows, who, wanted = [], [], []
    for o in range(len(trips)):
        for d in np.flatnonzero(trips[o]):
            a, b = int(network.zone_node[o]), int(network.zone_node[d])
            least = nx.dijkstra_path_length(graph, a, b, weight="cost")
            for path in nx.all_simple_paths(graph, a, b):
                links = [graph[u][v]["link"] for u, v in pairwise(path)]
                if cost[links].sum() <= least * (1 + 1e-5):
                    row = np.zeros(len(flow))
                    row[links] = 1.0
                    rows.append(row)
                    who.append((o, len(wanted)))
            wanted.append(trips[o, d])
    uses, pair = np.array(rows), np.array([w[1] for w in who])
    table = np.concatenate([uses, np.eye(len(wanted))[pair]], axis=1)
    target = np.r_[flow, wanted]

    def dual(x: np.ndarray) -> tuple[float, np.ndarray]:
        f = np.exp(table @ x)
        return float(f.sum() - target @ x), table.T @ f - target

    found = minimize(
        dual,
        np.zeros(table.shape[1]),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 20000, "gtol": 1e-9, "ftol": 1e-16},
    )
    f = np.exp(table @ found.x)
    np.testing.assert_allclose(table.T @ f, target, atol=2e-4)
    out = np.zeros((len(trips), len(flow)))
    for (o, _), one, amount in zip(who, uses, f, strict=True):
        out[o] += amount * one
    return out


@pytest.mark.parametrize("seed", range(3))
def test_flows_are_the_most_likely_ones(seed: int) -> None:
    """On a lattice with many equally cheap routes, flows by origin are those of maximum entropy."""
    network, r = lattice(), np.random.default_rng(seed)
    trips = np.zeros((6, 6))
    trips[:3, 3:] = r.uniform(1.0, 12.0, (3, 3))
    origins = [UserClass(np.where(np.arange(6)[:, None] == o, trips, 0.0), 1.0, network.fixed) for o in range(3)]
    found = assign_classes(network, origins, gap=1e-12, max_iterations=2000, in_proportion=True)
    expected = by_entropy(network, trips, found.cost[0], found.load)
    np.testing.assert_allclose(found.flow, expected[:3], atol=5e-3 * trips.sum() / 30.0)


# --- no artefact of the solver ----------------------------------------------------------------------------------------


def two_groups(network: RoadNetwork, trips: np.ndarray) -> list[UserClass]:
    """Cars, vans of the same costs, and cars that pay a toll on every seventh link: two cost groups."""
    r = np.random.default_rng(3)
    toll = np.where(np.arange(len(network.tail)) % 7 == 0, r.uniform(0.2, 1.0, len(network.tail)), 0.0)
    part = r.dirichlet((2.0, 1.0, 2.0), trips.shape)
    return [
        UserClass(trips * part[..., 0], 1.0, network.fixed), UserClass(trips * part[..., 1] / 2.0, 2.0, network.fixed),
        UserClass(trips * part[..., 2], 1.0, toll),
    ]  # fmt: skip


def assigned(network: RoadNetwork, classes: list[UserClass], *, even: bool, **options: object) -> ClassFlows:
    return assign_classes(network, classes, gap=1e-12, max_iterations=1000, in_proportion=even, **options)  # type: ignore[arg-type]


def test_class_flows_are_the_same_whatever_the_solver_did() -> None:
    """SiouxFalls with two cost groups, cold, warm from another demand, and with the links in another order: total flows agree, class
    flows (some thousands) do so to 1e-3 only in proportion."""
    network, trips, _ = sioux_falls()
    classes = two_groups(network, trips)
    other = [one._replace(demand=one.demand * np.linspace(0.5, 1.5, 24)) for one in classes]
    order = np.random.default_rng(1).permutation(len(network.tail))
    shuffled = network._replace(
        **{name: getattr(network, name)[order] for name in ("tail", "head", "free_time", "capacity", "alpha", "beta", "fixed", "length")}
    )  # fmt: skip
    shuffled_classes = [one._replace(fixed=one.fixed[order]) for one in classes]
    apart = {}
    for even in (False, True):
        cold = assigned(network, classes, even=even)
        begun = assigned(network, other, even=False)
        warm = assigned(network, classes, even=even, warm=(begun.state_f, begun.state_i))
        mixed = assigned(shuffled, shuffled_classes, even=even)
        back = np.empty_like(mixed.flow)
        back[:, order] = mixed.flow
        np.testing.assert_allclose(warm.load, cold.load, atol=1e-2)
        apart[even] = max(np.abs(warm.flow - cold.flow).max(), np.abs(back - cold.flow).max())
        for one, flow in zip(classes, cold.flow, strict=True):
            net = np.bincount(network.tail, flow, 24) - np.bincount(network.head, flow, 24)
            np.testing.assert_allclose(net, one.demand.sum(1) - one.demand.sum(0), atol=1e-6)
        np.testing.assert_allclose(
            sum(c.pce * f for c, f in zip(classes, cold.flow, strict=True)), cold.load, rtol=1e-9
        )
    assert apart[True] < 1e-3
    assert apart[False] > 100.0


def test_a_class_without_demand_and_a_network_without_alternatives() -> None:
    network = road([(0, 1), (1, 2)], [0, 2])
    trips = np.array([[0.0, 5.0], [0.0, 0.0]])
    none = UserClass(np.zeros((2, 2)), 1.0, network.fixed)
    found = assign_classes(network, [UserClass(trips, 1.0, network.fixed), none], gap=1e-9, in_proportion=True)
    np.testing.assert_array_equal(found.flow, [[5.0, 5.0], [0.0, 0.0]])
    assert found.proportion is not None
    assert found.proportion.residual == 0.0
