"""Homes: lives of heating systems, what replaces them, means, retrofit in time, PV against Bass's (1969) curve, money."""

from __future__ import annotations

import numpy as np
import pytest

from sim.city.city import City
from sim.codes import DwellingType, Heating, Party, Purpose, Retrofit, Tenure
from sim.measures.policies import Contribution, Policies, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.society import SocietySystem, homes
from tests.tiny import tiny_city, tiny_state

P = Parameters()
JUNE_2022, JULY_2022 = 2022 * 12 + 5, 2022 * 12 + 6


class Fixed(Trends):
    """A world in which the named series have given values; the others are as shipped."""

    def __init__(self, **values: float) -> None:
        super().__init__()
        self.values = values

    def at(self, name: str, month: int) -> float:
        return self.values[name] if name in self.values else super().at(name, month)


@pytest.fixture(scope="module")
def city() -> City:
    return tiny_city()


def policies(city: City, *contributions: Contribution) -> Policies:
    return compose(contributions, axis_sizes(city, 2))


def a_state(city: City, month: int = JUNE_2022) -> State:
    state = tiny_state(city, share=1.0, month=month)
    state.dwellings.heating_since[:] = month - 240
    return state


def within(found: float, chance: np.ndarray, weight: np.ndarray) -> bool:
    """Within four standard deviations of the sum of independent draws."""
    return bool(abs(found - (weight * chance).sum()) < 4.0 * np.sqrt((weight**2 * chance * (1 - chance)).sum()))


def test_a_heating_system_lives_twenty_years_on_average() -> None:
    # ADEME: boilers last about 20 years; the mean life is the integral of the survival of the hazard
    years = np.arange(0.0, 100.0, 1 / 12)
    hazard = P["heating_renewal"] * (years / 20.0) ** P["heating_renewal_shape"] / 12.0
    assert np.cumprod(1.0 - np.minimum(hazard, 1.0)).sum() / 12.0 == pytest.approx(20.0, abs=0.5)


def test_as_many_systems_are_renewed_and_become_heat_pumps_as_said(city: City) -> None:
    state = a_state(city)
    state.households.savings[:] = 1e6
    d, h = state.dwellings, state.households
    trends, plan, p = (
        Trends(),
        policies(city, Contribution("heat_pump_grant", 2000.0)),
        Parameters({"heating_renewal": 0.13}),
    )
    was, rented = d.heating.copy(), h.tenure != Tenure.OWNER
    homes.renew_heating(state, plan, p, trends)
    due = d.heating_since == state.month
    hazard = np.where(was != Heating.DISTRICT, 0.13 / 12.0, 0.0)
    assert within((d.weight * due).sum(), hazard, d.weight)
    market = np.where(
        d.kind <= DwellingType.TH, trends.at("heat_pump_house", state.month), trends.at("heat_pump_flat", state.month)
    )
    odds = market / (1 - market) * np.exp(p["heat_pump_per_k"] * 2.0)
    open_to = was != Heating.HEAT_PUMP
    pumps = due & open_to & (d.heating == Heating.HEAT_PUMP)
    assert within((d.weight * pumps).sum(), np.where(open_to, hazard * odds / (1 + odds), 0.0), d.weight)
    assert (d.heating[~due] == was[~due]).all()
    assert (d.heating[due & ~pumps] == was[due & ~pumps]).all()  # else by their like
    assert state.society.adopted[2] == pytest.approx((d.weight * pumps).sum())
    assert rented[pumps].any()  # landlords decide, too


@pytest.mark.parametrize(("month", "oil"), [(JUNE_2022, True), (JULY_2022, False)])
def test_no_new_oil_boiler_since_july_2022(city: City, month: int, oil: bool) -> None:
    # décret n° 2022-8 of 5 January 2022: no new equipment above 300 gCO2e/kWh from 1 July 2022
    state = a_state(city, month)
    state.dwellings.heating[:] = Heating.OIL
    homes.renew_heating(state, policies(city), P, Trends())
    new = state.dwellings.heating_since == month
    assert new.any()
    assert (state.dwellings.heating[new] == Heating.OIL).any() == oil
    assert (state.dwellings.heating[~new] == Heating.OIL).all()


