"""Heating systems: how long they live, what replaces them, means; heat networks; heat pumps of France from 2016 to 2025."""

from __future__ import annotations

import numpy as np
import pytest

from sim.city.city import City
from sim.codes import DwellingType, Heating, Party, Tenure
from sim.measures.policies import Contribution
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.society import heating
from tests.sim.systems.homes_worlds import JULY_2022, JUNE_2022, Fixed, a_state, granted, policies, within, works_paid

P = Parameters()


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
    heating.renew_heating(state, plan, p, trends)
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
    heating.renew_heating(state, policies(city), P, Trends())
    new = state.dwellings.heating_since == month
    assert new.any()
    assert (state.dwellings.heating[new] == Heating.OIL).any() == oil
    assert (state.dwellings.heating[~new] == Heating.OIL).all()


def test_owners_without_means_buy_no_heat_pump(city: City) -> None:
    certain = Fixed(heat_pump_house=1 - 1e-12, heat_pump_flat=1 - 1e-12)
    state = a_state(city)
    h, d = state.households, state.dwellings
    h.tenure[:] = Tenure.OWNER
    h.savings[:], h.income[:] = 0.0, 500.0  # credit: 0.35 years of income, 2,100 €
    heating.renew_heating(state, policies(city), Parameters({"heating_renewal": 0.13}), certain)
    aid = heating.STATE_HEAT_PUMP[h.quintile[d.household]]
    can = heating.HEATING_PRICE[Heating.HEAT_PUMP] - aid <= P["credit_years"] * 12.0 * 500.0
    assert not can.any()
    assert state.society.adopted[2] == 0.0


#: Share of new houses with a heat pump (Domexpo: 29 % in 2015, 51 % in 2019, 78 % in 2022; between them by a line, level after).
NEW_HOUSES = ([2015.5, 2019.5, 2022.5], [0.29, 0.51, 0.78])
NEW_FLATS = 0.04  #: (Qualitel)
#: New homes a year over all (about 1.2 %; 0.9 % since 2023, when building fell: assumption), and houses among them.
BUILT, BUILT_LATELY, HOUSES = 0.012, 0.009, 0.45


def _france(city: City) -> dict[float, float]:
    """Share of main homes with a heat pump from 3.9 % at the start of 2016 (ONRE), by end of month; new homes are added by hand."""
    state = a_state(city, month=2016 * 12, share=12.0)
    d, rng = state.dwellings, np.random.default_rng(5)
    n = len(d)
    house = rng.random(n) < 0.56  # INSEE
    d.kind[:] = np.where(house, DwellingType.SFH, DwellingType.AB)
    pump = np.where(house, 0.065, 0.006)
    assert float(pump.mean()) == pytest.approx(0.039, abs=0.001)
    rest = (Heating.GAS, Heating.ELECTRIC, Heating.OIL, Heating.WOOD, Heating.DISTRICT)
    d.heating[:] = np.where(
        rng.random(n) < pump, Heating.HEAT_PUMP, rng.choice(rest, n, p=[0.425, 0.337, 0.129, 0.065, 0.044])
    )
    d.heating_since[:] = state.month - rng.integers(0, 300, n)
    state.households.savings[:] = 1e5
    found, built, fitted = {}, 0.0, 0.0
    while state.month < 2025 * 12 + 9:
        year = state.month / 12.0
        new = (BUILT if year < 2023 else BUILT_LATELY) / 12.0
        built += new
        fitted += new * (HOUSES * float(np.interp(year, *NEW_HOUSES)) + (1.0 - HOUSES) * NEW_FLATS)
        heating.renew_heating(state, policies(city), P, Trends())
        state.month += 1
        replaced = float((d.weight * (d.heating == Heating.HEAT_PUMP)).sum() / d.weight.sum())
        found[state.month / 12.0] = (replaced + fitted) / (1.0 + built)
    return found


def test_heat_pumps_of_france_from_2016_to_2025(city: City) -> None:
    """Counts that the series were not made of: 5.1 % (Enquête Logement) or 7 % (ONRE) at the start of 2020; 2.6 of 30 M homes in 2022
    (press of September 2023, on RTE's outlook).

    The market's series come from heat pumps sold, so what is tested is how sales become a stock; why they were sold is not explained by
    aid and prices. In 2025 the model falls short, and must be looked at again when it no longer does: surveys of a thousand people find
    14 % (Ipsos BVA for Thermor, September) and 15 % (BVA Xsight for Vaillant, May), the kind of pump is not told.
    """
    found = _france(city)
    assert 0.051 < found[2020.0] < 0.070
    published = 2.6 / 30.0
    assert (
        found[2022.0] < published < found[2024.0]
    )  # within a year and a half of the date, not told nearer than the year
    assert found[2022.5] == pytest.approx(published, rel=0.15)
    assert 0.09 < found[2025.75] < 0.12  # short by a quarter: the miss that docs/homes.md tells


# --- heat networks -------------------------------------------------------------------------------------------------


def _flats(state: State) -> np.ndarray:
    return np.asarray(state.dwellings.kind > DwellingType.TH)


def test_as_many_flats_connect_as_the_pipes_reach(city: City) -> None:
    """A tenth of all flats of two districts: blocks with boilers, each once; as the pipes grow more join and nobody leaves."""
    state = a_state(city, share=4.0)
    d = state.dwellings
    d.heating[d.heating == Heating.DISTRICT] = Heating.GAS
    was = d.heating.copy()
    connected = np.zeros(len(d), bool)
    for share in (0.05, 0.1):
        heating.connect_flats(state, policies(city, Contribution("heat_network", share, [2, 4])), P)
        now = d.heating == Heating.DISTRICT
        assert (now >= connected).all()
        connected = now
    where = np.isin(d.district, [2, 4])
    assert not connected[~where].any()
    assert not connected[(d.kind != DwellingType.AB) | np.isin(was, (Heating.ELECTRIC, Heating.HEAT_PUMP))].any()
    for district in (2, 4):
        mine = d.district == district
        wanted = 0.1 * d.weight[mine & _flats(state)].sum()
        assert d.weight[connected & mine].sum() == pytest.approx(wanted, rel=0.25)  # some hundred flats, drawn
    assert state.society.adopted[10] == pytest.approx(d.weight[connected].sum())  # each flat once


def test_connections_are_paid_by_owners_and_the_state(city: City) -> None:
    state = a_state(city)
    d, h = state.dwellings, state.households
    d.heating[d.heating == Heating.DISTRICT] = Heating.GAS
    heating.connect_flats(state, policies(city, Contribution("heat_network", 0.3)), P)
    new = d.heating == Heating.DISTRICT
    assert new.any()
    flats = float(d.weight[new].sum())
    assert works_paid(state) == pytest.approx(flats * P["heat_network_connection"])
    aid = heating.STATE_CONNECTION[h.quintile[d.household[new]]]
    assert granted(state, Party.STATE) == pytest.approx((d.weight[new] * aid).sum())
    assert granted(state, Party.METROPOLE) == 0.0
    assert (d.heating_since[new] == state.month).all()


def test_a_network_that_reaches_everybody_connects_every_block_with_pipes(city: City) -> None:
    state = a_state(city)
    d = state.dwellings
    fit = (d.kind == DwellingType.AB) & ~np.isin(d.heating, (Heating.ELECTRIC, Heating.HEAT_PUMP))
    heating.connect_flats(state, policies(city, Contribution("heat_network", 1.0)), P)
    assert ((d.heating == Heating.DISTRICT) >= fit).all()
