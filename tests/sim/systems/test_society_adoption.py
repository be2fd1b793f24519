"""Adoption over ten years beside what France lived, with a Bass curve fitted to both (Bass 1969).

Electric cars sold in France, 2013 to 2024 (La Tribune Auto, registrations of passenger cars): fitted on the published side.
The model is given shares of the market by year, and replaces, keeps and passes on cars; how fast the fleet turns electric comes out of
that. Heat pumps and panels are held against their own history in test_society_heating.py and test_society_roofs.py.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from sim.codes import Powertrain
from sim.measures.policies import axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.systems.society.cars import renew
from tests.tiny import tiny_city, tiny_state

SOLD = (
    np.array([8.779, 10.560, 17.268, 21.752, 25.983, 31.055, 42.763, 110.916, 162.106, 202.928, 298.522, 291.143]) * 1e3
)
FIRST, LAST = 2013, 2024
FLEET = 38.0e6  #: cars in use in France (38 million, Avere and press at the end of 2023)


def bass(p: float, q: float, t: np.ndarray) -> np.ndarray:
    """Share of adopters after ``t`` years."""
    decay = np.exp(-(p + q) * t)
    return np.asarray((1.0 - decay) / (1.0 + q / p * decay))


def fitted(share: np.ndarray) -> tuple[float, float]:
    """p and q [1/year] of the curve through shares at the ends of the years since FIRST, by relative deviations."""
    t = np.arange(1, len(share) + 1.0)
    found = least_squares(lambda x: np.log(bass(np.exp(x[0]), np.exp(x[1]), t) / share), [np.log(1e-4), np.log(0.4)])
    return float(np.exp(found.x[0])), float(np.exp(found.x[1]))


@pytest.fixture(scope="module")
def lived() -> np.ndarray:
    """(years,) share of electric among residents' cars at the end of each year, from a fleet without any in 2013."""
    city, p, trends = tiny_city(), Parameters(), Trends()
    state = tiny_state(city, share=1.0, month=FIRST * 12 - 1)
    cars = state.cars
    electric = cars.powertrain == Powertrain.ELECTRIC
    cars.powertrain[electric] = Powertrain.PETROL
    neutral, out = compose((), axis_sizes(city, 2)), []
    for _ in range(12 * (LAST - FIRST + 1)):
        state.month += 1
        contacts = np.full(len(state.households), trends.at("households_electric", state.month))
        renew(state, neutral, p, trends, contacts)
        if state.month % 12 == 11:
            out.append(
                float(
                    cars.weight[cars.alive & (cars.powertrain == Powertrain.ELECTRIC)].sum()
                    / cars.weight[cars.alive].sum()
                )
            )
    return np.array(out)


def test_the_fleet_turns_electric_as_fast_as_that_of_france(lived: np.ndarray) -> None:
    """Share at the end of 2023 and 2024: sold since 2013 over cars in use, less a few scrapped or bought by firms and kept there."""
    sold = np.cumsum(SOLD) / FLEET
    assert lived[-2] == pytest.approx(sold[-2], rel=0.4)
    assert lived[-1] == pytest.approx(sold[-1], rel=0.4)
    assert (np.diff(lived[-6:]) > 0.0).all()


def test_bass_curves_of_model_and_of_france_agree(lived: np.ndarray) -> None:
    """Imitation within the published range of durables, 0.3 to 0.5 (Sultan et al. 1990, widened), and near that of the sales."""
    _, q_france = fitted(np.cumsum(SOLD) / FLEET)
    seen = np.maximum(lived, 1e-6)
    _, q_model = fitted(seen)
    assert 0.25 < q_france < 0.6
    assert q_model == pytest.approx(q_france, rel=0.4)