def test_owners_without_means_buy_no_heat_pump_and_begin_no_works(city: City) -> None:
    certain = Fixed(heat_pump_house=1 - 1e-12, heat_pump_flat=1 - 1e-12)
    p = Parameters({"retrofit_consider": 0.008, "retrofit_owner": -1.2, "heating_renewal": 0.13})
    state = a_state(city)
    state.dwellings.period[:] = 0
    h, d = state.households, state.dwellings
    h.tenure[:] = Tenure.OWNER
    h.savings[:], h.income[:] = 0.0, 500.0  # credit: 0.35 years of income, 2,100 €
    homes.renew_heating(state, policies(city), p, certain)
    fifth = h.quintile[d.household]
    aid = homes.STATE_HEAT_PUMP[fifth]
    can = homes.HEATING_PRICE[Heating.HEAT_PUMP] - aid <= P["credit_years"] * 12.0 * 500.0
    assert not can.any()
    assert state.society.adopted[2] == 0.0
    homes.retrofit(state, policies(city), p, np.zeros(len(h)))
    cost = P["retrofit_cost"] * d.area * (1.0 - homes.STATE_RETROFIT[fifth])
    assert not ((d.works_until >= 0) & (cost > P["credit_years"] * 12.0 * 500.0)).any()


def test_retrofits_are_decided_as_said_and_take_effect_after_the_works(city: City) -> None:
    state = a_state(city)
    state.households.savings[:] = 1e6
    d, h = state.dwellings, state.households
    p = Parameters({"retrofit_consider": 0.008, "retrofit_landlord": -2.2})
    plan = policies(city, Contribution("retrofit_grant", 0.3), Contribution("advice", 0.05))
    society = SocietySystem(city, p, Trends())
    contacts = np.linspace(0.0, 1.0, len(h))
    homes.retrofit(state, plan, p, contacts)
    chosen = d.works_until >= 0
    aid = homes.STATE_RETROFIT[h.quintile[d.household]]
    share = np.minimum(aid + 0.3, 0.9)
    base = np.array([p["retrofit_owner"], p["retrofit_landlord"], p["retrofit_social"]])[h.tenure[d.household]]
    think = p["retrofit_consider"] + 0.05 * p["advice_works"] + p["retrofit_contacts"] * contacts[d.household]
    chance = np.where(d.period <= 6, think / (1.0 + np.exp(-base - p["retrofit_per_share"] * share)), 0.0)
    assert within((d.weight * chosen).sum(), chance, d.weight)
    assert state.society.adopted[4] == pytest.approx((d.weight * chosen).sum())
    cost, w = p["retrofit_cost"] * d.area, d.weight
    assert state.ledger[Party.HOUSEHOLDS, Party.FIRMS, Purpose.WORKS] == pytest.approx((w * cost)[chosen].sum())
    granted = (w * cost * (share - aid))[chosen].sum()
    assert state.ledger[Party.METROPOLE, Party.HOUSEHOLDS, Purpose.GRANTS] == pytest.approx(granted)
    assert state.society.granted[2].sum() == pytest.approx(granted)
    assert state.ledger[Party.STATE, Party.HOUSEHOLDS, Purpose.GRANTS] == pytest.approx((w * cost * aid)[chosen].sum())
    for month in range(int(P["works_months"])):
        assert (d.retrofit[chosen] == Retrofit.EXISTING).all(), month
        state.month += 1
        homes.finish_works(state)
    assert (d.retrofit[chosen] == Retrofit.USUAL).all()
    assert (d.works_until == -1).all()
    assert (d.retrofit[~chosen] == Retrofit.EXISTING).all()
    electric, retrofitted, _ = society._contacts(state)
    assert retrofitted.max() > 0.0
    assert ((electric >= 0.0) & (electric <= 1.0)).all()


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
    state.contact_first, state.contacts = np.arange(n + 1) * 60, rng.integers(0, n, 60 * n).astype(np.int32)
    monthly, contacts = 0.004, 9.0
    world, p = Fixed(pv_rate=12.0 * monthly, households_solar=0.0), Parameters({"pv_contacts": contacts})
    society, plan = SocietySystem(city, p, world), policies(city)
    p1, q, found = monthly, monthly * contacts, []
    for _ in range(120):
        state.month += 1
        homes.install_pv(state, plan, p, world, society._contacts(state)[2])
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

    def roofs(near: float, weight: float) -> set[int]:
        state = base.copy()
        at = np.full(len(state.households), near)
        homes.install_pv(state, policies(city), Parameters({"pv_contacts": weight}), trends, at)
        return set(np.flatnonzero(state.dwellings.pv).tolist())

    assert roofs(country, 9.0) == roofs(country, 1.0)
    assert roofs(country, 9.0) < roofs(0.9, 9.0)
    assert roofs(0.0, 9.0) <= roofs(country, 9.0)


def test_the_solar_grant_is_paid_by_size(city: City) -> None:
    state = a_state(city)
    state.households.savings[:] = 1e9
    plan, world = policies(city, Contribution("pv_grant", 300.0)), Fixed(pv_rate=0.5)
    homes.install_pv(state, plan, P, world, np.zeros(len(state.households)))
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
