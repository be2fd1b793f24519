"""Mobility on the tiny city: trips, kilometres and money are conserved from persons to links; skims; emissions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import networkx as nx
import numpy as np
import pytest

from kernels.draws import stream, uniform
from kernels.journeys import LONGEST, SHIFT, SHORTEST
from sim.city.city import City
from sim.codes import Activity, CritAir, Errand, Mode, Party, Period, Powertrain, Purpose, RoadUser
from sim.measures.policies import Contribution, Policies, axis_sizes, compose
from sim.months import parse_month
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.mobility import MobilitySystem, choice, cordon, costs, demand, incomers, tours
from sim.systems.mobility.costs import cycling_pace
from sim.systems.mobility.road import car_units
from sim.systems.mobility.streets import main_nodes
from sim.systems.mobility.supply import cycling_minutes, walking_minutes
from tests.tiny import STEP, tiny_city, tiny_state

P = Parameters()


@cache
def city() -> City:
    return tiny_city()


def policies(*contributions: Contribution) -> Policies:
    return compose(contributions, axis_sizes(city(), 2))


def world(gap: float = 1e-8, outside: float = 0.1) -> tuple[MobilitySystem, State]:
    """A settled month of the tiny city; a tenth of the employed work beyond the gates."""
    state = tiny_state(city())
    c = state.citizens
    leaves = (c.activity == Activity.EMPLOYED) & (c.id % 10 < outside * 10)
    c.main_district[leaves], c.main_gate[leaves], c.firm[leaves] = -2, c.id[leaves] % 2, -1
    system = MobilitySystem(city(), P, Trends(state.month), gap=gap)
    system.begin(state)
    return system, state


@cache
def settled() -> tuple[MobilitySystem, State]:
    return world()


# --- conservation -----------------------------------------------------------------------------------------------------


def counts(state: State) -> Sequence[np.ndarray]:
    return tours.tours(state, P, policies())


def hourly(state: State) -> np.ndarray:
    """(P, U, Z, Z) vehicles of the month."""
    cars = demand.residents(city(), state, P, counts(state), choice.garage(state, policies()).group)
    table = outside(state).total()
    table[:, [RoadUser.CAR, RoadUser.CAR_KEPT_OUT]] += cars
    return table


def outside(state: State) -> cordon.Outside:
    """Everybody but residents."""
    cars = incomers.coming(city(), state, P, policies()).cars
    return cordon.outside(city(), state, P, policies(), cars)


def test_trips_by_district_are_those_of_persons_one_by_one() -> None:
    _, state = settled()
    c, often = state.citizens, counts(settled()[1])
    expected = np.zeros((9, 4))
    for errand in Errand:
        mode = tours.mode(state, errand)
        for i in np.flatnonzero(c.alive & (often[errand] > 0.0)):
            expected[c.district[i], mode[i]] += c.weight[i] * 2.0 * often[errand][i]
    np.testing.assert_allclose(state.traffic.trips, expected, rtol=1e-12)
    assert state.traffic.trip_km.sum() == pytest.approx((c.weight * c.travel_km)[c.alive].sum(), rel=1e-12)


def test_tours_of_a_day() -> None:
    """One to work or school, less absence and days at home; others by activity and access, none when they are suppressed."""
    state = tiny_state(city())
    c = state.citizens
    c.telework_days[:] = np.where(c.activity == Activity.EMPLOYED, 2.0, 0.0)
    c.shop_often[:] = 1.1
    found = counts(state)
    at_work = c.alive & (c.activity == Activity.EMPLOYED) & (c.main_district != -1)
    np.testing.assert_allclose(found[Errand.WORK][at_work], P["presence_work"] * 3.0 / 5.0)
    pupils = c.alive & (c.activity == Activity.PUPIL)
    np.testing.assert_allclose(found[Errand.EDUCATION][pupils], P["presence_school"])
    assert (found[Errand.WORK][~at_work] == 0.0).all()
    assert (found[Errand.EDUCATION][c.main_district == -1] == 0.0).all()
    retired = c.alive & (c.activity == Activity.RETIRED)
    np.testing.assert_allclose(found[Errand.SHOPPING][retired], 1.1 * P["tours_shopping_retired"])
    half = tours.tours(state, P, policies(Contribution("trip_suppression", 0.5)))
    for errand in Errand:
        np.testing.assert_allclose(half[errand], found[errand] * (0.5 if errand in tours.ERRANDS else 1.0))


def test_every_leg_falls_in_one_period() -> None:
    for errand in Errand:
        np.testing.assert_allclose(tours.legs(errand).sum(axis=2), 1.0)


def test_the_tables_of_the_periods_hold_the_cars_of_persons() -> None:
    """Cars of each period's hour, person by person: the leg out and the leg back, each where it falls; those kept out apart."""
    _, state = settled()
    c = state.citizens
    ban = policies(Contribution("car_ban", 0.6, np.ix_(np.arange(CritAir.C3, len(CritAir)), [4])))
    group = choice.garage(state, ban).group
    found = demand.residents(city(), state, P, counts(state), group)
    expected, length = np.zeros((3, 2, 11, 11)), (P["morning_hours"], P["evening_hours"], P["off_peak_hours"])
    for errand in Errand:
        often, mode = counts(state)[errand], tours.mode(state, errand)
        to, off, legs = tours.district(state, errand), tours.off_peak(state, errand), tours.legs(errand)
        for i in np.flatnonzero((often > 0.0) & (mode == Mode.CAR)):
            h, d = c.district[i], to[i] if to[i] >= 0 else 9 + c.main_gate[i]
            cars = c.weight[i] * often[i] / tours.occupancy(P, errand)
            for period in Period:
                out, back = legs[int(off[i]), :, period] * cars / length[period]
                expected[period, group[i], h, d] += out
                expected[period, group[i], d, h] += back
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
    assert 0.0 < found[:, 1].sum() < found[:, 0].sum()
    # hours of each period add up to the day: two legs a tour
    day = sum(
        2 * (c.weight * counts(state)[e] / tours.occupancy(P, e))[tours.mode(state, e) == Mode.CAR].sum()
        for e in Errand
    )
    assert (found.sum(axis=(1, 2, 3)) * length).sum() == pytest.approx(day)


