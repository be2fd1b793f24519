"""Mobility on the tiny city: trips, kilometres and money are conserved from persons to links; skims beside NetworkX; emissions."""

from __future__ import annotations

import math
from functools import cache

import networkx as nx
import numpy as np
import pytest

from kernels.journeys import LONGEST, SHORTEST
from sim.city.city import City
from sim.codes import Activity, CritAir, Mode, Party, Period, Powertrain, Purpose, RoadUser
from sim.measures.policies import Contribution, Policies, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.mobility import MobilitySystem, choice, costs, demand
from sim.systems.mobility.emissions import fuel_curve, grams_per_km, speed_factor
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
    c.other_district[c.id % 4 == 0] = c.district[c.id % 4 == 0]
    system = MobilitySystem(city(), P, Trends(state.month), gap=gap)
    system.begin(state)
    return system, state


@cache
def settled() -> tuple[MobilitySystem, State]:
    return world()


def alone(cars: np.ndarray) -> np.ndarray:
    """(U, Z, Z) road users when there are only cars."""
    return np.stack([cars if user == RoadUser.CAR else np.zeros_like(cars) for user in RoadUser])


# --- conservation -----------------------------------------------------------------------------------------------------


def counts(state: State) -> tuple[np.ndarray, np.ndarray]:
    rise = costs.price_rise(Trends(state.month), policies(), state.month)
    return demand.main_trips(state, P), demand.other_trips(state, P, policies(), rise)


def test_trips_by_district_are_those_of_persons_one_by_one() -> None:
    _, state = settled()
    c, (main, other) = state.citizens, counts(settled()[1])
    expected = np.zeros((9, 4))
    for i in range(len(c)):
        for mode, count in ((c.main_mode[i], main[i]), (c.other_mode[i], other[i])):
            if c.alive[i] and count > 0.0:
                expected[c.district[i], mode] += c.weight[i] * count
    np.testing.assert_allclose(state.traffic.trips, expected, rtol=1e-12)
    assert state.traffic.trip_km.sum() == pytest.approx((c.weight * c.travel_km)[c.alive].sum(), rel=1e-12)


def test_main_trips_are_two_a_day_of_presence_less_days_at_home() -> None:
    state = tiny_state(city())
    c = state.citizens
    c.telework_days[:] = np.where(c.activity == Activity.EMPLOYED, 2.0, 0.0)
    trips = demand.main_trips(state, P)
    at_work = c.alive & (c.activity == Activity.EMPLOYED) & (c.main_district != -1)
    np.testing.assert_allclose(trips[at_work], 2.0 * P["presence_work"] * 3.0 / 5.0)
    pupils = c.alive & (c.activity == Activity.PUPIL)
    np.testing.assert_allclose(trips[pupils], 2.0 * P["presence_school"])
    assert (trips[c.main_district == -1] == 0.0).all()


def test_the_peak_table_holds_the_cars_of_persons() -> None:
    _, state = settled()
    main, other = counts(state)
    c, table = state.citizens, demand.peak_cars(city(), state, P, main, other)
    expected = np.zeros((11, 11))
    for i in range(len(c)):
        h, w = c.district[i], c.weight[i]
        if c.main_mode[i] == Mode.CAR and main[i] > 0.0:
            to = c.main_district[i] if c.main_district[i] >= 0 else 9 + c.main_gate[i]
            persons = P["occupancy_work"] if c.activity[i] == Activity.EMPLOYED else P["occupancy_school"]
            expected[h, to] += w * main[i] / 2 * P["peak_share_main"] / persons
        if c.other_mode[i] == Mode.CAR and other[i] > 0.0:
            cars = w * other[i] / 2 * P["peak_share_other"] / P["occupancy_other"]
            expected[h, c.other_district[i]] += cars
            expected[c.other_district[i], h] += cars
    np.testing.assert_allclose(table, expected, rtol=1e-10, atol=1e-12)


def test_background_holds_incomers_through_traffic_and_freight() -> None:
    state, gates = tiny_state(city()), city().cordon
    rest = demand.background(city(), state, P, policies())
    persons = state.economy.incomers.sum() * P["presence_work"] * P["incomer_car_share"] * P["peak_share_main"]
    assert rest.incomers.sum() == pytest.approx(persons / P["occupancy_work"])
    assert rest.through.sum() == pytest.approx(gates.through.sum())
    assert rest.freight.sum() == pytest.approx(gates.freight.sum())
    assert np.trace(rest.total()) == 0.0
    halved = demand.background(city(), state, P, policies(Contribution("incomer_factor", 0.5)))
    np.testing.assert_allclose(halved.total(), 0.5 * rest.total())


