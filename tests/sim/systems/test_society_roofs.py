"""Roofs: PV against Bass's (1969) curve and France's self-consumers, by direction and room; batteries; money."""

from __future__ import annotations

import numpy as np
import pytest

from sim.city.city import City
from sim.codes import DwellingType, Party, Purpose, Tenure
from sim.measures.policies import Contribution
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends, all_series
from sim.state import State
from sim.systems.society import roofs
from sim.systems.society.contacts import look_around
from tests.sim.systems.homes_worlds import Fixed, a_state, granted, policies, within, works_paid

P = Parameters()


def rich_owners(city: City, month: int = 2022 * 12, share: float = 1.0) -> State:
    """Everybody owns a house of 140 m2 and can pay anything."""
    state = a_state(city, month, share)
    state.dwellings.kind[:], state.dwellings.area[:] = DwellingType.SFH, 140.0
    state.households.tenure[:], state.households.savings[:] = Tenure.OWNER, 1e9
    return state


def test_solar_roofs_spread_as_bass_says_where_everybody_meets_everybody(city: City) -> None:
    """Bass (1969), eq. 8: F = (1 - e^-(p+q)t) / (1 + q/p e^-(p+q)t).

    Sixty contacts drawn from the whole city, all houses of owners: the chance of a month is p + q F with p the market's rate and
    q = p pv_contacts. Left are the months (against continuous time), contacts that are sixty and not all, and one draw a house.
    """
    state = a_state(city)
    n, rng = len(state.households), np.random.default_rng(1)
    state.dwellings.kind[:], state.households.tenure[:], state.households.savings[:] = (
        DwellingType.SFH,
        Tenure.OWNER,
        1e9,
    )
    state.dwellings.area[:] = 200.0  # roofs with room for every size
    state.contact_first, state.contacts = np.arange(n + 1) * 60, rng.integers(0, n, 60 * n).astype(np.int32)
    monthly, contacts = 0.004, 9.0
    world, p = Fixed(pv_rate=12.0 * monthly, households_solar=0.0), Parameters({"pv_contacts": contacts})
    plan = policies(city)
    p1, q, found = monthly, monthly * contacts, []
    for _ in range(120):
        state.month += 1
        roofs.install_pv(state, plan, p, world, look_around(state)[2])
        found.append(np.mean(state.dwellings.pv > 0.0))
    t = np.arange(1, 121)
    bass = (1.0 - np.exp(-(p1 + q) * t)) / (1.0 + q / p1 * np.exp(-(p1 + q) * t))
    assert bass[-1] > 0.9
    assert np.abs(np.array(found) - bass).max() < 0.02
    size = state.dwellings.pv[state.dwellings.pv > 0.0]
    assert size.mean() == pytest.approx(P["pv_size"], rel=0.02)


def test_contacts_as_solar_as_the_country_leave_the_rate_as_it_is(city: City) -> None:
    base, trends = a_state(city), Fixed(pv_rate=0.3)
    base.households.savings[:] = 1e9
    country = trends.at("households_solar", base.month)

    def mounted(near: float, weight: float) -> set[int]:
        state = base.copy()
        at = np.full(len(state.households), near)
        roofs.install_pv(state, policies(city), Parameters({"pv_contacts": weight}), trends, at)
        return set(np.flatnonzero(state.dwellings.pv).tolist())

    assert mounted(country, 9.0) == mounted(country, 1.0)
    assert mounted(country, 9.0) < mounted(0.9, 9.0)
    assert mounted(0.0, 9.0) <= mounted(country, 9.0)


def test_the_solar_grant_is_paid_by_size(city: City) -> None:
    state = a_state(city)
    state.households.savings[:] = 1e9
    plan, world = policies(city, Contribution("pv_grant", 300.0)), Fixed(pv_rate=0.5)
    roofs.install_pv(state, plan, P, world, np.zeros(len(state.households)))
    d = state.dwellings
    assert (d.pv > 0).any()
    assert state.society.granted[3].sum() == pytest.approx((d.weight * d.pv).sum() * 300.0)
    assert state.ledger[Party.METROPOLE, Party.HOUSEHOLDS, Purpose.GRANTS] == pytest.approx(
        (d.weight * d.pv).sum() * 300.0
    )
    assert state.ledger[Party.HOUSEHOLDS, Party.FIRMS, Purpose.WORKS] == pytest.approx(
        (d.weight * d.pv).sum() * P["pv_price"]
    )
    house = (d.kind <= DwellingType.TH) & (state.households.tenure[d.household] == Tenure.OWNER)
    assert not (d.pv[~house] > 0).any()


def test_self_consumers_of_france_from_2015_to_2023(city: City) -> None:
    """Enedis: 3,000 in 2015; 108,664 in March 2021; 121,346 and 184,150 in June 2021 and 2022; 208,000 in September 2022; 325,939 in
    June 2023, on 13.8 M houses of owners. The rate follows from some of them; those of June 2021 and September 2022 were left out."""

    class Country(Trends):
        """Without the factor 1.4 by which Haute-Garonne is ahead."""

        def at(self, name: str, month: int) -> float:
            return super().at(name, month) / (1.4 if name == "pv_rate" else 1.0)

    counted = {"2021-03": 108_664, "2021-06": 121_346, "2022-06": 184_150, "2022-09": 208_000, "2023-06": 325_939}
    state, world, houses = rich_owners(city, 2015 * 12 + 6, share=12.0), Country(), 13.8e6
    d, found = state.dwellings, {}
    while state.month < 2023 * 12 + 6:
        near = np.full(len(state.households), world.at("households_solar", state.month))
        roofs.install_pv(state, policies(city), P, world, near)
        state.month += 1
        found[f"{(state.month - 1) // 12}-{(state.month - 1) % 12 + 1:02d}"] = 3000 + houses * float(
            d.weight[d.pv > 0.0].sum() / d.weight.sum()
        )
    for month, number in counted.items():
        assert found[month] == pytest.approx(number, rel=0.10), month
    # 1,629 MW of them, shops and farms included: 5.0 kWp each
    assert float(d.pv[d.pv > 0.0].mean()) == pytest.approx(1_629_000 / 325_939, rel=0.15)