def test_riders_of_the_periods_are_those_of_the_day() -> None:
    rng = np.random.default_rng(8)
    trips = [rng.random((2, 9, 9)) * 100.0 for _ in Errand]
    hour, day = demand.riders(P, trips)
    assert day.sum() == pytest.approx(sum(t.sum() for t in trips))
    np.testing.assert_allclose(hour[1] * P["off_peak_hours"], day[1])
    work_only = [t if e == Errand.WORK else np.zeros_like(t) for e, t in zip(Errand, trips, strict=True)]
    hour, day = demand.riders(P, work_only)
    np.testing.assert_allclose(hour[0] * P["morning_hours"], trips[Errand.WORK][0] / 2.0)
    np.testing.assert_allclose(day[0], trips[Errand.WORK][0])  # out in the morning, back in the evening, counted alike


def test_what_enters_the_streets_leaves_them() -> None:
    """At every node, flow out less flow in is what starts there less what ends there: persons -> tables -> links, in all periods."""
    system, state = settled()
    a, table = city().links, hourly(state)
    ends = np.r_[city().connectors.node, city().cordon.node]
    found = system.road.settle_all(table, policies(), state.copy())
    np.testing.assert_allclose(found[Period.MORNING].flow, state.traffic.link_flow, rtol=1e-3, atol=0.5)
    for period in Period:
        cars, flow = np.einsum("u,uij->ij", car_units(P), table[period]), found[period].flow
        np.fill_diagonal(cars, 0.0)
        net = np.bincount(a.tail, weights=flow, minlength=49) - np.bincount(a.head, weights=flow, minlength=49)
        expected = np.bincount(ends, weights=cars.sum(axis=1) - cars.sum(axis=0), minlength=49)
        np.testing.assert_allclose(net, expected, atol=1e-6 * cars.sum())
    assert system.road.gap == 1e-8


