"""Folding changes neither cheapest costs nor equilibrium flows; the unfolded graph is the judge."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.assignment import RoadNetwork, equilibrium, link_cost
from kernels.fold import Folded, expand_flow, fold, refresh
from kernels.graph import usable
from tests.kernels.roads import slow_skims

Array = np.ndarray[Any, Any]


def street(seed: int, *, powers: tuple[float, ...] = (4.0,)) -> tuple[RoadNetwork, Array, Array]:
    """A grid whose streets are cut into chains by pass-through nodes, with dead ends and one-ways; trips; nodes to keep."""
    r = np.random.default_rng(seed)
    side = 4
    at = np.arange(side * side).reshape(side, side)
    edges = list(zip(at[:, :-1].ravel(), at[:, 1:].ravel(), strict=True)) + list(
        zip(at[:-1].ravel(), at[1:].ravel(), strict=True)
    )
    n = side * side
    tail, head = [], []
    for a, b in edges:
        chain = [a, *range(n, n + (k := int(r.integers(0, 4)))), b]
        n += k
        tail += [*chain[:-1], *chain[1:]]
        head += [*chain[1:], *chain[:-1]]
    for a in r.integers(0, n, 6):  # dead ends, two links deep, and a loop road
        tail += [a, n, n, n + 1]
        head += [n, a, n + 1, n]
        n += 2
    tail += [0, 0, n, n + 1, n]
    head += [0, n, n + 1, 0, n]
    n += 2
    keep = np.zeros(n, bool)
    zones = np.array([0, side * side - 1, int(r.integers(side * side, n)), 5])
    keep[zones] = True
    links = len(tail)
    parameters = [
        r.uniform(1, 10, links),
        r.uniform(100, 300, links),
        r.uniform(0.1, 1, links),
        r.choice(powers, links),
    ]
    network = RoadNetwork(
        np.array(tail, np.int32), np.array(head, np.int32), *parameters, r.uniform(0, 1, links), r.uniform(1, 2, links), n,
        zones.astype(np.int32), np.ones(n, bool),
    )  # fmt: skip
    return network, r.uniform(0, 200, (4, 4)) * (1 - np.eye(4)), keep


def folded_network(network: RoadNetwork, folded: Folded) -> RoadNetwork:
    return RoadNetwork(
        *folded[:8], folded.n_nodes, folded.node_of[network.zone_node], folded.through(network.through)
    )  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), powers=st.sampled_from([(4.0,), (4.0, 0.0), (4.0, 1.0)]))
def test_equilibrium_is_that_of_the_real_graph(seed: int, powers: tuple[float, ...]) -> None:
    network, trips, keep = street(seed, powers=powers)
    folded = fold(*network[:8], network.n_nodes, keep)
    assert len(folded.tail) < len(network.tail)
    small = folded_network(network, folded)
    np.testing.assert_allclose(
        slow_skims(small, link_cost(small, np.zeros(len(small.tail)))),
        slow_skims(network, link_cost(network, np.zeros(len(network.tail)))),
        rtol=1e-12,
    )
    here, there = equilibrium(network, trips, gap=1e-12), equilibrium(small, trips, gap=1e-12)
    np.testing.assert_allclose(there.skim_cost, here.skim_cost, rtol=1e-9)
    flow = expand_flow(folded, there.flow)
    rising = network.beta > 0
    np.testing.assert_allclose(flow[rising], here.flow[rising], atol=1e-3)
    # the costs of a chain add up to the folded link's cost
    total = np.add.reduceat(link_cost(network, flow)[folded.links], folded.first[:-1])
    np.testing.assert_allclose(there.cost, total, rtol=1e-12)
    assert float((trips * there.skim_length).sum()) == pytest.approx(float(flow @ network.length), rel=1e-9)


def spoiled(seed: int) -> tuple[RoadNetwork, Array, Array]:
    """The streets of :func:`street` with parts of no use: ways in that nobody can enter, ways out that lead nowhere, an island,
    and a closed node that is no zone; one zone's node is closed to through traffic."""
    network, trips, keep = street(seed)
    r = np.random.default_rng(seed)
    n = network.n_nodes
    a, b, c, d, e = n, n + 1, n + 2, n + 3, n + 4
    x, y, z = (int(v) for v in r.integers(0, 16, 3))
    more = [(a, b), (b, x), (a, a), (y, c), (c, d), (d, c), (e, e), (z, e), (e, x), (n + 5, n + 6), (n + 6, n + 5)]
    tail, head = np.array(more, np.int32).T
    many = len(more)
    columns = [np.r_[column, r.uniform(1.0, 3.0, many)] for column in network[2:8]]
    through = np.ones(n + 7, bool)
    through[[e, int(network.zone_node[2])]] = False
    columns[3][len(network.tail) :] = 4.0
    spoiled_network = RoadNetwork(
        np.r_[network.tail, tail], np.r_[network.head, head], *columns, n + 7, network.zone_node, through
    )
    return spoiled_network, trips, np.r_[keep, np.zeros(7, bool)] | ~through


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_links_of_no_use_are_dropped_and_nothing_changes(seed: int) -> None:
    """Usable by definition, in a twin with NetworkX: reached from a zone and leading to one, through no closed node."""
    network, trips, keep = spoiled(seed)
    wanted = usable(network.tail, network.head, network.n_nodes, network.zone_node, network.through)
    zones = {int(v) for v in network.zone_node}
    ways = nx.DiGraph(zip(network.tail.tolist(), network.head.tolist(), strict=True))
    ways.add_nodes_from(range(network.n_nodes))
    ways.remove_nodes_from([v for v in range(network.n_nodes) if not network.through[v] and v not in zones])
    ahead = set.union(*(nx.descendants(ways, v) | {v} for v in zones))
    behind = set.union(*(nx.ancestors(ways, v) | {v} for v in zones))
    twin = [int(a) in ahead and int(b) in behind for a, b in zip(network.tail, network.head, strict=True)]
    np.testing.assert_array_equal(wanted, twin)
    assert 10 <= (~wanted).sum() < len(wanted)
    folded = fold(*network[:8], network.n_nodes, keep, wanted)
    small = folded_network(network, folded)
    here, there = equilibrium(network, trips, gap=1e-12), equilibrium(small, trips, gap=1e-12)
    np.testing.assert_allclose(there.skim_cost, here.skim_cost, rtol=1e-9)
    flow = expand_flow(folded, there.flow)
    np.testing.assert_allclose(flow, here.flow, atol=1e-3)
    assert not flow[~wanted].any()


