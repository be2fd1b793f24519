"""Who comes from outside, what passes through and what delivers: sums by district and gate, prices and zones that move people."""

from __future__ import annotations

import numpy as np
import pytest

from sim.city.city import City
from sim.codes import CritAir, IncomerMode, Party, Period, Purpose, RoadUser, Sector
from sim.measures.policies import Contribution, Policies
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.mobility import MobilitySystem, cordon, freight, incomers
from tests.sim.systems.test_mobility import city, policies
from tests.tiny import tiny_city, tiny_state

P = Parameters()
HOURS = np.array([P["morning_hours"], P["evening_hours"], P["off_peak_hours"]])


def begun(share: float = 1.0) -> tuple[MobilitySystem, State]:
    """A settled month with many commuters from outside; constants that send a third by each way."""
    state = tiny_state(city(), share=0.2)
    state.share = share
    system = MobilitySystem(city(), P, Trends(state.month), gap=1e-4)
    city().prepared[incomers.CONSTANTS] = np.array([0.5, 1.0])
    system.begin(state)
    return system, state


def after(system: MobilitySystem, state: State, plan: Policies) -> State:
    """Everybody from outside chooses anew under these policies."""
    other = state.copy()
    incomers.decide(city(), other, P, system.trends, plan, everybody=True)
    return other


def test_commuters_are_the_posts_that_incomers_hold() -> None:
    """Sums by district are those of the economy each month, whatever the share; gates in their proportions."""
    _, state = begun()
    rows, held = state.incomers, state.economy.incomers
    by_district = np.bincount(rows.district, weights=rows.weight, minlength=9)
    np.testing.assert_allclose(by_district, held.sum(axis=1))
    by_gate = np.bincount(rows.gate, weights=rows.weight, minlength=2)
    np.testing.assert_allclose(by_gate / by_gate.sum(), [0.6, 0.4], atol=0.03)
    state.economy.incomers[:] *= 1.5
    state.economy.incomers[4] = 0.0
    incomers.follow(city(), state, P)
    np.testing.assert_allclose(
        np.bincount(rows.district, weights=state.incomers.weight, minlength=9), state.economy.incomers.sum(axis=1)
    )


def test_their_cars_are_like_the_residents() -> None:
    """Stickers of a large sample have the residents' shares."""
    _, state = begun()
    rows, cars = state.incomers, state.cars
    there = np.bincount(rows.crit_air, weights=rows.weight, minlength=7) / rows.weight.sum()
    here = np.bincount(cars.crit_air, weights=cars.weight, minlength=7) / cars.weight.sum()
    np.testing.assert_allclose(there, here, atol=4 * np.sqrt(0.25 / len(rows)))


def test_vehicles_are_persons_who_drive() -> None:
    """Each commuter who drives makes two ways a day; cars leave by the gate they came in."""
    _, state = begun()
    rows = state.incomers
    found = incomers.coming(city(), state, P, policies())
    drives = rows.weight[rows.mode != IncomerMode.TRAIN].sum() * P["presence_work"] / P["occupancy_work"]
    assert (HOURS @ found.cars.sum(axis=(1, 2, 3))) == pytest.approx(2.0 * drives)
    day = np.einsum("p,pgij->ij", HOURS, found.cars)
    np.testing.assert_allclose(day, day.T)
    np.testing.assert_array_equal(found.cars[Period.MORNING, :, :9].sum(), 0.0)  # in the morning all come in
    lots = rows.mode == IncomerMode.PARK_AND_RIDE
    assert lots.any()
    assert found.riders[:, 4].sum() == pytest.approx(
        2.0 * P["presence_work"] * rows.weight[(rows.interchange >= 0) & (rows.district != 4)].sum()
    )
    halved = incomers.coming(city(), state, P, policies(Contribution("incomer_factor", 0.5)))
    np.testing.assert_allclose(halved.cars, 0.5 * found.cars)


def test_no_park_and_ride_holds_more_than_its_places() -> None:
    _, state = begun()
    rows = state.incomers
    cars = rows.weight[rows.mode == IncomerMode.PARK_AND_RIDE].sum() * P["presence_work"] / P["occupancy_work"]
    assert 0.0 < cars <= city().interchanges.places[1] * P["park_ride_for_incomers"] + 1e-9


def test_dear_parking_and_zones_move_commuters_out_of_their_cars() -> None:
    system, state = begun()
    same = after(system, state, policies())
    fee = after(system, state, policies(Contribution("parking_price", 8.0, np.array([4]))))
    rows = state.incomers
    there = rows.district == 4
    car = IncomerMode.CAR
    assert (fee.incomers.mode[there] == car).sum() < (same.incomers.mode[there] == car).sum()
    # elsewhere nothing changes but who finds a place at the park-and-ride
    assert ((fee.incomers.mode[~there] == car) == (same.incomers.mode[~there] == car)).mean() > 0.98
    ban = policies(Contribution("car_ban", 1.0, np.ix_(np.arange(CritAir.C2, len(CritAir)), [4])))
    kept = after(system, state, ban)
    banned = there & (rows.crit_air >= CritAir.C2)
    with_rail = city().cordon.rail[rows.gate]
    assert (kept.incomers.mode[banned & with_rail] != car).all()
    left = incomers.coming(city(), kept, P, ban).cars
    assert left[:, 1].sum() > 0.0  # who complies elsewhere goes round the zone