def test_a_day_of_kilometres_is_that_of_persons_and_gates() -> None:
    """A day's flow on links = residents' trips x distances over persons, and the background's ways there and back."""
    system, state = settled()
    c, t = state.citizens, state.traffic
    residents, ends = 0.0, P["access_share"] * city().districts.inner_distance
    for errand in Errand:
        often, mode, to = counts(state)[errand], tours.mode(state, errand), tours.district(state, errand)
        off, legs = tours.off_peak(state, errand), tours.legs(errand)
        for i in np.flatnonzero((often > 0.0) & (mode == Mode.CAR) & (to != c.district)):
            h, d = c.district[i], to[i]
            out, back = legs[int(off[i])]
            if d == -2:
                km = out @ t.gate_km[0, :, h, c.main_gate[i]] + back @ t.gate_km[1, :, h, c.main_gate[i]] - 2 * ends[h]
            else:
                km = out @ t.car_km[:, h, d] + back @ t.car_km[:, d, h] - 2 * (ends[h] + ends[d])
            residents += c.weight[i] * often[i] * km / tours.occupancy(P, errand)
    rest = outside(state).total()
    found = system.road.settle_all(hourly(state), policies(), state.copy())
    hours, others = [P["morning_hours"], P["evening_hours"], P["off_peak_hours"]], 0.0
    for period, often in enumerate(hours):
        for user, pce in enumerate(car_units(P)):
            others += often * pce * (rest[period, user] * found[period].zone_km[0]).sum()
    assert t.background_km[0] == pytest.approx(others, rel=1e-5)
    assert (t.link_day * city().links.length).sum() / 1000.0 == pytest.approx(residents + others, rel=1e-5)
    peak = (t.link_flow * city().links.length).sum() / 1000.0
    assert t.day_factor[0] * peak == pytest.approx(residents + others, rel=1e-5)
    # hours of the periods hold the day's trips, which differ in distance only: the one factor on them is near one
    plain = sum(n * (one.flow * city().links.length).sum() / 1000.0 for n, one in zip(hours, found, strict=True))
    assert plain == pytest.approx(residents + others, rel=0.02)


def test_cars_drive_what_their_households_do() -> None:
    """Kilometres of cars in a month are those of persons by car over occupancy, at the days of the month."""
    _, state = settled()
    c, cars, t = state.citizens, state.cars, state.traffic
    km = np.zeros(len(state.households))
    for errand in Errand:
        often, mode, to = counts(state)[errand], tours.mode(state, errand), tours.district(state, errand)
        way, off = choice.ways(city(), state, P, errand), tours.off_peak(state, errand).astype(int)
        for i in np.flatnonzero((often > 0.0) & (mode == Mode.CAR)):
            if to[i] == -2:
                one_way = way.gate_km[off[i], c.district[i], c.main_gate[i]] + P["beyond_gate"]
            else:
                one_way = way.km[0, off[i], c.district[i], to[i]] + own_km(state, i, errand)
            km[c.household[i]] += 2.0 * often[i] * one_way / tours.occupancy(P, errand)
    month = 31 * (P["working_days"] + (1 - P["working_days"]) * P["weekend_share"])
    driven = np.bincount(cars.household, weights=cars.km, minlength=len(km))
    np.testing.assert_allclose(driven, km * month, rtol=1e-9)
    weighted = np.bincount(cars.powertrain, weights=cars.km * cars.weight, minlength=5) / 31
    np.testing.assert_allclose(t.vehicle_km, weighted, rtol=1e-12)


