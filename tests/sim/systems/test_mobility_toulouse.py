"""Travel on the embedded Toulouse: fitted shares, what is predicted, and elasticities beside published ones.

Small share of the population; both sides of a comparison have the same persons and tastes. docs/mobility.md has the same at a larger
share.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from sim.city.city import City
from sim.city.load import open_city
from sim.codes import Carrier, Mode
from sim.measures.policies import Contribution, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State, Traffic
from sim.systems.mobility import MobilitySystem, calibrate_modes
from sim.systems.mobility.calibrate import CAR_BY_RING, FITTED_MONTH, _state, _zone

CAR, TRANSIT = Mode.CAR, Mode.TRANSIT


@cache
def toulouse() -> City:
    city = open_city("toulouse")
    if "mode_calibration" not in city.facts:
        calibrate_modes(city)
    return city


def report() -> Any:
    return toulouse().facts["mode_calibration"]


@cache
def population() -> State:
    return _state(toulouse(), Parameters(), FITTED_MONTH)


def travel(*contributions: Contribution) -> Traffic:
    """The world of 2023 after everybody has reconsidered several times."""
    city, state = toulouse(), population().copy()
    system = MobilitySystem(city, Parameters(), Trends(FITTED_MONTH), gap=1e-3)
    system.begin(state)
    policies = compose([Contribution("car_ban", _zone(city).car_ban), *contributions], axis_sizes(city, 0))
    system._renew_supply(state, policies)
    for _ in range(4):
        system._choose(state, policies, everybody=True)
        system._travel(state, policies, perceive=0.7)
    return state.traffic


@cache
def base() -> Traffic:
    return travel()


def elasticity(change: float, before: float, after: float) -> float:
    """Arc elasticity of a factor ``1 + change``."""
    return float(np.log(after / before) / np.log1p(change))


def test_the_survey_of_2023_is_met() -> None:
    """EMC² 2023: car 31, 64, 74, 71 % by ring; walking, transit and cycling as 26 : 12 : 4."""
    shares = np.array(report()["fitted"]["by_ring"])
    np.testing.assert_allclose(shares[:, CAR], CAR_BY_RING, atol=0.004)
    found = report()["all_2023"]
    assert found["transit"] / found["walk"] == pytest.approx(12 / 26, rel=0.02)
    assert found["bike"] / found["walk"] == pytest.approx(4 / 26, rel=0.03)
    assert report()["study_by_transit"] == pytest.approx(0.37, abs=0.03)
    assert report()["at_home"] == pytest.approx(0.225, abs=0.01)


def test_trip_lengths_and_boardings_are_predicted() -> None:
    """EMD 2013: 7 km a car trip over a wider perimeter. Tisséo: 180.8 M validations in 2022 (Ville, Rail & Transports), visitors and
    other communes' people included, so at most that over 300 days."""
    assert 5.5 <= report()["trip_km_2023"]["car"] <= 7.5
    assert 300_000 <= base().line_boardings.sum() <= 180.8e6 / 300


def test_the_survey_of_2013_is_predicted_in_part() -> None:
    """Observed: car 60 % in 2013, 52 % in 2023 over the same communes. Prices, cars, zone and telework explain a part of the eight
    points, not all: more is not claimed, and a prediction beyond the observation would be chance."""
    change = report()["all_2023"]["car"] - report()["predicted"]["all"]["car"]
    assert -0.08 <= change <= -0.01


def test_fuel_price_and_kilometres_by_car() -> None:
    """Traffic to fuel price, short run: -0.10, studies -0.05 .. -0.17 (Goodwin, Dargay & Hanly 2004; Graham & Glaister 2004: -0.15)."""
    dear = travel(Contribution("energy_price_factor", 1.2, np.array([Carrier.PETROL, Carrier.DIESEL])))
    found = elasticity(0.2, base().trip_km[:, CAR].sum(), dear.trip_km[:, CAR].sum())
    assert -0.17 <= found <= -0.05


def test_fare_and_transit_trips() -> None:
    """All fares, short run: bus -0.4, metro -0.3, studies -0.1 .. -0.6 (Paulley et al. 2006, Transport Policy 13)."""
    dear = travel(Contribution("fare_factor", 1.2))
    found = elasticity(0.2, base().trips[:, TRANSIT].sum(), dear.trips[:, TRANSIT].sum())
    assert -0.6 <= found <= -0.1


def test_free_transit() -> None:
    """Montpellier, free for residents from December 2023: trips of the first quarter of 2024 are 23.7 % above 2019 (press)."""
    free = travel(Contribution("fare_factor", 0.0))
    more = free.trips[:, TRANSIT].sum() / base().trips[:, TRANSIT].sum() - 1.0
    assert 0.15 <= more <= 0.35


def test_frequency_and_transit_boardings() -> None:
    """Vehicle-km of buses, short run: +0.4 (Paulley et al. 2006), studies 0.1 .. 0.7; more often on all lines."""
    more = travel(Contribution("headway_factor", 1 / 1.2))
    found = elasticity(0.2, base().line_boardings.sum(), more.line_boardings.sum())
    assert 0.1 <= found <= 0.7


def test_parking_price_where_it_is_paid() -> None:
    """A tenth more on a tenth of the trips moves little; all of paid districts doubled moves some (TRACE 1999: -0.1 .. -0.3 there)."""
    city, p = toulouse(), Parameters()
    d = city.districts
    paid = np.flatnonzero((d.population + d.jobs) / d.area > p["paid_parking_density"])
    dear = travel(Contribution("parking_price", p["parking_price_centre"], paid))
    found = elasticity(1.0, base().trips[:, CAR].sum(), dear.trips[:, CAR].sum())
    assert -0.05 <= found < 0.0
