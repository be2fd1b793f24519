"""Transit of the tiny city: times by trying every stop, loads and revenue that add up, crowding that settles."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.city.city import City, Lines
from sim.codes import Mode, Party, Purpose
from sim.measures.policies import Contribution, Policies, axis_sizes, compose
from sim.months import days_in
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.mobility import MobilitySystem
from sim.systems.mobility.transit import (
    PEAK,
    TOLERANCE,
    Network,
    Settled,
    Strategies,
    _access,
    _street_metres,
    networks,
    residual,
    ride,
    segments,
    settle,
)
from tests.tiny import STEP, tiny_city, tiny_state

P = Parameters()
D = 9
NOWHERE = np.zeros(24)


@cache
def city() -> City:
    return tiny_city()


def network(
    headway: tuple[float, ...] = (2.0, 8.0), running: tuple[bool, ...] = (True, True), **changed: float
) -> Network:
    return Network(city(), Parameters(changed) if changed else P, running, headway)


def quiet(headway: tuple[float, ...] = (2.0, 8.0), running: tuple[bool, ...] = (True, True)) -> Strategies:
    """Strategies on empty lines."""
    return Strategies(network(headway, running), NOWHERE)


def everywhere(trips: float) -> np.ndarray:
    """So many trips an hour between any two districts."""
    return trips * (1.0 - np.eye(D))


def one_way(lines: Lines) -> Lines:
    return replace(lines, both_ways=np.zeros(len(lines), bool))


# --- graph ----------------------------------------------------------------------------------------------------------------


def test_every_trip_boards_and_no_district_is_a_stop() -> None:
    s = quiet()
    demand = np.where(np.isfinite(s.felt), 1.0, 0.0)
    assert s.rides(demand).boardings.sum() >= demand.sum() > 0.0
    into, out = s.network.head[s.network.tail < D], s.network.tail[(s.network.head >= D) & (s.network.head < 2 * D)]
    assert not set(into.tolist()) & set(out.tolist())


def test_weighted_minutes_exceed_the_clock_and_fewer_minutes_between_vehicles_help() -> None:
    s, better, alone = quiet(), quiet((1.0, 4.0)), quiet(running=(True, False))
    reached = np.isfinite(s.felt)
    assert reached.any()
    assert (s.clock[reached] < s.felt[reached]).all()
    assert (better.felt[reached] < s.felt[reached]).all()
    assert (alone.felt >= s.felt).all()


def test_one_line_by_trying_every_stop() -> None:
    """Line A alone: weighted walk to a stop; there the first vehicle of the better direction, or of either; 65 s from stop to stop;
    weighted walk from the best stop beyond."""
    felt = quiet(running=(True, False)).felt
    pace = 1.0 / (P["walk_speed"] / 3.6 * 60.0) * P["access_weight"]
    cells, _ = _street_metres(city(), P["stop_reach"])
    origin, stop, metres = _access(city(), cells, P["walk_detour"], P["stop_reach"], int(P["stops_per_district"]))
    walk = {(i, s): m * pace for i, s, m in zip(origin, stop, metres, strict=True) if s < 7}
    for i in range(D):
        for j in set(range(D)) - {i}:
            best = np.inf
            for s in range(7):  # the line's stops in order
                ahead = min((65 / 60 * (k - s) + walk.get((j, k), np.inf) for k in range(s + 1, 7)), default=np.inf)
                back = min((65 / 60 * (s - k) + walk.get((j, k), np.inf) for k in range(s)), default=np.inf)
                wait = P["wait_share"] * P["wait_weight"] * 2.0  # a vehicle each way every two minutes
                by_line = min(min(ahead, back) + wait, (ahead + back) / 2 + wait / 2)
                best = min(best, walk.get((i, s), np.inf) + P["boarding_penalty"] + by_line)
            assert felt[i, j] == pytest.approx(best)


def test_a_line_one_way_rides_no_way_back() -> None:
    """Line A goes up the middle column: there it takes passengers up only."""
    there = replace(city(), lines=one_way(city().lines))
    s = segments(there)
    np.testing.assert_array_equal(s.line, [0] * 6 + [1] * 6)
    np.testing.assert_array_equal(s.start[:6], [0, 1, 2, 3, 4, 5])
    both = segments(city())
    np.testing.assert_array_equal(both.start[:12], [0, 1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1])
    np.testing.assert_array_equal(both.ride[:12], 65 / 60)
    felt = Strategies(Network(there, P, (True, False), (2.0, 8.0)), np.zeros(12)).felt
    usual = quiet(running=(True, False)).felt
    assert felt[1, 7] == pytest.approx(usual[1, 7])
    assert felt[7, 1] > 2.0 * usual[7, 1]  # up, and a long walk back


def test_a_line_that_does_not_run_at_that_time_is_no_line() -> None:
    alone = quiet((2.0, np.inf))
    np.testing.assert_array_equal(alone.felt, quiet(running=(True, False)).felt)
    settled = settle(alone.network, NOWHERE, np.zeros(2), everywhere(20.0))
    assert settled.rides.load[segments(city()).line == 1].sum() == 0.0
    assert np.isfinite(settled.residual)


def test_walks_follow_streets_both_ways_and_stop_at_the_limit() -> None:
    """On the grid of 600 m: city blocks between stops, also against one-way streets; inf where that is beyond the limit."""
    one = city()
    lonely = replace(
        one, links=replace(one.links, on_foot=one.links.tail < one.links.head)
    )  # half of the directions are gone
    for where in (one, lonely):
        cells, stops = _street_metres(where, 1800.0)
        for at, x, y in ((cells, one.cells.x, one.cells.y), (stops, one.stops.x, one.stops.y)):
            blocks = np.abs(one.stops.x[:, None] - x) + np.abs(one.stops.y[:, None] - y)
            np.testing.assert_allclose(at, np.where(blocks < 1800.5, blocks, np.inf), atol=1e-6)


def test_a_stop_across_the_water_is_as_far_as_the_bridge() -> None:
    """Without streets on foot across the middle of the grid but at its edge, stops on the other side are not within reach."""
    one = city()
    row = one.nodes.x / STEP
    across = row[one.links.tail] + row[one.links.head] == 5  # between the third and the fourth row
    bridge = (one.nodes.y[one.links.tail] == 0.0) & across
    cut = replace(one, links=replace(one.links, on_foot=~across | bridge))
    _, before = _street_metres(one, 9000.0)
    _, after = _street_metres(cut, 9000.0)
    apart = np.argwhere(after > before + 1.0)
    assert len(apart)
    for a, b in apart:
        y = one.stops.y[a], one.stops.y[b]
        assert after[a, b] == pytest.approx(abs(one.stops.x[a] - one.stops.x[b]) + sum(y))


# --- loads ----------------------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.0, 3000.0))
def test_who_boards_alights_and_nobody_is_lost_on_the_way(seed: int, crowd: float) -> None:
    """On each run of a line riders change by those who board and alight, at its end all alight; all who board alight; boardings are
    those that trips are expected to make."""
    rng = np.random.default_rng(seed)
    demand = rng.random((D, D)) * everywhere(100.0)
    graph = network()
    s = Strategies(graph, rng.random(24) * crowd)
    rides = s.rides(demand)
    g = segments(city())
    stayed = np.where(g.begins, 0.0, np.r_[0.0, rides.load[:-1] - rides.alightings[:-1]])
    np.testing.assert_allclose(rides.load, stayed + rides.boardings, atol=1e-9)
    ends = np.r_[g.begins[1:], True]
    np.testing.assert_allclose(rides.load[ends], rides.alightings[ends], atol=1e-9)
    assert rides.alightings.sum() == pytest.approx(rides.boardings.sum())
    assert min(rides.load.min(), rides.boardings.min(), rides.alightings.min()) >= 0.0
    carried = np.where(np.isfinite(s.felt), demand, 0.0)
    assert (s.boardings * carried).sum() == pytest.approx(rides.boardings.sum())


def test_revenue_of_lines_is_what_trips_pay() -> None:
    s = quiet()
    paid = np.random.default_rng(3).random((D, D)) * everywhere(50.0)
    paid = np.where(np.isfinite(s.felt), paid, 0.0)
    assert s.revenue(paid).sum() == pytest.approx(paid.sum())


def test_a_ticket_for_two_lines_pays_both_alike() -> None:
    """Where everybody changes once, either line has half of the fares."""
    s = quiet()
    change = np.argwhere(np.isclose(s.boardings, 2.0))
    assert len(change)
    o, d = change[0]
    paid = np.zeros((D, D))
    paid[o, d] = 3.0
    by_line = np.bincount(segments(city()).line, weights=s.revenue(paid))
    np.testing.assert_allclose(by_line, [1.5, 1.5])


def test_a_minute_weighs_as_published_in_a_full_vehicle_and_one_with_free_seats() -> None:
    """Kroes et al. (2014): 1.0 when all sit; in a full vehicle 1.5 seated, 1.7 standing. Half-way in between, half of that."""
    graph = network()
    seats = np.where(graph.line == 0, P["seats_metro"], P["seats_bus"])
    np.testing.assert_array_equal(graph.weight(NOWHERE), 1.0)
    np.testing.assert_allclose(graph.weight(graph.capacity * seats), 1.0)
    np.testing.assert_allclose(graph.weight(graph.capacity), seats * 1.5 + (1.0 - seats) * 1.7)
    half = (1.0 + seats) / 2.0  # half of those who may stand do
    expected = (seats * 1.25 + (half - seats) * 1.35) / half
    np.testing.assert_allclose(graph.weight(graph.capacity * half), expected)


def test_vehicles_are_met_less_often_where_they_are_full() -> None:
    graph = network()
    np.testing.assert_array_equal(graph.wait(NOWHERE), graph.headway)
    np.testing.assert_allclose(graph.wait(graph.capacity), graph.headway * (1.0 + P["full_wait"]))
    np.testing.assert_allclose(graph.wait(graph.capacity / 2), graph.headway * (1.0 + P["full_wait"] / 256))
    np.testing.assert_allclose(graph.wait(graph.capacity * 2), graph.headway * (1.0 + P["full_wait"] * 9))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31))
def test_more_riders_never_make_any_trip_shorter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    load = rng.random(24) * 4000.0
    graph = network()
    some, more = Strategies(graph, load), Strategies(graph, load + rng.random(24) * 1000.0)
    reached = np.isfinite(some.felt)
    assert (more.felt[reached] >= some.felt[reached] - 1e-9).all()


def months(graph: Network, demand: np.ndarray, n: int) -> Settled:
    """So many months of one demand, from empty lines."""
    felt, pace = NOWHERE, np.zeros(2)
    for _ in range(n):
        found = settle(graph, felt, pace, demand)
        felt, pace = found.felt, found.pace
    return found


def fixed_point(graph: Network, demand: np.ndarray, rounds: int = 400) -> np.ndarray:
    """Loads by plain successive averages from empty lines, step 1/k."""
    load = NOWHERE
    for k in range(1, rounds + 1):
        load = load + (Strategies(graph, load).rides(demand).load - load) / k
    return load


def test_months_bring_loads_to_the_fixed_point() -> None:
    """Beside 400 plain averages from nothing; the residual is what is left, and it is reported."""
    graph, demand = network(), everywhere(50.0)
    found = months(graph, demand, 6)
    assert found.residual <= TOLERANCE
    assert found.residual == residual(graph, found.felt, found.rides)
    slow = fixed_point(graph, demand)
    assert residual(graph, NOWHERE, quiet().rides(demand)) > 3 * TOLERANCE
    crowded = slow / graph.capacity > 0.4
    assert crowded.any()
    np.testing.assert_allclose(found.felt[crowded], slow[crowded], rtol=0.12)
    np.testing.assert_allclose(Strategies(graph, found.felt).felt, Strategies(graph, slow).felt, rtol=TOLERANCE)


def test_lines_overrun_several_times_settle_too() -> None:
    """Riders jump between equally bad ways, so what they make of any loads differs from them; averages come to rest all the same."""
    graph, demand = network(), everywhere(200.0)
    found, later = months(graph, demand, 60), months(graph, demand, 64)
    assert (found.felt / graph.capacity).max() > 1.5
    np.testing.assert_allclose(Strategies(graph, later.felt).felt, Strategies(graph, found.felt).felt, rtol=0.03)


def test_settled_loads_stay_to_the_bit() -> None:
    graph, demand = network(), everywhere(50.0)
    found = months(graph, demand, 6)
    assert found.felt.any()
    again = settle(graph, found.felt, found.pace, demand)
    assert again.felt is found.felt
    assert not again.pace.any()
    assert again.residual == residual(graph, found.felt, Strategies(graph, found.felt).rides(demand))


def test_crowds_take_the_line_with_room() -> None:
    """With the tram ten times as roomy as before, part of the riders of both leave the crowded metro for it."""
    demand = everywhere(250.0)
    lines = city().lines
    roomy = replace(city(), lines=replace(lines, capacity=lines.capacity * np.array([1.0, 10.0])))

    def on_bus(where: City) -> float:
        graph = Network(where, P, (True, True), (2.0, 8.0))
        load = fixed_point(graph, demand, 60)
        return float(Strategies(graph, load).rides(demand).load[graph.line == 1].sum())

    assert on_bus(roomy) > on_bus(city())


# --- the month ------------------------------------------------------------------------------------------------------------


def policies(*contributions: Contribution) -> Policies:
    return compose(contributions, axis_sizes(city(), 2))


@cache
def lived() -> tuple[MobilitySystem, State]:
    state = tiny_state(city())
    system = MobilitySystem(city(), P, Trends())
    system.begin(state)
    state.ledger[:] = 0.0
    system.settle(state, policies())
    return system, state


def test_fares_of_lines_are_those_that_households_pay() -> None:
    _, state = lived()
    paid = state.ledger[Party.HOUSEHOLDS, Party.TRANSIT_AUTHORITY, Purpose.FARES]
    assert paid > 0.0
    assert state.traffic.line_revenue.sum() * days_in(state.month) * P["working_days"] == pytest.approx(paid)


def test_lines_board_the_trips_of_the_day() -> None:
    _, state = lived()
    t = state.traffic
    assert 1.0 <= t.line_boardings.sum() / t.trips[:, Mode.TRANSIT].sum() <= 2.0
    places = city().lines.capacity * 60.0 / city().lines.headway_peak
    for i in range(2):
        assert t.line_load[i] == pytest.approx(t.segment_load[PEAK][segments(city()).line == i].max() / places[i])
    assert t.segment_load.shape == t.segment_boardings.shape == (2, 24)
    assert t.transit_residual[0] <= TOLERANCE


def test_between_the_peaks_vehicles_come_less_often() -> None:
    peak, off = (Strategies(graph, NOWHERE) for graph in networks(city(), P, policies()))
    reached = np.isfinite(peak.felt)
    np.testing.assert_array_equal(reached, np.isfinite(off.felt))
    assert (off.felt[reached] > peak.felt[reached]).all()


def test_a_headway_lever_works_at_all_hours_and_a_neutral_one_on_nothing() -> None:
    more = policies(Contribution("headway_factor", 0.5))
    for graph, better in zip(networks(city(), P, policies()), networks(city(), P, more), strict=True):
        np.testing.assert_allclose(better.headway * 2.0, graph.headway)
    neutral = policies(Contribution("headway_factor", 1.0))
    assert networks(city(), P, neutral) == networks(city(), P, policies())


def test_riding_does_not_change_what_it_is_given() -> None:
    _, state = lived()
    t = state.traffic.copy()
    hourly, day = np.stack([everywhere(30.0), everywhere(10.0)]), np.stack([everywhere(100.0), everywhere(300.0)])
    felt = t.segment_felt.copy()
    ride(t, networks(city(), P, policies()), hourly, day, everywhere(500.0))
    np.testing.assert_array_equal(state.traffic.segment_felt, felt)
    np.testing.assert_array_equal(hourly[PEAK], everywhere(30.0))
    reached = np.isfinite(t.transit_felt)
    assert t.line_revenue.sum() == pytest.approx(everywhere(500.0)[reached].sum())


def test_a_town_without_transit_lives() -> None:
    none = Lines(*(np.zeros(0) for _ in range(8)))
    bare = replace(city(), lines=none, line_names=())
    graph = Network(bare, P, (), ())
    s = Strategies(graph, np.zeros(0))
    assert np.isinf(s.felt).all()
    assert s.rides(everywhere(5.0)).load.shape == (0,)
    assert settle(graph, np.zeros(0), np.zeros(2), everywhere(5.0)).residual == 0.0
    assert (s.boardings == 0.0).all()