def own_km(state: State, i: int, errand: Errand) -> float:
    """km by which a person's trips differ from the table (docs/mobility.md, "Where trips end")."""
    u = uniform(state.seed, stream(choice.INNER), int(state.citizens.id[i]), 0, int(errand))
    h, d = state.citizens.district[i], tours.district(state, errand)[i]
    if h == d:
        return (min(max(-math.log(u), SHORTEST), LONGEST) - 1.0) * float(city().districts.inner_distance[h])
    ends = P["access_share"] * city().districts.inner_distance
    street = (state.traffic.walk_time[h, d] + state.traffic.walk_time[d, h]) / 2.0 * P["walk_speed"] / 60.0
    return float((2 * u - 1) * min(ends[h] + ends[d], SHIFT * street))


def test_households_pay_what_others_receive() -> None:
    system, state = world(1e-4)
    state.ledger[:] = 0.0
    system.settle(state, policies())
    paid = state.ledger[Party.HOUSEHOLDS]
    h, cars = state.households, state.cars
    liquid = np.where(cars.powertrain == Powertrain.ELECTRIC, 0.0, cars.km)
    price = costs.price_per_km(P, Trends(state.month), policies(), state.month)
    fuel = (liquid * price[cars.powertrain] * cars.weight).sum()
    assert paid[Party.OUTSIDE, Purpose.FUEL] + paid[Party.STATE, Purpose.TAXES] == pytest.approx(fuel)
    assert paid[Party.STATE, Purpose.TAXES] == pytest.approx(P["fuel_tax_share"] * fuel)
    assert paid[Party.TRANSIT_AUTHORITY, Purpose.FARES] > 0.0
    # cars' weights are their household's on the tiny city, so bills add up to payments
    assert (h.transport_bill * h.weight)[h.alive].sum() == pytest.approx(paid.sum())


def test_price_of_a_kilometre() -> None:
    """7.0 l of petrol at 1.87 EUR and 6.0 l of diesel at 1.81 EUR in July 2023, by hand."""
    july = 2023 * 12 + 6
    price = costs.price_per_km(P, Trends(july), policies(), july)
    assert price[Powertrain.PETROL] == pytest.approx(0.62 / 8.9 * 1.87)
    assert price[Powertrain.DIESEL] == pytest.approx(0.06 * 1.81)
    dear = policies(Contribution("energy_price_factor", 1.5, np.array([5])))
    np.testing.assert_allclose(costs.price_per_km(P, Trends(july), dear, july)[0], 1.5 * price[0])


# --- times and distances ----------------------------------------------------------------------------------------------


def test_car_times_are_shortest_paths_at_the_times_of_the_links() -> None:
    """Dijkstra of NetworkX from connector to connector on the links' times, plus access at both ends and parking."""
    system, state = world()
    month = system.meet(state, system._setting(state, policies()), 1.0)
    system.settle_rest(state, month)  # the times perceived are those of this month
    graph = city().graph.copy()
    for _, _, _, data in graph.edges(keys=True, data=True):
        data["time"] = float(state.traffic.link_time[data["link"]])
    node, ends = city().connectors.node, P["access_share"] * city().districts.inner_distance
    access = 2 * 60.0
    pace = 60.0 / P["inner_car_speed"]  # min/km from the door to the connector
    for i in range(9):
        reached = nx.single_source_dijkstra_path_length(graph, int(node[i]), weight="time")
        expected = [
            (reached[int(node[j])] + access) / 60.0 + P["parking_search"] + (ends[i] + ends[j]) * pace
            for j in range(9)
            if j != i
        ]
        np.testing.assert_allclose(np.delete(state.traffic.car_time[Period.MORNING, i], i), expected, rtol=1e-6)
        to_gate = [
            (reached[int(g)] + access / 2) / 60.0 + P["parking_search"] + ends[i] * pace for g in city().cordon.node
        ]
        np.testing.assert_allclose(state.traffic.gate_time[0, Period.MORNING, i], to_gate, rtol=1e-6)


