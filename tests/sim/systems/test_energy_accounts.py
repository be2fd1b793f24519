"""Accounts of emissions: every kilometre and kWh in one part, two accounts that a bridge joins, transit vehicles by hand."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from sim.city.city import City
from sim.codes import (
    ONLY_RESIDENTS,
    ONLY_TERRITORY,
    RESIDENTS_ACCOUNT,
    TERRITORIAL_ACCOUNT,
    AccountItem,
    Carrier,
    Driver,
    EnergyUse,
    Errand,
    Mode,
    Powertrain,
)
from sim.measures.policies import Contribution, Policies, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State, Traffic
from sim.systems.energy import EnergySystem
from sim.systems.energy.accounts import account, inside_share
from sim.systems.mobility import MobilitySystem, tours
from tests.tiny import tiny_city, tiny_state

P = Parameters()
JULY = 2021 * 12 + 6
DWELLING = (EnergyUse.HEATING, EnergyUse.HOT_WATER, EnergyUse.APPLIANCES, EnergyUse.COOLING, EnergyUse.COOKING)


@cache
def city() -> City:
    return tiny_city()


def policies(*contributions: Contribution) -> Policies:
    return compose(contributions, axis_sizes(city(), 2))


@cache
def _lived(electric: bool) -> State:
    state = tiny_state(city(), month=JULY)
    state.dwellings.pv[::7] = 3.0
    c = state.citizens
    leaves = (c.id % 10 == 0) & (c.main_district >= 0)
    c.main_district[leaves], c.main_gate[leaves], c.firm[leaves] = -2, c.id[leaves] % 2, -1
    if electric:
        state.cars.powertrain[:] = Powertrain.ELECTRIC
    roads, energy = MobilitySystem(city(), P, Trends(JULY), gap=1e-6), EnergySystem(city(), P, Trends(JULY))
    roads.begin(state)
    energy.begin(state)
    roads.settle(state, policies())
    energy.balance(state, policies())
    return state


def lived(*, electric: bool = False) -> State:
    return _lived(electric).copy()


def of(items: np.ndarray, which: tuple[AccountItem, ...]) -> float:
    return float(items[list(which)].sum())


def month_of(kg_a_day: float) -> float:
    """Tonnes of a July of 31 days, of which the days off have less traffic: by hand from the registry."""
    return kg_a_day * 31 * (P["working_days"] + (1 - P["working_days"]) * P["weekend_share"]) / 1000


@pytest.mark.parametrize(("row", "energy", "road"), [(0, "co2", "road_co2"), (1, "co2_direct", "road_direct")])
def test_accounts_are_the_sums_they_stand_for(row: int, energy: str, road: str) -> None:
    """The territory: all uses but residents' fuel, and the streets' own account. The residents: homes, charging, fuel, their transit."""
    state = lived()
    items, by_use = state.energy.account[row], getattr(state.energy, energy).sum(axis=0)
    by_driver = getattr(state.traffic, road)
    on_streets = month_of(by_driver.sum())
    assert of(items, TERRITORIAL_ACCOUNT) == pytest.approx(
        by_use.sum() - by_use[EnergyUse.FUEL] + on_streets, rel=1e-12
    )
    mine = state.traffic.transit_residents[0]
    assert 0.0 < mine < 1.0
    want = by_use[list(DWELLING)].sum() + by_use[EnergyUse.CHARGING] + by_use[EnergyUse.FUEL]
    assert of(items, RESIDENTS_ACCOUNT) == pytest.approx(want + mine * by_use[EnergyUse.TRANSIT], rel=1e-12)
    assert month_of(by_driver[Driver.GOODS]) == pytest.approx(items[AccountItem.GOODS], rel=1e-12)
    if row == 0:
        assert on_streets == pytest.approx(month_of(state.traffic.emissions.sum()), rel=1e-12)


def test_the_bridge_leads_from_one_account_to_the_other() -> None:
    for items in lived().energy.account:
        bridge = items[list(ONLY_TERRITORY)].sum() - items[list(ONLY_RESIDENTS)].sum()
        assert of(items, RESIDENTS_ACCOUNT) + bridge == pytest.approx(of(items, TERRITORIAL_ACCOUNT), rel=1e-12)
    assert set(RESIDENTS_ACCOUNT) | set(TERRITORIAL_ACCOUNT) == set(AccountItem)
    assert not set(ONLY_RESIDENTS) & set(ONLY_TERRITORY)


def test_nothing_emits_more_at_the_stack_than_in_all() -> None:
    whole, direct = lived().energy.account
    signed = [AccountItem.STREETS]
    assert (np.delete(direct, signed) <= np.delete(whole, signed)).all()
    assert (np.delete(direct, signed) >= 0.0).all()
    for item in (AccountItem.HEATING, AccountItem.RESIDENTS_INSIDE, AccountItem.RESIDENTS_OUTSIDE, AccountItem.FIRMS):
        assert 0.0 < direct[item] < whole[item]


def test_electric_kilometres_are_counted_once_at_the_socket() -> None:
    """With electric cars alone, residents' driving is the electricity of all their kilometres and nothing on any street."""
    state = lived(electric=True)
    items = state.energy.account[0]
    for item in (
        AccountItem.RESIDENTS_INSIDE,
        AccountItem.RESIDENTS_OUTSIDE,
        AccountItem.STREETS,
        AccountItem.INCOMERS,
    ):
        assert items[item] == 0.0
    km = (state.cars.weight * state.cars.km * state.cars.alive).sum()
    socket = state.energy.final[:, :, EnergyUse.CHARGING].sum() * 1000
    assert socket == pytest.approx(km * P["electric_car_use"], rel=1e-12)
    per_kwh = items[AccountItem.CHARGING] * 1000 / socket
    assert 0.5 * P["emission_electricity"] < per_kwh < 1.5 * P["emission_electricity"]
    assert lived().energy.account[0, AccountItem.RESIDENTS_INSIDE] > items[AccountItem.CHARGING]