def test_fares_and_parking_come_from_outside() -> None:
    _, state = begun()
    rows = state.incomers
    state.ledger[:] = 0.0
    a_day = incomers.pay(city(), state, P, policies())
    rides = rows.weight[rows.interchange >= 0].sum() * P["presence_work"]
    assert a_day == pytest.approx(2.0 * rides * P["fare_pass_trip"])
    paid = state.ledger[Party.OUTSIDE, Party.TRANSIT_AUTHORITY, Purpose.FARES]
    assert paid == pytest.approx(a_day * 31 * P["working_days"])


# --- through traffic --------------------------------------------------------------------------------------------------


def test_through_traffic_goes_from_gate_to_gate_with_the_profile_of_trunk_roads() -> None:
    found = cordon.through(city(), P, policies())
    assert found[:, :, :9].sum() == 0.0
    assert found[:, :, :, :9].sum() == 0.0
    gates = city().cordon.through.sum()
    assert found[Period.MORNING].sum() == pytest.approx(gates)
    assert found[Period.MORNING, RoadUser.TRUCK].sum() == pytest.approx(P["through_trucks"] * gates)
    assert HOURS @ found.sum(axis=(1, 2, 3)) == pytest.approx(P["peak_to_day"] * gates)


def test_counts_leave_to_through_traffic_what_others_do_not_drive() -> None:
    """Counted cars less those of residents and commuters who come in by the gate; never below zero; the rest as stated."""
    made: City = tiny_city()
    others = np.zeros((3, len(RoadUser), 11, 11))
    others[0, RoadUser.CAR, 9, :9], others[0, RoadUser.VAN, 9, :9], others[0, RoadUser.TRUCK, 9, :9] = 10.0, 1.0, 2.0
    counts = np.full((3, 2, 2), np.nan)
    counts[0, :, 0] = 150.0, 10.0
    made.prepared[cordon.COUNTS] = counts
    left = cordon.passing(made, others)
    assert left[0, 0, 0] == pytest.approx(150.0 - 9 * 11.0)
    assert left[0, 1, 0] == 0.0
    assert np.isnan(left[1:]).all()
    made.prepared[cordon.THROUGH] = left
    found = cordon.through(made, P, policies())
    assert found[0, RoadUser.CAR, 9].sum() == pytest.approx(51.0)
    assert found[0, RoadUser.CAR, 10].sum() == pytest.approx((1 - P["through_trucks"]) * made.cordon.through[1])


# --- goods ------------------------------------------------------------------------------------------------------------


def test_movements_follow_jobs_by_branch() -> None:
    """One a job and week over all (urban goods surveys), spread over five days; more where trade is."""
    state = tiny_state(city())
    state.economy.posts = np.zeros((0, 0))
    moves = freight.movements(city(), state, P)
    assert moves.sum() == pytest.approx(city().jobs.sum() * P["freight_movements"] / 5.0)
    state.economy.posts = city().jobs.astype(float)
    np.testing.assert_allclose(freight.movements(city(), state, P), moves)
    state.economy.posts[0, Sector.TRADE] *= 2.0
    more = freight.movements(city(), state, P)
    assert more[0] > moves[0]
    np.testing.assert_allclose(more[1:], moves[1:])


def test_every_movement_is_on_a_round_or_a_direct_way() -> None:
    """Ways of a day: two for a direct movement; a round of n stops has n + 1. What comes to a place leaves it."""
    state = tiny_state(city())
    day = freight.legs(city(), state, P, policies())
    moves = freight.movements(city(), state, P).sum()
    direct, stops = P["freight_direct"], P["freight_stops"]
    assert day.sum() == pytest.approx(moves * (2 * direct + (1 - direct) * (stops + 1) / stops))
    hourly = freight.hourly(city(), state, P, policies())
    assert np.einsum("p,puij->", HOURS, hourly) == pytest.approx(day.sum())
    vans = hourly[:, [RoadUser.VAN, RoadUser.VAN_KEPT_OUT]].sum()
    assert vans / hourly.sum() == pytest.approx(P["freight_vans"])


def test_banned_vans_stay_away_or_are_replaced() -> None:
    state = tiny_state(city())
    ban = policies(Contribution("van_ban", 1.0, np.ix_(np.arange(CritAir.C3, len(CritAir)), [4])))
    before, behind = (freight.legs(city(), state, P, p)[9:].sum(axis=0) for p in (policies(), ban))
    share = freight.STICKERS[CritAir.C3 :].sum()
    assert behind[4] == pytest.approx((1.0 - share * P["van_loss"]) * before[4])
    hourly = freight.hourly(city(), state, P, ban)
    assert hourly[:, RoadUser.VAN_KEPT_OUT, 4].sum() == 0.0  # who goes there has a vehicle that may
    assert hourly[:, RoadUser.VAN_KEPT_OUT].sum() > 0.0
