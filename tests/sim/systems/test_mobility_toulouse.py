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
from sim.codes import Mode
from sim.scenario.parameters import registry
from sim.systems.mobility import Elasticity, calibrate_modes, elasticities
from sim.systems.mobility.calibrate import CAR_BY_RING, SHARE

CAR = Mode.CAR


@cache
def toulouse() -> City:
    city = open_city("toulouse")
    if "mode_calibration" not in city.facts:
        calibrate_modes(city)
    return city


def report() -> Any:
    return toulouse().facts["mode_calibration"]


@cache
def answers() -> dict[tuple[str, str], Elasticity]:
    return {(e.change, e.effect): e for e in elasticities(toulouse(), SHARE)}


def test_the_survey_of_2023_is_met() -> None:
    """EMC² 2023: car 31, 64, 74, 71 % by ring; walking, transit and cycling as 26 : 12 : 4."""
    shares = np.array(report()["fitted"]["by_ring"])
    np.testing.assert_allclose(shares[:, CAR], CAR_BY_RING, atol=0.004)
    found = report()["all_2023"]
    assert found["transit"] / found["walk"] == pytest.approx(12 / 26, rel=0.02)
    assert found["bike"] / found["walk"] == pytest.approx(4 / 26, rel=0.03)
    assert report()["study_by_transit"] == pytest.approx(0.37, abs=0.03)
    assert report()["at_home"] == pytest.approx(0.225, abs=0.01)


def test_trip_lengths() -> None:
    """EMD 2013: 7 km a car trip, 8 by transit (trains included), 3 a ride; EMC² 2023: 0.86 km a walk. Car met; the others fall short or
    beyond as docs/mobility.md says, less than before districts were chosen (5.1 a ride, 1.5 a walk)."""
    found = report()["trip_km_2023"]
    assert found["car"] == pytest.approx(7.0, abs=0.5)
    assert 5.0 <= found["transit"] <= 8.0
    assert found["bike"] < 5.1
    assert found["walk"] < 1.4


def test_hours_are_fitted() -> None:
    for name, share in report()["at_peak"].items():
        assert share == pytest.approx(registry()[f"peak_tours_{name}"].default, abs=0.01)


def test_the_survey_of_2013_is_predicted_in_part() -> None:
    """Observed: car 60 % in 2013, 52 % in 2023 over the same communes. Prices, cars, zone and telework explain a part of the eight
    points, not all: more is not claimed, and a prediction beyond the observation would be chance."""
    change = report()["all_2023"]["car"] - report()["predicted"]["all"]["car"]
    assert -0.08 <= change <= -0.01


def test_elasticities_are_those_that_were_published() -> None:
    """Signs all; sizes within the published range but where docs/mobility.md says that they fall short."""
    for (change, effect), e in answers().items():
        assert np.sign(e.model) == np.sign(e.low + e.high), (change, effect)
        assert e.source
    for key in (
        ("fuel price", "car km"),
        ("transit fare", "transit trips"),
        ("frequency of all lines", "bus boardings"),
    ):
        e = answers()[key]
        assert e.low <= e.model <= e.high, e