def test_a_street_folds_to_its_ends() -> None:
    #   0 <-> 1 <-> 2 <-> 3, with a dead end 1 <-> 4 <-> 5 and a one-way 3 -> 6 -> 0
    tail, head = [0, 1, 1, 2, 2, 3, 1, 4, 4, 5, 3, 6], [1, 0, 2, 1, 3, 2, 4, 1, 5, 4, 6, 0]
    ones = np.ones(12)
    keep = np.isin(np.arange(7), [0, 3])
    f = fold(tail, head, ones, 100 * ones, ones, 4 * ones, 0 * ones, np.arange(12.0), 7, keep)
    ends = zip(f.node[f.tail], f.node[f.head], f.first[:-1], f.first[1:], strict=True)
    chains = {(int(a), int(b), tuple(f.links[i:j])) for a, b, i, j in ends}
    assert chains == {(0, 3, (0, 2, 4)), (3, 0, (5, 3, 1)), (3, 0, (10, 11))}
    assert list(f.node) == [0, 3]
    assert list(f.node_of) == [0, -1, -1, 1, -1, -1, -1]
    assert sorted(f.length) == [6.0, 9.0, 21.0]
    assert list(expand_flow(f, [1.0, 2.0, 3.0])[[6, 7, 8, 9]]) == [0.0] * 4


def test_new_parameters_without_folding_again() -> None:
    network, _, keep = street(3)
    folded = fold(*network[:8], network.n_nodes, keep)
    r = np.random.default_rng(0)
    links = len(network.tail)
    changed = network._replace(free_time=r.uniform(1, 10, links), capacity=r.uniform(1, 300, links))
    again = refresh(folded, *changed[2:8])
    for one, other in zip(again, fold(*changed[:8], network.n_nodes, keep), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="fold again"):
        refresh(folded, *network[2:5], r.uniform(1, 5, links), *network[6:8])


def test_links_of_different_power_stay_apart() -> None:
    ones = np.ones(2)
    keep = np.array([True, False, True])
    f = fold([0, 1], [1, 2], ones, ones, ones, [4.0, 2.0], 0 * ones, ones, 3, keep)
    assert len(f.tail) == 2
    g = fold([0, 1], [1, 2], ones, ones, [1.0, 0.0], [4.0, 2.0], 0 * ones, ones, 3, keep)
    assert len(g.tail) == 1
    assert g.beta[0] == 4.0


def test_nothing_to_keep_folds_to_nothing() -> None:
    ones = np.ones(2)
    f = fold([0, 1], [1, 0], ones, ones, ones, ones, ones, ones, 2, np.zeros(2, bool))
    assert len(f.tail) == 0
    assert len(f.free_time) == 0
    assert list(expand_flow(f, [])) == [0.0, 0.0]
