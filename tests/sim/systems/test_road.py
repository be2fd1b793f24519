"""The road of the city: periods, users in passenger-car units, low-emission zones on links, warm starts in the state."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from sim.city.city import City
from sim.codes import CritAir, Driver, Period, RoadClass, RoadUser
from sim.measures.policies import Contribution, Policies, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.mobility.road import FREE, KEPT, Road, RoadResult, car_units
from tests.tiny import tiny_city, tiny_state

P = Parameters()
CENTRE = 4  # the middle of the nine districts of the tiny city
ZONES = 11


@cache
def city() -> City:
    return tiny_city()


def policies(*contributions: Contribution) -> Policies:
    return compose(contributions, axis_sizes(city(), 2))


def zone(lever: str = "car_ban") -> Contribution:
    return Contribution(lever, 0.9, np.ix_(np.arange(CritAir.C3, len(CritAir)), [CENTRE]))


def vehicles(seed: int = 1, **users: float) -> np.ndarray:
    """(U, Z, Z) vehicles an hour: the same random table times each user's amount."""
    table = np.random.default_rng(seed).uniform(0.0, 12.0, (ZONES, ZONES))
    np.fill_diagonal(table, 0.0)
    out = np.zeros((len(RoadUser), ZONES, ZONES))
    for name, amount in users.items():
        out[RoadUser[name]] = amount * table
    return out


def settle(demand: np.ndarray, plan: Policies, state: State | None = None) -> RoadResult:
    road = Road(city(), P, 1, 1e-10)
    return road.settle(Period.MORNING, demand, plan, state if state is not None else fresh())


def fresh() -> State:
    state = tiny_state(city())
    state.traffic.solver, state.traffic.solver_index = np.zeros(0), np.zeros(0, np.int64)
    return state


def balance(flow: np.ndarray) -> np.ndarray:
    a, n = city().links, len(city().nodes)
    return np.bincount(a.tail, flow, n) - np.bincount(a.head, flow, n)


def test_users_share_the_road_in_car_units() -> None:
    demand = vehicles(CAR=1.0, VAN=0.2, TRUCK=0.1)
    found = settle(demand, policies())
    np.testing.assert_allclose(car_units(P) @ found.user_flow, found.flow, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.user_flow[RoadUser.VAN], 0.2 * found.user_flow[RoadUser.CAR], rtol=1e-9, atol=1e-9)
    assert not found.user_flow[RoadUser.CAR_KEPT_OUT].any()
    np.testing.assert_array_equal(found.zone_time[FREE], found.zone_time[KEPT])


def test_who_is_kept_out_goes_round_the_zone() -> None:
    a, plan = city().links, policies(zone())
    road = Road(city(), P, 1, 1e-10)
    inside = road.banned(plan, RoadUser.CAR_KEPT_OUT)
    assert inside.any()
    np.testing.assert_array_equal(inside, (a.district == CENTRE) & (a.road_class != RoadClass.HIGHWAY))
    assert not road.banned(plan, RoadUser.VAN_KEPT_OUT).any()
    demand = vehicles(CAR=1.0, CAR_KEPT_OUT=0.3)
    demand[RoadUser.CAR_KEPT_OUT, CENTRE], demand[RoadUser.CAR_KEPT_OUT, :, CENTRE] = 0.0, 0.0
    free, found = settle(demand, policies()), settle(demand, plan)
    assert free.user_flow[RoadUser.CAR_KEPT_OUT, inside].sum() > 0.0
    assert found.user_flow[RoadUser.CAR_KEPT_OUT, inside].sum() == 0.0
    assert found.user_flow[RoadUser.CAR, inside].sum() > 0.0
    open_pairs = np.isfinite(found.zone_time[KEPT])
    assert (found.zone_time[KEPT][open_pairs] >= found.zone_time[FREE][open_pairs] - 1e-9).all()
    assert (found.zone_time[KEPT][open_pairs] > found.zone_time[FREE][open_pairs] + 0.1).any()