def test_roofs_bound_the_panels(city: City) -> None:
    """By hand: 84 m2 on 1.4 storeys are 60 m2 of ground, 30 m2 under one plane, 34.64 m2 at 30 degrees; 70 % of it at 5.3 m2/kWp."""
    state = rich_owners(city)
    state.dwellings.area[:], state.dwellings.roof_tilt[:] = 84.0, 30.0
    assert roofs.roof_room(state, np.arange(2), P) == pytest.approx(30.0 / np.cos(np.pi / 6) * 0.7 / 5.3)
    state.dwellings.area[:] = 40.0
    roofs.install_pv(state, policies(city), P, Fixed(pv_rate=6.0), np.zeros(len(state.households)))
    size = state.dwellings.pv[state.dwellings.pv > 0.0]
    room = roofs.roof_room(state, np.arange(1), P)[0]
    assert size.max() == pytest.approx(room)
    assert 1.0 < room < P["pv_size"]
    state.dwellings.area[:], state.dwellings.pv[:] = 12.0, 0.0
    roofs.install_pv(state, policies(city), P, Fixed(pv_rate=6.0), np.zeros(len(state.households)))
    assert not state.dwellings.pv.any()  # no system below a kilowatt


def test_southern_roofs_go_first_and_the_market_stays_as_it_is(city: City) -> None:
    state = rich_owners(city, share=4.0)
    d = state.dwellings
    d.roof_azimuth[:] = np.where(d.id % 2 == 0, 180.0, 90.0)
    rate = 0.6
    country = Trends().at("households_solar", state.month)
    roofs.install_pv(state, policies(city), P, Fixed(pv_rate=rate), np.full(len(state.households), country))
    mounted = d.pv > 0.0
    assert within(d.weight[mounted].sum(), np.full(len(d), rate / 12.0), d.weight)
    ratio = d.weight[mounted & (d.id % 2 == 0)].sum() / d.weight[mounted & (d.id % 2 == 1)].sum()
    assert ratio == pytest.approx(np.exp(P["pv_south"]), rel=0.25)


# --- batteries -----------------------------------------------------------------------------------------------------


def test_batteries_come_after_panels_at_the_markets_rate_moved_by_the_grant(city: City) -> None:
    state = rich_owners(city, share=2.0)
    d = state.dwellings
    d.pv[:] = np.where(d.id % 3 == 0, 4.0, 0.0)
    world = Fixed(battery_rate=0.3)
    roofs.add_batteries(state, policies(city, Contribution("battery_grant", 200.0)), P, world)
    bought = d.battery > 0.0
    assert not bought[d.pv == 0.0].any()
    chance = 0.3 / 12.0 * np.exp(2.0 * P["battery_per_100"])
    assert within(d.weight[bought].sum(), np.where(d.pv > 0.0, chance, 0.0), d.weight)
    assert d.battery[bought] == pytest.approx(4.0 * P["battery_per_kwp"])
    kwh = float((d.weight * d.battery).sum())
    assert works_paid(state) == pytest.approx(kwh * P["battery_price"])
    assert granted(state, Party.METROPOLE) == pytest.approx(kwh * 200.0)
    assert state.society.granted[5].sum() == pytest.approx(kwh * 200.0)
    assert state.society.adopted[8] == pytest.approx(d.weight[bought].sum())
    before = d.battery.copy()
    roofs.add_batteries(state, policies(city), P, Fixed(battery_rate=12.0))
    assert (d.battery[before > 0.0] == before[before > 0.0]).all()  # nobody buys twice


def test_no_grant_is_larger_than_the_battery_costs(city: City) -> None:
    state = rich_owners(city)
    state.dwellings.pv[:] = 3.0
    plan = policies(city, Contribution("battery_grant", 1400.0))
    roofs.add_batteries(state, plan, P, Fixed(battery_rate=0.5))
    assert granted(state, Party.METROPOLE) == pytest.approx(works_paid(state))


def test_three_in_a_hundred_self_consumers_had_a_battery_in_june_2023(city: City) -> None:
    """Enedis counts 3 % in June 2023; the rate follows from it and the years lived with PV by then, here month by month in the model."""
    state, world = rich_owners(city, 2015 * 12 + 6, share=12.0), Trends()
    d, plan = state.dwellings, policies(city)
    while state.month < 2023 * 12 + 6:
        near = np.full(len(state.households), world.at("households_solar", state.month))
        roofs.install_pv(state, plan, P, world, near)
        roofs.add_batteries(state, plan, P, world)
        state.month += 1
    share = d.weight[d.battery > 0.0].sum() / d.weight[d.pv > 0.0].sum()
    assert share == pytest.approx(0.03, abs=0.008)
    assert all_series()["battery_rate"].at(2020 * 12) == pytest.approx(0.016)