def test_banned_vans_stay_away_or_are_replaced() -> None:
    state = tiny_state(city())
    ban = Contribution("van_ban", 1.0, np.ix_(np.arange(CritAir.C3, len(CritAir)), [4]))
    before, after = (demand.background(city(), state, P, p).freight.sum(axis=0) for p in (policies(), policies(ban)))
    kept = 1.0 - demand.VAN_STICKERS[CritAir.C3 :].sum() * P["van_loss"]
    assert after[4] == pytest.approx(kept * before[4])
    np.testing.assert_allclose(np.delete(after, 4), np.delete(before, 4))


def test_what_enters_the_streets_leaves_them() -> None:
    """At every node, flow out less flow in is what starts there less what ends there: persons -> table -> links."""
    system, state = settled()
    main, other = counts(state)
    table = demand.peak_cars(city(), state, P, main, other) + demand.background(city(), state, P, policies()).total()
    np.fill_diagonal(table, 0.0)
    a, t = city().links, state.traffic
    net = np.bincount(a.tail, weights=t.link_flow, minlength=49) - np.bincount(
        a.head, weights=t.link_flow, minlength=49
    )
    ends = np.r_[city().connectors.node, city().cordon.node]
    expected = np.bincount(ends, weights=table.sum(axis=1) - table.sum(axis=0), minlength=49)
    np.testing.assert_allclose(net, expected, atol=1e-6 * table.sum())
    assert system.road.gap == 1e-8


def test_a_day_of_kilometres_is_that_of_persons_and_gates() -> None:
    """day_factor x link flows = residents' trips x distances over persons, and the background's ways there and back."""
    system, state = settled()
    c, t, (main, other) = state.citizens, state.traffic, counts(settled()[1])
    residents, ends = 0.0, P["access_share"] * city().districts.inner_distance
    for i in range(len(c)):
        h, w = c.district[i], c.weight[i]
        if c.main_mode[i] == Mode.CAR and main[i] > 0.0 and c.main_district[i] != h:
            persons = P["occupancy_work"] if c.activity[i] == Activity.EMPLOYED else P["occupancy_school"]
            to = c.main_district[i]
            km = t.gate_km[h, c.main_gate[i]] if to == -2 else t.car_km[h, to] - ends[to]
            residents += w * main[i] * (km - ends[h]) / persons
        to = c.other_district[i]
        if c.other_mode[i] == Mode.CAR and other[i] > 0.0 and to != h:
            residents += w * other[i] * (t.car_km[h, to] - ends[h] - ends[to]) / P["occupancy_other"]
    rest = demand.background(city(), state, P, policies())
    table = demand.peak_cars(city(), state, P, main, other) + rest.total()
    found = system.road.settle(Period.MORNING, alone(table), policies(), state.copy())
    outside = 2.0 / P["peak_share_main"] * (rest.incomers * found.zone_km[0]).sum()
    outside += P["peak_to_day"] * ((rest.through + rest.freight) * found.zone_km[0]).sum()
    peak = (t.link_flow * city().links.length).sum() / 1000.0
    assert t.background_km[0] == pytest.approx(outside, rel=1e-5)
    assert t.day_factor[0] * peak == pytest.approx(residents + outside, rel=1e-5)
    np.fill_diagonal(table, 0.0)
    assert (table * found.zone_km[0]).sum() == pytest.approx(peak, rel=1e-6)


def test_cars_drive_what_their_households_do() -> None:
    """Kilometres of cars in a month are those of persons by car over occupancy, at the days of the month."""
    _, state = settled()
    c, cars, (main, other) = state.citizens, state.cars, counts(settled()[1])
    km = np.zeros(len(state.households))
    for purpose, count in ((choice.MAIN, main), (choice.OTHER, other)):
        rows = np.arange(len(c))[count > 0.0]
        way = choice.journeys(city(), state, P, policies(), rows, purpose)
        mode = c.main_mode if purpose == choice.MAIN else c.other_mode
        persons = demand.occupancy(state, P, purpose)
        for i, one_way in zip(rows, way.km, strict=True):
            if mode[i] == Mode.CAR:
                km[c.household[i]] += count[i] * one_way / persons[i]
    month = 31 * (P["working_days"] + (1 - P["working_days"]) * P["weekend_share"])
    driven = np.bincount(cars.household, weights=cars.km, minlength=len(km))
    np.testing.assert_allclose(driven, km * month, rtol=1e-9)
    weighted = np.bincount(cars.powertrain, weights=cars.km * cars.weight, minlength=5) / 31
    np.testing.assert_allclose(state.traffic.vehicle_km, weighted, rtol=1e-12)


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
    _, state = settled()
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
        np.testing.assert_allclose(np.delete(state.traffic.car_time[i], i), expected, rtol=1e-6)
        to_gate = [
            (reached[int(g)] + access / 2) / 60.0 + P["parking_search"] + ends[i] * pace for g in city().cordon.node
        ]
        np.testing.assert_allclose(state.traffic.gate_time[i], to_gate, rtol=1e-6)


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


