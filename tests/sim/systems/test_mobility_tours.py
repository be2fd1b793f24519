"""Choices on the tiny city: households share their cars, bans and licences bind, access moves tours, and an unchanged person stays."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.draws import stream, uniforms
from kernels.journeys import OFF, PEAK
from sim.codes import Activity, CritAir, Errand, Mode, Period
from sim.measures.policies import Contribution
from sim.state import State
from sim.systems.mobility import MobilitySystem, choice, destinations, elasticities, table, tours
from tests.sim.systems.test_mobility import P, city, policies, settled, tiny_state, world


def lived(*contributions: Contribution, months: int = 12) -> tuple[MobilitySystem, State]:
    """Some months under policies."""
    system, state = world(1e-4)
    for _ in range(months):
        state.month += 1
        system.settle(state, policies(*contributions))
    return system, state


# --- cars and licences ------------------------------------------------------------------------------------------------


def test_no_household_drives_more_cars_than_it_has() -> None:
    for _, state in (settled(), lived(months=6)):
        c, h = state.citizens, state.households
        out = c.alive & (c.main_mode == Mode.CAR) & c.licence & (c.main_district >= 0)
        assert (np.bincount(c.household[out], minlength=len(h)) <= h.cars).all()
        assert not (c.alive & (c.main_mode == Mode.CAR) & (h.cars[c.household] == 0)).any()


def test_those_who_gain_most_take_the_cars() -> None:
    """Three members, one car, utilities of the car 3, 1 and 2 above walking without errors that matter: the first has it."""
    state = tiny_state(city())
    c, h = state.citizens, state.households
    big = int(np.flatnonzero(h.size >= 3)[0])
    rows = np.flatnonzero(c.household == big)[:3]
    h.cars[big], c.licence[rows] = 1, True
    utility = np.full((3, 6), -np.inf)
    utility[:, 5] = 0.0
    utility[:, PEAK] = [300.0, 100.0, 200.0]
    taken = choice.take_cars(state, P, rows, utility)
    assert taken.mode.tolist() == [Mode.CAR, Mode.WALK, Mode.WALK]
    h.cars[big] = 2
    assert choice.take_cars(state, P, rows, utility).mode.tolist() == [Mode.CAR, Mode.WALK, Mode.CAR]
    c.licence[rows[0]] = False  # is driven, takes no car
    h.cars[big] = 1
    assert choice.take_cars(state, P, rows, utility).mode.tolist() == [Mode.CAR, Mode.WALK, Mode.CAR]
    utility[1, 5] = -np.inf  # no other way: is driven
    c.licence[rows[0]] = True
    assert choice.take_cars(state, P, rows, utility).mode[1] == Mode.CAR


def test_between_the_peaks_a_car_that_is_away_is_away() -> None:
    _, state = settled()
    c, h = state.citizens, state.households
    away = c.alive & c.licence & (c.main_mode == Mode.CAR)
    count = np.bincount(c.household[away], minlength=len(h))
    for errand in tours.ERRANDS:
        rows = c.alive & (tours.mode(state, errand) == Mode.CAR) & tours.off_peak(state, errand)
        assert rows.any()
        assert (away[rows] | (count < h.cars)[c.household[rows]]).all()


def test_without_a_licence_in_the_household_nobody_goes_by_car() -> None:
    system, state = world(1e-4)
    c = state.citizens
    none = np.unique(c.household)[::3]
    c.licence[np.isin(c.household, none)] = False
    state.month += 1
    system.settle(state, policies())  # who may not drive any more chooses at once
    rows = c.alive & np.isin(c.household, none) & (c.main_district != -2)
    for errand in Errand:
        assert not (rows & (tours.mode(state, errand) == Mode.CAR)).any()


def test_a_ban_keeps_out_households_without_an_allowed_car() -> None:
    state = tiny_state(city())
    c, cars = state.citizens, state.cars
    ban = policies(Contribution("car_ban", 1.0, np.ix_(np.arange(CritAir.C4, len(CritAir)), [4])))
    garage = choice.garage(state, ban)
    out = choice.without_car(state, ban, garage, Errand.WORK)
    for i in range(0, len(c), 7):
        mine = cars.crit_air[cars.alive & (cars.household == c.household[i])]
        dirty = len(mine) > 0 and mine.min() >= CritAir.C4
        drives = c.licence[c.alive & (c.household == c.household[i])].any()
        expected = not len(mine) or not drives or (dirty and 4 in (c.district[i], c.main_district[i]))
        assert out[i] == expected
        assert garage.group[i] == dirty
    lax = choice.garage(state, policies(Contribution("car_ban", 0.0)))
    assert not lax.group.any()


# --- hours ------------------------------------------------------------------------------------------------------------


def test_the_table_of_a_tour_is_the_mean_of_its_legs() -> None:
    """To work in the morning, home in the evening; shopping both ways in the evening; other tours between the peaks both ways."""
    _, state = settled()
    t = state.traffic
    work, shop = (choice.ways(city(), state, P, e) for e in (Errand.WORK, Errand.SHOPPING))
    np.testing.assert_allclose(work.car[0, PEAK], (t.car_time[Period.MORNING] + t.car_time[Period.EVENING].T) / 2)
    np.testing.assert_allclose(shop.car[0, PEAK], (t.car_time[Period.EVENING] + t.car_time[Period.EVENING].T) / 2)
    np.testing.assert_allclose(work.car[0, OFF], (t.car_time[Period.OFF_PEAK] + t.car_time[Period.OFF_PEAK].T) / 2)
    np.testing.assert_allclose(work.felt[PEAK], t.transit_felt)  # the evening's transit is the morning's mirrored
    np.testing.assert_allclose(work.gate[PEAK], (t.gate_time[0, Period.MORNING] + t.gate_time[1, Period.EVENING]) / 2)


def test_congestion_in_the_peaks_moves_tours_between_them() -> None:
    system, state = world(1e-4)
    c = state.citizens
    free = c.alive & (c.activity == Activity.EMPLOYED) & (c.main_mode == Mode.CAR)
    before = c.main_off_peak[free].mean()
    state.traffic.car_time[: Period.OFF_PEAK] += 20.0
    system._choose(state, policies(), everybody=True)
    assert (
        c.main_off_peak[c.alive & (c.activity == Activity.EMPLOYED) & (c.main_mode == Mode.CAR)].mean() > before + 0.1
    )


# --- districts --------------------------------------------------------------------------------------------------------


def test_dear_fuel_brings_tours_nearer_and_makes_them_fewer() -> None:
    _, plain = lived()
    _, dear = lived(Contribution("energy_price_factor", 3.0, np.array([5, 6])))
    km = [s.traffic.trip_km.sum() / s.traffic.trips.sum() for s in (plain, dear)]
    assert km[1] < km[0]
    assert dear.traffic.trips.sum() < plain.traffic.trips.sum()
    assert dear.traffic.trip_km[:, Mode.CAR].sum() < plain.traffic.trip_km[:, Mode.CAR].sum()


def test_faster_streets_induce_traffic() -> None:
    """Free-flow streets four times as fast: more kilometres by car than before; distances grow, not only modes change."""
    system, state = world(1e-4)
    for minutes in (state.traffic.car_time, state.traffic.kept_time):
        minutes *= 0.25
    before = state.copy()
    system._choose(state, policies(), everybody=True)
    c, km = state.citizens, state.traffic.car_km[Period.OFF_PEAK]
    both = c.alive & (c.leisure_mode == Mode.CAR) & (before.citizens.leisure_mode == Mode.CAR)
    assert (
        km[c.district, c.leisure_district][both].mean() > km[c.district, before.citizens.leisure_district][both].mean()
    )


def test_the_size_of_a_district_draws() -> None:
    """Candidates and their correction: whatever they are drawn with, weights q exp(correction) are size and decay."""
    for errand in tours.ERRANDS:
        cumulated, correction = destinations.pull(city(), P, errand)
        q = np.diff(np.c_[np.zeros(9), cumulated], axis=1)
        weight = q * np.exp(correction)
        d = city().districts
        km = np.hypot(d.x[:, None] - d.x, d.y[:, None] - d.y) / 1000 + np.diag(d.inner_distance)
        size = weight * np.exp(P[f"place_decay_{errand.name.lower()}"] * km)
        np.testing.assert_allclose(size, np.broadcast_to(size[0], (9, 9)), rtol=1e-9)
        assert size[0].argmax() == 4  # four times the jobs


def test_tours_grow_with_access() -> None:
    access = np.array([1.0, 2.0, -np.inf])
    found = destinations.tours_against_usual(P, access, np.ones(3))
    np.testing.assert_allclose(found[:2], [1.0, np.exp(P["trip_response"])])
    assert 0.0 < found[2] < found[0]


# --- months -----------------------------------------------------------------------------------------------------------


def test_only_households_that_think_change() -> None:
    system, state = world(1e-4)
    before = state.citizens.copy()
    state.month += 1
    system.settle(state, policies(Contribution("fare_factor", 0.0)))
    c = state.citizens
    h = state.households
    draw = uniforms(state.seed, stream("mobility.reconsider"), h.id, state.month, 0)
    quiet = ~(draw < P["reconsider_share"])[c.household]
    moved = np.zeros(len(c), bool)
    for name in (
        "main_mode",
        "shop_mode",
        "leisure_mode",
        "escort_mode",
        "shop_district",
        "leisure_district",
        "shop_often",
    ):
        change = getattr(c, name) != getattr(before, name)
        moved |= change
        assert not change[quiet].any(), name
    assert moved.any()
    changed = c.leisure_mode != before.leisure_mode
    assert (c.leisure_mode[changed] == Mode.TRANSIT).mean() > 0.9


def test_habit_holds_back() -> None:
    """Fares fall by a quarter: fewer change with inertia than without, in worlds that are otherwise the same."""
    found = []
    for habit in (0.0, 0.6):
        system, state = world(1e-4)
        before = state.citizens.leisure_mode.copy()
        system.parameters = type(P)({"habit": habit})
        for _ in range(6):
            state.month += 1
            system._choose(state, policies(Contribution("fare_factor", 0.25)), everybody=False)
        found.append(int((state.citizens.leisure_mode != before).sum()))
    assert found[1] < found[0]


def test_value_of_time_by_purpose_and_income() -> None:
    """Quinet (2013): 12.6 EUR/h home-work, 8.6 EUR/h other purposes, for the median household."""
    state = tiny_state(city())
    state.households.income[:] = P["income_reference"]
    rows = np.arange(10)
    np.testing.assert_allclose(choice.value_of_time(state, rows, P, Errand.WORK), 12.6)
    np.testing.assert_allclose(choice.value_of_time(state, rows, P, Errand.LEISURE), 8.6)
    state.households.income[:] *= 4.0
    np.testing.assert_allclose(choice.value_of_time(state, rows, P, Errand.LEISURE), 8.6 * 2.0)


def test_the_loop_residual_is_what_drivers_misperceive() -> None:
    """Roads have settled and everybody believes a tenth too much, on the way to the gates and back too: a tenth of the hours."""
    system, state = world(1e-4)
    system.live_through(state, system._setting(state, policies()), 1.0)
    for believed in (state.traffic.car_time, state.traffic.kept_time, state.traffic.gate_time):
        believed *= 1.1
    system.live_through(state, system._setting(state, policies()), 0.0)
    assert state.traffic.residual[0] == pytest.approx(0.1, rel=0.02)


def test_elasticities_have_their_signs() -> None:
    """On the tiny city, uncalibrated: dear fuel takes cars off, a dear or slow ride takes riders off, frequent lines bring them."""
    found = {(e.change, e.effect): e.model for e in elasticities(city(), 0.3)}
    assert found["fuel price", "car km"] < 0.0
    assert found["transit fare", "transit trips"] < 0.0
    assert found["ride time of transit", "transit trips"] < 0.0
    assert found["frequency of all lines", "transit trips"] > 0.0
    assert len(table([])) == 1