def test_kilometres_beyond_the_gates_are_outside() -> None:
    """Counted person by person: those who work beyond the gates drive ``beyond_gate`` further, each way; the rest is inside."""
    state = lived()
    c = state.citizens
    count = tours.tours(state, P, policies())[Errand.WORK] + tours.tours(state, P, policies())[Errand.EDUCATION]
    seats = np.where(c.activity == 3, P["occupancy_work"], P["occupancy_school"])
    out = (c.main_district == -2) & (c.main_mode == Mode.CAR) & c.alive
    beyond = (2.0 * count * c.weight / seats)[out].sum() * P["beyond_gate"]
    everywhere = state.traffic.vehicle_km.sum()
    outside = beyond * (P["working_days"] + (1 - P["working_days"]) * P["weekend_share"])
    assert 1.0 - inside_share(state, P) == pytest.approx(outside / everywhere, abs=0.02)
    assert outside / everywhere > 0.1


def test_the_same_driving_at_other_speeds_moves_the_streets_item_alone() -> None:
    """Residents' account is by kilometres; what the streets' speeds add is the territory's."""
    state = lived()
    before = account(state, P)
    state.traffic.road_co2 = state.traffic.road_co2.copy()
    state.traffic.road_co2[Driver.RESIDENTS] *= 1.1
    after = account(state, P)
    changed = np.flatnonzero(before[0] != after[0])
    assert changed.tolist() == [AccountItem.STREETS]
    assert after[0, AccountItem.STREETS] - before[0, AccountItem.STREETS] == pytest.approx(
        month_of(0.1 / 1.1 * state.traffic.road_co2[Driver.RESIDENTS])
    )


def test_before_any_traffic_there_is_none_on_the_territory() -> None:
    state = lived()
    fuel = state.energy.co2[:, EnergyUse.FUEL].sum()
    state.traffic = Traffic.blank()
    items = account(state, P)[0]
    assert items[AccountItem.RESIDENTS_OUTSIDE] == pytest.approx(fuel)
    assert (
        items[[AccountItem.INCOMERS, AccountItem.THROUGH, AccountItem.GOODS, AccountItem.STREETS]].tolist() == [0.0] * 4
    )


def test_emissions_by_hour_are_those_of_the_use() -> None:
    """The hours of each use sum to the use's emissions, PV deducted; fuels of cars follow the road's day, not the power plants'."""
    state = lived()
    e = state.energy
    days = EnergySystem(city(), P, Trends(JULY)).month(state, policies()).length
    np.testing.assert_allclose(e.co2_hour.sum(axis=0) * days, e.co2.sum(axis=0), rtol=1e-12, atol=1e-9)
    fuel = e.co2_hour[:, EnergyUse.FUEL]
    assert fuel[[0, 3, 22]].sum() == 0.0
    busiest = 1.0 / P["peak_to_day"]
    np.testing.assert_allclose(fuel[[7, 8, 16, 17, 18]] / fuel.sum(), busiest)
    np.testing.assert_allclose(fuel[[6, 12, 20]] / fuel.sum(), (1.0 - 5 * busiest) / 10)
    plugs = e.co2_hour[:, EnergyUse.APPLIANCES]
    assert plugs[13] < plugs[20]  # roofs serve a seventh of the homes at noon


# --- transit vehicles -------------------------------------------------------------------------------------------------------


def test_energy_of_transit_by_hand() -> None:
    """The tiny city's metro (3.6 km, 200 places, every 2 and 4 minutes) and bus (3.6 km, every 8 and 12), both ways, in July 2021.

    22 working days and 9 days off with 60 % of the service: the typical days hold them by weight.
    """
    state = lived()
    system = EnergySystem(city(), P, Trends(JULY))
    days = system.month(state, policies()).days
    off = float(days.weight[~days.working].sum())
    served = 31 - off + off * P["transit_weekend"]
    peak, between = P["morning_hours"] + P["evening_hours"], P["off_peak_hours"]
    metro = 2 * 3.6 * (peak * 30 + between * 15) * served
    bus = 2 * 3.6 * (peak * 60 / 8 + between * 60 / 12) * served
    final = state.energy.final[:, :, EnergyUse.TRANSIT].sum(axis=0) * 1000
    gas, electric = P["bus_gas_share"], P["bus_electric_share"]
    assert final[Carrier.GAS] == pytest.approx(bus * gas * P["bus_gas_use"])
    assert final[Carrier.DIESEL] == pytest.approx(bus * (1 - gas - electric) * P["bus_diesel_use"])
    assert final[Carrier.ELECTRICITY] == pytest.approx(
        metro * 2 * P["metro_use"] + bus * electric * P["bus_electric_use"]
    )
    assert state.energy.load_use[:5, EnergyUse.TRANSIT].sum() == 0.0  # no service at night
    assert state.energy.load_use[8, EnergyUse.TRANSIT] > state.energy.load_use[12, EnergyUse.TRANSIT] > 0.0


def test_transit_follows_headways_and_lines() -> None:
    state = lived()
    system = EnergySystem(city(), P, Trends(JULY))
    system.begin(state)
    half = policies(Contribution("headway_factor", 2.0))
    system.balance(state, half)
    there = lived().energy.final[:, :, EnergyUse.TRANSIT]
    np.testing.assert_allclose(state.energy.final[:, :, EnergyUse.TRANSIT], there / 2.0, rtol=1e-12)
    assert (there.sum(axis=1) > 0.0).sum() == 5  # the cross of districts that the two lines run through