def test_nobody_is_lost_whom_the_zone_leaves_no_way() -> None:
    """A kept-out car to the zone's own district has no way round: it drives as everybody does, and the sums hold at every node."""
    demand = vehicles(CAR=1.0, CAR_KEPT_OUT=0.3)
    found = settle(demand, policies(zone()))
    both = settle(vehicles(CAR=1.3), policies())
    users = found.user_flow[RoadUser.CAR] + found.user_flow[RoadUser.CAR_KEPT_OUT]
    np.testing.assert_allclose(users, found.flow, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(balance(found.flow), balance(both.flow), atol=1e-6 * demand.sum())


def test_all_periods_at_once_are_each_alone_to_the_bit() -> None:
    demand = np.stack([vehicles(1, CAR=1.0, TRUCK=0.1), vehicles(2, CAR=0.8, CAR_KEPT_OUT=0.1), vehicles(3, CAR=0.5)])
    plan = policies(zone(), zone("van_ban"))
    together = fresh()
    results = Road(city(), P, 3, 1e-6).settle_all(demand, plan, together)
    apart, road = fresh(), Road(city(), P, 1, 1e-6)
    for period, one in zip(Period, results, strict=True):
        alone = road.settle(period, demand[period], plan, apart)
        for name, value in vars(one).items():
            if name != "parts":
                np.testing.assert_array_equal(value, getattr(alone, name))
    np.testing.assert_array_equal(together.traffic.solver, apart.traffic.solver)
    np.testing.assert_array_equal(together.traffic.solver_index, apart.traffic.solver_index)


def test_flows_are_told_apart_by_driver() -> None:
    """Everybody together makes the flows of one table; each driver's own enter and leave at the nodes where her table says."""
    whole = vehicles(1, CAR=1.0, VAN=0.2, TRUCK=0.1)
    other = vehicles(5, CAR=0.5, TRUCK=0.2)
    mine = vehicles(1, CAR=1.0)
    goods = whole - mine
    road, plan = Road(city(), P, 1, 1e-10), policies()
    tables = {Driver.RESIDENTS: mine, Driver.THROUGH: other, Driver.GOODS: goods}
    every = {driver: np.repeat(table[None], 3, axis=0) for driver, table in tables.items()}
    (found, *_), (together, *_) = (road.settle_all(demand, plan, fresh()) for demand in (every, sum(every.values())))
    np.testing.assert_allclose(found.flow, together.flow, rtol=1e-6, atol=1e-3)
    assert {(part.driver, part.user) for part in found.parts} == {
        (Driver.RESIDENTS, RoadUser.CAR), (Driver.RESIDENTS, RoadUser.CAR_KEPT_OUT), (Driver.THROUGH, RoadUser.CAR),
        (Driver.THROUGH, RoadUser.TRUCK), (Driver.GOODS, RoadUser.VAN), (Driver.GOODS, RoadUser.TRUCK),
    }  # fmt: skip
    ends = np.r_[city().connectors.node, city().cordon.node]
    for part in found.parts:
        table = tables[part.driver][part.user]
        wanted = np.bincount(ends, table.sum(axis=1) - table.sum(axis=0), len(city().nodes))
        np.testing.assert_allclose(balance(part.table), wanted, atol=1e-6)
    sums = np.zeros_like(found.user_flow)
    for part in found.parts:
        sums[part.user] += part.table
    np.testing.assert_array_equal(sums, found.user_flow)


def test_a_month_begins_where_the_last_one_ended() -> None:
    state, demand = fresh(), vehicles(CAR=1.0)
    road = Road(city(), P, 1, 1e-8)
    first = road.settle(Period.EVENING, demand, policies(), state)
    again = road.settle(Period.EVENING, demand, policies(), state)
    np.testing.assert_allclose(again.flow, first.flow, atol=1e-3)
    zoned = road.settle(Period.EVENING, vehicles(CAR=0.9, CAR_KEPT_OUT=0.1), policies(zone()), state)
    assert zoned.gap <= 1e-8
    assert road.settle(Period.EVENING, demand, policies(), state).gap <= 1e-8


@pytest.mark.parametrize("user", [RoadUser.CAR_KEPT_OUT, RoadUser.TRUCK_KEPT_OUT])
def test_without_a_zone_the_kept_out_drive_like_all(user: RoadUser) -> None:
    demand = vehicles(CAR=1.0)
    demand[user] = 0.2 * demand[RoadUser.CAR]
    found = settle(demand, policies())
    np.testing.assert_allclose(found.user_flow[user], 0.2 * found.user_flow[RoadUser.CAR], rtol=1e-9, atol=1e-9)


def test_a_lane_closed_is_its_share_of_the_capacity() -> None:
    """Two lanes less one are half the capacity on those links, and nothing else: the same as that factor."""
    where = city().links.road_class == RoadClass.MAJOR
    assert set(city().links.lanes[where].tolist()) == {2}
    demand = vehicles(CAR=15.0, VAN=1.0)
    closed = settle(demand, policies(Contribution("lanes_closed", 1.0, where)))
    halved = settle(demand, policies(Contribution("capacity_factor", 0.5, where)))
    np.testing.assert_array_equal(closed.flow, halved.flow)
    np.testing.assert_array_equal(closed.zone_time, halved.zone_time)
    assert not np.array_equal(closed.flow, settle(demand, policies()).flow)


def test_a_street_without_lanes_carries_nobody_who_has_another_way() -> None:
    a = city().links
    where = np.isin(a.tail, (17, 24)) & np.isin(
        a.head, (17, 24)
    )  # a piece of the main street, from the middle one block on
    demand = vehicles(CAR=10.0, TRUCK=1.0)
    before, after = settle(demand, policies()), settle(demand, policies(Contribution("lanes_closed", 2.0, where)))
    assert (before.flow[where] > 0.0).all()
    assert not after.flow[where].any()
    np.testing.assert_allclose(balance(after.flow), balance(before.flow), atol=1e-6)


def test_who_lives_on_a_closed_street_leaves_the_car_at_its_edge() -> None:
    """All streets of the middle district are closed: trips to and from it pay the stated minutes for each piece, no others do."""
    where = city().links.district == CENTRE
    nobody = np.zeros((len(RoadUser), ZONES, ZONES))
    free, closed = settle(nobody, policies()), settle(nobody, policies(Contribution("lanes_closed", 2.0, where)))
    more = closed.zone_time[FREE] - free.zone_time[FREE]
    others = np.setdiff1d(np.arange(ZONES), [CENTRE])
    assert (more[CENTRE, others] >= P["closed_street_access"] - 1e-9).all()
    assert (more[np.ix_(others, others)] < P["closed_street_access"]).all()
    assert np.isfinite(closed.zone_time).all()