def test_trips_inside_a_district_have_its_mean_length() -> None:
    """The clipped exponential has mean one: SHORTEST + integral of exp(-x) between the bounds; four standard errors."""
    assert SHORTEST + math.exp(-SHORTEST) - math.exp(-LONGEST) == pytest.approx(1.0, abs=1e-4)
    state = tiny_state(city())
    c = state.citizens
    c.other_district[:] = c.district
    system = MobilitySystem(city(), P, Trends(state.month))
    system.begin(state)
    way = choice.journeys(city(), state, P, policies(), np.arange(len(c)), choice.OTHER)
    factor = way.km / city().districts.inner_distance[c.district]
    assert factor.mean() == pytest.approx(1.0, abs=4 * factor.std() / math.sqrt(len(c)))
    assert factor.min() >= SHORTEST
    assert factor.max() <= LONGEST
    assert np.isinf(way.minutes[:, Mode.TRANSIT]).all()  # no line inside a district


def test_ends_of_trips_lie_anywhere_in_their_districts() -> None:
    """Between districts lengths spread evenly around the table, by at most the access at both ends; four standard errors."""
    _, state = settled()
    c, t = state.citizens, state.traffic
    rows = np.flatnonzero(c.other_district != c.district)
    h, d = c.district[rows], c.other_district[rows]
    way = choice.journeys(city(), state, P, policies(), rows, choice.OTHER)
    shift = way.km - t.car_km[h, d]
    ends = P["access_share"] * city().districts.inner_distance
    assert (np.abs(shift) <= ends[h] + ends[d]).all()
    assert shift.mean() == pytest.approx(0.0, abs=4 * shift.std() / math.sqrt(len(rows)))
    assert shift.std() > 0.1
    np.testing.assert_allclose(way.minutes[:, Mode.WALK] - t.walk_time[h, d], shift * 60 / P["walk_speed"], atol=1e-9)


def test_tours_through_a_gate_go_by_car_and_beyond() -> None:
    _, state = settled()
    rows = np.flatnonzero(state.citizens.main_district == -2)
    way = choice.journeys(city(), state, P, policies(), rows, choice.MAIN)
    c, t = state.citizens, state.traffic
    np.testing.assert_allclose(way.km, t.gate_km[c.district[rows], c.main_gate[rows]] + P["beyond_gate"])
    assert np.isinf(way.minutes[:, 1:]).all()
    assert (way.fee == 0.0).all()


# --- bans, telework, emissions ----------------------------------------------------------------------------------------


def test_a_ban_keeps_out_households_without_an_allowed_car() -> None:
    state = tiny_state(city())
    c, cars = state.citizens, state.cars
    ban = policies(Contribution("car_ban", 1.0, np.ix_(np.arange(CritAir.C4, len(CritAir)), [4])))
    out = demand.banned(city(), state, ban, c.main_district, c.alive, np.full(len(state.households), 0.5))
    for i in range(0, len(c), 17):
        mine = cars.crit_air[cars.alive & (cars.household == c.household[i])]
        dirty = not len(mine) or mine.min() >= CritAir.C4
        assert out[i] == (c.alive[i] and dirty and 4 in (c.district[i], c.main_district[i]))
    nobody = demand.banned(city(), state, ban, c.main_district, c.alive, np.full(len(state.households), 1.0))
    assert not nobody.any()


def test_a_mandate_binds_remote_jobs_at_once() -> None:
    system, state = world(1e-4)
    system.settle(state, policies(Contribution("telework_mandate", 4.0)))
    c = state.citizens
    bound = c.alive & c.remote & (c.firm >= 0)
    assert (c.telework_days[bound] == 4.0).all()
    assert (c.telework_days[~c.remote] == 0.0).all()


