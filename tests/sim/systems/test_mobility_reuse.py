"""What a month of mobility keeps instead of working it out again is, to the bit, what working it out again would give."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from kernels.fold import fold
from kernels.graph import usable
from sim.city.city import City
from sim.codes import CritAir, Errand
from sim.measures.policies import Contribution, Policies, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.mobility import MobilitySystem, choice, costs, incomers, transit
from sim.systems.mobility.road import Road
from sim.systems.mobility.roadgraph import road_graph
from sim.systems.mobility.streets import main_nodes, street_skims
from tests.tiny import tiny_city, tiny_state

P = Parameters()
ZONE = Contribution("car_ban", 0.9, np.ix_(np.arange(CritAir.C3, len(CritAir)), [4]))
SLOWER = Contribution("speed_limit", 20.0, np.array([5, 6]))
CLOSED = Contribution("lanes_closed", 9.0, np.array([3]))
NARROW = Contribution("capacity_factor", 0.5, np.array([2, 3]))


@cache
def city() -> City:
    return tiny_city()


def policies(*contributions: Contribution) -> Policies:
    return compose(contributions, axis_sizes(city(), 2))


def same(one: Any, other: Any) -> None:
    """All arrays of two nested named tuples, to the bit."""
    if isinstance(one, tuple):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            same(a, b)
    else:
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("plan", [(), (ZONE,), (SLOWER,), (CLOSED,), (NARROW, ZONE)])
def test_streets_kept_are_streets_made_anew(plan: tuple[Contribution, ...]) -> None:
    road = Road(city(), P, 1, 1e-8)
    for before in ((), (ZONE, SLOWER), plan):  # whatever was in force before
        found = road._streets(policies(*before))
    assert road._streets(policies(*plan)) is found
    same(found, Road(city(), P, 1, 1e-8)._streets(policies(*plan)))
    assert road._streets(policies(*plan, Contribution("capacity_factor", 0.9, np.array([0])))) is not found


@pytest.mark.parametrize("plan", [(), (SLOWER,), (CLOSED,), (NARROW,)])
def test_the_folding_kept_for_a_city_is_that_of_every_roadmap(plan: tuple[Contribution, ...]) -> None:
    road, graph, a = Road(city(), P, 1, 1e-8), road_graph(city()), city().links
    rules = road._rules(policies(*plan))
    n, gates = len(city().nodes), city().cordon.node.astype(np.int64)
    ends = np.r_[city().connectors.node.astype(np.int64), gates]
    centroids = n + np.r_[city().connectors.district.astype(np.int64), city().n_districts + np.arange(len(gates))]
    tail, head = np.r_[a.tail, centroids, ends], np.r_[a.head, ends, centroids]
    keep = np.arange(len(graph.through)) >= n
    keep[ends] = True
    wanted = usable(
        tail.astype(np.int32), head.astype(np.int32), len(keep), graph.zone_node.astype(np.int32), graph.through
    )
    anew = fold(
        tail, head, rules.free_time, rules.capacity, graph.alpha, graph.beta, rules.leave_car, graph.length, len(keep), keep, wanted
    )  # fmt: skip
    same(graph.folded(rules.free_time, rules.capacity, rules.leave_car)[0], anew)


def test_neither_choosing_nor_travelling_changes_what_a_month_s_prices_and_cars_are() -> None:
    state = tiny_state(city())
    system = MobilitySystem(city(), P, Trends(state.month), gap=1e-4)
    system.begin(state)
    plan = policies(ZONE, Contribution("fare_factor", 0.5))
    setting = system._choose(state, plan, everybody=True)
    now = costs.costs_now(city(), state, P, system.trends, plan)
    system.live_through(state, setting, 0.5)
    after = costs.costs_now(city(), state, P, system.trends, plan)
    for kept in (now, after):
        for name in ("car_km", "fare", "bike"):
            np.testing.assert_array_equal(getattr(setting.costs, name), getattr(kept, name))
    same(setting.cars, choice.garage(state, plan))
    for errand, table in choice.all_ways(city(), state, P).items():
        same(table, choice.ways(city(), state, P, Errand(errand)))


def test_ways_on_streets_are_dijkstra_s() -> None:
    """Against SciPy's, at random costs: the search order is found once for all of them."""
    a, n = city().links, len(city().nodes)
    for seed in range(3):
        cost = np.random.default_rng(seed).uniform(0.5, 9.0, len(a))
        usable_links = np.flatnonzero(a.on_foot)
        least = np.full((n, n), np.inf)
        np.minimum.at(least, (a.tail[usable_links], a.head[usable_links]), cost[usable_links])
        found = np.isfinite(least)
        graph = csr_array((least[found], np.nonzero(found)), shape=(n, n))
        nodes = main_nodes(city())
        np.testing.assert_allclose(street_skims(city(), cost), dijkstra(graph, indices=nodes)[:, nodes], rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.booleans())
def test_cars_stand_by_sticker_whatever_order_their_rows_have(seed: int, ascending: bool) -> None:
    rng = np.random.default_rng(seed)
    cars = tiny_state(city()).cars
    if not ascending:
        cars.id[:] = rng.permutation(cars.id)
    cars.alive[:] = rng.random(len(cars)) < 0.8
    cars.crit_air[:], cars.powertrain[:] = rng.integers(0, 7, len(cars)), rng.integers(0, 5, len(cars))
    rows = [
        (int(cars.crit_air[i]), int(cars.powertrain[i]), int(cars.id[i]), i) for i in np.flatnonzero(cars.alive).tolist()
    ]  # fmt: skip
    np.testing.assert_array_equal(incomers.by_sticker(cars), [row[-1] for row in sorted(rows)])


def test_strategies_are_the_same_on_any_number_of_threads() -> None:
    def table(state: State, threads: int) -> transit.Strategies:
        network, _ = transit.networks(city(), P, policies())
        return transit.Strategies(network, state.traffic.segment_felt[0] + 1.0, threads)

    state = tiny_state(city())
    MobilitySystem(city(), P, Trends(state.month), gap=1e-3).begin(state)
    one, three = table(state, 1), table(state, 3)
    for name in ("felt", "clock", "_links", "_share", "_first", "boardings"):
        np.testing.assert_array_equal(getattr(one, name), getattr(three, name))
