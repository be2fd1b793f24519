"""Adoption over ten years beside what France lived, with a Bass curve fitted to both (Bass 1969).

Electric cars sold in France, 2013 to 2024 (La Tribune Auto, registrations of passenger cars): fitted on the published side.
The model is given shares of the market by year, and replaces, keeps and passes on cars; how fast the fleet turns electric comes out of
that. Panels: households of France that use their own, 2015 to 2023 (Enedis in the press). Heat pumps are held against their own history
in test_society_heating.py: stocks of single years were found, no yearly one.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from sim.codes import DwellingType, Powertrain, Tenure
from sim.measures.policies import axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.systems.society.cars import renew
from sim.systems.society.roofs import install_pv
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
    return fitted_at(np.arange(1, len(share) + 1.0), share)


def fitted_at(t: np.ndarray, share: np.ndarray) -> tuple[float, float]:
    """The same through shares at times ``t`` [years]."""
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


#: Households that use their own PV power at the end of a month. The model's rate was made of those of 2015, March 2021, June 2022 and 2023.
SELF_CONSUMERS = {
    "2015-06": 3_000, "2019-12": 52_000, "2021-03": 108_664, "2021-06": 121_346, "2022-06": 184_150, "2022-09": 208_000, "2023-06": 325_939,
}  # fmt: skip
OWNED_HOUSES = 13.8e6  #: in France
AHEAD = 1.4  #: Haute-Garonne against France, in the series


class Country(Trends):
    """The trends without the factor by which Haute-Garonne is ahead."""

    def at(self, name: str, month: int) -> float:
        return super().at(name, month) / (AHEAD if name == "pv_rate" else 1.0)


def test_panels_spread_as_in_france_and_as_a_bass_curve_says() -> None:
    """End of 2019 is predicted (14 % too many); imitation by Bass's curve through all seven counts: 0.57 a year in both."""
    city, p, world, neutral = tiny_city(), Parameters(), Country(), compose((), axis_sizes(tiny_city(), 2))
    state = tiny_state(city, share=12.0, month=2015 * 12 + 6)
    d = state.dwellings
    d.kind[:], d.area[:], d.roof_azimuth[:] = DwellingType.SFH, 140.0, np.arange(len(d)) * 137.508 % 360.0
    state.households.tenure[:], state.households.savings[:] = Tenure.OWNER, 1e9
    wanted = {int(m[:4]) * 12 + int(m[5:]): n for m, n in SELF_CONSUMERS.items()}
    found = {2015 * 12 + 6: 3_000.0}
    while state.month < max(wanted):
        install_pv(state, neutral, p, world, np.full(len(state.households), world.at("households_solar", state.month)))
        state.month += 1
        found[state.month] = 3_000.0 + OWNED_HOUSES * float(d.weight[d.pv > 0.0].sum() / d.weight.sum())
    assert found[2020 * 12] == pytest.approx(SELF_CONSUMERS["2019-12"], rel=0.2)
    years = np.array([(m - 2012 * 12) / 12.0 for m in wanted])
    counted, lived = (np.array([table[m] for m in wanted]) / OWNED_HOUSES for table in (wanted, found))
    imitation = [fitted_at(years, share)[1] for share in (counted, lived)]
    assert 0.3 < imitation[0] < 0.7
    assert imitation[1] == pytest.approx(imitation[0], rel=0.1)