def test_the_speed_curve_is_near_the_one_of_older_cars() -> None:
    """Beside COPERT's curve of Euro 3 petrol cars, 1.4-2.0 l (EMEP/EEA guidebook 2013, table 3-41: 217, 9.6e-2, 0.253, -4.21e-4,
    9.65e-3), which is not the one used: within 8 % relative to 50 km/h, least between 60 and 85 km/h, 7.6 l/100 km at 50 km/h."""
    v = np.arange(15.0, 111.0, 5.0)
    older = (217 + 0.253 * v + 9.65e-3 * v**2) / (1 + 9.6e-2 * v - 4.21e-4 * v**2)
    np.testing.assert_allclose(speed_factor(v), older / older[v == 50.0], rtol=0.08)
    assert 60.0 <= v[np.argmin(speed_factor(v))] <= 85.0
    assert speed_factor(np.array([50.0]))[0] == 1.0
    assert fuel_curve(np.array([50.0]))[0] / 740.0 * 100.0 == pytest.approx(7.6, abs=0.1)


def test_emissions_of_a_kilometre() -> None:
    """7.0 l at 2.79 kg and 6.0 l at 3.17 kg (arrêté of 26 April 2017): 0.19 kg each; an electric car has none on the road."""
    grams = grams_per_km(P)
    assert grams[Powertrain.PETROL] == pytest.approx(0.07 * 2.79, rel=0.01)
    assert grams[Powertrain.DIESEL] == pytest.approx(0.06 * 3.17, rel=0.01)
    assert grams[Powertrain.ELECTRIC] == 0.0


def test_emissions_are_summed_link_by_link() -> None:
    _, state = settled()
    t, a, (main, other) = state.traffic, city().links, counts(settled()[1])
    rest = demand.background(city(), state, P, policies())
    mix = float(t.vehicle_km @ grams_per_km(P)) / t.vehicle_km.sum()
    network = t.day_factor[0] * (t.link_flow * a.length).sum() / 1000.0
    table = demand.peak_cars(city(), state, P, main, other) + rest.total()
    found = settled()[0].road.settle(Period.MORNING, alone(table), policies(), state.copy())
    freight = P["peak_to_day"] * (rest.freight * found.zone_km[0]).sum() / network
    expected = np.zeros(9)
    for i in range(len(a)):
        kmh = a.length[i] / t.link_time[i] * 3.6
        km = t.link_flow[i] * t.day_factor[0] * a.length[i] / 1000.0
        per_km = mix * (1 - freight) + P["freight_intensity"] * freight
        expected[a.district[i]] += km * per_km * speed_factor(np.array([kmh]))[0]
    c, ends = state.citizens, P["access_share"] * city().districts.inner_distance
    inner = speed_factor(np.array([P["inner_car_speed"]]))[0] * mix
    for purpose, count in ((choice.MAIN, main), (choice.OTHER, other)):
        mode = c.main_mode if purpose == choice.MAIN else c.other_mode
        rows = np.flatnonzero((count > 0) & (mode == Mode.CAR))
        way, to = choice.journeys(city(), state, P, policies(), rows, purpose), choice.destination(state, purpose)[rows]
        cars = c.weight[rows] * count[rows] / demand.occupancy(state, P, purpose)[rows] * inner
        for h, d, km, weight in zip(c.district[rows], to, way.km, cars, strict=True):
            if d == -2:
                expected[h] += weight * ends[h]
            else:
                off_links = km if h == d else km - (t.car_km[h, d] - ends[h] - ends[d])
                expected[h] += weight * off_links / 2
                expected[d] += weight * off_links / 2
    np.testing.assert_allclose(t.emissions, expected, rtol=1e-5)


# --- months -----------------------------------------------------------------------------------------------------------


def test_habit_only_a_share_reconsiders() -> None:
    system, state = world(1e-4)
    before = state.citizens.other_mode.copy()
    state.month += 1
    free = policies(Contribution("fare_factor", 0.0))
    system.settle(state, free)
    moved = state.citizens.other_mode != before
    assert moved.any()
    assert not moved[~choice.reconsiders(state, P)].any()
    assert (state.citizens.other_mode[moved] == Mode.TRANSIT).mean() > 0.9


def test_dear_fuel_takes_cars_off_the_road() -> None:
    system, state = world(1e-4)
    before = state.traffic.trip_km[:, Mode.CAR].sum()
    system.settle(state, policies(Contribution("energy_price_factor", 1.5, np.array([5, 6]))))
    assert state.traffic.trip_km[:, Mode.CAR].sum() < before
