"""All-or-nothing: costs beside Bellman and Ford's, flows conserved at every node and worth exactly demand times cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.assignment import link_cost, prepare
from kernels.loading import all_or_nothing
from tests.kernels.roads import random_network, slow_skims


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), closed=st.booleans(), zones=st.sampled_from([3, 6, 21]))
def test_every_trip_takes_a_cheapest_way(seed: int, closed: bool, zones: int) -> None:
    """Flow times cost equals demand times the cheapest cost only if every trip takes a cheapest way."""
    network, trips = random_network(seed, closed_zones=closed, zones=zones)
    r = np.random.default_rng(seed)
    cost = link_cost(network, r.uniform(0, 200, len(network.tail)))
    cost[r.random(len(cost)) < 0.05] = np.inf
    found = all_or_nothing(network, cost, trips)
    least = slow_skims(network, cost)
    np.testing.assert_allclose(found.skim_cost, least, rtol=1e-12)
    moving = trips * (1 - np.eye(len(trips)))
    np.testing.assert_array_equal(found.lost, (moving > 0) & np.isinf(least))
    carried = np.where(found.lost, 0.0, moving)
    used = found.flow > 0
    assert np.isfinite(cost[used]).all()
    worth = float((carried * np.where(carried > 0, least, 0.0)).sum())
    assert float(found.flow[used] @ cost[used]) == pytest.approx(worth, rel=1e-11, abs=1e-9)
    net = np.bincount(network.tail, found.flow, network.n_nodes) - np.bincount(
        network.head, found.flow, network.n_nodes
    )
    np.add.at(net, network.zone_node, carried.sum(0) - carried.sum(1))
    assert np.abs(net).max() < 1e-9 * max(1.0, carried.sum())


def test_same_bits_on_any_number_of_threads() -> None:
    network, trips = random_network(3, nodes=300, zones=90)
    cost = link_cost(network, np.zeros(len(network.tail)))
    one = all_or_nothing(network, cost, trips)
    for other in (
        all_or_nothing(network, cost, trips, threads=2),
        all_or_nothing(network, cost, trips, threads=5, topology=prepare(network)),
    ):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_costs_must_be_costs() -> None:
    network, trips = random_network(1)
    with pytest.raises(ValueError, match=">= 0"):
        all_or_nothing(network, np.full(len(network.tail), -1.0), trips)
