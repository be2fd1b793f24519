"""User classes: equal ones share routes in proportion, passenger-car units fill the road, bans hold, demand is conserved."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.assignment import equilibrium
from kernels.classes import UserClass, assign_classes
from tests.kernels.roads import random_network
from tests.reference.road.tntp import sioux_falls


def test_equal_classes_are_one_group_and_take_their_share_of_every_link() -> None:
    network, trips, _ = sioux_falls()
    parts = (0.5, 0.3, 0.2)
    found = assign_classes(network, [UserClass(p * trips, 1.0, network.fixed) for p in parts], gap=1e-10)
    alone = equilibrium(network, trips, gap=1e-10)
    assert found.group.tolist() == [0, 0, 0]
    for part, flow in zip(parts, found.flow, strict=True):
        np.testing.assert_allclose(flow, part * alone.flow, rtol=1e-9)


def test_trucks_of_two_car_units_weigh_as_two_cars() -> None:
    """Half the trips by trucks of 2 PCU = 1.5 times the trips by car; the link counts differ, the load does not."""
    network, trips, _ = sioux_falls()
    mixed = assign_classes(
        network, [UserClass(0.5 * trips, 1.0, network.fixed), UserClass(0.5 * trips, 2.0, network.fixed)], gap=1e-10
    )
    cars = equilibrium(network, 1.5 * trips, gap=1e-10, max_iterations=1000)
    np.testing.assert_allclose(mixed.load, cars.flow, rtol=1e-9)
    np.testing.assert_allclose(mixed.flow[0] + 2.0 * mixed.flow[1], mixed.load, rtol=1e-12)
    np.testing.assert_allclose(mixed.flow[0], mixed.flow[1], rtol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_each_class_is_conserved_at_every_node_and_keeps_to_its_bans(seed: int) -> None:
    network, trips = random_network(seed)
    r = np.random.default_rng(seed)
    links = np.arange(len(network.tail))
    banned = np.where((links >= 60) & (links < 150) & (r.random(len(links)) < 0.3), np.inf, 0.0)
    toll = network.fixed + r.uniform(0, 3, len(links))
    classes = [
        UserClass(trips, 1.0, network.fixed), UserClass(0.3 * trips.T, 1.0, toll), UserClass(0.2 * trips, 2.5, toll),
        UserClass(0.1 * trips, 1.0, banned),
    ]  # fmt: skip
    found = assign_classes(network, classes, gap=1e-9)
    assert found.gap <= 1e-9
    assert found.group.tolist() == [0, 1, 1, 2]
    assert not found.flow[3][np.isinf(banned)].any()
    for one, flow in zip(classes, found.flow, strict=True):
        net = np.bincount(network.tail, flow, network.n_nodes) - np.bincount(network.head, flow, network.n_nodes)
        moving = one.demand - np.diag(np.diag(one.demand))
        np.add.at(net, network.zone_node, moving.sum(0) - moving.sum(1))
        assert np.abs(net).max() < 1e-9 * moving.sum()
    np.testing.assert_allclose(sum(c.pce * f for c, f in zip(classes, found.flow, strict=True)), found.load, rtol=1e-9)