def test_walking_and_cycling_times_are_shortest_paths() -> None:
    graph, middle = city().graph.copy(), main_nodes(city())
    stress = {"major": P["stress_major"], "minor": P["stress_minor"]}
    for _, _, _, data in graph.edges(keys=True, data=True):
        data["felt"] = data["length"] * stress[data["road_class"]]
    walk, bike = walking_minutes(city(), P), cycling_minutes(city(), policies(), P)
    for i in (0, 4):
        on_foot = nx.single_source_dijkstra_path_length(graph, int(middle[i]), weight="length")
        felt = nx.single_source_dijkstra_path_length(graph, int(middle[i]), weight="felt")
        for j in set(range(9)) - {i}:
            assert walk[i, j] == pytest.approx(on_foot[int(middle[j])] / 75.0, rel=1e-5)  # 4.5 km/h
            assert bike[i, j] == pytest.approx(felt[int(middle[j])] / 250.0, rel=1e-5)  # 15 km/h


def test_tracks_everywhere_leave_the_bare_distance() -> None:
    everywhere = policies(Contribution("cycle_level", 2.0))
    felt, middle = cycling_minutes(city(), everywhere, P), main_nodes(city())
    steps = np.abs(middle[:, None] // 7 - middle // 7) + np.abs(middle[:, None] % 7 - middle % 7)
    apart = ~np.eye(9, dtype=bool)
    np.testing.assert_allclose(felt[apart], (steps * STEP / 250.0)[apart], rtol=1e-5)
    lanes = cycling_minutes(city(), policies(Contribution("cycle_level", 1.0)), P)
    none = cycling_minutes(city(), policies(), P)
    assert (felt[apart] < lanes[apart]).all()
    assert (lanes[apart] < none[apart]).all()


def test_hills_slow_cyclists_up_more_than_they_speed_them_down() -> None:
    """A plane that rises 3 % to the east: minutes by the regression's figures, 1.44 and 0.86 km/h a per cent of 21.6 km/h."""
    hilly = tiny_city()
    hilly.nodes.height[:] = 0.03 * hilly.nodes.x
    felt, flat = cycling_minutes(hilly, policies(), P), cycling_minutes(city(), policies(), P)
    west, east = 0, 6  # districts on a minor street along x
    assert felt[west, east] / flat[west, east] == pytest.approx(1.0 / (1.0 - 3 * 1.44 / 21.6), rel=2e-3)
    assert felt[east, west] / flat[east, west] == pytest.approx(1.0 / (1.0 + 3 * 0.86 / 21.6), rel=2e-3)
    hilly.nodes.height[:] = 400.0
    np.testing.assert_array_equal(cycling_minutes(hilly, policies(), P), flat)


def test_electric_bicycles_spread_by_the_series_and_are_faster() -> None:
    state = tiny_state(city())
    state.month = parse_month("2023-07")
    pace = cycling_pace(state, P, Trends())
    rides = pace > 0.0
    np.testing.assert_array_equal(rides, state.citizens.bike & (state.month - state.citizens.birth >= 72))
    assert set(np.unique(pace[rides])) == {1.0, P["bike_speed"] / P["ebike_speed"]}
    electric = pace[rides] < 1.0
    share = 0.12  # of the series in July 2023; four standard errors of a draw
    assert abs(electric.mean() - share) < 4.0 * math.sqrt(share * (1 - share) / rides.sum())
    later = tiny_state(city())
    later.month = parse_month("2026-07")
    assert (cycling_pace(later, P, Trends()) <= pace)[rides].all()


def test_trips_inside_a_district_have_its_mean_length() -> None:
    """The clipped exponential has mean one: SHORTEST + integral of exp(-x) between the bounds."""
    assert SHORTEST + math.exp(-SHORTEST) - math.exp(-LONGEST) == pytest.approx(1.0, abs=1e-4)


# --- bans, telework, emissions ----------------------------------------------------------------------------------------


def test_a_mandate_binds_remote_jobs_at_once() -> None:
    system, state = world(1e-4)
    system.settle(state, policies(Contribution("telework_mandate", 4.0)))
    c = state.citizens
    bound = c.alive & c.remote & (c.firm >= 0)
    assert (c.telework_days[bound] == 4.0).all()
    assert (c.telework_days[~c.remote] == 0.0).all()
